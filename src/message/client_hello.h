#pragma once

#include <sesame/types.h>

#include "message/extension.h"

namespace sesame::message {

struct ClientHello {  // RFC 8446 section 4.1.2
  std::uint16_t legacy_version = legacy_version_tls12;
  Random random{};
  wire::opaque<0, 32> legacy_session_id;
  wire::list<CipherSuite, 2, 0xfffe> cipher_suites;
  wire::opaque<1, 0xff> legacy_compression_methods;
  // The RFC has at least 8 octets; an older client's fewer, or none at all, are refused for their version,
  // not their form.
  wire::optional_at_end<wire::list<Extension, 0, 0xffff>> extensions;
  static constexpr auto fields(auto& m) {
    return std::tie(m.legacy_version, m.random, m.legacy_session_id, m.cipher_suites,
                    m.legacy_compression_methods, m.extensions);
  }
};

}  // namespace sesame::message
