// The handshake messages that only TLS 1.2 and below have, or have in another form (RFC 5246 section 7.4).
// Where the form depends on the key exchange or the version, the struct says for which it is.
#pragma once

#include <sesame/types.h>

#include "message/extension.h"

namespace sesame::message {

/// Signalling values in cipher_suites: RFC 5746 section 3.3, RFC 7507 section 2.
inline constexpr CipherSuite empty_renegotiation_info_scsv{0x00ff};
inline constexpr CipherSuite fallback_scsv{0x5600};

struct Certificate12 {  // RFC 5246 section 7.4.2
  wire::list<wire::opaque<1, 0xffffff>, 0, 0xffffff> certificate_list;
  static constexpr auto fields(auto& m) { return std::tie(m.certificate_list); }
};

enum class ClientCertificateType : std::uint8_t { rsa_sign = 1, dss_sign = 2, ecdsa_sign = 64 };

struct CertificateRequest12 {  // section 7.4.4, TLS 1.2
  wire::list<ClientCertificateType, 1, 255> certificate_types;
  wire::list<SignatureScheme, 2, 0xfffe> supported_signature_algorithms;
  wire::list<wire::opaque<1, 0xffff>, 0, 0xffff> certificate_authorities;
  static constexpr auto fields(auto& m) {
    return std::tie(m.certificate_types, m.supported_signature_algorithms, m.certificate_authorities);
  }
};

struct CertificateRequest10 {  // RFC 4346 section 7.4.4, TLS 1.0 and 1.1
  wire::list<ClientCertificateType, 1, 255> certificate_types;
  wire::list<wire::opaque<1, 0xffff>, 0, 0xffff> certificate_authorities;
  static constexpr auto fields(auto& m) { return std::tie(m.certificate_types, m.certificate_authorities); }
};

// CertificateVerify has the form of TLS 1.3 in TLS 1.2 (message/certificate_verify.h).
struct CertificateVerify10 {  // RFC 4346 section 7.4.8
  wire::opaque<0, 0xffff> signature;
  static constexpr auto fields(auto& m) { return std::tie(m.signature); }
};

// ---- ServerKeyExchange: the hint if the exchange has PSK, then the parameters, then the signature ----

struct PskIdentityHint {  // RFC 4279 section 2
  wire::opaque<0, 0xffff> psk_identity_hint;
  static constexpr auto fields(auto& m) { return std::tie(m.psk_identity_hint); }
};

struct ServerDHParams {  // RFC 5246 section 7.4.3
  wire::opaque<1, 0xffff> dh_p;
  wire::opaque<1, 0xffff> dh_g;
  wire::opaque<1, 0xffff> dh_Ys;
  static constexpr auto fields(auto& m) { return std::tie(m.dh_p, m.dh_g, m.dh_Ys); }
};

enum class ECCurveType : std::uint8_t { named_curve = 3 };

struct ServerECDHParams {  // RFC 8422 section 5.4
  ECCurveType curve_type = ECCurveType::named_curve;
  NamedGroup namedcurve{};
  wire::opaque<1, 255> public_key;
  static constexpr auto fields(auto& m) { return std::tie(m.curve_type, m.namedcurve, m.public_key); }
};

struct DigitallySigned12 {  // RFC 5246 section 4.7
  SignatureScheme algorithm{};
  wire::opaque<0, 0xffff> signature;
  static constexpr auto fields(auto& m) { return std::tie(m.algorithm, m.signature); }
};

struct DigitallySigned10 {  // RFC 4346 section 4.7
  wire::opaque<0, 0xffff> signature;
  static constexpr auto fields(auto& m) { return std::tie(m.signature); }
};

// ---- ClientKeyExchange: the identity if the exchange has PSK, then what the exchange needs ----

struct PskIdentityOfClient {  // RFC 4279 section 2
  wire::opaque<0, 0xffff> psk_identity;
  static constexpr auto fields(auto& m) { return std::tie(m.psk_identity); }
};
struct ClientDiffieHellmanPublic {  // RFC 5246 section 7.4.7.2
  wire::opaque<1, 0xffff> dh_Yc;
  static constexpr auto fields(auto& m) { return std::tie(m.dh_Yc); }
};
struct ClientECDiffieHellmanPublic {  // RFC 8422 section 5.7
  wire::opaque<1, 255> ecdh_Yc;
  static constexpr auto fields(auto& m) { return std::tie(m.ecdh_Yc); }
};
struct EncryptedPreMasterSecret {  // RFC 5246 section 7.4.7.1
  wire::opaque<0, 0xffff> encrypted_pre_master_secret;
  static constexpr auto fields(auto& m) { return std::tie(m.encrypted_pre_master_secret); }
};

struct NewSessionTicket12 {                // RFC 5077 section 3.3
  std::uint32_t ticket_lifetime_hint = 0;  ///< seconds; 0: unspecified
  wire::opaque<0, 0xffff> ticket;          ///< empty: the server gives none after all
  static constexpr auto fields(auto& m) { return std::tie(m.ticket_lifetime_hint, m.ticket); }
};

// CertificateStatus is extension::CertificateStatus (RFC 6066 section 8).

}  // namespace sesame::message
