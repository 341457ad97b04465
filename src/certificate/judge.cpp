// Whether the peer's certificate is accepted. RFC 5280 is libcrypto's; what stands here is what has to be
// asked of it, and what its answers mean.
#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

#include "certificate/known.h"
#include "certificate/ocsp.h"
#include "certificate/parsed_chain.h"
#include "certificate/peer.h"
#include "certificate/reasons.h"
#include "certificate/trust_store.h"
#include "crypto/error_queue.h"

namespace sesame {

void Verdict::accept() { body_->kind = certificate::VerdictBody::Kind::accepted; }

void Verdict::refuse(Alert alert) {
  body_->kind = certificate::VerdictBody::Kind::refused;
  body_->alert = alert;
}

void Verdict::later() { body_->kind = certificate::VerdictBody::Kind::later; }

namespace certificate {
namespace {

std::unexpected<Error> libcrypto_failed() {
  return fail(Reason::certificate_not_trusted, "libcrypto failed to verify it");
}

std::string text_of(const X509_NAME* name) {
  const BioHandle out(BIO_new(BIO_s_mem()));
  char* text = nullptr;
  if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) < 0) return {};
  const long size = BIO_get_mem_data(out.get(), &text);
  return escaped(as_bytes({text, static_cast<std::size_t>(std::max(size, 0L))}), 200);
}

/// The names of a certificate that is for another one.
std::string names_of(X509* certificate) {
  constexpr int limit = 5;
  std::string out;
  auto* const names =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  const int count = sk_GENERAL_NAME_num(names);
  for (int i = 0; i < std::min(count, limit); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    std::array<char, INET6_ADDRSTRLEN> address{};
    if (name->type == GEN_DNS) {
      const ASN1_STRING* const text = name->d.dNSName;
      const auto size = static_cast<std::size_t>(ASN1_STRING_length(text));
      out.append(out.empty() ? "" : ", ").append(escaped({ASN1_STRING_get0_data(text), size}));
    } else if (name->type == GEN_IPADD) {
      const ASN1_STRING* const octets = name->d.iPAddress;
      const int size = ASN1_STRING_length(octets);
      if (size != 4 && size != 16) continue;
      inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(octets), address.data(),
                address.size());
      out.append(out.empty() ? "" : ", ").append(address.data());
    }
  }
  GENERAL_NAMES_free(names);
  if (out.empty()) return "no name at all";
  return count > limit ? out + " and others" : out;
}

Error error_of(X509_STORE_CTX* context, std::string_view name) {
  const int error = X509_STORE_CTX_get_error(context);
  X509* certificate = X509_STORE_CTX_get_current_cert(context);
  if (!certificate) certificate = X509_STORE_CTX_get0_cert(context);
  const Reason reason = reason_of(error);
  if (reason == Reason::certificate_name_mismatch) {
    return Error(reason, "expected " + escaped(as_bytes(name)) + ", it is for " + names_of(certificate));
  }
  std::string detail = X509_verify_cert_error_string(error);
  detail.append(", certificate ").append(std::to_string(X509_STORE_CTX_get_error_depth(context) + 1));
  detail.append(" of the chain (").append(text_of(X509_get_subject_name(certificate))).append(")");
  return Error(reason, std::move(detail));
}

/// RFC 6125 and RFC 9525: what counts are the names in subjectAltName. A common name is a string for people,
/// and a wildcard is a whole label.
bool expect_name(X509_VERIFY_PARAM* parameters, std::string_view name) {
  std::string text(name);  // libcrypto wants a NUL behind an address
  if (text.find('\0') != text.npos) return false;
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  std::array<unsigned char, 16> address{};
  if (inet_pton(AF_INET, text.c_str(), address.data()) == 1) {
    return X509_VERIFY_PARAM_set1_ip(parameters, address.data(), 4) == 1;
  }
  if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) {
    return X509_VERIFY_PARAM_set1_ip(parameters, address.data(), 16) == 1;
  }
  if (text.ends_with('.')) text.pop_back();
  if (text.empty()) return false;
  X509_VERIFY_PARAM_set_hostflags(parameters,
                                  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return X509_VERIFY_PARAM_set1_host(parameters, text.data(), text.size()) == 1;
}

unsigned long flags_of(const VerificationOptions& options) noexcept {
  unsigned long flags = 0;
  if (options.partial_chain) flags |= X509_V_FLAG_PARTIAL_CHAIN;
  if (options.revocation != RevocationCheck::none) flags |= X509_V_FLAG_CRL_CHECK;
  if (options.revocation == RevocationCheck::chain) flags |= X509_V_FLAG_CRL_CHECK_ALL;
  return flags;
}

X509_STORE* store_of(const Judgement& judgement) {
  if (judgement.options.trust) return TrustStoreAccess::store(*judgement.options.trust);
  // A server that says nothing trusts nobody.
  const Expected<TrustStore>& standing = judgement.side == Side::client ? system_trust() : no_trust();
  return standing ? TrustStoreAccess::store(*standing) : nullptr;
}

/// Who issued the end entity: the next of the chain that was verified, where it has one.
X509* issuer_of(X509_STORE_CTX* context, X509* leaf) noexcept {
  const STACK_OF(X509)* const verified = X509_STORE_CTX_get0_chain(context);
  if (sk_X509_num(verified) > 1) return sk_X509_value(verified, 1);
  return X509_self_signed(leaf, 1) == 1 ? leaf : nullptr;
}

