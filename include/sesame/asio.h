// A secure stream over any Asio stream, in the manner of asio::ssl::stream (standalone Asio 1.22 or newer).
//
//   asio::io_context io;
//   auto context = sesame::Context::create({.credentials =
//   sesame::read_key_file("keys.psk").value()}).value(); sesame::AsioStream<tcp::socket>
//   stream(tcp::socket(io), sesame::Connection::client(context).value()); asio::connect(stream.next_layer(),
//   tcp::resolver(io).resolve("localhost", "4433")); stream.handshake();
//
// From there on it is a stream: asio::write, asio::async_read_until and all the others take it.
//
// What differs from asio::ssl::stream:
//  - shutdown() says close_notify and does not wait for the peer's: the other direction stays open (RFC 8446
//  section
//    6.1). Read until asio::error::eof to have the peer's too.
//  - A transport that ends without close_notify is Reason::truncated, never eof.
//  - last_error() has the precise reason, with the state, the alert and advice; an error_code only names it.
#pragma once

#include <sesame/connection.h>
#include <sesame/detail/asio_operation.h>
#include <sesame/detail/psk_lookup.h>
#include <sesame/detail/stream_core.h>
#include <sesame/error_code.h>

#include <asio/any_io_executor.hpp>
#include <asio/buffer.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/compose.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace sesame {

/// A connection and the transport that it runs over. `NextLayer` is a stream, or a reference to one that
/// outlives this.
///
/// At most one read and one write may be under way at a time, and no other operation beside a handshake; a
/// shutdown counts as a write. All calls and all intermediate handlers must run in one thread or strand. It
/// may be moved while no operation is under way. While it is idle its buffers are let go, but for 256 octets
/// that are part of it.
///
/// Operations can be cancelled, one at a time, through their handler's cancellation slot (all types, for as
/// long as no part of a record is on its way out), or all at once by cancelling the next layer. A read or a
/// handshake that was cancelled while it waited for input can be called again: nothing is lost. A write that
/// was cancelled, or failed, is the last: the peer may have got a part of a record.
template <class NextLayer>
class AsioStream {
 public:
  using next_layer_type = std::remove_reference_t<NextLayer>;
  using lowest_layer_type = typename next_layer_type::lowest_layer_type;
  using executor_type = typename next_layer_type::executor_type;

  template <class Layer>
  AsioStream(Layer&& next_layer, Connection connection)
      : next_layer_(std::forward<Layer>(next_layer)), core_(std::move(connection)) {}

  executor_type get_executor() noexcept { return next_layer_.get_executor(); }
  next_layer_type& next_layer() noexcept { return next_layer_; }
  const next_layer_type& next_layer() const noexcept { return next_layer_; }
  lowest_layer_type& lowest_layer() noexcept { return next_layer_.lowest_layer(); }

  /// For what was negotiated, exporters and key updates. Its receive, output, send, seal and close are the
  /// stream's to call, not the application's.
  Connection& connection() noexcept { return core_.connection(); }
  const Connection& connection() const noexcept { return core_.connection(); }

  /// Why the last operation failed; nullptr: nothing did, or the transport failed and the error_code says
  /// all. Valid until the next operation.
  const Error* last_error() const noexcept { return core_.last_error(); }

  /// Who is asked when the server's PskSource answers "later". Without one such a handshake fails
  /// (psk_lookup_failed).
  void set_psk_lookup(PskLookup lookup) { lookup_ = std::move(lookup); }

  /// Who is asked for all else that was to come later: a context, a signature, a verdict, a client's key for
  /// a hint (Connection::pending_psk_hint). Without one such a handshake fails.
  void set_pending_answer(PendingAnswer pending) { pending_ = std::move(pending); }

  /// Octets of early data that the next reads give, before anything else: they may be a replay (RFC 8446
  /// section 8). A read never gives both.
  std::size_t early_data() const noexcept { return core_.early_data(); }

  /// A part of a record at least, or the end, has been received that no read has given yet. While that is not
  /// so, waiting for the next layer to be readable is as good as a read, and needs no buffer.
  bool has_input() const noexcept { return core_.has_input(); }

  /// Octets of heap that the stream's buffers hold at this moment; 0 while it is idle.
  std::size_t buffer_octets() const noexcept { return core_.buffer_octets(); }

  // ---- asynchronous ----

  /// Completes with void(error_code). The connection knows whether it is a client or a server.
  template <class Token = asio::default_completion_token_t<executor_type>>
  auto async_handshake(Token&& token = {}) {
    return launch<void(std::error_code)>(detail::HandshakeOperation{}, token);
  }

  /// Completes with void(error_code, size_t). The error is asio::error::eof after the peer's close_notify.
  template <class Buffers, class Token = asio::default_completion_token_t<executor_type>>
  auto async_read_some(const Buffers& buffers, Token&& token = {}) {
    return launch<void(std::error_code, std::size_t)>(detail::ReadOperation<Buffers>{buffers}, token);
  }

