// Key exchange for the groups of RFC 8446 section 4.2.7 and X25519MLKEM768: shares and shared secrets as they
// stand on the wire (sections 4.2.8.1, 4.2.8.2, 7.4).
#pragma once

#include <sesame/bytes.h>
#include <sesame/error.h>
#include <sesame/types.h>

#include <array>
#include <functional>
#include <memory>

#include "crypto/x25519.h"
#include "secret/secret_bytes.h"

namespace sesame::crypto {

class Provider;

/// The largest share: X25519MLKEM768's of the client.
inline constexpr std::size_t max_key_share_size = 1216;

/// Octets of the share that `side` sends for `group`; 0 for a group that is not known.
std::size_t key_share_size(NamedGroup group, Side side) noexcept;

/// Random octets from the caller in place of libcrypto's, for replays; empty: libcrypto's.
using Randomness = std::function<void(MutableBytes)>;

/// The private half of a share that was sent. Used once.
class KeyExchange {
 public:
  /// Client, and the server for all groups but the hybrids. `randomness` is honoured for x25519, x448 and
  /// the secp groups, for which it has to give a number below the group's order. Errors:
  /// algorithm_unavailable, internal_error.
  static Expected<KeyExchange> generate(const Provider& provider, NamedGroup group,
                                        const Randomness& randomness = {});

  /// Writes the share; `out` has key_share_size(group, Side::client) octets.
  Expected<> write_share(MutableBytes out) const;

  /// The shared secret with the peer's share; `out` is empty where there is an error. Errors:
  /// key_share_invalid (wrong size, a point not on the curve, a value of small order, the all-zero secret of
  /// RFC 7748 section 6), internal_error.
  Expected<> finish(Bytes peer_share, secret::SharedSecret& out);

  NamedGroup group() const noexcept { return group_; }

 private:
  friend struct KeyExchangeTestAccess;
  struct Free {
    void operator()(EVP_PKEY* key) const noexcept;
  };
  using Key = std::unique_ptr<EVP_PKEY, Free>;
  KeyExchange(const Provider& provider, NamedGroup group, Key key) noexcept;

  static Expected<KeyExchange> generate_x25519(const Provider& provider, const Randomness& randomness);

  const Provider* provider_;
  Key key_;  // empty where x25519_ is not
  X25519::PrivateKey x25519_ = X25519::no_key();
  std::array<std::uint8_t, X25519::size> x25519_share_{};
  NamedGroup group_;
};

/// The server's part in one step: answers `peer_share` with a share of its own, written to `share`, which has
/// key_share_size(group, Side::server) octets, and the shared secret. Errors: as KeyExchange.
Expected<> respond(const Provider& provider, NamedGroup group, Bytes peer_share, MutableBytes share,
                   secret::SharedSecret& out, const Randomness& randomness = {});

}  // namespace sesame::crypto
