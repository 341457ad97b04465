// Sessions of TLS 1.2 and below: by identifier (RFC 5246 section 7.4.1.2) and by ticket (RFC 5077).
#pragma once

#include "handshake/hello.h"
#include "session/session_body.h"
#include "tls12/common.h"

namespace sesame::tls12 {

/// The session of this connection, whose keys and peer are known: everything but the ticket or the
/// identifier. Its lifetime ends 7 days after the handshake that it goes back to (Extras::authenticated),
/// however often it was resumed since; 0: it is over already. A connection whose master secret a session
/// secret provider gave, or that nobody authenticated, has none: lifetime 0.
session::SessionBody make_session(const Endpoint& endpoint, TimePoint now, std::chrono::seconds lifetime);

/// Server: whether `session`, which the client named, may be resumed in this handshake: version, suite (which
/// the client has to offer), extended master secret (RFC 7627 section 5.3), name, protocol, and that the
/// context would authenticate the client in the same way today. Whether MACs are of what is encrypted (RFC
/// 7366) is negotiated anew. Error: extended_master_secret_missing, where RFC 7627 wants the handshake to
/// end; false: a full handshake goes on.
struct ResumptionOffer {
  ProtocolVersion version;
  std::string_view server_name;
  const std::string* alpn;  // what was chosen; nullptr: none
  bool extended_master_secret;
  TimePoint now;
  const handshake::Hello& hello;  // for its suites
};
Expected<bool> may_resume(const Endpoint& endpoint, const ResumptionOffer& offer,
                          const session::SessionBody& session);

/// Client: gives the session to the application and the store, as the context has it: with a ticket the
/// identifier is dropped (RFC 5077 section 3.4), with an identifier alone it lives for a day at most; without
/// either, or with lifetime 0, there is none.
void keep_session(const Endpoint& endpoint, session::SessionBody&& session);

}  // namespace sesame::tls12
