// For the examples that are about something else: a handshake between two connections in memory.
#pragma once

#include <sesame/connection.h>

#include <vector>

namespace example {

inline bool carry(sesame::Connection& from, sesame::Connection& to) {
  std::vector<std::uint8_t> octets(from.output().begin(), from.output().end());
  from.output_sent(octets.size());
  for (sesame::MutableBytes rest = octets; !rest.empty();) {
    const auto received = to.receive(rest);
    if (!received) return false;
    rest = rest.subspan(received->consumed);
  }
  return true;
}

/// False: one of them refused; its error() tells why.
inline bool shake_hands(sesame::Connection& client, sesame::Connection& server) {
  while (!client.output().empty() || !server.output().empty()) {
    if (!carry(client, server) || !carry(server, client)) return false;
  }
  return client.handshake_done() && server.handshake_done();
}

}  // namespace example
