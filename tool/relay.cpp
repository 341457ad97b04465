#include "relay.h"

#include <fmt/format.h>

#include <asio/co_spawn.hpp>
#include <asio/connect.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include "linger.h"
#include "listener.h"
#include "report.h"

namespace sesame::tool {

using asio::ip::tcp;
using namespace std::chrono_literals;

// ---- the worker ----

ProxyWorker::Buffer ProxyWorker::take_buffer() {
  if (spare_.empty()) return std::make_unique_for_overwrite<char[]>(buffer_size);
  Buffer out = std::move(spare_.back());
  spare_.pop_back();
  return out;
}

void ProxyWorker::give_back(Buffer buffer) {
  constexpr std::size_t kept = 64;
  if (spare_.size() < kept) spare_.push_back(std::move(buffer));
}

void ProxyWorker::begin(tcp::socket socket, std::function<void()> ended) {
  const auto relay = std::make_shared<Relay>(*this, std::move(socket));
  relays_.insert(relay.get());
  asio::co_spawn(io, relay->run(), [this, relay, ended = std::move(ended)](const std::exception_ptr&) {
    relays_.erase(relay.get());
    ended();
  });
}

void ProxyWorker::cut_all() {
  const std::vector<Relay*> all(relays_.begin(), relays_.end());
  for (Relay* relay : all) relay->cut();
}

namespace {

// A buffer of the worker for as long as there is something in it.
struct Lent {
  explicit Lent(ProxyWorker& w) : worker(w), buffer(w.take_buffer()) {}
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;
  ~Lent() { worker.give_back(std::move(buffer)); }
  asio::mutable_buffer space() const { return asio::buffer(buffer.get(), ProxyWorker::buffer_size); }
  asio::const_buffer first(std::size_t size) const { return asio::buffer(buffer.get(), size); }

