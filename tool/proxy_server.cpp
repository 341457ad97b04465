#include "proxy_server.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <csignal>

#include "report.h"

namespace sesame::tool {

using asio::ip::tcp;
using namespace std::chrono_literals;

ProxyServer::ProxyServer(ProxyShared& shared, FollowedKeys& keys)
    : shared_(shared),
      key_watch_(io_, keys, *shared.log, shared.metrics),
      metrics_server_(io_, shared.metrics) {
  for (unsigned i = 0; i < shared_.options.threads; ++i)
    workers_.push_back(std::make_unique<Worker>(shared_));
}

ProxyServer::~ProxyServer() {
  for (const auto& worker : workers_) {
    worker->busy.reset();
    worker->io.stop();
    if (worker->thread.joinable()) worker->thread.join();
  }
}

void ProxyServer::renew_with(const MakeContext& make) {
  key_watch_.on_signal([this, &make]() -> std::expected<void, TlsOptions::Failure> {
    auto made = make();
    if (!made) return std::unexpected(made.error());
    shared_.use(std::move(*made));
    return {};
  });
}

ExitCode ProxyServer::listen() {
  const ProxyOptions& options = shared_.options;
  std::vector<std::string> addresses;
  if (!options.accept.host.empty()) addresses.push_back(options.accept.host);
  auto acceptors = listen_on(io_, addresses, port_number(options.accept.port).value_or(0));
  if (!acceptors) return acceptors.error();
  acceptors_ = std::move(*acceptors);
  if (!options.metrics.empty()) {
    if (const ExitCode code = metrics_server_.listen(options.metrics); code != ExitCode::ok) return code;
  }
  print_listening(acceptors_, options.json);
  metrics_server_.start(options.json);
  return ExitCode::ok;
}

ExitCode ProxyServer::run() {
  const std::size_t sockets = 2 * shared_.options.max_connections;
  for (const auto& worker : workers_) reserve_descriptors(worker->io, sockets / workers_.size() + 1);
  for (const auto& worker : workers_) {
    worker->thread = std::thread([&worker = *worker] { worker.io.run(); });
  }
  for (auto& acceptor : acceptors_) asio::co_spawn(io_, accept(acceptor), asio::detached);
  key_watch_.start();
  asio::co_spawn(io_, trim_memory(), asio::detached);
  asio::co_spawn(io_, stop_on_signal(), asio::detached);
  io_.run();
  const Metrics& metrics = shared_.metrics;
  Json json = Log::event("stopped");
  json.add("accepted", metrics.accepted()).add("failed", metrics.failed());
  json.add("drained", metrics.drained()).add("cut", metrics.cut());
  shared_.log->write(fmt::format("stopped after {}, {} of them failed; {} ended while draining, {} were cut",
                                 counted(metrics.accepted(), "connection"), metrics.failed(),
                                 metrics.drained(), metrics.cut()),
                     json);
  return ExitCode::ok;
}

asio::awaitable<void> ProxyServer::pause(std::chrono::milliseconds time) {
  asio::steady_timer timer(io_, time);
  std::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<void> ProxyServer::accept(tcp::acceptor& acceptor) {
  while (!stopping_) {
    std::error_code error;
    if (shared_.open >= shared_.options.max_connections) {
      // Further clients wait in the system's queue until there is room.
      full_ = true;
      room_.expires_after(shared_.open >= shared_.options.max_connections ? 1000ms : 0ms);
      co_await room_.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    // A connection stays on its thread, so nothing of it needs a lock.
    Worker& worker = *workers_[next_++ % workers_.size()];
    Socket socket =
        co_await acceptor.async_accept(worker.io, asio::redirect_error(asio::use_awaitable, error));
    if (stopping_) co_return;
    if (!error) {
      hand_over(worker, std::move(socket));
      continue;
    }
    if (error == asio::error::connection_aborted) continue;
    // Out of file descriptors, most likely: serve those that we have, and try again.
    Json json = Log::event("accept_failed");
    add_error(json, error, "Raise the limit of open files (ulimit -n), or lower --max-connections.");
    shared_.log->write(fmt::format("cannot accept: {}", error.message()), json);
    co_await pause(100ms);
  }
}

void ProxyServer::hand_over(Worker& worker, Socket socket) {
  shared_.metrics.add_accepted();
  shared_.metrics.add_open(1);
  peak_ = std::max<std::size_t>(peak_, ++shared_.open);
  auto ended = [this] {
    --shared_.open;
    shared_.metrics.add_open(-1);
    if (full_.exchange(false)) asio::post(io_, [this] { room_.cancel(); });
  };
  asio::post(worker.io, [&worker, socket = std::move(socket), ended = std::move(ended)]() mutable {
    worker.begin(std::move(socket), std::move(ended));
  });
}

// ---- the end ----

asio::awaitable<void> ProxyServer::stop_on_signal() {
  signals_.add(SIGINT);
  signals_.add(SIGTERM);
  std::error_code error;
  co_await signals_.async_wait(asio::redirect_error(asio::use_awaitable, error));
  stopping_ = true;
  shared_.draining = true;
  shared_.metrics.set_draining();
  for (auto& acceptor : acceptors_) acceptor.close(error);
  room_.cancel();
  tick_.cancel();
  key_watch_.stop();
  // A second signal ends the program at once.
  signals_.clear(error);
  co_await drain();
  metrics_server_.stop();
}

asio::awaitable<void> ProxyServer::drain() {
  Json json = Log::event("draining");
  json.add("open", shared_.open.load()).add("seconds", seconds(shared_.options.drain_timeout));
  shared_.log->write(
      fmt::format("draining: {} may end within {:.0f} s", counted(shared_.open, "open connection"),
                  seconds(shared_.options.drain_timeout)),
      json);
  const auto end = std::chrono::steady_clock::now() + shared_.options.drain_timeout;
  while (shared_.open != 0 && std::chrono::steady_clock::now() < end) co_await pause(20ms);
  // What is left ends in milliseconds, but for a peer that is told of a failure just now.
  for (const auto& worker : workers_) asio::post(worker->io, [&worker = *worker] { worker.cut_all(); });
  for (int i = 0; i < 100 && shared_.open != 0; ++i) co_await pause(20ms);
}

// What many connections held is the allocator's to give back when most of them have gone; by itself it keeps
// it.
asio::awaitable<void> ProxyServer::trim_memory() {
  constexpr std::size_t worth_it = 64;
  while (!stopping_) {
    std::error_code error;
    tick_.expires_after(1s);
    co_await tick_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (peak_ < worth_it || shared_.open > peak_ / 2) continue;
    ::malloc_trim(0);
    peak_ = shared_.open;
  }
}

}  // namespace sesame::tool
