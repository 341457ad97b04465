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

Expected<> read_version(const message::ClientHello& hello, const Extensions& extensions) {
  if (hello.legacy_version <= message::legacy_version_ssl30)
    return fail(Reason::no_common_version, "SSL 3.0");
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

Expected<> read_server_name(const Extensions& extensions, Offer& offer) {
  if (!extensions.has(ExtensionType::server_name)) return {};
  const auto list = extensions.read<extension::ServerNameList>(ExtensionType::server_name);
  if (!list) return std::unexpected(list.error());
  bool repeated = false;
  list->server_name_list.for_each([&](const extension::ServerName& name) {
    if (name.name_type != extension::NameType::host_name) return;
    repeated = repeated || !offer.server_name.empty();
    offer.server_name = as_text(name.host_name.data);
  });
  // RFC 6066 section 3: one name of a type. A NUL or an endless name is nobody's host name.
  if (repeated) return fail(Reason::malformed_message, "server_name has two host names");
  if (offer.server_name.size() > 255 || offer.server_name.find('\0') != std::string_view::npos) {
    return fail(Reason::malformed_message, "server_name is no host name");
  }
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
  if (!extensions.has(ExtensionType::pre_shared_key)) {
    Error error(Reason::psk_not_offered);
    // Section 9.2: a client without a key has to have both of these.
    if (!extensions.has(ExtensionType::signature_algorithms) ||
        !extensions.has(ExtensionType::supported_groups)) {
      error.with_alert(Alert::missing_extension);
    }
    return std::unexpected(std::move(error));
  }
  // Section 4.2.9.
  if (!extensions.has(ExtensionType::psk_key_exchange_modes)) {
    return fail(Reason::extension_missing, "pre_shared_key without psk_key_exchange_modes");
  }
  const auto modes = extensions.read<extension::PskKeyExchangeModes>(ExtensionType::psk_key_exchange_modes);
  if (!modes) return std::unexpected(modes.error());
  const auto psks = extensions.read<extension::OfferedPsks>(ExtensionType::pre_shared_key);
  if (!psks) return std::unexpected(psks.error());
  offer.modes = modes->ke_modes;
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
  Offer offer;
  offer.whole = client_hello;
  const auto hello = wire::decode<message::ClientHello>(client_hello.subspan(message::handshake_header_size));
  if (!hello) return malformed(hello.error(), message::HandshakeType::client_hello);
  offer.hello = *hello;
  auto extensions = Extensions::parse(hello->extensions, In::CH, {});
  if (!extensions) return std::unexpected(std::move(extensions.error()));
  auto ok = read_version(*hello, *extensions);
  // Section 4.1.2.
  const Bytes compression = hello->legacy_compression_methods.data;
  if (ok && (compression.size() != 1 || compression[0] != 0)) ok = fail(Reason::compression_not_null);
  if (ok) ok = read_server_name(*extensions, offer);
  if (ok) ok = read_groups(*extensions, offer);
  if (ok) ok = read_psks(*extensions, offer);
  if (!ok) return std::unexpected(std::move(ok.error()));
  offer.extensions = *extensions;
  return offer;
}

Expected<> choose_alpn(const policy::Settings& settings, const Offer& offer, Negotiated& out) {
  const auto& ours = settings.options.alpn;
  if (!offer.extensions.has(ExtensionType::application_layer_protocol_negotiation)) return {};
  const auto list = offer.extensions.read<extension::ProtocolNameList>(
      ExtensionType::application_layer_protocol_negotiation);
  if (!list) return std::unexpected(list.error());
  if (ours.empty()) return {};
  for (const std::string& protocol : ours) {
    bool found = false;
    list->protocol_name_list.for_each(
        [&](const wire::opaque<1, 255>& name) { return !(found = as_text(name.data) == protocol); });
    if (!found) continue;
    out.alpn = &protocol;
    return {};
  }
  std::string offered;
  list->protocol_name_list.for_each([&](const wire::opaque<1, 255>& name) {
    if (offered.size() < 100) offered += (offered.empty() ? "" : ", ") + escaped(name.data);
  });
  return fail(Reason::no_common_alpn, "the client offers " + offered);
}

Expected<> choose_record_limits(const policy::Settings& settings, const Offer& offer, Negotiated& out) {
  const auto most = static_cast<std::uint16_t>(record::max_plaintext);
  if (offer.extensions.has(ExtensionType::record_size_limit)) {
    const auto limit = offer.extensions.read<extension::RecordSizeLimit>(ExtensionType::record_size_limit);
    if (!limit) return std::unexpected(limit.error());
    if (limit->record_size_limit < 64) return fail(Reason::record_size_limit_invalid);  // RFC 8449 section 4
    out.limit_by = Negotiated::LimitBy::record_size_limit;
    // In TLS 1.3 the limit counts the content type as well.
    out.sent_limit = std::min(static_cast<std::uint16_t>(limit->record_size_limit - 1), most);
    const std::size_t ours = settings.options.record_size_limit;
    out.received_limit = ours ? static_cast<std::uint16_t>(ours) : most;
  } else if (offer.extensions.has(ExtensionType::max_fragment_length)) {
    // RFC 6066 section 4; RFC 8449 section 5: not beside a record_size_limit.
    const auto length =
        offer.extensions.read<extension::MaxFragmentLength>(ExtensionType::max_fragment_length);
    if (!length) return std::unexpected(length.error());
    const auto code = static_cast<unsigned>(length->max_fragment_length);
    if (code < 1 || code > 4) return fail(Reason::max_fragment_length_mismatch);
    out.limit_by = Negotiated::LimitBy::max_fragment_length;
    out.sent_limit = out.received_limit = static_cast<std::uint16_t>(256u << code);
  }
  return {};
}

namespace {

std::string of_identity(Bytes identity) { return "identity " + escaped(identity); }

// Which hashes the suites have that both sides know; of the fixed suite only, if there is one. Found once for
// all identities: a hostile ClientHello has room for 32 thousand suites.
using CommonHashes = std::array<bool, 2>;
CommonHashes common_hashes(const policy::Settings& settings, const Offer& offer, const policy::Suite* fixed) {
  CommonHashes common{};
  offer.hello.cipher_suites.for_each([&](CipherSuite id) {
    const policy::Suite* suite = settings.suite(id);
    if (suite && (!fixed || suite == fixed)) common[static_cast<std::size_t>(suite->hash)] = true;
  });
  return common;
}

// Why a key that a source found cannot be used in this handshake; nullopt: it can.
std::optional<Error> refusal(const Offer& offer, const psk::Candidate& candidate, Bytes identity,
                             TimePoint now, const CommonHashes& common, const Negotiated& chosen) {
  const psk::Restrictions& r = candidate.restrictions;
  const auto refuse = [&](Reason reason, std::string why) {
    return Error(reason, of_identity(identity) + std::move(why));
  };
  if (r.usage != PskUsage::tls13) return refuse(Reason::psk_wrong_usage, {});
  if (r.not_before && now < *r.not_before) return refuse(Reason::psk_not_yet_valid, {});
  if (r.not_after && now >= *r.not_after) return refuse(Reason::psk_expired, {});
  if (!r.server_name.empty() && r.server_name != offer.server_name) {
    return refuse(Reason::psk_wrong_usage, ": the key is for another server name");
  }
  if (!r.alpn.empty() && (!chosen.alpn || *chosen.alpn != r.alpn)) {
    return refuse(Reason::psk_wrong_usage, ": the key is for another ALPN protocol");
  }
  const HashAlgorithm hash = candidate.secrets.hash();
  if (common[static_cast<std::size_t>(hash)]) return std::nullopt;
  return refuse(Reason::psk_hash_mismatch, ": the key is for " + std::string(sesame::name(hash)) +
                                               ", and no suite that both sides have uses that hash");
}

bool has_common_suite(const policy::Settings& settings, const Offer& offer) {
  return std::any_of(settings.suites.begin(), settings.suites.end(), [&](const policy::Suite& suite) {
    return contains(offer.hello.cipher_suites, suite.id);
  });
}

// A binder is as long as its hash, so that its length tells which one the client bound its key to.
std::string other_hash(const psk::Candidate& candidate, const extension::PskBinderEntry& binder) {
  const bool same = binder.data.size() == (candidate.secrets.hash() == HashAlgorithm::sha256 ? 32 : 48);
  return same ? ""
              : ": this side's key is bound to " + std::string(sesame::name(candidate.secrets.hash())) +
                    ", the client's to another hash";
}

const crypto::HashValue& truncated_hash(const policy::Settings& settings, const Offer& offer,
                                        HashAlgorithm algorithm, transcript::Transcript& transcript,
                                        PskLookup& lookup) {
  const auto i = static_cast<std::size_t>(algorithm);
  if (!lookup.has_hash[i]) {
    transcript.begin(settings.provider->hash(algorithm));
    transcript.add(algorithm, offer.truncated);
    lookup.hash[i] = transcript.value(algorithm);
    lookup.has_hash[i] = true;
  }
  return lookup.hash[i];
}

}  // namespace

Expected<bool> choose_psk(const policy::Settings& settings, const Offer& offer, TimePoint now,
                          const policy::Suite* fixed_suite, transcript::Transcript& transcript,
                          PskLookup& lookup, Negotiated& out) {
  wire::Reader identities(offer.psks.identities.raw), binders(offer.psks.binders.raw);
  const std::size_t most = settings.options.limits.psk_identities;
  const CommonHashes common = common_hashes(settings, offer, fixed_suite);
  if (!common[0] && !common[1]) return fail(Reason::no_common_suite);  // whatever the keys: section 4.1.1
  for (std::size_t i = 0; !identities.empty() && i < most; ++i) {
    extension::PskIdentity entry;
    extension::PskBinderEntry binder;
    read(identities, entry);
    read(binders, binder);
    if (i < lookup.next) continue;
    const Bytes identity = entry.identity.data;
    if (!lookup.pending) {
      lookup.answer.clear();
      lookup.answer.use(*settings.provider);
      PskAnswer answer = lookup.answer.handle();
      settings.options.psk_source->find({identity, offer.server_name, now}, answer);
      if (lookup.answer.is_later()) {
        lookup.pending = true;
        return false;
      }
    }
    lookup.pending = false;
    lookup.next = i + 1;
    if (lookup.answer.size() == 0) {
      ++lookup.unknown;
      continue;
    }
    // Every key of the answer is computed, whether or not an earlier one fits already.
    int match = -1;
    bool usable = false;
    for (std::size_t k = 0; k < lookup.answer.size(); ++k) {
      psk::Candidate& candidate = lookup.answer[k];
      if (auto why = refusal(offer, candidate, identity, now, common, out)) {
        if (!lookup.refusal) lookup.refusal = std::move(why);
        continue;
      }
      usable = true;
      const crypto::HashValue& hash =
          truncated_hash(settings, offer, candidate.secrets.hash(), transcript, lookup);
      const crypto::HashValue expected = candidate.secrets.binder.mac({hash.bytes()});
      const bool equal = secret::equal_in_constant_time(expected.bytes(), binder.data);
      if (equal && match < 0) match = static_cast<int>(k);
    }
    if (!usable) continue;
    // Section 4.2.11: a binder that does not validate ends the handshake.
    if (match < 0)
      return fail(Reason::psk_binder_mismatch, of_identity(identity) + other_hash(lookup.answer[0], binder));
    psk::Candidate& candidate = lookup.answer[static_cast<std::size_t>(match)];
    out.selected_identity = i;
    out.older_key = match > 0;
    out.by_server_name = !candidate.restrictions.server_name.empty();
    out.secrets = std::move(candidate.secrets);
    lookup.answer.clear();
    return true;
  }
  // Whatever the identities are: who probes for them learns nothing.
  if (!has_common_suite(settings, offer)) return fail(Reason::no_common_suite);
  if (lookup.refusal) return std::unexpected(std::move(*lookup.refusal));
  extension::PskIdentity first;
  wire::Reader again(offer.psks.identities.raw);
  read(again, first);
  Error error(
      Reason::psk_identity_unknown,
      of_identity(first.identity.data) +
          (lookup.unknown > 1 ? " and " + std::to_string(lookup.unknown - 1) + " more" : std::string()));
  if (settings.options.unknown_identity_alert == UnknownIdentityAlert::unknown_psk_identity) {
    error.with_alert(Alert::unknown_psk_identity);
  }
  return std::unexpected(std::move(error));
}

Expected<> choose_suite(const policy::Settings& settings, const Offer& offer, const policy::Suite* fixed,
                        Negotiated& out) {
  const HashAlgorithm hash = out.secrets->hash();
  for (const policy::Suite& suite : settings.suites) {
    if (suite.hash != hash || (fixed && &suite != fixed)) continue;
    if (!contains(offer.hello.cipher_suites, suite.id)) continue;
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
