// One connection of the server, from the handshake to its line in the log.
#include <fmt/format.h>

#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <memory>
#include <vector>

#include "linger.h"
#include "report.h"
#include "server.h"

namespace sesame::tool {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t largest_request = 8192;  // octets of request line and header fields

}  // namespace

asio::awaitable<void> Server::serve(Socket socket, std::string peer) {
  const auto begin = std::chrono::steady_clock::now();
  const auto gone = [this](void*) {
    --active_;
    metrics_.add_open(-1);
    room_.cancel();
  };
  const std::unique_ptr<Server, decltype(gone)> counted(this, gone);
  std::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  auto connection = Connection::server(context_);
  if (!connection) complain(connection.error());
  if (!connection || stopping_) co_return;
  Stream stream(socket, std::move(*connection));
  Deadline deadline(socket);
  open_.insert(&deadline);

  Outcome outcome;
  deadline.set(options_.handshake_timeout);
  co_await stream.async_handshake(asio::redirect_error(asio::use_awaitable, outcome.error));
  outcome.connected = !outcome.error;
  if (outcome.connected) co_await converse(stream, deadline, outcome);
  outcome.timed_out = deadline.expired();
  count(stream, outcome);
  log_outcome(peer, stream, outcome, seconds(std::chrono::steady_clock::now() - begin));

  // What ends well, or by our own doing, ends with close_notify; a failure had its alert.
  deadline.set(1s);
  const bool says_goodbye =
      stream.connection().handshake_done() &&
      (outcome.error == asio::error::eof || outcome.error == asio::error::operation_aborted);
  if (says_goodbye) co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
  co_await linger(socket, deadline);

  open_.erase(&deadline);
}

asio::awaitable<void> Server::converse(Stream& stream, Deadline& deadline, Outcome& outcome) {
  if (options_.http)
    co_await answer_http(stream, deadline, outcome);
  else
    co_await echo(stream, deadline, outcome);
}

asio::awaitable<void> Server::echo(Stream& stream, Deadline& deadline, Outcome& outcome) {
  std::vector<char> buffer(16'384);
  while (!stopping_) {
    deadline.set(options_.idle_timeout);
    const std::size_t size = co_await stream.async_read_some(
        asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, outcome.error));
    if (outcome.error) co_return;
    outcome.received += size;
    deadline.set(options_.idle_timeout);
    outcome.sent += co_await asio::async_write(stream, asio::buffer(buffer.data(), size),
                                               asio::redirect_error(asio::use_awaitable, outcome.error));
    if (outcome.error) co_return;
  }
  outcome.error = asio::error::operation_aborted;
}

asio::awaitable<void> Server::answer_http(Stream& stream, Deadline& deadline, Outcome& outcome) {
  std::string request(largest_request, '\0');
  std::size_t size = 0;
  deadline.set(options_.idle_timeout);
  while (size < request.size() && !request_complete(std::string_view(request).substr(0, size))) {
    size += co_await stream.async_read_some(asio::buffer(request.data() + size, request.size() - size),
                                            asio::redirect_error(asio::use_awaitable, outcome.error));
    if (outcome.error) co_return;
  }
  outcome.received = size;
  const std::string answer =
      respond(std::string_view(request).substr(0, size), stream.connection(), status());
  outcome.sent = co_await asio::async_write(stream, asio::buffer(answer),
                                            asio::redirect_error(asio::use_awaitable, outcome.error));
  if (!outcome.error) outcome.error = asio::error::eof;  // as if the client had ended it
}

void Server::count(const Stream& stream, const Outcome& outcome) {
  metrics_.add_received(outcome.received);
  metrics_.add_sent(outcome.sent);
  if (outcome.connected) {
    metrics_.add_handshake();
    metrics_.add_end(outcome.error == asio::error::eof);
  } else if (stopping_) {
    metrics_.add_failure(Failure::stopped);
  } else if (outcome.timed_out) {
    metrics_.add_failure(Failure::timeout);
  } else if (const Error* error = stream.last_error()) {
    metrics_.add_failure(error->reason());
  } else {
    metrics_.add_failure(Failure::network);
  }
}

void Server::log_outcome(const std::string& peer, const Stream& stream, const Outcome& outcome,
                         double seconds) {
  const Connection& connection = stream.connection();
  const bool done = outcome.connected;
  const bool ended = done && outcome.error == asio::error::eof;
  const std::string_view word = ended               ? "ok"
                                : stopping_         ? "stopped"
                                : outcome.timed_out ? (done ? "idle" : "handshake_timeout")
                                : done              ? "broken"
                                                    : "handshake_failed";
  Json json = Log::event("connection");
  json.add("peer", peer).add("outcome", word);
  std::string text = fmt::format("{} {}", peer, word);
  if (done) {
    add_negotiated(json, connection);
    json.add("used_older_key", connection.used_older_key());
    text += fmt::format("{} {}", peer_text(connection), negotiated_text(connection));
  }
  json.add("received", outcome.received).add("sent", outcome.sent).add("seconds", seconds);
  text += fmt::format(" received={} sent={} seconds={:.3f}", outcome.received, outcome.sent, seconds);

  const bool explained = !ended && !stopping_ && !outcome.timed_out;
  const Error* error = stream.last_error();
  if (explained && error != nullptr) {
    add_error(json, *error);
    text += fmt::format(" {}: {} {}", name(error->reason()), error->message(), error->advice());
  } else if (explained) {
    add_error(json, outcome.error, network_advice(outcome.error));
    text += fmt::format(" network: {}. {}", outcome.error.message(), network_advice(outcome.error));
  } else if (outcome.timed_out && !done && !stopping_) {
    text += fmt::format(" the client did not finish its handshake, waiting in {}", connection.state());
  }
  log_.write(text, json);
}

}  // namespace sesame::tool
