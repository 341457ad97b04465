// The end of the handshake: ChangeCipherSpec, Finished, the session, and what is left of it all.
#include <algorithm>

#include "message/tls12.h"
#include "record/record.h"
#include "tls12/resumption.h"
#include "tls12/server.h"

namespace sesame::tls12 {

using handshake::Incoming;
using message::HandshakeType;
using enum ServerState;

namespace {

constexpr std::size_t largest_ticket = 32'768;  // octets: it has to fit a ClientHello

}  // namespace

Expected<ServerState> Server::on_change_cipher_spec(Server& server, const Incoming&) {
  ServerHandshake& h = *server.handshake_;
  handshake::MessagePort& port = server.endpoint_.port;
  const record::BlockKeys newer = h.keys[0].block.keys_of(Side::client);
  auto ok = h.key_count == 2 ? port.set_read_keys(newer, h.keys[1].block.keys_of(Side::client))
                             : port.set_read_keys(newer);
  if (!ok) return std::unexpected(std::move(ok.error()));
  const handshake::RecordLimits& limits = h.negotiated.limits;
  using By = handshake::RecordLimits::By;
  port.limit_received_content(limits.by == By::nothing ? record::max_plaintext : limits.received);
  return WAIT_FINISHED;
}

Expected<> Server::check_finished(const Incoming& message) {
  ServerHandshake& h = *handshake_;
  h.older_key = h.key_count == 2 && endpoint_.port.reads_by_older_keys();
  const ServerKeys& keys = h.chosen();
  // Nobody has this key: somebody guessed the MAC of a record.
  if (!keys.usable) return std::unexpected(explain(Error(Reason::record_mac_wrong)));
  log_secret(*endpoint_.settings, "CLIENT_RANDOM", h.client_random, keys.master.bytes());
  const auto expected = keys.master.verify_data(Side::client, h.hash.value().bytes());
  if (!expected) return std::unexpected(expected.error());
  if (message.body().size() != expected->size())
    return fail(Reason::malformed_message, "Finished: verify_data has 12 octets");
  if (!secret::equal_in_constant_time(*expected, message.body())) return fail(Reason::finished_mismatch);
  h.client_finished = *expected;
  h.hash.add(message.whole);
  return {};
}

// RFC 5246 section 7.3, figure 1: the client's came first.
Expected<ServerState> Server::on_finished(Server& server, const Incoming& message) {
  ServerHandshake& h = *server.handshake_;
  auto ok = server.check_finished(message);
  if (!ok) return std::unexpected(std::move(ok.error()));
  server.establish();
  if (h.gives_ticket) ok = server.give_ticket();
  if (ok) ok = server.send_finished();
  if (!ok) return std::unexpected(std::move(ok.error()));
  server.endpoint_.established.below->server_finished = h.server_finished;
  if (!h.keeps_session) return CONNECTED;
  const TicketOptions& options = server.endpoint_.settings->options.tickets;
  session::SessionBody session =
      make_session(server.endpoint_, h.now, std::min(options.lifetime, max_session_id_lifetime));
  if (session.lifetime.count() > 0) {
    const Bytes id = server.endpoint_.established.below->session_id;
    options.issuer->keep(id, session::SessionAccess::make(std::move(session)), h.now);
  }
  return CONNECTED;
}

// Figure 2: it came last.
Expected<ServerState> Server::on_last_finished(Server& server, const Incoming& message) {
  if (auto ok = server.check_finished(message); !ok) return std::unexpected(std::move(ok.error()));
  server.establish();
  return CONNECTED;
}

Expected<> Server::send_finished() {
  ServerHandshake& h = *handshake_;
  handshake::MessagePort& port = endpoint_.port;
  auto ok = port.send_change_cipher_spec();
  if (ok) ok = port.set_write_keys(h.chosen().block.keys_of(Side::server));
  if (!ok) return ok;
  const handshake::RecordLimits& limits = h.negotiated.limits;
  using By = handshake::RecordLimits::By;
  port.limit_sent_content(limits.by == By::nothing ? record::max_plaintext : limits.sent);
  const auto verify_data = h.chosen().master.verify_data(Side::server, h.hash.value().bytes());
  if (!verify_data) return std::unexpected(verify_data.error());
  h.server_finished = *verify_data;
  auto finished = write_message(port, HandshakeType::finished, [&](wire::Writer& w) { w.put(*verify_data); });
  if (!finished) return std::unexpected(std::move(finished.error()));
  h.hash.add(*finished);
  return port.send_flight();
}

Expected<> Server::send_abbreviated_flight() {
  if (handshake_->gives_ticket) {
    if (auto ok = give_ticket(); !ok) return ok;
  }
  return send_finished();
}

// ---- the session ----

namespace {

// The session that was resumed, under a new ticket.
session::SessionBody renewed(const session::SessionBody& old, TimePoint now, std::chrono::seconds lifetime) {
  session::SessionBody body;
  body.version = old.version;
  body.cipher_suite = old.cipher_suite;
  body.psk.assign(old.psk.bytes());
  body.issued = now;
  body.authenticated = old.authenticated;
  const auto left =
      std::chrono::duration_cast<std::chrono::seconds>(old.authenticated + max_ticket_lifetime - now);
  body.lifetime = std::clamp(left, std::chrono::seconds(0), lifetime);
  body.authentication = old.authentication;
  body.peer_type = old.peer_type;
  body.server_name = old.server_name;
  body.alpn = old.alpn;
  body.psk_identity = old.psk_identity;
  body.peer_chain = old.peer_chain;
  body.extended_master_secret = old.extended_master_secret;
  body.encrypt_then_mac = old.encrypt_then_mac;
  return body;
}

}  // namespace

// RFC 5077 section 3.3. The ServerHello has said that a ticket comes: if there is none after all, it is
// empty.
Expected<> Server::give_ticket() {
  ServerHandshake& h = *handshake_;
  const TicketOptions& options = endpoint_.settings->options.tickets;
  session::SessionBody session =
      h.session ? renewed(session::SessionAccess::body(*h.session), h.now, options.lifetime)
                : make_session(endpoint_, h.now, options.lifetime);
  const auto lifetime = static_cast<std::uint32_t>(std::max<std::int64_t>(session.lifetime.count(), 0));
  std::vector<std::uint8_t> ticket;
  if (lifetime > 0) {
    auto issued = options.issuer->issue(session::SessionAccess::make(std::move(session)), h.now);
    if (issued && issued->size() <= largest_ticket) ticket = std::move(*issued);
  }
  auto message = write_message(endpoint_.port, HandshakeType::new_session_ticket, [&](wire::Writer& w) {
    write(w, message::NewSessionTicket12{ticket.empty() ? 0 : lifetime, {ticket}});
  });
  if (!message) return std::unexpected(std::move(message.error()));
  h.hash.add(*message);
  return {};
}

// Once the client's Finished was right. Nothing of the handshake before is left.
void Server::establish() {
  ServerHandshake& h = *handshake_;
  handshake::Established& established = endpoint_.established;
  const Negotiated& negotiated = h.negotiated;
  established.suite = negotiated.suite;
  established.group = negotiated.group;
  established.alpn = negotiated.alpn;
  established.server_name = std::move(h.server_name);
  established.resumed = h.abbreviated();
  established.used_older_key = h.older_key;
  established.psk_identity = std::move(h.psk_identity);
  established.more.reset();

  handshake::Below13& below = *established.below;
  below.master_secret.assign(h.chosen().master.bytes());
  below.client_random = h.client_random;
  below.server_random = h.server_random;
  below.client_finished = h.client_finished;
  below.server_finished = h.server_finished;
  below.extended_master_secret = negotiated.extended_master_secret;
  below.encrypt_then_mac = negotiated.encrypt_then_mac;
  const TicketIssuer* const issuer = endpoint_.settings->options.tickets.issuer.get();
  below.session_id.clear();
  if (h.keeps_session || (h.session && issuer->uses_session_ids()))
    below.session_id.assign(h.session_id.begin(), h.session_id.begin() + h.session_id_size);

  const bool showed = !h.peer.ends.empty();
  if (h.session) {
    const session::SessionBody& session = session::SessionAccess::body(*h.session);
    established.authentication = session.authentication;
    established.psk_identity = session.psk_identity;
    handshake::Extras& extras = established.extras();
    extras.authenticated = session.authenticated;
    extras.peer = handshake::restore_peer(session.peer_type, session.peer_chain);
    return;
  }
  if (showed || h.keeps_session || h.gives_ticket) established.extras().authenticated = h.now;
  if (showed) {
    handshake::Extras& extras = *established.more;
    extras.peer = std::move(h.peer);
    extras.peer.keep_octets_only();
    extras.peer_scheme = h.peer_scheme;
  }
  if (h.by_secret) {
    established.authentication = Authentication::session_secret;
  } else if (policy::uses_psk(negotiated.suite->key_exchange)) {
    established.authentication =
        showed ? Authentication::certificate_with_external_psk : Authentication::external_psk;
  } else {
    established.authentication =
        showed ? handshake::authentication_by(established.more->peer) : Authentication::anonymous;
  }
}

}  // namespace sesame::tls12
