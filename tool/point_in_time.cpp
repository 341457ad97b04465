#include "point_in_time.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <charconv>

namespace sesame::tool {

namespace {

using namespace std::chrono;

// All of `text` as a number without a sign.
std::optional<int> number(std::string_view text) {
  int out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || text.front() == '-') return std::nullopt;
  return out;
}

std::optional<TimePoint> relative(std::string_view text, TimePoint now) {
  if (text.size() < 2) return std::nullopt;
  const auto count = number(text.substr(0, text.size() - 1));
  if (!count || *count > 1'000'000'000) return std::nullopt;
  const auto after = [&](seconds unit) -> std::optional<TimePoint> {
    // The clock's nanoseconds end in the year 2262.
    constexpr seconds most = hours(24 * 365 * 200);
    if (unit.count() * *count > most.count()) return std::nullopt;
    return now + unit * *count;
  };
  switch (text.back()) {
    case 's':
      return after(1s);
    case 'm':
      return after(60s);
    case 'h':
      return after(3600s);
    case 'd':
      return after(86'400s);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<TimePoint> parse_time(std::string_view text, TimePoint now) {
  if (text == "now") return now;
  if (text.starts_with('+')) return relative(text.substr(1), now);
  if (text.ends_with('Z')) text.remove_suffix(1);
  // 0123456789012345678
  // 2026-12-31T12:00:00
  if (text.size() != 10 && text.size() != 19) return std::nullopt;
  if (text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto y = number(text.substr(0, 4)), m = number(text.substr(5, 2)), d = number(text.substr(8, 2));
  if (!y || !m || !d || *y < 1970 || *y > 2200) return std::nullopt;
  const year_month_day date(year(*y), month(static_cast<unsigned>(*m)), day(static_cast<unsigned>(*d)));
  if (!date.ok()) return std::nullopt;
  const TimePoint begin = sys_days(date);
  if (text.size() == 10) return begin;
  if (text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
  const auto hh = number(text.substr(11, 2)), mm = number(text.substr(14, 2)),
             ss = number(text.substr(17, 2));
  if (!hh || !mm || !ss || *hh > 23 || *mm > 59 || *ss > 59) return std::nullopt;
  return begin + hours(*hh) + minutes(*mm) + std::chrono::seconds(*ss);
}

std::string time_text(TimePoint time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(system_clock::to_time_t(time)));
}

}  // namespace sesame::tool
