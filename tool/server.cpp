#include "server.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <csignal>

#include "report.h"

namespace sesame::tool {

using asio::ip::tcp;
using namespace std::chrono_literals;

Server::Server(const ServerOptions& options, LiveKeys& keys, Log& log)
    : options_(options), keys_(keys), log_(log), key_watch_(io_, keys, log, metrics_) {}

void Server::renew_with(const MakeContext& make) {
  key_watch_.on_signal([this, &make]() -> std::expected<void, TlsOptions::Failure> {
    auto made = make();
    if (!made) return std::unexpected(made.error());
    context_ = std::move(*made);
    return {};
  });
}

ExitCode Server::listen() {
  auto acceptors = listen_on(io_, options_.addresses, options_.port);
  if (!acceptors) return acceptors.error();
  acceptors_ = std::move(*acceptors);
  if (!options_.metrics.empty()) {
    if (const ExitCode code = metrics_server_.listen(options_.metrics); code != ExitCode::ok) return code;
  }
  print_listening(acceptors_, options_.json);
  metrics_server_.start(options_.json);
  return ExitCode::ok;
}

// ---- running ----

ExitCode Server::run(std::shared_ptr<const Context> context) {
  context_ = std::move(context);
  reserve_descriptors(io_, options_.max_connections);
  for (auto& acceptor : acceptors_) asio::co_spawn(io_, accept(acceptor), asio::detached);
  key_watch_.start();
  asio::co_spawn(io_, trim_memory(), asio::detached);
  asio::co_spawn(io_, stop_on_signal(), asio::detached);
  io_.run();
  Json json = Log::event("stopped");
  json.add("accepted", metrics_.accepted()).add("failed", metrics_.failed());
  log_.write(fmt::format("stopped after {}, {} of them failed", counted(metrics_.accepted(), "connection"),
                         metrics_.failed()),
             json);
  return ExitCode::ok;
}

asio::awaitable<void> Server::accept(tcp::acceptor& acceptor) {
  while (!stopping_) {
    std::error_code error;
    if (active_ >= options_.max_connections) {
      // Further clients wait in the system's queue until there is room.
      room_.expires_at(asio::steady_timer::time_point::max());
      co_await room_.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    Socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (stopping_) co_return;
    std::string peer;
    if (!error) peer = endpoint_text(socket.remote_endpoint(error));
    if (!error) {
      metrics_.add_accepted();
      metrics_.add_open(1);
      peak_ = std::max(peak_, ++active_);
      asio::co_spawn(io_, serve(std::move(socket), std::move(peer)), asio::detached);
      continue;
    }
    if (error == asio::error::connection_aborted || error == asio::error::not_connected) continue;
    // Out of file descriptors, most likely: serve those that we have, and try again.
    Json json = Log::event("accept_failed");
    add_error(json, error, "Raise the limit of open files (ulimit -n), or lower --max-connections.");
    log_.write(fmt::format("cannot accept: {}", error.message()), json);
    asio::steady_timer pause(io_, 100ms);
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
}

asio::awaitable<void> Server::stop_on_signal() {
  signals_.add(SIGINT);
  signals_.add(SIGTERM);
  std::error_code error;
  co_await signals_.async_wait(asio::redirect_error(asio::use_awaitable, error));
  stopping_ = true;
  for (auto& acceptor : acceptors_) acceptor.close(error);
  metrics_server_.stop();
  key_watch_.stop();
  tick_.cancel();
  room_.cancel();
  for (Deadline* deadline : open_) deadline->expire();
  // A second signal ends the program at once.
  signals_.clear(error);
}

// What many connections held is the allocator's to give back when most of them have gone; by itself it keeps
// it.
asio::awaitable<void> Server::trim_memory() {
  constexpr std::size_t worth_it = 64;
  while (!stopping_) {
    std::error_code error;
    tick_.expires_after(1s);
    co_await tick_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (peak_ < worth_it || active_ > peak_ / 2) continue;
    ::malloc_trim(0);
    peak_ = active_;
  }
}

ServerStatus Server::status() const {
  const auto statistics = keys_.keyring()->statistics();
  return {.up = std::chrono::steady_clock::now() - started_,
          .accepted = metrics_.accepted(),
          .failed = metrics_.failed(),
          .open = active_,
          .identities = statistics.identities,
          .keys = statistics.keys};
}

}  // namespace sesame::tool
