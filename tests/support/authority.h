// A certification authority in memory: keys and certificates of every kind that TLS 1.3 knows, CRLs and OCSP
// responses, in order or spoiled.
#pragma once

#include <openssl/types.h>
#include <sesame/certificate.h>
#include <sesame/credential.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "support/hex.h"

namespace sesame::test {

enum class KeyType { rsa1024, rsa2048, rsa_pss, p256, p384, p521, ed25519, ed448, secp256k1 };
std::string_view name(KeyType type);
/// Those that TLS 1.3 has a signature scheme for, and that security level 1 takes.
inline constexpr KeyType usable_key_types[] = {KeyType::rsa2048, KeyType::rsa_pss, KeyType::p256,
                                               KeyType::p384,    KeyType::p521,    KeyType::ed25519,
                                               KeyType::ed448};

using KeyPointer = std::shared_ptr<EVP_PKEY>;
using CertificatePointer = std::shared_ptr<X509>;

/// A new key; for RSA, which takes long, the number `which` of the process.
KeyPointer make_key(KeyType type, unsigned which = 0);
std::string pem_of(const KeyPointer& key, std::string_view passphrase = {});
Octets public_key_of(const KeyPointer& key);  ///< SubjectPublicKeyInfo

using std::chrono::hours;

/// What stands in a certificate. Times are counted from now.
struct CertificateOptions {
  std::string subject = "leaf";
  std::vector<std::string> dns = {};
  std::vector<std::string> ip = {};
  std::string extended_key_usage = {};  ///< as in openssl.cnf: "serverAuth,clientAuth"; empty: left out
  std::string key_usage = {};           ///< likewise
  std::string basic_constraints = {};   ///< empty: left out for an end entity
  std::string subject_key_identifier = "hash";  ///< or hexadecimal with colons
  std::chrono::seconds not_before = -hours(24);
  std::chrono::seconds not_after = hours(24 * 30);
  unsigned which = 0;             ///< of the RSA keys
  KeyPointer key = {};            ///< this one, in place of a new one
  std::string digest = "SHA256";  ///< that the issuer signs by; not for Ed25519 and Ed448
  bool pss_signature = false;     ///< an RSA issuer signs by PSS
};

/// A certificate, its private key, and the certificates up to the root, which is left out.
struct Issued {
  CertificatePointer certificate;
  KeyPointer key;
  std::vector<CertificatePointer> intermediates;  ///< its issuer first

  Octets der() const;
  std::string pem() const;        ///< the certificate alone
  std::string chain_pem() const;  ///< with the intermediates
  std::string key_pem(std::string_view passphrase = {}) const { return pem_of(key, passphrase); }
  Octets public_key() const { return public_key_of(key); }
  std::string subject_key_identifier() const;  ///< as CertificateOptions has it
  std::vector<Octets> chain() const;           ///< DER
  std::vector<X509*> handles() const;          ///< the same
  CertifiedKey certified_key() const;          ///< fails the test if it cannot be made
  CertifiedKey raw_public_key() const;         ///< of the same key
  /// The same without intermediates.
  Issued alone() const { return {certificate, key, {}}; }
};

struct CrlOptions {
  std::vector<Issued> revoked = {};
  std::chrono::seconds last_update = -hours(1);
  std::chrono::seconds next_update = hours(24);
};

enum class OcspStatus { good, revoked, unknown };

struct OcspOptions {
  OcspStatus status = OcspStatus::good;
  std::chrono::seconds this_update = -hours(1);
  std::optional<std::chrono::seconds> next_update = hours(24);
  const Issued* responder = nullptr;  ///< nullptr: the authority itself
  const Issued* issuer = nullptr;     ///< in the CertID; nullptr: the authority itself
  bool includes_responder = true;     ///< its certificate is in the response
  std::string digest = "SHA1";        ///< of the CertID
};

class Authority {
 public:
  /// A root.
  explicit Authority(KeyType type = KeyType::p256, std::string name = "Test Root",
                     CertificateOptions options = {});

  /// One below this one.
  Authority intermediate(KeyType type = KeyType::p256, std::string name = "Test Intermediate",
                         CertificateOptions options = {}) const;
  Issued issue(KeyType type, const CertificateOptions& options) const;
  Issued issue(const CertificateOptions& options) const { return issue(KeyType::p256, options); }
  /// For a server with this DNS name, or a client.
  Issued server(std::string dns_name = "server.example", KeyType type = KeyType::p256) const;
  Issued client(std::string subject = "client", KeyType type = KeyType::p256) const;

  std::string pem() const { return own_.pem(); }
  std::string crl(const CrlOptions& options = {}) const;  ///< PEM
  /// DER, about a certificate of this authority.
  Octets ocsp(const Issued& about, const OcspOptions& options = {}) const;
  Octets ocsp_error(int status) const;  ///< a response with an error status and nothing else
  TrustStore trust() const;
  Octets subject_name() const;  ///< DER, as in certificate_authorities
  const Issued& own() const { return own_; }

 private:
  explicit Authority(Issued own) : own_(std::move(own)) {}
  Issued own_;
};

/// A store of PEM; fails the test if it cannot be made.
TrustStore trust_of(const std::string& pem);

}  // namespace sesame::test
