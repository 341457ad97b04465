// AsioStream: data, ends, errors and buffers.
#include <numeric>
#include <thread>

#include "rig.h"

namespace sesame::test {
namespace {

using asio::awaitable;
using asio::use_awaitable;

constexpr auto in_progress = [] { return std::error_code(asio::error::would_block); };

TEST(AsioStream, CarriesDataBothWaysWithCallbacks) {
  Rig rig;
  rig.connect();
  std::string received(5, '\0');
  std::string echoed(5, '\0');
  asio::async_read(rig.server, asio::buffer(received), [&](std::error_code error, std::size_t size) {
    EXPECT_FALSE(error);
    EXPECT_EQ(size, 5U);
    asio::async_write(rig.server, asio::buffer(received),
                      [](std::error_code e, std::size_t) { EXPECT_FALSE(e); });
  });
  asio::async_write(rig.client, asio::buffer("hello", 5), [&](std::error_code error, std::size_t size) {
    EXPECT_FALSE(error);
    EXPECT_EQ(size, 5U);
    asio::async_read(rig.client, asio::buffer(echoed),
                     [](std::error_code e, std::size_t) { EXPECT_FALSE(e); });
  });
  rig.run();
  EXPECT_EQ(received, "hello");
  EXPECT_EQ(echoed, "hello");
  EXPECT_EQ(as_text(rig.server.connection().psk_identity()), "alice");
  EXPECT_EQ(rig.client.last_error(), nullptr);
}

// Both directions at once, more than the sockets' buffers hold.
TEST(AsioStream, CarriesLargeTransfersInBothDirectionsAtOnce) {
  Rig rig;
  rig.connect();
  const std::string data = pattern(3'000'000);
  std::string at_server(data.size(), '\0');
  std::string at_client(data.size(), '\0');
  int done = 0;
  const auto expect_done = [&](std::error_code error, std::size_t size) {
    EXPECT_FALSE(error) << error.message();
    EXPECT_EQ(size, data.size());
    ++done;
  };
  asio::async_write(rig.client, asio::buffer(data), expect_done);
  asio::async_write(rig.server, asio::buffer(data), expect_done);
  asio::async_read(rig.client, asio::buffer(at_client), expect_done);
  asio::async_read(rig.server, asio::buffer(at_server), expect_done);
  rig.run();
  EXPECT_EQ(done, 4);
  EXPECT_TRUE(at_server == data);
  EXPECT_TRUE(at_client == data);
}

TEST(AsioStream, UpdatesKeysWhileBothSidesSend) {
  ContextOptions options;
  options.limits.records_per_key = 5;
  Rig rig(client_context({credential()}, options), server_context(source_of({credential()}), options));
  rig.connect();
  const std::string data = pattern(1'000'000);
  std::string at_server(data.size(), '\0');
  std::string at_client(data.size(), '\0');
  int done = 0;
  const auto expect_done = [&](std::error_code error, std::size_t) {
    EXPECT_FALSE(error) << error.message();
    ++done;
    (void)rig.client.connection().update_keys(true);
  };
  asio::async_write(rig.client, asio::buffer(data), expect_done);
  asio::async_write(rig.server, asio::buffer(data), expect_done);
  asio::async_read(rig.client, asio::buffer(at_client), expect_done);
  asio::async_read(rig.server, asio::buffer(at_server), expect_done);
  rig.run();
  EXPECT_EQ(done, 4);
  EXPECT_TRUE(at_server == data);
  EXPECT_TRUE(at_client == data);
}

// The answer to a KeyUpdate goes out although this side only reads.
TEST(AsioStream, AnswersAKeyUpdateWhileItOnlyReads) {
  Rig rig;
  rig.connect();
  std::string at_server(2, '\0');
  std::string at_client(1, '\0');
  bool server_read = false;
  ASSERT_TRUE(rig.client.connection().update_keys(true));
  asio::async_read(rig.server, asio::buffer(at_server),
                   [&](std::error_code, std::size_t) { server_read = true; });
  asio::async_write(rig.client, asio::buffer("a", 1),
                    [](std::error_code error, std::size_t) { EXPECT_FALSE(error); });
  rig.io.restart();
  rig.io.run_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(server_read);
  EXPECT_GT(rig.client.next_layer().available(), 0U) << "the server's KeyUpdate";
  asio::async_write(rig.client, asio::buffer("b", 1),
                    [](std::error_code error, std::size_t) { EXPECT_FALSE(error); });
  rig.run();
  EXPECT_EQ(at_server, "ab");
}

TEST(AsioStream, WorksWithCoroutinesAndUntilReads) {
  Rig rig;
  std::string line;
  asio::co_spawn(
      rig.io,
      [&]() -> awaitable<void> {
        co_await rig.server.async_handshake(use_awaitable);
        const std::size_t size =
            co_await asio::async_read_until(rig.server, asio::dynamic_buffer(line), '\n', use_awaitable);
        co_await asio::async_write(rig.server, asio::buffer(line.data(), size), use_awaitable);
        co_await rig.server.async_shutdown(use_awaitable);
      },
      [](const std::exception_ptr& exception) { EXPECT_EQ(exception, nullptr); });
  std::string echoed;
  asio::co_spawn(
      rig.io,
      [&]() -> awaitable<void> {
        co_await rig.client.async_handshake(use_awaitable);
        const std::string_view text = "one line\n";
        co_await asio::async_write(rig.client, asio::buffer(text), use_awaitable);
        co_await asio::async_read_until(rig.client, asio::dynamic_buffer(echoed), '\n', use_awaitable);
      },
      [](const std::exception_ptr& exception) { EXPECT_EQ(exception, nullptr); });
  rig.run();
  EXPECT_EQ(echoed, "one line\n");
}

TEST(AsioStream, BlocksWhereItIsToldTo) {
  Rig rig;
  std::string received;
  std::thread server([&] {
    rig.server.handshake();
    std::error_code error;
    asio::read(rig.server, asio::dynamic_buffer(received), error);
    EXPECT_EQ(error, asio::error::eof);
    asio::write(rig.server, asio::buffer("got it", 6));
    rig.server.shutdown();
  });
  rig.client.handshake();
  asio::write(rig.client, asio::buffer("hello", 5));
  rig.client.shutdown();
  std::string answer;
  std::error_code error;
  asio::read(rig.client, asio::dynamic_buffer(answer), error);
  server.join();
  EXPECT_EQ(error, asio::error::eof);
  EXPECT_EQ(received, "hello");
  EXPECT_EQ(answer, "got it");
}

TEST(AsioStream, ThrowsTheReasonWithoutAnErrorCode) {
  Rig rig(client_context({credential("alice", "not the key of the server's side")}));
  std::thread server([&] {
    std::error_code error;
    rig.server.handshake(error);
    EXPECT_EQ(error, Reason::psk_binder_mismatch);
  });
  try {
    rig.client.handshake();
    ADD_FAILURE() << "the keys differ";
  } catch (const std::system_error& error) {
    EXPECT_EQ(reason_of(error.code()), Reason::alert_received);
  }
  server.join();
}

TEST(AsioStream, WorksOneOctetAtATime) {
  asio::io_context io;
  Socket a(io);
  Socket b(io);
  asio::local::connect_pair(a, b);
  AsioStream<Trickle> client(Trickle(std::move(a)), Connection::client(client_context()).value());
  AsioStream<Trickle> server(Trickle(std::move(b)), Connection::server(server_context()).value());
  const std::string data = pattern(20'000);
  std::string received(data.size(), '\0');
  int done = 0;
  client.async_handshake([&](std::error_code error) {
    EXPECT_FALSE(error) << error.message();
    asio::async_write(client, asio::buffer(data), [&](std::error_code e, std::size_t) {
      EXPECT_FALSE(e);
      ++done;
    });
  });
  server.async_handshake([&](std::error_code error) {
    EXPECT_FALSE(error) << error.message();
    asio::async_read(server, asio::buffer(received), [&](std::error_code e, std::size_t) {
      EXPECT_FALSE(e);
      ++done;
    });
  });
  io.run_for(std::chrono::seconds(10));
  EXPECT_EQ(done, 2);
  EXPECT_TRUE(received == data);
}

TEST(AsioStream, GivesALargeRecordInPieces) {
  Rig rig;
  rig.connect();
  const std::string data = pattern(10'000);
  std::string received;
  asio::async_write(rig.client, asio::buffer(data),
                    [](std::error_code error, std::size_t) { EXPECT_FALSE(error); });
  asio::co_spawn(
      rig.io,
      [&]() -> awaitable<void> {
        while (received.size() < data.size()) {
          std::array<char, 3> first;
          std::array<char, 4> second;
          const std::array<asio::mutable_buffer, 3> buffers = {asio::buffer(first), asio::mutable_buffer(),
                                                               asio::buffer(second)};
          const std::size_t size = co_await rig.server.async_read_some(buffers, use_awaitable);
          EXPECT_LE(size, 7U);
          received.append(first.data(), std::min<std::size_t>(size, 3));
          if (size > 3) received.append(second.data(), size - 3);
        }
      },
      asio::detached);
  rig.run();
  EXPECT_TRUE(received == data);
}

TEST(AsioStream, PutsSmallPiecesIntoOneRecord) {
  Rig rig;
  rig.connect();
  const std::array<asio::const_buffer, 4> pieces = {asio::buffer("he", 2), asio::const_buffer(),
                                                    asio::buffer("ll", 2), asio::buffer("o", 1)};
  std::size_t written = 0;
  rig.client.async_write_some(pieces, [&](std::error_code error, std::size_t size) {
    EXPECT_FALSE(error);
    written = size;
  });
  rig.run();
  EXPECT_EQ(written, 5U);
  EXPECT_EQ(rig.server.next_layer().available(), rig.client.connection().sealed_size(5));
}

TEST(AsioStream, WritesPartOfWhatIsVeryLarge) {
  Rig rig;
  rig.connect();
  const std::string data = pattern(200'000);
  std::size_t written = 0;
  std::string received(200'000, '\0');
  rig.client.async_write_some(asio::buffer(data), [&](std::error_code error, std::size_t size) {
    EXPECT_FALSE(error);
    written = size;
    rig.client.next_layer().close();
  });
  std::size_t read = 0;
  asio::async_read(rig.server, asio::buffer(received),
                   [&](std::error_code, std::size_t size) { read = size; });
  rig.run();
  EXPECT_EQ(written, 65'536U);
  EXPECT_EQ(read, written);
  EXPECT_EQ(received.substr(0, read), data.substr(0, read));
}

TEST(AsioStream, EmptyBuffersAreDoneAtOnce) {
  Rig rig;
  rig.connect();
  int done = 0;
  rig.client.async_read_some(asio::mutable_buffer(), [&](std::error_code error, std::size_t size) {
    EXPECT_FALSE(error);
    EXPECT_EQ(size, 0U);
    ++done;
  });
  rig.client.async_write_some(asio::const_buffer(), [&](std::error_code error, std::size_t size) {
    EXPECT_FALSE(error);
    EXPECT_EQ(size, 0U);
    ++done;
  });
  rig.run();
  EXPECT_EQ(done, 2);
}

// ---- ends ----

TEST(AsioStream, SaysEofAfterCloseNotifyOnly) {
  Rig rig;
  rig.connect();
  char octet = 0;
  std::error_code read_error = in_progress();
  rig.server.async_read_some(asio::buffer(&octet, 1),
                             [&](std::error_code error, std::size_t) { read_error = error; });
  rig.client.async_shutdown([](std::error_code error) { EXPECT_FALSE(error); });
  rig.run();
  EXPECT_EQ(read_error, asio::error::eof);

  // The other direction stays open.
  std::string received(3, '\0');
  asio::async_write(rig.server, asio::buffer("yes", 3),
                    [](std::error_code error, std::size_t) { EXPECT_FALSE(error); });
  asio::async_read(rig.client, asio::buffer(received),
                   [](std::error_code error, std::size_t) { EXPECT_FALSE(error); });
  rig.run();
  EXPECT_EQ(received, "yes");

  std::error_code write_error = in_progress();
  rig.client.async_write_some(asio::buffer("no", 2),
                              [&](std::error_code error, std::size_t) { write_error = error; });
  rig.run();
  EXPECT_EQ(write_error, Reason::write_closed);
  ASSERT_NE(rig.client.last_error(), nullptr);
  EXPECT_EQ(rig.client.last_error()->reason(), Reason::write_closed);
}

TEST(AsioStream, SaysTruncatedWhereTheTransportEnds) {
  Rig rig;
  rig.connect();
  std::string received(8, '\0');
  std::size_t size = 0;
  std::error_code read_error = in_progress();
  asio::async_write(rig.client, asio::buffer("half", 4),
                    [&](std::error_code, std::size_t) { rig.client.next_layer().close(); });
  asio::async_read(rig.server, asio::buffer(received), [&](std::error_code error, std::size_t n) {
    read_error = error;
    size = n;
  });
  rig.run();
  EXPECT_EQ(read_error, Reason::truncated);
  EXPECT_NE(read_error, asio::error::eof);
  EXPECT_EQ(received.substr(0, size), "half");
  ASSERT_NE(rig.server.last_error(), nullptr);
  EXPECT_EQ(rig.server.last_error()->reason(), Reason::truncated);
}

TEST(AsioStream, SaysTruncatedWhereTheTransportEndsInTheHandshake) {
  Rig rig;
  std::error_code server_error = in_progress();
  rig.server.async_handshake([&](std::error_code error) { server_error = error; });
  rig.client.next_layer().close();
  rig.run();
  EXPECT_EQ(server_error, Reason::truncated);
}

TEST(AsioStream, ReportsARecordThatDoesNotOpenAndSendsItsAlert) {
  Rig rig;
  rig.connect();
  std::array<std::uint8_t, 27> forged = {23, 3, 3, 0, 22};
  asio::write(rig.client.next_layer(), asio::buffer(forged));
  char octet = 0;
  std::error_code server_error = in_progress();
  rig.server.async_read_some(asio::buffer(&octet, 1),
                             [&](std::error_code error, std::size_t) { server_error = error; });
  rig.run();
  EXPECT_EQ(server_error, Reason::record_mac_wrong);
  EXPECT_EQ(rig.server.last_error()->alert(), Alert::bad_record_mac);

  std::error_code client_error = in_progress();
  rig.client.async_read_some(asio::buffer(&octet, 1),
                             [&](std::error_code error, std::size_t) { client_error = error; });
  rig.run();
  EXPECT_EQ(client_error, Reason::alert_received);
  ASSERT_NE(rig.client.last_error(), nullptr);
  EXPECT_EQ(rig.client.last_error()->alert(), Alert::bad_record_mac);
}

// Data in front of what fails is not lost, and the failure is told behind it.
TEST(AsioStream, GivesTheDataInFrontOfAFailure) {
  Rig rig;
  rig.connect();
  ASSERT_TRUE(rig.client.connection().send(as_bytes("good")));
  std::string octets(as_text(rig.client.connection().output()));
  octets += std::string("\x17\x03\x03\x00\x16", 5) + std::string(22, 'x');
  asio::write(rig.client.next_layer(), asio::buffer(octets));
  std::string received(100, '\0');
  std::size_t size = 0;
  std::error_code first = in_progress();
  rig.server.async_read_some(asio::buffer(received), [&](std::error_code error, std::size_t n) {
    first = error;
    size = n;
  });
  rig.run();
  EXPECT_FALSE(first);
  EXPECT_EQ(received.substr(0, size), "good");
  std::error_code second = in_progress();
  rig.server.async_read_some(asio::buffer(received),
                             [&](std::error_code error, std::size_t) { second = error; });
  rig.run();
  EXPECT_EQ(second, Reason::record_mac_wrong);
}

TEST(AsioStream, ToldApartOnBothSidesWhoseKeyIsWrong) {
  Rig rig(client_context({credential("alice", "not the key of the server's side")}));
  const auto [client_error, server_error] = rig.shake_hands();
  EXPECT_EQ(server_error, Reason::psk_binder_mismatch);
  EXPECT_EQ(client_error, Reason::alert_received);
  ASSERT_NE(rig.client.last_error(), nullptr);
  EXPECT_EQ(rig.client.last_error()->alert(), Alert::decrypt_error);
  EXPECT_TRUE(rig.client.last_error()->from_peer());
  EXPECT_FALSE(rig.server.last_error()->from_peer());
}

TEST(AsioStream, RefusesDataBeforeTheHandshake) {
  Rig rig;
  std::error_code read_error = in_progress();
  std::error_code write_error = in_progress();
  char octet = 0;
  rig.server.async_read_some(asio::buffer(&octet, 1),
                             [&](std::error_code error, std::size_t) { read_error = error; });
  rig.server.async_write_some(asio::buffer("x", 1),
                              [&](std::error_code error, std::size_t) { write_error = error; });
  rig.run();
  EXPECT_EQ(read_error, Reason::not_connected);
  EXPECT_EQ(write_error, Reason::not_connected);
}

// ---- buffers ----

TEST(AsioStream, HoldsNoBuffersWhileItIsIdle) {
  Rig rig;
  rig.connect();
  EXPECT_EQ(rig.client.buffer_octets(), 0U);
  EXPECT_EQ(rig.server.buffer_octets(), 0U);

  const std::string data = pattern(1'000'001);
  std::string received(data.size(), '\0');
  std::size_t most = 0;
  asio::async_write(rig.client, asio::buffer(data),
                    [](std::error_code error, std::size_t) { EXPECT_FALSE(error); });
  asio::async_read(
      rig.server, asio::buffer(received),
      [&](std::error_code error, std::size_t) {
        most = std::max(most, rig.server.buffer_octets());
        return error ? std::size_t(0) : std::size_t(65'536);
      },
      [](std::error_code error, std::size_t) { EXPECT_FALSE(error); });
  rig.run();
  EXPECT_TRUE(received == data);
  EXPECT_GT(most, 16'384U);
  EXPECT_LE(most, 65'536U);

  // Idle means: waiting for the peer's next octet.
  char octet = 0;
  bool read = false;
  rig.server.async_read_some(asio::buffer(&octet, 1), [&](std::error_code, std::size_t) { read = true; });
  rig.io.restart();
  rig.io.run_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(read);
  EXPECT_EQ(rig.client.buffer_octets(), 0U);
  EXPECT_EQ(rig.server.buffer_octets(), 0U);
}

// A length is only said: memory comes with the octets.
TEST(AsioStream, ADeclaredLengthTakesNoMemory) {
  Rig rig;
  rig.server.async_handshake([](std::error_code) {});
  const std::array<std::uint8_t, 9> header = {22, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc};
  asio::write(rig.client.next_layer(), asio::buffer(header));
  rig.io.run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(rig.server.buffer_octets(), 0U);
  const std::string some(1000, '\0');
  asio::write(rig.client.next_layer(), asio::buffer(some));
  rig.io.run_for(std::chrono::milliseconds(20));
  EXPECT_LE(rig.server.buffer_octets(), 4096U);
  rig.server.next_layer().close();
  rig.run();
}

TEST(AsioStream, CanBeMovedWhileNothingIsUnderWay) {
  Rig rig;
  rig.connect();
  asio::write(rig.client, asio::buffer("both", 4));
  char first[2];
  EXPECT_EQ(rig.server.read_some(asio::buffer(first)), 2U);
  AsioStream<Socket> moved(std::move(rig.server));
  char second[2];
  EXPECT_EQ(moved.read_some(asio::buffer(second)), 2U);
  EXPECT_EQ(std::string(first, 2) + std::string(second, 2), "both");
}

// ---- the category ----

TEST(ErrorCode, NamesItsReasonAndIsNeverSuccess) {
  for (int i = 0; i <= static_cast<int>(Reason::internal_error); ++i) {
    const auto reason = static_cast<Reason>(i);
    const std::error_code code = reason;
    EXPECT_TRUE(code) << name(reason);
    EXPECT_EQ(reason_of(code), reason);
    EXPECT_EQ(code.message(), Error(reason).message());
  }
  EXPECT_STREQ(error_category().name(), "sesame");
  EXPECT_EQ(reason_of(asio::error::eof), std::nullopt);
  EXPECT_EQ(reason_of({}), std::nullopt);
}

}  // namespace
}  // namespace sesame::test
