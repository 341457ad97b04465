// What a client makes of its keys: one identity of the ClientHello for a key that is used as it is, one for
// each hash for a key that is imported (RFC 9258 section 5.1).
#pragma once

#include <algorithm>
#include <array>
#include <span>

#include "psk/credential_body.h"

namespace sesame::psk {

/// One identity and binder of a ClientHello.
struct KeyOffer {
  const Credential* credential;
  HashAlgorithm hash;  ///< of the suites that it can be used with

  const CredentialBody& body() const noexcept { return CredentialAccess::body(*credential); }
  Bytes identity() const noexcept { return body().wire_identity(hash); }
  PskSecrets secrets_by(const crypto::Provider& provider) const noexcept {
    return body().secrets_by(provider, hash);
  }
  void write_binder(const crypto::Provider& provider, Bytes transcript_hash,
                    MutableBytes out) const noexcept {
    body().write_binder(provider, hash, transcript_hash, out);
  }
};

/// Calls f(KeyOffer) for what `credentials` offer for suites of `hashes`, which are in order of preference
/// and different; where f returns bool, false ends the walk. A key with early data comes for the hash of its
/// early data first, since early data goes with the first identity (RFC 8446 section 4.2.10).
template <class F>
void for_each_offer(std::span<const Credential> credentials, std::span<const HashAlgorithm> hashes, F&& f) {
  for (const Credential& credential : credentials) {
    const CredentialBody& body = CredentialAccess::body(credential);
    std::array<HashAlgorithm, 2> order{};
    const std::size_t count = std::min(hashes.size(), order.size());
    std::copy_n(hashes.begin(), count, order.begin());
    const bool early_by_sha384 = body.early_data.cipher_suite == CipherSuite::TLS_AES_256_GCM_SHA384;
    const HashAlgorithm early = early_by_sha384 ? HashAlgorithm::sha384 : HashAlgorithm::sha256;
    if (body.early_data.limit > 0 && count == 2 && order[1] == early) std::swap(order[0], order[1]);
    for (std::size_t i = 0; i < count; ++i) {
      if (!body.fits(order[i])) continue;
      const KeyOffer offer{&credential, order[i]};
      if constexpr (std::is_same_v<decltype(f(offer)), bool>) {
        if (!f(offer)) return;
      } else {
        f(offer);
      }
    }
  }
}

}  // namespace sesame::psk
