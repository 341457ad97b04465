// Importing external keys (RFC 9258): the key itself never enters a handshake, only what is derived from it
// for one protocol, one hash and one context.
//
//   epskx = HKDF-Extract(0, epsk)                                                   by the hash of the key
//   ipskx = HKDF-Expand-Label(epskx, "derived psk", Hash(ImportedIdentity), L)      L of the target KDF
//   ipskx is the PSK of the key schedule of the target KDF, its binder label "imp binder"
#pragma once

#include <optional>

#include "psk/secrets.h"
#include "wire/codec.h"

namespace sesame::psk {

/// The IANA registry "TLS KDF Identifiers" (section 10).
enum class TargetKdf : std::uint16_t { HKDF_SHA256 = 1, HKDF_SHA384 = 2 };

/// Section 5.1: what the client sends as the identity.
struct ImportedIdentity {
  wire::opaque<1, 0xffff> external_identity;
  wire::opaque<0, 0xffff> context;
  ProtocolVersion target_protocol = ProtocolVersion::tls13;
  TargetKdf target_kdf{};
  static constexpr auto fields(auto& m) {
    return std::tie(m.external_identity, m.context, m.target_protocol, m.target_kdf);
  }
};

/// The octets around external identity and context.
inline constexpr std::size_t imported_identity_overhead = 8;

/// The ImportedIdentity for TLS 1.3. `context` of at most 65535 octets, `external_identity` of 1..65535.
ImportedIdentity imported_identity(Bytes external_identity, Bytes context, HashAlgorithm target) noexcept;

/// What an identity says that has the form of an ImportedIdentity. Views of it.
struct Import {
  Bytes external_identity;
  Bytes context;
  HashAlgorithm target;
};
/// nullopt: it has another form, or is for a protocol or a KDF that is not known here. Then it is an external
/// identity as any other.
std::optional<Import> read_imported_identity(Bytes identity) noexcept;

/// What a handshake needs of an imported key. `hash` is the one that imports.
PskSecrets derive_imported_secrets(const crypto::Provider& provider, HashAlgorithm hash, Bytes key,
                                   const ImportedIdentity& identity) noexcept;

}  // namespace sesame::psk
