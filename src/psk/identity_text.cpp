// Identities as text: encode_identity and decode_identity.
#include <sesame/key_file.h>

#include "psk/hex.h"

namespace sesame {
namespace {

constexpr std::string_view escape = "\\x";

// psktool 3.7 writes an identity that has a colon as `#` and hexadecimal, and GnuTLS reads every line that
// begins with
// `#` so.
Expected<std::string> decode_hexadecimal(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 2);
  bool valid = text.size() % 2 == 0;
  for (std::size_t i = 0; valid && i < text.size(); i += 2) {
    const int high = psk::hex_value(text[i]), low = psk::hex_value(text[i + 1]);
    valid = high >= 0 && low >= 0;
    if (valid) out += static_cast<char>(high << 4 | low);
  }
  if (valid) return out;
  return fail(
      Reason::file_syntax,
      "an identity that begins with # is hexadecimal; a comment begins with \"# \", and an identity with # "
      "itself is written \\x23");
}

Expected<std::string> decode_escapes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (text.starts_with("\\\\")) {
      out += '\\';
      text.remove_prefix(2);
    } else if (text.starts_with(escape)) {
      const int high = text.size() > 2 ? psk::hex_value(text[2]) : -1;
      const int low = text.size() > 3 ? psk::hex_value(text[3]) : -1;
      if (high < 0 || low < 0) {
        return fail(Reason::file_syntax,
                    "\\x without two hexadecimal digits; a backslash itself is written \\\\");
      }
      out += static_cast<char>(high << 4 | low);
      text.remove_prefix(4);
    } else {
      // A backslash before anything else stands for itself: others write DOMAIN\user so.
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace

std::string encode_identity(Bytes identity) {
  std::string out;
  out.reserve(identity.size());
  for (const std::uint8_t& octet : identity) {
    const bool printable = octet >= 0x20 && octet < 0x7f;
    if (octet == '\\') {
      out += "\\\\";
    } else if (!printable || octet == ':' || (octet == '#' && &octet == identity.data())) {
      out += escape;
      psk::append_hex(out, octet);
    } else {
      out += static_cast<char>(octet);
    }
  }
  return out;
}

Expected<std::string> decode_identity(std::string_view text) {
  auto identity = text.starts_with('#') ? decode_hexadecimal(text.substr(1)) : decode_escapes(text);
  if (!identity) return identity;
  if (identity->empty()) return fail(Reason::identity_empty);
  if (identity->size() > max_identity_size) {
    return fail(Reason::identity_too_long, std::to_string(identity->size()) + " octets");
  }
  return identity;
}

}  // namespace sesame
