#include "crypto/legacy_hmac.h"

#include <openssl/evp.h>

#include <cassert>
#include <cstring>
#include <memory>

#include "crypto/error_queue.h"
#include "crypto/provider_functions.h"

namespace sesame::crypto {
namespace {

constexpr std::uint8_t ipad = 0x36, opad = 0x5c;  // RFC 2104 section 2
constexpr std::size_t block_size = LegacyHmacKey::block_size;

std::unexpected<Error> unavailable(LegacyHash hash) {
  return fail(Reason::algorithm_unavailable, hash == LegacyHash::md5 ? "HMAC with MD5" : "HMAC with SHA-1");
}

// libcrypto's low-level functions under one interface. The chaining value is read and written by its words,
// which libcrypto names one by one.

struct Md5 {  // RFC 1321
  using Context = MD5_CTX;
  using Word = MD5_LONG;
  static constexpr std::size_t size = 16, words = 4;
  static void init(Context& c) noexcept { MD5_Init(&c); }
  static void update(Context& c, Bytes octets) noexcept { MD5_Update(&c, octets.data(), octets.size()); }
  static void finish(Context& c, std::uint8_t* out) noexcept { MD5_Final(out, &c); }
  static void save(const Context& c, Word (&out)[words]) noexcept {
    const Word all[words] = {c.A, c.B, c.C, c.D};
    std::memcpy(out, all, sizeof all);
  }
  static void load(Context& c, const Word (&in)[words]) noexcept {
    c.A = in[0], c.B = in[1], c.C = in[2], c.D = in[3];
  }
};

struct Sha1 {  // FIPS 180-4 section 6.1
  using Context = SHA_CTX;
  using Word = SHA_LONG;
  static constexpr std::size_t size = 20, words = 5;
  static void init(Context& c) noexcept { SHA1_Init(&c); }
  static void update(Context& c, Bytes octets) noexcept { SHA1_Update(&c, octets.data(), octets.size()); }
  static void finish(Context& c, std::uint8_t* out) noexcept { SHA1_Final(out, &c); }
  static void save(const Context& c, Word (&out)[words]) noexcept {
    const Word all[words] = {c.h0, c.h1, c.h2, c.h3, c.h4};
    std::memcpy(out, all, sizeof all);
  }
  static void load(Context& c, const Word (&in)[words]) noexcept {
    c.h0 = in[0], c.h1 = in[1], c.h2 = in[2], c.h3 = in[3], c.h4 = in[4];
  }
};

/// A hash at work; wiped.
template <class Algorithm>
struct Work {
  typename Algorithm::Context context;
  Work() noexcept { Algorithm::init(context); }
  /// Behind a block, from a kept chaining value on.
  explicit Work(const typename Algorithm::Word (&state)[Algorithm::words]) noexcept : Work() {
    Algorithm::load(context, state);
    context.Nl = block_size * 8;
  }
  ~Work() { secret::wipe(&context, sizeof context); }
};

template <class Algorithm>
void hash_at_once(Bytes octets, std::uint8_t* out) noexcept {
  Work<Algorithm> work;
  Algorithm::update(work.context, octets);
  Algorithm::finish(work.context, out);
}

template <class Algorithm>
void keep_states(const std::uint8_t* padded_key,
                 typename Algorithm::Word (&states)[2][Algorithm::words]) noexcept {
  secret::BasicSecret<block_size> block;
  for (const int outer : {0, 1}) {
    const MutableBytes octets = block.resize(block_size);
    for (std::size_t i = 0; i < block_size; ++i) octets[i] = padded_key[i] ^ (outer ? opad : ipad);
    Work<Algorithm> work;
    Algorithm::update(work.context, octets);  // one whole block: nothing waits
    Algorithm::save(work.context, states[outer]);
  }
}

template <class Algorithm>
void compute(const typename Algorithm::Word (&states)[2][Algorithm::words],
             std::initializer_list<Bytes> parts, std::uint8_t* out) noexcept {
  secret::BasicSecret<Algorithm::size> inner;
  {
    Work<Algorithm> work(states[0]);
    for (const Bytes part : parts) Algorithm::update(work.context, part);
    Algorithm::finish(work.context, inner.resize(Algorithm::size).data());
  }
  Work<Algorithm> work(states[1]);
  Algorithm::update(work.context, inner.bytes());
  Algorithm::finish(work.context, out);
}

bool compute_by_evp(const EVP_MD* digest, const std::uint8_t* padded_key, std::initializer_list<Bytes> parts,
                    MutableBytes out) noexcept {
  secret::BasicSecret<block_size> block;
  secret::BasicSecret<size_of(LegacyHash::sha1)> inner;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const auto begin = [&](std::uint8_t pad_octet) {
    const MutableBytes octets = block.resize(block_size);
    for (std::size_t i = 0; i < block_size; ++i) octets[i] = padded_key[i] ^ pad_octet;
    return EVP_DigestInit_ex2(context.get(), digest, nullptr) == 1 &&
           EVP_DigestUpdate(context.get(), octets.data(), octets.size()) == 1;
  };
  bool ok = context && begin(ipad);
  for (const Bytes part : parts) ok = ok && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  return ok && EVP_DigestFinal_ex(context.get(), inner.resize(out.size()).data(), nullptr) == 1 &&
         begin(opad) && EVP_DigestUpdate(context.get(), inner.bytes().data(), inner.size()) == 1 &&
         EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1;
}

}  // namespace

Expected<LegacyHmacKey> LegacyHmacKey::create(const Provider& provider, LegacyHash hash, Bytes key) {
  const EVP_MD* const digest = provider.digest(hash == LegacyHash::md5 ? MacId::md5 : MacId::sha1);
  if (!digest) return unavailable(hash);
  return create(digest, is_default_provider(EVP_MD_get0_provider(digest)), hash, key);
}

Expected<LegacyHmacKey> LegacyHmacKey::create(const EVP_MD* digest, bool low_level, LegacyHash hash,
                                              Bytes key) {
  secret::BasicSecret<block_size> padded;
  const MutableBytes octets = padded.resize(block_size);
  std::memset(octets.data(), 0, octets.size());
  if (key.size() <= block_size) {
    if (!key.empty()) std::memcpy(octets.data(), key.data(), key.size());
  } else if (!low_level) {
    const ErrorQueueMark mark;
    if (EVP_Digest(key.data(), key.size(), octets.data(), nullptr, digest, nullptr) != 1)
      return unavailable(hash);
  } else if (hash == LegacyHash::md5) {
    hash_at_once<Md5>(key, octets.data());
  } else {
    hash_at_once<Sha1>(key, octets.data());
  }
  LegacyHmacKey made;
  made.digest_ = digest;
  made.hash_ = hash;
  made.low_level_ = low_level;
  if (!low_level) {
    std::memcpy(made.state_.padded_key, octets.data(), octets.size());
  } else if (hash == LegacyHash::md5) {
    keep_states<Md5>(octets.data(), made.state_.md5);
  } else {
    keep_states<Sha1>(octets.data(), made.state_.sha1);
  }
  return made;
}

LegacyHmacKey& LegacyHmacKey::operator=(LegacyHmacKey&& other) noexcept {
  if (this == &other) return *this;
  clear();
  take(other);
  return *this;
}

void LegacyHmacKey::take(LegacyHmacKey& other) noexcept {
  if (other.empty()) return;
  digest_ = other.digest_;
  hash_ = other.hash_;
  low_level_ = other.low_level_;
  std::memcpy(static_cast<void*>(&state_), &other.state_, sizeof state_);
  other.clear();
}

void LegacyHmacKey::clear() noexcept {
  if (empty()) return;
  secret::wipe(&state_, sizeof state_);
  digest_ = nullptr;
}

Expected<> LegacyHmacKey::mac(std::initializer_list<Bytes> parts, MutableBytes out) const {
  assert(out.size() == size_of(hash_));
  if (!low_level_) {
    const ErrorQueueMark mark;
    if (!compute_by_evp(digest_, state_.padded_key, parts, out)) return unavailable(hash_);
  } else if (hash_ == LegacyHash::md5) {
    compute<Md5>(state_.md5, parts, out.data());
  } else {
    compute<Sha1>(state_.sha1, parts, out.data());
  }
  return {};
}

Expected<> legacy_hmac(LegacyHash hash, Bytes key, std::initializer_list<Bytes> parts, MutableBytes out) {
  const auto& provider = Provider::system();
  if (!provider) return std::unexpected(provider.error());
  const Expected<LegacyHmacKey> kept = LegacyHmacKey::create(**provider, hash, key);
  if (!kept) return std::unexpected(kept.error());
  return kept->mac(parts, out);
}

}  // namespace sesame::crypto
