#include "secret/prf.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "support/hex.h"

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

}  // namespace
}  // namespace sesame::test
