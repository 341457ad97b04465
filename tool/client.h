// sesame connect at work: one connection between a server and the standard input and output.
#pragma once

#include <sesame/asio.h>
#include <sesame/context.h>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "exit_code.h"
#include "standard_io.h"
#include "text.h"

namespace sesame::tool {

struct ClientSettings {
  std::string host;
  std::string port;
  std::string server_name;                    ///< to send; empty: none
  std::string verify_name;                    ///< that a certificate of the server has to be for
  std::chrono::milliseconds timeout{10'000};  ///< until the handshake is done
  std::uint64_t update_keys_every = 0;        ///< octets sent; 0: when the library does it by itself
  bool json = false;
  bool quiet = false;
};

class Client {
 public:
  Client(const ClientSettings& settings, std::shared_ptr<const Context> context);

  /// Connects, and moves octets until the server, or a signal, ends it.
  ExitCode run();

 private:
  using Socket = asio::ip::tcp::socket;

  asio::awaitable<void> converse();
  asio::awaitable<bool> reach();
  asio::awaitable<bool> shake_hands();
  asio::awaitable<void> send_input();
  asio::awaitable<void> print_output();
  asio::awaitable<void> stop_on_signal();
  asio::awaitable<void> expire();

  ExitCode finish(ExitCode code);
  void report_connected();
  ExitCode report_failure(ExitCode code, const Error& error);
  ExitCode report_failure(ExitCode code, const std::error_code& error, std::string_view doing);
  void report_closed();
  std::string target() const;

  ClientSettings settings_;
  std::shared_ptr<const Context> context_;
  asio::io_context io_{1};
  asio::steady_timer limit_{io_};
  Socket socket_{io_};
  asio::ip::tcp::resolver resolver_{io_};
  std::unique_ptr<AsioStream<Socket&>> stream_;
  std::unique_ptr<StandardStream> input_;
  std::unique_ptr<StandardStream> output_;
  bool timed_out_ = false;
  bool input_sent_ = false;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::duration handshake_time_ = {};
  ExitCode result_ = ExitCode::ok;
};

}  // namespace sesame::tool
