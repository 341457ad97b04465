// The ClientHello of TLS 1.2 or below, and the ServerHello that answers it.
#include "message/server_hello.h"

#include <algorithm>

#include "extension/bodies.h"
#include "message/tls12.h"
#include "tls12/resumption.h"
#include "tls12/server.h"

namespace sesame::tls12 {

using extension::ExtensionType;
using handshake::Incoming;
using message::HandshakeType;
using enum ServerState;

Expected<ServerState> Server::on_client_hello(Server& server, const Incoming& message) {
  const policy::Settings& settings = *server.endpoint_.settings;
  Expected<> ok;
  std::optional<ProtocolVersion> present;
  if (server.renegotiates()) {
    present = server.version();
    if (!server.asked_) ok = server.count_renegotiation();
  }
  if (!ok) return std::unexpected(std::move(ok.error()));
  auto offer = read_offer(settings, message.whole, present);
  if (!offer) return std::unexpected(std::move(offer.error()));
  server.asked_ = false;
  server.handshake_ = std::make_unique_for_overwrite<ServerHandshake>();
  ServerHandshake& h = *server.handshake_;
  ok = server.begin(*offer);
  if (ok) ok = server.negotiate(*offer);
  if (ok) {
    // Only a CertificateVerify needs more than the hash.
    const bool keeps = h.negotiated.certificate_request && !h.abbreviated();
    ok = h.hash.begin(*settings.provider, server.prf(), keeps);
  }
  if (!ok) return std::unexpected(std::move(ok.error()));
  h.hash.add(message.whole);
  ok = server.send_server_hello(*offer);
  if (ok && !h.abbreviated()) return server.send_flight();
  if (ok) ok = server.send_abbreviated_flight();
  if (!ok) return std::unexpected(std::move(ok.error()));
  return WAIT_CCS;
}

// What does not depend on any choice.
Expected<> Server::begin(const Offer& offer) {
  ServerHandshake& h = *handshake_;
  const policy::Settings& settings = *endpoint_.settings;
  handshake::Established& established = endpoint_.established;
  if (!renegotiates()) {
    established.version = offer.version;
    established.below = std::make_unique<handshake::Below13>();
    endpoint_.port.set_version(offer.version);
  }
  handshake::Below13& below = *established.below;
  h.now = settings.now();
  h.offered_version = offer.hello.legacy_version;
  h.client_random = offer.hello.random;
  h.server_name = offer.server_name;
  if (settings.options.require_extended_master_secret && !offer.extended_master_secret)
    return fail(Reason::extended_master_secret_missing);
  // RFC 7627 section 5.4: what protects the connection is not given up within it.
  if (renegotiates() && below.extended_master_secret && !offer.extended_master_secret)
    return fail(Reason::renegotiation_changed, "the extended master secret is missing");
  const auto secure =
      check_renegotiation_info(offer, renegotiates() ? Bytes(below.client_finished) : Bytes());
  if (!secure) return std::unexpected(secure.error());
  below.secure_renegotiation = *secure;

  auto ok = settings.public_random(h.server_random);
  if (!ok) return ok;
  // RFC 8446 section 4.1.3: a client that has more than this was kept from it.
  const auto mark = [&](const std::array<std::uint8_t, 8>& sentinel) {
    std::ranges::copy(sentinel, h.server_random.end() - sentinel.size());
  };
  using enum ProtocolVersion;
  if (offer.version < tls12 && settings.highest >= tls12) mark(message::downgrade_to_tls11);
  if (offer.version == tls12 && settings.highest == tls13) mark(message::downgrade_to_tls12);
  if (!renegotiates()) {
    below.client_random = h.client_random;
    below.server_random = h.server_random;
  }
  return {};
}

// The steps of negotiate.h in their order, and between them what is asked of others.
Expected<> Server::negotiate(const Offer& offer) {
  ServerHandshake& h = *handshake_;
  Negotiated& negotiated = h.negotiated;
  const policy::Settings& settings = *endpoint_.settings;
  const auto alpn = handshake::choose_alpn(settings, offer);
  if (!alpn) return std::unexpected(alpn.error());
  negotiated.alpn = *alpn;
  const auto limits = handshake::choose_record_limits(settings, offer, offer.version);
  if (!limits) return std::unexpected(limits.error());
  negotiated.limits = *limits;
  auto ok = show_session_ticket(offer);
  if (ok) ok = find_session(offer);
  if (ok) ok = ask_for_secret(offer);
  if (ok && !h.abbreviated()) ok = choose_suite(settings, offer, negotiated);
  if (!ok) return ok;
  choose_extensions(settings, offer, negotiated);
  // RFC 7366 section 3.1.
  if (renegotiates() && endpoint_.established.below->encrypt_then_mac && negotiated.suite->cbc &&
      !negotiated.encrypt_then_mac)
    return fail(Reason::renegotiation_changed, "encrypt-then-MAC is missing");
  if (h.abbreviated()) {
    // The master secret came with the session, or was given.
    ok = set_master(std::move(h.keys[0].master), true);
    if (!ok) return ok;
  }
  return decide_session(offer);
}

// RFC 4851 section 3.2.2: the PAC-Opaque is the application's to read, before there is a provider.
Expected<> Server::show_session_ticket(const Offer& offer) {
  if (!offer.session_ticket || !options_ || !options_->on_session_ticket) return {};
  SessionTicketAnswer answer;
  options_->on_session_ticket(*offer.session_ticket, answer);
  if (answer.is_refused()) return fail(Reason::session_ticket_refused);
  if (answer.provider()) installed_ = std::make_unique<SessionSecretProvider>(std::move(answer.provider()));
  return {};
}

// The session that the client names, by its identifier or by its ticket. Within a connection none is resumed:
// who renegotiates wants to be authenticated anew.
Expected<> Server::find_session(const Offer& offer) {
  ServerHandshake& h = *handshake_;
  const policy::Settings& settings = *endpoint_.settings;
  TicketIssuer* const issuer = settings.options.tickets.issuer.get();
  if (!issuer || renegotiates()) return {};
  std::optional<Session> session;
  const Bytes id = offer.hello.legacy_session_id.data;
  if (issuer->uses_session_ids()) {
    if (!id.empty()) session = issuer->find(id, h.now);
  } else if (offer.session_ticket && !provider() && issuer->recognises(*offer.session_ticket)) {
    session = issuer->open(*offer.session_ticket, h.now);
  }
  if (!session) return {};
  const session::SessionBody& body = session::SessionAccess::body(*session);
  const policy::Suite* const suite = common_suite(settings, offer, body.cipher_suite);
  if (!suite) return {};
  const auto may = may_resume(endpoint_,
                              {.version = offer.version,
                               .server_name = offer.server_name,
                               .alpn = h.negotiated.alpn,
                               .extended_master_secret = offer.extended_master_secret,
                               .now = h.now,
                               .hello = offer},
                              body);
  if (!may) return std::unexpected(may.error());
  if (!*may) return {};
  h.negotiated.suite = suite;
  auto master = MasterSecret::of(*settings.provider, prf(), body.psk.bytes());
  if (!master) return std::unexpected(std::move(master.error()));
  h.keys[0].master = std::move(*master);
  h.session = std::move(session);
  return {};
}

// RFC 4851 section 3.2.2. What has no size that a secret may have is no answer.
Expected<> Server::ask_for_secret(const Offer& offer) {
  ServerHandshake& h = *handshake_;
  const policy::Settings& settings = *endpoint_.settings;
  const SessionSecretProvider* const ask = provider();
  if (!ask || h.session) return {};
  std::vector<CipherSuite> suites;
  suites.reserve(offer.hello.cipher_suites.raw.size() / 2);
  offer.hello.cipher_suites.for_each([&](CipherSuite suite) {
    const bool signals = suite == message::empty_renegotiation_info_scsv || suite == message::fallback_scsv;
    if (!signals) suites.push_back(suite);
  });
  SessionSecretAnswer answer;
  (*ask)({.side = Side::server,
          .version = offer.version,
          .session_ticket = offer.session_ticket,
          .cipher_suites = suites,
          .client_random = h.client_random,
          .server_random = h.server_random},
         answer);
  if (answer.secret().empty()) return {};
  if (auto ok = choose_suite_of_secret(settings, offer, answer.suite(), h.negotiated); !ok) return ok;
  auto master = MasterSecret::of(*settings.provider, prf(), answer.secret());
  if (!master) return std::unexpected(std::move(master.error()));
  h.keys[0].master = std::move(*master);
  h.by_secret = true;
  return {};
}

// What the session identifier says (RFC 5246 section 7.4.1.3, RFC 5077 section 3.4), and whether a ticket
// will come.
Expected<> Server::decide_session(const Offer& offer) {
  ServerHandshake& h = *handshake_;
  const policy::Settings& settings = *endpoint_.settings;
  const TicketOptions& options = settings.options.tickets;
  TicketIssuer* const issuer = options.issuer.get();
  const Bytes theirs = offer.hello.legacy_session_id.data;
  if (h.abbreviated()) {
    h.session_id_size = static_cast<std::uint8_t>(theirs.size());
    std::ranges::copy(theirs, h.session_id.begin());
    if (h.by_secret && theirs.empty()) {
      h.session_id_size = 32;
      return settings.public_random(h.session_id);
    }
    if (!h.session || issuer->uses_session_ids() || !offer.session_ticket) return {};
    // A ticket that will do for long yet is not replaced.
    const session::SessionBody& session = session::SessionAccess::body(*h.session);
    h.gives_ticket = issuer->is_single_use() || h.now - session.issued > session.lifetime / 2;
    return {};
  }
  const KeyExchangeMethod method = h.negotiated.suite->key_exchange;
  const bool is_kept = issuer && options.count > 0 && !policy::is_anonymous(method) &&
                       (!policy::uses_psk(method) || options.after_external_psk);
  if (!is_kept) return {};
  if (issuer->uses_session_ids()) {
    // The connection does not need it: without one the client cannot resume.
    if (const auto id = issuer->new_session_id()) {
      h.session_id = *id;
      h.session_id_size = 32;
      h.keeps_session = true;
    }
  } else {
    h.gives_ticket = offer.session_ticket && !provider();
  }
  return {};
}

void Server::write_extensions(const Offer& offer, wire::Writer& w) {
  const ServerHandshake& h = *handshake_;
  const Negotiated& negotiated = h.negotiated;
  const handshake::Below13& below = *endpoint_.established.below;
  // RFC 6066 section 3: not where a session is resumed.
  if (!offer.server_name.empty() && !h.abbreviated()) write_extension(w, ExtensionType::server_name, [] {});
  if (below.secure_renegotiation) {  // RFC 5746 sections 3.6 and 3.7
    write_extension(w, ExtensionType::renegotiation_info, [&] {
      w.prefixed(1, [&] {
        if (renegotiates()) w.put(below.client_finished), w.put(below.server_finished);
      });
    });
  }
  if (negotiated.alpn) {
    write_extension(w, ExtensionType::application_layer_protocol_negotiation, [&] {
      w.prefixed(2, [&] { write(w, wire::opaque<1, 255>{as_bytes(*negotiated.alpn)}); });
    });
  }
  handshake::write_record_limits(negotiated.limits, offer, offer.version, w);
  if (negotiated.extended_master_secret) write_extension(w, ExtensionType::extended_master_secret, [] {});
  if (negotiated.encrypt_then_mac) write_extension(w, ExtensionType::encrypt_then_mac, [] {});
  // RFC 8422 section 5.2.
  if (policy::uses_ecdhe(negotiated.suite->key_exchange) && offer.has(ExtensionType::ec_point_formats)) {
    write_extension(w, ExtensionType::ec_point_formats,
                    [&] { w.prefixed(1, [&] { write(w, extension::EcPointFormat::uncompressed); }); });
  }
  if (h.gives_ticket) write_extension(w, ExtensionType::session_ticket, [] {});
  if (negotiated.staple) write_extension(w, ExtensionType::status_request, [] {});
}

Expected<> Server::send_server_hello(const Offer& offer) {
  ServerHandshake& h = *handshake_;
  auto hello = write_message(endpoint_.port, HandshakeType::server_hello, [&](wire::Writer& w) {
    w.uint(static_cast<std::uint32_t>(offer.version), 2);
    w.put(h.server_random);
    w.prefixed(1, [&] { w.put(Bytes(h.session_id).first(h.session_id_size)); });
    write(w, h.negotiated.suite->id);
    w.uint(0, 1);
    const std::size_t at = w.buffer().size();
    w.prefixed(2, [&] {
      write_extensions(offer, w);
      rewrite_extensions(*endpoint_.settings, HandshakeType::server_hello, w, at + 2);
    });
    // RFC 5246 section 7.4.1.3: who sends no extensions may not know what an empty block is.
    if (w.buffer().size() == at + 2) w.buffer().truncate(at);
  });
  if (!hello) return std::unexpected(std::move(hello.error()));
  h.hash.add(*hello);
  using By = handshake::RecordLimits::By;
  if (h.negotiated.limits.by == By::max_fragment_length)
    endpoint_.port.limit_plain_content(h.negotiated.limits.sent);
  return {};
}

}  // namespace sesame::tls12
