// What belongs in this room: what may be chosen, as values; never how it is done.
#pragma once

#include <sesame/types.h>

#include <optional>

#include "crypto/provider.h"

namespace sesame::policy {

/// A cipher suite of TLS 1.3 (RFC 8446 appendix B.4), ready for use.
struct Suite {
  CipherSuite id{};
  HashAlgorithm hash{};
  const crypto::AeadAlgorithm* aead = nullptr;
  std::uint64_t records_per_key = 0;  ///< after so many a side updates its keys
};

/// nullopt for a suite that is not known or whose AEAD libcrypto lacks.
std::optional<Suite> find_suite(const crypto::Provider& provider, CipherSuite id) noexcept;

/// The hash of a suite that is known; what it is for others does not matter to anybody.
HashAlgorithm hash_of(CipherSuite id) noexcept;

}  // namespace sesame::policy
