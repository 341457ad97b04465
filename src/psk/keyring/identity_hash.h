// SipHash (Aumasson and Bernstein, 2012): a hash with a secret key, so that nobody can choose identities
// which collide.
//
// One round for each word and three at the end: what hash tables use. Two and four would make a MAC of it,
// which a table that compares the whole identity does not need.
#pragma once

#include <sesame/bytes.h>

#include <bit>
#include <cstring>

namespace sesame::psk {

struct IdentityHashKey {
  std::uint64_t k0 = 0, k1 = 0;
};

template <int word_rounds, int final_rounds>
std::uint64_t siphash(const IdentityHashKey& key, Bytes octets) noexcept {
  std::uint64_t v0 = key.k0 ^ 0x736f6d6570736575, v1 = key.k1 ^ 0x646f72616e646f6d;
  std::uint64_t v2 = key.k0 ^ 0x6c7967656e657261, v3 = key.k1 ^ 0x7465646279746573;
  const auto rounds = [&](int count) {
    for (int i = 0; i < count; ++i) {
      v0 += v1;
      v2 += v3;
      v1 = std::rotl(v1, 13) ^ v0;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 = std::rotl(v0, 32) + v3;
      v2 += v1;
      v3 = std::rotl(v3, 21) ^ v0;
      v1 = std::rotl(v1, 17) ^ v2;
      v2 = std::rotl(v2, 32);
    }
  };
  const auto word = [](const std::uint8_t* at, std::size_t size) {
    std::uint64_t value = 0;
    std::memcpy(&value, at, size);
    if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap64(value);
    return value;
  };
  const auto absorb = [&](std::uint64_t m) {
    v3 ^= m;
    rounds(word_rounds);
    v0 ^= m;
  };
  std::size_t at = 0;
  for (; at + 8 <= octets.size(); at += 8) absorb(word(octets.data() + at, 8));
  const std::size_t rest = octets.size() - at;
  absorb((rest ? word(octets.data() + at, rest) : 0) | static_cast<std::uint64_t>(octets.size()) << 56);
  v2 ^= 0xff;
  rounds(final_rounds);
  return v0 ^ v1 ^ v2 ^ v3;
}

inline std::uint64_t identity_hash(const IdentityHashKey& key, Bytes identity) noexcept {
  return siphash<1, 3>(key, identity);
}

}  // namespace sesame::psk
