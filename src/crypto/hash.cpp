#include "crypto/hash.h"

#include <cstdlib>

#include "crypto/sha2.h"

namespace sesame::crypto {
namespace {

/// A digest fails for want of memory only. No caller could go on, and a made-up value must never be compared.
void require(bool ok) noexcept {
  if (!ok) std::abort();
}

/// The digest of the parts. The context is wiped: what is hashed may be a key.
template <class Sha>
void hash_at_once(std::initializer_list<Bytes> parts, std::uint8_t* out) noexcept {
  typename Sha::Context context;
  Sha::init(context);
  for (Bytes part : parts) Sha::update(context, part.data(), part.size());
  Sha::finish(context, out);
  secret::wipe(&context, sizeof context);
}

void hash_at_once_by_evp(const Hash& hash, std::initializer_list<Bytes> parts, std::uint8_t* out) noexcept {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  bool ok = context != nullptr && EVP_DigestInit_ex2(context, hash.evp(), nullptr) == 1;
  for (Bytes part : parts) ok = ok && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  ok = ok && EVP_DigestFinal_ex(context, out, nullptr) == 1;
  EVP_MD_CTX_free(context);
  require(ok);
}

}  // namespace

RunningHash::RunningHash(const RunningHash& other) { *this = other; }

RunningHash& RunningHash::operator=(const RunningHash& other) {
  if (this == &other) return *this;
  end();
  if (!other.hash_) return *this;
  if (!other.hash_->is_low_level()) {
    evp_ = EVP_MD_CTX_new();
    require(evp_ && EVP_MD_CTX_copy_ex(evp_, other.evp_) == 1);
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
    require(evp_ && EVP_DigestInit_ex2(evp_, hash.evp(), nullptr) == 1);
  } else if (hash.algorithm() == HashAlgorithm::sha256) {
    Sha256::init(sha256_);
  } else {
    Sha384::init(sha384_);
  }
  hash_ = &hash;
}

void RunningHash::update(Bytes octets) noexcept {
  if (!hash_->is_low_level()) {
    require(EVP_DigestUpdate(evp_, octets.data(), octets.size()) == 1);
  } else if (hash_->algorithm() == HashAlgorithm::sha256) {
    Sha256::update(sha256_, octets.data(), octets.size());
  } else {
    Sha384::update(sha384_, octets.data(), octets.size());
  }
}

HashValue RunningHash::value() const noexcept {
  HashValue value(hash_->size());
  if (!hash_->is_low_level()) {
    RunningHash copy(*this);
    require(EVP_DigestFinal_ex(copy.evp_, value.bytes().data(), nullptr) == 1);
  } else if (hash_->algorithm() == HashAlgorithm::sha256) {
    SHA256_CTX copy = sha256_;
    Sha256::finish(copy, value.bytes().data());
  } else {
    SHA512_CTX copy = sha384_;
    Sha384::finish(copy, value.bytes().data());
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
    hash_at_once_by_evp(hash, parts, value.bytes().data());
  } else if (hash.algorithm() == HashAlgorithm::sha256) {
    hash_at_once<Sha256>(parts, value.bytes().data());
  } else {
    hash_at_once<Sha384>(parts, value.bytes().data());
  }
  return value;
}

}  // namespace sesame::crypto
