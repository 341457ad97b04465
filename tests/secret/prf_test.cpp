#include "secret/prf.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>

#include "support/heap.h"
#include "support/hex.h"
#include "support/octets.h"
#include "support/routes.h"

namespace sesame::test {
namespace {

using secret::Prf;

// By libcrypto's own TLS1-PRF.
Octets reference(const char* digest, const Octets& secret, const std::string& label, const Octets& seed,
                 std::size_t size) {
  EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr);
  EVP_KDF_CTX* context = EVP_KDF_CTX_new(kdf);
  Octets all(label.begin(), label.end()), key = secret, out(size);
  all.insert(all.end(), seed.begin(), seed.end());
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>(digest), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, key.data(), key.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, all.data(), all.size()),
      OSSL_PARAM_construct_end()};
  EXPECT_EQ(EVP_KDF_derive(context, out.data(), out.size(), parameters), 1);
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  return out;
}

TEST(Prf, IsLibcryptosOverManySizes) {
  const crypto::Provider& provider = **crypto::Provider::system();
  const std::pair<Prf, const char*> all[] = {
      {Prf::md5_sha1, "MD5-SHA1"}, {Prf::sha256, "SHA256"}, {Prf::sha384, "SHA384"}};
  for (const auto& [which, digest] : all) {
    for (const std::size_t secret_size : {1u, 2u, 47u, 48u, 129u, 512u}) {
      Octets secret(secret_size), seed(64);
      for (std::size_t i = 0; i < secret.size(); ++i) secret[i] = static_cast<std::uint8_t>(i * 7 + 1);
      for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::uint8_t>(i);
      for (const std::size_t size : {1u, 12u, 16u, 20u, 48u, 49u, 104u, 232u}) {
        Octets out(size, 0xff);
        ASSERT_TRUE(secret::prf(provider, which, secret, "key expansion",
                                {Bytes(seed).first(32), Bytes(seed).last(32)}, out));
        EXPECT_EQ(to_hex(out), to_hex(reference(digest, secret, "key expansion", seed, size)))
            << digest << ", " << secret_size << ", " << size;
      }
    }
  }
}

// RFC 4851 appendix B.1: the key block of TLS 1.0 that it prints.
TEST(Prf, GivesTheKeyBlockOfRfc4851) {
  const Octets master = from_hex(
      "4a1a512c0160bc023ccfbc833f03bc6488c1312f0ba9a27716a8d8e8bdc9d229384b7a85be164d2733d5247987b1c5a2");
  const Octets server = from_hex("3ffb11c46cbfa57a5440dae822d311d3f76de41dd933e5937097eba9b366f42a");
  const Octets client = from_hex("000000026a66432a8d14432cec582d2fc79c3364ba04ad3a5254d6a579ad1e00");
  Octets block(112);
  ASSERT_TRUE(secret::prf(**crypto::Provider::system(), Prf::md5_sha1, master, "key expansion",
                          {server, client}, block));
  EXPECT_EQ(to_hex(block),
            "5959be8e413a77748bb2e5d360ac4d35dffbc81e9c249c8b0ec31d72c8849d5748512e45976c8870be5f01d364e74cbb"
            "1124e349e23bcdef7ab3"
            "05395d648a4411b66988342e8e29d64b7d7217592805aff9b7ff666da1968f0b5e06467a448464c1c80c96440998ff92"
            "a8b4c6422871");
}

