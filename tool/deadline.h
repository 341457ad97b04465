// A time limit on what a coroutine does: when it is over, whatever waits on a socket is cancelled, or what
// else is asked for is done.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace sesame::tool {

class Deadline {
 public:
  using Duration = asio::steady_timer::duration;

  /// Cancels what waits on `socket`, which outlives this.
  explicit Deadline(asio::ip::tcp::socket& socket)
      : Deadline(socket.get_executor(), [&socket] {
          std::error_code ignored;
          socket.cancel(ignored);
        }) {}
  Deadline(const asio::any_io_executor& executor, std::function<void()> over)
      : state_(std::make_shared<State>(executor, std::move(over))) {}
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  ~Deadline() {
    state_->over = nullptr;
    state_->timer.cancel();
  }

  /// The limit is now `duration` from now, whatever it was. A limit that is only put off costs no timer
  /// operation.
  void set(Duration duration) {
    state_->expired = false;
    const auto end = asio::steady_timer::clock_type::now() + duration;
    const bool earlier = !state_->waiting || end < state_->timer.expiry();
    state_->end = end;
    if (earlier) wait(state_);
  }
  /// As if the time were over.
  void expire() {
    state_->end = asio::steady_timer::clock_type::now();
    wait(state_);
  }
  bool expired() const { return state_->expired; }

 private:
  struct State {
    State(const asio::any_io_executor& executor, std::function<void()> what)
        : over(std::move(what)), timer(executor) {}
    std::function<void()> over;  // empty: the coroutine has ended
    asio::steady_timer timer;
    asio::steady_timer::time_point end;
    bool waiting = false;
    bool expired = false;
  };

  static void wait(const std::shared_ptr<State>& state) {
    state->waiting = true;
    state->timer.expires_at(state->end);
    state->timer.async_wait([state](const std::error_code& error) {
      if (error || !state->over) return;
      if (asio::steady_timer::clock_type::now() < state->end) return wait(state);
      state->waiting = false;
      state->expired = true;
      state->over();
    });
  }

  std::shared_ptr<State> state_;
};

}  // namespace sesame::tool
