// The client's tickets (RFC 8446 section 4.6.1).
#include <algorithm>

#include "extension/bodies.h"
#include "message/new_session_ticket.h"
#include "tls13/client.h"
#include "tls13/resumption.h"

namespace sesame::tls13 {

using extension::Extensions;
using extension::ExtensionType;
using extension::In;
using handshake::Incoming;

// What tickets and later authentication need, if there may be any.
void Client::keep_session_secret() {
  ClientHandshake& h = *handshake_;
  const ContextOptions& options = endpoint_.settings->options;
  handshake::Established& established = endpoint_.established;
  if (options.session_store || options.on_session) {
    handshake::Extras& extras = established.extras();
    const crypto::HashValue so_far = h.transcript.value(established.suite->hash);
    extras.resumption_secret = h.master->resumption(so_far.bytes());
    if (!h.chosen.session && !h.by_certificate) extras.authenticated = h.now;
  }
  if (options.post_handshake_auth && h.offers_certificates) established.extras().transcript = h.transcript;
}

Expected<ClientState> Client::on_new_session_ticket(Client& client, const Incoming& message) {
  Endpoint& endpoint = client.endpoint_;
  const ContextOptions& options = endpoint.settings->options;
  const auto ticket = wire::decode<message::NewSessionTicket>(message.body());
  if (!ticket) return malformed(ticket.error(), message.type);
  auto extensions = Extensions::parse({ticket->extensions.raw}, In::NST, {});
  if (!extensions) return std::unexpected(std::move(extensions.error()));
  std::uint32_t max_early_data = 0;
  if (extensions->has(ExtensionType::early_data)) {
    const auto indication = extensions->read<extension::EarlyDataIndication>(ExtensionType::early_data);
    if (!indication) return std::unexpected(indication.error());
    max_early_data = indication->max_early_data_size;
  }
  if (++endpoint.tickets > options.limits.tickets) return fail(Reason::too_many_tickets);
  // Section 4.6.1: for no longer than 7 days, whatever the server says.
  const std::chrono::seconds lifetime =
      std::min(std::chrono::seconds(ticket->ticket_lifetime), max_ticket_lifetime);
  handshake::Established& established = endpoint.established;
  const bool wanted = established.more && !established.more->resumption_secret.empty();
  if (!wanted || lifetime.count() == 0) return ClientState::CONNECTED;  // section 4.6.1: 0 is to be discarded

  session::SessionBody body =
      make_session(endpoint, ticket->ticket_nonce.data, endpoint.settings->now(), lifetime);
  if (body.lifetime.count() <= 0) return ClientState::CONNECTED;
  body.age_add = ticket->ticket_age_add;
  body.max_early_data = max_early_data;
  body.ticket.assign(ticket->ticket.data.begin(), ticket->ticket.data.end());
  const Session session = session::SessionAccess::make(std::move(body));
  if (options.session_store && !established.more->session_key.empty())
    options.session_store->put(established.more->session_key, session);
  if (options.on_session) options.on_session(session);
  return ClientState::CONNECTED;
}

}  // namespace sesame::tls13
