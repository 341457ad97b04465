#include "psk/secrets.h"

#include "secret/hkdf.h"

namespace sesame::psk {

PskSecrets PskSecrets::copy() const noexcept {
  return {binder.copy(), early.copy(), derived.copy(), handshake_ke.copy(), master_ke.copy()};
}

PskSecrets derive_psk_secrets(const crypto::Hash& hash, Bytes key, PskKind kind) noexcept {
  using crypto::HmacKey;
  using namespace secret;
  // The left column of the diagram in RFC 8446 section 7.1, with (EC)DHE = 0, as it is in psk_ke.
  constexpr std::uint8_t zeros[crypto::max_hash_size] = {};
  const Bytes zero(zeros, hash.size());
  const Bytes nothing = empty_hash(hash);

  PskSecrets out;
  out.early = HmacKey(hash, hkdf_extract(HmacKey(hash, zero), key).bytes());
  // Section 4.2.11.2: the binder is a Finished under the binder key.
  const std::string_view label = kind == PskKind::external     ? "ext binder"
                                 : kind == PskKind::resumption ? "res binder"
                                                               : "imp binder";
  const HmacKey binder_key(hash, derive_secret(out.early, label, nothing).bytes());
  out.binder = HmacKey(hash, derive_secret(binder_key, "finished", {}).bytes());
  out.derived = HmacKey(hash, derive_secret(out.early, "derived", nothing).bytes());
  out.handshake_ke = HmacKey(hash, hkdf_extract(out.derived, zero).bytes());
  const HmacKey salt(hash, derive_secret(out.handshake_ke, "derived", nothing).bytes());
  out.master_ke = HmacKey(hash, hkdf_extract(salt, zero).bytes());
  return out;
}

}  // namespace sesame::psk
