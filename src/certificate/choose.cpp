// Which certificate a peer is shown, and by what it is signed (RFC 8446 sections 4.4.2.2 and 4.4.2.3).
#include <algorithm>

#include "certificate/certified_key.h"

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

const SignatureScheme* common_scheme(const CertifiedKeyBody& key, std::span<const SignatureScheme> ours,
                                     const Wanted& wanted) noexcept {
  for (const SignatureScheme& scheme : ours) {
    if (std::ranges::find(key.schemes, scheme) != key.schemes.end() &&
        contains(wanted.signature_algorithms, scheme)) {
      return &scheme;
    }
  }
  return nullptr;
}

}  // namespace

Expected<Chosen> choose(std::span<const CertifiedKey> keys, std::span<const SignatureScheme> ours,
                        const Wanted& wanted) {
  Chosen best;
  int best_fit = -1;
  bool any_of_type = false;
  for (const CertifiedKey& key : keys) {
    const CertifiedKeyBody& body = CertifiedKeyAccess::body(key);
    if (body.type != wanted.type) continue;
    any_of_type = true;
    const SignatureScheme* const scheme = common_scheme(body, ours, wanted);
    if (!scheme) continue;
    const int fit = (has_name(body, wanted.server_name) ? 4 : 0) + (chain_fits(body, wanted) ? 2 : 0) +
                    (authority_fits(body, wanted) ? 1 : 0);
    if (fit <= best_fit) continue;
    best = {.key = &key, .scheme = *scheme};
    best_fit = fit;
    if (fit == 7) break;
  }
  if (best.key) return best;
  if (any_of_type) return fail(Reason::no_common_signature_scheme);
  return fail(Reason::no_certificate_usable, "there is none of type " + std::string(name(wanted.type)));
}

}  // namespace sesame::certificate
