#include "crypto/hash.h"

#include <bit>
#include <cstring>

namespace sesame::crypto {
namespace {

// The padded block that HMAC hashes before the message: at most SHA-384's.
struct Block {
  std::array<std::uint8_t, 128> octets;
  ~Block() { secret::wipe(octets.data(), octets.size()); }
};

void load(SHA256_CTX& context, const std::uint32_t (&state)[8], unsigned octets_hashed) noexcept {
  std::memcpy(context.h, state, sizeof state);
  context.Nl = octets_hashed * 8;
  context.Nh = 0;
  context.num = 0;
  context.md_len = SHA256_DIGEST_LENGTH;
}

void load(SHA512_CTX& context, const std::uint64_t (&state)[8], unsigned octets_hashed) noexcept {
  std::memcpy(context.h, state, sizeof state);
  context.Nl = octets_hashed * 8;
  context.Nh = 0;
  context.num = 0;
  context.md_len = SHA384_DIGEST_LENGTH;
}

void evp_hash(const Hash& hash, std::initializer_list<Bytes> parts, std::uint8_t* out) noexcept {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  bool ok = context != nullptr && EVP_DigestInit_ex2(context, hash.evp(), nullptr) == 1;
  for (Bytes part : parts) ok = ok && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  ok = ok && EVP_DigestFinal_ex(context, out, nullptr) == 1;
  EVP_MD_CTX_free(context);
  // A digest fails for want of memory only. No caller could go on, and a made-up value must never be compared.
  if (!ok) std::abort();
}

}  // namespace

RunningHash::RunningHash(const RunningHash& other) { *this = other; }

RunningHash& RunningHash::operator=(const RunningHash& other) {
  if (this == &other) return *this;
  end();
  if (!other.hash_) return *this;
  if (!other.hash_->is_low_level()) {
    evp_ = EVP_MD_CTX_new();
    if (!evp_ || EVP_MD_CTX_copy_ex(evp_, other.evp_) != 1) std::abort();
  } else if (other.hash_->algorithm() == HashAlgorithm::sha256) {
    sha256_ = other.sha256_;
  } else {
    sha384_ = other.sha384_;
  }
  hash_ = other.hash_;
  return *this;
}

void RunningHash::begin(const Hash& hash) {
  end();
  if (!hash.is_low_level()) {
    evp_ = EVP_MD_CTX_new();
    if (!evp_ || EVP_DigestInit_ex2(evp_, hash.evp(), nullptr) != 1) std::abort();
  } else if (hash.algorithm() == HashAlgorithm::sha256) {
    SHA256_Init(&sha256_);
  } else {
    SHA384_Init(&sha384_);
  }
  hash_ = &hash;
}

void RunningHash::update(Bytes octets) noexcept {
  if (!hash_->is_low_level()) {
    if (EVP_DigestUpdate(evp_, octets.data(), octets.size()) != 1) std::abort();
  } else if (hash_->algorithm() == HashAlgorithm::sha256) {
    SHA256_Update(&sha256_, octets.data(), octets.size());
  } else {
    SHA384_Update(&sha384_, octets.data(), octets.size());
  }
}

HashValue RunningHash::value() const noexcept {
  HashValue value(hash_->size());
  if (!hash_->is_low_level()) {
    RunningHash copy(*this);
    if (EVP_DigestFinal_ex(copy.evp_, value.bytes().data(), nullptr) != 1) std::abort();
  } else if (hash_->algorithm() == HashAlgorithm::sha256) {
    SHA256_CTX copy = sha256_;
    SHA256_Final(value.bytes().data(), &copy);
  } else {
    SHA512_CTX copy = sha384_;
    SHA384_Final(value.bytes().data(), &copy);
  }
  return value;
}

void RunningHash::end() noexcept {
  if (!hash_) return;
  if (!hash_->is_low_level()) {
    EVP_MD_CTX_free(evp_);
  } else if (hash_->algorithm() == HashAlgorithm::sha256) {
    secret::wipe(&sha256_, sizeof sha256_);
  } else {
    secret::wipe(&sha384_, sizeof sha384_);
  }
  hash_ = nullptr;
}

HashValue hash_of(const Hash& hash, std::initializer_list<Bytes> parts) noexcept {
  HashValue value(hash.size());
  if (!hash.is_low_level()) {
    evp_hash(hash, parts, value.bytes().data());
  } else {
    RunningHash running(hash);
    for (Bytes part : parts) running.update(part);
    value = running.value();
  }
  return value;
}

HmacKey::HmacKey(const Hash& hash, Bytes key) noexcept : hash_(&hash) {
  Block block{};
  const std::size_t size = hash.block_size();
  if (key.size() > size) {
    const HashValue short_key = hash_of(hash, {key});
    std::memcpy(block.octets.data(), short_key.bytes().data(), short_key.size());
  } else {
    std::memcpy(block.octets.data(), key.data(), key.size());
  }
  if (!hash.is_low_level()) {
    std::memcpy(state_.padded_key, block.octets.data(), sizeof state_.padded_key);
    return;
  }
  constexpr std::uint8_t ipad = 0x36, opad = 0x5c;  // RFC 2104 section 2
  for (std::size_t i = 0; i < size; ++i) block.octets[i] ^= ipad;
  if (hash.algorithm() == HashAlgorithm::sha256) {
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Transform(&context, block.octets.data());
    std::memcpy(state_.sha256.inner, context.h, sizeof state_.sha256.inner);
    for (std::size_t i = 0; i < size; ++i) block.octets[i] ^= ipad ^ opad;
    SHA256_Init(&context);
    SHA256_Transform(&context, block.octets.data());
    std::memcpy(state_.sha256.outer, context.h, sizeof state_.sha256.outer);
    secret::wipe(&context, sizeof context);
  } else {
    SHA512_CTX context;
    SHA384_Init(&context);
    SHA512_Transform(&context, block.octets.data());
    std::memcpy(state_.sha384.inner, context.h, sizeof state_.sha384.inner);
    for (std::size_t i = 0; i < size; ++i) block.octets[i] ^= ipad ^ opad;
    SHA384_Init(&context);
    SHA512_Transform(&context, block.octets.data());
    std::memcpy(state_.sha384.outer, context.h, sizeof state_.sha384.outer);
    secret::wipe(&context, sizeof context);
  }
}

HmacKey::HmacKey(HmacKey&& other) noexcept : hash_(other.hash_) {
  if (!hash_) return;
  std::memcpy(static_cast<void*>(&state_), &other.state_, other.state_size());
  other.clear();
}

HmacKey& HmacKey::operator=(HmacKey&& other) noexcept {
  if (this == &other) return *this;
  clear();
  if (!other.hash_) return *this;
  hash_ = other.hash_;
  std::memcpy(static_cast<void*>(&state_), &other.state_, state_size());
  other.clear();
  return *this;
}

HmacKey HmacKey::copy() const noexcept {
  HmacKey result;
  result.hash_ = hash_;
  if (hash_) std::memcpy(static_cast<void*>(&result.state_), &state_, state_size());
  return result;
}

void HmacKey::clear() noexcept {
  if (!hash_) return;
  secret::wipe(&state_, state_size());
  hash_ = nullptr;
}

void HmacKey::mac(std::initializer_list<Bytes> parts, MutableBytes out) const noexcept {
  assert(out.size() == hash_->size());
  if (!hash_->is_low_level()) {
    Block block;
    HashValue inner(hash_->size());
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    const std::size_t size = hash_->block_size();
    for (std::size_t i = 0; i < size; ++i) block.octets[i] = state_.padded_key[i] ^ 0x36;
    bool ok = context && EVP_DigestInit_ex2(context, hash_->evp(), nullptr) == 1 &&
              EVP_DigestUpdate(context, block.octets.data(), size) == 1;
    for (Bytes part : parts) ok = ok && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
    ok = ok && EVP_DigestFinal_ex(context, inner.bytes().data(), nullptr) == 1;
    EVP_MD_CTX_free(context);
    if (!ok) std::abort();
    for (std::size_t i = 0; i < size; ++i) block.octets[i] ^= 0x36 ^ 0x5c;
    evp_hash(*hash_, {Bytes(block.octets.data(), size), inner.bytes()}, out.data());
    secret::wipe(inner.bytes().data(), inner.size());
  } else if (hash_->algorithm() == HashAlgorithm::sha256) {
    SHA256_CTX context;
    std::uint8_t inner[SHA256_DIGEST_LENGTH];
    load(context, state_.sha256.inner, SHA256_CBLOCK);
    for (Bytes part : parts) SHA256_Update(&context, part.data(), part.size());
    SHA256_Final(inner, &context);
    load(context, state_.sha256.outer, SHA256_CBLOCK);
    SHA256_Update(&context, inner, sizeof inner);
    SHA256_Final(out.data(), &context);
    secret::wipe(inner, sizeof inner);
  } else {
    SHA512_CTX context;
    std::uint8_t inner[SHA384_DIGEST_LENGTH];
    load(context, state_.sha384.inner, SHA512_CBLOCK);
    for (Bytes part : parts) SHA384_Update(&context, part.data(), part.size());
    SHA384_Final(inner, &context);
    load(context, state_.sha384.outer, SHA512_CBLOCK);
    SHA384_Update(&context, inner, sizeof inner);
    SHA384_Final(out.data(), &context);
    secret::wipe(inner, sizeof inner);
  }
}

}  // namespace sesame::crypto
