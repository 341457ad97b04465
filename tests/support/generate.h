// Values of any type that wire/codec.h knows, within their bounds and at them, for tests of properties.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <random>
#include <vector>

#include "wire/codec.h"

namespace sesame::test {

/// Owns what the generated values are views of. The same seed gives the same values.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::size_t between(std::size_t lowest, std::size_t highest) {
    return std::uniform_int_distribution<std::size_t>(lowest, highest)(random_);
  }
  template <class T>
  T make() {
    T value{};
    fill(value);
    return value;
  }

 private:
  template <class T>
    requires(std::unsigned_integral<T> || wire::Enum<T>)
  void fill(T& value) {
    value = static_cast<T>(random_());
  }
  template <std::size_t N>
  void fill(std::array<std::uint8_t, N>& value) {
    for (auto& octet : value) octet = static_cast<std::uint8_t>(random_());
  }
  template <std::size_t Lowest, std::size_t Highest>
  void fill(wire::opaque<Lowest, Highest>& value) {
    value.data = octets(size_in(Lowest, Highest));
  }
  template <class T, std::size_t Lowest, std::size_t Highest>
  void fill(wire::list<T, Lowest, Highest>& value) {
    const std::size_t aim = size_in(Lowest, Highest);
    wire::Buffer raw;
    for (int misses = 0; misses < 100;) {
      if (raw.size() >= Lowest && raw.size() >= aim) break;
      const std::size_t before = raw.size();
      if (!wire::encode(raw, make<T>()) || raw.size() > Highest) {
        raw.truncate(before);
        ++misses;
      }
    }
    value.raw = keep(raw.bytes());
  }
  template <class Vector>
  void fill(wire::optional_at_end<Vector>& value) {
    value.present = between(0, 3) != 0;
    if (value.present) fill(static_cast<Vector&>(value));
  }
  template <wire::Struct T>
  void fill(T& value) {
    std::apply([&](auto&... field) { (fill(field), ...); }, T::fields(value));
  }

  // Mostly small, often at a bound, now and then the longest there is.
  std::size_t size_in(std::size_t lowest, std::size_t highest) {
    switch (between(0, highest > 1000 ? 40 : 8)) {
      case 0:
        return lowest;
      case 1:
        return std::min(lowest + 1, highest);
      case 2:
        return std::min<std::size_t>(highest, 0x10000);
      default:
        return std::min(highest, lowest + between(0, 40));
    }
  }
  Bytes octets(std::size_t size) {
    auto& out = kept_.emplace_back(size);
    for (auto& octet : out) octet = static_cast<std::uint8_t>(random_());
    return out;
  }
  Bytes keep(Bytes value) { return kept_.emplace_back(value.begin(), value.end()); }

  std::mt19937_64 random_;
  std::deque<std::vector<std::uint8_t>> kept_;
};

}  // namespace sesame::test
