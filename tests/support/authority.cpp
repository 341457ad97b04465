#include "support/authority.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <ctime>
#include <map>
#include <stdexcept>

namespace sesame::test {
namespace {

// A test that has no certificate cannot go on: this ends it.
void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("the test authority failed: ") + what);
}

EVP_PKEY* generate(KeyType type) {
  switch (type) {
    case KeyType::rsa1024:
      return EVP_RSA_gen(1024);
    case KeyType::rsa2048:
      return EVP_RSA_gen(2048);
    case KeyType::rsa_pss: {
      EVP_PKEY* key = nullptr;
      EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA-PSS", nullptr);
      require(EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) == 1 &&
                  EVP_PKEY_generate(context, &key) == 1,
              "RSA-PSS key");
      EVP_PKEY_CTX_free(context);
      return key;
    }
    case KeyType::p256:
      return EVP_EC_gen("P-256");
    case KeyType::p384:
      return EVP_EC_gen("P-384");
    case KeyType::p521:
      return EVP_EC_gen("P-521");
    case KeyType::secp256k1:
      return EVP_EC_gen("secp256k1");
    case KeyType::ed25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case KeyType::ed448:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448");
  }
  return nullptr;
}

bool is_rsa(KeyType type) {
  return type == KeyType::rsa1024 || type == KeyType::rsa2048 || type == KeyType::rsa_pss;
}

template <class T, class Encode>
Octets der(T* object, Encode encode) {
  unsigned char* data = nullptr;
  const int size = encode(object, &data);
  require(size > 0, "DER");
  Octets out(data, data + size);
  OPENSSL_free(data);
  return out;
}

template <class Write>
std::string pem(Write write) {
  BIO* const bio = BIO_new(BIO_s_mem());
  require(write(bio) == 1, "PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string out(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return out;
}

CertificatePointer own(X509* certificate) { return {certificate, X509_free}; }

ASN1_TIME* time_at(std::chrono::seconds offset) {
  return ASN1_TIME_adj(nullptr, std::time(nullptr), 0, static_cast<long>(offset.count()));
}

ASN1_GENERALIZEDTIME* generalized_time_at(std::chrono::seconds offset) {
  return ASN1_GENERALIZEDTIME_adj(nullptr, std::time(nullptr), 0, static_cast<long>(offset.count()));
}

const EVP_MD* digest_for(EVP_PKEY* key, const std::string& name) {
  const int id = EVP_PKEY_get_base_id(key);
  return id == EVP_PKEY_ED25519 || id == EVP_PKEY_ED448 ? nullptr : EVP_get_digestbyname(name.c_str());
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  require(extension && X509_add_ext(certificate, extension, -1) == 1, value.c_str());
  X509_EXTENSION_free(extension);
}

// `issuer` is empty for a root.
Issued make_certificate(KeyType type, const CertificateOptions& options, const Issued* issuer) {
  static std::atomic<long> serial = 0x5e5a;
  Issued made{own(X509_new()), options.key ? options.key : make_key(type, options.which), {}};
  X509* const certificate = made.certificate.get();
  const Issued& by = issuer ? *issuer : made;
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  ASN1_TIME* const not_before = time_at(options.not_before);
  ASN1_TIME* const not_after = time_at(options.not_after);
  X509_set1_notBefore(certificate, not_before);
  X509_set1_notAfter(certificate, not_after);
  ASN1_TIME_free(not_before);
  ASN1_TIME_free(not_after);
  require(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(options.subject.data()),
                                     static_cast<int>(options.subject.size()), -1, 0) == 1,
          "subject");
  X509_set_issuer_name(certificate, X509_get_subject_name(by.certificate.get()));
  X509_set_pubkey(certificate, made.key.get());
  std::string names;
  for (const std::string& dns : options.dns) names += (names.empty() ? "DNS:" : ",DNS:") + dns;
  for (const std::string& ip : options.ip) names += (names.empty() ? "IP:" : ",IP:") + ip;
  add_extension(certificate, by.certificate.get(), NID_basic_constraints, options.basic_constraints);
  add_extension(certificate, by.certificate.get(), NID_key_usage, options.key_usage);
  add_extension(certificate, by.certificate.get(), NID_ext_key_usage, options.extended_key_usage);
  add_extension(certificate, by.certificate.get(), NID_subject_alt_name, names);
  add_extension(certificate, by.certificate.get(), NID_subject_key_identifier,
                options.subject_key_identifier);
  add_extension(certificate, by.certificate.get(), NID_authority_key_identifier, issuer ? "keyid" : "");
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* key_context = nullptr;
  require(EVP_DigestSignInit(context, &key_context, digest_for(by.key.get(), options.digest), nullptr,
                             by.key.get()) == 1 &&
              (!options.pss_signature ||
               (EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) == 1)) &&
              X509_sign_ctx(certificate, context) > 0,
          "signature");
  EVP_MD_CTX_free(context);
  return made;
}

