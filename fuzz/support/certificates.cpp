#include "support/certificates.h"

#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string>

#include "support/script.h"

namespace sesame::fuzz {
namespace {

constexpr std::time_t begin = 1'577'836'800;  // 1 January 2020
constexpr std::time_t end = 4'102'444'800;    // 1 January 2100

template <class T, class Encode>
Octets der(T* object, Encode encode) {
  unsigned char* data = nullptr;
  const int size = encode(object, &data);
  FUZZ_CHECK(size > 0);
  Octets out(data, data + size);
  OPENSSL_free(data);
  return out;
}

EVP_PKEY* key(std::uint8_t which) {
  const Octets octets(32, which);
  return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, octets.data(), octets.size());
}

struct Certified {
  X509* certificate;
  EVP_PKEY* key;
};

Certified certify(std::uint8_t which, const char* name, const Certified* issuer,
                  std::initializer_list<std::pair<int, const char*>> extensions) {
  const Certified made{X509_new(), key(which)};
  const Certified& by = issuer ? *issuer : made;
  X509_set_version(made.certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), which);
  ASN1_TIME_set(X509_getm_notBefore(made.certificate), begin);
  ASN1_TIME_set(X509_getm_notAfter(made.certificate), end);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(made.certificate, X509_get_subject_name(by.certificate));
  X509_set_pubkey(made.certificate, made.key);
  X509V3_CTX context;
  X509V3_set_ctx(&context, by.certificate, made.certificate, nullptr, nullptr, 0);
  for (const auto& [nid, value] : extensions) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    FUZZ_CHECK(extension && X509_add_ext(made.certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
  }
  FUZZ_CHECK(X509_sign(made.certificate, by.key, nullptr) > 0);
  return made;
}

Octets ocsp(const Certified& about, const Certified& issuer, const Certified& by, int status) {
  OCSP_BASICRESP* const basic = OCSP_BASICRESP_new();
  OCSP_CERTID* const id = OCSP_cert_to_id(EVP_sha1(), about.certificate, issuer.certificate);
  ASN1_GENERALIZEDTIME* const from = ASN1_GENERALIZEDTIME_set(nullptr, begin);
  ASN1_GENERALIZEDTIME* const until = ASN1_GENERALIZEDTIME_set(nullptr, end);
  const bool revoked = status == V_OCSP_CERTSTATUS_REVOKED;
  FUZZ_CHECK(OCSP_basic_add1_status(basic, id, status, revoked ? OCSP_REVOKED_STATUS_KEYCOMPROMISE : 0,
                                    revoked ? from : nullptr, from, until));
  // OCSP_NOTIME: producedAt would be now.
  FUZZ_CHECK(OCSP_basic_sign(basic, by.certificate, by.key, nullptr, nullptr, OCSP_NOTIME) == 1);
  OCSP_RESPONSE* const response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  Octets out = der(response, i2d_OCSP_RESPONSE);
  OCSP_RESPONSE_free(response);
  OCSP_BASICRESP_free(basic);
  ASN1_GENERALIZEDTIME_free(from);
  ASN1_GENERALIZEDTIME_free(until);
  OCSP_CERTID_free(id);
  return out;
}

Certificates make() {
  const auto authority = {std::pair(NID_basic_constraints, "critical,CA:TRUE"),
                          std::pair(NID_key_usage, "keyCertSign,digitalSignature")};
  const Certified root = certify(1, "Root", nullptr, authority);
  const Certified intermediate = certify(2, "Intermediate", &root, authority);
  const Certified server =
      certify(3, "server", &intermediate,
              {{NID_ext_key_usage, "serverAuth"},
               {NID_subject_alt_name, "DNS:server.example,IP:192.0.2.7,IP:2001:db8::7"}});
  const Certified responder = certify(4, "responder", &intermediate, {{NID_ext_key_usage, "OCSPSigning"}});
  const Certified client = certify(5, "client", &intermediate, {{NID_ext_key_usage, "clientAuth"}});
  const Octets good = ocsp(server, intermediate, intermediate, V_OCSP_CERTSTATUS_GOOD);
  const auto held = [&](const Certified& one) {
    x509_st* const chain[] = {one.certificate, intermediate.certificate};
    const auto made = CertifiedKey::from_handles(chain, one.key);
    FUZZ_CHECK(made);
    return *made;
  };
  const auto of_server = held(server).with_ocsp_response(good);
  const auto raw_of_server = CertifiedKey::raw_public_key(server.key);
  FUZZ_CHECK(of_server && raw_of_server);
  X509_STORE* const store = X509_STORE_new();
  X509_STORE_add_cert(store, root.certificate);
  const auto trust = TrustStore::from_handle(store);
  FUZZ_CHECK(trust);
  X509_STORE_free(store);
  Certificates out{.root = der(root.certificate, i2d_X509),
                   .intermediate = der(intermediate.certificate, i2d_X509),
                   .server = der(server.certificate, i2d_X509),
                   .server_tbs = der(server.certificate, i2d_re_X509_tbs),
                   .good = good,
                   .revoked = ocsp(server, intermediate, intermediate, V_OCSP_CERTSTATUS_REVOKED),
                   .delegated = ocsp(server, intermediate, responder, V_OCSP_CERTSTATUS_GOOD),
                   .public_key = der(server.key, i2d_PUBKEY),
                   .trust = *trust,
                   .client = der(client.certificate, i2d_X509),
                   .of_server = *of_server,
                   .of_client = held(client),
                   .raw_of_server = *raw_of_server};
  for (const Certified& one : {root, intermediate, server, responder, client}) {
    X509_free(one.certificate);
    EVP_PKEY_free(one.key);
  }
  return out;
}

}  // namespace

const Certificates& certificates() {
  static const Certificates made = make();
  return made;
}

Octets signature_by(Side signer, Bytes input) {
  static EVP_PKEY* const keys[] = {key(5), key(3)};
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  Octets out(64);
  std::size_t size = out.size();
  FUZZ_CHECK(EVP_DigestSignInit(context, nullptr, nullptr, nullptr, keys[signer == Side::server]) == 1 &&
             EVP_DigestSign(context, out.data(), &size, input.data(), input.size()) == 1);
  EVP_MD_CTX_free(context);
  return out;
}

}  // namespace sesame::fuzz
