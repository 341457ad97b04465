// Signatures of TLS 1.2 and below: what they allow that TLS 1.3 does not. signature_test.cpp has the rest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>

#include "crypto/provider.h"
#include "crypto/signature.h"
#include "support/authority.h"
#include "support/octets.h"

namespace sesame::test {
namespace {

using crypto::Provider;
using crypto::SignatureKind;
using enum SignatureScheme;
using testing::ElementsAre;
using testing::IsEmpty;

const Provider& provider() { return **Provider::system(); }

// As long as what a ServerKeyExchange signs: both randoms and the parameters.
const Octets input = join({repeat(32, 1), repeat(32, 2), u8(3), u16(29), vec8(repeat(32, 7))});

constexpr KeyType every_type[] = {KeyType::rsa1024, KeyType::rsa2048, KeyType::rsa_pss,
                                  KeyType::p256,    KeyType::p384,    KeyType::p521,
                                  KeyType::ed25519, KeyType::ed448,   KeyType::secp256k1};

struct Fitting {
  SignatureScheme scheme;
  KeyType key;
  const char* digest;  ///< nullptr: none
  int padding;         ///< 0: no RSA
};
constexpr Fitting all[] = {
    {rsa_pkcs1_sha1, KeyType::rsa2048, "SHA1", RSA_PKCS1_PADDING},
    {rsa_pkcs1_sha256, KeyType::rsa2048, "SHA256", RSA_PKCS1_PADDING},
    {rsa_pkcs1_sha384, KeyType::rsa2048, "SHA384", RSA_PKCS1_PADDING},
    {rsa_pkcs1_sha512, KeyType::rsa2048, "SHA512", RSA_PKCS1_PADDING},
    {rsa_pkcs1_sha512, KeyType::rsa1024, "SHA512", RSA_PKCS1_PADDING},
    {rsa_pss_rsae_sha256, KeyType::rsa2048, "SHA256", RSA_PKCS1_PSS_PADDING},
    {rsa_pss_rsae_sha384, KeyType::rsa2048, "SHA384", RSA_PKCS1_PSS_PADDING},
    {rsa_pss_rsae_sha512, KeyType::rsa2048, "SHA512", RSA_PKCS1_PSS_PADDING},
    {rsa_pss_pss_sha256, KeyType::rsa_pss, "SHA256", RSA_PKCS1_PSS_PADDING},
    {rsa_pss_pss_sha384, KeyType::rsa_pss, "SHA384", RSA_PKCS1_PSS_PADDING},
    {rsa_pss_pss_sha512, KeyType::rsa_pss, "SHA512", RSA_PKCS1_PSS_PADDING},
    {ecdsa_sha1, KeyType::p256, "SHA1", 0},
    {ecdsa_sha1, KeyType::p521, "SHA1", 0},
    {ecdsa_secp256r1_sha256, KeyType::p256, "SHA256", 0},
    {ecdsa_secp256r1_sha256, KeyType::p384, "SHA256", 0},
    {ecdsa_secp256r1_sha256, KeyType::secp256k1, "SHA256", 0},
    {ecdsa_secp384r1_sha384, KeyType::p256, "SHA384", 0},
    {ecdsa_secp384r1_sha384, KeyType::p384, "SHA384", 0},
    {ecdsa_secp521r1_sha512, KeyType::p256, "SHA512", 0},
    {ecdsa_secp521r1_sha512, KeyType::p521, "SHA512", 0},
    {ed25519, KeyType::ed25519, nullptr, 0},
    {ed448, KeyType::ed448, nullptr, 0},
};

void set_padding(EVP_PKEY_CTX* context, int padding) {
  if (padding == 0) return;
  EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(context, padding), 1);
  if (padding != RSA_PKCS1_PSS_PADDING) return;
  EXPECT_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST), 1);
}

// By libcrypto as its manual says, without a line of ours.
Octets sign_by_libcrypto(const KeyPointer& key, const char* digest, int padding) {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* of_key = nullptr;
  EXPECT_EQ(EVP_DigestSignInit_ex(context, &of_key, digest, nullptr, nullptr, key.get(), nullptr), 1);
  set_padding(of_key, padding);
  std::size_t size = 0;
  EXPECT_EQ(EVP_DigestSign(context, nullptr, &size, input.data(), input.size()), 1);
  Octets out(size);
  EXPECT_EQ(EVP_DigestSign(context, out.data(), &size, input.data(), input.size()), 1);
  out.resize(size);
  EVP_MD_CTX_free(context);
  return out;
}
bool libcrypto_verifies(const KeyPointer& key, const char* digest, int padding, Bytes signature) {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* of_key = nullptr;
  EXPECT_EQ(EVP_DigestVerifyInit_ex(context, &of_key, digest, nullptr, nullptr, key.get(), nullptr), 1);
  set_padding(of_key, padding);
  const bool valid =
      EVP_DigestVerify(context, signature.data(), signature.size(), input.data(), input.size()) == 1;
  EVP_MD_CTX_free(context);
  return valid;
}

