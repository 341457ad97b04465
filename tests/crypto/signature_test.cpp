#define OPENSSL_SUPPRESS_DEPRECATED  // keys of the old kind, which no provider holds
#include "crypto/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>

#include "crypto/provider.h"
#include "support/authority.h"
#include "support/octets.h"

namespace sesame::test {
namespace {

using crypto::Provider;
using enum SignatureScheme;
using testing::ElementsAre;
using testing::IsEmpty;

const Provider& provider() { return **Provider::system(); }

// As long as a CertificateVerify's (RFC 8446 section 4.4.3).
const Octets input =
    join({repeat(64, 0x20), text("TLS 1.3, server CertificateVerify"), u8(0), repeat(32, 7)});

struct Fitting {
  SignatureScheme scheme;
  KeyType key;
  const char* digest;  ///< nullptr: none
};
constexpr Fitting all[] = {
    {ecdsa_secp256r1_sha256, KeyType::p256, "SHA256"},
    {ecdsa_secp384r1_sha384, KeyType::p384, "SHA384"},
    {ecdsa_secp521r1_sha512, KeyType::p521, "SHA512"},
    {ed25519, KeyType::ed25519, nullptr},
    {ed448, KeyType::ed448, nullptr},
    {rsa_pss_rsae_sha256, KeyType::rsa2048, "SHA256"},
    {rsa_pss_rsae_sha384, KeyType::rsa2048, "SHA384"},
    {rsa_pss_rsae_sha512, KeyType::rsa2048, "SHA512"},
    {rsa_pss_pss_sha256, KeyType::rsa_pss, "SHA256"},
    {rsa_pss_pss_sha384, KeyType::rsa_pss, "SHA384"},
    {rsa_pss_pss_sha512, KeyType::rsa_pss, "SHA512"},
};

bool is_rsa(SignatureScheme scheme) { return std::string_view(name(scheme)).starts_with("rsa"); }

Octets signature_by(const KeyPointer& key, SignatureScheme scheme) {
  auto made = crypto::sign(provider(), key.get(), scheme, input);
  EXPECT_TRUE(made) << name(scheme) << ": " << made.error().message();
  return made.value_or(Octets());
}

Reason verification(const KeyPointer& key, SignatureScheme scheme, Bytes about, Bytes signature) {
  const auto verified = crypto::verify(provider(), key.get(), scheme, about, signature);
  EXPECT_EQ(ERR_peek_error(), 0u) << "libcrypto's error queue is the application's";
  return verified ? Reason{} : verified.error().reason();
}
// Reason{} is invalid_argument, which verify() never gives.
constexpr Reason valid{};

struct PssChoice {
  int salt = RSA_PSS_SALTLEN_DIGEST;
  const char* mgf1_digest = nullptr;  ///< nullptr: that of the signature
  int padding = RSA_PKCS1_PSS_PADDING;
};

// What libcrypto makes of it when it is asked as its manual says, without a line of ours.
Octets sign_by_libcrypto(const KeyPointer& key, SignatureScheme scheme, const char* digest,
                         PssChoice pss = {}) {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* of_key = nullptr;
  EXPECT_EQ(EVP_DigestSignInit_ex(context, &of_key, digest, nullptr, nullptr, key.get(), nullptr), 1);
  if (is_rsa(scheme)) {
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(of_key, pss.padding), 1);
    if (pss.padding == RSA_PKCS1_PSS_PADDING) {
      EXPECT_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(of_key, pss.salt), 1);
    }
    if (pss.mgf1_digest) {
      EXPECT_EQ(EVP_PKEY_CTX_set_rsa_mgf1_md(of_key, EVP_get_digestbyname(pss.mgf1_digest)), 1);
    }
  }
  std::size_t size = 0;
  EXPECT_EQ(EVP_DigestSign(context, nullptr, &size, input.data(), input.size()), 1);
  Octets out(size);
  EXPECT_EQ(EVP_DigestSign(context, out.data(), &size, input.data(), input.size()), 1);
  out.resize(size);
  EVP_MD_CTX_free(context);
  return out;
}

bool libcrypto_verifies(const KeyPointer& key, SignatureScheme scheme, const char* digest, Bytes signature) {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* of_key = nullptr;
  EXPECT_EQ(EVP_DigestVerifyInit_ex(context, &of_key, digest, nullptr, nullptr, key.get(), nullptr), 1);
  if (is_rsa(scheme)) {
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PSS_PADDING), 1);
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(of_key, RSA_PSS_SALTLEN_DIGEST), 1);
  }
  const bool valid_there =
      EVP_DigestVerify(context, signature.data(), signature.size(), input.data(), input.size()) == 1;
  EVP_MD_CTX_free(context);
  return valid_there;
}

