// The client's second flight, ChangeCipherSpec and Finished of both sides (RFC 5246 sections 7.1 and 7.4.9),
// the server's ticket (RFC 5077 section 3.3), and what the handshake leaves behind.
#include <algorithm>

#include "tls12/client.h"
#include "tls12/resumption.h"

namespace sesame::tls12 {

using handshake::Incoming;
using message::HandshakeType;
using enum ClientState;

Expected<ClientState> Client::on_server_hello_done(Client& client, const Incoming& message) {
  ClientHandshake& h = *client.handshake_;
  h.secret = {};
  if (!message.body().empty()) return malformed(wire::Fault::trailing, message.type);
  h.hash.add(message.whole);
  const auto judged = client.judge_server();
  if (!judged) return std::unexpected(judged.error());
  return *judged ? client.go_on_judged() : VERIFYING;
}

Expected<ClientState> Client::go_on_judged() {
  const auto has_key = choose_key();
  if (!has_key) return std::unexpected(has_key.error());
  return *has_key ? send_flight() : AWAITING_PSK;
}

// Certificate, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished.
Expected<ClientState> Client::send_flight() {
  ClientHandshake& h = *handshake_;
  handshake::MessagePort& port = endpoint_.port;
  Expected<> ok;
  if (endpoint_.write_closed) return WAIT_CCS;  // of a renegotiation: see on_message()
  if (h.certificate_requested) ok = write_certificate(port.messages(), h.hash, h.own.key.get());
  if (ok) ok = send_client_key_exchange();
  if (ok && h.own.key) {
    ok = make_signature(*endpoint_.settings, endpoint_.established.version, h.hash.messages(), h.own);
    if (ok && h.own.answer.is_later) {
      ok = port.send_flight();
      if (ok) return SIGNING;
    }
  }
  if (!ok) return std::unexpected(std::move(ok.error()));
  return finish_flight();
}

Expected<ClientState> Client::finish_flight() {
  ClientHandshake& h = *handshake_;
  if (endpoint_.write_closed) return WAIT_CCS;
  h.hash.forget_messages();
  if (h.own.key) {
    auto written = write_message(endpoint_.port, HandshakeType::certificate_verify, [&](wire::Writer& w) {
      write_signature(w, endpoint_.established.version, h.own);
    });
    if (!written) return std::unexpected(std::move(written.error()));
    h.hash.add(*written);
  }
  if (auto ok = send_finished(); !ok) return std::unexpected(std::move(ok.error()));
  return WAIT_CCS;
}

// ---- keys ----

Expected<> Client::make_keys() {
  ClientHandshake& h = *handshake_;
  const handshake::Below13& b = below();
  log_secret(*endpoint_.settings, "CLIENT_RANDOM", b.client_random, h.master.bytes());
  auto keys = KeyBlock::derive(h.master, *h.suite, endpoint_.established.version, b.encrypt_then_mac,
                               b.client_random, b.server_random);
  if (!keys) return std::unexpected(std::move(keys.error()));
  h.keys = std::move(*keys);
  return {};
}

Expected<> Client::read_with_new_keys() {
  endpoint_.port.limit_received_content(handshake_->received_limit);
  return endpoint_.port.set_read_keys(handshake_->keys.keys_of(Side::server));
}

Expected<> Client::send_finished() {
  ClientHandshake& h = *handshake_;
  handshake::MessagePort& port = endpoint_.port;
  auto ok = port.send_flight();
  if (ok) ok = port.send_change_cipher_spec();
  if (ok) ok = port.set_write_keys(h.keys.keys_of(Side::client));
  if (!ok) return ok;
  port.limit_sent_content(h.sent_limit);
  const auto verify_data = h.master.verify_data(Side::client, h.hash.value().bytes());
  if (!verify_data) return std::unexpected(verify_data.error());
  below().client_finished = *verify_data;
  auto written = write_message(port, HandshakeType::finished, [&](wire::Writer& w) { w.put(*verify_data); });
  if (!written) return std::unexpected(std::move(written.error()));
  h.hash.add(*written);
  h.flight_sent = true;
  return port.send_flight();
}

// ---- the server's end ----

Expected<ClientState> Client::on_new_session_ticket(Client& client, const Incoming& message) {
  ClientHandshake& h = *client.handshake_;
  const auto ticket = wire::decode<message::NewSessionTicket12>(message.body());
  if (!ticket) return malformed(ticket.error(), message.type);
  h.ticket_due = false;
  h.ticket_lifetime = ticket->ticket_lifetime_hint;
  h.ticket.assign(ticket->ticket.data.begin(), ticket->ticket.data.end());
  h.hash.add(message.whole);
  return WAIT_CCS;
}

Expected<ClientState> Client::on_change_cipher_spec(Client& client, const Incoming& message) {
  static_cast<void>(message);
  if (auto ok = client.read_with_new_keys(); !ok) return std::unexpected(std::move(ok.error()));
  return WAIT_FINISHED;
}

Expected<ClientState> Client::on_finished(Client& client, const Incoming& message) {
  ClientHandshake& h = *client.handshake_;
  const auto expected = h.master.verify_data(Side::server, h.hash.value().bytes());
  if (!expected) return std::unexpected(expected.error());
  if (message.body().size() != expected->size())
    return fail(Reason::malformed_message, "Finished: verify_data has 12 octets");
  if (!secret::equal_in_constant_time(*expected, message.body())) return fail(Reason::finished_mismatch);
  client.below().server_finished = *expected;
  h.hash.add(message.whole);
  // In the abbreviated handshake the client's is the last.
  if (h.resumes || h.by_secret) {
    if (auto ok = client.send_finished(); !ok) return std::unexpected(std::move(ok.error()));
  }
  client.establish();
  client.keep_session();
  return CONNECTED;
}

// ---- what stays ----

namespace {

Authentication authentication_of(const ClientHandshake& h) {
  if (h.by_secret) return Authentication::session_secret;
  if (h.resumes) return session::SessionAccess::body(*h.below->session).authentication;
  const KeyExchangeMethod method = h.suite->key_exchange;
  if (method == KeyExchangeMethod::rsa_psk) return Authentication::certificate_with_external_psk;
  if (policy::uses_psk(method)) return Authentication::external_psk;
  if (policy::shows_certificate(method)) return handshake::authentication_by(h.peer);
  return Authentication::anonymous;
}

}  // namespace

// All at once, so that nothing of an earlier handshake is left, and nothing of this one is seen before.
void Client::establish() {
  ClientHandshake& h = *handshake_;
  handshake::Established& established = endpoint_.established;
  const ContextOptions& options = endpoint_.settings->options;
  handshake::Below13& b = below();
  b.master_secret.assign(h.master.bytes());
  established.suite = h.suite;
  established.alpn = h.alpn;
  established.group = h.group;
  established.resumed = h.resumes || h.by_secret;
  established.authentication = authentication_of(h);
  established.psk_identity.clear();
  TimePoint authenticated = h.now;
  certificate::Peer peer = std::move(h.peer);
  peer.keep_octets_only();
  if (h.resumes) {
    const session::SessionBody& session = session::SessionAccess::body(*h.below->session);
    established.psk_identity = session.psk_identity;
    authenticated = session.authenticated;
    peer = handshake::restore_peer(session.peer_type, session.peer_chain);
  } else if (h.key) {
    established.psk_identity = as_text(h.key->identity());
  }
  if (established.more || !peer.ends.empty() || options.on_session) {
    handshake::Extras& extras = established.extras();
    extras.peer = std::move(peer);
    extras.peer_scheme = h.peer_scheme;
    extras.authenticated = authenticated;
  }
  if (!connected_ && b.secure_renegotiation) {
    renewal_ = std::make_unique<ClientRenewal>(std::move(h.verify_name), std::move(h.own_credentials));
  }
  if (renewal_ && b.encrypt_then_mac) renewal_->encrypt_then_mac = true;
  if (h.renewed) established.below = std::move(h.renewed);
  connected_ = true;
}

void Client::keep_session() {
  ClientHandshake& h = *handshake_;
  const ContextOptions& options = endpoint_.settings->options;
  handshake::Established& established = endpoint_.established;
  if (!options.session_store && !options.on_session) return;
  if (h.resumes && h.ticket.empty()) {
    // What the client has is still good: it goes back to where it was taken from.
    const std::string& key = established.more->session_key;
    if (options.session_store && !key.empty()) options.session_store->put(key, *h.below->session);
    return;
  }
  // RFC 5077 section 3.3: a hint of 0 says nothing; it is treated as an identifier is.
  const std::chrono::seconds hint(h.ticket_lifetime);
  session::SessionBody body = make_session(
      endpoint_, h.now, hint.count() == 0 ? max_session_id_lifetime : std::min(hint, max_ticket_lifetime));
  body.ticket = std::move(h.ticket);
  body.session_id = established.below->session_id;
  tls12::keep_session(endpoint_, std::move(body));
}

}  // namespace sesame::tls12
