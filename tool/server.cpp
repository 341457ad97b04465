#include "server.h"

#include <fmt/format.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <csignal>

#include "report.h"

namespace sesame::tool {

using asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

std::string endpoint_text(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  // An IPv4 client of a socket for both families.
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    const auto v4 = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    return fmt::format("{}:{}", v4.to_string(), endpoint.port());
  }
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", endpoint.address().to_string(), endpoint.port())
                                    : fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
}

}  // namespace

Server::Server(const ServerOptions& options, LiveKeys& keys, Log& log)
    : options_(options), keys_(keys), log_(log) {}

// ---- listening ----

bool Server::listen_on(const tcp::endpoint& endpoint, bool v6_only, std::error_code& error) {
  tcp::acceptor acceptor(io_);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(v6_only), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) return false;
  // With --port 0 all addresses get the port that the first one got.
  options_.port = acceptor.local_endpoint().port();
  acceptors_.push_back(std::move(acceptor));
  return true;
}

ExitCode Server::listen() {
  std::error_code error;
  const auto complain_about = [&error](std::string_view what) {
    complain(fmt::format("cannot listen on {}: {}", what, error.message()), network_advice(error));
    return ExitCode::network;
  };
  if (options_.addresses.empty()) {
    // One socket for both families; IPv4 alone where the system has no IPv6.
    if (!listen_on({tcp::v6(), options_.port}, false, error)) {
      if (error == asio::error::address_in_use) return complain_about(fmt::format("port {}", options_.port));
      error.clear();
      if (!listen_on({tcp::v4(), options_.port}, true, error)) {
        return complain_about(fmt::format("port {}", options_.port));
      }
    }
  }
  for (const auto& name : options_.addresses) {
    const auto found = tcp::resolver(io_).resolve(name, "", tcp::resolver::passive, error);
    if (error) return complain_about(name);
    for (const auto& entry : found) {
      const tcp::endpoint endpoint(entry.endpoint().address(), options_.port);
      if (!listen_on(endpoint, true, error)) return complain_about(endpoint_text(endpoint));
    }
  }
  for (const auto& acceptor : acceptors_) {
    const tcp::endpoint endpoint = acceptor.local_endpoint();
    if (options_.json) {
      Json json = Log::event("listening");
      json.add("address", endpoint.address().to_string()).add("port", endpoint.port());
      fmt::print("{}\n", json.object());
    } else {
      fmt::print("listening on {}\n", endpoint_text(endpoint));
    }
  }
  std::fflush(stdout);
  return ExitCode::ok;
}

// ---- running ----

ExitCode Server::run(std::shared_ptr<const Context> context) {
  context_ = std::move(context);
  for (auto& acceptor : acceptors_) asio::co_spawn(io_, accept(acceptor), asio::detached);
  asio::co_spawn(io_, follow_keys(), asio::detached);
  asio::co_spawn(io_, stop_on_signal(), asio::detached);
  io_.run();
  reader_.join();
  Json json = Log::event("stopped");
  json.add("accepted", accepted_).add("failed", failed_);
  log_.write(fmt::format("stopped after {}, {} of them failed", counted(accepted_, "connection"), failed_),
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
      ++accepted_;
      ++active_;
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
  tick_.cancel();
  room_.cancel();
  for (Deadline* deadline : open_) deadline->expire();
  // A second signal ends the program at once.
  signals_.clear(error);
}

// ---- keys ----

asio::awaitable<void> Server::follow_keys() {
  while (!stopping_) {
    std::error_code error;
    tick_.expires_after(1s);
    co_await tick_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (stopping_) continue;
    using Followed = std::expected<std::optional<LiveKeys::Loaded>, LiveKeys::Failure>;
    auto follow = [](LiveKeys& keys) -> asio::awaitable<Followed> { co_return keys.follow(); };
    const Followed followed = co_await asio::co_spawn(reader_, follow(keys_), asio::use_awaitable);
    if (!followed)
      log_loaded(std::unexpected(followed.error()));
    else if (*followed)
      log_loaded(**followed);
  }
}

void Server::log_loaded(const std::expected<LiveKeys::Loaded, LiveKeys::Failure>& loaded) {
  if (loaded) {
    Json json = Log::event("keys_loaded");
    json.add("identities", loaded->identities).add("keys", loaded->keys);
    log_.write(fmt::format(
                   "keys loaded: {} for {}", counted(loaded->keys, "key"),
                   loaded->identities == 1 ? "1 identity" : fmt::format("{} identities", loaded->identities)),
               json);
    for (const auto& identity : loaded->short_keys) {
      Json warning = Log::event("key_short");
      warning.add("identity", identity);
      log_.write(fmt::format("warning: the key of \"{}\" has under 16 octets and can be guessed", identity),
                 warning);
    }
    return;
  }
  const auto& [file, error] = loaded.error();
  Json json = Log::event("keys_rejected");
  json.add_or_null("file", file);
  add_error(json, error);
  log_.write(fmt::format("keys not loaded, the old ones stay: {}{} {}", file.empty() ? "" : file + ": ",
                         error.message(), error.advice()),
             json);
}

ServerStatus Server::status() const {
  const auto statistics = keys_.keyring()->statistics();
  return {.up = std::chrono::steady_clock::now() - started_,
          .accepted = accepted_,
          .failed = failed_,
          .open = active_,
          .identities = statistics.identities,
          .keys = statistics.keys};
}

}  // namespace sesame::tool