constexpr Reason valid{};  // invalid_argument, which none of them gives
Reason reason_of(const Expected<>& verified) {
  EXPECT_EQ(ERR_peek_error(), 0u) << "libcrypto's error queue is the application's";
  return verified ? valid : verified.error().reason();
}
Reason verification12(const KeyPointer& key, SignatureScheme scheme, Bytes about, Bytes signature) {
  return reason_of(crypto::verify_tls12(provider(), key.get(), scheme, about, signature));
}
Reason verification10(const KeyPointer& key, Bytes about, Bytes signature) {
  return reason_of(crypto::verify_tls10(provider(), key.get(), about, signature));
}

// What has to be refused of any signature: `verification(about, signature)` says how it is judged.
template <class Verification>
void expect_no_other_is_valid(const Octets& signature, Verification verification) {
  Octets other = input;
  other.back() ^= 1;
  EXPECT_EQ(verification(other, signature), Reason::signature_invalid);
  EXPECT_EQ(verification({}, signature), Reason::signature_invalid);
  for (std::size_t i = 0; i < signature.size(); ++i) {
    Octets changed = signature;
    changed[i] ^= 0x01;
    EXPECT_EQ(verification(input, changed), Reason::signature_invalid) << "octet " << i;
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, signature.size() - 1})
    EXPECT_EQ(verification(input, Bytes(signature).first(size)), Reason::signature_invalid) << size;
  EXPECT_EQ(verification(input, join({signature, u8(0)})), Reason::signature_invalid);
}

class EveryTls12Signature : public testing::TestWithParam<Fitting> {
 protected:
  const Fitting row = GetParam();
  const KeyPointer key = make_key(row.key);
  Octets signature() const {
    auto made = crypto::sign_tls12(provider(), key.get(), row.scheme, input);
    EXPECT_TRUE(made) << made.error().message();
    return made.value_or(Octets());
  }
};
INSTANTIATE_TEST_SUITE_P(Schemes, EveryTls12Signature, testing::ValuesIn(all), [](const auto& row) {
  std::string out = std::string(name(row.param.scheme)) + "_by_" + std::string(name(row.param.key));
  std::erase_if(out, [](char c) { return c != '_' && !std::isalnum(static_cast<unsigned char>(c)); });
  return out;
});

TEST_P(EveryTls12Signature, IsTheOneOfLibcryptoInBothDirections) {
  EXPECT_TRUE(crypto::fits_tls12(row.scheme, key.get()));
  EXPECT_TRUE(libcrypto_verifies(key, row.digest, row.padding, signature()));
  EXPECT_EQ(verification12(key, row.scheme, input, sign_by_libcrypto(key, row.digest, row.padding)), valid);
  EXPECT_EQ(verification12(key, row.scheme, input, signature()), valid);
}

TEST_P(EveryTls12Signature, IsValidForNothingElse) {
  expect_no_other_is_valid(signature(), [&](Bytes about, Bytes changed) {
    return verification12(key, row.scheme, about, changed);
  });
  const KeyPointer other = make_key(row.key, 1);
  EXPECT_EQ(verification12(other, row.scheme, input, signature()), Reason::signature_invalid);
}

TEST_P(EveryTls12Signature, IsOfNoOtherScheme) {
  const Octets made = signature();
  for (const Fitting& other : all) {
    if (other.scheme == row.scheme) continue;
    const Reason reason = verification12(key, other.scheme, input, made);
    EXPECT_EQ(reason, crypto::fits_tls12(other.scheme, key.get()) ? Reason::signature_invalid
                                                                  : Reason::signature_scheme_not_offered)
        << name(other.scheme);
  }
}

TEST_P(EveryTls12Signature, IsMadeByNoOtherKindOfKey) {
  for (const KeyType type : every_type) {
    const KeyPointer other = make_key(type);
    if (crypto::fits_tls12(row.scheme, other.get())) continue;
    const auto made = crypto::sign_tls12(provider(), other.get(), row.scheme, input);
    ASSERT_FALSE(made) << name(type);
    EXPECT_EQ(made.error().reason(), Reason::signature_failed);
    EXPECT_EQ(verification12(other, row.scheme, input, repeat(64, 1)), Reason::signature_scheme_not_offered);
  }
}

