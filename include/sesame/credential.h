// A pre-shared key and all that belongs to it (RFC 8446 section 4.2.11, RFC 9257).
#pragma once

#include <sesame/bytes.h>
#include <sesame/error.h>
#include <sesame/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sesame {

namespace psk {
struct CredentialBody;
struct CredentialAccess;
}  // namespace psk

using TimePoint = std::chrono::system_clock::time_point;

inline constexpr std::size_t max_identity_size =
    0xffff;                                        ///< octets; what fits a ClientHello is a little less
inline constexpr std::size_t max_key_size = 4096;  ///< octets
inline constexpr std::size_t short_key_size = 16;  ///< below this RFC 9257 section 4.1 calls a key too weak

/// For what a key may be used. One key, one role: RFC 9257 section 4.1 and RFC 9258 section 5.1 say why. A
/// key for TLS 1.3 is never used in TLS 1.2, nor the reverse, unless it says both.
enum class PskUsage : std::uint8_t {
  tls13 = 1,  ///< TLS 1.3, the key as it is (RFC 8446 section 4.2.11): what stock programs do
  /// TLS 1.3, imported (RFC 9258): the key itself never enters a handshake, only what is derived from it for
  /// one hash and one context. Both sides have to import.
  tls13_imported = 2,
  tls12 = 4,                     ///< TLS 1.2 and below (RFC 4279)
  tls13_and_tls12 = 5,           ///< the key as it is in both: RFC 8446 appendix E.7 has the condition
  tls13_imported_and_tls12 = 6,  ///< both, and apart by the importer
};
constexpr bool is_for_tls12(PskUsage usage) noexcept { return (static_cast<unsigned>(usage) & 4) != 0; }
constexpr bool is_for_tls13(PskUsage usage) noexcept { return (static_cast<unsigned>(usage) & 3) != 0; }
constexpr bool is_imported(PskUsage usage) noexcept { return (static_cast<unsigned>(usage) & 2) != 0; }

/// Early data with an external key (RFC 8446 section 4.2.10): both sides have to agree on all of it
/// beforehand.
struct ExternalEarlyData {
  std::uint32_t limit = 0;                                         ///< octets; 0: none
  CipherSuite cipher_suite = CipherSuite::TLS_AES_128_GCM_SHA256;  ///< its hash is the key's
  // The ALPN protocol is CredentialParameters::alpn; empty: no ALPN.
};

/// What Credential::create takes. The ranges are copied.
struct CredentialParameters {
  Bytes identity;  ///< 1..65535 octets of any value
  Bytes key;       ///< 1..4096 octets
  /// TLS 1.3: the hash that the key is bound to; of an imported key the hash that imports it, which fits any
  /// suite. In TLS 1.2 a key is bound to none.
  HashAlgorithm hash = HashAlgorithm::sha256;
  /// Both sides have to say the same. A peer that is not this library wants the key as it is (tls13), unless
  /// it imports as well.
  PskUsage usage = PskUsage::tls13_imported;
  /// An imported key: what both sides know of this use of the key, for example who is client and who is
  /// server (RFC 9258 section 4.1). 0..65535 octets, the same on both sides; with roles in it a message
  /// cannot be reflected to its sender (RFC 9257 section 4.1).
  Bytes context = {};
  ExternalEarlyData early_data = {};

  /// The key is used only for this ALPN protocol or this server name; empty: for any.
  std::string_view alpn = {};
  std::string_view server_name = {};

  /// The key is used from `not_before` on, and no longer from `not_after` on.
  std::optional<TimePoint> not_before = {};
  std::optional<TimePoint> not_after = {};
};

/// An immutable pre-shared key. A copy is a second handle on the same key, which is wiped with the last one.
class Credential {
 public:
  /// Errors: identity_empty, identity_too_long (of an imported key also if identity and context together have
  /// more than 65527 octets), key_empty, key_too_long, invalid_argument (not_after not after not_before, an
  /// alpn of more than 255 or a server_name of more than 65535 octets, a context for a key that is not
  /// imported, early data for a key that is not for TLS 1.3, a cipher suite for it that does not have the
  /// key's hash), algorithm_unavailable.
  static Expected<Credential> create(const CredentialParameters& parameters);

  Bytes identity() const noexcept;  ///< valid as long as a handle is
  HashAlgorithm hash() const noexcept;
  PskUsage usage() const noexcept;
  Bytes context() const noexcept;  ///< valid as long as a handle is
  const ExternalEarlyData& early_data() const noexcept;
  std::string_view alpn() const noexcept;
  std::string_view server_name() const noexcept;
  std::optional<TimePoint> not_before() const noexcept;
  std::optional<TimePoint> not_after() const noexcept;
  /// The key has under 16 octets: say so to whoever configured it.
  bool is_short() const noexcept;

 private:
  friend struct psk::CredentialAccess;
  explicit Credential(std::shared_ptr<const psk::CredentialBody> body) noexcept : body_(std::move(body)) {}
  std::shared_ptr<const psk::CredentialBody> body_;
};

}  // namespace sesame
