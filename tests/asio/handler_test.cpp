// AsioStream: what Asio asks of an operation, and look-ups that are answered later.
#include <thread>

#include "rig.h"

namespace sesame::test {
namespace {

TEST(AsioStreamHandlers, MayBeMoveOnly) {
  Rig rig;
  int done = 0;
  auto mark = [&done](std::error_code error) {
    EXPECT_FALSE(error);
    ++done;
  };
  rig.client.async_handshake(
      [owned = std::make_unique<int>(1), mark](std::error_code error) { mark(error); });
  rig.server.async_handshake(
      [owned = std::make_unique<int>(1), mark](std::error_code error) { mark(error); });
  rig.run();
  char octet = 0;
  rig.client.async_write_some(asio::buffer("x", 1), [owned = std::make_unique<int>(1), mark](
                                                        std::error_code e, std::size_t) { mark(e); });
  rig.server.async_read_some(asio::buffer(&octet, 1), [owned = std::make_unique<int>(1), mark](
                                                          std::error_code e, std::size_t) { mark(e); });
  rig.client.async_shutdown([owned = std::make_unique<int>(1), mark](std::error_code error) { mark(error); });
  rig.run();
  EXPECT_EQ(done, 5);
}

TEST(AsioStreamHandlers, AreNeverCalledFromWithinTheCall) {
  Rig rig;
  rig.connect();
  asio::write(rig.client, asio::buffer("ab", 2));
  char octet = 0;
  EXPECT_EQ(rig.server.read_some(asio::buffer(&octet, 1)), 1U);
  bool called = false;
  rig.server.async_read_some(asio::buffer(&octet, 1), [&](std::error_code error, std::size_t) {
    EXPECT_FALSE(error);
    called = true;
  });
  EXPECT_FALSE(called) << "although the octet is there already";
  rig.run();
  EXPECT_TRUE(called);
  EXPECT_EQ(octet, 'b');
}

TEST(AsioStreamHandlers, RunOnTheirOwnExecutor) {
  Rig rig;
  auto strand = asio::make_strand(rig.io);
  int inside = 0;
  const auto count = [&](std::error_code) { inside += strand.running_in_this_thread() ? 1 : 0; };
  rig.client.async_handshake(asio::bind_executor(strand, count));
  rig.server.async_handshake(asio::bind_executor(strand, count));
  rig.run();
  rig.client.async_read_some(asio::mutable_buffer(),
                             asio::bind_executor(strand, [&](std::error_code e, std::size_t) { count(e); }));
  rig.run();
  EXPECT_EQ(inside, 3);
}

TEST(AsioStreamHandlers, AllowFuturesAndDefaultTokens) {
  Rig rig;
  rig.connect();
  char octet = 0;
  auto read = rig.server.async_read_some(asio::buffer(&octet, 1), asio::use_future);
  auto written = rig.client.async_write_some(asio::buffer("x", 1), asio::use_future);
  rig.run();
  EXPECT_EQ(read.get(), 1U);
  EXPECT_EQ(written.get(), 1U);
}

// ---- cancellation ----

TEST(AsioStreamCancellation, OfAReadLosesNothing) {
  for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                          asio::cancellation_type::total}) {
    Rig rig;
    rig.connect();
    asio::cancellation_signal signal;
    std::string received(5, '\0');
    std::error_code first = asio::error::would_block;
    rig.server.async_read_some(
        asio::buffer(received),
        asio::bind_cancellation_slot(signal.slot(),
                                     [&](std::error_code error, std::size_t) { first = error; }));
    // A record in two parts, the read cancelled between them.
    ASSERT_TRUE(rig.client.connection().send(as_bytes("hello")));
    const std::string octets(as_text(rig.client.connection().output()));
    asio::write(rig.client.next_layer(), asio::buffer(octets.substr(0, 9)));
    rig.io.restart();
    rig.io.run_for(std::chrono::milliseconds(10));
    signal.emit(type);
    rig.run();
    EXPECT_EQ(first, asio::error::operation_aborted);

    asio::write(rig.client.next_layer(), asio::buffer(octets.substr(9)));
    EXPECT_EQ(rig.server.read_some(asio::buffer(received)), 5U);
    EXPECT_EQ(received, "hello");
  }
}

TEST(AsioStreamCancellation, OfAHandshakeCanBeFollowedByAnother) {
  Rig rig;
  asio::cancellation_signal signal;
  std::error_code first = asio::error::would_block;
  rig.client.async_handshake(
      asio::bind_cancellation_slot(signal.slot(), [&](std::error_code error) { first = error; }));
  rig.io.run_for(std::chrono::milliseconds(10));
  signal.emit(asio::cancellation_type::total);
  rig.run();
  EXPECT_EQ(first, asio::error::operation_aborted);
  rig.connect();
}

