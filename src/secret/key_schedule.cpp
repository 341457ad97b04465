#include "secret/key_schedule.h"

namespace sesame::secret {

using crypto::HmacKey;

SecretBytes MasterStage::client_application_traffic(Bytes transcript_hash) const noexcept {
  return derive_secret(secret_, "c ap traffic", transcript_hash);
}
SecretBytes MasterStage::server_application_traffic(Bytes transcript_hash) const noexcept {
  return derive_secret(secret_, "s ap traffic", transcript_hash);
}
SecretBytes MasterStage::exporter(Bytes transcript_hash) const noexcept {
  return derive_secret(secret_, "exp master", transcript_hash);
}
SecretBytes MasterStage::resumption(Bytes transcript_hash) const noexcept {
  return derive_secret(secret_, "res master", transcript_hash);
}

SecretBytes HandshakeStage::client_handshake_traffic(Bytes transcript_hash) const noexcept {
  return derive_secret(secret_, "c hs traffic", transcript_hash);
}
SecretBytes HandshakeStage::server_handshake_traffic(Bytes transcript_hash) const noexcept {
  return derive_secret(secret_, "s hs traffic", transcript_hash);
}

MasterStage HandshakeStage::master() && noexcept {
  if (!master_.empty()) return MasterStage(std::move(master_));
  const crypto::Hash& hash = secret_.hash();
  constexpr std::uint8_t zeros[crypto::max_hash_size] = {};
  const HmacKey salt(hash, derive_secret(secret_, "derived", empty_hash(hash)).bytes());
  return MasterStage(HmacKey(hash, hkdf_extract(salt, {zeros, hash.size()}).bytes()));
}

SecretBytes EarlyStage::client_early_traffic(Bytes transcript_hash) const noexcept {
  return derive_secret(secrets_.early, "c e traffic", transcript_hash);
}
SecretBytes EarlyStage::early_exporter(Bytes transcript_hash) const noexcept {
  return derive_secret(secrets_.early, "e exp master", transcript_hash);
}

HandshakeStage EarlyStage::psk_ke() && noexcept {
  return {std::move(secrets_.handshake_ke), std::move(secrets_.master_ke)};
}

HandshakeStage EarlyStage::with_shared_secret(Bytes shared_secret) && noexcept {
  const HmacKey salt = std::move(secrets_.derived);
  return {HmacKey(salt.hash(), hkdf_extract(salt, shared_secret).bytes()), {}};
}

TrafficKeys traffic_keys(const HmacKey& traffic_secret, std::size_t key_size) noexcept {
  TrafficKeys out;
  hkdf_expand_label(traffic_secret, "key", {}, out.key.resize(key_size));
  hkdf_expand_label(traffic_secret, "iv", {}, out.iv.resize(out.iv.capacity()));
  return out;
}

crypto::HashValue finished_verify_data(const HmacKey& traffic_secret, Bytes transcript_hash) noexcept {
  const HmacKey finished_key(traffic_secret.hash(), derive_secret(traffic_secret, "finished", {}).bytes());
  return finished_key.mac({transcript_hash});
}

SecretBytes next_traffic_secret(const HmacKey& traffic_secret) noexcept {
  return derive_secret(traffic_secret, "traffic upd", {});
}

void export_keying_material(const crypto::Hash& hash, Bytes exporter_secret, std::string_view label,
                            Bytes context, MutableBytes out) noexcept {
  const HmacKey exporter(hash, exporter_secret);
  const HmacKey derived(hash, derive_secret(exporter, label, empty_hash(hash)).bytes());
  hkdf_expand_label(derived, "exporter", hash_of(hash, {context}).bytes(), out);
}

}  // namespace sesame::secret
