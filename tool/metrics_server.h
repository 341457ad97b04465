// Answers HTTP requests for /metrics on an address of its own, without TLS: it belongs on a network that is
// trusted.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <cstddef>
#include <string>

#include "exit_code.h"
#include "listener.h"
#include "metrics.h"

namespace sesame::tool {

class MetricsServer {
 public:
  /// `metrics` outlives this.
  MetricsServer(asio::io_context& io, const Metrics& metrics) : io_(io), metrics_(metrics) {}

  /// "ADDRESS:PORT", or a port of 127.0.0.1. An error was printed.
  ExitCode listen(const std::string& address);
  /// Prints "metrics on ADDRESS:PORT", and begins to answer.
  void start(bool json);
  void stop();

 private:
  asio::awaitable<void> accept(asio::ip::tcp::acceptor& acceptor);
  asio::awaitable<void> answer(asio::ip::tcp::socket socket);

  asio::io_context& io_;
  const Metrics& metrics_;
  Acceptors acceptors_;
  std::size_t open_ = 0;
};

}  // namespace sesame::tool
