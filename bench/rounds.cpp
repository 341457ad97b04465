#include "rounds.h"

#include <algorithm>
#include <ctime>

namespace bench {
namespace {

double thread_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double time_slice(const Contender& contender, std::size_t units) {
  if (contender.prepare) contender.prepare(units);
  const double begin = thread_seconds();
  contender.run(units);
  return thread_seconds() - begin;
}

// Also warms caches, branch predictors and the heap.
std::size_t units_of_a_slice(const Contender& contender, double slice_seconds) {
  std::size_t units = 1;
  double seconds = time_slice(contender, units);
  while (seconds < slice_seconds) {
    units = units * 2;
    seconds = time_slice(contender, units);
  }
  const double wanted = static_cast<double>(units) * slice_seconds / seconds;
  return std::max<std::size_t>(1, static_cast<std::size_t>(wanted));
}

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return {values[n / 2], values[n / 4], values[n - 1 - n / 4]};
}

}  // namespace

Rounds::Rounds(const std::vector<Contender>& contenders, const RoundOptions& options)
    : seconds_per_unit_(contenders.size()) {
  std::vector<std::size_t> units;
  for (const Contender& contender : contenders)
    units.push_back(units_of_a_slice(contender, options.slice_seconds));
  for (unsigned round = 0; round < options.rounds; ++round) {
    for (std::size_t turn = 0; turn < contenders.size(); ++turn) {
      const std::size_t i = round % 2 == 0 ? turn : contenders.size() - 1 - turn;
      seconds_per_unit_[i].push_back(time_slice(contenders[i], units[i]) / static_cast<double>(units[i]));
    }
  }
}

Spread Rounds::rate(std::size_t contender) const {
  std::vector<double> rates;
  for (double seconds : seconds_per_unit_[contender]) rates.push_back(1 / seconds);
  return spread_of(std::move(rates));
}

Spread Rounds::ratio(std::size_t contender, std::size_t base) const {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < seconds_per_unit_[contender].size(); ++i) {
    ratios.push_back(seconds_per_unit_[base][i] / seconds_per_unit_[contender][i]);
  }
  return spread_of(std::move(ratios));
}

}  // namespace bench
