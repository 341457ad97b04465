#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/hmac.h>

#include "crypto/mac_key.h"
#include "support/octets.h"
#include "support/routes.h"

namespace sesame::crypto {
namespace {

using test::from_hex;
using test::Octets;
using test::Route;
using test::to_hex;

constexpr MacId all_macs[] = {MacId::md5, MacId::sha1, MacId::sha256, MacId::sha384};

Octets counting(std::size_t size, std::size_t start) {
  Octets out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(start + i * 11);
  return out;
}

Octets by_one_call(const MacAlgorithm& mac, const Octets& key, const Octets& message) {
  Octets out(mac.size());
  HMAC(mac.evp(), key.data(), static_cast<int>(key.size()), message.data(), message.size(), out.data(),
       nullptr);
  return out;
}

class Macs : public testing::TestWithParam<Route> {
 protected:
  const std::shared_ptr<const Provider> provider_ = test::provider_by(GetParam());
};
INSTANTIATE_TEST_SUITE_P(All, Macs, testing::Values(Route::direct, Route::evp), test::route_name);

// RFC 2202 test case 2 for MD5 and SHA-1, RFC 4231 test case 2 for the others.
TEST_P(Macs, GiveTheKnownAnswers) {
  const char* const answers[] = {
      "750c783e6ab0b503eaa86e310a5db738", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"};
  for (std::size_t i = 0; i < std::size(all_macs); ++i) {
    const MacAlgorithm& algorithm = *provider_->mac(all_macs[i]);
    MacKey key;
    ASSERT_TRUE(key.set(algorithm, as_bytes("Jefe")));
    Octets out(algorithm.size());
    ASSERT_TRUE(key.mac({as_bytes("what do ya want "), as_bytes("for nothing?")}, out));
    EXPECT_EQ(to_hex(out), answers[i]);
  }
}

TEST_P(Macs, AreThoseOfOneCallForEverySize) {
  for (const MacId id : all_macs) {
    const MacAlgorithm& algorithm = *provider_->mac(id);
    EXPECT_EQ(algorithm.size(), mac_size(id));
    const Octets octets = counting(algorithm.size(), 3), header = counting(13, 1);
    MacKey key;
    ASSERT_TRUE(key.set(algorithm, octets));
    for (std::size_t size = 0; size < 300; ++size) {
      const Octets content = counting(size, size);
      Octets out(algorithm.size());
      ASSERT_TRUE(key.mac({header, content}, out));
      ASSERT_EQ(to_hex(out), to_hex(by_one_call(algorithm, octets, test::join({header, content})))) << size;
    }
    key.clear();
    Octets out(algorithm.size());
    EXPECT_FALSE(key.mac({header}, out)) << "there is no key any more";
  }
}

TEST_P(Macs, OfAHiddenLengthAreTheSame) {
  ERR_clear_error();
  for (const MacId id : all_macs) {
    const MacAlgorithm& algorithm = *provider_->mac(id);
    const Octets octets = counting(algorithm.size(), 3);
    HiddenLengthMac mac;
    ASSERT_TRUE(mac.set_key(algorithm, octets));
    for (const std::size_t whole : {64, 80, 128, 256, 400, 1024}) {
      const Octets all = counting(whole, whole);
      // As much of it may be padding as RFC 5246 section 6.2.3.2 allows.
      const std::size_t most = whole - algorithm.size() - 1, least = most > 255 ? most - 255 : 0;
      for (std::size_t size = least; size <= most; ++size) {
        const Octets header = test::join({counting(11, size), test::u16(size)});
        Octets out(algorithm.size());
        ASSERT_TRUE(mac.mac(header, all, size, out.data())) << size << " of " << whole;
        const Octets content(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
        ASSERT_EQ(to_hex(out), to_hex(by_one_call(algorithm, octets, test::join({header, content}))))
            << size << " of " << whole;
      }
    }
  }
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST_P(Macs, OfAHiddenLengthAreKeyedAnew) {
  const MacAlgorithm& sha1 = *provider_->mac(MacId::sha1);
  const MacAlgorithm& sha384 = *provider_->mac(MacId::sha384);
  const Octets all = counting(100, 1), header = test::join({counting(11, 1), test::u16(30)});
  const Octets content(all.begin(), all.begin() + 30);
  HiddenLengthMac mac;
  for (const MacAlgorithm* algorithm : {&sha1, &sha384, &sha1}) {
    const Octets octets = counting(algorithm->size(), algorithm->size());
    ASSERT_TRUE(mac.set_key(*algorithm, octets));
    Octets out(algorithm->size());
    ASSERT_TRUE(mac.mac(header, all, 30, out.data()));
    EXPECT_EQ(to_hex(out), to_hex(by_one_call(*algorithm, octets, test::join({header, content}))));
  }
}

TEST(MacAlgorithms, AreNamedByTheirHash) {
  const auto& provider = **Provider::system();
  EXPECT_EQ(provider.mac(MacId::none), nullptr);
  for (const MacId id : all_macs) {
    ASSERT_NE(provider.mac(id), nullptr);
    EXPECT_EQ(provider.mac(id)->id(), id);
    EXPECT_EQ(provider.mac(id)->evp(), provider.digest(id));
    EXPECT_NE(provider.mac(id)->of_hidden_length(), nullptr);
  }
}

}  // namespace
}  // namespace sesame::crypto
