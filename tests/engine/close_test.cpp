// close_notify, half-close in both directions, and the end of the transport (RFC 8446 section 6.1).
#include "engine/wire_log.h"

namespace sesame::test {
namespace {

struct Open : Pair {
  Open() : Pair(client_context(with_modes({ke})), server_context(with_modes({ke}))) {
    EXPECT_TRUE(handshake());
  }
  End& end(Side side) { return side == Side::client ? client : server; }
  End& other(Side side) { return side == Side::client ? server : client; }
};

constexpr Side both_sides[] = {Side::client, Side::server};

TEST(Close, EndsOneDirectionOnly) {
  for (const Side side : both_sides) {
    Open pair;
    End &closing = pair.end(side), &staying = pair.other(side);
    ASSERT_TRUE(closing.connection.close());
    EXPECT_TRUE(closing.connection.write_closed());
    EXPECT_FALSE(closing.connection.read_closed());
    ASSERT_TRUE(pair.pump());
    EXPECT_TRUE(staying.connection.read_closed());
    EXPECT_FALSE(staying.connection.write_closed());
    EXPECT_EQ(staying.connection.wait(), Wait::nothing);
    // The other one still sends, with a KeyUpdate in between, which cannot be answered and is not.
    expect_transfer(pair, staying, closing, "still here");
    ASSERT_TRUE(staying.connection.update_keys(true));
    expect_transfer(pair, staying, closing, "under new keys");
    EXPECT_FALSE(staying.failure);
    const auto sent = closing.connection.send(as_bytes("too late"));
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().reason(), Reason::write_closed);
    EXPECT_EQ(closing.connection.error(), nullptr) << "the call was wrong, the connection is not";
    ASSERT_TRUE(staying.connection.close());
    ASSERT_TRUE(pair.pump());
    for (End* end : {&closing, &staying}) {
      EXPECT_EQ(end->connection.wait(), Wait::closed);
      EXPECT_EQ(end->connection.error(), nullptr);
      EXPECT_FALSE(end->failure);
      EXPECT_TRUE(end->connection.transport_closed());
    }
  }
}

TEST(Close, TwiceIsAsGoodAsOnce) {
  Open pair;
  ASSERT_TRUE(pair.client.connection.close());
  const std::size_t size = pair.client.connection.output().size();
  ASSERT_TRUE(pair.client.connection.close());
  EXPECT_EQ(pair.client.connection.output().size(), size);
}

TEST(Close, RefusesWhatWouldSend) {
  Open pair;
  ASSERT_TRUE(pair.client.connection.close());
  ASSERT_TRUE(pair.pump());
  Octets room(1000);
  const auto sealed = pair.client.connection.seal(as_bytes("x"), room);
  ASSERT_FALSE(sealed);
  EXPECT_EQ(sealed.error().reason(), Reason::write_closed);
  const auto updated = pair.client.connection.update_keys();
  ASSERT_FALSE(updated);
  EXPECT_EQ(updated.error().reason(), Reason::write_closed);
}

// Section 6.1: whatever comes behind close_notify is ignored, even if it is no TLS at all.
TEST(Close, WhatComesBehindCloseNotifyIsIgnored) {
  for (const Side side : both_sides) {
    Open pair;
    End &closing = pair.end(side), &staying = pair.other(side);
    ASSERT_TRUE(closing.connection.close());
    ASSERT_TRUE(pair.pump());
    for (Octets behind :
         {repeat(1, 22), repeat(1000, 0xff), from_hex("15030300020228"), from_hex("1703030005aabbccddee")}) {
      const auto received = staying.connection.receive(behind);
      ASSERT_TRUE(received);
      EXPECT_EQ(received->consumed, behind.size());
      EXPECT_TRUE(received->data.empty());
    }
    EXPECT_EQ(staying.connection.error(), nullptr);
    expect_transfer(pair, staying, closing, "not disturbed");
  }
}

TEST(Close, DataInFrontOfCloseNotifyInTheSameOctetsIsDelivered) {
  Open pair;
  ASSERT_TRUE(pair.client.connection.send(as_bytes("last words")));
  ASSERT_TRUE(pair.client.connection.close());
  ASSERT_TRUE(pair.pump());
  EXPECT_EQ(pair.server.data, "last words");
  EXPECT_TRUE(pair.server.connection.read_closed());
}

TEST(Close, OfTheTransportWithoutCloseNotifyIsTruncation) {
  for (const Side side : both_sides) {
    Open pair;
    const auto closed = pair.end(side).connection.transport_closed();
    ASSERT_FALSE(closed);
    EXPECT_EQ(closed.error().reason(), Reason::truncated);
    EXPECT_EQ(closed.error().alert(), Alert::none);
    EXPECT_TRUE(pair.end(side).connection.output().empty());
    EXPECT_EQ(pair.end(side).connection.wait(), Wait::closed);
  }
}

TEST(Close, OfTheTransportInTheMiddleOfARecordIsTruncation) {
  Open pair;
  ASSERT_TRUE(pair.client.connection.send(as_bytes("cut")));
  Octets record = octets_of(pair.client.connection.output());
  record.pop_back();
  ASSERT_TRUE(pair.server.connection.receive(record));
  EXPECT_EQ(pair.server.connection.wanted(record), 1u);
  EXPECT_FALSE(pair.server.connection.transport_closed());
}

// ---- in the handshake ----

TEST(Close, OfAServerBeforeAnythingCameSaysNothing) {
  Connection server = std::move(*Connection::server(server_context()));
  ASSERT_TRUE(server.close());
  EXPECT_TRUE(server.output().empty());
  EXPECT_EQ(server.wait(), Wait::closed);
  EXPECT_TRUE(server.transport_closed());
  Octets hello = repeat(100, 22);
  const auto received = server.receive(hello);
  ASSERT_TRUE(received);
  EXPECT_EQ(received->consumed, hello.size());
}

TEST(Close, OfAClientThatWaitsGivesTheHandshakeUp) {
  Pair pair(client_context(), server_context());
  ASSERT_TRUE(pair.client.connection.close());
  EXPECT_EQ(pair.client.connection.wait(), Wait::output);
  EXPECT_FALSE(pair.handshake());
  // The ClientHello was there before: the server answers, and then reads the close_notify.
  ASSERT_TRUE(pair.server.failure);
  EXPECT_EQ(pair.server.failure->alert(), Alert::close_notify);
  EXPECT_TRUE(pair.server.failure->from_peer());
  EXPECT_EQ(pair.client.connection.wait(), Wait::closed);
  EXPECT_EQ(pair.client.connection.error(), nullptr);
}

TEST(Close, OfAServerThatWaitsForFinishedGivesTheHandshakeUp) {
  Pair pair(client_context(), server_context());
  const Octets hello = octets_of(pair.client.connection.output());
  pair.client.connection.output_sent(hello.size());
  pair.server.receive(hello);
  ASSERT_EQ(pair.server.connection.state(), "WAIT_FINISHED");
  ASSERT_TRUE(pair.server.connection.close());
  EXPECT_FALSE(pair.handshake());
  // For the client the handshake is done, and the server has closed.
  EXPECT_TRUE(pair.client.connection.handshake_done());
  EXPECT_TRUE(pair.client.connection.read_closed());
  EXPECT_EQ(pair.server.connection.wait(), Wait::closed);
  EXPECT_EQ(pair.server.connection.authentication(), Authentication::none);
  Octets room(16);
  EXPECT_FALSE(pair.server.connection.export_keying_material("label", {}, room));
}

}  // namespace
}  // namespace sesame::test