Expected<> judge_ocsp(const crypto::Provider& provider, const Judgement& judgement, const Peer& peer,
                      const ParsedChain& chain, X509_STORE_CTX* context) {
  if (peer.ocsp_response.empty()) {
    if (judgement.options.require_ocsp_response) return fail(Reason::ocsp_response_missing);
    return {};
  }
  X509* const leaf = chain.certificates[0].get();
  return check_ocsp(provider,
                    {.certificate = leaf,
                     .issuer = issuer_of(context, leaf),
                     .security_level = judgement.options.security_level,
                     .now = judgement.now},
                    peer.ocsp_response);
}

Expected<> judge_chain(const crypto::Provider& provider, const Judgement& judgement, const Peer& peer) {
  std::shared_ptr<const ParsedChain> chain = peer.parsed;
  if (!chain) {
    auto parsed = parse_chain(provider, peer.chain(), judgement.known);
    if (!parsed) return std::unexpected(parsed.error());
    chain = std::move(*parsed);
  }
  if (chain->certificates.empty()) return fail(Reason::certificate_malformed, "there is none");
  X509_STORE* const store = store_of(judgement);
  const X509List others(sk_X509_new_null());
  const StoreContext context(X509_STORE_CTX_new_ex(provider.library_context(), provider.property_query()));
  if (!store || !others || !context) return libcrypto_failed();
  for (std::size_t i = 1; i < chain->certificates.size(); ++i) {
    if (sk_X509_push(others.get(), chain->certificates[i].get()) <= 0) return libcrypto_failed();
  }
  const bool verifies_server = judgement.side == Side::client;
  if (X509_STORE_CTX_init(context.get(), store, chain->certificates[0].get(), others.get()) != 1 ||
      X509_STORE_CTX_set_default(context.get(), verifies_server ? "ssl_server" : "ssl_client") != 1) {
    return libcrypto_failed();
  }
  const VerificationOptions& options = judgement.options;
  X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(context.get());
  // set_default leaves what a store of the application's own says; the purpose is not its to say.
  if (X509_VERIFY_PARAM_set_purpose(
          parameters, verifies_server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT) != 1 ||
      X509_VERIFY_PARAM_set_trust(parameters,
                                  verifies_server ? X509_TRUST_SSL_SERVER : X509_TRUST_SSL_CLIENT) != 1) {
    return libcrypto_failed();
  }
  X509_VERIFY_PARAM_set_depth(
      parameters, static_cast<int>(std::min(options.depth, static_cast<unsigned>(max_certificates))));
  X509_VERIFY_PARAM_set_auth_level(parameters, options.security_level);
  X509_VERIFY_PARAM_set_time(parameters, std::chrono::system_clock::to_time_t(judgement.now));
  if (X509_VERIFY_PARAM_set_flags(parameters, flags_of(options)) != 1) return libcrypto_failed();
  if (verifies_server && !judgement.name.empty() && !expect_name(parameters, judgement.name)) {
    return fail(Reason::certificate_name_mismatch,
                escaped(as_bytes(judgement.name)) + " is neither a DNS name nor an address");
  }
  // Less than 0 is a failure of libcrypto's own: no reason to trust anybody. Nor is a callback of the store
  // that has overlooked an error.
  const int verified = X509_verify_cert(context.get());
  if (X509_STORE_CTX_get_error(context.get()) != X509_V_OK)
    return std::unexpected(error_of(context.get(), judgement.name));
  if (verified != 1) return libcrypto_failed();
  auto ok = judge_ocsp(provider, judgement, peer, *chain, context.get());
  if (ok && judgement.known && !chain->is_known) {
    const std::vector<Bytes> octets = peer.chain();
    for (std::size_t i = 0; i < octets.size(); ++i)
      judgement.known->keep(octets[i], chain->certificates[i].get());
  }
  return ok;
}

/// Public keys are public: an ordinary comparison.
Expected<> judge_raw_key(const Judgement& judgement, const Peer& peer) {
  const bool is_known = std::ranges::any_of(judgement.options.raw_public_keys, [&](const auto& known) {
    return std::ranges::equal(known, peer.octets);
  });
  if (!is_known) return fail(Reason::raw_public_key_unknown);
  return {};
}

}  // namespace

Expected<> judge(const crypto::Provider& provider, const Judgement& judgement, const Peer& peer,
                 VerdictBody& verdict) {
  verdict = {};
  Expected<> found = [&] {
    const crypto::ErrorQueueMark mark;
    return peer.type == CertificateType::raw_public_key ? judge_raw_key(judgement, peer)
                                                        : judge_chain(provider, judgement, peer);
  }();
  if (!judgement.options.verify) return found;
  const std::vector<Bytes> chain = peer.chain();
  Verdict handle = VerdictAccess::handle(verdict);
  judgement.options.verify({.type = peer.type,
                            .chain = chain,
                            .ocsp_response = peer.ocsp_response,
                            .name = judgement.name,
                            .side = judgement.side,
                            .problem = found ? nullptr : &found.error()},
                           handle);
  switch (verdict.kind) {
    case VerdictBody::Kind::accepted:
    case VerdictBody::Kind::later:
      return {};
    case VerdictBody::Kind::refused: {
      Error refused = found ? Error(Reason::certificate_refused)
                            : Error(Reason::certificate_refused, std::string(found.error().detail()));
      return std::unexpected(refused.with_alert(verdict.alert));
    }
    case VerdictBody::Kind::none:
      break;
  }
  return found;
}

}  // namespace certificate
}  // namespace sesame
