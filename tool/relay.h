// One connection of the proxy: TLS on one side, plain TCP on the other, octets both ways.
//
// An idle connection holds no buffer: each direction waits until there is something to read, takes a buffer
// of its thread, reads, writes all of it, and gives the buffer back. So it reads no faster than the other
// side takes, and holds at most one buffer for each direction whatever the peers do.
#pragma once

#include <sesame/asio.h>
#include <sesame/context.h>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "deadline.h"
#include "host_port.h"
#include "live_keys.h"
#include "log.h"
#include "metrics.h"

namespace sesame::tool {

struct ProxyOptions {
  HostPort accept;          ///< where to listen; an empty host: all addresses
  HostPort to;              ///< where the other side of each connection is
  bool client = false;      ///< plain connections are accepted, and TLS goes out
  std::string server_name;  ///< client: to send; empty: none
  std::string verify_name;  ///< client: that a certificate of the server has to be for
  bool json = false;
  bool quiet = false;  ///< connections that end well are not logged
  std::string metrics;
  unsigned threads = 1;
  std::size_t max_connections = 0;
  std::chrono::milliseconds handshake_timeout{10'000};
  std::chrono::milliseconds idle_timeout{300'000};
  std::chrono::milliseconds drain_timeout{30'000};
};

/// What all connections use, from any thread.
struct ProxyShared {
  ProxyOptions options;
  const OfferedKeys* offered = nullptr;  ///< client: the keys, as they are now
  Log* log = nullptr;
  Metrics metrics;
  std::atomic<std::size_t> open = 0;
  std::atomic<bool> draining = false;

  /// For new connections; it changes with SIGHUP.
  std::shared_ptr<const Context> context() const {
    const std::lock_guard lock(mutex_);
    return context_;
  }
  void use(std::shared_ptr<const Context> context) {
    const std::lock_guard lock(mutex_);
    context_ = std::move(context);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Context> context_;
};

class Relay;

/// A thread of the proxy: its connections live and end here.
class ProxyWorker {
  friend class Relay;

 public:
  static constexpr std::size_t buffer_size = 16'384;  // what a record holds
  using Buffer = std::unique_ptr<char[]>;

  explicit ProxyWorker(ProxyShared& proxy) : shared(proxy) {}

  Buffer take_buffer();
  void give_back(Buffer buffer);
  /// Begins with a connection that was accepted. On this worker's thread only, as all below.
  void begin(asio::ip::tcp::socket socket, std::function<void()> ended);
  void cut_all();

 private:
  std::vector<Buffer> spare_;
  std::unordered_set<Relay*> relays_;

 public:
  ProxyShared& shared;
  asio::io_context io{1};  ///< the last member: what is left in it uses the others
};

class Relay : public std::enable_shared_from_this<Relay> {
 public:
  Relay(ProxyWorker& worker, asio::ip::tcp::socket accepted);

  /// From the first octet to the last, and to the line in the log.
  asio::awaitable<void> run();
  /// Ends it now, on both sides.
  void cut();

 private:
  using Socket = asio::ip::tcp::socket;
  using Stream = AsioStream<Socket&>;
  enum class Ending : std::uint8_t {
    ok,  // both sides said that they have ended
    handshake_failed,
    handshake_timeout,
    unreachable,  // the other side could not be reached
    broken,       // TLS broke, or the plain side was reset
    idle,
    stopped,
  };

  enum class Phase : std::uint8_t { handshake, reaching, open };

  asio::awaitable<bool> reach_other_side();
  asio::awaitable<bool> shake_hands();
  asio::awaitable<void> move_both_ways();
  asio::awaitable<void> plain_to_tls();
  asio::awaitable<void> tls_to_plain();
  asio::awaitable<void> close();
  void time_is_over();
  void give_up(Ending ending, std::error_code error = {});
  void moved();
  const Error* failure() const;  // TLS's; nullptr: it was not TLS that failed
  void log_end(double seconds) const;
  void count_end();

  ProxyWorker& worker_;
  ProxyShared& shared_;
  Socket accepted_;
  Socket other_;
  Socket& tls_socket_;
  Socket& plain_;
  std::optional<Stream> stream_;
  Deadline deadline_;
  asio::steady_timer both_ended_;
  std::string peer_;

  Ending ending_ = Ending::ok;
  Phase phase_ = Phase::handshake;
  bool given_up_ = false;
  bool handshake_done_ = false;
  bool sending_ended_ = false;  // plain_to_tls() is at its end
  bool tls_failed_ = false;     // the error is the stream's
  std::error_code error_;
  std::optional<Error> refused_;  // not even a ClientHello could be made
  std::uint64_t received_ = 0;    // from the TLS side
  std::uint64_t sent_ = 0;
};

}  // namespace sesame::tool
