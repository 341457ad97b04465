// Hexadecimal, for the text forms of identities and keys.
#pragma once

#include <string>

namespace sesame::psk {

inline constexpr char hex_digits[] = "0123456789abcdef";

/// 0..15; -1 for what is no digit. Without a table or a branch on the digit, which may be a key's.
constexpr int hex_value(char digit) noexcept {
  const unsigned c = static_cast<unsigned char>(digit);
  const unsigned number = c - '0', letter = (c | 0x20) - 'a';
  // 1 where it is below the bound and not below 0, which wraps.
  const unsigned is_number = ((number - 10) & ~number) >> 31, is_letter = ((letter - 6) & ~letter) >> 31;
  const unsigned value = is_number * number + is_letter * (letter + 10);
  return static_cast<int>(value) - static_cast<int>(1 - (is_number | is_letter));
}

inline void append_hex(std::string& out, unsigned char octet) {
  out += hex_digits[octet >> 4];
  out += hex_digits[octet & 0xf];
}

}  // namespace sesame::psk
