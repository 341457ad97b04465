// Follows keys while a server runs: looks every second, and reads everything anew with SIGHUP, certificates
// too.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <functional>

#include "live_keys.h"
#include "log.h"
#include "metrics.h"
#include "tls_options.h"

namespace sesame::tool {

class KeyWatch {
 public:
  /// What is given outlives this. SIGHUP is caught from here on.
  KeyWatch(asio::io_context& io, FollowedKeys& keys, Log& log, Metrics& metrics);

  /// What SIGHUP does beside the keys; empty: nothing.
  void on_signal(std::function<std::expected<void, TlsOptions::Failure>()> renew) {
    renew_ = std::move(renew);
  }
  void start();
  void stop();

 private:
  asio::awaitable<void> follow();
  asio::awaitable<void> wait_for_signal();
  void renew();
  void tell(const std::expected<LoadedKeys, KeyFollower::Failure>& loaded);

  asio::io_context& io_;
  FollowedKeys& keys_;
  Log& log_;
  Metrics& metrics_;
  asio::thread_pool reader_{1};  // much takes its time, and connections go on meanwhile
  asio::signal_set hangup_;
  asio::steady_timer tick_;
  std::function<std::expected<void, TlsOptions::Failure>()> renew_;
  bool asked_ = false;
  bool stopping_ = false;
};

}  // namespace sesame::tool
