// Which certificate a peer is shown, and by what it is signed (RFC 8446 sections 4.4.2.2 and 4.4.2.3).
#include <algorithm>
#include <optional>

#include "certificate/certified_key.h"
#include "crypto/rsa_transport.h"

namespace sesame::certificate {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// `pattern` is in lower case. A wildcard stands for one whole label, the leftmost (RFC 6125 section 6.4.3).
bool name_matches(std::string_view pattern, std::string_view name) noexcept {
  if (pattern.starts_with("*.")) {
    const std::size_t dot = name.find('.');
    if (dot == name.npos || dot == 0) return false;
    pattern.remove_prefix(1);
    name.remove_prefix(dot);
  }
  return std::ranges::equal(pattern, name, {}, {}, lower);
}

bool has_name(const CertifiedKeyBody& key, std::string_view name) noexcept {
  if (name.empty() || key.type == CertificateType::raw_public_key) return true;
  if (name.ends_with('.')) name.remove_suffix(1);
  return std::ranges::any_of(key.names, [&](const std::string& own) { return name_matches(own, name); });
}

template <class List>
bool contains(const List& list, SignatureScheme scheme) noexcept {
  bool found = false;
  list.for_each([&](SignatureScheme one) { return !(found = one == scheme); });
  return found;
}

/// Section 4.2.3: "If no 'signature_algorithms_cert' extension is present, then the 'signature_algorithms'
/// extension also applies to signatures appearing in certificates."
bool chain_fits(const CertifiedKeyBody& key, const Wanted& wanted) noexcept {
  return std::ranges::all_of(key.chain_schemes, [&](SignatureScheme scheme) {
    return wanted.signature_algorithms_cert.raw.empty() ? contains(wanted.signature_algorithms, scheme)
                                                        : contains(wanted.signature_algorithms_cert, scheme);
  });
}

bool authority_fits(const CertifiedKeyBody& key, const Wanted& wanted) noexcept {
  if (wanted.certificate_authorities.raw.empty()) return true;
  bool found = false;
  wanted.certificate_authorities.for_each([&](const wire::opaque<1, 0xffff>& authority) {
    found = std::ranges::any_of(
        key.issuers, [&](const auto& issuer) { return std::ranges::equal(issuer, authority.data); });
    return !found;
  });
  return found;
}

const SignatureScheme* common_scheme(std::span<const SignatureScheme> of_key,
                                     std::span<const SignatureScheme> ours, const Wanted& wanted) noexcept {
  for (const SignatureScheme& scheme : ours) {
    if (std::ranges::find(of_key, scheme) != of_key.end() && contains(wanted.signature_algorithms, scheme)) {
      return &scheme;
    }
  }
  return nullptr;
}

// The best of the keys that `scheme_of` gives a scheme for; key is nullptr if it gives none.
template <class SchemeOf>
Chosen best_of(std::span<const CertifiedKey> keys, const Wanted& wanted, bool judges_chain,
               SchemeOf scheme_of) {
  Chosen best;
  int best_fit = -1;
  for (const CertifiedKey& key : keys) {
    const CertifiedKeyBody& body = CertifiedKeyAccess::body(key);
    const std::optional<SignatureScheme> scheme = scheme_of(body);
    if (!scheme) continue;
    const int fit = (has_name(body, wanted.server_name) ? 4 : 0) +
                    (!judges_chain || chain_fits(body, wanted) ? 2 : 0) +
                    (authority_fits(body, wanted) ? 1 : 0);
    if (fit <= best_fit) continue;
    best = {.key = &key, .scheme = *scheme};
    best_fit = fit;
    if (fit == 7) break;
  }
  return best;
}

}  // namespace

Expected<Chosen> choose(std::span<const CertifiedKey> keys, std::span<const SignatureScheme> ours,
                        const Wanted& wanted) {
  bool any_of_type = false;
  const Chosen best =
      best_of(keys, wanted, true, [&](const CertifiedKeyBody& body) -> std::optional<SignatureScheme> {
        if (body.type != wanted.type) return std::nullopt;
        any_of_type = true;
        const SignatureScheme* const scheme = common_scheme(body.schemes, ours, wanted);
        return scheme ? std::optional(*scheme) : std::nullopt;
      });
  if (best.key) return best;
  if (any_of_type) return fail(Reason::no_common_signature_scheme);
  return fail(Reason::no_certificate_usable, "there is none of type " + std::string(name(wanted.type)));
}