CertificateOptions as_authority(CertificateOptions options, std::string name) {
  options.subject = std::move(name);
  if (options.basic_constraints.empty()) options.basic_constraints = "critical,CA:TRUE";
  if (options.key_usage.empty()) options.key_usage = "critical,keyCertSign,cRLSign,digitalSignature";
  return options;
}

}  // namespace

std::string_view name(KeyType type) {
  constexpr std::string_view names[] = {"rsa1024", "rsa2048", "rsa_pss", "p256",     "p384",
                                        "p521",    "ed25519", "ed448",   "secp256k1"};
  return names[static_cast<std::size_t>(type)];
}

KeyPointer make_key(KeyType type, unsigned which) {
  static std::map<std::pair<KeyType, unsigned>, KeyPointer> kept;
  const auto fresh = [&] {
    KeyPointer key(generate(type), EVP_PKEY_free);
    require(key != nullptr, "key");
    return key;
  };
  if (!is_rsa(type)) return fresh();
  KeyPointer& key = kept[{type, which}];
  if (!key) key = fresh();
  return key;
}

std::string pem_of(const KeyPointer& key, std::string_view passphrase) {
  return pem([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), passphrase.empty() ? nullptr : EVP_aes_128_cbc(),
                                         passphrase.data(), static_cast<int>(passphrase.size()), nullptr,
                                         nullptr);
  });
}

Octets public_key_of(const KeyPointer& key) { return der(key.get(), i2d_PUBKEY); }

Octets Issued::der() const { return test::der(certificate.get(), i2d_X509); }

std::string Issued::pem() const {
  return test::pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); });
}

std::string Issued::chain_pem() const {
  std::string out = pem();
  for (const auto& one : intermediates) {
    out += test::pem([&](BIO* bio) { return PEM_write_bio_X509(bio, one.get()); });
  }
  return out;
}

std::string Issued::subject_key_identifier() const {
  const ASN1_OCTET_STRING* const id = X509_get0_subject_key_id(certificate.get());
  char* const text = OPENSSL_buf2hexstr(ASN1_STRING_get0_data(id), ASN1_STRING_length(id));
  std::string out = text;
  OPENSSL_free(text);
  return out;
}

std::vector<X509*> Issued::handles() const {
  std::vector<X509*> out = {certificate.get()};
  for (const auto& one : intermediates) out.push_back(one.get());
  return out;
}

std::vector<Octets> Issued::chain() const {
  std::vector<Octets> out;
  for (X509* const one : handles()) out.push_back(test::der(one, i2d_X509));
  return out;
}

CertifiedKey Issued::certified_key() const {
  auto made = CertifiedKey::from_handles(handles(), key.get());
  require(made.has_value(), made ? "" : made.error().message().c_str());
  return *made;
}

CertifiedKey Issued::raw_public_key() const {
  auto made = CertifiedKey::raw_public_key(key.get());
  require(made.has_value(), made ? "" : made.error().message().c_str());
  return *made;
}

Authority::Authority(KeyType type, std::string name, CertificateOptions options)
    : own_(make_certificate(type, as_authority(std::move(options), std::move(name)), nullptr)) {}

Authority Authority::intermediate(KeyType type, std::string name, CertificateOptions options) const {
  return Authority(issue(type, as_authority(std::move(options), std::move(name))));
}

