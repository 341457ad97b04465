// sesame proxy at work: the thread that accepts, watches keys and signals, and the threads that its
// connections live on.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "exit_code.h"
#include "key_watch.h"
#include "listener.h"
#include "metrics_server.h"
#include "relay.h"
#include "tls_options.h"

namespace sesame::tool {

class ProxyServer {
 public:
  /// What is given outlives this.
  ProxyServer(ProxyShared& shared, FollowedKeys& keys);
  ~ProxyServer();

  /// SIGHUP makes a new context, for new connections; the function outlives this.
  void renew_with(const MakeContext& make);
  /// Listens, and prints where. An error was printed.
  ExitCode listen();
  /// Until SIGINT or SIGTERM, and until connections have ended or the time for that is over.
  ExitCode run();

 private:
  using Socket = asio::ip::tcp::socket;
  struct Worker : ProxyWorker {
    using ProxyWorker::ProxyWorker;
    asio::executor_work_guard<asio::io_context::executor_type> busy{io.get_executor()};
    std::thread thread;
  };

  asio::awaitable<void> accept(asio::ip::tcp::acceptor& acceptor);
  void hand_over(Worker& worker, Socket socket);
  asio::awaitable<void> stop_on_signal();
  asio::awaitable<void> drain();
  asio::awaitable<void> trim_memory();
  asio::awaitable<void> pause(std::chrono::milliseconds time);

  ProxyShared& shared_;
  asio::io_context io_{1};
  KeyWatch key_watch_;
  MetricsServer metrics_server_;
  Acceptors acceptors_;
  asio::signal_set signals_{io_};
  asio::steady_timer room_{io_};  // cancelled when a connection ends and others wait for that
  asio::steady_timer tick_{io_};
  std::atomic<bool> full_ = false;
  bool stopping_ = false;
  std::size_t peak_ = 0;
  std::size_t next_ = 0;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace sesame::tool
