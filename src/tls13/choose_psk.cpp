// The pre-shared key of a ClientHello: a ticket of this server, or a key that its source finds (RFC 8446
// section 4.2.11).
#include <algorithm>
#include <array>

#include "psk/importer.h"
#include "tls13/common.h"
#include "tls13/negotiate.h"

namespace sesame::tls13 {

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
  if (!candidate.misfit.empty()) return refuse(Reason::psk_wrong_usage, std::string(candidate.misfit));
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

// A binder is as long as its hash, so that its length tells which one the client bound its key to.
bool has_other_hash(HashAlgorithm ours, const extension::PskBinderEntry& binder) {
  return binder.data.size() != (ours == HashAlgorithm::sha256 ? 32 : 48);
}

// Where the source itself does not know better: as if the identity had a key, with a hash that fits.
void add_stand_in(psk::AnswerBody& answer, const CommonHashes& common) {
  const PskQuery& query = answer.query();
  const HashAlgorithm hash = query.imported ? query.target_hash
                             : common[0]    ? HashAlgorithm::sha256
                                            : HashAlgorithm::sha384;
  psk::Candidate& candidate = *answer.next();  // it is empty
  candidate.secrets = psk::nobodys_secrets(hash).copy();
  candidate.stand_in = true;
}

// A session is resumed only where this context would give the same one today: bound to the authentication,
// the server name and the protocol that it came from.
bool can_resume(const policy::Settings& settings, const Offer& offer, TimePoint now,
                const CommonHashes& common, const Negotiated& chosen, const session::SessionBody& session) {
  if (session.version != ProtocolVersion::tls13) return false;
  if (!common[static_cast<std::size_t>(policy::hash_of(session.cipher_suite))]) return false;
  if (now >= session.issued + session.lifetime || now < session.issued - std::chrono::minutes(5))
    return false;
  if (session.server_name != offer.server_name) return false;
  const std::string_view alpn = chosen.alpn ? std::string_view(*chosen.alpn) : std::string_view();
  if (session.alpn != alpn) return false;
  const ContextOptions& options = settings.options;
  switch (session.authentication) {
    case Authentication::external_psk:
    case Authentication::certificate_with_external_psk:
      return options.psk_source != nullptr;
    case Authentication::certificate:
    case Authentication::raw_public_key:
      return options.verification && options.client_certificates != ClientCertificates::none &&
             options.cert_with_extern_psk != CertWithExternPsk::require;
    case Authentication::anonymous:
      return !options.certificates.empty() && options.client_certificates != ClientCertificates::require &&
             options.cert_with_extern_psk != CertWithExternPsk::require;
    case Authentication::none:
    case Authentication::session_secret:
      break;
  }
  return false;
}

// What the issuer has for a ticket. It is asked once for both ClientHellos of a handshake.
const Session* open_ticket(TicketIssuer& issuer, Bytes ticket, TimePoint now, PskLookup& lookup) {
  if (!std::ranges::equal(lookup.ticket, ticket)) {
    lookup.session = issuer.open(ticket, now);
    lookup.ticket.assign(ticket.begin(), ticket.end());
  }
  return lookup.session ? &*lookup.session : nullptr;
}

}  // namespace

