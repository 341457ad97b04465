#include "psk/importer.h"

#include "secret/hkdf.h"

namespace sesame::psk {

ImportedIdentity imported_identity(Bytes external_identity, Bytes context, HashAlgorithm target) noexcept {
  return {{external_identity},
          {context},
          ProtocolVersion::tls13,
          target == HashAlgorithm::sha256 ? TargetKdf::HKDF_SHA256 : TargetKdf::HKDF_SHA384};
}

std::optional<Import> read_imported_identity(Bytes identity) noexcept {
  const auto read = wire::decode<ImportedIdentity>(identity);
  if (!read || read->target_protocol != ProtocolVersion::tls13) return std::nullopt;
  if (read->target_kdf != TargetKdf::HKDF_SHA256 && read->target_kdf != TargetKdf::HKDF_SHA384)
    return std::nullopt;
  return Import{read->external_identity.data, read->context.data,
                read->target_kdf == TargetKdf::HKDF_SHA256 ? HashAlgorithm::sha256 : HashAlgorithm::sha384};
}

PskSecrets derive_imported_secrets(const crypto::Provider& provider, HashAlgorithm hash, Bytes key,
                                   const ImportedIdentity& identity) noexcept {
  // Section 5.1: all of this by the hash of the key, and only L is the target's.
  const crypto::Hash& importing = provider.hash(hash);
  const crypto::Hash& target = provider.hash(
      identity.target_kdf == TargetKdf::HKDF_SHA256 ? HashAlgorithm::sha256 : HashAlgorithm::sha384);
  constexpr std::uint8_t zeros[crypto::max_hash_size] = {};
  wire::Buffer serialized;
  serialized.reserve(wire::encoded_size(identity));
  wire::encode(serialized, identity);
  const crypto::HmacKey epskx(
      importing,
      secret::hkdf_extract(crypto::HmacKey(importing, Bytes(zeros, importing.size())), key).bytes());
  secret::SecretBytes ipskx;
  secret::hkdf_expand_label(epskx, "derived psk", crypto::hash_of(importing, {serialized.bytes()}).bytes(),
                            ipskx.resize(target.size()));
  return derive_psk_secrets(target, ipskx.bytes(), PskKind::imported);
}

}  // namespace sesame::psk
