// What a measurement of times is judged by: Welch's t of two distributions of cycles.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace timing {

/// Beyond it two distributions differ, for all practical purposes (dudect's bound).
inline constexpr double limit = 4.5;
/// Of the samples, the fastest: the rest are interrupts and the like.
inline constexpr double kept = 0.90;

struct Distribution {
  double mean = 0, variance = 0;
  std::size_t count = 0;
  /// Of the samples up to `bound`.
  Distribution(const std::vector<std::uint32_t>& samples, double bound) {
    double sum = 0, squares = 0;
    for (const std::uint32_t s : samples) {
      if (s > bound) continue;
      sum += s;
      ++count;
    }
    mean = sum / static_cast<double>(count);
    for (const std::uint32_t s : samples) {
      if (s <= bound) squares += (s - mean) * (s - mean);
    }
    variance = squares / static_cast<double>(count - 1);
  }
};

inline double welch(const Distribution& a, const Distribution& b) {
  return (a.mean - b.mean) /
         std::sqrt(a.variance / static_cast<double>(a.count) + b.variance / static_cast<double>(b.count));
}

/// The value that the share `kept` of the samples does not exceed. One for all classes that are compared.
inline double bound_of(std::vector<std::uint32_t> samples) {
  const auto at = samples.begin() + static_cast<std::ptrdiff_t>(kept * static_cast<double>(samples.size()));
  std::nth_element(samples.begin(), at, samples.end());
  return *at;
}

}  // namespace timing
