#include "tls12/client.h"

namespace sesame::tls12 {

using handshake::Incoming;
using message::HandshakeType;
using enum ClientState;

std::string_view name(ClientState state) noexcept {
  constexpr std::string_view names[] = {"START",   "WAIT_SH",  "WAIT_CERT",     "WAIT_SKE",
                                        "WAIT_CR", "WAIT_SHD", "VERIFYING",     "AWAITING_PSK",
                                        "SIGNING", "WAIT_CCS", "WAIT_FINISHED", "CONNECTED"};
  const auto i = static_cast<std::size_t>(state);
  return i < std::size(names) ? names[i] : std::string_view();
}

std::span<const Client::Edge> Client::edges() noexcept {
  // RFC 5246 section 7.3, RFC 5077 section 3.1, RFC 6066 section 8; the rows of ChangeCipherSpec in WAIT_CERT
  // and WAIT_SKE are RFC 4851 section 3.2.3's.
  using enum HandshakeType;
  using F = ClientFact;
  static constexpr Edge table[] = {
      {WAIT_SH, server_hello, {WAIT_CERT, WAIT_SKE, WAIT_CCS}, on_server_hello},
      {WAIT_SH, hello_request, {WAIT_SH}, on_hello_request},

      {WAIT_CERT, certificate, {WAIT_SKE}, on_certificate},
      {WAIT_CERT, change_cipher_spec, {WAIT_FINISHED}, on_session_secret_used, F::secret_due},
      {WAIT_CERT, hello_request, {WAIT_CERT}, on_hello_request},

      {WAIT_SKE, certificate_status, {WAIT_SKE}, on_certificate_status, F::status_due},
      {WAIT_SKE, server_key_exchange, {WAIT_CR}, on_server_key_exchange, F::takes_parameters},
      {WAIT_SKE,
       certificate_request,
       {WAIT_SHD},
       on_certificate_request,
       F::may_be_asked,
       F::needs_parameters},
      {WAIT_SKE,
       server_hello_done,
       {VERIFYING, AWAITING_PSK, SIGNING, WAIT_CCS},
       on_server_hello_done,
       0,
       F::needs_parameters},
      {WAIT_SKE, change_cipher_spec, {WAIT_FINISHED}, on_session_secret_used, F::secret_due},
      {WAIT_SKE, hello_request, {WAIT_SKE}, on_hello_request},

      {WAIT_CR, certificate_request, {WAIT_SHD}, on_certificate_request, F::may_be_asked},
      {WAIT_CR, server_hello_done, {VERIFYING, AWAITING_PSK, SIGNING, WAIT_CCS}, on_server_hello_done},
      {WAIT_CR, hello_request, {WAIT_CR}, on_hello_request},

      {WAIT_SHD, server_hello_done, {VERIFYING, AWAITING_PSK, SIGNING, WAIT_CCS}, on_server_hello_done},
      {WAIT_SHD, hello_request, {WAIT_SHD}, on_hello_request},

      {WAIT_CCS, new_session_ticket, {WAIT_CCS}, on_new_session_ticket, F::ticket_due},
      {WAIT_CCS, change_cipher_spec, {WAIT_FINISHED}, on_change_cipher_spec, 0, F::ticket_due},
      {WAIT_CCS, hello_request, {WAIT_CCS}, on_hello_request},

      {WAIT_FINISHED, finished, {CONNECTED}, on_finished},

      {CONNECTED, hello_request, {CONNECTED, WAIT_SH}, on_late_hello_request},
  };
  static_assert(handshake::is_deterministic(table));
  static_assert(handshake::is_reachable(table, WAIT_SH, CONNECTED));
  return table;
}

handshake::Facts Client::facts() const noexcept {
  if (!handshake_ || !handshake_->suite) return 0;
  const ClientHandshake& h = *handshake_;
  const KeyExchangeMethod method = h.suite->key_exchange;
  using F = ClientFact;
  handshake::Facts facts = 0;
  if (policy::uses_dhe(method) || policy::uses_ecdhe(method))
    facts |= F::takes_parameters | F::needs_parameters;
  // RFC 4279 sections 2 and 4: without a hint there is no ServerKeyExchange.
  if (policy::uses_psk(method)) facts |= F::takes_parameters;
  if (policy::may_ask_for_certificate(method)) facts |= F::may_be_asked;
  if (h.status_announced && !h.peer.ends.empty()) facts |= F::status_due;
  if (h.ticket_due) facts |= F::ticket_due;
  if (!h.secret.empty()) facts |= F::secret_due;
  return facts;
}

Expected<> Client::on_message(const Incoming& message) {
  // Nothing may follow close_notify: a renegotiation that this side has not answered yet gets no answer.
  if (connected_ && handshake_ && endpoint_.write_closed && !handshake_->flight_sent) return {};
  auto next = handshake::step(edges(), *this, state_, message);
  if (!next) return std::unexpected(std::move(next.error().at(name(state_), message::name(message.type))));
  state_ = *next;
  if (state_ == CONNECTED) handshake_.reset();
  return {};
}

// ---- HelloRequest (RFC 5246 section 7.4.1.1): not a part of any handshake, and not of its hash ----

namespace {

// They carry nothing, and within a handshake nobody answers them.
constexpr std::uint32_t most_hello_requests = 32;

}  // namespace

Expected<ClientState> Client::on_hello_request(Client& client, const Incoming& message) {
  if (!message.body().empty()) return malformed(wire::Fault::trailing, message.type);
  if (++client.handshake_->hello_requests > most_hello_requests)
    return fail(Reason::too_many_renegotiations, "HelloRequests within a handshake");
  return client.state_;
}

Expected<ClientState> Client::on_late_hello_request(Client& client, const Incoming& message) {
  Endpoint& endpoint = client.endpoint_;
  const ContextOptions& options = endpoint.settings->options;
  if (!message.body().empty()) return malformed(wire::Fault::trailing, message.type);
  if (++endpoint.renegotiations > options.limits.renegotiations) return fail(Reason::too_many_renegotiations);
  if (endpoint.write_closed) return CONNECTED;
  auto ok = Expected<>(fail(Reason::renegotiation_unavailable));
  if (options.renegotiation == Renegotiation::allow) ok = client.begin_renegotiation();
  if (ok) return WAIT_SH;
  if (ok.error().reason() == Reason::renegotiation_unavailable)
    ok = endpoint.port.send_warning(Alert::no_renegotiation);
  if (!ok) return std::unexpected(std::move(ok.error()));
  return CONNECTED;
}

Expected<> Client::renegotiate() {
  if (!connected_) return fail(Reason::renegotiation_unavailable);
  if (handshake_) return {};  // it goes on already
  if (auto ok = begin_renegotiation(); !ok) return ok;
  state_ = WAIT_SH;
  return {};
}

void Client::on_no_renegotiation() noexcept {
  if (!connected_ || state_ != WAIT_SH) return;
  handshake_.reset();
  state_ = CONNECTED;
}

}  // namespace sesame::tls12
