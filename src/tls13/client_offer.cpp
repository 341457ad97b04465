// What a client offers: sessions, keys, certificates, early data.
#include <algorithm>
#include <cctype>

#include "psk/credential_body.h"
#include "tls13/client.h"

namespace sesame::tls13 {

namespace {

// RFC 6066 section 3: a DNS name without a trailing dot; literal addresses are not permitted.
Expected<std::string> server_name_to_send(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.find(':') != std::string_view::npos) return std::string();
  const bool is_ipv4 =
      std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) || c == '.'; });
  if (is_ipv4) return std::string();
  const bool is_dns_name = name.size() <= 253 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
                             return std::isalnum(c) || c == '-' || c == '.' || c == '_';
                           });
  if (!is_dns_name) {
    return fail(Reason::invalid_argument, "server_name is no DNS name: " + escaped(as_bytes(name)));
  }
  return std::string(name);
}

}  // namespace

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

void Client::find_session(const ClientOptions& options) {
  const policy::Settings& settings = *endpoint_.settings;
  ClientHandshake& h = *handshake_;
  std::optional<Session> session = options.session;
  const std::string_view key = options.session_key.empty() ? options.server_name : options.session_key;
  if (settings.options.session_store) endpoint_.established.extras().session_key = key;
  if (settings.options.session_store || settings.options.on_session)
    endpoint_.established.extras().session_name = h.verify_name;
  if (!session && settings.options.session_store && !key.empty())
    session = settings.options.session_store->take(key, h.now);
  if (!session || !fits(session::SessionAccess::body(*session))) return;
  const session::SessionBody& body = session::SessionAccess::body(*session);
  h.session_secrets = psk::derive_psk_secrets(settings.provider->hash(policy::hash_of(body.cipher_suite)),
                                              body.psk.bytes(), psk::PskKind::resumption);
  h.session = std::move(session);
}

Expected<> Client::start(const ClientOptions& options) {
  if (auto ok = prepare(options); !ok) return ok;
  if (auto ok = send_client_hello(); !ok) return ok;
  if (auto ok = begin_early_data(); !ok) return ok;
  state_ = State::WAIT_SH;
  return {};
}

Expected<> Client::prepare(const ClientOptions& options) {
  const policy::Settings& settings = *endpoint_.settings;
  handshake_ = std::make_unique_for_overwrite<ClientHandshake>();
  ClientHandshake& h = *handshake_;
  h.now = settings.now();
  if (!options.server_name.empty()) {
    auto name = server_name_to_send(options.server_name);
    if (!name) return std::unexpected(std::move(name.error()));
    endpoint_.established.server_name = std::move(*name);
  }
  h.verify_name = options.verify_name ? *options.verify_name : options.server_name;
  if (h.verify_name.ends_with('.')) h.verify_name.pop_back();  // an absolute name; certificates have none
  h.offers_certificates = settings.options.verification.has_value();
  if (options.credentials) {
    h.own_credentials.assign(options.credentials->begin(), options.credentials->end());
    h.credentials = h.own_credentials;
  } else {
    h.credentials = settings.options.credentials;
  }
  find_session(options);
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
    return fail(Reason::no_credential_usable,
                h.credentials.empty() ? "no key is configured"
                                      : "of " + std::to_string(h.credentials.size()) +
                                            " keys none is valid now, fits this server name and protocol, "
                                            "and has the hash of a configured suite");
  }
  if (auto ok = consider_early_data(options); !ok) return ok;
  h.session_id_size = settings.options.middlebox_compatibility ? 32 : 0;
  std::array<std::uint8_t, 64> random;
  if (auto ok = settings.public_random(MutableBytes(random).first(std::size_t{32} + h.session_id_size)); !ok)
    return ok;
  std::copy_n(random.begin(), 32, h.random.begin());
  std::copy_n(random.begin() + 32, h.session_id_size, h.session_id.begin());
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
