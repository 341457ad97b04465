// sesame serve at work: listens, runs a coroutine for each connection, follows its key files.
#pragma once

#include <sesame/asio.h>
#include <sesame/context.h>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "deadline.h"
#include "exit_code.h"
#include "key_watch.h"
#include "listener.h"
#include "live_keys.h"
#include "log.h"
#include "metrics.h"
#include "metrics_server.h"
#include "status_page.h"
#include "tls_options.h"

namespace sesame::tool {

struct ServerOptions {
  std::vector<std::string> addresses;  ///< to listen on; empty: all
  std::uint16_t port = 4433;           ///< 0: any that is free
  bool http = false;
  bool json = false;
  std::string metrics;  ///< ADDRESS:PORT for Prometheus; empty: none
  std::size_t max_connections = 1000;
  std::chrono::seconds handshake_timeout{10};
  std::chrono::seconds idle_timeout{300};
};

class Server {
 public:
  Server(const ServerOptions& options, LiveKeys& keys, Log& log);

  /// SIGHUP makes a new context, for new connections; the function outlives this.
  void renew_with(const MakeContext& make);
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

  asio::awaitable<void> accept(asio::ip::tcp::acceptor& acceptor);
  asio::awaitable<void> serve(Socket socket, std::string peer);
  asio::awaitable<void> converse(Stream& stream, Deadline& deadline, Outcome& outcome);
  asio::awaitable<void> echo(Stream& stream, Deadline& deadline, Outcome& outcome);
  asio::awaitable<void> answer_http(Stream& stream, Deadline& deadline, Outcome& outcome);
  asio::awaitable<void> trim_memory();
  asio::awaitable<void> stop_on_signal();
  void count(const Stream& stream, const Outcome& outcome);
  void log_outcome(const std::string& peer, const Stream& stream, const Outcome& outcome, double seconds);
  ServerStatus status() const;

  ServerOptions options_;
  LiveKeys& keys_;
  Log& log_;
  std::shared_ptr<const Context> context_;

  asio::io_context io_{1};
  Metrics metrics_;
  KeyWatch key_watch_;
  MetricsServer metrics_server_{io_, metrics_};
  Acceptors acceptors_;
  asio::signal_set signals_{io_};
  asio::steady_timer tick_{io_};
  asio::steady_timer room_{io_};  // cancelled when a connection ends
  std::size_t active_ = 0;        // accepted, and not ended
  std::size_t peak_ = 0;          // of these, since memory was last given back
  std::set<Deadline*> open_;      // theirs
  bool stopping_ = false;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace sesame::tool
