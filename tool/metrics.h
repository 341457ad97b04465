// What serve and proxy count, and its text for Prometheus. All of it may be called from any thread.
#pragma once

#include <sesame/error.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace sesame::tool {

/// Why a handshake failed, beside the library's reasons.
enum class Failure : std::uint8_t {
  timeout,  ///< the peer did not finish it in time
  network,  ///< the connection broke, or could not be had
  stopped,  ///< this program was ended
};

class Metrics {
 public:
  using Counter = std::atomic<std::uint64_t>;

  void add_accepted() { add(accepted_); }
  void add_open(int change) { open_.fetch_add(change, std::memory_order_relaxed); }
  void add_handshake() { add(handshakes_); }
  void add_failure(Reason reason) {
    const auto i = static_cast<std::size_t>(reason);
    if (i < reasons_.size()) add(reasons_[i]);
  }
  void add_failure(Failure failure) { add(failures_[static_cast<std::size_t>(failure)]); }
  /// A connection whose handshake was done ended with close_notify from both, or not.
  void add_end(bool well) { add(well ? ended_well_ : broken_); }
  void add_backend_failure() { add(backend_failures_); }
  /// Octets of application data, from the TLS peers and to them.
  void add_received(std::uint64_t octets) { add(received_, octets); }
  void add_sent(std::uint64_t octets) { add(sent_, octets); }
  /// Connections that ended by themselves while the program was waiting for that, and those that it cut then.
  void add_drained() { add(drained_); }
  void add_cut() { add(cut_); }
  void set_draining() { draining_.store(true, std::memory_order_relaxed); }
  void set_keys(std::uint64_t identities, std::uint64_t keys) {
    identities_.store(identities, std::memory_order_relaxed);
    keys_.store(keys, std::memory_order_relaxed);
  }
  void add_key_load(bool well) { add(well ? key_loads_ : key_failures_); }

  std::uint64_t accepted() const { return accepted_.load(std::memory_order_relaxed); }
  std::uint64_t drained() const { return drained_.load(std::memory_order_relaxed); }
  std::uint64_t cut() const { return cut_.load(std::memory_order_relaxed); }
  /// Handshakes that failed, and connections that broke after it.
  std::uint64_t failed() const;

  /// The text exposition format, version 0.0.4.
  std::string text() const;

 private:
  static constexpr std::size_t reason_count = static_cast<std::size_t>(Reason::internal_error) + 1;
  static constexpr std::size_t failure_count = 3;
  static void add(Counter& counter, std::uint64_t count = 1) {
    counter.fetch_add(count, std::memory_order_relaxed);
  }

  Counter accepted_ = 0;
  std::atomic<std::int64_t> open_ = 0;
  Counter handshakes_ = 0;
  std::array<Counter, reason_count> reasons_ = {};
  std::array<Counter, failure_count> failures_ = {};
  Counter ended_well_ = 0, broken_ = 0;
  Counter backend_failures_ = 0;
  Counter received_ = 0, sent_ = 0;
  Counter drained_ = 0, cut_ = 0;
  std::atomic<bool> draining_ = false;
  Counter identities_ = 0, keys_ = 0, key_loads_ = 0, key_failures_ = 0;
  std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
};

}  // namespace sesame::tool
