// What either side of a connection holds for as long as it lives, in every version.
#pragma once

#include "handshake/established.h"
#include "handshake/port.h"
#include "policy/settings.h"

namespace sesame::handshake {

struct Endpoint {
  const policy::Settings* settings;  // of the context, which a select function may have switched
  MessagePort& port;
  Established& established;
  bool write_closed = false;  ///< close_notify was sent: nothing may follow it
  /// TLS 1.3: the peer asked for a KeyUpdate and has not got it: it goes out before the next application data
  /// (RFC 8446 section 4.6.3).
  bool key_update_owed = false;
  // Counted, because a peer can repeat them for ever.
  std::uint32_t key_updates = 0;  ///< received without application data between them
  std::uint32_t tickets = 0;
  std::uint32_t certificate_requests = 0;  ///< after the handshake
  std::uint32_t renegotiations = 0;        ///< asked for by the peer, TLS 1.2 and below
};

}  // namespace sesame::handshake
