// What belongs in this room: the presentation language of RFC 8446 section 3, and nothing that knows a
// message.
#pragma once

#include <sesame/bytes.h>

#include <cstdint>

namespace sesame::wire {

/// What can be wrong with the form of a message.
enum class Fault : std::uint8_t {
  none,
  truncated,  ///< a vector or a field goes beyond the end
  trailing,   ///< octets are left behind the last field
  length,     ///< a vector is shorter or longer than its bounds, or no whole number of elements
  illegal,    ///< a value that the syntax itself forbids
};

/// Takes fields off the front of a range. After a fault everything read is zero or empty, so that one check
/// at the end is enough.
class Reader {
 public:
  constexpr explicit Reader(Bytes in) noexcept : in_(in) {}

  constexpr bool ok() const noexcept { return fault_ == Fault::none; }
  constexpr Fault fault() const noexcept { return fault_; }
  constexpr bool empty() const noexcept { return in_.empty(); }
  constexpr Bytes rest() const noexcept { return in_; }

  constexpr void fail(Fault fault) noexcept {
    if (ok()) fault_ = fault;
    in_ = {};
  }
  constexpr Bytes take(std::size_t size) noexcept {
    if (size > in_.size()) {
      fail(Fault::truncated);
      return {};
    }
    const Bytes out = in_.first(size);
    in_ = in_.subspan(size);
    return out;
  }
  constexpr std::uint32_t uint(unsigned octets) noexcept {
    std::uint32_t value = 0;
    for (const std::uint8_t octet : take(octets)) value = value << 8 | octet;
    return value;
  }

 private:
  Bytes in_;
  Fault fault_ = Fault::none;
};

}  // namespace sesame::wire
