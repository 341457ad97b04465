// The keys of one direction in TLS 1.2 and below: a part of the key block (RFC 5246 section 6.3).
#pragma once

#include <sesame/bytes.h>

#include "policy/suites.h"

namespace sesame::record {

/// How a suite cuts the key block, in octets for one direction.
struct BlockSizes {
  std::size_t mac_key = 0;
  std::size_t key = 0;
  std::size_t iv = 0;  ///< CBC: the first IV, of TLS 1.0 only; GCM and CCM: the salt; ChaCha20-Poly1305: 12
  std::size_t whole() const noexcept { return 2 * (mac_key + key + iv); }
};
BlockSizes block_sizes(const policy::Suite& suite, ProtocolVersion version) noexcept;

/// Views; who sets keys by them takes what it needs.
struct BlockKeys {
  const policy::Suite& suite;
  ProtocolVersion version;
  bool encrypt_then_mac;  ///< RFC 7366, with a CBC suite
  Bytes mac_key;
  Bytes key;
  Bytes iv;
};

}  // namespace sesame::record