// ---- TLS 1.2 and below ----

namespace {

bool has_scheme(const CertifiedKeyBody& key, SignatureScheme scheme) noexcept {
  return std::ranges::find(key.schemes_tls12, scheme) != key.schemes_tls12.end();
}

bool kind_fits(const CertifiedKeyBody& key, const Wanted12& wanted) noexcept {
  return (key.kind == crypto::SignatureKind::rsa && wanted.rsa) ||
         (key.kind == crypto::SignatureKind::ecdsa && wanted.ecdsa);
}

// RFC 8422 section 5.1. In TLS 1.3 a scheme says the curve, and so the key's schemes tell which one it is;
// that of a key without any has no NamedGroup here.
bool curve_fits(const CertifiedKeyBody& key, const Wanted12& wanted) noexcept {
  if (wanted.curves.raw.empty() || !has_scheme(key, SignatureScheme::ecdsa_sha1)) return true;
  std::optional<NamedGroup> curve;
  for (const SignatureScheme scheme : key.schemes) {
    if (scheme == SignatureScheme::ecdsa_secp256r1_sha256) curve = NamedGroup::secp256r1;
    if (scheme == SignatureScheme::ecdsa_secp384r1_sha384) curve = NamedGroup::secp384r1;
    if (scheme == SignatureScheme::ecdsa_secp521r1_sha512) curve = NamedGroup::secp521r1;
  }
  bool found = false;
  wanted.curves.for_each([&](NamedGroup group) { return !(found = group == curve); });
  return found;
}

std::optional<SignatureScheme> scheme_tls12(const CertifiedKeyBody& key,
                                            std::span<const SignatureScheme> ours,
                                            const Wanted12& wanted) noexcept {
  using enum SignatureScheme;
  if (wanted.transport) {
    const bool can = key.may_decrypt && key.private_key && crypto::can_transport(key.private_key.get());
    return can ? std::optional(SignatureScheme{}) : std::nullopt;
  }
  if (!key.may_sign) return std::nullopt;
  if (wanted.version < ProtocolVersion::tls12) {
    // RFC 4346 section 4.7, RFC 8422 section 5.10. MD5 and SHA-1 together have no number to ask a Signer by.
    if (has_scheme(key, ecdsa_sha1)) return ecdsa_sha1;
    if (has_scheme(key, rsa_pkcs1_sha1) && key.private_key) return SignatureScheme{};
    return std::nullopt;
  }
  if (wanted.signature_algorithms.raw.empty()) {
    for (const SignatureScheme scheme : {rsa_pkcs1_sha1, ecdsa_sha1}) {
      if (has_scheme(key, scheme) && std::ranges::find(ours, scheme) != ours.end()) return scheme;
    }
    return std::nullopt;
  }
  const SignatureScheme* const scheme = common_scheme(key.schemes_tls12, ours, wanted);
  return scheme ? std::optional(*scheme) : std::nullopt;
}

}  // namespace

Expected<Chosen> choose_tls12(std::span<const CertifiedKey> keys, std::span<const SignatureScheme> ours,
                              const Wanted12& wanted) {
  bool any_of_kind = false, any_of_curve = false;
  const bool judges_chain =
      wanted.version == ProtocolVersion::tls12 && !wanted.signature_algorithms.raw.empty();
  const Chosen best = best_of(keys, wanted, judges_chain, [&](const CertifiedKeyBody& body) {
    if (body.type != CertificateType::x509 || !kind_fits(body, wanted))
      return std::optional<SignatureScheme>();
    any_of_kind = true;
    if (!curve_fits(body, wanted)) return std::optional<SignatureScheme>();
    any_of_curve = true;
    return scheme_tls12(body, ours, wanted);
  });
  if (best.key) return best;
  const std::string kinds = wanted.rsa && wanted.ecdsa ? "an RSA or ECDSA"
                            : wanted.rsa               ? "an RSA"
                                                       : "an ECDSA";
  if (!any_of_kind) return fail(Reason::no_certificate_usable, "there is none with " + kinds + " key");
  if (!any_of_curve)
    return fail(Reason::no_certificate_usable, "the peer does not take the curve of its key");
  if (wanted.transport) return fail(Reason::no_certificate_usable, "its key is not here, or may not decrypt");
  return fail(Reason::no_common_signature_scheme);
}

}  // namespace sesame::certificate
