// Two streams over a pair of connected sockets, and a transport that gives and takes little at a time.
#pragma once

#include <gtest/gtest.h>
#include <sesame/asio.h>
#include <sesame/sesame.h>

#include <asio.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sesame::test {

using Socket = asio::local::stream_protocol::socket;

/// A transport over a socket that reads and writes at most `at_once` octets in one call.
class Trickle {
 public:
  using executor_type = Socket::executor_type;
  using lowest_layer_type = Socket::lowest_layer_type;

  explicit Trickle(Socket socket, std::size_t at_once = 1) : socket_(std::move(socket)), at_once_(at_once) {}
  executor_type get_executor() { return socket_.get_executor(); }
  lowest_layer_type& lowest_layer() { return socket_.lowest_layer(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return socket_.async_read_some(asio::buffer(*asio::buffer_sequence_begin(buffers), at_once_),
                                   std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return socket_.async_write_some(asio::buffer(*asio::buffer_sequence_begin(buffers), at_once_),
                                    std::forward<Token>(token));
  }

 private:
  Socket socket_;
  std::size_t at_once_;
};

inline Credential credential(std::string_view identity = "alice",
                             std::string_view key = "an octet string of 32 octets ...") {
  return Credential::create({.identity = as_bytes(identity), .key = as_bytes(key), .usage = PskUsage::tls13})
      .value();
}

inline std::shared_ptr<const Context> client_context(std::vector<Credential> keys = {credential()},
                                                     ContextOptions options = {}) {
  options.credentials = std::move(keys);
  return Context::create(std::move(options)).value();
}

inline std::shared_ptr<PskSource> source_of(std::vector<Credential> keys) {
  return make_psk_source([keys = std::move(keys)](const PskQuery& query, PskAnswer& answer) {
    for (const auto& key : keys) {
      if (as_text(key.identity()) == as_text(query.identity)) answer.add(key);
    }
  });
}

inline std::shared_ptr<const Context> server_context(
    std::shared_ptr<PskSource> source = source_of({credential()}), ContextOptions options = {}) {
  options.psk_source = std::move(source);
  return Context::create(std::move(options)).value();
}

/// A source that always answers "later".
inline std::shared_ptr<PskSource> later_source() {
  return make_psk_source([](const PskQuery&, PskAnswer& answer) { answer.later(); });
}

struct Rig {
  explicit Rig(std::shared_ptr<const Context> client_side = client_context(),
               std::shared_ptr<const Context> server_side = server_context())
      : client(Socket(io), Connection::client(std::move(client_side)).value()),
        server(Socket(io), Connection::server(std::move(server_side)).value()) {
    asio::local::connect_pair(client.next_layer(), server.next_layer());
  }

  /// Runs what was started to its end; fails the test if that takes more than ten seconds.
  void run() {
    io.restart();
    io.run_for(std::chrono::seconds(10));
    EXPECT_TRUE(io.stopped()) << "something waits for ever";
  }

  /// Both handshakes; their outcomes.
  std::pair<std::error_code, std::error_code> shake_hands() {
    std::pair<std::error_code, std::error_code> out = {asio::error::would_block, asio::error::would_block};
    client.async_handshake([&](std::error_code error) { out.first = error; });
    server.async_handshake([&](std::error_code error) { out.second = error; });
    run();
    return out;
  }
  /// A handshake that has to succeed.
  void connect() {
    const auto [client_error, server_error] = shake_hands();
    ASSERT_FALSE(client_error) << client_error.message();
    ASSERT_FALSE(server_error) << server_error.message();
  }

  asio::io_context io;
  AsioStream<Socket> client;
  AsioStream<Socket> server;
};

/// `size` octets that a shift or a repetition would change.
inline std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  std::uint32_t state = 1;
  for (char& c : out) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return out;
}

}  // namespace sesame::test
