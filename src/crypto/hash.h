// SHA-256 and SHA-384, running and as HMAC with its key kept (RFC 2104).
//
// Two routes. Where the fetched digest is the one of libcrypto's default provider, libcrypto's low-level SHA
// functions compute it: on libcrypto 3.0 a running EVP digest allocates whenever it is copied or begun, and a
// key schedule does so forty times. Any other provider (FIPS, a hardware one) is asked through EVP.
// docs/decisions.md has the figures.
#pragma once

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sesame/bytes.h>
#include <sesame/types.h>

#include <array>
#include <initializer_list>

#include "secret/secret_bytes.h"

namespace sesame::crypto {

inline constexpr std::size_t max_hash_size = 48;

/// One of the two algorithms, as a provider has it. Lives in a Provider.
class Hash {
 public:
  Hash() noexcept = default;
  HashAlgorithm algorithm() const noexcept { return algorithm_; }
  std::size_t size() const noexcept { return algorithm_ == HashAlgorithm::sha256 ? 32 : 48; }
  std::size_t block_size() const noexcept { return algorithm_ == HashAlgorithm::sha256 ? 64 : 128; }
  bool is_low_level() const noexcept { return low_level_; }
  const EVP_MD* evp() const noexcept { return evp_; }

 private:
  friend class Provider;
  friend struct HashTestAccess;
  EVP_MD* evp_ = nullptr;  // owned by the Provider
  HashAlgorithm algorithm_ = HashAlgorithm::sha256;
  bool low_level_ = false;
};

/// A hash value. Not a secret: hashes of handshake messages, and what MACs are compared with.
class HashValue {
 public:
  HashValue() noexcept = default;
  explicit HashValue(std::size_t size) noexcept : size_(static_cast<std::uint8_t>(size)) {}
  Bytes bytes() const noexcept { return {bytes_.data(), size_}; }
  MutableBytes bytes() noexcept { return {bytes_.data(), size_}; }
  std::size_t size() const noexcept { return size_; }

 private:
  std::array<std::uint8_t, max_hash_size> bytes_;
  std::uint8_t size_ = 0;
};

/// A hash of octets that come piece by piece, and whose value so far can be asked for at any time.
class RunningHash {
 public:
  RunningHash() noexcept = default;
  explicit RunningHash(const Hash& hash) { begin(hash); }
  RunningHash(const RunningHash& other);
  RunningHash& operator=(const RunningHash& other);
  ~RunningHash() { end(); }

  void begin(const Hash& hash);
  void update(Bytes octets) noexcept;
  HashValue value() const noexcept;  ///< of all octets so far
  bool begun() const noexcept { return hash_ != nullptr; }
  const Hash& hash() const noexcept { return *hash_; }
  void end() noexcept;  ///< forgets, and wipes, what was hashed

 private:
  const Hash* hash_ = nullptr;
  union {
    SHA256_CTX sha256_;
    SHA512_CTX sha384_;
    EVP_MD_CTX* evp_;
  };
};

HashValue hash_of(const Hash& hash, std::initializer_list<Bytes> parts) noexcept;

/// HMAC with one key, which is kept as the two hash states behind its padded blocks: a message of up to 55
/// octets then costs two compressions. A secret: wiped when moved from or destroyed; copy() is explicit.
class HmacKey {
 public:
  HmacKey() noexcept = default;
  /// `key` of any size; more than a block is hashed first, as RFC 2104 says.
  HmacKey(const Hash& hash, Bytes key) noexcept;
  HmacKey(HmacKey&& other) noexcept;
  HmacKey& operator=(HmacKey&& other) noexcept;
  HmacKey(const HmacKey&) = delete;
  HmacKey& operator=(const HmacKey&) = delete;
  ~HmacKey() { clear(); }

  HmacKey copy() const noexcept;
  /// The kept states as they are, for a cache: state_size() octets, as secret as the key.
  void save_state(MutableBytes out) const noexcept;
  static HmacKey from_state(const Hash& hash, Bytes state) noexcept;
  static std::size_t state_size(const Hash& hash) noexcept {
    return hash.algorithm() == HashAlgorithm::sha256 ? 64 : max_state_size;
  }
  static constexpr std::size_t max_state_size = 128;

  bool empty() const noexcept { return hash_ == nullptr; }
  const Hash& hash() const noexcept { return *hash_; }
  void clear() noexcept;

  /// The MAC over the parts one after the other; `out` has hash().size() octets.
  void mac(std::initializer_list<Bytes> parts, MutableBytes out) const noexcept;
  HashValue mac(std::initializer_list<Bytes> parts) const noexcept {
    HashValue value(hash_->size());
    mac(parts, value.bytes());
    return value;
  }

 private:
  // Low level: the inner and the outer chaining value. EVP: the key, zero-padded to a block.
  struct Sha256States {
    SHA_LONG inner[8], outer[8];
  };
  struct Sha384States {
    SHA_LONG64 inner[8], outer[8];
  };
  const Hash* hash_ = nullptr;
  union State {
    State() noexcept {}
    Sha256States sha256;
    Sha384States sha384;
    std::uint8_t padded_key[max_state_size];
  } state_;
};

}  // namespace sesame::crypto
