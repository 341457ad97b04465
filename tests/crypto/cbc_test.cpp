#include "crypto/cbc.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "crypto/provider.h"
#include "support/octets.h"
#include "support/routes.h"

namespace sesame::crypto {
namespace {

using test::from_hex;
using test::Octets;
using test::Route;
using test::to_hex;

class CbcCiphers : public testing::TestWithParam<Route> {
 protected:
  const std::shared_ptr<const Provider> provider_ = test::provider_by(GetParam());
  const CbcAlgorithm& aes_ = *provider_->cbc(CbcId::aes_128);
  // NIST SP 800-38A section F.2.1.
  const Octets key_ = from_hex("2b7e151628aed2a6abf7158809cf4f3c");
  const Octets iv_ = from_hex("000102030405060708090a0b0c0d0e0f");
  const Octets plain_ = from_hex(
      "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
      "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
  const Octets encrypted_ = from_hex(
      "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
      "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7");
};
INSTANTIATE_TEST_SUITE_P(All, CbcCiphers, testing::Values(Route::direct, Route::evp), test::route_name);

TEST_P(CbcCiphers, GiveTheKnownAnswers) {
  Octets octets = plain_;
  Cbc encrypting, decrypting;
  ASSERT_TRUE(encrypting.set_key(aes_, Cbc::Use::encrypt, key_, iv_));
  ASSERT_TRUE(encrypting.process(octets));
  EXPECT_EQ(to_hex(octets), to_hex(encrypted_));
  ASSERT_TRUE(decrypting.set_key(aes_, Cbc::Use::decrypt, key_, iv_));
  ASSERT_TRUE(decrypting.process(octets));
  EXPECT_EQ(to_hex(octets), to_hex(plain_));
  // SP 800-38A section F.2.5; RFC 3713 appendix A is one block.
  const CbcAlgorithm& aes_256 = *provider_->cbc(CbcId::aes_256);
  ASSERT_TRUE(encrypting.set_key(aes_256, Cbc::Use::encrypt,
                                 from_hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"),
                                 iv_));
  octets = Octets(plain_.begin(), plain_.begin() + 16);
  ASSERT_TRUE(encrypting.process(octets));
  EXPECT_EQ(to_hex(octets), "f58c4c04d6e5f1ba779eabfb5f7bfbd6");
  const CbcAlgorithm& camellia = *provider_->cbc(CbcId::camellia_256);
  ASSERT_TRUE(encrypting.set_key(camellia, Cbc::Use::encrypt,
                                 from_hex("0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff"),
                                 Octets(16)));
  octets = from_hex("0123456789abcdeffedcba9876543210");
  ASSERT_TRUE(encrypting.process(octets));
  EXPECT_EQ(to_hex(octets), "9acc237dff16d76c20ef7c919e3a7509");
}

TEST_P(CbcCiphers, GoOnFromTheLastBlockUnlessThereIsAnotherIv) {
  for (const auto use : {Cbc::Use::encrypt, Cbc::Use::decrypt}) {
    const Octets& from = use == Cbc::Use::encrypt ? plain_ : encrypted_;
    const Octets& to = use == Cbc::Use::encrypt ? encrypted_ : plain_;
    Cbc cipher;
    ASSERT_TRUE(cipher.set_key(aes_, use, key_, iv_));
    Octets octets = from;
    for (std::size_t at = 0; at < octets.size(); at += 16) {
      ASSERT_TRUE(cipher.process(MutableBytes(octets).subspan(at, 16)));
    }
    EXPECT_EQ(to_hex(octets), to_hex(to));
    octets = from;
    ASSERT_TRUE(cipher.set_iv(iv_));
    ASSERT_TRUE(cipher.process(octets));
    EXPECT_EQ(to_hex(octets), to_hex(to));
    ASSERT_TRUE(cipher.set_key(aes_, use, key_, iv_));
    octets = from;
    ASSERT_TRUE(cipher.process(octets));
    EXPECT_EQ(to_hex(octets), to_hex(to)) << "keyed anew";
  }
}

TEST_P(CbcCiphers, TakePaddingAndMacOffARecord) {
  ERR_clear_error();
  for (const std::uint16_t version : {0x0301, 0x0302, 0x0303}) {
    const std::size_t front = version == 0x0301 ? 0 : 16;
    Octets plain = Octets(front, 'i');
    test::append(plain, test::text("content"));
    test::append(plain, Octets(20, 'm'));
    test::append(plain, Octets(5, 4));
    Cbc encrypting, opening;
    ASSERT_TRUE(encrypting.set_key(aes_, Cbc::Use::encrypt, key_, iv_));
    ASSERT_TRUE(opening.set_key(aes_, Cbc::Use::open_records, key_, iv_, {version, 20}));
    for (int i = 0; i < 3; ++i) {  // the IV is chained as well
      Octets record = plain;
      ASSERT_TRUE(encrypting.process(record));
      Cbc::Inside inside{};
      ASSERT_TRUE(opening.open_record(record, inside)) << version;
      EXPECT_EQ(inside.size, 7u);
      EXPECT_EQ(as_text(Bytes(record).subspan(front, inside.size)), "content");
      EXPECT_EQ(as_text({inside.mac, 20}), std::string(20, 'm'));
    }
    // Wrong padding is told by nothing but a MAC that cannot be right.
    Octets record = plain;
    record.back() = 3;
    record[record.size() - 2] = 9;
    ASSERT_TRUE(encrypting.process(record));
    Cbc::Inside inside{};
    ASSERT_TRUE(opening.open_record(record, inside));
    EXPECT_NE(as_text({inside.mac, 20}), std::string(20, 'm'));
    // Sizes that no record has.
    for (const std::size_t size : {front + 16, plain.size() - 1}) {
      record = plain;
      EXPECT_FALSE(opening.open_record(MutableBytes(record).first(size), inside)) << size;
    }
  }
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST_P(CbcCiphers, ChangeTheirUse) {
  Cbc cipher;
  Octets record = plain_;
  for (int i = 0; i < 2; ++i) {
    Octets octets = plain_;
    ASSERT_TRUE(cipher.set_key(aes_, Cbc::Use::open_records, key_, iv_, {0x0303, 20}));
    Cbc::Inside inside{};
    ASSERT_TRUE(cipher.open_record(record, inside));
    ASSERT_TRUE(cipher.set_key(aes_, Cbc::Use::encrypt, key_, iv_));
    ASSERT_TRUE(cipher.process(octets));
    EXPECT_EQ(to_hex(octets), to_hex(encrypted_));
    ASSERT_TRUE(cipher.set_key(aes_, Cbc::Use::decrypt, key_, iv_));
    ASSERT_TRUE(cipher.process(octets));
    EXPECT_EQ(to_hex(octets), to_hex(plain_));
  }
}

TEST_P(CbcCiphers, RefuseKeysAndIvsOfAWrongSize) {
  const Octets shorter(15), longer(17);
  for (const Octets& wrong : {shorter, longer}) {
    Cbc cipher;
    ASSERT_TRUE(cipher.set_key(aes_, Cbc::Use::encrypt, key_, iv_));
    EXPECT_FALSE(cipher.set_key(aes_, Cbc::Use::encrypt, wrong, iv_));
    EXPECT_FALSE(cipher.keyed());
    EXPECT_FALSE(cipher.set_key(aes_, Cbc::Use::encrypt, key_, wrong));
    EXPECT_FALSE(cipher.keyed());
  }
}

TEST_P(CbcCiphers, SayWhetherTheyOpenRecords) {
  for (std::size_t i = 0; i < cbc_count; ++i) {
    const CbcAlgorithm* const algorithm = provider_->cbc(static_cast<CbcId>(i));
    ASSERT_NE(algorithm, nullptr);
    EXPECT_TRUE(algorithm->opens_records());
    EXPECT_EQ(&algorithm->provider(), provider_.get());
  }
  CbcTestAccess::open_records(aes_, false);
  Cbc cipher;
  const auto refused = cipher.set_key(aes_, Cbc::Use::open_records, key_, iv_, {0x0303, 20});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason(), Reason::algorithm_unavailable);
  EXPECT_TRUE(cipher.set_key(aes_, Cbc::Use::decrypt, key_, iv_));
}

}  // namespace
}  // namespace sesame::crypto
