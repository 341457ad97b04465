// The PRF of TLS 1.2 and below (RFC 5246 section 5, RFC 2246 section 5).
#pragma once

#include <sesame/bytes.h>
#include <sesame/error.h>

#include <initializer_list>
#include <string_view>

#include "crypto/legacy_hmac.h"
#include "crypto/provider.h"

namespace sesame::secret {

enum class Prf : std::uint8_t {
  md5_sha1,  ///< TLS 1.0 and 1.1: P_MD5 and P_SHA-1 over a half of the secret each
  sha256,    ///< TLS 1.2, unless the suite says SHA-384
  sha384,
};

constexpr Prf prf_of(ProtocolVersion version, HashAlgorithm suite_hash) noexcept {
  if (version < ProtocolVersion::tls12) return Prf::md5_sha1;
  return suite_hash == HashAlgorithm::sha256 ? Prf::sha256 : Prf::sha384;
}

/// PRF with one secret, keyed once: what is derived from a master secret three or four times. A secret: wiped
/// when it is moved from or goes. It does not allocate, but for md5_sha1 through EVP. The Provider has to
/// outlive it.
class PrfKey {
 public:
  PrfKey() noexcept = default;
  PrfKey(PrfKey&&) noexcept = default;
  PrfKey& operator=(PrfKey&&) noexcept = default;
  /// `secret` of any size. Error: algorithm_unavailable.
  static Expected<PrfKey> create(const crypto::Provider& provider, Prf which, Bytes secret);
  /// By an HMAC key that was kept: of a shared key whose premaster secret is its own (RFC 4279 section 2).
  PrfKey(Prf which, crypto::HmacKey key) noexcept : hmac_(std::move(key)), which_(which) {}

  Prf which() const noexcept { return which_; }
  bool empty() const noexcept { return hmac_.empty() && sha1_.empty(); }
  /// Fills `out` with PRF(secret, label, seed), the seed in parts (at most 6) one after the other. Error:
  /// algorithm_unavailable.
  Expected<> expand(std::string_view label, std::initializer_list<Bytes> seed, MutableBytes out) const;

 private:
  crypto::HmacKey hmac_;              // SHA-256, SHA-384
  crypto::LegacyHmacKey md5_, sha1_;  // md5_sha1, by a half of the secret each
  Prf which_ = Prf::sha256;
};

/// Fills `out` with PRF(secret, label, seed), the seed in parts one after the other. Error:
/// algorithm_unavailable.
Expected<> prf(const crypto::Provider& provider, Prf which, Bytes secret, std::string_view label,
               std::initializer_list<Bytes> seed, MutableBytes out);

}  // namespace sesame::secret