/// The same key as an object of libcrypto's old kind, which no provider holds.
KeyPointer without_provider(const KeyPointer& key) {
  KeyPointer out(EVP_PKEY_new(), EVP_PKEY_free);
  if (EC_KEY* const ec = EVP_PKEY_get1_EC_KEY(key.get())) {
    EXPECT_EQ(EVP_PKEY_assign_EC_KEY(out.get(), ec), 1);
  } else {
    RSA* const rsa = EVP_PKEY_get1_RSA(key.get());
    const int type = EVP_PKEY_get_base_id(key.get());
    EXPECT_EQ(EVP_PKEY_assign(out.get(), type, rsa), 1);
  }
  ERR_clear_error();
  EXPECT_EQ(EVP_PKEY_get0_provider(out.get()), nullptr);
  return out;
}

KeyPointer restricted_pss_key(const char* digest, int salt) {
  EVP_PKEY* key = nullptr;
  EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA-PSS", nullptr);
  EXPECT_EQ(EVP_PKEY_keygen_init(context), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048), 1);
  const EVP_MD* const md = EVP_get_digestbyname(digest);
  EXPECT_EQ(EVP_PKEY_CTX_set_rsa_pss_keygen_md(context, md), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(context, md), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(context, salt), 1);
  EXPECT_EQ(EVP_PKEY_generate(context, &key), 1);
  EVP_PKEY_CTX_free(context);
  return {key, EVP_PKEY_free};
}

class EverySignature : public testing::TestWithParam<Fitting> {
 protected:
  const Fitting row = GetParam();
  const KeyPointer key = make_key(row.key);
};

TEST_P(EverySignature, IsVerified) {
  const Octets signature = signature_by(key, row.scheme);
  EXPECT_EQ(verification(key, row.scheme, input, signature), valid);
}

TEST_P(EverySignature, IsTheOneOfLibcryptoInBothDirections) {
  EXPECT_TRUE(libcrypto_verifies(key, row.scheme, row.digest, signature_by(key, row.scheme)));
  EXPECT_EQ(verification(key, row.scheme, input, sign_by_libcrypto(key, row.scheme, row.digest)), valid);
}

TEST_P(EverySignature, IsMadeAndVerifiedByAKeyThatNoProviderHolds) {
  if (!row.digest) return;  // Ed25519 and Ed448: libcrypto gives no way to make such an object
  const KeyPointer old = without_provider(key);
  EXPECT_EQ(crypto::schemes_of(old.get()), crypto::schemes_of(key.get()));
  EXPECT_EQ(verification(key, row.scheme, input, signature_by(old, row.scheme)), valid);
  const Octets signature = signature_by(key, row.scheme);
  EXPECT_EQ(verification(old, row.scheme, input, signature), valid);
  EXPECT_EQ(verification(old, row.scheme, text("other"), signature), Reason::signature_invalid);
}

TEST_P(EverySignature, OfAnotherInputIsInvalid) {
  const Octets signature = signature_by(key, row.scheme);
  Octets other = input;
  other.back() ^= 1;
  EXPECT_EQ(verification(key, row.scheme, other, signature), Reason::signature_invalid);
  EXPECT_EQ(verification(key, row.scheme, {}, signature), Reason::signature_invalid);
}

TEST_P(EverySignature, IsInvalidWithAnyOctetChanged) {
  const Octets signature = signature_by(key, row.scheme);
  for (std::size_t i = 0; i < signature.size(); ++i) {
    Octets changed = signature;
    changed[i] ^= 0x01;
    EXPECT_EQ(verification(key, row.scheme, input, changed), Reason::signature_invalid) << "octet " << i;
  }
}

TEST_P(EverySignature, IsInvalidShortenedOrLengthened) {
  const Octets signature = signature_by(key, row.scheme);
  for (std::size_t size = 0; size < signature.size(); ++size) {
    EXPECT_EQ(verification(key, row.scheme, input, Bytes(signature).first(size)), Reason::signature_invalid)
        << size;
  }
  EXPECT_EQ(verification(key, row.scheme, input, join({signature, u8(0)})), Reason::signature_invalid);
}

TEST_P(EverySignature, OfAnotherKeyIsInvalid) {
  const KeyPointer other = make_key(row.key, 1);
  EXPECT_EQ(verification(other, row.scheme, input, signature_by(key, row.scheme)), Reason::signature_invalid);
}

