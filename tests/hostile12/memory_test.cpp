// What a peer can make a connection hold, and do.
#include "hostile12/variants.h"
#include "support/heap.h"

namespace sesame::test {
namespace {

using record::ContentType;

// A message that never ends, in a state that waits for it.
struct Unfinished {
  std::string name;
  std::function<std::unique_ptr<Case>()> go;
  unsigned type;
  std::size_t size;  ///< as much as is let begin
};

std::vector<Unfinished> unfinished() {
  constexpr std::size_t message = 131'396, certificate = 65'536, late = 34'816;
  const auto client = [](std::string_view which, auto go) {
    return player12<AgainstClient12>(kind(which), Above::tls13, go);
  };
  const auto server = [](std::string_view which, auto go) {
    return player12<AgainstServer12>(kind(which), Above::tls13, go);
  };
  using C = AgainstClient12;
  using S = AgainstServer12;
  return {
      {"hello", server("psk", [](S& c) { c.subject(); }), 1, message},
      {"key_exchange_of_a_client", server("psk", [](S& c) { c.up_to_done(); }), 16, message},
      {"certificate_of_a_client", server("ecdhe_ecdsa_client_certificate", [](S& c) { c.up_to_done(); }), 11,
       certificate},
      {"verify_of_a_client",
       server("ecdhe_ecdsa_client_certificate",
              [](S& c) {
                c.up_to_done();
                c.client.send_certificate();
                c.client.send_client_key_exchange();
              }),
       15, message},
      {"hello_within_a_connection", server("psk", [](S& c) { c.up_to_connected(); }), 1, late},
      {"server_hello", client("psk", [](C& c) { c.up_to_hello(); }), 2, message},
      {"certificate_of_a_server", client("ecdhe_ecdsa", [](C& c) { c.up_to_hello_said(); }), 11, certificate},
      {"key_exchange_of_a_server", client("psk", [](C& c) { c.up_to_hello_said(); }), 12, message},
      {"request",
       client("ecdhe_ecdsa",
              [](C& c) {
                c.up_to_hello_said();
                c.server.send_certificate();
                c.server.send_key_exchange();
              }),
       13, message},
      {"ticket",
       client("psk",
              [](C& c) {
                c.options.session_store = c.store;
                c.server.gives_ticket = true;
                c.up_to_flight();
              }),
       4, message},
  };
}

Octets all_but_the_end_of(ScriptPeer& peer, unsigned type, std::size_t size) {
  Octets message = join({u8(type), u24(size), repeat(size, 1)});
  message.pop_back();
  for (Bytes rest = message; !rest.empty();) {
    const Bytes piece = rest.first(std::min<std::size_t>(16'000, rest.size()));
    peer.put_record(ContentType::handshake, piece);
    rest = rest.subspan(piece.size());
  }
  return std::exchange(peer.out, {});
}

// What has come of it is held, in a buffer that doubles, and nothing else.
TEST(Memory12, AMessageThatNeverEndsIsBoundedInEachStateThatWaitsForOne) {
  for (const Unfinished& u : unfinished()) {
    SCOPED_TRACE(u.name);
    const auto c = u.go();
    Connection& subject = c->subject().connection;
    Octets octets = all_but_the_end_of(c->peer(), u.type, u.size);
    const std::size_t before = heap().live;
    std::size_t done = 0;
    while (done < octets.size()) {
      const auto received = subject.receive(MutableBytes(octets).subspan(done));
      ASSERT_TRUE(received) << received.error().message();
      ASSERT_GT(received->consumed, 0u);
      done += received->consumed;
    }
    EXPECT_EQ(subject.error(), nullptr);
    if (heap_is_counted()) EXPECT_LE(heap().live - before, 2 * u.size + 256);
  }
}

TEST(Memory12, AMessageThatIsDeclaredLongerIsRefusedByItsHeader) {
  for (const Unfinished& u : unfinished()) {
    SCOPED_TRACE(u.name);
    const auto c = u.go();
    c->peer().put_record(ContentType::handshake, join({u8(u.type), u24(u.size + 1)}));
    const std::size_t before = heap().live;
    c->exchange();
    ASSERT_TRUE(c->subject().failure);
    const Reason reason = c->subject().failure->reason();
    EXPECT_TRUE(reason == Reason::message_too_long || reason == Reason::certificate_too_long) << name(reason);
    if (heap_is_counted()) EXPECT_LT(heap().live, before + 1000);
  }
}

// Messages that have a fixed size are judged by it.
TEST(Memory12, AMessageOfAFixedSizeIsNotGatheredToFindThatOut) {
  AgainstClient12 client;
  client.up_to_hello_said();
  client.server.put_record(ContentType::handshake, join({u8(14), u24(100'000)}));
  client.exchange();
  EXPECT_TRUE(client.subject().failure) << "ServerHelloDone";
  AgainstClient12 asked;
  asked.up_to_connected();
  asked.server.put_record(ContentType::handshake, join({u8(0), u24(30'000)}));
  asked.exchange();
  EXPECT_TRUE(asked.subject().failure) << "HelloRequest";
  AgainstServer12 server;
  server.up_to_changed();
  server.client.put_record(ContentType::handshake, join({u8(20), u24(100'000)}));
  server.exchange();
  EXPECT_TRUE(server.subject().failure) << "Finished";
}

// What comes is held once, however small its pieces.
TEST(Memory12, AMessageInPiecesOfOneOctetIsGatheredOnce) {
  if (!heap_is_counted()) GTEST_SKIP() << "the sanitizers have a heap of their own";
  AgainstServer12 c;
  c.up_to_done();
  End& server = c.subject();
  constexpr std::size_t size = 100'000;
  const Octets header = join({u8(16), u24(size)});
  watch_heap();
  const std::size_t before = heap().live;
  for (std::size_t i = 0; i < size; ++i) {
    std::uint8_t record[] = {22, 3, 3, 0, 1, i < header.size() ? header[i] : std::uint8_t{0}};
    ASSERT_TRUE(server.connection.receive(record));
  }
  EXPECT_LT(heap().peak - before, 4 * size);
  EXPECT_LT(heap().calls, 100u);
}

// All handshake messages together, before the handshake is done.
TEST(Memory12, AHandshakeHasABudget) {
  AgainstClient12 c(kind("ecdhe_ecdsa_client_certificate"));
  c.options.limits.handshake_octets = 100'000;
  c.up_to_hello_said();
  c.server.send_certificate();
  c.server.send_key_exchange();
  Octets names;
  for (int i = 0; i < 10; ++i) append(names, vec16(repeat(6000, 1)));
  c.server.put(ScriptPeer::message(message::HandshakeType::certificate_request,
                                   join({vec8({64}), vec16(u16(0x0403)), vec16(names)})));
  c.exchange();
  EXPECT_FALSE(c.subject().failure);
  AgainstClient12 more(kind("ecdhe_ecdsa_client_certificate"));
  more.options.limits.handshake_octets = 50'000;
  more.up_to_hello_said();
  more.server.send_certificate();
  more.server.send_key_exchange();
  more.server.put(ScriptPeer::message(message::HandshakeType::certificate_request,
                                      join({vec8({64}), vec16(u16(0x0403)), vec16(names)})));
  more.exchange();
  ASSERT_TRUE(more.subject().failure);
  EXPECT_EQ(name(more.subject().failure->reason()), "too_much_handshake");
}

// Within a connection each message has its bound, and the table how many there are.
TEST(Memory12, AMessageWithinAConnectionIsBounded) {
  AgainstServer12 c;
  c.options.renegotiation = Renegotiation::allow;
  c.options.limits.post_handshake_message = 5'000;
  c.up_to_connected();
  c.client.renew();
  c.client.extensions.add(0x1234, repeat(10'000, 1));
  c.say_hello();
  ASSERT_TRUE(c.subject().failure);
  EXPECT_EQ(name(c.subject().failure->reason()), "message_too_long");
}

// A peer that asks again and again and does not read.
TEST(Memory12, RefusalsThatNobodyReadsAreBoundedByTheRequests) {
  AgainstServer12 server;
  server.up_to_connected();
  for (int i = 0; i < 50; ++i) server.client.put_late(server.client.client_hello());
  server.subject().receive(std::exchange(server.client.out, {}));
  EXPECT_TRUE(server.subject().failure);
  EXPECT_LT(server.subject().connection.output().size(), 400u);
  AgainstClient12 client;
  client.up_to_connected();
  for (int i = 0; i < 50; ++i)
    client.server.put_late(ScriptPeer::message(message::HandshakeType::hello_request, {}));
  client.subject().receive(std::exchange(client.server.out, {}));
  EXPECT_TRUE(client.subject().failure);
  EXPECT_LT(client.subject().connection.output().size(), 400u);
}

// A connection that failed holds its error and its negotiated values, but no handshake, key or buffer.
TEST(Memory12, AFailedConnectionHoldsNoHandshake) {
  if (!heap_is_counted()) GTEST_SKIP() << "the sanitizers have a heap of their own";
  for (const Variant& v : all_variants12()) {
    const auto c = v.play();
    if (!c->has_subject()) continue;
    End& end = c->subject();
    end.connection.output_sent(end.connection.output().size());
    std::size_t most = 2500;
    for (const Bytes certificate : end.connection.peer_certificates()) most += 4 + certificate.size();
    if (end.failure) most += end.failure->detail().size();
    std::optional<Connection> held(std::move(end.connection));
    const std::size_t with = heap().live;
    held.reset();
    EXPECT_LT(with - heap().live, most) << v.name;
  }
}

TEST(Memory12, AHandshakeGivenUpHoldsNoHandshake) {
  if (!heap_is_counted()) GTEST_SKIP() << "the sanitizers have a heap of their own";
  AgainstServer12 server(kind("ecdhe_psk"));
  server.up_to_done();
  AgainstClient12 client(kind("ecdhe_psk"));
  client.up_to_hello_said();
  for (Case* c : {static_cast<Case*>(&server), static_cast<Case*>(&client)}) {
    Connection& connection = c->subject().connection;
    ASSERT_TRUE(connection.close());
    connection.output_sent(connection.output().size());
    std::optional<Connection> held(std::move(connection));
    const std::size_t with = heap().live;
    held.reset();
    EXPECT_LT(with - heap().live, 1500u);
  }
}

// One ClientKeyExchange, one look-up.
TEST(Memory12, AnIdentityIsLookedUpOnce) {
  AgainstServer12 c;
  unsigned asked = 0;
  c.options.psk_source = make_psk_source([&](const PskQuery& query, PskAnswer&) {
    ++asked;
    EXPECT_EQ(query.version, ProtocolVersion::tls12);
    EXPECT_EQ(query.identity.size(), 5u);
  });
  c.up_to_done();
  c.client.send_flight();
  c.exchange();
  EXPECT_TRUE(c.subject().failure);
  EXPECT_EQ(asked, 1u);
}

// Sessions of clients that came once are not for ever.
TEST(Memory12, ACacheHoldsNoMoreThanItsSessions) {
  const auto cache = std::make_shared<SessionCache>(10);
  for (int i = 0; i < 30; ++i) {
    AgainstServer12 c;
    c.options.tickets = {.issuer = cache, .after_external_psk = true};
    c.up_to_connected();
    EXPECT_LE(cache->size(), 10u);
  }
  EXPECT_EQ(cache->size(), 10u);
}

TEST(Memory12, ACacheHoldsNothingForAHandshakeThatWasNotFinished) {
  const auto cache = std::make_shared<SessionCache>(10);
  AgainstServer12 c;
  c.options.tickets = {.issuer = cache, .after_external_psk = true};
  c.client.key.key = "another";
  c.up_to_done();
  c.client.send_flight();
  c.exchange();
  EXPECT_TRUE(c.subject().failure);
  EXPECT_EQ(cache->size(), 0u);
}

}  // namespace
}  // namespace sesame::test
