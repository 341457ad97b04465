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
  std::vector<SignatureScheme> schemes;  ///< of TLS 1.3, best first
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
