#include "crypto/legacy_hmac.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "support/heap.h"
#include "support/hex.h"
#include "support/routes.h"

namespace sesame::crypto {

struct LegacyHmacTestAccess {
  static Expected<LegacyHmacKey> create(const Provider& provider, test::Route route, LegacyHash hash,
                                        Bytes key) {
    return LegacyHmacKey::create(provider.digest(hash == LegacyHash::md5 ? MacId::md5 : MacId::sha1),
                                 route == test::Route::direct, hash, key);
  }
  static bool is_low_level(const LegacyHmacKey& key) { return key.low_level_; }
};

namespace {

using test::from_hex;
using test::Octets;
using test::Route;
using test::to_hex;

constexpr LegacyHash both[] = {LegacyHash::md5, LegacyHash::sha1};

class LegacyHmac : public testing::TestWithParam<Route> {
 protected:
  const Provider& provider_ = **Provider::system();

  LegacyHmacKey keyed(LegacyHash hash, Bytes key) {
    auto made = LegacyHmacTestAccess::create(provider_, GetParam(), hash, key);
    EXPECT_TRUE(made);
    return std::move(*made);
  }
  static std::string mac(const LegacyHmacKey& key, std::initializer_list<Bytes> parts) {
    Octets out(size_of(key.hash()));
    EXPECT_TRUE(key.mac(parts, out));
    return to_hex(out);
  }
  static std::string by_libcrypto(LegacyHash hash, Bytes key, Bytes message) {
    std::uint8_t out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const std::uint8_t none = 0;
    EXPECT_NE(HMAC(hash == LegacyHash::md5 ? EVP_md5() : EVP_sha1(), key.empty() ? &none : key.data(),
                   static_cast<int>(key.size()), message.data(), message.size(), out, &size),
              nullptr);
    return to_hex({out, size});
  }
};
INSTANTIATE_TEST_SUITE_P(Routes, LegacyHmac, testing::Values(Route::direct, Route::evp), test::route_name);

TEST_P(LegacyHmac, GivesTheAnswersOfRfc2202) {
  const struct {
    Octets md5_key, sha1_key;
    std::string message;
    const char *md5, *sha1;
  } answers[] = {
      {Octets(16, 0x0b), Octets(20, 0x0b), "Hi There", "9294727a3638bb1c13f48ef8158bfc9d",
       "b617318655057264e28bc0b6fb378c8ef146be00"},
      {from_hex("4a656665"), from_hex("4a656665"), "what do ya want for nothing?",
       "750c783e6ab0b503eaa86e310a5db738", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
      {Octets(80, 0xaa), Octets(80, 0xaa), "Test Using Larger Than Block-Size Key - Hash Key First",
       "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd", "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
  };
  for (const auto& answer : answers) {
    EXPECT_EQ(mac(keyed(LegacyHash::md5, answer.md5_key), {as_bytes(answer.message)}), answer.md5);
    EXPECT_EQ(mac(keyed(LegacyHash::sha1, answer.sha1_key), {as_bytes(answer.message)}), answer.sha1);
  }
}

TEST_P(LegacyHmac, AgreesWithLibcryptoForEverySizeOfKeyAndMessage) {
  Octets all(200);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i * 11 + 3);
  for (const LegacyHash hash : both) {
    const LegacyHmacKey key = keyed(hash, Bytes(all).first(24));
    for (std::size_t size = 0; size <= all.size(); ++size) {
      const Bytes some = Bytes(all).first(size);
      const std::string expected = by_libcrypto(hash, Bytes(all).first(24), some);
      ASSERT_EQ(mac(key, {some}), expected) << size;
      ASSERT_EQ(mac(key, {some.first(size / 2), {}, some.subspan(size / 2)}), expected) << size;
      ASSERT_EQ(mac(keyed(hash, some), {as_bytes("message")}), by_libcrypto(hash, some, as_bytes("message")))
          << size;
    }
    EXPECT_EQ(mac(key, {}), mac(key, {Bytes{}}));
  }
}

TEST_P(LegacyHmac, KeepsItsKeyWhenMoved) {
  for (const LegacyHash hash : both) {
    LegacyHmacKey key = keyed(hash, as_bytes("key"));
    const std::string expected = mac(key, {as_bytes("message")});
    LegacyHmacKey moved = std::move(key);
    EXPECT_TRUE(key.empty());
    EXPECT_EQ(mac(moved, {as_bytes("message")}), expected);
    LegacyHmacKey assigned = keyed(hash == LegacyHash::md5 ? LegacyHash::sha1 : LegacyHash::md5, {});
    assigned = std::move(moved);
    EXPECT_TRUE(moved.empty());
    EXPECT_EQ(assigned.hash(), hash);
    EXPECT_EQ(mac(assigned, {as_bytes("message")}), expected);
    assigned = LegacyHmacKey();
    EXPECT_TRUE(assigned.empty());
  }
}

TEST_P(LegacyHmac, WipesItsStateWhenDestroyedOrMoved) {
  for (const LegacyHash hash : both) {
    alignas(LegacyHmacKey) std::uint8_t storage[sizeof(LegacyHmacKey)];
    std::fill(std::begin(storage), std::end(storage), std::uint8_t{0});
    auto* key = new (storage) LegacyHmacKey(keyed(hash, as_bytes("key")));
    const Octets held(std::begin(storage), std::end(storage));
    LegacyHmacKey other(std::move(*key));
    std::size_t alike = 0;
    for (std::size_t i = 0; i < held.size(); ++i) alike += held[i] != 0 && held[i] == storage[i];
    EXPECT_LE(alike, 2u) << "which hash, and by which route; nothing of the states";
    key->~LegacyHmacKey();
    key = new (storage) LegacyHmacKey(std::move(other));
    EXPECT_EQ(Octets(std::begin(storage), std::end(storage)), held);
    key->~LegacyHmacKey();
    alike = 0;
    for (std::size_t i = 0; i < held.size(); ++i) alike += held[i] != 0 && held[i] == storage[i];
    EXPECT_LE(alike, 2u);
  }
}

TEST(LegacyHmacKey, TakesTheDirectRouteToTheDefaultProvider) {
  for (const LegacyHash hash : both) {
    const auto key = LegacyHmacKey::create(**Provider::system(), hash, as_bytes("key"));
    ASSERT_TRUE(key);
    EXPECT_TRUE(LegacyHmacTestAccess::is_low_level(*key));
  }
}

TEST(LegacyHmacKey, DoesNotAllocateOnTheDirectRoute) {
  if (!test::heap_is_counted()) GTEST_SKIP() << "the sanitizer has a malloc of its own";
  const Octets long_key(100, 1);
  Octets out(20);
  ASSERT_TRUE(legacy_hmac(LegacyHash::sha1, long_key, {long_key}, out));
  test::watch_heap();
  ASSERT_TRUE(legacy_hmac(LegacyHash::sha1, long_key, {long_key, long_key}, out));
  EXPECT_EQ(test::heap().calls, 0u);
}

}  // namespace
}  // namespace sesame::crypto
