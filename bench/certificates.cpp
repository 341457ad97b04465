#include "certificates.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

namespace bench {
namespace {

X509* certificate(EVP_PKEY* key, const char* name, EVP_PKEY* issuer_key, const char* issuer, bool authority) {
  X509* x = X509_new();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), authority ? 1 : 2);
  X509_gmtime_adj(X509_getm_notBefore(x), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x), 86'400);
  const auto set_name = [](X509_NAME* n, const char* text) {
    X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text), -1, -1,
                               0);
  };
  set_name(X509_get_subject_name(x), name);
  set_name(X509_get_issuer_name(x), issuer);
  X509_set_pubkey(x, key);
  const auto add = [&](int nid, const char* value) {
    X509_EXTENSION* e = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    require(e != nullptr, "no X.509 extension");
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
  };
  if (authority) {
    add(NID_basic_constraints, "critical,CA:TRUE");
    add(NID_key_usage, "critical,keyCertSign");
  } else {
    add(NID_subject_alt_name, "DNS:server.example");
    add(NID_ext_key_usage, "serverAuth");
  }
  require(X509_sign(x, issuer_key, EVP_sha256()) > 0, "a certificate cannot be signed");
  return x;
}

Certificates make(EVP_PKEY* root_key, EVP_PKEY* key) {
  require(root_key != nullptr && key != nullptr, "no key pair");
  X509* root = certificate(root_key, "Root", root_key, "Root", true);
  const Certificates made{key, certificate(key, server_name, root_key, "Root", false), X509_STORE_new()};
  X509_STORE_add_cert(made.store, root);
  X509_free(root);
  EVP_PKEY_free(root_key);
  return made;
}

}  // namespace

const Certificates& certificates(By by) {
  if (by == By::ecdsa) {
    static const Certificates ecdsa = make(EVP_EC_gen("P-256"), EVP_EC_gen("P-256"));
    return ecdsa;
  }
  static const Certificates rsa = make(EVP_RSA_gen(2048), EVP_RSA_gen(2048));
  return rsa;
}

}  // namespace bench
