// Certificates: what this side shows, and how the peer's are judged.
//
// A CertifiedKey is a chain, or a raw public key (RFC 7250), with the private key that belongs to it. A
// TrustStore is what a peer's chain has to lead to. Handles of libcrypto are taken as they are, so that a
// provider or a hardware module can hold the private key; a Signer makes signatures anywhere else.
#pragma once

#include <sesame/bytes.h>
#include <sesame/error.h>
#include <sesame/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

// libcrypto's, of <openssl/types.h>.
struct x509_st;
struct x509_store_st;
struct evp_pkey_st;

namespace sesame {

namespace certificate {
struct CertifiedKeyBody;
struct CertifiedKeyAccess;
struct TrustStoreBody;
struct TrustStoreAccess;
class SignatureAnswerBody;
struct SignatureAnswerAccess;
class VerdictBody;
struct VerdictAccess;
}  // namespace certificate

/// What a Signer is asked. The views are valid during the call; Connection::pending_signature() gives one
/// whose views are valid until the answer.
struct SignatureQuery {
  SignatureScheme scheme;
  Bytes input;       ///< what has to be signed, not hashed yet (RFC 8446 section 4.4.3)
  Bytes public_key;  ///< SubjectPublicKeyInfo (DER) of the key
};

/// What a Signer answers: a signature, or "later", or nothing, which refuses and ends the handshake.
class SignatureAnswer {
 public:
  void give(Bytes signature);  ///< copied
  /// The answer comes by Connection::supply_signature; until then the connection waits for Wait::signature.
  void later();

 private:
  friend struct certificate::SignatureAnswerAccess;
  explicit SignatureAnswer(certificate::SignatureAnswerBody& body) noexcept : body_(&body) {}
  certificate::SignatureAnswerBody* body_;
};

/// Signs for a private key that is elsewhere. Connections on any thread ask at any time: implementations are
/// safe for concurrent calls. It must not throw.
class Signer {
 public:
  virtual ~Signer() = default;
  virtual void sign(const SignatureQuery& query, SignatureAnswer& answer) = 0;
};

/// A certificate chain, or a raw public key, and the private key. Immutable; a copy is a second handle.
class CertifiedKey {
 public:
  /// `certificates` is PEM, the end-entity certificate first, then those that certify it, each by the next;
  /// `private_key` is PEM as well, `passphrase` opens it if it is encrypted. Errors: certificate_unreadable,
  /// private_key_unreadable, private_key_mismatch, certificate_chain_disordered, algorithm_unavailable (no
  /// scheme of TLS 1.3 or 1.2 fits the key).
  static Expected<CertifiedKey> from_pem(std::string_view certificates, std::string_view private_key,
                                         std::string_view passphrase = {});
  /// The same from files, which may be one and the same. Errors: as from_pem, file_unreadable.
  static Expected<CertifiedKey> from_files(const std::filesystem::path& certificates,
                                           const std::filesystem::path& private_key,
                                           std::string_view passphrase = {});
  /// From handles of libcrypto, each of which gets one more reference. Errors: as from_pem.
  static Expected<CertifiedKey> from_handles(std::span<x509_st* const> chain, evp_pkey_st* private_key);
  static Expected<CertifiedKey> from_signer(std::span<x509_st* const> chain, std::shared_ptr<Signer> signer);
  /// A raw public key in the place of a certificate (RFC 7250). Errors: algorithm_unavailable.
  static Expected<CertifiedKey> raw_public_key(evp_pkey_st* private_key);
  static Expected<CertifiedKey> raw_public_key(Bytes subject_public_key_info, std::shared_ptr<Signer> signer);

  /// The same with an OCSP response (RFC 6960, DER) for the end-entity certificate, to be stapled when the
  /// peer asks. It is sent as it is. Error: ocsp_response_malformed.
  Expected<CertifiedKey> with_ocsp_response(Bytes response) const;

