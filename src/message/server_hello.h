#pragma once

#include <sesame/types.h>

#include "message/extension.h"

namespace sesame::message {

struct ServerHello {  // RFC 8446 section 4.1.3
  std::uint16_t legacy_version = legacy_version_tls12;
  Random random{};
  wire::opaque<0, 32> legacy_session_id_echo;
  CipherSuite cipher_suite{};
  std::uint8_t legacy_compression_method = 0;
  wire::optional_at_end<wire::list<Extension, 0, 0xffff>>
      extensions;  // the RFC has at least 6 octets; see ClientHello
  static constexpr auto fields(auto& m) {
    return std::tie(m.legacy_version, m.random, m.legacy_session_id_echo, m.cipher_suite,
                    m.legacy_compression_method, m.extensions);
  }
};

/// A ServerHello with this random is a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (section 4.1.3).
inline constexpr Random hello_retry_request_random = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

/// The last eight octets of the random of a TLS 1.3 server that was made to choose less (section 4.1.3).
inline constexpr std::array<std::uint8_t, 8> downgrade_to_tls12 = {0x44, 0x4f, 0x57, 0x4e,
                                                                   0x47, 0x52, 0x44, 0x01};
inline constexpr std::array<std::uint8_t, 8> downgrade_to_tls11 = {0x44, 0x4f, 0x57, 0x4e,
                                                                   0x47, 0x52, 0x44, 0x00};

}  // namespace sesame::message
