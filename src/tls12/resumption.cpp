#include "tls12/resumption.h"

#include <algorithm>

#include "tls12/key_schedule.h"

namespace sesame::tls12 {

namespace {

// Whether somebody was authenticated whom a later handshake may take at that.
bool is_authenticated(const handshake::Established& established) {
  switch (established.authentication) {
    case Authentication::external_psk:
    case Authentication::certificate:
    case Authentication::certificate_with_external_psk:
      return true;
    case Authentication::anonymous:
      // The server was, though the client showed nothing; unless the suite authenticates nobody.
      return !policy::is_anonymous(established.suite->key_exchange);
    case Authentication::none:
    case Authentication::raw_public_key:
    case Authentication::session_secret:
      break;
  }
  return false;
}

}  // namespace

session::SessionBody make_session(const Endpoint& endpoint, TimePoint now, std::chrono::seconds lifetime) {
  const handshake::Established& established = endpoint.established;
  session::SessionBody body;
  if (!established.below || !established.suite || !is_authenticated(established)) return body;
  const handshake::Below13& below = *established.below;
  // A session secret provider gives any size.
  if (below.master_secret.size() != master_secret_size) return body;
  const handshake::Extras* const extras = established.more.get();
  const bool has_time = extras && extras->authenticated != TimePoint();
  if (established.resumed && !has_time) return body;  // nobody knows how old it is

  body.version = established.version;
  body.cipher_suite = established.suite->id;
  body.psk.assign(below.master_secret.bytes());
  body.issued = now;
  body.authenticated = has_time ? extras->authenticated : now;
  const auto left =
      std::chrono::duration_cast<std::chrono::seconds>(body.authenticated + max_ticket_lifetime - now);
  body.lifetime = std::clamp(left, std::chrono::seconds(0), std::max(lifetime, std::chrono::seconds(0)));
  body.authentication = established.authentication;
  body.server_name = established.server_name;
  if (established.alpn) body.alpn = *established.alpn;
  body.psk_identity = established.psk_identity;
  body.extended_master_secret = below.extended_master_secret;
  body.encrypt_then_mac = below.encrypt_then_mac;
  if (extras) {
    body.peer_type = extras->peer.type;
    // A client's session is for the name that was verified, which may be an address, or another than was
    // sent.
    if (!extras->session_name.empty()) body.server_name = extras->session_name;
    for (const Bytes certificate : extras->peer.chain())
      body.peer_chain.emplace_back(certificate.begin(), certificate.end());
  }
  return body;
}

namespace {

// Whether this context would take the client for the same today.
bool would_authenticate(const policy::Settings& settings, const policy::Suite& suite,
                        const session::SessionBody& session) {
  const ContextOptions& options = settings.options;
  switch (session.authentication) {
    case Authentication::external_psk:
    case Authentication::certificate_with_external_psk:
      return policy::uses_psk(suite.key_exchange) && options.psk_source != nullptr;
    case Authentication::certificate:
      return options.verification && options.client_certificates != ClientCertificates::none &&
             options.cert_with_extern_psk != CertWithExternPsk::require &&
             settings.takes(CertificateType::x509);
    case Authentication::anonymous:
      return !policy::is_anonymous(suite.key_exchange) && !options.certificates.empty() &&
             options.client_certificates != ClientCertificates::require &&
             options.cert_with_extern_psk != CertWithExternPsk::require;
    case Authentication::none:
    case Authentication::raw_public_key:
    case Authentication::session_secret:
      break;
  }
  return false;
}

}  // namespace

Expected<bool> may_resume(const Endpoint& endpoint, const ResumptionOffer& offer,
                          const session::SessionBody& session) {
  const policy::Settings& settings = *endpoint.settings;
  if (session.version != offer.version || session.version >= ProtocolVersion::tls13) return false;
  if (session.psk.size() != master_secret_size) return false;
  if (offer.now >= session.issued + session.lifetime ||
      offer.now < session.issued - std::chrono::minutes(5) ||
      offer.now >= session.authenticated + max_ticket_lifetime)
    return false;

  // RFC 7627 section 5.3. Somebody between the two who takes the extension away gains nothing.
  if (session.extended_master_secret && !offer.extended_master_secret) {
    return fail(Reason::extended_master_secret_missing, "the session to be resumed has it");
  }
  if (!session.extended_master_secret &&
      (offer.extended_master_secret || settings.options.require_extended_master_secret))
    return false;

  // RFC 5246 section 7.4.1.2: the client's list has at least the suite of the session.
  const policy::Suite* const suite = settings.suite_below(session.cipher_suite);
  if (!suite || !suite->is_for(offer.version) || !offer.hello.has_suite(suite->id)) return false;
  // RFC 6066 section 3. RFC 7301 section 3.1 would let the protocol change, but whoever was authenticated was
  // so for this one.
  if (session.server_name != offer.server_name) return false;
  const std::string_view alpn = offer.alpn ? std::string_view(*offer.alpn) : std::string_view();
  if (session.alpn != alpn) return false;
  return would_authenticate(settings, *suite, session);
}

void keep_session(const Endpoint& endpoint, session::SessionBody&& body) {
  const ContextOptions& options = endpoint.settings->options;
  const auto& more = endpoint.established.more;
  if (!body.ticket.empty()) {
    body.session_id.clear();  // RFC 5077 section 3.4
  } else if (body.session_id.empty()) {
    return;
  } else {
    body.lifetime = std::min(body.lifetime, max_session_id_lifetime);  // RFC 5246 appendix F.1.4
  }
  if (body.lifetime.count() <= 0) return;
  const Session session = session::SessionAccess::make(std::move(body));
  if (options.session_store && more && !more->session_key.empty())
    options.session_store->put(more->session_key, session);
  if (options.on_session) options.on_session(session);
}

}  // namespace sesame::tls12
