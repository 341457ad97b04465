// How long a test waits for another program before it fails. Long, for slow machines and sanitizers; a test
// that passes never waits it out.
#pragma once

#include <algorithm>
#include <chrono>

namespace interop {

inline constexpr std::chrono::seconds patience{100};

class Deadline {
 public:
  Deadline() : end_(std::chrono::steady_clock::now() + patience) {}
  bool passed() const { return std::chrono::steady_clock::now() >= end_; }
  /// For poll(): at most a second at a time, never negative.
  int poll_milliseconds() const {
    using std::chrono::milliseconds;
    const auto left = std::chrono::duration_cast<milliseconds>(end_ - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp(left, milliseconds(0), milliseconds(1000)).count());
  }
  std::chrono::steady_clock::time_point end() const { return end_; }

 private:
  std::chrono::steady_clock::time_point end_;
};

}  // namespace interop
