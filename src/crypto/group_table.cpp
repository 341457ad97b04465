#include "crypto/group_table.h"

#include <openssl/evp.h>

#include <cstring>

#include "crypto/provider.h"

namespace sesame::crypto {
namespace {

// Sizes: RFC 8446 sections 4.2.8.1 and 4.2.8.2 (a point is 4 || X || Y), 7.4; draft-ietf-tls-ecdhe-mlkem,
// where the part of ML-KEM-768 (FIPS 203: 1184 octets of encapsulation key, 1088 of ciphertext, 32 of secret)
// precedes x25519's.
constexpr GroupRow rows[] = {
    {NamedGroup::secp256r1, GroupKind::weierstrass, "EC", "P-256", 65, 65, 32},
    {NamedGroup::secp384r1, GroupKind::weierstrass, "EC", "P-384", 97, 97, 48},
    {NamedGroup::secp521r1, GroupKind::weierstrass, "EC", "P-521", 133, 133, 66},
    {NamedGroup::x25519, GroupKind::montgomery, "X25519", "X25519", 32, 32, 32},
    {NamedGroup::x448, GroupKind::montgomery, "X448", "X448", 56, 56, 56},
    {NamedGroup::ffdhe2048, GroupKind::finite_field, "DH", "ffdhe2048", 256, 256, 256},
    {NamedGroup::ffdhe3072, GroupKind::finite_field, "DH", "ffdhe3072", 384, 384, 384},
    {NamedGroup::ffdhe4096, GroupKind::finite_field, "DH", "ffdhe4096", 512, 512, 512},
    {NamedGroup::ffdhe6144, GroupKind::finite_field, "DH", "ffdhe6144", 768, 768, 768},
    {NamedGroup::ffdhe8192, GroupKind::finite_field, "DH", "ffdhe8192", 1024, 1024, 1024},
    {NamedGroup::X25519MLKEM768, GroupKind::hybrid, "X25519MLKEM768", "X25519MLKEM768", 1184 + 32, 1088 + 32,
     32 + 32},
};
static_assert(std::size(rows) < 32);

}  // namespace

std::span<const GroupRow> group_rows() noexcept { return rows; }

int group_row(NamedGroup group) noexcept {
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    if (rows[i].group == group) return static_cast<int>(i);
  }
  return -1;
}

std::uint32_t available_groups(const Provider& provider) {
  std::uint32_t available = 0;
  const char* asked = "";
  bool has_it = false;
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    if (std::strcmp(asked, rows[i].key_type) != 0) {
      asked = rows[i].key_type;
      EVP_KEYMGMT* type = EVP_KEYMGMT_fetch(provider.library_context(), asked, provider.property_query());
      has_it = type != nullptr;
      EVP_KEYMGMT_free(type);
    }
    if (has_it) available |= std::uint32_t{1} << i;
  }
  return available;
}

}  // namespace sesame::crypto