// Computed with Python's hmac and hashlib, by the formulas of RFC 5246 section 5 and RFC 2246 section 5.
TEST(Prf, GivesWhatIsComputedElsewhere) {
  const crypto::Provider& provider = **crypto::Provider::system();
  const struct {
    Prf which;
    const char *odd, *empty, *large, *usual;
  } answers[] = {
      {Prf::md5_sha1, "154bb2d6759e700b6b962423d3dd6abc0da1bd40fc7883daca",
       "9706c81a089ef242b46514759492a3ade320137964135c1ba5",
       "88004ac87db7685df5192504a41bb29fe65393b3ce828a625fba6887128ce6bde5269f77cf202b737ac76b181bbe84b168a04"
       "194c5c6df55bc53e7ff05",
       "023d49a0cea8ad8071bf64519dc8f45bd302c1db3e33d39d1f21c548d05194aafa865f78d84b4651d9a6b09a35da0b679ff67"
       "6ad640549b5992c5bdd53100729ed84a24bfa6e"},
      {Prf::sha256, "6123a84cf440e309295647ad8b60db19b0146592548bcddbac",
       "37a50f8e949172338c41444d083c7a7eb6f2f5a613785a8147",
       "7f8afe8342b081d53b87125ec187fcce1a534a1840ebc16dcebc8e14b57d69ff6429a0383c0cff2c5057107e52cd0a72334c0"
       "b29fca71e1b82e7a1ebd2",
       "4ac38c4d46e5ff44538c63cd6644009fd1aa1b19a81b76452615cb3f94ce61ea9f2477bd23b09dfa855a5d720e91e4b20588e"
       "7d3c8a7ea09ee756866999714e82ec648155182"},
      {Prf::sha384, "0324ed5c80a4445f62ffffbada00e888ed94f18de3404b85c2",
       "00cae82908b0f3f1e204820f63ddef72fbd535851c08dc3dd9",
       "7b5fba46add74f7095c2b4c3710c8423acaceda4c1c8db7c831a57ea95fdc200717d8dfa5c54e9167cf8d2a2a12a84f3900c5"
       "78095c34a41e63cef636d",
       "724152abe2fd4f3af374fb9420892f7f596f6d7ca573a31a50fb435dfd0c431ed62e5d92aa135958dbf9035cf97c343bcdf6f"
       "744378ff8bd58030551645fe8cabcfa300b6c3b"},
  };
  Octets counted(200);
  for (std::size_t i = 0; i < counted.size(); ++i) counted[i] = static_cast<std::uint8_t>(i);
  for (const auto& answer : answers) {
    const auto by = [&](Bytes secret, std::string_view label, std::initializer_list<Bytes> seed,
                        std::size_t size) {
      Octets out(size, 0xa5);
      EXPECT_TRUE(secret::prf(provider, answer.which, secret, label, seed, out));
      return to_hex(out);
    };
    EXPECT_EQ(by(as_bytes("odd"), "l", {as_bytes("s")}, 25), answer.odd);
    EXPECT_EQ(by({}, "l", {as_bytes("s")}, 25), answer.empty);
    EXPECT_EQ(by(repeat(200, 0), std::string(100, 'x'), {counted}, 61), answer.large);
    EXPECT_EQ(by(Bytes(counted).first(48), "key expansion", {Bytes(counted).first(64)}, 70), answer.usual);
  }
}

TEST(PrfKey, TakesASeedInPartsOfAnySize) {
  const crypto::Provider& provider = **crypto::Provider::system();
  Octets seed(1000);
  for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::uint8_t>(i * 3);
  for (const Prf which : {Prf::md5_sha1, Prf::sha256, Prf::sha384}) {
    auto made = secret::PrfKey::create(provider, which, as_bytes("secret"));
    ASSERT_TRUE(made);
    const secret::PrfKey key = std::move(*made);
    EXPECT_EQ(key.which(), which);
    // 124 octets with the label are joined; 125 are not.
    for (const std::size_t size : {0u, 1u, 64u, 123u, 124u, 125u, 1000u}) {
      const Bytes all = Bytes(seed).first(size);
      Octets whole(50), parts(50);
      ASSERT_TRUE(key.expand("1234", {all}, whole));
      ASSERT_TRUE(key.expand("1234",
                             {all.first(size / 7),
                              all.subspan(size / 7, size / 7),
                              {},
                              all.subspan(size / 7 * 2, size / 7),
                              all.subspan(size / 7 * 3, size / 7),
                              all.subspan(size / 7 * 4)},
                             parts));
      EXPECT_EQ(whole, parts) << size;
    }
  }
}

