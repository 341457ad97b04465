#include "wire/codec.h"

namespace sesame::wire {

void print_hex(std::string& out, Bytes octets) {
  static constexpr char digits[] = "0123456789abcdef";
  for (const std::uint8_t octet : octets) {
    out += digits[octet >> 4];
    out += digits[octet & 15];
  }
}

}  // namespace sesame::wire
