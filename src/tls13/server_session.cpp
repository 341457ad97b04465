// The server's tickets (RFC 8446 section 4.6.1).
#include <algorithm>
#include <array>

#include "message/new_session_ticket.h"
#include "tls13/resumption.h"
#include "tls13/server.h"

namespace sesame::tls13 {

using extension::ExtensionType;
using message::HandshakeType;

namespace {

constexpr std::size_t largest_ticket = 32'768;  // octets

}  // namespace

Expected<> Server::give_tickets() {
  const handshake::Established& established = endpoint_.established;
  const TicketOptions& options = endpoint_.settings->options.tickets;
  if (!established.more->client_can_resume) return {};
  if (established.authentication == Authentication::external_psk && !handshake_->by_certificate &&
      !options.after_external_psk)
    return {};
  // A resumed session is used up by its ticket: one replaces it.
  const unsigned count = established.resumed ? std::min(options.count, 1u) : options.count;
  for (unsigned i = 0; i < count; ++i) {
    if (auto ok = give_ticket(); !ok) return ok;
  }
  return {};
}

Expected<> Server::send_ticket() {
  const auto& more = endpoint_.established.more;
  if (!more || !more->client_can_resume)
    return fail(Reason::invalid_argument, "there is no issuer of tickets, or the client cannot resume");
  return give_ticket();
}

Expected<> Server::give_ticket() {
  const policy::Settings& settings = *endpoint_.settings;
  const ContextOptions& options = settings.options;
  handshake::Extras& extras = *endpoint_.established.more;
  // The nonce has to be another one for each ticket of the connection, and nothing more.
  const std::uint32_t number = extras.tickets_given++;
  if (number > 0xffff) return fail(Reason::invalid_argument, "65,536 tickets were given on this connection");
  const std::array<std::uint8_t, 2> nonce = {static_cast<std::uint8_t>(number >> 8),
                                             static_cast<std::uint8_t>(number)};
  const TimePoint now = settings.now();
  session::SessionBody body = make_session(endpoint_, nonce, now, options.tickets.lifetime);
  if (body.lifetime.count() <= 0) return {};
  std::array<std::uint8_t, 4> age_add;
  if (auto ok = settings.random(age_add); !ok) return ok;
  for (const std::uint8_t octet : age_add) body.age_add = body.age_add << 8 | octet;
  if (options.early_data.guard) body.max_early_data = options.early_data.limit;
  const auto lifetime = static_cast<std::uint32_t>(body.lifetime.count());
  const std::uint32_t add = body.age_add, early = body.max_early_data;
  const auto ticket = options.tickets.issuer->issue(session::SessionAccess::make(std::move(body)), now);
  // The connection does not need it; and one with a long chain of the client's in it would hardly fit its
  // ClientHello.
  if (!ticket || ticket->size() > largest_ticket) return {};
  auto message = write_message(endpoint_.port, HandshakeType::new_session_ticket, [&](wire::Writer& w) {
    w.uint(lifetime, 4);
    w.uint(add, 4);
    w.prefixed(1, [&] { w.put(nonce); });
    w.prefixed(2, 1, 0xffff, [&] { w.put(*ticket); });
    w.prefixed(2, [&] {
      if (early > 0) write_extension(w, ExtensionType::early_data, [&] { w.uint(early, 4); });
    });
  });
  if (!message) return std::unexpected(std::move(message.error()));
  return endpoint_.port.send_flight();
}

}  // namespace sesame::tls13
