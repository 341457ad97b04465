// The peer's certificates as libcrypto's objects, between reading and judging.
#pragma once

#include <vector>

#include "certificate/handles.h"
#include "certificate/peer.h"

namespace sesame::certificate {

struct ParsedChain {
  std::vector<X509Handle> certificates;  ///< the end-entity certificate first
  bool is_known = false;                 ///< none of them had to be decoded
};

/// What is in `known`, which may be nullptr, is taken from there. Errors: certificate_malformed.
Expected<std::shared_ptr<const ParsedChain>> parse_chain(const crypto::Provider& provider,
                                                         std::span<const Bytes> chain,
                                                         KnownCertificates* known);

}  // namespace sesame::certificate
