// The PRF of TLS 1.2 and below (RFC 5246 section 5, RFC 2246 section 5).
#pragma once

#include <sesame/bytes.h>
#include <sesame/error.h>

#include <initializer_list>
#include <string_view>

#include "crypto/provider.h"

namespace sesame::secret {

enum class Prf : std::uint8_t {
  md5_sha1,  ///< TLS 1.0 and 1.1: P_MD5 and P_SHA-1 over a half of the secret each
  sha256,    ///< TLS 1.2, unless the suite says SHA-384
  sha384,
};

/// Fills `out` with PRF(secret, label, seed), the seed in parts one after the other. Error:
/// algorithm_unavailable.
Expected<> prf(const crypto::Provider& provider, Prf which, Bytes secret, std::string_view label,
               std::initializer_list<Bytes> seed, MutableBytes out);

}  // namespace sesame::secret
