// HMAC with its key kept (RFC 2104 section 4). Most of what TLS computes with it fits one block: then two
// calls of the compression function are all, on a block that is put together and padded here.
#include <cassert>
#include <cstdlib>

#include "crypto/hash.h"
#include "crypto/sha2.h"

namespace sesame::crypto {
namespace {

constexpr std::uint8_t ipad = 0x36, opad = 0x5c;  // RFC 2104 section 2
constexpr std::uint64_t every_octet = 0x0101010101010101;
constexpr std::uint8_t end_of_message = 0x80;  // FIPS 180-4 section 5.1: a bit of 1

/// A block, wiped.
template <std::size_t Size>
struct Block {
  alignas(16) std::uint8_t octets[Size];
  ~Block() { secret::wipe(octets, Size); }
};
constexpr std::size_t max_block_size = Sha384::block_size;

/// A hash at work, from one of the kept states on; its chaining value is wiped.
template <class Sha>
struct Work {
  typename Sha::Context context;
  explicit Work(const typename Sha::Word (&state)[8]) noexcept {
    std::memcpy(context.h, state, sizeof context.h);
  }
  ~Work() { secret::wipe(&context.h, sizeof context.h); }
};

template <class Sha>
void keep_states(const std::uint8_t* padded_key, typename Sha::Word (&inner)[8],
                 typename Sha::Word (&outer)[8]) noexcept {
  Block<Sha::block_size> inner_block, outer_block;
  for (std::size_t i = 0; i < Sha::block_size; i += sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, padded_key + i, sizeof word);
    word ^= ipad * every_octet;
    std::memcpy(inner_block.octets + i, &word, sizeof word);
    word ^= (ipad ^ opad) * every_octet;
    std::memcpy(outer_block.octets + i, &word, sizeof word);
  }
  // One after the other, so that the processor does much of both at once.
  Work<Sha> inner_work(Sha::initial), outer_work(Sha::initial);
  Sha::compress(inner_work.context, inner_block.octets);
  Sha::compress(outer_work.context, outer_block.octets);
  std::memcpy(inner, inner_work.context.h, sizeof inner);
  std::memcpy(outer, outer_work.context.h, sizeof outer);
}

/// A message that does not fit one block with its padding. Writes the inner value.
template <class Sha>
void hash_long(const typename Sha::Word (&inner)[8], std::initializer_list<Bytes> parts,
               std::uint8_t* out) noexcept {
  Work<Sha> work(inner);
  work.context.Nl = Sha::block_size * 8;
  work.context.Nh = 0;
  work.context.num = 0;
  work.context.md_len = Sha::size;
  for (Bytes part : parts) Sha::update(work.context, part.data(), part.size());
  Sha::finish(work.context, out);  // cleanses what is left of the message
}

template <class Sha>
void compute(const typename Sha::Word (&inner)[8], const typename Sha::Word (&outer)[8],
             std::initializer_list<Bytes> parts, std::uint8_t* out) noexcept {
  std::size_t size = 0;
  for (Bytes part : parts) size += part.size();
  Block<Sha::block_size> block;
  std::uint8_t* const octets = block.octets;
  if (size <= Sha::block_size - 1 - Sha::length_size) {
    begin_last_block<Sha>(octets, Sha::block_size + size);
    std::uint8_t* end = octets;
    for (Bytes part : parts) {
      if (part.empty()) continue;
      std::memcpy(end, part.data(), part.size());
      end += part.size();
    }
    *end = end_of_message;
    Work<Sha> work(inner);
    Sha::compress(work.context, octets);
    begin_last_block<Sha>(octets, Sha::block_size + Sha::size);
    store<Sha>(work.context.h, octets);
  } else {
    begin_last_block<Sha>(octets, Sha::block_size + Sha::size);
    hash_long<Sha>(inner, parts, octets);
  }
  octets[Sha::size] = end_of_message;
  Work<Sha> work(outer);
  Sha::compress(work.context, octets);
  store<Sha>(work.context.h, out);
}

void compute_by_evp(const Hash& hash, const std::uint8_t* padded_key, std::initializer_list<Bytes> parts,
                    std::uint8_t* out) noexcept {
  Block<max_block_size> block;
  secret::SecretBytes inner;
  const std::size_t size = hash.block_size();
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const auto begin = [&](std::uint8_t pad_octet) {
    for (std::size_t i = 0; i < size; ++i) block.octets[i] = padded_key[i] ^ pad_octet;
    return EVP_DigestInit_ex2(context, hash.evp(), nullptr) == 1 &&
           EVP_DigestUpdate(context, block.octets, size) == 1;
  };
  bool ok = context && begin(ipad);
  for (Bytes part : parts) ok = ok && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  ok = ok && EVP_DigestFinal_ex(context, inner.resize(hash.size()).data(), nullptr) == 1 && begin(opad) &&
       EVP_DigestUpdate(context, inner.bytes().data(), inner.size()) == 1 &&
       EVP_DigestFinal_ex(context, out, nullptr) == 1;
  EVP_MD_CTX_free(context);
  if (!ok) std::abort();  // as in hash.cpp
}

}  // namespace

