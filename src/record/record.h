// What belongs in this room: records (RFC 8446 section 5), their framing and their protection. No handshake.
#pragma once

#include <sesame/bytes.h>
#include <sesame/error.h>

#include <cstdint>

namespace sesame::record {

enum class ContentType : std::uint8_t {
  invalid = 0,
  change_cipher_spec = 20,
  alert = 21,
  handshake = 22,
  application_data = 23,
};

inline constexpr std::size_t header_size = 5;                       // type, legacy_record_version, length
inline constexpr std::size_t max_plaintext = 1 << 14;               // section 5.1
inline constexpr std::size_t max_ciphertext = max_plaintext + 256;  // section 5.2

/// The header of a record. TLS 1.3 does not look at the version: RFC 8446 section 5.1 has it ignored for all
/// purposes.
struct Header {
  ContentType type;
  std::size_t length;  ///< of what follows the header
  std::uint16_t version = 0x0303;

  static Header read(Bytes header) noexcept {
    return {static_cast<ContentType>(header[0]), static_cast<std::size_t>(header[3] << 8 | header[4]),
            static_cast<std::uint16_t>(header[1] << 8 | header[2])};
  }
  void write(MutableBytes out) const noexcept {
    out[0] = static_cast<std::uint8_t>(type);
    out[1] = static_cast<std::uint8_t>(version >> 8);
    out[2] = static_cast<std::uint8_t>(version);
    out[3] = static_cast<std::uint8_t>(length >> 8);
    out[4] = static_cast<std::uint8_t>(length);
  }
};

}  // namespace sesame::record
