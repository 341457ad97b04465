// HMAC by SHA-1 and MD5: what TLS before 1.2 and EAP-FAST derive keys with. By the same two routes as
// hash.h's: libcrypto's low-level functions where the fetched digest is the default provider's, EVP
// otherwise.
#pragma once

#include <openssl/md5.h>
#include <openssl/sha.h>
#include <sesame/bytes.h>
#include <sesame/error.h>

#include <initializer_list>

#include "crypto/provider.h"

namespace sesame::crypto {

enum class LegacyHash : std::uint8_t { md5, sha1 };

constexpr std::size_t size_of(LegacyHash hash) noexcept { return hash == LegacyHash::md5 ? 16 : 20; }

/// HMAC with one key, which is kept as the two hash states behind its padded blocks. A secret: wiped when it
/// is moved from or goes. The Provider has to outlive it.
class LegacyHmacKey {
 public:
  static constexpr std::size_t block_size = 64;  // octets, of both hashes

  LegacyHmacKey() noexcept = default;
  /// `key` of any size. Error: algorithm_unavailable (a FIPS provider has no MD5).
  static Expected<LegacyHmacKey> create(const Provider& provider, LegacyHash hash, Bytes key);
  LegacyHmacKey(LegacyHmacKey&& other) noexcept { take(other); }
  LegacyHmacKey& operator=(LegacyHmacKey&& other) noexcept;
  LegacyHmacKey(const LegacyHmacKey&) = delete;
  LegacyHmacKey& operator=(const LegacyHmacKey&) = delete;
  ~LegacyHmacKey() { clear(); }

  bool empty() const noexcept { return digest_ == nullptr; }
  LegacyHash hash() const noexcept { return hash_; }
  void clear() noexcept;

  /// The MAC over the parts one after the other; `out` has size_of(hash()) octets. Error:
  /// algorithm_unavailable, which low-level functions never give.
  Expected<> mac(std::initializer_list<Bytes> parts, MutableBytes out) const;

 private:
  friend struct LegacyHmacTestAccess;
  friend class MacKey;
  static Expected<LegacyHmacKey> create(const EVP_MD* digest, bool low_level, LegacyHash hash, Bytes key);
  void take(LegacyHmacKey& other) noexcept;

  // Low level: the inner and the outer chaining value. EVP: the key, zero-padded to a block.
  const EVP_MD* digest_ = nullptr;  // of the Provider
  LegacyHash hash_ = LegacyHash::sha1;
  bool low_level_ = false;
  union State {
    State() noexcept {}
    MD5_LONG md5[2][4];
    SHA_LONG sha1[2][5];
    std::uint8_t padded_key[block_size];
  } state_;
};

/// With a key that is used once, by libcrypto's default context. Error: algorithm_unavailable.
Expected<> legacy_hmac(LegacyHash hash, Bytes key, std::initializer_list<Bytes> parts, MutableBytes out);

}  // namespace sesame::crypto
