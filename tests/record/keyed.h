// The two ends of a protected direction, keyed alike.
#pragma once

#include <gtest/gtest.h>

#include "crypto/provider.h"
#include "record/protection.h"
#include "support/hex.h"

namespace sesame::record {

struct ProtectionTestAccess {
  static void set_sequence(Protection& protection, std::uint64_t value) { protection.sequence_ = value; }
};

}  // namespace sesame::record

namespace sesame::test {

inline constexpr crypto::AeadId all_aeads[] = {crypto::AeadId::aes_128_gcm, crypto::AeadId::aes_256_gcm,
                                               crypto::AeadId::chacha20_poly1305, crypto::AeadId::aes_128_ccm,
                                               crypto::AeadId::aes_128_ccm_8};

inline const crypto::AeadAlgorithm& algorithm(crypto::AeadId id) {
  static const auto provider = crypto::Provider::system();
  return *(*provider)->aead(id);
}

inline const Octets test_iv = from_hex("000102030405060708090a0b");
inline Octets test_key(crypto::AeadId id) { return Octets(algorithm(id).key_size(), 0x42); }

inline void key(record::Protection& protection, crypto::AeadId id, crypto::Aead::Direction direction) {
  ASSERT_TRUE(protection.set_keys(algorithm(id), direction, test_key(id), test_iv));
}

/// What a peer makes of an output: each record opened, or as it is where it is not protected.
struct Seen {
  record::ContentType type;
  std::string content;
  std::size_t padding;
};
inline std::vector<Seen> read_records(Octets octets, record::Protection* opener) {
  std::vector<Seen> out;
  MutableBytes rest = octets;
  while (!rest.empty()) {
    if (rest.size() < record::header_size) {
      ADD_FAILURE() << "half a header";
      break;
    }
    const record::Header header = record::Header::read(rest);
    const std::size_t size = record::header_size + header.length;
    if (rest.size() < size) {
      ADD_FAILURE() << "half a record";
      break;
    }
    const MutableBytes whole = rest.first(size);
    EXPECT_EQ(to_hex(whole.subspan(1, 2)), "0303");
    rest = rest.subspan(size);
    if (header.type != record::ContentType::application_data || !opener) {
      out.push_back({header.type, std::string(as_text(whole.subspan(record::header_size))), 0});
      continue;
    }
    const auto opened = opener->open(whole);
    if (!opened) {
      ADD_FAILURE() << opened.error().message();
      break;
    }
    out.push_back({opened->type, std::string(as_text(opened->content)),
                   size - opener->overhead() - opened->content.size()});
  }
  return out;
}

}  // namespace sesame::test
