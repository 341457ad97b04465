#include "interop/certificates.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

namespace interop {
namespace {

std::string text_of(sesame::Bytes octets) { return std::string(sesame::as_text(octets)); }

std::string public_key_pem(const Issued& issued) {
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(bio, issued.key.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string out(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return out;
}

std::string intermediates_pem(const Issued& issued) { return issued.chain_pem().substr(issued.pem().size()); }

std::string priority_with(const std::string& more) { return "NORMAL:-VERS-ALL:+VERS-TLS1.3" + more; }

}  // namespace

CertificateFiles::CertificateFiles(const Issued& issued)
    : certificate(issued.pem()),
      intermediates(intermediates_pem(issued)),
      chain(issued.chain_pem()),
      key(issued.key_pem()),
      public_key(public_key_pem(issued)),
      has_intermediates(!issued.intermediates.empty()) {}

Arguments CertificateFiles::openssl() const {
  const Arguments out = {"-cert", certificate.path(), "-key", key.path()};
  return has_intermediates ? out + Arguments{"-cert_chain", intermediates.path()} : out;
}
Arguments CertificateFiles::gnutls() const {
  return {"--x509certfile=" + chain.path(), "--x509keyfile=" + key.path()};
}
Arguments CertificateFiles::gnutls_raw() const {
  return {"--rawpkfile=" + public_key.path(), "--rawpkkeyfile=" + key.path()};
}

Arguments s_server_with(std::uint16_t port, const CertificateFiles& own, const Arguments& more) {
  return Arguments{"openssl", "s_server", "-accept", "127.0.0.1:" + std::to_string(port),
                   "-tls1_3", "-naccept", "1"} +
         own.openssl() + more;
}
Arguments s_client_trusting(std::uint16_t port, const TemporaryFile& roots, const Arguments& more) {
  return s_client_without_key(
      port, Arguments{"-tls1_3", "-servername", std::string(server_name), "-verify_hostname",
                      std::string(server_name), "-verify_return_error", "-CAfile", roots.path()} +
                more);
}
Arguments gnutls_serv_with(std::uint16_t port, const Arguments& own, const Arguments& more,
                           const std::string& priority) {
  return Arguments{"gnutls-serv",           "--echo", "--priority",
                   priority_with(priority), "--port", std::to_string(port)} +
         own + more;
}
Arguments gnutls_cli_trusting(std::uint16_t port, const TemporaryFile& roots, const Arguments& more,
                              const std::string& priority) {
  return Arguments{"gnutls-cli",
                   "--priority",
                   priority_with(priority),
                   "--port",
                   std::to_string(port),
                   "--x509cafile=" + roots.path(),
                   "--sni-hostname=" + std::string(server_name),
                   "--verify-hostname=" + std::string(server_name)} +
         more + Arguments{"127.0.0.1"};
}

sesame::ContextOptions trusting(const Authority& root) {
  sesame::ContextOptions options;
  options.verification = sesame::VerificationOptions{.trust = root.trust()};
  return options;
}
sesame::ContextOptions showing(const Issued& own) {
  sesame::ContextOptions options;
  options.certificates = {own.certified_key()};
  return options;
}

sesame::SignatureScheme scheme_of(KeyType type) {
  using enum sesame::SignatureScheme;
  switch (type) {
    case KeyType::p256:
      return ecdsa_secp256r1_sha256;
    case KeyType::p384:
      return ecdsa_secp384r1_sha384;
    case KeyType::p521:
      return ecdsa_secp521r1_sha512;
    case KeyType::ed25519:
      return ed25519;
    case KeyType::ed448:
      return ed448;
    case KeyType::rsa_pss:
      return rsa_pss_pss_sha256;
    default:
      return rsa_pss_rsae_sha256;
  }
}

std::vector<std::string> octets_of(const std::vector<sesame::Bytes>& chain) {
  std::vector<std::string> out;
  for (const sesame::Bytes one : chain) out.push_back(text_of(one));
  return out;
}
std::vector<std::string> octets_of(const Issued& issued) {
  std::vector<std::string> out;
  for (const auto& one : issued.chain()) out.push_back(text_of(one));
  return out;
}

}  // namespace interop