TEST_P(EverySignature, IsMadeAndVerifiedByNoOtherKindOfKey) {
  for (const KeyType type : {KeyType::rsa2048, KeyType::rsa_pss, KeyType::p256, KeyType::p384, KeyType::p521,
                             KeyType::ed25519, KeyType::ed448, KeyType::secp256k1}) {
    if (type == row.key) continue;
    const KeyPointer other = make_key(type);
    EXPECT_FALSE(crypto::fits(row.scheme, other.get())) << name(type);
    const auto made = crypto::sign(provider(), other.get(), row.scheme, input);
    ASSERT_FALSE(made) << name(type);
    EXPECT_EQ(made.error().reason(), Reason::signature_failed);
    EXPECT_EQ(verification(other, row.scheme, input, repeat(64, 1)), Reason::signature_scheme_not_offered)
        << name(type);
  }
}

TEST_P(EverySignature, IsMadeInAnotherLibraryContext) {
  OSSL_LIB_CTX* const own = OSSL_LIB_CTX_new();
  OSSL_PROVIDER* const loaded = OSSL_PROVIDER_load(own, "default");
  {
    const auto there = Provider::create(own, {});
    ASSERT_TRUE(there);
    const auto made = crypto::sign(**there, key.get(), row.scheme, input);
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(verification(key, row.scheme, input, *made), valid);
    EXPECT_TRUE(crypto::verify(**there, key.get(), row.scheme, input, *made));
  }
  OSSL_PROVIDER_unload(loaded);
  OSSL_LIB_CTX_free(own);
}

TEST_P(EverySignature, IsVerifiedByAPublicKeyThatWasRead) {
  const Octets encoded = crypto::subject_public_key_info(key.get());
  EXPECT_EQ(encoded, public_key_of(key));
  const crypto::KeyHandle read = crypto::read_public_key(provider(), encoded);
  ASSERT_TRUE(read);
  EXPECT_EQ(crypto::schemes_of(read.get()), crypto::schemes_of(key.get()));
  EXPECT_TRUE(crypto::verify(provider(), read.get(), row.scheme, input, signature_by(key, row.scheme)));
  const auto made = crypto::sign(provider(), read.get(), row.scheme, input);
  ASSERT_FALSE(made) << "a public key signs nothing";
  EXPECT_EQ(made.error().reason(), Reason::signature_failed);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Schemes, EverySignature, testing::ValuesIn(all),
                         [](const auto& row) { return std::string(name(row.param.scheme)); });

TEST(Signature, SchemesOfAKeyStandBestFirst) {
  const auto of = [](KeyType type) { return crypto::schemes_of(make_key(type).get()); };
  EXPECT_THAT(of(KeyType::p256), ElementsAre(ecdsa_secp256r1_sha256));
  EXPECT_THAT(of(KeyType::p384), ElementsAre(ecdsa_secp384r1_sha384));
  EXPECT_THAT(of(KeyType::p521), ElementsAre(ecdsa_secp521r1_sha512));
  EXPECT_THAT(of(KeyType::ed25519), ElementsAre(ed25519));
  EXPECT_THAT(of(KeyType::ed448), ElementsAre(ed448));
  EXPECT_THAT(of(KeyType::rsa2048),
              ElementsAre(rsa_pss_rsae_sha256, rsa_pss_rsae_sha384, rsa_pss_rsae_sha512));
  EXPECT_THAT(of(KeyType::rsa_pss), ElementsAre(rsa_pss_pss_sha256, rsa_pss_pss_sha384, rsa_pss_pss_sha512));
  EXPECT_THAT(of(KeyType::secp256k1), IsEmpty());
  EXPECT_THAT(crypto::schemes_of(nullptr), IsEmpty());
}

// RFC 8017 section 9.1.1: 64 + 64 + 2 octets do not go into 128.
TEST(Signature, AnRsaKeyOf1024BitsIsTooShortForSha512) {
  const KeyPointer key = make_key(KeyType::rsa1024);
  EXPECT_THAT(crypto::schemes_of(key.get()), ElementsAre(rsa_pss_rsae_sha256, rsa_pss_rsae_sha384));
}

// RFC 8446 section 4.2.3, of the RSASSA-PSS schemes.
TEST(Signature, AnRsaPssKeyKeepsToTheHashInItsParameters) {
  EXPECT_THAT(crypto::schemes_of(restricted_pss_key("SHA256", 32).get()), ElementsAre(rsa_pss_pss_sha256));
  EXPECT_THAT(crypto::schemes_of(restricted_pss_key("SHA384", 20).get()), ElementsAre(rsa_pss_pss_sha384));
  EXPECT_THAT(crypto::schemes_of(restricted_pss_key("SHA512", 64).get()), ElementsAre(rsa_pss_pss_sha512));
  EXPECT_THAT(crypto::schemes_of(restricted_pss_key("SHA1", 20).get()), IsEmpty());
  const KeyPointer key = restricted_pss_key("SHA384", 48);
  EXPECT_EQ(verification(key, rsa_pss_pss_sha384, input, signature_by(key, rsa_pss_pss_sha384)), valid);
  EXPECT_EQ(verification(key, rsa_pss_pss_sha256, input, repeat(256, 1)),
            Reason::signature_scheme_not_offered);
}

