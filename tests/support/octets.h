// Octets put together by hand, as a test needs them when the library's own writers would refuse.
#pragma once

#include <initializer_list>

#include "support/hex.h"

namespace sesame::test {

/// `value` in network order, in `size` octets.
inline Octets number(std::uint64_t value, std::size_t size) {
  Octets out(size);
  for (std::size_t i = size; i-- > 0; value >>= 8) out[i] = static_cast<std::uint8_t>(value);
  return out;
}
inline Octets u8(std::uint64_t value) { return number(value, 1); }
inline Octets u16(std::uint64_t value) { return number(value, 2); }
inline Octets u24(std::uint64_t value) { return number(value, 3); }
inline Octets u32(std::uint64_t value) { return number(value, 4); }

inline Octets text(std::string_view characters) { return octets_of(as_bytes(characters)); }
inline Octets repeat(std::size_t size, std::uint8_t value) { return Octets(size, value); }

inline void append(Octets& to, Bytes more) { to.insert(to.end(), more.begin(), more.end()); }
inline Octets join(std::initializer_list<Octets> parts) {
  Octets out;
  for (const Octets& part : parts) append(out, part);
  return out;
}

/// `body` behind its length in one, two or three octets. A body that is too long gets a length that is cut.
inline Octets vec8(const Octets& body) { return join({u8(body.size()), body}); }
inline Octets vec16(const Octets& body) { return join({u16(body.size()), body}); }
inline Octets vec24(const Octets& body) { return join({u24(body.size()), body}); }

}  // namespace sesame::test