  CertificateType type() const noexcept;
  /// DER, the end-entity certificate first; for a raw public key its SubjectPublicKeyInfo alone.
  std::vector<Bytes> chain() const;
  Bytes subject_public_key_info() const noexcept;
  /// The schemes of TLS 1.3 that the key can sign by, best first. Empty for a key of TLS 1.2 only, for
  /// example one on a curve that TLS 1.3 does not have.
  std::span<const SignatureScheme> schemes() const noexcept;

 private:
  friend struct certificate::CertifiedKeyAccess;
  explicit CertifiedKey(std::shared_ptr<const certificate::CertifiedKeyBody> body) noexcept
      : body_(std::move(body)) {}
  std::shared_ptr<const certificate::CertifiedKeyBody> body_;
};

/// What chains have to lead to: trust anchors, and certificate revocation lists. A copy is a second handle.
class TrustStore {
 public:
  /// The system's (for Debian: /etc/ssl/certs; SSL_CERT_FILE and SSL_CERT_DIR name others).
  static Expected<TrustStore> system();
  /// PEM with one certificate or more, and CRLs if there are any. Errors: certificate_unreadable.
  static Expected<TrustStore> from_pem(std::string_view text);
  static Expected<TrustStore> from_file(const std::filesystem::path& path);
  /// libcrypto's own, which gets one more reference. It must not be changed while connections use it.
  static Expected<TrustStore> from_handle(x509_store_st* store);

 private:
  friend struct certificate::TrustStoreAccess;
  explicit TrustStore(std::shared_ptr<const certificate::TrustStoreBody> body) noexcept
      : body_(std::move(body)) {}
  std::shared_ptr<const certificate::TrustStoreBody> body_;
};

/// What a verify function is asked, when libcrypto has judged. The views are valid during the call.
struct VerificationQuery {
  CertificateType type;
  std::span<const Bytes> chain;  ///< as the peer sent it: DER, the end-entity certificate first
  Bytes ocsp_response;           ///< what the peer stapled; empty: nothing
  std::string_view name;         ///< the name that was expected; empty: none
  Side side;                     ///< this one
  const Error* problem;          ///< why it would be refused; nullptr: it is trusted
};

/// The application's verdict. Without a call what libcrypto found stands.
class Verdict {
 public:
  void accept();
  /// `alert` is what the peer gets: bad_certificate, certificate_revoked, certificate_unknown, access_denied
  /// and so on.
  void refuse(Alert alert);
  /// The answer comes by Connection::supply_verdict; until then the connection waits for Wait::verification.
  void later();

 private:
  friend struct certificate::VerdictAccess;
  explicit Verdict(certificate::VerdictBody& body) noexcept : body_(&body) {}
  certificate::VerdictBody* body_;
};

enum class RevocationCheck : std::uint8_t {
  none,
  leaf,   ///< a CRL has to be in the store for the issuer of the end-entity certificate
  chain,  ///< a CRL has to be there for every certificate of the chain
};

/// How a peer's certificate is judged. Always checked: its purpose (server or client), its validity now, and
/// on a client the server's name, which has to be in subjectAltName: a common name does not count.
struct VerificationOptions {
  /// nullopt: the system's store on a client; a server trusts nobody without one.
  std::optional<TrustStore> trust = {};
  unsigned depth = 10;  ///< certificates between the end entity and the trust anchor, at most
  RevocationCheck revocation = RevocationCheck::none;
  /// A certificate in the store is enough, whether it is self-signed or not.
  bool partial_chain = false;
  /// 0..5 as libcrypto's security levels have it: key sizes and digests of the chain.
  int security_level = 1;
  /// A stapled OCSP response that says "good" and is in date has to be there. One that is there is always
  /// checked.
  bool require_ocsp_response = false;
  /// Raw public keys that are trusted, as SubjectPublicKeyInfo (RFC 7250). Not empty: they are offered.
  std::vector<std::vector<std::uint8_t>> raw_public_keys = {};
  /// Asked last, with what was found. It may overrule in either direction. It must not throw.
  std::function<void(const VerificationQuery& query, Verdict& verdict)> verify = {};
};

}  // namespace sesame
