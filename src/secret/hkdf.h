// What belongs in this room: SecretBytes, HKDF and what RFC 8446 section 7 derives with it.
//
// HKDF-Extract (RFC 5869 section 2.2) is an HMAC keyed by the salt. HKDF-Expand-Label takes the secret as an
// HmacKey, so that a secret from which several things are derived is keyed once.
#pragma once

#include <sesame/bytes.h>

#include <string_view>

#include "crypto/hash.h"
#include "secret/secret_bytes.h"

namespace sesame::secret {

/// HKDF-Extract with the salt as key.
SecretBytes hkdf_extract(const crypto::HmacKey& salt, Bytes ikm) noexcept;

/// RFC 8446 section 7.1. `label` without "tls13 ", at most 249 octets; `context` at most 255; `out` at most
/// 255 hashes.
void hkdf_expand_label(const crypto::HmacKey& secret, std::string_view label, Bytes context,
                       MutableBytes out) noexcept;

/// HKDF-Expand-Label of one hash length: Derive-Secret where `transcript_hash` is that of the messages.
SecretBytes derive_secret(const crypto::HmacKey& secret, std::string_view label,
                          Bytes transcript_hash) noexcept;

/// The hash of no octets: the context of Derive-Secret(., ., "").
Bytes empty_hash(const crypto::Hash& hash) noexcept;

}  // namespace sesame::secret