PskQuery make_query(const Offer& offer, Bytes identity, TimePoint now) {
  // RFC 9258 section 5.1: what has the form of an imported identity is one. An external identity of that form
  // can be used only when it is imported.
  if (const auto import = psk::read_imported_identity(identity)) {
    return {import->external_identity, offer.server_name, now, true, import->target, import->context};
  }
  return {identity, offer.server_name, now};
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

namespace {

// What one identity after another is judged by, and what comes of it.
struct Asking {
  const policy::Settings& settings;
  const Offer& offer;
  TimePoint now;
  CommonHashes common;
  transcript::Transcript& transcript;
  PskLookup& lookup;
  Negotiated& out;

  const crypto::HashValue& transcript_hash(HashAlgorithm hash) const {
    return truncated_hash(settings, offer, hash, transcript, lookup);
  }
};

// Whether the session of the ticket is resumed.
Expected<bool> choose_ticket(const Asking& asking, TicketIssuer& issuer, Bytes ticket) {
  const auto& [settings, offer, now, common, transcript, lookup, out] = asking;
  if (offer.has(extension::ExtensionType::tls_cert_with_extern_psk)) {
    // RFC 8773 section 5.1.
    return std::unexpected(Error(Reason::psk_wrong_usage, "a ticket beside tls_cert_with_extern_psk")
                               .with_alert(Alert::illegal_parameter));
  }
  const Session* session = open_ticket(issuer, ticket, now, lookup);
  if (!session) {
    ++lookup.unknown;
    return false;
  }
  const session::SessionBody& body = session::SessionAccess::body(*session);
  if (!can_resume(settings, offer, now, common, out, body)) {
    if (!lookup.refusal)
      lookup.refusal = Error(Reason::psk_wrong_usage, "the session of the ticket is not for this");
    return false;
  }
  const HashAlgorithm hash = policy::hash_of(body.cipher_suite);
  psk::PskSecrets secrets =
      psk::derive_psk_secrets(settings.provider->hash(hash), body.psk.bytes(), psk::PskKind::resumption);
  const crypto::HashValue expected = secrets.binder.mac({asking.transcript_hash(hash).bytes()});
  if (!secret::equal_in_constant_time(expected.bytes(), out.binder))
    return fail(Reason::psk_binder_mismatch, "a ticket of this server");
  out.session = *session;
  out.secrets = std::move(secrets);
  return true;
}

struct Judged {
  bool usable = false;  // neither unknown nor refused for another reason than the binder
  int match = -1;       // the key by which the binder validates
};

// Every key of the answer is computed, whether or not it may be used or an earlier one fits already.
Judged judge(const Asking& asking, Bytes identity) {
  PskLookup& lookup = asking.lookup;
  Judged judged;
  bool known = false;
  for (std::size_t k = 0; k < lookup.answer.size(); ++k) {
    psk::Candidate& candidate = lookup.answer[k];
    const crypto::HashValue& hash = asking.transcript_hash(candidate.secrets.hash());
    const crypto::HashValue expected = candidate.secrets.binder.mac({hash.bytes()});
    const bool equal = secret::equal_in_constant_time(expected.bytes(), asking.out.binder);
    ++lookup.binders;
    auto why = refusal(asking.offer, candidate, identity, asking.now, asking.common, asking.out);
    const bool real = !candidate.stand_in;
    known |= real;
    if (why) {
      if (real && !lookup.refusal) lookup.refusal = std::move(why);
      continue;
    }
    judged.usable |= real;
    if (equal && real && judged.match < 0) judged.match = static_cast<int>(k);
  }
  lookup.unknown += known ? 0 : 1;
  return judged;
}

void take(psk::Candidate& candidate, Bytes identity, Negotiated& out) {
  out.by_server_name = !candidate.restrictions.server_name.empty();
  out.not_before = candidate.restrictions.not_before;
  out.not_after = candidate.restrictions.not_after;
  out.external_early_data = candidate.restrictions.early_data;
  // To the application a key goes by its own identity, imported or not.
  if (const auto import = psk::read_imported_identity(identity)) out.identity = import->external_identity;
  out.secrets = std::move(candidate.secrets);
}

}  // namespace

Expected<PskChoice> choose_psk(const policy::Settings& settings, const Offer& offer, TimePoint now,
                               const policy::Suite* fixed_suite, transcript::Transcript& transcript,
                               PskLookup& lookup, Negotiated& out) {
  wire::Reader identities(offer.psks.identities.raw), binders(offer.psks.binders.raw);
  const std::size_t most = settings.options.limits.psk_identities;
  const Asking asking{settings,   offer,  now, common_hashes(settings, offer, fixed_suite),
                      transcript, lookup, out};
  if (!asking.common[0] && !asking.common[1])
    return fail(Reason::no_common_suite);  // whatever the keys: section 4.1.1
  TicketIssuer* const issuer = settings.options.tickets.issuer.get();
  // Otherwise the handshake goes on by a certificate, and everybody sees that the identity is unknown.
  const bool keys_only = settings.options.certificates.empty();
  for (std::size_t i = 0; !identities.empty() && i < most; ++i) {
    extension::PskIdentity entry;
    extension::PskBinderEntry binder;
    read(identities, entry);
    read(binders, binder);
    if (i < lookup.next) continue;
    const Bytes identity = entry.identity.data;
    out.selected_identity = i;
    out.identity = identity;
    out.binder = binder.data;
    out.obfuscated_ticket_age = entry.obfuscated_ticket_age;

    // Tickets and external identities are told apart before anybody is asked.
    if (issuer && issuer->recognises(identity)) {
      if (lookup.mismatch) break;
      lookup.next = i + 1;
      const auto chosen = choose_ticket(asking, *issuer, identity);
      if (!chosen) return std::unexpected(chosen.error());
      if (*chosen) return PskChoice::chosen;
      continue;
    }
    if (!settings.options.psk_source) {
      ++lookup.unknown;
      continue;
    }
    if (!lookup.pending) {
      lookup.answer.clear();
      lookup.answer.use(*settings.provider);
      const PskQuery query = make_query(offer, identity, now);
      lookup.answer.ask(query);
      lookup.answer.want_stand_in(keys_only);
      PskAnswer answer = lookup.answer.handle();
      settings.options.psk_source->find(query, answer);
      if (lookup.answer.is_later()) {
        if (lookup.mismatch) break;
        lookup.next = i;
        lookup.pending = true;
        return PskChoice::later;
      }
    }
    lookup.pending = false;
    lookup.next = i + 1;
    if (keys_only && lookup.answer.size() == 0) add_stand_in(lookup.answer, asking.common);
    const Judged judged = judge(asking, identity);
    if (judged.match >= 0 && !lookup.mismatch) {
      take(lookup.answer[static_cast<std::size_t>(judged.match)], identity, out);
      out.older_key = judged.match > 0;
      lookup.answer.clear();
      return PskChoice::chosen;
    }
    // Section 4.2.11: a binder that does not validate ends the handshake. An unknown identity would have the
    // rest of them asked for, and so they are, where it costs the same.
    const bool fails = judged.usable && !lookup.mismatch;
    if (!lookup.mismatch && lookup.answer.size() > 0) lookup.failed_hash = lookup.answer[0].secrets.hash();
    lookup.failed = fails ? i : lookup.failed;
    lookup.mismatch |= fails;
    if (!lookup.answer.costs_the_same() && fails) break;
  }
  out.identity = {};
  if (keys_only || lookup.mismatch) return std::unexpected(psk_failure(settings, offer, lookup));
  return PskChoice::none;
}

// Who probes for identities learns nothing, neither by the alert nor by the time: an unknown identity and a
// wrong binder come through here by the same steps.
Error psk_failure(const policy::Settings& settings, const Offer& offer, PskLookup& lookup) {
  const bool unknown = !lookup.mismatch;
  if (lookup.refusal && unknown) return std::move(*lookup.refusal);
  wire::Reader identities(offer.psks.identities.raw), binders(offer.psks.binders.raw);
  extension::PskIdentity entry;
  extension::PskBinderEntry binder;
  for (std::size_t i = 0; i <= lookup.failed; ++i) {
    read(identities, entry);
    read(binders, binder);
  }
  std::string detail = of_identity(entry.identity.data);
  if (has_other_hash(lookup.failed_hash, binder) && !unknown) {
    detail += ": this side's key is bound to " + std::string(sesame::name(lookup.failed_hash)) +
              ", the client's to another hash";
  }
  if (lookup.next > 1) {
    const std::size_t end = detail.size();
    detail += " and " + std::to_string(lookup.unknown - (unknown ? 1 : 0)) + " more";
    if (!unknown || lookup.unknown == 1) detail.resize(end);
  }
  Error error(unknown ? Reason::psk_identity_unknown : Reason::psk_binder_mismatch, std::move(detail));
  if (settings.options.unknown_identity_alert == UnknownIdentityAlert::unknown_psk_identity && unknown) {
    error.with_alert(Alert::unknown_psk_identity);
  }
  return error;
}

}  // namespace sesame::tls13
