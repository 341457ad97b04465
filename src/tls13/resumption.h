// What both sides make of a ticket (RFC 8446 section 4.6.1).
#pragma once

#include "session/session_body.h"
#include "tls13/common.h"

namespace sesame::tls13 {

/// The session of this connection under a ticket with this nonce: everything but the ticket itself, its
/// age_add and its early data. Its lifetime ends 7 days after the handshake that it goes back to, however
/// often it was resumed since; 0: it is over already.
session::SessionBody make_session(const Endpoint& endpoint, Bytes ticket_nonce, TimePoint now,
                                  std::chrono::seconds lifetime);

}  // namespace sesame::tls13
