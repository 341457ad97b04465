// HMAC of records, with its key kept: over what anybody may measure, and over what nobody may.
#pragma once

#include <initializer_list>
#include <variant>

#include "crypto/legacy_hmac.h"

namespace sesame::crypto {

/// HMAC with one key, by either hash family. A secret: wiped when destroyed.
class MacKey {
 public:
  /// Error: algorithm_unavailable.
  Expected<> set(const MacAlgorithm& algorithm, Bytes key);
  void clear() noexcept { key_.emplace<std::monostate>(); }

  /// The MAC over the parts one after the other; `out` has as many octets as the algorithm. False: libcrypto
  /// failed, which its low-level functions never do.
  bool mac(std::initializer_list<Bytes> parts, MutableBytes out) const noexcept;

 private:
  std::variant<std::monostate, HmacKey, LegacyHmacKey> key_;
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