TEST(PrfKey, GivesAShortOutputAsTheBeginningOfALongOne) {
  for (const Prf which : {Prf::md5_sha1, Prf::sha256, Prf::sha384}) {
    const auto key = secret::PrfKey::create(**crypto::Provider::system(), which, as_bytes("secret"));
    Octets longest(200);
    ASSERT_TRUE(key->expand("label", {as_bytes("seed")}, longest));
    for (std::size_t size = 0; size <= longest.size(); ++size) {
      Octets out(size, 0xa5);
      ASSERT_TRUE(key->expand("label", {as_bytes("seed")}, out));
      ASSERT_TRUE(std::ranges::equal(out, Bytes(longest).first(size))) << size;
    }
  }
}

TEST(PrfKey, IsTheSameByAnHmacKeyThatWasKept) {
  const crypto::Provider& provider = **crypto::Provider::system();
  const std::pair<Prf, HashAlgorithm> all[] = {{Prf::sha256, HashAlgorithm::sha256},
                                               {Prf::sha384, HashAlgorithm::sha384}};
  for (const auto& [which, hash] : all) {
    const secret::PrfKey kept(which, crypto::HmacKey(provider.hash(hash), as_bytes("secret")));
    const auto made = secret::PrfKey::create(provider, which, as_bytes("secret"));
    Octets by_kept(60), by_made(60);
    ASSERT_TRUE(kept.expand("label", {}, by_kept));
    ASSERT_TRUE(made->expand("label", {}, by_made));
    EXPECT_EQ(by_kept, by_made);
  }
}

TEST(PrfKey, IsTheSameThroughEvp) {
  for (const Prf which : {Prf::sha256, Prf::sha384}) {
    Octets by[2];
    for (const Route route : {Route::direct, Route::evp}) {
      const auto provider = provider_by(route);
      Octets& out = by[route == Route::evp];
      out.resize(104);
      ASSERT_TRUE(secret::prf(*provider, which, repeat(48, 7), "key expansion", {repeat(64, 1)}, out));
    }
    EXPECT_EQ(by[0], by[1]);
  }
}

TEST(PrfKey, IsEmptyWhenMovedFrom) {
  for (const Prf which : {Prf::md5_sha1, Prf::sha256, Prf::sha384}) {
    auto key = secret::PrfKey::create(**crypto::Provider::system(), which, as_bytes("secret"));
    EXPECT_FALSE(key->empty());
    const secret::PrfKey moved = std::move(*key);
    EXPECT_FALSE(moved.empty());
    EXPECT_TRUE(key->empty());
  }
  EXPECT_TRUE(secret::PrfKey().empty());
}

TEST(PrfKey, DoesNotAllocate) {
  if (!heap_is_counted()) GTEST_SKIP() << "the sanitizer has a malloc of its own";
  const crypto::Provider& provider = **crypto::Provider::system();
  const Octets secret(300, 1), random(32, 2), context(1000, 3);
  Octets out(200);
  for (const Prf which : {Prf::md5_sha1, Prf::sha256, Prf::sha384}) {
    watch_heap();
    const auto key = secret::PrfKey::create(provider, which, secret);
    const bool ok = key && key->expand("master secret", {random, random}, out) &&
                    key->expand("exporter", {random, random, context}, out);
    EXPECT_EQ(heap().calls, 0u);
    EXPECT_TRUE(ok);
  }
}

TEST(Prf, IsChosenByVersionAndSuite) {
  using enum ProtocolVersion;
  for (const auto hash : {HashAlgorithm::sha256, HashAlgorithm::sha384}) {
    EXPECT_EQ(secret::prf_of(tls10, hash), Prf::md5_sha1);
    EXPECT_EQ(secret::prf_of(tls11, hash), Prf::md5_sha1);
  }
  EXPECT_EQ(secret::prf_of(tls12, HashAlgorithm::sha256), Prf::sha256);
  EXPECT_EQ(secret::prf_of(tls12, HashAlgorithm::sha384), Prf::sha384);
}

}  // namespace
}  // namespace sesame::test
