// What belongs in this room: one file for each handshake message, its struct, both directions by
// wire/codec.h. No policy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sesame::message {

/// RFC 8446 appendix B.3, RFC 5246 section 7.4. message_hash is never on the wire.
enum class HandshakeType : std::uint8_t {
  hello_request = 0,  // this and the others of TLS 1.2: RFC 5246 section 7.4
  client_hello = 1,
  server_hello = 2,
  new_session_ticket = 4,
  end_of_early_data = 5,
  encrypted_extensions = 8,
  certificate = 11,
  server_key_exchange = 12,
  certificate_request = 13,
  server_hello_done = 14,
  certificate_verify = 15,
  client_key_exchange = 16,
  finished = 20,
  certificate_status = 22,  // RFC 6066 section 8
  key_update = 24,
  compressed_certificate = 25,  // RFC 8879 section 4
  message_hash = 254,
  /// Not a handshake message: the record of TLS 1.2 and below (RFC 5246 section 7.1), for which the tables
  /// have rows as for any message. A message of this type on the wire is refused before it gets there.
  change_cipher_spec = 255,
};

inline constexpr std::size_t handshake_header_size = 4;  // msg_type, uint24 length

/// "ClientHello" and so on, as RFC 8446 spells them; "unknown message" for any other value.
std::string_view name(HandshakeType type) noexcept;

}  // namespace sesame::message
