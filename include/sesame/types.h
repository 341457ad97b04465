// The registered values of TLS that the public interface speaks of, spelled as in the RFCs.
#pragma once

#include <cstdint>
#include <string_view>

namespace sesame {

/// The values compare in the order of the versions.
enum class ProtocolVersion : std::uint16_t { tls10 = 0x0301, tls11 = 0x0302, tls12 = 0x0303, tls13 = 0x0304 };

/// RFC 8446 appendix B.4 for TLS 1.3; below them, by key exchange, what TLS 1.2 and older versions have.
enum class CipherSuite : std::uint16_t {
  TLS_AES_128_GCM_SHA256 = 0x1301,
  TLS_AES_256_GCM_SHA384 = 0x1302,
  TLS_CHACHA20_POLY1305_SHA256 = 0x1303,
  TLS_AES_128_CCM_SHA256 = 0x1304,
  TLS_AES_128_CCM_8_SHA256 = 0x1305,
  // PSK: RFC 4279, 4785, 5487, 6655, 7905, 6367, 6209
  TLS_PSK_WITH_NULL_SHA = 0x002c,
  TLS_PSK_WITH_AES_128_CBC_SHA = 0x008c,
  TLS_PSK_WITH_AES_256_CBC_SHA = 0x008d,
  TLS_PSK_WITH_AES_128_GCM_SHA256 = 0x00a8,
  TLS_PSK_WITH_AES_256_GCM_SHA384 = 0x00a9,
  TLS_PSK_WITH_AES_128_CBC_SHA256 = 0x00ae,
  TLS_PSK_WITH_AES_256_CBC_SHA384 = 0x00af,
  TLS_PSK_WITH_NULL_SHA256 = 0x00b0,
  TLS_PSK_WITH_NULL_SHA384 = 0x00b1,
  TLS_PSK_WITH_ARIA_128_GCM_SHA256 = 0xc06a,
  TLS_PSK_WITH_ARIA_256_GCM_SHA384 = 0xc06b,
  TLS_PSK_WITH_CAMELLIA_128_CBC_SHA256 = 0xc094,
  TLS_PSK_WITH_CAMELLIA_256_CBC_SHA384 = 0xc095,
  TLS_PSK_WITH_AES_128_CCM = 0xc0a4,
  TLS_PSK_WITH_AES_256_CCM = 0xc0a5,
  TLS_PSK_WITH_AES_128_CCM_8 = 0xc0a8,
  TLS_PSK_WITH_AES_256_CCM_8 = 0xc0a9,
  TLS_PSK_WITH_CHACHA20_POLY1305_SHA256 = 0xccab,
  // DHE_PSK
  TLS_DHE_PSK_WITH_NULL_SHA = 0x002d,
  TLS_DHE_PSK_WITH_AES_128_CBC_SHA = 0x0090,
  TLS_DHE_PSK_WITH_AES_256_CBC_SHA = 0x0091,
  TLS_DHE_PSK_WITH_AES_128_GCM_SHA256 = 0x00aa,
  TLS_DHE_PSK_WITH_AES_256_GCM_SHA384 = 0x00ab,
  TLS_DHE_PSK_WITH_AES_128_CBC_SHA256 = 0x00b2,
  TLS_DHE_PSK_WITH_AES_256_CBC_SHA384 = 0x00b3,
  TLS_DHE_PSK_WITH_NULL_SHA256 = 0x00b4,
  TLS_DHE_PSK_WITH_NULL_SHA384 = 0x00b5,
  TLS_DHE_PSK_WITH_ARIA_128_GCM_SHA256 = 0xc06c,
  TLS_DHE_PSK_WITH_ARIA_256_GCM_SHA384 = 0xc06d,
  TLS_DHE_PSK_WITH_CAMELLIA_128_CBC_SHA256 = 0xc096,
  TLS_DHE_PSK_WITH_CAMELLIA_256_CBC_SHA384 = 0xc097,
  TLS_DHE_PSK_WITH_AES_128_CCM = 0xc0a6,
  TLS_DHE_PSK_WITH_AES_256_CCM = 0xc0a7,
  TLS_PSK_DHE_WITH_AES_128_CCM_8 = 0xc0aa,
  TLS_PSK_DHE_WITH_AES_256_CCM_8 = 0xc0ab,
  TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256 = 0xccad,
  // ECDHE_PSK: RFC 5489, 7905
  TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA = 0xc035,
  TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA = 0xc036,
  TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256 = 0xc037,
  TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384 = 0xc038,
  TLS_ECDHE_PSK_WITH_NULL_SHA = 0xc039,
  TLS_ECDHE_PSK_WITH_NULL_SHA256 = 0xc03a,
  TLS_ECDHE_PSK_WITH_NULL_SHA384 = 0xc03b,
  TLS_ECDHE_PSK_WITH_CAMELLIA_128_CBC_SHA256 = 0xc09a,
  TLS_ECDHE_PSK_WITH_CAMELLIA_256_CBC_SHA384 = 0xc09b,
  TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256 = 0xccac,
  TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256 = 0xd001,  // RFC 8442
  TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384 = 0xd002,
  TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256 = 0xd003,
  TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256 = 0xd005,
  // RSA_PSK
  TLS_RSA_PSK_WITH_NULL_SHA = 0x002e,
  TLS_RSA_PSK_WITH_AES_128_CBC_SHA = 0x0094,
  TLS_RSA_PSK_WITH_AES_256_CBC_SHA = 0x0095,
  TLS_RSA_PSK_WITH_AES_128_GCM_SHA256 = 0x00ac,
  TLS_RSA_PSK_WITH_AES_256_GCM_SHA384 = 0x00ad,
  TLS_RSA_PSK_WITH_AES_128_CBC_SHA256 = 0x00b6,
  TLS_RSA_PSK_WITH_AES_256_CBC_SHA384 = 0x00b7,
  TLS_RSA_PSK_WITH_NULL_SHA256 = 0x00b8,
  TLS_RSA_PSK_WITH_NULL_SHA384 = 0x00b9,
  TLS_RSA_PSK_WITH_ARIA_128_GCM_SHA256 = 0xc06e,
  TLS_RSA_PSK_WITH_ARIA_256_GCM_SHA384 = 0xc06f,
  TLS_RSA_PSK_WITH_CAMELLIA_128_CBC_SHA256 = 0xc098,
  TLS_RSA_PSK_WITH_CAMELLIA_256_CBC_SHA384 = 0xc099,
  TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256 = 0xccae,
  // ECDHE_ECDSA: RFC 8422, 5289, 7251, 7905
  TLS_ECDHE_ECDSA_WITH_NULL_SHA = 0xc006,
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA = 0xc009,
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA = 0xc00a,
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 = 0xc023,
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384 = 0xc024,
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 = 0xc02b,
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 = 0xc02c,
  TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256 = 0xc05c,
  TLS_ECDHE_ECDSA_WITH_ARIA_256_GCM_SHA384 = 0xc05d,
  TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256 = 0xc072,
  TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384 = 0xc073,
  TLS_ECDHE_ECDSA_WITH_AES_128_CCM = 0xc0ac,
  TLS_ECDHE_ECDSA_WITH_AES_256_CCM = 0xc0ad,
  TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 = 0xc0ae,
  TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8 = 0xc0af,
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 = 0xcca9,
  // ECDHE_RSA
  TLS_ECDHE_RSA_WITH_NULL_SHA = 0xc010,
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA = 0xc013,
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA = 0xc014,
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256 = 0xc027,
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384 = 0xc028,
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 = 0xc02f,
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 = 0xc030,
  TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256 = 0xc060,
  TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384 = 0xc061,
  TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256 = 0xc076,
  TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384 = 0xc077,
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 = 0xcca8,
  // DHE_RSA: RFC 5246, 5288, 6655, 7905
  TLS_DHE_RSA_WITH_AES_128_CBC_SHA = 0x0033,
  TLS_DHE_RSA_WITH_AES_256_CBC_SHA = 0x0039,
  TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA = 0x0045,
  TLS_DHE_RSA_WITH_AES_128_CBC_SHA256 = 0x0067,
  TLS_DHE_RSA_WITH_AES_256_CBC_SHA256 = 0x006b,
  TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA = 0x0088,
  TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 = 0x009e,
  TLS_DHE_RSA_WITH_AES_256_GCM_SHA384 = 0x009f,
  TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256 = 0x00be,
  TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256 = 0x00c4,
  TLS_DHE_RSA_WITH_ARIA_128_GCM_SHA256 = 0xc052,
  TLS_DHE_RSA_WITH_ARIA_256_GCM_SHA384 = 0xc053,
  TLS_DHE_RSA_WITH_AES_128_CCM = 0xc09e,
  TLS_DHE_RSA_WITH_AES_256_CCM = 0xc09f,
  TLS_DHE_RSA_WITH_AES_128_CCM_8 = 0xc0a2,
  TLS_DHE_RSA_WITH_AES_256_CCM_8 = 0xc0a3,
  TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256 = 0xccaa,
  // RSA key transport
  TLS_RSA_WITH_NULL_MD5 = 0x0001,
  TLS_RSA_WITH_NULL_SHA = 0x0002,
  TLS_RSA_WITH_AES_128_CBC_SHA = 0x002f,
  TLS_RSA_WITH_AES_256_CBC_SHA = 0x0035,
  TLS_RSA_WITH_NULL_SHA256 = 0x003b,
  TLS_RSA_WITH_AES_128_CBC_SHA256 = 0x003c,
  TLS_RSA_WITH_AES_256_CBC_SHA256 = 0x003d,
  TLS_RSA_WITH_CAMELLIA_128_CBC_SHA = 0x0041,
  TLS_RSA_WITH_CAMELLIA_256_CBC_SHA = 0x0084,
  TLS_RSA_WITH_AES_128_GCM_SHA256 = 0x009c,
  TLS_RSA_WITH_AES_256_GCM_SHA384 = 0x009d,
  TLS_RSA_WITH_CAMELLIA_128_CBC_SHA256 = 0x00ba,
  TLS_RSA_WITH_CAMELLIA_256_CBC_SHA256 = 0x00c0,
  TLS_RSA_WITH_ARIA_128_GCM_SHA256 = 0xc050,
  TLS_RSA_WITH_ARIA_256_GCM_SHA384 = 0xc051,
  TLS_RSA_WITH_AES_128_CCM = 0xc09c,
  TLS_RSA_WITH_AES_256_CCM = 0xc09d,
  TLS_RSA_WITH_AES_128_CCM_8 = 0xc0a0,
  TLS_RSA_WITH_AES_256_CCM_8 = 0xc0a1,
  // Anonymous
  TLS_DH_anon_WITH_AES_128_CBC_SHA = 0x0034,
  TLS_DH_anon_WITH_AES_256_CBC_SHA = 0x003a,
  TLS_DH_anon_WITH_CAMELLIA_128_CBC_SHA = 0x0046,
  TLS_DH_anon_WITH_AES_128_CBC_SHA256 = 0x006c,
  TLS_DH_anon_WITH_AES_256_CBC_SHA256 = 0x006d,
  TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA = 0x0089,
  TLS_DH_anon_WITH_AES_128_GCM_SHA256 = 0x00a6,
  TLS_DH_anon_WITH_AES_256_GCM_SHA384 = 0x00a7,
  TLS_DH_anon_WITH_CAMELLIA_128_CBC_SHA256 = 0x00bf,
  TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA256 = 0x00c5,
  TLS_ECDH_anon_WITH_NULL_SHA = 0xc015,
  TLS_ECDH_anon_WITH_AES_128_CBC_SHA = 0xc018,
  TLS_ECDH_anon_WITH_AES_256_CBC_SHA = 0xc019,
};

/// How a suite of TLS 1.2 and below agrees on the premaster secret, and who is authenticated by it.
enum class KeyExchangeMethod : std::uint8_t {
  any,          ///< TLS 1.3, where the suite does not say
  psk,          ///< RFC 4279 section 2: the key alone, no forward secrecy
  dhe_psk,      ///< section 3
  ecdhe_psk,    ///< RFC 5489
  rsa_psk,      ///< RFC 4279 section 4: the key, and the server's RSA certificate; no forward secrecy
  ecdhe_ecdsa,  ///< RFC 8422; certificates with Ed25519 and Ed448 keys too
  ecdhe_rsa,    ///< RFC 8422
  dhe_rsa,      ///< RFC 5246 section 7.4.3
  rsa,          ///< section 7.4.7.1: no forward secrecy
  dh_anon,      ///< section 7.4.3: nobody is authenticated
  ecdh_anon,    ///< RFC 8422: nobody is authenticated
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

/// The hash of a suite's key derivation: what a pre-shared key of TLS 1.3 is bound to (RFC 8446 section
/// 4.2.11), and the PRF of TLS 1.2.
enum class HashAlgorithm : std::uint8_t { sha256, sha384 };

/// RFC 8446 section 4.2.9. psk_ke has no forward secrecy: who learns the key reads what was recorded before.
enum class PskKeyExchangeMode : std::uint8_t { psk_ke = 0, psk_dhe_ke = 1 };

enum class Side : std::uint8_t { client, server };

/// What a connection waits for before it can go on. It never blocks; it says so instead.
enum class Wait : std::uint8_t {
  nothing,       ///< it is open: application data may go both ways
  input,         ///< octets from the peer: Connection::wanted() says how many at least
  output,        ///< Connection::output() has octets for the peer, which have to go before it can proceed
  psk_lookup,    ///< the application owes a key: Connection::pending_psk() or pending_psk_hint()
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
  /// Server: the client showed nothing, and nothing was required of it. Client: the suite authenticates
  /// nobody (dh_anon, ecdh_anon).
  anonymous,
  session_secret,  ///< both sides had the same secret from elsewhere: a PAC of EAP-FAST (RFC 4851)
};

// The names of the IANA registries ("TLS_AES_128_GCM_SHA256", "x25519"); "unknown" for any other value.
std::string_view name(ProtocolVersion version) noexcept;
std::string_view name(CipherSuite suite) noexcept;
std::string_view name(KeyExchangeMethod method) noexcept;
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
