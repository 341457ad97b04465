// Appends fields to a buffer. A value that its vector cannot hold is a fault, never a silent cut.
#pragma once

#include <cstdint>

#include "wire/buffer.h"
#include "wire/reader.h"

namespace sesame::wire {

class Writer {
 public:
  explicit Writer(Buffer& out) noexcept : out_(out) {}

  bool ok() const noexcept { return fault_ == Fault::none; }
  Fault fault() const noexcept { return fault_; }
  void fail(Fault fault) noexcept {
    if (ok()) fault_ = fault;
  }
  Buffer& buffer() noexcept { return out_; }

  void uint(std::uint32_t value, unsigned octets) {
    if (octets < sizeof value && value >> 8 * octets != 0) fail(Fault::length);
    store(out_.grow(octets), value);
  }
  void put(Bytes octets) { out_.append(octets); }

  /// What `body` writes, behind its length in `octets` octets; the length has to be in [lowest, highest].
  template <class Body>
  void prefixed(unsigned octets, std::size_t lowest, std::size_t highest, Body&& body) {
    const std::size_t at = out_.size();
    out_.grow(octets);
    body();
    const std::size_t size = out_.size() - at - octets;
    if (size < lowest || size > highest) fail(Fault::length);
    store(out_.from(at).first(octets), static_cast<std::uint32_t>(size));
  }
  template <class Body>
  void prefixed(unsigned octets, Body&& body) {
    prefixed(octets, 0, (std::size_t{1} << 8 * octets) - 1, std::forward<Body>(body));
  }

 private:
  static void store(MutableBytes at, std::uint32_t value) noexcept {
    for (std::size_t i = at.size(); i-- > 0; value >>= 8) at[i] = static_cast<std::uint8_t>(value);
  }

  Buffer& out_;
  Fault fault_ = Fault::none;
};

}  // namespace sesame::wire
