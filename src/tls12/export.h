// What is exported from a connection of TLS 1.2 or below.
#pragma once

#include <optional>

#include "crypto/provider.h"
#include "handshake/established.h"

namespace sesame::tls12 {

/// RFC 5705 section 4, where an empty context is not the same as none. Errors: invalid_argument (the label is
/// empty, or one that RFC 5705 reserves; a context over 65535 octets), algorithm_unavailable.
Expected<> export_keying_material(const crypto::Provider& provider, const handshake::Established& established,
                                  std::string_view label, std::optional<Bytes> context, MutableBytes out);
/// RFC 5246 section 6.3. Error: algorithm_unavailable.
Expected<> export_key_block(const crypto::Provider& provider, const handshake::Established& established,
                            MutableBytes out);

}  // namespace sesame::tls12