TEST(Signature, AnRsaPssKeyThatWantsALongerSaltFitsNothing) {
  EXPECT_THAT(crypto::schemes_of(restricted_pss_key("SHA256", 40).get()), IsEmpty());
}

// "The salt length MUST be equal to the length of the output of the digest algorithm."
TEST(Signature, AnotherSaltLengthIsInvalid) {
  const KeyPointer key = make_key(KeyType::rsa2048);
  for (const int salt : {0, 20, 31, 33, RSA_PSS_SALTLEN_MAX}) {
    const Octets signature = sign_by_libcrypto(key, rsa_pss_rsae_sha256, "SHA256", {.salt = salt});
    EXPECT_EQ(verification(key, rsa_pss_rsae_sha256, input, signature), Reason::signature_invalid) << salt;
  }
  EXPECT_EQ(verification(key, rsa_pss_rsae_sha256, input,
                         sign_by_libcrypto(key, rsa_pss_rsae_sha256, "SHA256", {.salt = 32})),
            valid);
}

TEST(Signature, AnotherHashInTheMaskIsInvalid) {
  const KeyPointer key = make_key(KeyType::rsa2048);
  const Octets signature = sign_by_libcrypto(key, rsa_pss_rsae_sha256, "SHA256", {.mgf1_digest = "SHA1"});
  EXPECT_EQ(verification(key, rsa_pss_rsae_sha256, input, signature), Reason::signature_invalid);
}

TEST(Signature, Pkcs1AndSha1AreNotForCertificateVerify) {
  const KeyPointer key = make_key(KeyType::rsa2048);
  for (const SignatureScheme scheme : {rsa_pkcs1_sha256, rsa_pkcs1_sha384, rsa_pkcs1_sha512, rsa_pkcs1_sha1,
                                       ecdsa_sha1, SignatureScheme{}, SignatureScheme{0xfefe}}) {
    EXPECT_FALSE(crypto::is_for_certificate_verify(scheme)) << name(scheme);
    EXPECT_FALSE(crypto::fits(scheme, key.get()));
    EXPECT_FALSE(crypto::sign(provider(), key.get(), scheme, input));
  }
  const Octets pkcs1 = sign_by_libcrypto(key, rsa_pkcs1_sha256, "SHA256", {.padding = RSA_PKCS1_PADDING});
  EXPECT_EQ(verification(key, rsa_pkcs1_sha256, input, pkcs1), Reason::signature_scheme_not_offered);
  EXPECT_EQ(verification(key, rsa_pss_rsae_sha256, input, pkcs1), Reason::signature_invalid);
  for (const Fitting& row : all)
    EXPECT_TRUE(crypto::is_for_certificate_verify(row.scheme)) << name(row.scheme);
}

TEST(Signature, ErrorsThatTheApplicationHasQueuedStay) {
  ERR_raise(ERR_LIB_USER, 77);
  const KeyPointer key = make_key(KeyType::p256);
  EXPECT_FALSE(crypto::verify(provider(), key.get(), ecdsa_secp256r1_sha256, input, repeat(70, 0x30)));
  EXPECT_FALSE(crypto::read_public_key(provider(), text("none")));
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), 77);
  EXPECT_EQ(ERR_get_error(), 0u);
}

TEST(PublicKey, IsNotReadFromAnythingElse) {
  for (const KeyType type : usable_key_types) {
    const Octets encoded = public_key_of(make_key(type));
    EXPECT_TRUE(crypto::read_public_key(provider(), encoded)) << name(type);
    EXPECT_FALSE(crypto::read_public_key(provider(), join({encoded, u8(0)}))) << name(type);
    for (std::size_t size = 0; size < encoded.size(); ++size) {
      EXPECT_FALSE(crypto::read_public_key(provider(), Bytes(encoded).first(size))) << name(type) << size;
    }
  }
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(PublicKey, OffItsCurveIsNone) {
  Octets encoded = public_key_of(make_key(KeyType::p256));
  encoded.back() ^= 1;
  EXPECT_FALSE(crypto::read_public_key(provider(), encoded));
}

TEST(PublicKey, IsSharedByOneReferenceMore) {
  crypto::KeyHandle second;
  {
    const KeyPointer first = make_key(KeyType::p256);
    second = crypto::share(first.get());
    EXPECT_EQ(second.get(), first.get());
  }
  EXPECT_TRUE(crypto::sign(provider(), second.get(), ecdsa_secp256r1_sha256, input));
  EXPECT_FALSE(crypto::share(nullptr));
}

}  // namespace
}  // namespace sesame::test