  ProxyWorker& worker;
  ProxyWorker::Buffer buffer;
};

}  // namespace

// ---- from beginning to end ----

Relay::Relay(ProxyWorker& worker, Socket accepted)
    : worker_(worker),
      shared_(worker.shared),
      accepted_(std::move(accepted)),
      other_(worker.io),
      tls_socket_(shared_.options.client ? other_ : accepted_),
      plain_(shared_.options.client ? accepted_ : other_),
      deadline_(worker.io.get_executor(), [this] { time_is_over(); }),
      both_ended_(worker.io, asio::steady_timer::time_point::max()) {}

asio::awaitable<void> Relay::run() {
  const auto begin = std::chrono::steady_clock::now();
  std::error_code ignored;
  const auto endpoint = accepted_.remote_endpoint(ignored);
  peer_ = endpoint_text(endpoint);
  accepted_.set_option(tcp::no_delay(true), ignored);

  // A client that has no key reaches nothing behind the proxy.
  bool ready = false;
  if (shared_.options.client) {
    ready = co_await reach_other_side();
    if (ready) ready = co_await shake_hands();
  } else {
    ready = co_await shake_hands();
    if (ready) ready = co_await reach_other_side();
  }
  if (ready && !given_up_) co_await move_both_ways();
  given_up_ = true;  // whatever comes now changes nothing
  count_end();
  const auto end = std::chrono::steady_clock::now();
  co_await close();
  if (!shared_.options.quiet || ending_ != Ending::ok) log_end(seconds(end - begin));
}

void Relay::time_is_over() {
  switch (phase_) {
    case Phase::reaching:
      shared_.metrics.add_backend_failure();
      return give_up(Ending::unreachable, asio::error::timed_out);
    case Phase::handshake:
      return give_up(Ending::handshake_timeout);
    case Phase::open:
      return give_up(Ending::idle);
  }
}

void Relay::give_up(Ending ending, std::error_code error) {
  if (given_up_) return;
  given_up_ = true;
  ending_ = ending;
  error_ = error;
  std::error_code ignored;
  // The plain side must not take what it got for whole; on the other one the missing close_notify says it.
  if (plain_.is_open()) reset(plain_);
  if (ending == Ending::handshake_failed) return;  // the alert is on its way
  tls_socket_.close(ignored);
  both_ended_.cancel();
}

void Relay::cut() { give_up(Ending::stopped, asio::error::operation_aborted); }

asio::awaitable<bool> Relay::reach_other_side() {
  phase_ = Phase::reaching;
  deadline_.set(shared_.options.handshake_timeout);
  const auto& [host, port] = shared_.options.to;
  std::error_code error;
  const auto address = asio::ip::make_address(host, error);
  const auto number = port_number(port);
  if (!error && number) {
    co_await other_.async_connect({address, *number}, asio::redirect_error(asio::use_awaitable, error));
  } else {
    tcp::resolver resolver(worker_.io);
    const auto found =
        co_await resolver.async_resolve(host, port, asio::redirect_error(asio::use_awaitable, error));
    if (!error && !given_up_)
      co_await asio::async_connect(other_, found, asio::redirect_error(asio::use_awaitable, error));
  }
  if (given_up_) co_return false;
  if (error) {
    shared_.metrics.add_backend_failure();
    give_up(Ending::unreachable, error);
    co_return false;
  }
  other_.set_option(tcp::no_delay(true), error);
  co_return true;
}

asio::awaitable<bool> Relay::shake_hands() {
  phase_ = Phase::handshake;
  deadline_.set(shared_.options.handshake_timeout);
  Expected<Connection> connection = fail(Reason::internal_error);
  if (shared_.options.client) {
    const OfferedKeys::List keys = shared_.offered != nullptr ? shared_.offered->now() : nullptr;
    ClientOptions options;
    options.server_name = shared_.options.server_name;
    options.verify_name = shared_.options.verify_name;
    if (keys) options.credentials = *keys;
    connection = Connection::client(shared_.context(), options);
  } else {
    connection = Connection::server(shared_.context());
  }
  if (!connection) {
    refused_ = connection.error();
    give_up(Ending::handshake_failed);
    co_return false;
  }
  stream_.emplace(tls_socket_, std::move(*connection));
  std::error_code error;
  co_await stream_->async_handshake(asio::redirect_error(asio::use_awaitable, error));
  if (given_up_) co_return false;
  if (error) {
    tls_failed_ = true;
    give_up(Ending::handshake_failed, error);
    co_return false;
  }
  handshake_done_ = true;
  shared_.metrics.add_handshake();
  co_return true;
}

// ---- octets ----

asio::awaitable<void> Relay::move_both_ways() {
  phase_ = Phase::open;
  moved();
  asio::co_spawn(worker_.io, plain_to_tls(), [self = shared_from_this()](const std::exception_ptr&) {
    self->sending_ended_ = true;
    self->both_ended_.cancel();
  });
  co_await tls_to_plain();
  while (!sending_ended_) {
    std::error_code ignored;
    co_await both_ended_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

void Relay::moved() { deadline_.set(shared_.options.idle_timeout); }

asio::awaitable<void> Relay::plain_to_tls() {
  std::error_code error;
  while (!given_up_) {
    co_await plain_.async_wait(Socket::wait_read, asio::redirect_error(asio::use_awaitable, error));
    if (given_up_) co_return;
    const Lent buffer(worker_);
    bool more = !error;
    while (more) {
      const std::size_t size =
          co_await plain_.async_read_some(buffer.space(), asio::redirect_error(asio::use_awaitable, error));
      if (given_up_ || error) break;
      moved();
      const std::size_t written = co_await asio::async_write(
          *stream_, buffer.first(size), asio::redirect_error(asio::use_awaitable, error));
      sent_ += written;
      shared_.metrics.add_sent(written);
      tls_failed_ = static_cast<bool>(error);
      if (given_up_ || error) break;
      moved();
      more = size == ProxyWorker::buffer_size;  // or else wait without the buffer
    }
    if (given_up_) co_return;
    if (error == asio::error::eof && !tls_failed_) {
      // One direction has ended; the other one goes on (RFC 8446 section 6.1).
      co_await stream_->async_shutdown(asio::redirect_error(asio::use_awaitable, error));
      if (!error) tls_socket_.shutdown(Socket::shutdown_send, error);
      co_return;
    }
    if (error) co_return give_up(Ending::broken, error);
  }
}

asio::awaitable<void> Relay::tls_to_plain() {
  std::error_code error;
  while (!given_up_) {
    // With a part of a record here it may be long until the rest comes, or all of it may be here already.
    if (!stream_->has_input())
      co_await tls_socket_.async_wait(Socket::wait_read, asio::redirect_error(asio::use_awaitable, error));
    if (given_up_) co_return;
    const Lent buffer(worker_);
    bool more = !error;
    while (more) {
      const std::size_t size =
          co_await stream_->async_read_some(buffer.space(), asio::redirect_error(asio::use_awaitable, error));
      tls_failed_ = tls_failed_ || (error && error != asio::error::eof);
      if (given_up_ || error) break;
      received_ += size;
      shared_.metrics.add_received(size);
      moved();
      co_await asio::async_write(plain_, buffer.first(size),
                                 asio::redirect_error(asio::use_awaitable, error));
      if (given_up_ || error) break;
      moved();
      more = size == ProxyWorker::buffer_size;
    }
    if (given_up_) co_return;
    if (error == asio::error::eof) {
      plain_.shutdown(Socket::shutdown_send, error);
      co_return;
    }
    if (error) co_return give_up(Ending::broken, error);
  }
}

asio::awaitable<void> Relay::close() {
  std::error_code ignored;
  if (ending_ == Ending::handshake_failed || (ending_ == Ending::ok && tls_socket_.is_open())) {
    // Within a second, whatever the peer does.
    Deadline deadline(tls_socket_);
    deadline.set(1s);
    co_await linger(tls_socket_, deadline);
  }
  tls_socket_.close(ignored);
  if (plain_.is_open() && ending_ != Ending::ok) reset(plain_);
  plain_.close(ignored);
}

// ---- what is told ----

const Error* Relay::failure() const {
  if (refused_) return &*refused_;
  return tls_failed_ && stream_ ? stream_->last_error() : nullptr;
}

void Relay::count_end() {
  Metrics& metrics = shared_.metrics;
  if (handshake_done_) {
    metrics.add_end(ending_ == Ending::ok);
  } else if (ending_ == Ending::handshake_timeout) {
    metrics.add_failure(Failure::timeout);
  } else if (ending_ == Ending::stopped) {
    metrics.add_failure(Failure::stopped);
  } else if (ending_ == Ending::handshake_failed) {
    if (const Error* error = failure())
      metrics.add_failure(error->reason());
    else
      metrics.add_failure(Failure::network);
  }
  if (shared_.draining) ending_ == Ending::stopped ? metrics.add_cut() : metrics.add_drained();
}

void Relay::log_end(double duration) const {
  constexpr std::string_view words[] = {
      "ok", "handshake_failed", "handshake_timeout", "unreachable", "broken", "idle", "stopped"};
  const std::string_view word = words[static_cast<std::size_t>(ending_)];
  Json json = Log::event("connection");
  json.add("peer", peer_).add("outcome", word);
  std::string text = fmt::format("{} {}", peer_, word);
  if (handshake_done_) {
    const Connection& connection = stream_->connection();
    add_negotiated(json, connection);
    json.add("used_older_key", connection.used_older_key());
    text += fmt::format("{} {}", peer_text(connection), negotiated_text(connection));
  }
  json.add("received", received_).add("sent", sent_).add("seconds", duration);
  text += fmt::format(" received={} sent={} seconds={:.3f}", received_, sent_, duration);

  const bool explained =
      ending_ == Ending::handshake_failed || ending_ == Ending::broken || ending_ == Ending::unreachable;
  const Error* error = failure();
  if (explained && error != nullptr) {
    add_error(json, *error);
    text += fmt::format(" {}: {} {}", name(error->reason()), error->message(), error->advice());
  } else if (explained) {
    const auto advice = network_advice(error_);
    add_error(json, error_, advice);
    text += fmt::format(
        " network: {}{}. {}",
        ending_ == Ending::unreachable
            ? "cannot reach " + host_port_text(shared_.options.to.host, shared_.options.to.port) + ": "
            : "",
        error_.message(), advice);
  }
  shared_.log->write(text, json);
}

}  // namespace sesame::tool
