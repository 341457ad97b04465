// The clients: good ones, which shake hands and send something every now and then, and bad ones, which stall
// in one of several ways.
#pragma once

#include <sesame/asio.h>
#include <sesame/sesame.h>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <chrono>
#include <string>
#include <vector>

namespace sesame::load {

using Clock = std::chrono::steady_clock;

/// What became of them so far.
struct Counts {
  unsigned good = 0;         ///< asked for
  unsigned good_open = 0;    ///< handshake done, and not ended
  unsigned good_failed = 0;  ///< no handshake, or a wrong echo, or cut
  unsigned good_ended = 0;   ///< with close_notify from both sides
  unsigned bad = 0;
  unsigned bad_open = 0;  ///< connected, and not shed by the server
  unsigned bad_shed = 0;
  unsigned bad_refused = 0;         ///< could not even connect
  std::vector<double> handshakes;   ///< milliseconds from connect() to the end of the handshake
  std::vector<double> round_trips;  ///< milliseconds of an echo
};

class Crowd {
 public:
  Crowd(asio::io_context& io, unsigned port, const std::string& key_line);

  /// Opens `count` connections, every second one bad, a few hundred at a time.
  asio::awaitable<void> open(unsigned count, bool with_bad);
  /// The good ones end, each behind what it is doing.
  void end() { ending_ = true; }
  /// One connection more, from connect() to the echo of one message. Milliseconds; negative: it failed.
  asio::awaitable<double> probe();

  const Counts& counts() const { return counts_; }

 private:
  using Socket = asio::ip::tcp::socket;
  enum class Badness : std::uint8_t { silent, part_of_a_record, no_finished, garbage, drip };
  static constexpr unsigned badnesses = 5;

  asio::awaitable<void> good(unsigned number);
  asio::awaitable<void> bad(unsigned number);
  asio::awaitable<bool> connect(Socket& socket, unsigned number);
  asio::awaitable<bool> echo(AsioStream<Socket>& stream, unsigned number, unsigned round);
  std::string client_hello() const;

  asio::io_context& io_;
  unsigned port_;
  std::shared_ptr<const Context> context_;
  Counts counts_;
  unsigned under_way_ = 0;  // connecting, or in the handshake
  bool ending_ = false;
};

}  // namespace sesame::load
