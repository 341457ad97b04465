#include "secret/hkdf.h"

#include <algorithm>

namespace sesame::secret {
namespace {

constexpr std::string_view prefix = "tls13 ";

// SHA-256 and SHA-384 of nothing: known values, so that Derive-Secret(., ., "") hashes nothing.
constexpr std::uint8_t sha256_of_nothing[] = {
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
constexpr std::uint8_t sha384_of_nothing[] = {
    0x38, 0xb0, 0x60, 0xa7, 0x51, 0xac, 0x96, 0x38, 0x4c, 0xd9, 0x32, 0x7e, 0xb1, 0xb1, 0xe3, 0x6a,
    0x21, 0xfd, 0xb7, 0x11, 0x14, 0xbe, 0x07, 0x43, 0x4c, 0x0c, 0xc7, 0xbf, 0x63, 0xf6, 0xe1, 0xda,
    0x27, 0x4e, 0xde, 0xbf, 0xe7, 0x6f, 0x65, 0xfb, 0xd5, 0x1a, 0xd2, 0xf1, 0x48, 0x98, 0xb9, 0x5b};

}  // namespace

SecretBytes hkdf_extract(const crypto::HmacKey& salt, Bytes ikm) noexcept {
  SecretBytes out;
  salt.mac({ikm}, out.resize(salt.hash().size()));
  return out;
}

void hkdf_expand_label(const crypto::HmacKey& secret, std::string_view label, Bytes context,
                       MutableBytes out) noexcept {
  // struct { uint16 length; opaque label<7..255>; opaque context<0..255>; } HkdfLabel, and the counter of RFC
  // 5869.
  assert(label.size() <= 255 - prefix.size() && context.size() <= 255);
  std::uint8_t info[2 + 1 + 255 + 1 + 255 + 1];
  std::uint8_t* p = info;
  *p++ = static_cast<std::uint8_t>(out.size() >> 8);
  *p++ = static_cast<std::uint8_t>(out.size());
  *p++ = static_cast<std::uint8_t>(prefix.size() + label.size());
  p = std::copy(prefix.begin(), prefix.end(), p);
  p = std::copy(label.begin(), label.end(), p);
  *p++ = static_cast<std::uint8_t>(context.size());
  p = std::copy(context.begin(), context.end(), p);
  std::uint8_t& counter = *p++;
  const Bytes whole(info, static_cast<std::size_t>(p - info));

  const std::size_t size = secret.hash().size();
  counter = 1;
  if (out.size() == size) {
    secret.mac({whole}, out);
    return;
  }
  SecretBytes block;
  secret.mac({whole}, block.resize(size));
  for (;;) {
    const std::size_t n = std::min(out.size(), size);
    std::copy_n(block.bytes().begin(), n, out.begin());
    out = out.subspan(n);
    if (out.empty()) return;
    ++counter;
    SecretBytes next;
    secret.mac({block.bytes(), whole}, next.resize(size));
    block = std::move(next);
  }
}

SecretBytes derive_secret(const crypto::HmacKey& secret, std::string_view label,
                          Bytes transcript_hash) noexcept {
  SecretBytes out;
  hkdf_expand_label(secret, label, transcript_hash, out.resize(secret.hash().size()));
  return out;
}

Bytes empty_hash(const crypto::Hash& hash) noexcept {
  if (hash.algorithm() == HashAlgorithm::sha256) return sha256_of_nothing;
  return sha384_of_nothing;
}

}  // namespace sesame::secret
