// Contenders measured in turns, so that what a shared machine does to one it does to the others.
//
// A machine with neighbours runs at half its speed for a tenth of a second and at full speed for the next.
// Two rates measured one after the other then differ by chance. Here each round gives every contender a slice
// of some milliseconds, in an order that alternates (A B C, C B A, ...); a ratio is the median of the rounds'
// own ratios.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace bench {

struct Contender {
  std::string name;
  std::function<void(std::size_t units)> run;           ///< does `units` units of work: handshakes, records
  std::function<void(std::size_t units)> prepare = {};  ///< before each slice, not timed; may be empty
};

struct RoundOptions {
  unsigned rounds = 201;
  double slice_seconds = 0.008;  ///< of each contender in each round
};

/// A median with the quartiles around it.
struct Spread {
  double median = 0;
  double low = 0;   ///< a quarter of the rounds were below
  double high = 0;  ///< a quarter were above
};

class Rounds {
 public:
  /// Runs them all. Time is this thread's processor time: what others do between does not count.
  Rounds(const std::vector<Contender>& contenders, const RoundOptions& options);

  Spread rate(std::size_t contender) const;  ///< units a second
  /// How many times the rate of `base` the rate of `contender` is.
  Spread ratio(std::size_t contender, std::size_t base) const;

 private:
  std::vector<std::vector<double>> seconds_per_unit_;  // of [contender][round]
};

}  // namespace bench
