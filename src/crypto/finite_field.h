// Diffie-Hellman in a prime field with whatever parameters the server of TLS 1.2 or below gives (RFC 5246
// section 7.4.3): the groups of RFC 7919, and others.
#pragma once

#include <sesame/bytes.h>
#include <sesame/error.h>
#include <sesame/types.h>

#include <memory>
#include <vector>

#include "crypto/signature.h"
#include "secret/secret_bytes.h"

namespace sesame::crypto {

class Provider;

/// A private key and its group. Used once.
class FiniteFieldExchange {
 public:
  /// Server: a private key in a group of RFC 7919. Errors: algorithm_unavailable, internal_error.
  static Expected<FiniteFieldExchange> generate(const Provider& provider, NamedGroup group);
  /// Client: a private key in the server's group. Before anything is computed it checks that p is odd and of
  /// min_bits (at least 512) to 8192 bits, 1 < g < p - 1, and 1 < peer_public < p - 1. Errors:
  /// dh_parameters_unsuitable (the detail with the bits), key_share_invalid, internal_error.
  static Expected<FiniteFieldExchange> join(const Provider& provider, Bytes p, Bytes g, Bytes peer_public,
                                            unsigned min_bits);

  // Unsigned integers in network order, as they stand on the wire: p and g without leading zeros, the public
  // value as long as p, which some implementations insist on.
  const std::vector<std::uint8_t>& p() const noexcept { return p_; }
  const std::vector<std::uint8_t>& g() const noexcept { return g_; }
  const std::vector<std::uint8_t>& public_value() const noexcept { return public_; }

  /// The premaster secret with the peer's value: leading zero octets are stripped (RFC 5246 section 8.1.2).
  /// Leading zeros of `peer_public` do not matter. `out` is empty where there is an error. Errors:
  /// key_share_invalid (out of range, or the secret would be 1), internal_error.
  Expected<> finish(Bytes peer_public, secret::SharedSecret& out);

 private:
  friend struct FiniteFieldTestAccess;
  const Provider* provider_ = nullptr;
  KeyHandle key_;
  std::vector<std::uint8_t> p_, g_, public_;
};

}  // namespace sesame::crypto