Issued Authority::issue(KeyType type, const CertificateOptions& options) const {
  Issued made = make_certificate(type, options, &own_);
  // A root signs for itself: nobody has to be sent it.
  if (X509_self_signed(own_.certificate.get(), 0) != 1) {
    made.intermediates = own_.intermediates;
    made.intermediates.insert(made.intermediates.begin(), own_.certificate);
  }
  return made;
}

Issued Authority::server(std::string dns_name, KeyType type) const {
  return issue(type, {.subject = "server", .dns = {std::move(dns_name)}, .extended_key_usage = "serverAuth"});
}

Issued Authority::client(std::string subject, KeyType type) const {
  return issue(type, {.subject = std::move(subject), .extended_key_usage = "clientAuth"});
}

std::string Authority::crl(const CrlOptions& options) const {
  X509_CRL* const crl = X509_CRL_new();
  X509_CRL_set_version(crl, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl, X509_get_subject_name(own_.certificate.get()));
  ASN1_TIME* const last_update = time_at(options.last_update);
  ASN1_TIME* const next_update = time_at(options.next_update);
  X509_CRL_set1_lastUpdate(crl, last_update);
  X509_CRL_set1_nextUpdate(crl, next_update);
  for (const Issued& issued : options.revoked) {
    X509_REVOKED* const entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(issued.certificate.get()));
    X509_REVOKED_set_revocationDate(entry, last_update);
    require(X509_CRL_add0_revoked(crl, entry) == 1, "CRL");
  }
  ASN1_TIME_free(last_update);
  ASN1_TIME_free(next_update);
  require(X509_CRL_sign(crl, own_.key.get(), digest_for(own_.key.get(), "SHA256")) > 0, "CRL");
  std::string out = test::pem([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, crl); });
  X509_CRL_free(crl);
  return out;
}

Octets Authority::ocsp(const Issued& about, const OcspOptions& options) const {
  constexpr int statuses[] = {V_OCSP_CERTSTATUS_GOOD, V_OCSP_CERTSTATUS_REVOKED, V_OCSP_CERTSTATUS_UNKNOWN};
  const int status = statuses[static_cast<int>(options.status)];
  const bool revoked = options.status == OcspStatus::revoked;
  OCSP_BASICRESP* const basic = OCSP_BASICRESP_new();
  OCSP_CERTID* const id =
      OCSP_cert_to_id(EVP_get_digestbyname(options.digest.c_str()), about.certificate.get(),
                      (options.issuer ? *options.issuer : own_).certificate.get());
  ASN1_GENERALIZEDTIME* const this_update = generalized_time_at(options.this_update);
  ASN1_GENERALIZEDTIME* const next_update =
      options.next_update ? generalized_time_at(*options.next_update) : nullptr;
  require(OCSP_basic_add1_status(basic, id, status, revoked ? OCSP_REVOKED_STATUS_KEYCOMPROMISE : 0,
                                 revoked ? this_update : nullptr, this_update, next_update) != nullptr,
          "OCSP status");
  OCSP_CERTID_free(id);
  ASN1_GENERALIZEDTIME_free(this_update);
  ASN1_GENERALIZEDTIME_free(next_update);
  const Issued& by = options.responder ? *options.responder : own_;
  require(OCSP_basic_sign(basic, by.certificate.get(), by.key.get(), digest_for(by.key.get(), "SHA256"),
                          nullptr, options.responder && options.includes_responder ? 0 : OCSP_NOCERTS) == 1,
          "OCSP signature");
  OCSP_RESPONSE* const response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  Octets out = test::der(response, i2d_OCSP_RESPONSE);
  OCSP_RESPONSE_free(response);
  OCSP_BASICRESP_free(basic);
  return out;
}

Octets Authority::ocsp_error(int status) const {
  OCSP_RESPONSE* const response = OCSP_response_create(status, nullptr);
  Octets out = test::der(response, i2d_OCSP_RESPONSE);
  OCSP_RESPONSE_free(response);
  return out;
}

TrustStore Authority::trust() const { return trust_of(pem()); }

Octets Authority::subject_name() const {
  return test::der(X509_get_subject_name(own_.certificate.get()), i2d_X509_NAME);
}

TrustStore trust_of(const std::string& text) {
  auto made = TrustStore::from_pem(text);
  require(made.has_value(), made ? "" : made.error().message().c_str());
  return *made;
}

}  // namespace sesame::test