TEST_P(EveryTls12Signature, IsMadeInAnotherLibraryContext) {
  OSSL_LIB_CTX* const own = OSSL_LIB_CTX_new();
  {
    const auto there = Provider::create(own, {});
    ASSERT_TRUE(there);
    const auto made = crypto::sign_tls12(**there, key.get(), row.scheme, input);
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_TRUE(crypto::verify_tls12(**there, key.get(), row.scheme, input, *made));
    EXPECT_EQ(verification12(key, row.scheme, input, *made), valid);
  }
  OSSL_LIB_CTX_free(own);
}

TEST(Tls12Signature, SchemesOfAKeyStandBestFirst) {
  const auto of = [](KeyType type) { return crypto::schemes_of_tls12(make_key(type).get()); };
  EXPECT_THAT(of(KeyType::p256), ElementsAre(ecdsa_secp256r1_sha256, ecdsa_secp384r1_sha384,
                                             ecdsa_secp521r1_sha512, ecdsa_sha1));
  EXPECT_THAT(of(KeyType::p384), ElementsAre(ecdsa_secp384r1_sha384, ecdsa_secp256r1_sha256,
                                             ecdsa_secp521r1_sha512, ecdsa_sha1));
  EXPECT_THAT(of(KeyType::p521), ElementsAre(ecdsa_secp521r1_sha512, ecdsa_secp256r1_sha256,
                                             ecdsa_secp384r1_sha384, ecdsa_sha1));
  EXPECT_THAT(of(KeyType::secp256k1), ElementsAre(ecdsa_secp256r1_sha256, ecdsa_secp384r1_sha384,
                                                  ecdsa_secp521r1_sha512, ecdsa_sha1));
  EXPECT_THAT(of(KeyType::rsa2048),
              ElementsAre(rsa_pss_rsae_sha256, rsa_pss_rsae_sha384, rsa_pss_rsae_sha512, rsa_pkcs1_sha256,
                          rsa_pkcs1_sha384, rsa_pkcs1_sha512, rsa_pkcs1_sha1));
  EXPECT_THAT(of(KeyType::rsa_pss), ElementsAre(rsa_pss_pss_sha256, rsa_pss_pss_sha384, rsa_pss_pss_sha512));
  EXPECT_THAT(of(KeyType::ed25519), ElementsAre(ed25519));
  EXPECT_THAT(of(KeyType::ed448), ElementsAre(ed448));
  EXPECT_THAT(crypto::schemes_of_tls12(nullptr), IsEmpty());
}

TEST(Tls12Signature, WhatFitsIsWhatStandsInTheList) {
  for (const KeyType type : every_type) {
    const KeyPointer key = make_key(type);
    const auto schemes = crypto::schemes_of_tls12(key.get());
    for (const Fitting& row : all) {
      EXPECT_EQ(crypto::fits_tls12(row.scheme, key.get()),
                std::ranges::find(schemes, row.scheme) != schemes.end())
          << name(type) << ", " << name(row.scheme);
    }
    EXPECT_FALSE(crypto::fits_tls12(SignatureScheme{}, key.get()));
    EXPECT_FALSE(crypto::fits_tls12(SignatureScheme{0xfefe}, key.get()));
  }
  EXPECT_FALSE(crypto::fits_tls12(ecdsa_sha1, nullptr));
}

// RFC 8017 section 9.2: 19 + 64 + 11 octets do not go into 64, and 15 + 20 + 11 do.
TEST(Tls12Signature, AnRsaKeyMayBeTooShortForADigest) {
  EVP_PKEY* made = nullptr;
  EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
  EXPECT_EQ(EVP_PKEY_keygen_init(context), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set_rsa_keygen_bits(context, 512), 1);
  EXPECT_EQ(EVP_PKEY_generate(context, &made), 1);
  EVP_PKEY_CTX_free(context);
  const KeyPointer key(made, EVP_PKEY_free);
  EXPECT_THAT(crypto::schemes_of_tls12(key.get()), ElementsAre(rsa_pkcs1_sha256, rsa_pkcs1_sha1));
  EXPECT_TRUE(crypto::sign_tls12(provider(), key.get(), rsa_pkcs1_sha256, input));
  EXPECT_FALSE(crypto::sign_tls12(provider(), key.get(), rsa_pkcs1_sha512, input));
  EXPECT_TRUE(crypto::sign_tls10(provider(), key.get(), input));
}

