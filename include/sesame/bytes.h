// Byte ranges as every function of the library takes and gives them.
//
// A range never owns. A declaration that keeps one beyond the call says so; all others copy what they keep.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sesame {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

/// The octets of `text`, without a terminating NUL.
inline Bytes as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// `bytes` seen as characters. They may be binary: escape them before a person reads them.
inline std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// `bytes` for a person: printable ASCII as it is, a backslash as `\\`, every other octet as `\xHH`.
/// At most `limit` octets are shown; a longer value ends in "... (N octets)".
std::string escaped(Bytes bytes, std::size_t limit = 64);

}  // namespace sesame
