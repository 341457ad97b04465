// What a client offers: sessions, keys, certificates, early data.
#include <algorithm>

#include "psk/credential_body.h"
#include "tls13/client.h"

namespace sesame::tls13 {

// A session is offered only where this context would have made the same one: by a peer that was authenticated
// as this context authenticates its peers.
bool Client::fits(const session::SessionBody& session) const {
  const ContextOptions& options = endpoint_.settings->options;
  const ClientHandshake& h = *handshake_;
  if (session.version != ProtocolVersion::tls13 || session.ticket.empty() || session.psk.empty())
    return false;
  if (!endpoint_.settings->suite(session.cipher_suite)) return false;
  if (h.now < session.issued - std::chrono::hours(1) || h.now >= session.issued + session.lifetime)
    return false;
  // Section 4.6.1: the name has to be one that the server showed itself to be.
  if (session.server_name != h.verify_name) return false;
  const auto has_key = [&] {
    return std::any_of(h.credentials.begin(), h.credentials.end(), [&](const Credential& c) {
      return fits(c) && as_text(c.identity()) == session.psk_identity;
    });
  };
  const bool both = session.authentication == Authentication::certificate_with_external_psk;
  if (options.cert_with_extern_psk == CertWithExternPsk::require && !both) return false;
  if (both)
    return options.cert_with_extern_psk != CertWithExternPsk::off && options.verification && has_key();
  switch (session.authentication) {
    case Authentication::external_psk:
      return has_key();
    case Authentication::certificate:
    case Authentication::raw_public_key:
      return options.verification.has_value() && endpoint_.settings->takes(session.peer_type);
    default:
      return false;
  }
}

bool Client::fits(const Credential& credential) const {
  const psk::CredentialBody& body = psk::CredentialAccess::body(credential);
  const ClientHandshake& h = *handshake_;
  if (!is_for_tls13(body.usage)) return false;
  if (!body.is_imported() && !endpoint_.settings->has_suite_for(body.hash)) return false;
  if (body.not_before && h.now < *body.not_before) return false;
  if (body.not_after && h.now >= *body.not_after) return false;
  if (!body.server_name.empty() && body.server_name != endpoint_.established.server_name) return false;
  const auto& alpn = endpoint_.settings->options.alpn;
  return body.alpn.empty() || std::find(alpn.begin(), alpn.end(), body.alpn) != alpn.end();
}

bool Client::offers(const policy::Suite& suite) const {
  if (handshake_->offers_certificates) return true;
  // A suite whose hash none of the keys has could only fail later: this is the trap that others leave open.
  // The second ClientHello has the suites of the first (section 4.1.2), also those whose keys it leaves out.
  const ClientHandshake& h = *handshake_;
  if (h.session && policy::hash_of(session::SessionAccess::body(*h.session).cipher_suite) == suite.hash)
    return true;
  return std::any_of(h.credentials.begin(), h.credentials.end(), [&](const Credential& c) {
    return psk::CredentialAccess::body(c).fits(suite.hash) && fits(c);
  });
}

OfferedPsk Client::offered(std::size_t index) const {
  OfferedPsk found;
  for_each_offered([&](const OfferedPsk& psk) {
    if (index-- != 0) return true;
    found = psk;
    return false;
  });
  return found;
}

void Client::use_session(Session session) {
  const policy::Settings& settings = *endpoint_.settings;
  const session::SessionBody& body = session::SessionAccess::body(session);
  handshake_->session_secrets =
      psk::derive_psk_secrets(settings.provider->hash(policy::hash_of(body.cipher_suite)), body.psk.bytes(),
                              psk::PskKind::resumption);
  handshake_->session = std::move(session);
}

Expected<bool> Client::start(const ClientOptions& options) {
  auto ok = prepare(options);
  if (ok && handshake_->below && !offers_psk() && !handshake_->offers_certificates) return false;
  if (ok) ok = send_client_hello();
  if (ok) ok = begin_early_data();
  if (!ok) return std::unexpected(std::move(ok.error()));
  state_ = State::WAIT_SH;
  return true;
}

Expected<> Client::prepare(const ClientOptions& options) {
  const policy::Settings& settings = *endpoint_.settings;
  handshake_ = std::make_unique_for_overwrite<ClientHandshake>();
  ClientHandshake& h = *handshake_;
  if (auto ok = handshake::begin_start(endpoint_, options, h); !ok) return ok;
  auto session = handshake::take_session(endpoint_, options, h);
  if (session && fits(session::SessionAccess::body(*session))) {
    use_session(std::move(*session));
    session.reset();
  }
  if (auto ok = handshake::offer_below(endpoint_, options, std::move(session), h); !ok) return ok;
  const CertWithExternPsk both = settings.options.cert_with_extern_psk;
  if (both != CertWithExternPsk::off) {
    // RFC 8773 section 5.1: never beside a resumption key. A session stands alone, or beside what may stand
    // alone as well.
    if (h.session) {
      if (both == CertWithExternPsk::require) h.credentials = {};
    } else {
      h.offers_extern_psk = h.offers_certificates && offers_psk();
    }
    if (both == CertWithExternPsk::require && !h.session) {
      if (!offers_psk())
        return fail(Reason::no_credential_usable, "cert_with_extern_psk requires an external key");
      if (!h.offers_certificates)
        return fail(Reason::no_credential_usable, "cert_with_extern_psk requires verification on a client");
    }
  }
  if (!offers_psk() && !h.offers_certificates) {
    if (h.below) return {};  // a matter for TLS 1.2
    return fail(Reason::no_credential_usable,
                h.credentials.empty() ? "no key is configured"
                                      : "of " + std::to_string(h.credentials.size()) +
                                            " keys none is valid now, fits this server name and protocol, "
                                            "and has the hash of a configured suite");
  }
  if (auto ok = consider_early_data(options); !ok) return ok;
  if (auto ok = handshake::draw_randoms(endpoint_, settings.options.middlebox_compatibility, h); !ok)
    return ok;
  for (const policy::Suite& suite : settings.suites) {
    if (offers(suite)) h.transcript.begin(settings.provider->hash(suite.hash));
  }
  if (!settings.allows(PskKeyExchangeMode::psk_dhe_ke) && !h.offers_certificates) return {};
  const std::size_t shares = std::min<std::size_t>(settings.options.key_shares, settings.groups.size());
  for (std::size_t i = 0; i < shares; ++i) {
    auto share =
        crypto::KeyExchange::generate(*settings.provider, settings.groups[i], settings.options.random);
    if (!share) return std::unexpected(std::move(share.error()));
    h.shares.push_back(std::move(*share));
  }
  return {};
}

// Section 4.2.10: by the first key of the offer, under the suite and the protocol that belong to it.
Expected<> Client::consider_early_data(const ClientOptions& options) {
  ClientHandshake& h = *handshake_;
  if (!options.early_data || h.offers_extern_psk) return {};
  const OfferedPsk first = offered(0);
  std::uint32_t limit = 0;
  CipherSuite suite{};
  if (first.session) {
    limit = first.session->max_early_data;
    suite = first.session->cipher_suite;
    h.early_alpn = first.session->alpn;
  } else if (first.credential) {
    limit = first.credential->early_data().limit;
    suite = first.credential->early_data().cipher_suite;
    h.early_alpn = first.credential->alpn();
  }
  const auto& alpn = endpoint_.settings->options.alpn;
  // A key that is imported comes for the hash of its early data first; with only the other hash it has none.
  if (first.credential && policy::hash_of(suite) != first.hash) return {};
  const bool alpn_offered =
      h.early_alpn.empty() || std::find(alpn.begin(), alpn.end(), h.early_alpn) != alpn.end();
  if (limit == 0 || !alpn_offered) return {};
  h.early_suite = endpoint_.settings->suite(suite);
  if (h.early_suite) early_room_ = limit;
  return {};
}

}  // namespace sesame::tls13
