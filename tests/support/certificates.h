// Pairs that authenticate by certificates, over the authority of identities.h.
#pragma once

#include "support/identities.h"

namespace sesame::test {

inline const ClientOptions to_server = {.server_name = "server.example"};

/// A pair that is to fail on one side; the error of that side, and the other's of the alert.
inline void expect_failure(Pair& pair, Side side, Reason reason, Alert alert) {
  EXPECT_FALSE(pair.handshake());
  End& end = side == Side::client ? pair.client : pair.server;
  End& other = side == Side::client ? pair.server : pair.client;
  ASSERT_TRUE(end.failure);
  EXPECT_EQ(name(end.failure->reason()), name(reason)) << end.failure->message();
  EXPECT_EQ(end.failure->alert(), alert) << name(end.failure->alert());
  ASSERT_TRUE(other.failure);
  EXPECT_TRUE(other.failure->from_peer()) << other.failure->message();
  EXPECT_EQ(other.failure->alert(), alert) << name(other.failure->alert());
}

}  // namespace sesame::test
