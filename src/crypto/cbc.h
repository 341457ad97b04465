// CBC ciphers and their MACs, for TLS 1.2 and below (RFC 5246 section 6.2.3.2).
#pragma once

#include <openssl/evp.h>
#include <sesame/bytes.h>
#include <sesame/error.h>

namespace sesame::crypto {

enum class CbcId : std::uint8_t { aes_128, aes_256, camellia_128, camellia_256 };
inline constexpr std::size_t cbc_count = 4;
inline constexpr std::size_t cbc_block_size = 16;  // of all four

/// The hash of a record's HMAC.
enum class MacId : std::uint8_t { none, md5, sha1, sha256, sha384 };
constexpr std::size_t mac_size(MacId mac) noexcept {
  constexpr std::uint8_t sizes[] = {0, 16, 20, 32, 48};
  return sizes[static_cast<std::size_t>(mac)];
}
inline constexpr std::size_t max_mac_size = 48;

/// One CBC cipher, as a provider has it. Lives in a Provider.
class CbcAlgorithm {
 public:
  std::size_t key_size() const noexcept { return key_size_; }
  const EVP_CIPHER* evp() const noexcept { return evp_; }

 private:
  friend class Provider;
  EVP_CIPHER* evp_ = nullptr;  // owned by the Provider; nullptr: not available
  std::uint8_t key_size_ = 0;
};

}  // namespace sesame::crypto
