#include <sesame/bytes.h>

#include <algorithm>

namespace sesame {

std::string escaped(Bytes bytes, std::size_t limit) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (std::uint8_t octet : bytes.first(std::min(limit, bytes.size()))) {
    if (octet == '\\') {
      out += "\\\\";
    } else if (octet >= 0x20 && octet < 0x7f) {
      out += static_cast<char>(octet);
    } else {
      out += {'\\', 'x', digits[octet >> 4], digits[octet & 0xf]};
    }
  }
  if (bytes.size() > limit) out.append("... (").append(std::to_string(bytes.size())).append(" octets)");
  return out;
}

}  // namespace sesame
