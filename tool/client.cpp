#include "client.h"

#include <fmt/format.h>

#include <asio/co_spawn.hpp>
#include <asio/connect.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/signal_set.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <csignal>
#include <cstdio>
#include <vector>

#include "report.h"

namespace sesame::tool {

using asio::ip::tcp;

Client::Client(const ClientSettings& settings, std::shared_ptr<const Context> context)
    : settings_(settings), context_(std::move(context)) {}

ExitCode Client::run() {
  std::signal(SIGPIPE, SIG_IGN);
  asio::co_spawn(io_, converse(), asio::detached);
  asio::co_spawn(io_, stop_on_signal(), asio::detached);
  io_.run();
  // What is left of the coroutines goes before the streams that they use, with the input's and output's old
  // settings.
  return result_;
}

asio::awaitable<void> Client::converse() {
  begin_ = std::chrono::steady_clock::now();
  asio::co_spawn(io_, expire(), asio::detached);
  // One co_await for each statement: GCC 12 makes nothing good of two in one condition.
  bool connected = co_await reach();
  if (connected) connected = co_await shake_hands();
  if (connected) {
    input_ = std::make_unique<StandardStream>(io_, STDIN_FILENO);
    output_ = std::make_unique<StandardStream>(io_, STDOUT_FILENO);
    asio::co_spawn(io_, send_input(), asio::detached);
    co_await print_output();
  }
  io_.stop();
}

// ---- up to the handshake ----

asio::awaitable<void> Client::expire() {
  std::error_code error;
  limit_.expires_after(settings_.timeout);
  co_await limit_.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return;
  timed_out_ = true;
  resolver_.cancel();
  socket_.close(error);
}

asio::awaitable<bool> Client::reach() {
  std::error_code error;
  const auto found = co_await resolver_.async_resolve(settings_.host, settings_.port,
                                                      asio::redirect_error(asio::use_awaitable, error));
  if (!error && !timed_out_) {
    co_await asio::async_connect(socket_, found, asio::redirect_error(asio::use_awaitable, error));
  }
  if (timed_out_) error = asio::error::timed_out;
  if (error) {
    result_ = report_failure(ExitCode::network, error, "cannot reach " + target());
    co_return false;
  }
  socket_.set_option(tcp::no_delay(true), error);
  co_return true;
}

asio::awaitable<bool> Client::shake_hands() {
  ClientOptions options;
  options.server_name = settings_.server_name;
  options.verify_name = settings_.verify_name;
  auto connection = Connection::client(context_, options);
  if (!connection) {
    result_ = report_failure(ExitCode::usage, connection.error());
    co_return false;
  }
  stream_ = std::make_unique<AsioStream<Socket&>>(socket_, std::move(*connection));
  const auto begin = std::chrono::steady_clock::now();
  std::error_code error;
  co_await stream_->async_handshake(asio::redirect_error(asio::use_awaitable, error));
  limit_.cancel();
  if (!error) {
    handshake_time_ = std::chrono::steady_clock::now() - begin;
    report_connected();
    co_return true;
  }
  if (timed_out_) error = asio::error::timed_out;
  const Error* why = timed_out_ ? nullptr : stream_->last_error();
  if (why != nullptr)
    result_ = report_failure(ExitCode::handshake, *why);
  else
    result_ = report_failure(ExitCode::handshake, error, "the handshake with " + target() + " failed");
  co_return false;
}

// ---- data ----

asio::awaitable<void> Client::send_input() {
  std::vector<char> buffer(65'536);
  std::error_code error;
  std::uint64_t since_update = 0;
  while (input_->is_open()) {
    const std::size_t size = co_await input_->stream().async_read_some(
        asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    // A failure here is seen, and told, where the server's octets are read.
    sent_ += co_await asio::async_write(*stream_, asio::buffer(buffer.data(), size),
                                        asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    since_update += size;
    if (settings_.update_keys_every != 0 && since_update >= settings_.update_keys_every) {
      since_update = 0;
      if (!stream_->connection().update_keys(true)) co_return;
    }
  }
  // The end of the input is the end of one direction only (RFC 8446 section 6.1).
  input_sent_ = true;
  co_await stream_->async_shutdown(asio::redirect_error(asio::use_awaitable, error));
}

asio::awaitable<void> Client::print_output() {
  std::vector<char> buffer(65'536);
  std::error_code error;
  for (;;) {
    const std::size_t size = co_await stream_->async_read_some(
        asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    received_ += size;
    if (!output_->is_open()) continue;
    co_await asio::async_write(output_->stream(), asio::buffer(buffer.data(), size),
                               asio::redirect_error(asio::use_awaitable, error));
    if (!error) continue;
    // Nobody reads what we print (`sesame connect ... | head`): that ends it, and is no failure.
    co_await stream_->async_shutdown(asio::redirect_error(asio::use_awaitable, error));
    co_return report_closed();
  }
  if (error == asio::error::eof) {
    if (!input_sent_) co_await stream_->async_shutdown(asio::redirect_error(asio::use_awaitable, error));
    co_return report_closed();
  }
  const Error* why = stream_->last_error();
  if (why != nullptr)
    result_ = report_failure(ExitCode::broken, *why);
  else
    result_ = report_failure(ExitCode::broken, error, "the connection to " + target() + " broke");
}

asio::awaitable<void> Client::stop_on_signal() {
  asio::signal_set signals(io_, SIGINT, SIGTERM);
  std::error_code error;
  const int number = co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return;
  result_ = static_cast<ExitCode>(128 + number);
  io_.stop();
}

// ---- reports ----

std::string Client::target() const {
  const bool v6 = settings_.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", settings_.host, v6 ? "]" : "", settings_.port);
}

void Client::report_connected() {
  if (settings_.quiet) return;
  std::error_code error;
  const auto peer = socket_.remote_endpoint(error);
  const Connection& connection = stream_->connection();
  if (settings_.json) {
    Json json;
    json.add("event", "connected").add("host", settings_.host).add("port", settings_.port);
    json.add("address", peer.address().to_string()).add("handshake_seconds", seconds(handshake_time_));
    add_negotiated(json, connection);
    fmt::print(stderr, "{}\n", json.object());
    return;
  }
  fmt::print(stderr, "connected to {} ({}) in {:.1f} ms\n  {}\n", target(), peer.address().to_string(),
             seconds(handshake_time_) * 1000, negotiated_text(connection));
  if (!connection.psk_identity().empty())
    fmt::print(stderr, "  key: \"{}\"\n", escaped(connection.psk_identity()));
  if (!connection.peer_certificates().empty())
    fmt::print(stderr, "  certificate: verified for {}\n", settings_.verify_name);
}

void Client::report_closed() {
  if (settings_.quiet || !settings_.json) return;
  Json json;
  json.add("event", "closed").add("sent", sent_).add("received", received_).add("exit_code", 0);
  fmt::print(stderr, "{}\n", json.object());
}

ExitCode Client::report_failure(ExitCode code, const Error& error) {
  if (settings_.json) {
    Json json;
    json.add("event", "failed").add("host", settings_.host).add("port", settings_.port);
    add_error(json, error);
    json.add("sent", sent_).add("received", received_).add("exit_code", static_cast<int>(code));
    fmt::print(stderr, "{}\n", json.object());
  } else {
    complain(error, target());
  }
  return code;
}

ExitCode Client::report_failure(ExitCode code, const std::error_code& error, std::string_view doing) {
  const std::string_view advice = error == asio::error::timed_out
                                      ? "Check the host and the port, and that the server speaks TLS "
                                        "there; --timeout gives it longer."
                                      : network_advice(error);
  if (settings_.json) {
    Json json;
    json.add("event", "failed").add("host", settings_.host).add("port", settings_.port);
    add_error(json, error, advice);
    json.add("sent", sent_).add("received", received_).add("exit_code", static_cast<int>(code));
    fmt::print(stderr, "{}\n", json.object());
  } else {
    complain(fmt::format("{}: {}", doing, error.message()), advice);
  }
  return code;
}

}  // namespace sesame::tool
