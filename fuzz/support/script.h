// What belongs in this folder: what the fuzz targets share. Here: a fuzzer's octets read as a script.
//
// Whatever the octets are, they are a script: a number is as long as it has to be, and beyond the end all is
// zero. So every change that the fuzzer makes means something.
#pragma once

#include <sesame/bytes.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace sesame::fuzz {

class Script {
 public:
  explicit Script(Bytes in) noexcept : in_(in) {}

  bool empty() const noexcept { return in_.empty(); }
  std::uint8_t octet() noexcept {
    const Bytes one = take(1);
    return one.empty() ? 0 : one[0];
  }
  std::uint16_t word() noexcept {
    const unsigned high = octet();
    return static_cast<std::uint16_t>(high << 8 | octet());
  }
  /// `size` octets, or those that are left.
  Bytes take(std::size_t size) noexcept {
    const Bytes out = in_.first(std::min(size, in_.size()));
    in_ = in_.subspan(out.size());
    return out;
  }
  /// Octets behind their number: one octet, or 255 and a word.
  Bytes block() noexcept {
    const std::size_t size = octet();
    return take(size == 255 ? word() : size);
  }
  Bytes rest() noexcept { return take(in_.size()); }

 private:
  Bytes in_;
};

[[noreturn]] inline void broken(const char* what, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, what);
  std::abort();
}

}  // namespace sesame::fuzz

/// What has to hold whatever the octets are.
#define FUZZ_CHECK(condition) \
  (static_cast<bool>(condition) ? void() : ::sesame::fuzz::broken(#condition, __FILE__, __LINE__))