TEST(SignatureKinds, AreThoseOfTheSuites) {
  const auto of = [](KeyType type) { return crypto::signature_kind(make_key(type).get()); };
  for (const KeyType type : {KeyType::rsa1024, KeyType::rsa2048, KeyType::rsa_pss})
    EXPECT_EQ(of(type), SignatureKind::rsa) << name(type);
  for (const KeyType type :
       {KeyType::p256, KeyType::p384, KeyType::p521, KeyType::ed25519, KeyType::ed448, KeyType::secp256k1})
    EXPECT_EQ(of(type), SignatureKind::ecdsa) << name(type);
  EXPECT_EQ(crypto::signature_kind(nullptr), SignatureKind::other);
  const KeyPointer x25519(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"), EVP_PKEY_free);
  EXPECT_EQ(crypto::signature_kind(x25519.get()), SignatureKind::other);
}

class EveryTls10Signature : public testing::TestWithParam<KeyType> {
 protected:
  const KeyPointer key = make_key(GetParam());
  bool is_rsa() const { return crypto::signature_kind(key.get()) == SignatureKind::rsa; }
  Octets signature() const {
    auto made = crypto::sign_tls10(provider(), key.get(), input);
    EXPECT_TRUE(made) << made.error().message();
    return made.value_or(Octets());
  }
};
INSTANTIATE_TEST_SUITE_P(Keys, EveryTls10Signature,
                         testing::Values(KeyType::rsa1024, KeyType::rsa2048, KeyType::p256, KeyType::p384,
                                         KeyType::p521, KeyType::secp256k1),
                         [](const auto& p) {
                           std::string out(name(p.param));
                           std::erase_if(out,
                                         [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
                           return out;
                         });

TEST_P(EveryTls10Signature, IsTheOneOfLibcryptoInBothDirections) {
  const char* const digest = is_rsa() ? "MD5-SHA1" : "SHA1";
  const int padding = is_rsa() ? RSA_PKCS1_PADDING : 0;
  EXPECT_TRUE(libcrypto_verifies(key, digest, padding, signature()));
  EXPECT_EQ(verification10(key, input, sign_by_libcrypto(key, digest, padding)), valid);
  EXPECT_EQ(verification10(key, input, signature()), valid);
}

TEST_P(EveryTls10Signature, IsValidForNothingElse) {
  expect_no_other_is_valid(signature(),
                           [&](Bytes about, Bytes changed) { return verification10(key, about, changed); });
  EXPECT_EQ(verification10(make_key(GetParam(), 1), input, signature()), Reason::signature_invalid);
}

// RFC 4346 section 4.7: 36 octets, MD5 first, behind the padding of block type 1 and without a DigestInfo.
TEST(Tls10Signature, OfRsaHasBothHashesAndNoDigestInfo) {
  const KeyPointer key = make_key(KeyType::rsa2048);
  const auto made = crypto::sign_tls10(provider(), key.get(), input);
  ASSERT_TRUE(made);
  EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr);
  Octets block(256);
  std::size_t size = block.size();
  EXPECT_EQ(EVP_PKEY_verify_recover_init(context), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING), 1);
  EXPECT_EQ(EVP_PKEY_verify_recover(context, block.data(), &size, made->data(), made->size()), 1);
  EVP_PKEY_CTX_free(context);
  Octets md5(16), sha1(20);
  EXPECT_EQ(EVP_Q_digest(nullptr, "MD5", nullptr, input.data(), input.size(), md5.data(), nullptr), 1);
  EXPECT_EQ(EVP_Q_digest(nullptr, "SHA1", nullptr, input.data(), input.size(), sha1.data(), nullptr), 1);
  EXPECT_EQ(to_hex(block), to_hex(join({u16(1), repeat(256 - 3 - 36, 0xff), u8(0), md5, sha1})));
}

TEST(Tls10Signature, IsNotOneOfTls12) {
  const KeyPointer key = make_key(KeyType::rsa2048);
  for (const SignatureScheme scheme : {rsa_pkcs1_sha1, rsa_pkcs1_sha256, rsa_pss_rsae_sha256}) {
    const auto made = crypto::sign_tls12(provider(), key.get(), scheme, input);
    ASSERT_TRUE(made);
    EXPECT_EQ(verification10(key, input, *made), Reason::signature_invalid) << name(scheme);
  }
  const auto made = crypto::sign_tls10(provider(), key.get(), input);
  EXPECT_EQ(verification12(key, rsa_pkcs1_sha1, input, *made), Reason::signature_invalid);
}

TEST(Tls10Signature, IsThereForRsaAndEcdsaOnly) {
  for (const KeyType type : {KeyType::rsa_pss, KeyType::ed25519, KeyType::ed448}) {
    const KeyPointer key = make_key(type);
    const auto made = crypto::sign_tls10(provider(), key.get(), input);
    ASSERT_FALSE(made) << name(type);
    EXPECT_EQ(made.error().reason(), Reason::signature_scheme_not_offered);
    EXPECT_EQ(verification10(key, input, repeat(64, 1)), Reason::signature_scheme_not_offered);
  }
  EXPECT_FALSE(crypto::sign_tls10(provider(), nullptr, input));
  EXPECT_FALSE(crypto::verify_tls10(provider(), nullptr, input, repeat(64, 1)));
}

}  // namespace
}  // namespace sesame::test
