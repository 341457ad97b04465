// HMAC as records of TLS 1.2 and below have it (RFC 5246 section 6.2.3.1), its key kept.
//
// SHA-1 and SHA-2 have the two routes of hash.h; MD5, which only NULL suites have, goes through EVP alone.
#pragma once

#include <openssl/evp.h>
#include <sesame/bytes.h>
#include <sesame/error.h>

#include <initializer_list>

#include "crypto/hash.h"

namespace sesame::crypto {

/// The hash of a record's HMAC.
enum class MacId : std::uint8_t { none, md5, sha1, sha256, sha384 };
inline constexpr std::size_t mac_count = 5;
constexpr std::size_t mac_size(MacId mac) noexcept {
  constexpr std::uint8_t sizes[mac_count] = {0, 16, 20, 32, 48};
  return sizes[static_cast<std::size_t>(mac)];
}
inline constexpr std::size_t max_mac_size = 48;

/// One MAC, as a provider has it. Lives in a Provider.
class MacAlgorithm {
 public:
  MacId id() const noexcept { return id_; }
  std::size_t size() const noexcept { return mac_size(id_); }  ///< of the value, and of the key in TLS
  const EVP_MD* evp() const noexcept { return evp_; }
  const Hash* sha2() const noexcept { return sha2_; }  ///< nullptr: MD5 or SHA-1
  bool is_low_level() const noexcept { return low_level_; }
  /// HMAC with this hash and some key, to be copied; nullptr where the provider cannot hide a length.
  const EVP_MAC_CTX* of_hidden_length() const noexcept { return of_hidden_length_; }

 private:
  friend class Provider;
  friend struct MacTestAccess;
  void find(MacId id, const EVP_MD* evp, const Hash* sha2, const EVP_MAC* hmac, const char* property_query);

  const EVP_MD* evp_ = nullptr;  // owned by the Provider, as what follows; nullptr: not available
  const Hash* sha2_ = nullptr;
  EVP_MAC_CTX* of_hidden_length_ = nullptr;
  MacId id_ = MacId::none;
  bool low_level_ = false;  // of SHA-1
};

/// HMAC with one key, which is kept as HmacKey keeps it. A secret: wiped when destroyed.
class MacKey {
 public:
  MacKey() noexcept = default;
  MacKey(const MacKey&) = delete;
  MacKey& operator=(const MacKey&) = delete;
  ~MacKey() { clear(); }

  /// `key` has 64 octets at most.
  void set(const MacAlgorithm& algorithm, Bytes key) noexcept;
  const MacAlgorithm& algorithm() const noexcept { return *algorithm_; }
  void clear() noexcept;

  /// The MAC over the parts one after the other; `out` has room for algorithm().size() octets.
  void mac(std::initializer_list<Bytes> parts, std::uint8_t* out) const noexcept;

 private:
  static constexpr std::size_t block_size = 64;  // of MD5 and SHA-1, octets
  struct Sha1States {
    SHA_LONG inner[5], outer[5];
  };
  const MacAlgorithm* algorithm_ = nullptr;
  HmacKey sha2_;
  union {
    Sha1States sha1_;
    std::uint8_t padded_key_[block_size];  // EVP
  };
};

/// HMAC over octets whose number is a secret: what is left of a CBC record without its padding. It takes the
/// same time whatever that number is, by libcrypto's OSSL_MAC_PARAM_TLS_DATA_SIZE.
class HiddenLengthMac {
 public:
  static constexpr std::size_t header_size = 13;  // RFC 5246 section 6.2.3.1: what is in front of the content

  HiddenLengthMac() noexcept = default;
  HiddenLengthMac(const HiddenLengthMac&) = delete;
  HiddenLengthMac& operator=(const HiddenLengthMac&) = delete;
  ~HiddenLengthMac() { clear(); }

  /// libcrypto's context is made at the first MAC. Error: algorithm_unavailable.
  Expected<> set_key(const MacAlgorithm& algorithm, Bytes key);
  void clear() noexcept;

  /// The MAC over `header` and the first `size` octets of `octets`, all of which may be read; `size` alone is
  /// secret. The last two octets of the header are `size` again. False: libcrypto failed.
  bool mac(Bytes header, Bytes octets, std::size_t size, std::uint8_t* out) noexcept;

 private:
  const MacAlgorithm* algorithm_ = nullptr;
  secret::SecretBytes key_;         // until there is a context
  EVP_MAC_CTX* context_ = nullptr;  // keyed, and copied for each record: libcrypto takes a header once
};

}  // namespace sesame::crypto
