#include "record/block_keys.h"

namespace sesame::record {

BlockSizes block_sizes(const policy::Suite& suite, ProtocolVersion version) noexcept {
  BlockSizes out;
  if (suite.aead) {
    out.key = suite.aead->key_size();
    // RFC 5288 section 3, RFC 6655 section 3: 4 octets of salt; RFC 7905 section 2: the whole nonce.
    out.iv = suite.aead->is_chacha20_poly1305() ? 12 : 4;
    return out;
  }
  out.mac_key = crypto::mac_size(suite.mac);
  if (!suite.cbc) return out;
  out.key = suite.cbc->key_size();
  if (version == ProtocolVersion::tls10) out.iv = crypto::cbc_block_size;  // RFC 2246 section 6.3
  return out;
}

}  // namespace sesame::record
