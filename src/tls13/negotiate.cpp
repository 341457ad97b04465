#include "tls13/negotiate.h"

#include <algorithm>
#include <array>

#include "extension/bodies.h"
#include "record/record.h"
#include "tls13/common.h"

namespace sesame::tls13 {

using extension::Extensions;
using extension::ExtensionType;
using extension::In;

namespace {

template <class T, std::size_t Lowest, std::size_t Highest>
bool contains(const wire::list<T, Lowest, Highest>& list, T value) {
  bool found = false;
  list.for_each([&](T element) { return !(found = element == value); });
  return found;
}

Expected<> read_version(const Extensions& extensions) {
  // Section 4.2.1: legacy_version says nothing where supported_versions is, and TLS 1.2 at most where it is
  // not.
  if (!extensions.has(ExtensionType::supported_versions)) {
    return fail(Reason::no_common_version, "the client offers TLS 1.2 or older");
  }
  const auto offered = extensions.read<extension::SupportedVersionsOffer>(ExtensionType::supported_versions);
  if (!offered) return std::unexpected(offered.error());
  if (!contains(offered->versions, version))
    return fail(Reason::no_common_version, "the client does not offer TLS 1.3");
  return {};
}

Expected<> read_groups(const Extensions& extensions, Offer& offer) {
  const bool has_groups = extensions.has(ExtensionType::supported_groups);
  // Section 9.2: neither goes without the other.
  if (has_groups != extensions.has(ExtensionType::key_share)) {
    return fail(Reason::extension_missing,
                has_groups ? "supported_groups without key_share" : "key_share without supported_groups");
  }
  if (!has_groups) return {};
  const auto groups = extensions.read<extension::NamedGroupList>(ExtensionType::supported_groups);
  if (!groups) return std::unexpected(groups.error());
  const auto shares = extensions.read<extension::KeyShareClientHello>(ExtensionType::key_share);
  if (!shares) return std::unexpected(shares.error());
  offer.groups = groups->named_group_list;
  offer.client_shares = shares->client_shares;
  return {};
}

Expected<> read_psks(const Extensions& extensions, Offer& offer) {
  offer.truncated = offer.whole;
  const bool has_modes = extensions.has(ExtensionType::psk_key_exchange_modes);
  if (has_modes) {
    const auto modes = extensions.read<extension::PskKeyExchangeModes>(ExtensionType::psk_key_exchange_modes);
    if (!modes) return std::unexpected(modes.error());
    offer.modes = modes->ke_modes;
  }
  if (!extensions.has(ExtensionType::pre_shared_key)) {
    // Section 4.2.10, RFC 8773 section 4: neither goes without a key.
    for (const ExtensionType type : {ExtensionType::early_data, ExtensionType::tls_cert_with_extern_psk}) {
      if (extensions.has(type))
        return fail(Reason::extension_missing, extension::name(type) + " without pre_shared_key");
    }
    return {};
  }
  // Section 4.2.9.
  if (!has_modes) return fail(Reason::extension_missing, "pre_shared_key without psk_key_exchange_modes");
  const auto psks = extensions.read<extension::OfferedPsks>(ExtensionType::pre_shared_key);
  if (!psks) return std::unexpected(psks.error());
  offer.has_psks = true;
  offer.psks = *psks;
  const std::size_t identities = psks->identities.count(), binders = psks->binders.count();
  if (identities != binders) {
    return fail(Reason::psk_binder_count,
                std::to_string(identities) + " identities, " + std::to_string(binders) + " binders");
  }
  offer.truncated = offer.whole.first(offer.whole.size() - 2 - psks->binders.raw.size());
  return {};
}

}  // namespace

Expected<Offer> read_offer(Bytes client_hello) {
  auto hello = handshake::read_hello(client_hello);
  if (!hello) return std::unexpected(std::move(hello.error()));
  Offer offer;
  static_cast<handshake::Hello&>(offer) = *hello;
  const Extensions* const extensions = &offer.extensions;
  auto ok = read_version(*extensions);
  // Section 4.1.2.
  const Bytes compression = offer.hello.legacy_compression_methods.data;
  if (ok && (compression.size() != 1 || compression[0] != 0)) ok = fail(Reason::compression_not_null);
  if (ok) ok = handshake::read_server_name(offer);
  if (ok) ok = read_groups(*extensions, offer);
  if (ok) ok = read_psks(*extensions, offer);
  // Sections 4.2.6 and 4.2.10: these two have no content.
  for (const ExtensionType type : {ExtensionType::post_handshake_auth, ExtensionType::early_data}) {
    if (ok && !(*extensions)[type].empty())
      ok = fail(Reason::malformed_message, "the extension " + extension::name(type) + " has content");
  }
  if (!ok) return std::unexpected(std::move(ok.error()));
  return offer;
}

Expected<> choose_suite(const policy::Settings& settings, const Offer& offer, const policy::Suite* fixed,
                        Negotiated& out) {
  const auto eligible = [&](const policy::Suite& suite) {
    if (out.secrets && suite.hash != out.secrets->hash()) return false;
    return (!fixed || &suite == fixed) && contains(offer.hello.cipher_suites, suite.id);
  };
  // A session goes on with its own suite, if it can: early data is bound to it (section 4.2.10).
  if (out.session) out.suite = settings.suite(out.session->cipher_suite());
  if (out.suite && eligible(*out.suite)) return {};
  out.suite = nullptr;
  for (const policy::Suite& suite : settings.suites) {
    if (!eligible(suite)) continue;
    out.suite = &suite;
    return {};
  }
  return fail(Reason::no_common_suite);
}

namespace {

// A group that both have: the most preferred one that has a share already, or else the most preferred one.
// False: none.
Expected<bool> choose_group(const policy::Settings& settings, const Offer& offer, Negotiated& out) {
  std::optional<NamedGroup> without_share;
  for (const NamedGroup group : settings.groups) {
    if (!contains(offer.groups, group)) continue;
    Bytes share;
    bool twice = false;
    offer.client_shares.for_each([&](const extension::KeyShareEntry& entry) {
      if (entry.group != group) return;
      twice = !share.empty();
      share = entry.key_exchange.data;
    });
    if (twice) return fail(Reason::key_share_invalid, "two shares for " + std::string(sesame::name(group)));
    if (!share.empty()) {
      out.group = group;
      out.peer_share = share;
      return true;
    }
    if (!without_share) without_share = group;
  }
  out.group = without_share;
  return out.group.has_value();
}

}  // namespace

Expected<> choose_mode_and_group(const policy::Settings& settings, const Offer& offer, Negotiated& out) {
  if (out.by_certificate) {
    // RFC 8446 section 4.1.1, RFC 8773 section 5.1: a certificate never goes without (EC)DHE.
    out.mode = PskKeyExchangeMode::psk_dhe_ke;
    if (out.secrets && !contains(offer.modes, out.mode)) {
      return fail(Reason::psk_mode_mismatch, "tls_cert_with_extern_psk without psk_dhe_ke");
    }
    const auto found = choose_group(settings, offer, out);
    if (!found) return std::unexpected(found.error());
    return *found ? Expected<>() : fail(Reason::no_common_group);
  }
  bool common_mode = false;
  for (const PskKeyExchangeMode mode : settings.options.psk_modes) {
    if (!contains(offer.modes, mode)) continue;
    common_mode = true;
    out.mode = mode;
    if (mode == PskKeyExchangeMode::psk_ke) return {};
    const auto found = choose_group(settings, offer, out);
    if (!found) return std::unexpected(found.error());
    if (*found) return {};
  }
  if (common_mode) return fail(Reason::no_common_group);
  return fail(Reason::psk_mode_mismatch, settings.allows(PskKeyExchangeMode::psk_ke)
                                             ? "this side allows psk_ke only, the client offers psk_dhe_ke"
                                             : "this side allows psk_dhe_ke only, the client offers psk_ke");
}

}  // namespace sesame::tls13