  /// Completes with void(error_code, size_t), when at most 64 KiB of `buffers` have been sent.
  template <class Buffers, class Token = asio::default_completion_token_t<executor_type>>
  auto async_write_some(const Buffers& buffers, Token&& token = {}) {
    return launch<void(std::error_code, std::size_t)>(detail::WriteOperation<Buffers>{buffers}, token);
  }

  /// Sends close_notify; completes with void(error_code). What the peer still sends can be read.
  template <class Token = asio::default_completion_token_t<executor_type>>
  auto async_shutdown(Token&& token = {}) {
    return launch<void(std::error_code)>(detail::ShutdownOperation{}, token);
  }

  // ---- blocking; without an error_code they throw std::system_error ----

  void handshake(std::error_code& error) { run(detail::HandshakeOperation{}, error); }
  void handshake() {
    throwing([this](std::error_code& error) { handshake(error); });
  }

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, std::error_code& error) {
    return run(detail::ReadOperation<Buffers>{buffers}, error);
  }
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    return throwing([&](std::error_code& error) { return read_some(buffers, error); });
  }

  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, std::error_code& error) {
    return run(detail::WriteOperation<Buffers>{buffers}, error);
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers) {
    return throwing([&](std::error_code& error) { return write_some(buffers, error); });
  }

  void shutdown(std::error_code& error) { run(detail::ShutdownOperation{}, error); }
  void shutdown() {
    throwing([this](std::error_code& error) { shutdown(error); });
  }

 private:
  template <class Stream, class Operation>
  friend class detail::AsyncRun;

  template <class Signature, class Operation, class Token>
  auto launch(Operation operation, Token& token) {
    return asio::async_compose<Token, Signature>(
        detail::AsyncRun<AsioStream, Operation>(*this, std::move(operation)), token, next_layer_);
  }

  // Whoever waits for a write to end waits on this timer, which never expires; it is made when it is first
  // needed.
  asio::steady_timer& writer_gone() {
    if (!writer_gone_) writer_gone_.emplace(get_executor(), asio::steady_timer::time_point::max());
    return *writer_gone_;
  }
  void end_output(std::error_code error) {
    core_.end_output(error);
    if (writer_gone_) writer_gone_->cancel();
  }
  /// Asks the application; nullptr: there is nobody to ask, and the handshake has failed.
  std::shared_ptr<detail::LookupAnswer> ask() {
    const bool is_clients = core_.connection().side() == Side::client;
    if (core_.connection().wait() != Wait::psk_lookup || is_clients) return ask_for_answer();
    const auto query = core_.connection().pending_psk();
    if (!lookup_ || !query) {
      core_.lookup_failed(
          Error(Reason::psk_lookup_failed, "the stream has nobody to ask: set_psk_lookup was not called"));
      return nullptr;
    }
    auto answer = std::make_shared<detail::LookupAnswer>();
    lookup_(*query, PskReply(answer));
    return answer;
  }

  std::shared_ptr<detail::LookupAnswer> ask_for_answer() {
    if (!pending_) {
      core_.lookup_failed(Error(Reason::psk_lookup_failed,
                                "the stream has nobody to ask: set_pending_answer was not called"));
      return nullptr;
    }
    auto answer = std::make_shared<detail::LookupAnswer>();
    pending_(core_.connection(), AnswerReply(answer));
    return answer;
  }

  template <class Operation>
  std::size_t run(Operation operation, std::error_code& error);
  template <class Function>
  static auto throwing(Function function) {
    std::error_code error;
    if constexpr (std::is_void_v<decltype(function(error))>) {
      function(error);
      if (error) throw std::system_error(error);
    } else {
      const auto result = function(error);
      if (error) throw std::system_error(error);
      return result;
    }
  }

  NextLayer next_layer_;
  detail::StreamCore core_;
  PskLookup lookup_;
  PendingAnswer pending_;
  std::optional<asio::steady_timer> writer_gone_;
};

template <class Layer>
AsioStream(Layer&&, Connection)
    -> AsioStream<std::conditional_t<std::is_lvalue_reference_v<Layer>, Layer&, Layer>>;

template <class NextLayer>
template <class Operation>
std::size_t AsioStream<NextLayer>::run(Operation operation, std::error_code& error) {
  for (;;) {
    const detail::Step step = operation.step(core_);
    std::error_code result;
    switch (step.need) {
      case detail::Need::nothing:
        error = step.end ? make_error_code(asio::error::eof) : step.error;
        return step.size;
      case detail::Need::input: {
        const MutableBytes space = core_.input_space();
        const std::size_t size = next_layer_.read_some(asio::buffer(space.data(), space.size()), result);
        if (result && result != asio::error::eof) {
          error = result;
          return 0;
        }
        if (result)
          core_.input_ended();
        else
          core_.input_arrived(size);
        break;
      }
      case detail::Need::output: {
        const Bytes output = core_.begin_output();
        asio::write(next_layer_, asio::buffer(output.data(), output.size()), result);
        end_output(result);
        operation.sent();
        break;
      }
      case detail::Need::lookup:
        if (const auto answer = ask()) core_.supply(answer->wait());
        break;
      case detail::Need::writer:
        error = make_error_code(asio::error::in_progress);
        return 0;
    }
  }
}

}  // namespace sesame
