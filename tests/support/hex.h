// Octets written in hexadecimal, as vectors are.
#pragma once

#include <gtest/gtest.h>
#include <sesame/bytes.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sesame::test {

using Octets = std::vector<std::uint8_t>;

/// Blanks are passed over. Anything else that is not hexadecimal fails the test.
inline Octets from_hex(std::string_view text) {
  Octets out;
  int high = -1;
  for (char c : text) {
    if (c == ' ' || c == '\n') continue;
    const auto digit =
        std::string_view("0123456789abcdef").find(static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
    if (digit == std::string_view::npos) {
      ADD_FAILURE() << "not hexadecimal: " << c;
      return {};
    }
    if (high < 0) {
      high = static_cast<int>(digit);
    } else {
      out.push_back(static_cast<std::uint8_t>(high << 4 | static_cast<int>(digit)));
      high = -1;
    }
  }
  EXPECT_LT(high, 0) << "an odd number of digits";
  return out;
}

inline std::string to_hex(Bytes octets) {
  std::string out;
  for (std::uint8_t octet : octets) {
    out += "0123456789abcdef"[octet >> 4];
    out += "0123456789abcdef"[octet & 15];
  }
  return out;
}

inline Octets octets_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace sesame::test
