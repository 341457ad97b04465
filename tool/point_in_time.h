// Times on the command line and in what it prints.
#pragma once

#include <sesame/credential.h>

#include <optional>
#include <string>
#include <string_view>

namespace sesame::tool {

/// "now", "+90d" (s, m, h, d), "2026-12-31" or "2026-12-31T12:00:00" with or without "Z"; always UTC.
/// nullopt: none of these, or out of range.
std::optional<TimePoint> parse_time(std::string_view text, TimePoint now);

/// "2026-12-31T12:00:00Z".
std::string time_text(TimePoint time);

}  // namespace sesame::tool
