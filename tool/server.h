// sesame serve at work: listens, runs a coroutine for each connection, follows its key files.
#pragma once

#include <sesame/asio.h>
#include <sesame/context.h>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "deadline.h"
#include "exit_code.h"
#include "live_keys.h"
#include "log.h"
#include "status_page.h"

namespace sesame::tool {

struct ServerOptions {
  std::vector<std::string> addresses;  ///< to listen on; empty: all
  std::uint16_t port = 4433;           ///< 0: any that is free
  bool http = false;
  bool json = false;
  std::size_t max_connections = 1000;
  std::chrono::seconds handshake_timeout{10};
  std::chrono::seconds idle_timeout{300};
};

class Server {
 public:
  Server(const ServerOptions& options, LiveKeys& keys, Log& log);

  /// Listens, and prints where. An error was printed.
  ExitCode listen();
  /// Serves until SIGINT or SIGTERM.
  ExitCode run(std::shared_ptr<const Context> context);

 private:
  using Socket = asio::ip::tcp::socket;
  using Stream = AsioStream<Socket&>;
  // What the log says of a connection when it has ended.
  struct Outcome {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::error_code error;
    bool connected = false;  // the handshake was done
    bool timed_out = false;
  };

  bool listen_on(const asio::ip::tcp::endpoint& endpoint, bool v6_only, std::error_code& error);
  asio::awaitable<void> accept(asio::ip::tcp::acceptor& acceptor);
  asio::awaitable<void> serve(Socket socket, std::string peer);
  asio::awaitable<void> converse(Stream& stream, Deadline& deadline, Outcome& outcome);
  asio::awaitable<void> echo(Stream& stream, Deadline& deadline, Outcome& outcome);
  asio::awaitable<void> answer_http(Stream& stream, Deadline& deadline, Outcome& outcome);
  asio::awaitable<void> linger(Socket& socket, Deadline& deadline);
  asio::awaitable<void> follow_keys();
  asio::awaitable<void> stop_on_signal();
  void log_loaded(const std::expected<LiveKeys::Loaded, LiveKeys::Failure>& loaded);
  void log_outcome(const std::string& peer, const Stream& stream, const Outcome& outcome, double seconds);
  ServerStatus status() const;

  ServerOptions options_;
  LiveKeys& keys_;
  Log& log_;
  std::shared_ptr<const Context> context_;

  asio::io_context io_{1};
  asio::thread_pool reader_{1};  // large key files take their time
  std::vector<asio::ip::tcp::acceptor> acceptors_;
  asio::signal_set signals_{io_};
  asio::steady_timer tick_{io_};
  asio::steady_timer room_{io_};  // cancelled when a connection ends
  std::size_t active_ = 0;        // accepted, and not ended
  std::set<Deadline*> open_;      // theirs
  bool stopping_ = false;
  std::uint64_t accepted_ = 0;
  std::uint64_t failed_ = 0;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace sesame::tool
