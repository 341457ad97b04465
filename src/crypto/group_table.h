// The groups as data: names in libcrypto and sizes on the wire.
#pragma once

#include <sesame/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace sesame::crypto {

class Provider;

/// How a group is computed, and so which rules its shares follow.
enum class GroupKind : std::uint8_t {
  montgomery,    ///< x25519 and x448: RFC 8446 sections 4.2.8.2 and 7.4.2
  weierstrass,   ///< the secp curves: sections 4.2.8.2 and 7.4.2
  finite_field,  ///< ffdhe: sections 4.2.8.1 and 7.4.1
  hybrid,        ///< ML-KEM-768 and x25519: draft-ietf-tls-ecdhe-mlkem
};

struct GroupRow {
  NamedGroup group;
  GroupKind kind;
  const char* key_type;  ///< what libcrypto calls the type of the key
  const char* name;  ///< libcrypto's name of the group; for the kinds with one group a type, that of the type
  std::uint16_t client_share_size;  ///< octets on the wire
  std::uint16_t server_share_size;
  std::uint16_t secret_size;  ///< octets of the shared secret as it enters the key schedule
};

/// All groups, in the order of their code points. Fewer than 32.
std::span<const GroupRow> group_rows() noexcept;

/// The row of `group`, from 0; -1 if the group is not known.
int group_row(NamedGroup group) noexcept;

/// Bit i is set if row i can be used with what libcrypto has at run time. Asks for the implementations only:
/// makes no key.
std::uint32_t available_groups(const Provider& provider);

}  // namespace sesame::crypto
