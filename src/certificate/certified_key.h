// What belongs in this room: certificates, by libcrypto's X.509: what this side shows, how the peer's are
// judged (X.509 chains, raw public keys, OCSP responses), and their compression. It knows the body of a
// Certificate message (RFC 8446 section 4.4.2) and nothing of a handshake.
#pragma once

#include <sesame/certificate.h>

#include <string>

#include "crypto/signature.h"
#include "wire/codec.h"

namespace sesame::certificate {

/// The inside of a CertifiedKey.
struct CertifiedKeyBody {
  CertificateType type = CertificateType::x509;
  std::vector<std::vector<std::uint8_t>> chain;  ///< DER, as CertifiedKey::chain()
  std::vector<std::uint8_t> public_key;          ///< SubjectPublicKeyInfo
  crypto::KeyHandle private_key;                 ///< empty: the signer has it
  std::shared_ptr<Signer> signer;
  std::vector<std::uint8_t> ocsp_response;
  std::vector<SignatureScheme> schemes;        ///< of TLS 1.3, best first
  std::vector<SignatureScheme> schemes_tls12;  ///< of TLS 1.2, likewise
  crypto::SignatureKind kind = crypto::SignatureKind::other;
  /// keyUsage of the leaf (RFC 5246 section 7.4.2); what does not say anything may be used for both.
  bool may_sign = true;
  bool may_decrypt = true;
  /// What the certificates of the chain are signed by; that of a self-signed one does not count (RFC 8446
  /// section 4.2.3). 0 for what has no SignatureScheme.
  std::vector<SignatureScheme> chain_schemes;
  std::vector<std::vector<std::uint8_t>> issuers;  ///< distinguished names (DER), each certificate's issuer
  std::vector<std::string> names;  ///< dNSNames of the leaf, in lower case; "*.x" for a wildcard
};

struct CertifiedKeyAccess {
  static const CertifiedKeyBody& body(const CertifiedKey& key) noexcept { return *key.body_; }
  static std::shared_ptr<const CertifiedKeyBody> share(const CertifiedKey& key) noexcept { return key.body_; }
};

/// What the peer accepts: from its ClientHello or CertificateRequest.
struct Wanted {
  wire::list<SignatureScheme, 2, 0xfffe> signature_algorithms;
  wire::list<SignatureScheme, 2, 0xfffe> signature_algorithms_cert;        ///< empty: as signature_algorithms
  wire::list<wire::opaque<1, 0xffff>, 0, 0xffff> certificate_authorities;  ///< empty: any
  std::string_view server_name;                                            ///< empty: any
  CertificateType type = CertificateType::x509;
};

/// The same in TLS 1.2 and below, where a suite, or the certificate_types of a CertificateRequest, says of
/// which kind the key has to be. The type is X.509.
struct Wanted12 : Wanted {
  ProtocolVersion version = ProtocolVersion::tls12;
  bool rsa = false;    ///< RSA keys will do
  bool ecdsa = false;  ///< EC, Ed25519 and Ed448 keys will do
  /// The key has to decrypt (RFC 5246 section 7.4.7.1), not to sign: an RSA key that is here, not with a
  /// Signer.
  bool transport = false;
  wire::list<NamedGroup, 2, 0xffff> curves;  ///< of EC keys (RFC 8422 section 5.1); empty: any
};

struct Chosen {
  const CertifiedKey* key = nullptr;
  SignatureScheme scheme{};
};

/// The first of `keys` that fits best, and the scheme to sign by: the first of `ours` that the key and the
/// peer have. In this order a key is better if its name matches, if the peer can verify its whole chain
/// (section 4.4.2.2: a chain that does not fit is still sent where nothing better is there), if one of the
/// authorities has issued it. Errors: no_certificate_usable (none, or none of this type),
/// no_common_signature_scheme.
Expected<Chosen> choose(std::span<const CertifiedKey> keys, std::span<const SignatureScheme> ours,
                        const Wanted& wanted);

/// The same for TLS 1.2 and below: a key of a kind that is wanted, whose curve the peer takes, that can do
/// what is asked of it. Without signature_algorithms the peer takes SHA-1 (RFC 5246 section 7.4.1.4.1). Where
/// nothing is negotiated (below TLS 1.2, or with `transport`) the scheme of the result is
/// SignatureScheme{}: but below TLS 1.2 it is ecdsa_sha1 for EC keys. Errors: as choose.
Expected<Chosen> choose_tls12(std::span<const CertifiedKey> keys, std::span<const SignatureScheme> ours,
                              const Wanted12& wanted);

/// Answers of a Signer. The engine makes one, and keeps it while it is later.
class SignatureAnswerBody {
 public:
  std::vector<std::uint8_t> signature;
  bool is_later = false;
};
struct SignatureAnswerAccess {
  static SignatureAnswer handle(SignatureAnswerBody& body) noexcept { return SignatureAnswer(body); }
};

/// Signs by the private key or asks the signer. `answer.signature` is empty where it is later. Errors:
/// signature_failed (also where the signer refuses).
Expected<> sign(const crypto::Provider& provider, const CertifiedKeyBody& key, SignatureScheme scheme,
                Bytes input, SignatureAnswerBody& answer);

}  // namespace sesame::certificate
