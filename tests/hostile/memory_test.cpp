// What a peer can make a connection hold, and do.
#include "hostile/variant.h"
#include "support/heap.h"

namespace sesame::test {
namespace {

using record::ContentType;

#define SKIP_UNLESS_COUNTED() \
  if (!heap_is_counted()) GTEST_SKIP() << "the sanitizers have a heap of their own"

// Record header, message header, two octets: the message's length is 131,396.
TEST(Memory, ElevenOctetsThatPromise131KilobytesHoldNone) {
  SKIP_UNLESS_COUNTED();
  AgainstServer c;
  End& server = c.subject();
  Octets promise = join({u8(22), u16(0x0303), u16(6), u8(1), u24(131'396), u16(0x0303)});
  ASSERT_EQ(promise.size(), 11u);
  watch_heap();
  const std::size_t before = heap().live;
  auto received = server.connection.receive(promise);
  ASSERT_TRUE(received) << received.error().message();
  EXPECT_EQ(received->consumed, promise.size());
  EXPECT_LT(heap().live - before, 256u);
}

// What comes is held once, however small its pieces: a copy with each of them would be quadratic.
TEST(Memory, AMessageInPiecesOfOneOctetIsGatheredOnce) {
  SKIP_UNLESS_COUNTED();
  AgainstServer c;
  End& server = c.subject();
  constexpr std::size_t size = 100'000;
  Octets header = join({u8(1), u24(size)});
  watch_heap();
  const std::size_t before = heap().live;
  for (std::size_t i = 0; i < size; ++i) {
    std::uint8_t record[] = {22, 3, 3, 0, 1, i < header.size() ? header[i] : std::uint8_t{0}};
    ASSERT_TRUE(server.connection.receive(record));
  }
  EXPECT_LT(heap().peak - before, 4 * size);
  EXPECT_LT(heap().calls, 100u);
}

TEST(Memory, AMessageThatIsNotExpectedIsNotGathered) {
  SKIP_UNLESS_COUNTED();
  AgainstServer c;
  End& server = c.subject();
  Octets certificate = join({u8(22), u16(0x0303), u16(6), u8(11), u24(131'000), u16(0)});
  const auto received = server.connection.receive(certificate);
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().reason(), Reason::unexpected_message);
  EXPECT_EQ(received.error().handshake_message(), "Certificate");
}

// A peer that asks for KeyUpdates and reads nothing: the answer is owed once, not sent for each.
template <class Which>
void ask_and_do_not_read() {
  Which c;
  c.up_to_connected();
  End& end = c.subject();
  const auto ask = [&] {
    c.peer().put_key_update(1);
    c.peer().put_data("x");
    end.receive(std::exchange(c.peer().out, {}));
    ASSERT_FALSE(end.failure) << end.failure->message();
  };
  ask();
  const std::size_t one_answer = end.connection.output().size();
  EXPECT_EQ(one_answer, 27u);
  for (int i = 0; i < 1000; ++i) ask();
  EXPECT_EQ(end.connection.output().size(), one_answer);
  // The answer that is owed goes out before the next data.
  ASSERT_TRUE(end.connection.send(as_bytes("data")));
  c.exchange();
  std::vector<ContentType> types;
  for (int i = 0; i < 3; ++i) {
    const auto record = c.peer().next_record();
    ASSERT_TRUE(record);
    types.push_back(record->type);
    if (record->type == ContentType::handshake) c.peer().take_key_update();
  }
  EXPECT_EQ(types,
            (std::vector{ContentType::handshake, ContentType::handshake, ContentType::application_data}));
}

TEST(Memory, KeyUpdatesThatNobodyReadsDoNotPileUpInAServer) { ask_and_do_not_read<AgainstServer>(); }
TEST(Memory, KeyUpdatesThatNobodyReadsDoNotPileUpInAClient) { ask_and_do_not_read<AgainstClient>(); }

// A connection that failed holds its error and its negotiated values, but no handshake, key or buffer.
TEST(Memory, AFailedConnectionHoldsNoHandshake) {
  SKIP_UNLESS_COUNTED();
  for (const Variant& v : all_variants()) {
    const auto c = v.play();
    if (!c->has_subject()) continue;
    End& end = c->subject();
    end.connection.output_sent(end.connection.output().size());
    std::optional<Connection> held(std::move(end.connection));
    const std::size_t with = heap().live;
    held.reset();
    // The body and its Error. A handshake alone has more than this.
    EXPECT_LT(with - heap().live, 1000u) << v.name;
  }
}

TEST(Memory, AHandshakeGivenUpHoldsNoHandshake) {
  SKIP_UNLESS_COUNTED();
  AgainstServer server;
  server.up_to_wait_finished();
  AgainstClient client;
  client.up_to_wait_ee();
  for (Case* c : {static_cast<Case*>(&server), static_cast<Case*>(&client)}) {
    Connection& connection = c->subject().connection;
    ASSERT_TRUE(connection.close());
    connection.output_sent(connection.output().size());
    std::optional<Connection> held(std::move(connection));
    const std::size_t with = heap().live;
    held.reset();
    EXPECT_LT(with - heap().live, 1000u);
  }
}

// All the look-ups that one ClientHello can cause.
TEST(Memory, IdentitiesAreLookedUpOnlySoOften) {
  AgainstServer c;
  unsigned asked = 0;
  c.options.psk_source = make_psk_source([&](const PskQuery&, PskAnswer&) { ++asked; });
  c.client.keys.assign(1500, {"a"});
  c.say_hello();
  EXPECT_TRUE(c.subject().failure);
  EXPECT_EQ(asked, c.options.limits.psk_identities);
}

}  // namespace
}  // namespace sesame::test
