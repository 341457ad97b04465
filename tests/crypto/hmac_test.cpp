#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "support/hex.h"
#include "support/routes.h"

namespace sesame::crypto {
namespace {

using test::from_hex;
using test::Octets;
using test::Route;
using test::to_hex;

class Hmac : public testing::TestWithParam<Route> {
 protected:
  std::shared_ptr<const Provider> provider_ = test::provider_by(GetParam());
  const Hash& sha256_ = provider_->hash(HashAlgorithm::sha256);
  const Hash& sha384_ = provider_->hash(HashAlgorithm::sha384);

  static std::string by_libcrypto(const Hash& hash, Bytes key, Bytes message) {
    std::uint8_t out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const EVP_MD* md = hash.algorithm() == HashAlgorithm::sha256 ? EVP_sha256() : EVP_sha384();
    const std::uint8_t none = 0;
    EXPECT_NE(HMAC(md, key.empty() ? &none : key.data(), static_cast<int>(key.size()), message.data(),
                   message.size(), out, &size),
              nullptr);
    return to_hex({out, size});
  }
  static std::string mac(const HmacKey& key, std::initializer_list<Bytes> parts) {
    return to_hex(key.mac(parts).bytes());
  }
};
INSTANTIATE_TEST_SUITE_P(Routes, Hmac, testing::Values(Route::direct, Route::evp), test::route_name);

TEST_P(Hmac, GivesTheAnswersOfRfc4231) {
  const struct {
    Octets key;
    std::string message;
    const char *sha256, *sha384;
  } answers[] = {
      {Octets(20, 0x0b), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
       "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6"},
      {from_hex("4a656665"), "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
       "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"},
      {Octets(20, 0xaa), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
       "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27"},
      {from_hex("0102030405060708090a0b0c0d0e0f10111213141516171819"), std::string(50, '\xcd'),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
       "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb"},
      {Octets(131, 0xaa), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
       "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952"},
      {Octets(131, 0xaa),
       "This is a test using a larger than block-size key and a larger than block-size data. The key needs "
       "to be "
       "hashed before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
       "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e"},
  };
  for (const auto& answer : answers) {
    EXPECT_EQ(mac(HmacKey(sha256_, answer.key), {as_bytes(answer.message)}), answer.sha256);
    EXPECT_EQ(mac(HmacKey(sha384_, answer.key), {as_bytes(answer.message)}), answer.sha384);
  }
}

TEST_P(Hmac, AgreesWithLibcryptoForEverySizeOfMessage) {
  Octets all(300);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i * 11);
  for (const Hash* hash : {&sha256_, &sha384_}) {
    const HmacKey key(*hash, Bytes(all).first(32));
    for (std::size_t size = 0; size <= all.size(); ++size) {
      const Bytes message = Bytes(all).first(size);
      const std::string expected = by_libcrypto(*hash, Bytes(all).first(32), message);
      ASSERT_EQ(mac(key, {message}), expected) << size;
      ASSERT_EQ(mac(key, {message.first(size / 2), {}, message.subspan(size / 2)}), expected) << size;
    }
    EXPECT_EQ(mac(key, {}), mac(key, {Bytes{}}));
  }
}

TEST_P(Hmac, AgreesWithLibcryptoForEverySizeOfKey) {
  Octets all(300);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i * 13 + 1);
  for (const Hash* hash : {&sha256_, &sha384_}) {
    for (std::size_t size = 0; size <= all.size(); ++size) {
      const Bytes key = Bytes(all).first(size);
      ASSERT_EQ(mac(HmacKey(*hash, key), {as_bytes("message")}),
                by_libcrypto(*hash, key, as_bytes("message")))
          << size;
    }
    const Octets long_key(4096, 7);
    EXPECT_EQ(mac(HmacKey(*hash, long_key), {as_bytes("m")}), by_libcrypto(*hash, long_key, as_bytes("m")));
  }
}

TEST_P(Hmac, MayWriteOverItsMessage) {
  for (const Hash* hash : {&sha256_, &sha384_}) {
    const HmacKey key(*hash, as_bytes("key"));
    Octets octets(hash->size(), 0x55);
    const std::string expected = mac(key, {octets});
    key.mac({octets}, octets);
    EXPECT_EQ(to_hex(octets), expected);
  }
}

TEST_P(Hmac, KeepsItsKeyWhenCopiedAndMoved) {
  for (const Hash* hash : {&sha256_, &sha384_}) {
    HmacKey key(*hash, as_bytes("key"));
    const std::string expected = mac(key, {as_bytes("message")});
    HmacKey copy = key.copy();
    EXPECT_EQ(mac(copy, {as_bytes("message")}), expected);
    EXPECT_EQ(mac(key, {as_bytes("message")}), expected);
    HmacKey moved = std::move(key);
    EXPECT_EQ(mac(moved, {as_bytes("message")}), expected);
    EXPECT_TRUE(key.empty());
    HmacKey assigned(hash == &sha256_ ? sha384_ : sha256_, as_bytes("another"));
    assigned = std::move(moved);
    EXPECT_EQ(mac(assigned, {as_bytes("message")}), expected);
    EXPECT_EQ(assigned.hash().algorithm(), hash->algorithm());
    EXPECT_TRUE(moved.empty());
    EXPECT_TRUE(HmacKey().copy().empty());
    assigned = HmacKey();
    EXPECT_TRUE(assigned.empty());
    copy.clear();
    EXPECT_TRUE(copy.empty());
  }
}

// What stands in the storage of a key, whichever way it went: only zeros and a null pointer, where there was
// a state.
class HmacStorage {
 public:
  HmacStorage() { std::fill(std::begin(octets_), std::end(octets_), std::uint8_t{0xcc}); }
  template <class... Arguments>
  HmacKey* make(Arguments&&... arguments) {
    return new (octets_) HmacKey(std::forward<Arguments>(arguments)...);
  }
  bool is_wiped() const {
    return std::ranges::all_of(Bytes(octets_).subspan(sizeof(void*)),
                               [](std::uint8_t octet) { return octet == 0; });
  }

 private:
  alignas(HmacKey) std::uint8_t octets_[sizeof(HmacKey)];
};

TEST_P(Hmac, WipesItsStateWhenDestroyedMovedOrCleared) {
  for (const Hash* hash : {&sha256_, &sha384_}) {
    HmacStorage destroyed, moved, assigned, cleared;
    HmacKey* key = destroyed.make(*hash, as_bytes("key"));
    EXPECT_FALSE(destroyed.is_wiped());
    key->~HmacKey();
    EXPECT_TRUE(destroyed.is_wiped());

    key = moved.make(*hash, as_bytes("key"));
    HmacKey target = std::move(*key);
    EXPECT_TRUE(moved.is_wiped());

    key = assigned.make(*hash, as_bytes("key"));
    target = std::move(*key);
    EXPECT_TRUE(assigned.is_wiped());

    cleared.make(*hash, as_bytes("key"))->clear();
    EXPECT_TRUE(cleared.is_wiped());
  }
}

}  // namespace
}  // namespace sesame::crypto
