// libcrypto's low-level SHA-256 and SHA-384 under one interface. For hash.cpp and hmac.cpp alone.
#pragma once

#include <openssl/sha.h>

#include <bit>
#include <cstdint>
#include <cstring>

#include "secret/secret_bytes.h"

namespace sesame::crypto {

/// FIPS 180-4 section 6.2.
struct Sha256 {
  using Context = SHA256_CTX;
  using Word = SHA_LONG;
  static constexpr std::size_t size = 32;        // octets of the value
  static constexpr std::size_t block_size = 64;  // octets of a block
  static constexpr std::size_t length_size = 8;  // octets of the message length at the end of the last block
  static constexpr Word initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};  // section 5.3.3
  static void init(Context& context) noexcept { SHA256_Init(&context); }
  static void update(Context& context, const void* data, std::size_t n) noexcept {
    SHA256_Update(&context, data, n);
  }
  static void finish(Context& context, std::uint8_t* out) noexcept { SHA256_Final(out, &context); }
  static void compress(Context& context, const std::uint8_t* block) noexcept {
    SHA256_Transform(&context, block);
  }
};

/// FIPS 180-4 section 6.5: SHA-512 with other initial values, cut.
struct Sha384 {
  using Context = SHA512_CTX;
  using Word = SHA_LONG64;
  static constexpr std::size_t size = 48;
  static constexpr std::size_t block_size = 128;
  static constexpr std::size_t length_size = 16;
  static constexpr Word initial[8] = {0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17,
                                      0x152fecd8f70e5939, 0x67332667ffc00b31, 0x8eb44a8768581511,
                                      0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4};  // section 5.3.4
  static void init(Context& context) noexcept { SHA384_Init(&context); }
  static void update(Context& context, const void* data, std::size_t n) noexcept {
    SHA384_Update(&context, data, n);
  }
  static void finish(Context& context, std::uint8_t* out) noexcept { SHA384_Final(out, &context); }
  static void compress(Context& context, const std::uint8_t* block) noexcept {
    SHA512_Transform(&context, block);
  }
};

/// The words of a chaining value as octets, as many as the hash has.
template <class Sha>
void store(const typename Sha::Word* words, std::uint8_t* out) noexcept {
  for (std::size_t i = 0; i < Sha::size / sizeof(typename Sha::Word); ++i) {
    typename Sha::Word word = words[i];
    if constexpr (std::endian::native == std::endian::little) word = std::byteswap(word);
    std::memcpy(out + i * sizeof word, &word, sizeof word);
  }
}

/// Zeros, and the length of a message of less than 8 KiB (FIPS 180-4 section 5.1): what its last block begins
/// as.
template <class Sha>
void begin_last_block(std::uint8_t* block, std::size_t message_size) noexcept {
  std::memset(block, 0, Sha::block_size);
  block[Sha::block_size - 2] = static_cast<std::uint8_t>(message_size * 8 >> 8);
  block[Sha::block_size - 1] = static_cast<std::uint8_t>(message_size * 8);
}

}  // namespace sesame::crypto
