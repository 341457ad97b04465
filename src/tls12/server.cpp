#include "tls12/server.h"

namespace sesame::tls12 {

using handshake::Facts;
using handshake::Incoming;
using message::HandshakeType;
using enum ServerState;

std::string_view name(ServerState state) noexcept {
  constexpr std::string_view names[] = {"START",   "NEGOTIATED", "WAIT_CERT", "WAIT_CKE",      "RECVD_CKE",
                                        "WAIT_CV", "VERIFYING",  "WAIT_CCS",  "WAIT_FINISHED", "CONNECTED"};
  const auto i = static_cast<std::size_t>(state);
  return i < std::size(names) ? names[i] : std::string_view();
}

std::span<const Server::Edge> Server::edges() noexcept {
  // RFC 5246 section 7.3, figures 1 and 2, and RFC 4851 section 3.2.2, which has the order of figure 2.
  using enum HandshakeType;
  static constexpr Edge table[] = {
      {START, client_hello, {NEGOTIATED, WAIT_CERT, WAIT_CKE, WAIT_CCS}, on_client_hello},
      {WAIT_CERT, certificate, {WAIT_CKE}, on_certificate},
      {WAIT_CKE, client_key_exchange, {RECVD_CKE, WAIT_CV}, on_client_key_exchange, showed_certificate, 0},
      {WAIT_CKE, client_key_exchange, {RECVD_CKE, WAIT_CCS}, on_client_key_exchange, 0, showed_certificate},
      {WAIT_CV, certificate_verify, {VERIFYING, WAIT_CCS}, on_certificate_verify},
      {WAIT_CCS, change_cipher_spec, {WAIT_FINISHED}, on_change_cipher_spec},
      {WAIT_FINISHED, finished, {CONNECTED}, on_finished, 0, is_abbreviated},
      {WAIT_FINISHED, finished, {CONNECTED}, on_last_finished, is_abbreviated, 0},
      {CONNECTED, client_hello, {CONNECTED}, on_unwanted_client_hello, 0, may_renegotiate},
      {CONNECTED,
       client_hello,
       {NEGOTIATED, WAIT_CERT, WAIT_CKE, WAIT_CCS},
       on_client_hello,
       may_renegotiate,
       0},
  };
  static_assert(handshake::is_deterministic(table));
  static_assert(handshake::is_reachable(table, START, CONNECTED));
  return table;
}

Facts Server::facts() const noexcept {
  Facts facts = 0;
  if (handshake_ && handshake_->abbreviated()) facts |= is_abbreviated;
  if (handshake_ && !handshake_->peer.ends.empty()) facts |= showed_certificate;
  const auto& below = endpoint_.established.below;
  // A client without RFC 5746 may be somebody else than before.
  if (below && below->secure_renegotiation && !endpoint_.write_closed &&
      (asked_ || endpoint_.settings->options.renegotiation == Renegotiation::allow))
    facts |= may_renegotiate;
  return facts;
}

Expected<> Server::on_message(const Incoming& message) {
  auto next = handshake::step(edges(), *this, state_, message);
  if (!next) return std::unexpected(std::move(next.error().at(name(state_), message::name(message.type))));
  state_ = *next;
  if (state_ == CONNECTED) {
    connected_ = true;
    handshake_.reset();
  }
  return {};
}

const SessionSecretProvider* Server::provider() const noexcept {
  if (installed_) return installed_.get();
  return options_ && options_->session_secret ? &options_->session_secret : nullptr;
}

// ---- renegotiation (RFC 5746) ----

Expected<> Server::count_renegotiation() {
  if (++endpoint_.renegotiations > endpoint_.settings->options.limits.renegotiations)
    return fail(Reason::too_many_renegotiations);
  return {};
}

Expected<ServerState> Server::on_unwanted_client_hello(Server& server, const Incoming&) {
  auto ok = server.count_renegotiation();
  // RFC 5246 section 7.2.2: the connection goes on. Behind a close_notify nothing is said any more.
  if (ok && !server.endpoint_.write_closed) ok = server.endpoint_.port.send_warning(Alert::no_renegotiation);
  if (!ok) return std::unexpected(std::move(ok.error()));
  return CONNECTED;
}

Expected<> Server::renegotiate() {
  const auto& below = endpoint_.established.below;
  if (!below || !below->secure_renegotiation)
    return fail(Reason::renegotiation_unavailable, "the client does not have RFC 5746");
  if (state_ != CONNECTED || asked_) return {};  // one is on its way
  // Section 7.4.1.1: it is in no hash.
  auto request = write_message(endpoint_.port, HandshakeType::hello_request, [](wire::Writer&) {});
  if (!request) return std::unexpected(std::move(request.error()));
  asked_ = true;
  return endpoint_.port.send_flight();
}

// ---- the end ----

Error Server::explain(Error record_mac_wrong) const {
  if (state_ != WAIT_FINISHED || !handshake_ || handshake_->abbreviated() ||
      !policy::uses_psk(handshake_->negotiated.suite->key_exchange))
    return record_mac_wrong;
  if (handshake_->refusal) return Error(*handshake_->refusal).with_alert(record_mac_wrong.alert());
  return Error(Reason::psk_key_mismatch, "identity " + escaped(as_bytes(handshake_->psk_identity)))
      .with_alert(record_mac_wrong.alert());
}

void Server::forget_session() noexcept {
  const auto& below = endpoint_.established.below;
  TicketIssuer* const issuer = endpoint_.settings->options.tickets.issuer.get();
  if (issuer && below && !below->session_id.empty()) issuer->forget(below->session_id);
}

}  // namespace sesame::tls12
