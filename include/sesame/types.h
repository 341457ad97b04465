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

/// RFC 8446 section 4.2.3.
enum class SignatureScheme : std::uint16_t {
  rsa_pkcs1_sha256 = 0x0401,
  rsa_pkcs1_sha384 = 0x0501,
  rsa_pkcs1_sha512 = 0x0601,
  ecdsa_secp256r1_sha256 = 0x0403,
  ecdsa_secp384r1_sha384 = 0x0503,
  ecdsa_secp521r1_sha512 = 0x0603,
  rsa_pss_rsae_sha256 = 0x0804,
  rsa_pss_rsae_sha384 = 0x0805,
  rsa_pss_rsae_sha512 = 0x0806,
  ed25519 = 0x0807,
  ed448 = 0x0808,
  rsa_pss_pss_sha256 = 0x0809,
  rsa_pss_pss_sha384 = 0x080a,
  rsa_pss_pss_sha512 = 0x080b,
  rsa_pkcs1_sha1 = 0x0201,
  ecdsa_sha1 = 0x0203,
};

/// RFC 8879 section 7.3.
enum class CertificateCompressionAlgorithm : std::uint16_t { zlib = 1, brotli = 2, zstd = 3 };

/// RFC 7250 section 3, RFC 8446 section 4.4.2.
enum class CertificateType : std::uint8_t { x509 = 0, raw_public_key = 2 };

/// The hash that a pre-shared key is bound to (RFC 8446 section 4.2.11).
enum class HashAlgorithm : std::uint8_t { sha256, sha384 };

/// RFC 8446 section 4.2.9. psk_ke has no forward secrecy: who learns the key reads what was recorded before.
enum class PskKeyExchangeMode : std::uint8_t { psk_ke = 0, psk_dhe_ke = 1 };

enum class Side : std::uint8_t { client, server };

/// What a connection waits for before it can go on. It never blocks; it says so instead.
enum class Wait : std::uint8_t {
  nothing,       ///< it is open: application data may go both ways
  input,         ///< octets from the peer: Connection::wanted() says how many at least
  output,        ///< Connection::output() has octets for the peer, which have to go before it can proceed
  psk_lookup,    ///< the application owes an answer: Connection::pending_psk()
  context,       ///< the application owes a Context for this ClientHello: Connection::supply_context()
  signature,     ///< the application owes a signature: Connection::pending_signature()
  verification,  ///< the application owes a verdict on the peer's certificates: Connection::supply_verdict()
  closed,        ///< both directions are shut, or the connection failed
};

/// By what the peer was authenticated. A connection that completed always has one of these.
enum class Authentication : std::uint8_t {
  none,                           ///< not yet: the handshake is not done
  external_psk,                   ///< both sides hold the external pre-shared key
  certificate,                    ///< its X.509 certificate was verified
  raw_public_key,                 ///< its public key is one of those that were expected (RFC 7250)
  certificate_with_external_psk,  ///< certificate, and both sides hold the external key (RFC 8773)
  anonymous,                      ///< server only: the client showed nothing, and nothing was required of it
};

// The names of the IANA registries ("TLS_AES_128_GCM_SHA256", "x25519"); "unknown" for any other value.
std::string_view name(ProtocolVersion version) noexcept;
std::string_view name(CipherSuite suite) noexcept;
std::string_view name(NamedGroup group) noexcept;
std::string_view name(SignatureScheme scheme) noexcept;
std::string_view name(CertificateCompressionAlgorithm algorithm) noexcept;
std::string_view name(CertificateType type) noexcept;
std::string_view name(HashAlgorithm hash) noexcept;
std::string_view name(PskKeyExchangeMode mode) noexcept;
std::string_view name(Side side) noexcept;
std::string_view name(Wait wait) noexcept;
std::string_view name(Authentication authentication) noexcept;

}  // namespace sesame
