#include "certificate/ocsp.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <string>

#include "crypto/error_queue.h"

namespace sesame::certificate {
namespace {

std::unexpected<Error> invalid(std::string detail) {
  return fail(Reason::ocsp_response_invalid, std::move(detail));
}

bool read_time(const ASN1_GENERALIZEDTIME* in, TimePoint& out) noexcept {
  std::tm parts{};
  if (ASN1_TIME_to_tm(in, &parts) != 1) return false;
  out = std::chrono::system_clock::from_time_t(timegm(&parts));
  return true;
}

bool is_in_date(const ASN1_GENERALIZEDTIME* this_update, const ASN1_GENERALIZEDTIME* next_update,
                TimePoint now) noexcept {
  TimePoint from, until;
  if (!this_update || !read_time(this_update, from)) return false;
  if (next_update) {
    if (!read_time(next_update, until) || until < from) return false;
  } else {
    until = from + ocsp_default_validity;
  }
  return from - ocsp_leeway <= now && now <= until + ocsp_leeway;
}

/// Section 4.2.2.2: the issuer has to have issued the responder's certificate itself, for signing OCSP
/// responses. libcrypto judges it as a chain of two, the issuer as its anchor.
bool is_delegated(const crypto::Provider& provider, const OcspQuestion& question, X509* responder) noexcept {
  if ((X509_get_extension_flags(responder) & EXFLAG_XKUSAGE) == 0 ||
      (X509_get_extended_key_usage(responder) & XKU_OCSP_SIGN) == 0) {
    return false;
  }
  const X509List anchors(sk_X509_new_null());
  const StoreContext context(X509_STORE_CTX_new_ex(provider.library_context(), provider.property_query()));
  if (!anchors || sk_X509_push(anchors.get(), question.issuer) <= 0 || !context ||
      X509_STORE_CTX_init(context.get(), nullptr, responder, nullptr) != 1) {
    return false;
  }
  X509_STORE_CTX_set0_trusted_stack(context.get(), anchors.get());
  X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(parameters, std::chrono::system_clock::to_time_t(question.now));
  X509_VERIFY_PARAM_set_auth_level(parameters, question.security_level);
  X509_VERIFY_PARAM_set_depth(parameters, 0);
  return X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_OCSP_HELPER) == 1 &&
         X509_verify_cert(context.get()) == 1;
}

/// The signature, and the right to make it.
bool is_authentic(const crypto::Provider& provider, const OcspQuestion& question,
                  OCSP_BASICRESP* response) noexcept {
  const X509List issuers(sk_X509_new_null());
  if (!issuers || sk_X509_push(issuers.get(), question.issuer) <= 0) return false;
  // OCSP_NOVERIFY: only the signature. Its own idea of who may sign judges by the time of this machine.
  if (OCSP_basic_verify(response, issuers.get(), nullptr, OCSP_NOVERIFY) != 1) return false;
  X509* signer = nullptr;
  if (OCSP_resp_get0_signer(response, &signer, issuers.get()) != 1 || !signer) return false;
  return X509_cmp(signer, question.issuer) == 0 || is_delegated(provider, question, signer);
}

/// Section 4.1.1: a CertID is hashes of the issuer's name and key, by an algorithm of the responder's choice,
/// and the serial number.
bool is_about(const OCSP_SINGLERESP* single, const OcspQuestion& question) noexcept {
  ASN1_OBJECT* algorithm = nullptr;
  ASN1_INTEGER* serial = nullptr;
  const OCSP_CERTID* const id = OCSP_SINGLERESP_get0_id(single);
  if (OCSP_id_get0_info(nullptr, &algorithm, nullptr, &serial, const_cast<OCSP_CERTID*>(id)) != 1 ||
      ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(question.certificate)) != 0) {
    return false;
  }
  const EVP_MD* const digest = EVP_get_digestbyobj(algorithm);
  if (!digest) return false;
  const OcspCertId expected(OCSP_cert_to_id(digest, question.certificate, question.issuer));
  return expected && OCSP_id_cmp(expected.get(), id) == 0;
}

Expected<> status_of(const OcspQuestion& question, OCSP_BASICRESP* response) {
  bool any = false, in_date = false, good = false;
  for (int i = 0; i < OCSP_resp_count(response); ++i) {
    OCSP_SINGLERESP* const single = OCSP_resp_get0(response, i);
    if (!is_about(single, question)) continue;
    any = true;
    int reason = 0;
    ASN1_GENERALIZEDTIME *revoked = nullptr, *this_update = nullptr, *next_update = nullptr;
    const int status = OCSP_single_get0_status(single, &reason, &revoked, &this_update, &next_update);
    // Also out of date: revocation is for good.
    if (status == V_OCSP_CERTSTATUS_REVOKED) {
      std::string detail = "says the OCSP response that the peer stapled";
      if (reason > 0) detail.append(": ").append(OCSP_crl_reason_str(reason));
      return fail(Reason::certificate_revoked, std::move(detail));
    }
    if (!is_in_date(this_update, next_update, question.now)) continue;
    in_date = true;
    good |= status == V_OCSP_CERTSTATUS_GOOD;
  }
  if (good) return {};
  if (!any) return invalid("it is about other certificates");
  if (!in_date) return invalid("it is not in date");
  return invalid("its responder does not know the certificate");
}

}  // namespace

Expected<> check_ocsp(const crypto::Provider& provider, const OcspQuestion& question, Bytes response) {
  const crypto::ErrorQueueMark mark;
  const unsigned char* at = response.data();
  const OcspResponse parsed(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(response.size())));
  if (!parsed || at != response.data() + response.size()) return invalid("it cannot be read");
  if (const int status = OCSP_response_status(parsed.get()); status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    return invalid(std::string("its status is ") + OCSP_response_status_str(status));
  }
  const OcspBasicResponse basic(OCSP_response_get1_basic(parsed.get()));
  if (!basic) return invalid("it cannot be read");
  if (!question.issuer) return invalid("the certificate that issued the one of the peer is not known");
  if (!is_authentic(provider, question, basic.get())) {
    return invalid("it is not signed by the issuer of the certificate, nor by whom that has delegated it to");
  }
  return status_of(question, basic.get());
}

}  // namespace sesame::certificate