HmacKey::HmacKey(const Hash& hash, Bytes key) noexcept : hash_(&hash) {
  Block<max_block_size> padded;
  std::memset(padded.octets, 0, sizeof padded.octets);
  const std::size_t size = hash.block_size();
  if (key.size() > size) {
    HashValue shortened = hash_of(hash, {key});
    std::memcpy(padded.octets, shortened.bytes().data(), shortened.size());
    secret::wipe(shortened.bytes().data(), shortened.size());
  } else if (!key.empty()) {
    std::memcpy(padded.octets, key.data(), key.size());
  }
  if (!hash.is_low_level()) {
    std::memcpy(state_.padded_key, padded.octets, size);
  } else if (hash.algorithm() == HashAlgorithm::sha256) {
    keep_states<Sha256>(padded.octets, state_.sha256.inner, state_.sha256.outer);
  } else {
    keep_states<Sha384>(padded.octets, state_.sha384.inner, state_.sha384.outer);
  }
}

HmacKey::HmacKey(HmacKey&& other) noexcept : hash_(other.hash_) {
  if (!hash_) return;
  std::memcpy(static_cast<void*>(&state_), &other.state_, sizeof state_);
  other.clear();
}

HmacKey& HmacKey::operator=(HmacKey&& other) noexcept {
  if (this == &other) return *this;
  clear();
  if (!other.hash_) return *this;
  hash_ = other.hash_;
  std::memcpy(static_cast<void*>(&state_), &other.state_, sizeof state_);
  other.clear();
  return *this;
}

HmacKey HmacKey::copy() const noexcept {
  HmacKey result;
  result.hash_ = hash_;
  if (hash_) std::memcpy(static_cast<void*>(&result.state_), &state_, sizeof state_);
  return result;
}

void HmacKey::save_state(MutableBytes out) const noexcept {
  assert(out.size() == state_size(*hash_));
  std::memcpy(out.data(), &state_, out.size());
}

HmacKey HmacKey::from_state(const Hash& hash, Bytes state) noexcept {
  assert(state.size() == state_size(hash));
  HmacKey result;
  result.hash_ = &hash;
  std::memcpy(static_cast<void*>(&result.state_), state.data(), state.size());
  return result;
}

void HmacKey::clear() noexcept {
  if (!hash_) return;
  secret::wipe(&state_, sizeof state_);
  hash_ = nullptr;
}

void HmacKey::mac(std::initializer_list<Bytes> parts, MutableBytes out) const noexcept {
  assert(out.size() == hash_->size());
  if (!hash_->is_low_level()) {
    compute_by_evp(*hash_, state_.padded_key, parts, out.data());
  } else if (hash_->algorithm() == HashAlgorithm::sha256) {
    compute<Sha256>(state_.sha256.inner, state_.sha256.outer, parts, out.data());
  } else {
    compute<Sha384>(state_.sha384.inner, state_.sha384.outer, parts, out.data());
  }
}

}  // namespace sesame::crypto
