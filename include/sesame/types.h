// The registered values of TLS that the public interface speaks of, spelled as in the RFCs.
#pragma once

#include <cstdint>
#include <string_view>

namespace sesame {

enum class ProtocolVersion : std::uint16_t { tls12 = 0x0303, tls13 = 0x0304 };

/// RFC 8446 appendix B.4.
enum class CipherSuite : std::uint16_t {
  TLS_AES_128_GCM_SHA256 = 0x1301,
  TLS_AES_256_GCM_SHA384 = 0x1302,
  TLS_CHACHA20_POLY1305_SHA256 = 0x1303,
  TLS_AES_128_CCM_SHA256 = 0x1304,
  TLS_AES_128_CCM_8_SHA256 = 0x1305,
};

/// RFC 8446 section 4.2.7; X25519MLKEM768 is the hybrid of draft-ietf-tls-ecdhe-mlkem.
enum class NamedGroup : std::uint16_t {
  secp256r1 = 0x0017,
  secp384r1 = 0x0018,
  secp521r1 = 0x0019,
  x25519 = 0x001d,
  x448 = 0x001e,
  ffdhe2048 = 0x0100,
  ffdhe3072 = 0x0101,
  ffdhe4096 = 0x0102,
  ffdhe6144 = 0x0103,
  ffdhe8192 = 0x0104,
  X25519MLKEM768 = 0x11ec,
};

/// The hash that a pre-shared key is bound to (RFC 8446 section 4.2.11).
enum class HashAlgorithm : std::uint8_t { sha256, sha384 };

/// RFC 8446 section 4.2.9. psk_ke has no forward secrecy: who learns the key reads what was recorded before.
enum class PskKeyExchangeMode : std::uint8_t { psk_ke = 0, psk_dhe_ke = 1 };

enum class Side : std::uint8_t { client, server };

/// What a connection waits for before it can go on. It never blocks; it says so instead.
enum class Wait : std::uint8_t {
  nothing,     ///< it is open: application data may go both ways
  input,       ///< octets from the peer: Connection::wanted() says how many at least
  output,      ///< Connection::output() has octets for the peer, which have to go before it can proceed
  psk_lookup,  ///< the application owes an answer: Connection::pending_psk()
  closed,      ///< both directions are shut, or the connection failed
};

/// By what the peer was authenticated. A connection that completed always has one of these.
enum class Authentication : std::uint8_t {
  none,          ///< not yet: the handshake is not done
  external_psk,  ///< both sides hold the external pre-shared key
};

// The names of the IANA registries ("TLS_AES_128_GCM_SHA256", "x25519"); "unknown" for any other value.
std::string_view name(ProtocolVersion version) noexcept;
std::string_view name(CipherSuite suite) noexcept;
std::string_view name(NamedGroup group) noexcept;
std::string_view name(HashAlgorithm hash) noexcept;
std::string_view name(PskKeyExchangeMode mode) noexcept;
std::string_view name(Side side) noexcept;
std::string_view name(Wait wait) noexcept;
std::string_view name(Authentication authentication) noexcept;

}  // namespace sesame
