// The MACs of records of TLS 1.2 and below (RFC 5246 section 6.2.3.1), as a provider has them. mac_key.h
// computes them.
#pragma once

#include <openssl/evp.h>
#include <sesame/bytes.h>
#include <sesame/error.h>

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
  const Hash* sha2() const noexcept { return sha2_; }        ///< nullptr: MD5 or SHA-1
  bool is_low_level() const noexcept { return low_level_; }  ///< of MD5 and SHA-1
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
  bool low_level_ = false;
};

}  // namespace sesame::crypto
