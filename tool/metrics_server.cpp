#include "metrics_server.h"

#include <fmt/format.h>

#include <array>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <memory>
#include <string_view>

#include "deadline.h"
#include "host_port.h"
#include "log.h"
#include "report.h"
#include "status_page.h"

namespace sesame::tool {

using asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t most_at_a_time = 16;
constexpr std::size_t largest_request = 4096;

}  // namespace

ExitCode MetricsServer::listen(const std::string& address) {
  const auto split = split_listen_address(address);
  const auto port = split ? port_number(split->port) : std::nullopt;
  if (!port) {
    complain(fmt::format("'{}' is not ADDRESS:PORT", address), "For example: --metrics 127.0.0.1:9100");
    return ExitCode::usage;
  }
  auto acceptors = listen_on(io_, {split->host.empty() ? "127.0.0.1" : split->host}, *port);
  if (!acceptors) return acceptors.error();
  acceptors_ = std::move(*acceptors);
  return ExitCode::ok;
}

void MetricsServer::start(bool json) {
  for (auto& acceptor : acceptors_) {
    const auto endpoint = acceptor.local_endpoint();
    if (json) {
      Json line = Log::event("metrics");
      line.add("address", endpoint.address().to_string()).add("port", endpoint.port());
      fmt::print("{}\n", line.object());
    } else {
      fmt::print("metrics on {}\n", endpoint_text(endpoint));
    }
    asio::co_spawn(io_, accept(acceptor), asio::detached);
  }
  std::fflush(stdout);
}

void MetricsServer::stop() {
  std::error_code ignored;
  for (auto& acceptor : acceptors_) acceptor.close(ignored);
}

asio::awaitable<void> MetricsServer::accept(tcp::acceptor& acceptor) {
  while (acceptor.is_open()) {
    std::error_code error;
    tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (!acceptor.is_open()) co_return;
    if (!error && open_ < most_at_a_time) {
      ++open_;
      asio::co_spawn(io_, answer(std::move(socket)), asio::detached);
    } else if (error) {
      asio::steady_timer pause(io_, 100ms);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }
}

asio::awaitable<void> MetricsServer::answer(tcp::socket socket) {
  const auto gone = [this](void*) { --open_; };
  const std::unique_ptr<MetricsServer, decltype(gone)> counted(this, gone);
  Deadline deadline(socket);
  deadline.set(5s);
  std::array<char, largest_request> request;
  std::size_t size = 0;
  std::error_code error;
  const auto so_far = [&] { return std::string_view(request.data(), size); };
  while (!request_complete(so_far()) && size < request.size()) {
    size += co_await socket.async_read_some(asio::buffer(request.data() + size, request.size() - size),
                                            asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
  }
  const bool asks = so_far().starts_with("GET /metrics ") || so_far().starts_with("GET /metrics?");
  const std::string body = asks ? metrics_.text() : "There is /metrics.\n";
  const std::string response =
      fmt::format("HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
                  asks ? "200 OK" : "404 Not Found",
                  asks ? "text/plain; version=0.0.4; charset=utf-8" : "text/plain", body.size(), body);
  co_await asio::async_write(socket, asio::buffer(response),
                             asio::redirect_error(asio::use_awaitable, error));
  socket.shutdown(tcp::socket::shutdown_send, error);
  // Until the client has gone: closing with octets unread could take the answer away from it.
  while (!error) {
    co_await socket.async_read_some(asio::buffer(request), asio::redirect_error(asio::use_awaitable, error));
  }
}

}  // namespace sesame::tool
