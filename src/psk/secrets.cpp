#include "psk/secrets.h"

#include <cstring>

#include "secret/hkdf.h"
#include "secret/secret_buffer.h"

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

crypto::HmacKey derive_plain_premaster(const crypto::Hash& prf, Bytes key) noexcept {
  // RFC 4279 section 2: uint16 N, N zero octets, uint16 N, the key, which has N octets; no more than
  // max_key_size.
  const std::size_t n = key.size();
  secret::SecretBuffer premaster(2 * (2 + n));
  const MutableBytes all = premaster.mutable_bytes();
  std::memset(all.data(), 0, 2 + n);
  for (const std::size_t at : {std::size_t{0}, 2 + n}) {
    all[at] = static_cast<std::uint8_t>(n >> 8);
    all[at + 1] = static_cast<std::uint8_t>(n);
  }
  if (n != 0) std::memcpy(all.data() + 4 + n, key.data(), n);
  return {prf, premaster.bytes()};
}

}  // namespace sesame::psk
