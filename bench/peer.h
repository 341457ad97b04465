// What both contenders are measured with: the key, the identity, and what a pair has to be able to do.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

namespace bench {

enum class Mode : std::uint8_t { psk_ke, psk_dhe_ke };

inline constexpr std::string_view identity = "bench-client";
inline constexpr std::uint8_t key[32] = {0x5e, 0x5a, 0x6d, 0x65, 1,  2,  3,  4,  5,  6,  7,
                                         8,    9,    10,   11,   12, 13, 14, 15, 16, 17, 18,
                                         19,   20,   21,   22,   23, 24, 25, 26, 27, 28};

/// A benchmark that cannot do its work has no result.
[[noreturn]] inline void give_up(const char* what) {
  std::fprintf(stderr, "bench: %s\n", what);
  std::exit(1);
}
inline void require(bool ok, const char* what) {
  if (!ok) [[unlikely]]
    give_up(what);
}

}  // namespace bench