// The peer may have got a part of a record: nothing that follows would make sense to it.
TEST(AsioStreamCancellation, OfAWriteIsTheEndOfWriting) {
  Rig rig;
  rig.connect();
  const std::string data = pattern(8'000'000);
  asio::cancellation_signal signal;
  std::error_code first = asio::error::would_block;
  asio::async_write(rig.client, asio::buffer(data),
                    asio::bind_cancellation_slot(signal.slot(),
                                                 [&](std::error_code error, std::size_t) { first = error; }));
  rig.io.restart();
  rig.io.run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(first, asio::error::would_block) << "nobody reads";
  signal.emit(asio::cancellation_type::terminal);
  rig.run();
  EXPECT_EQ(first, asio::error::operation_aborted);

  std::error_code second = asio::error::would_block;
  rig.client.async_write_some(asio::buffer("x", 1),
                              [&](std::error_code error, std::size_t) { second = error; });
  rig.run();
  EXPECT_EQ(second, asio::error::operation_aborted);
}

TEST(AsioStreamCancellation, OfAWriteThatWaitsForAnotherIsHarmless) {
  Rig rig;
  rig.connect();
  const std::string data = pattern(4'000'000);
  std::string received(data.size() + 1, '\0');
  std::error_code large = asio::error::would_block;
  std::error_code cancelled = asio::error::would_block;
  std::error_code after = asio::error::would_block;
  asio::cancellation_signal signal;
  // Against the rule of one write at a time, but it is how a write meets the answer to a KeyUpdate.
  rig.client.async_write_some(asio::buffer(data), [&](std::error_code error, std::size_t) { large = error; });
  rig.client.async_write_some(
      asio::buffer("y", 1),
      asio::bind_cancellation_slot(signal.slot(), [&](std::error_code e, std::size_t) { cancelled = e; }));
  signal.emit(asio::cancellation_type::total);
  rig.client.async_write_some(asio::buffer("z", 1),
                              [&](std::error_code error, std::size_t) { after = error; });
  asio::async_read(rig.server, asio::buffer(received), asio::transfer_exactly(65'537),
                   [&](std::error_code error, std::size_t) { EXPECT_FALSE(error) << error.message(); });
  rig.run();
  EXPECT_FALSE(large);
  EXPECT_EQ(cancelled, asio::error::operation_aborted);
  EXPECT_FALSE(after);
  EXPECT_EQ(received[65'536], 'z');
}

// ---- look-ups that are answered later ----

TEST(AsioStreamLookup, IsAnsweredFromAnotherThread) {
  Rig rig(client_context(), server_context(later_source()));
  std::thread database;
  std::string asked;
  rig.server.set_psk_lookup([&](const PskQuery& query, PskReply reply) {
    asked = as_text(query.identity);
    database = std::thread([reply = std::move(reply)] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      reply({credential()});
    });
  });
  rig.connect();
  database.join();
  EXPECT_EQ(asked, "alice");
}

TEST(AsioStreamLookup, MayBeAnsweredAtOnce) {
  Rig rig(client_context(), server_context(later_source()));
  rig.server.set_psk_lookup([](const PskQuery&, const PskReply& reply) {
    reply({credential()});
    reply({});  // only the first answer counts
  });
  rig.connect();
}

TEST(AsioStreamLookup, WithoutAnAnswerIsAnUnknownIdentity) {
  Rig rig(client_context(), server_context(later_source()));
  rig.server.set_psk_lookup([](const PskQuery&, const PskReply&) {});
  const auto [client_error, server_error] = rig.shake_hands();
  EXPECT_EQ(server_error, Reason::psk_identity_unknown);
  EXPECT_EQ(client_error, Reason::alert_received);
}

TEST(AsioStreamLookup, FailsWhereNobodyCanBeAsked) {
  Rig rig(client_context(), server_context(later_source()));
  const auto [client_error, server_error] = rig.shake_hands();
  EXPECT_EQ(server_error, Reason::psk_lookup_failed);
  ASSERT_NE(rig.server.last_error(), nullptr);
  EXPECT_EQ(rig.server.last_error()->reason(), Reason::psk_lookup_failed);
  EXPECT_EQ(client_error, Reason::alert_received);
}

TEST(AsioStreamLookup, CanBeCancelledWhileItWaits) {
  Rig rig(client_context(), server_context(later_source()));
  std::optional<PskReply> kept;
  rig.server.set_psk_lookup([&](const PskQuery&, PskReply reply) { kept = std::move(reply); });
  asio::cancellation_signal signal;
  std::error_code server_error = asio::error::would_block;
  rig.server.async_handshake(
      asio::bind_cancellation_slot(signal.slot(), [&](std::error_code error) { server_error = error; }));
  rig.client.async_handshake([](std::error_code) {});
  rig.io.run_for(std::chrono::milliseconds(20));
  ASSERT_TRUE(kept);
  signal.emit(asio::cancellation_type::terminal);
  rig.io.run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(server_error, asio::error::operation_aborted);
  (*kept)({credential()});  // too late, and harmless
  rig.server.next_layer().close();
  rig.run();
}

TEST(AsioStreamLookup, BlocksUntilItIsAnswered) {
  Rig rig(client_context(), server_context(later_source()));
  std::thread database;
  rig.server.set_psk_lookup([&](const PskQuery&, PskReply reply) {
    database = std::thread([reply = std::move(reply)] { reply({credential()}); });
  });
  std::thread server([&] { rig.server.handshake(); });
  rig.client.handshake();
  server.join();
  database.join();
  EXPECT_TRUE(rig.server.connection().handshake_done());
}

}  // namespace
}  // namespace sesame::test
