// What belongs in this room: pre-shared keys, where they are found, and what is derived from a key alone.
#pragma once

#include <sesame/bytes.h>
#include <sesame/types.h>

#include "crypto/hash.h"
#include "crypto/provider.h"

namespace sesame::psk {

/// What a handshake needs of a pre-shared key, derived from the key alone (RFC 8446 section 7.1): each an
/// HMAC with its key kept. In psk_ke no Diffie-Hellman value enters, so that even the handshake and the
/// master secret are the key's own: 30 of the 85 SHA-256 compressions that a side needs are done here, once.
struct PskSecrets {
  crypto::HmacKey binder;   ///< keyed by finished_key of binder_key (section 4.2.11.2)
  crypto::HmacKey early;    ///< keyed by the Early Secret
  crypto::HmacKey derived;  ///< keyed by Derive-Secret(Early Secret, "derived", ""): extracts in psk_dhe_ke
  crypto::HmacKey handshake_ke;  ///< keyed by the Handshake Secret of psk_ke
  crypto::HmacKey master_ke;     ///< keyed by the Master Secret of psk_ke

  PskSecrets copy() const noexcept;
  HashAlgorithm hash() const noexcept { return early.hash().algorithm(); }
};

/// Whether the binder key is derived with "ext binder", "res binder" or "imp binder" (RFC 9258 section 5.2).
enum class PskKind : std::uint8_t { external, resumption, imported };

PskSecrets derive_psk_secrets(const crypto::Hash& hash, Bytes key, PskKind kind) noexcept;

/// TLS 1.2: the premaster secret of plain PSK (RFC 4279 section 2) as the key of an HMAC by `prf`. It depends
/// on the key alone too, and the master secret is the first that is made of it.
crypto::HmacKey derive_plain_premaster(const crypto::Hash& prf, Bytes key) noexcept;

}  // namespace sesame::psk
