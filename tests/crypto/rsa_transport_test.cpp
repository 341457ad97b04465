#include "crypto/rsa_transport.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>

#include "crypto/provider.h"
#include "support/authority.h"
#include "support/octets.h"

namespace sesame::test {
namespace {

using crypto::Provider;
using crypto::RsaPremaster;

const Provider& provider() { return **Provider::system(); }

// `block` as it is, raised to the public exponent: what is inside is up to the test.
Octets encrypt_raw(const KeyPointer& key, const Octets& block) {
  EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr);
  Octets out(block.size());
  std::size_t size = out.size();
  EXPECT_EQ(EVP_PKEY_encrypt_init(context), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING), 1);
  EXPECT_EQ(EVP_PKEY_encrypt(context, out.data(), &size, block.data(), block.size()), 1);
  EVP_PKEY_CTX_free(context);
  return out;
}

Octets premaster(std::uint16_t version = 0x0303, std::size_t size = 48) {
  Octets out = join({u16(version), repeat(size - 2, 0)});
  for (std::size_t i = 2; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(i);
  return out;
}

// RFC 8017 section 7.2.1: 00 02, padding without a zero, 00, the message.
Octets padded(const Octets& message, std::size_t size) {
  return join({u16(2), repeat(size - 3 - message.size(), 0xa5), u8(0), message});
}

Octets decrypted(const KeyPointer& key, const Octets& encrypted,
                 ProtocolVersion offered = ProtocolVersion::tls12) {
  RsaPremaster out;
  const auto done = crypto::decrypt_premaster(provider(), key.get(), offered, encrypted, out);
  EXPECT_TRUE(done) << done.error().message();
  EXPECT_EQ(ERR_peek_error(), 0u) << "libcrypto's error queue is the application's";
  EXPECT_EQ(out.size(), 48u);
  return octets_of(out.bytes());
}

class RsaTransport : public testing::TestWithParam<KeyType> {
 protected:
  const KeyPointer key = make_key(GetParam());
  const std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key.get()));
};
INSTANTIATE_TEST_SUITE_P(Keys, RsaTransport, testing::Values(KeyType::rsa1024, KeyType::rsa2048),
                         [](const auto& p) { return p.param == KeyType::rsa1024 ? "Of1024" : "Of2048"; });

TEST_P(RsaTransport, TheServerHasWhatTheClientSent) {
  for (const ProtocolVersion version :
       {ProtocolVersion::tls10, ProtocolVersion::tls11, ProtocolVersion::tls12}) {
    RsaPremaster at_client;
    const auto encrypted = crypto::encrypt_premaster(provider(), key.get(), version, at_client);
    ASSERT_TRUE(encrypted);
    EXPECT_EQ(encrypted->size(), size);
    ASSERT_EQ(at_client.size(), 48u);
    EXPECT_EQ(to_hex(at_client.bytes().first(2)), to_hex(u16(static_cast<std::uint16_t>(version))));
    EXPECT_EQ(to_hex(decrypted(key, *encrypted, version)), to_hex(at_client.bytes()));
  }
}

TEST_P(RsaTransport, ThePremasterSecretIsNewEachTime) {
  RsaPremaster one, two;
  const auto first = crypto::encrypt_premaster(provider(), key.get(), ProtocolVersion::tls12, one);
  const auto second = crypto::encrypt_premaster(provider(), key.get(), ProtocolVersion::tls12, two);
  EXPECT_NE(to_hex(one.bytes()), to_hex(two.bytes()));
  EXPECT_NE(*first, *second);
}

// A public key is enough for the client.
TEST_P(RsaTransport, EncryptsToAKeyThatWasRead) {
  const crypto::KeyHandle read = crypto::read_public_key(provider(), public_key_of(key));
  RsaPremaster at_client;
  const auto encrypted = crypto::encrypt_premaster(provider(), read.get(), ProtocolVersion::tls12, at_client);
  ASSERT_TRUE(encrypted);
  EXPECT_EQ(to_hex(decrypted(key, *encrypted)), to_hex(at_client.bytes()));
}

TEST_P(RsaTransport, TakesABlockThatIsPutTogetherByHand) {
  EXPECT_EQ(to_hex(decrypted(key, encrypt_raw(key, padded(premaster(), size)))), to_hex(premaster()));
}

// Section 7.4.7.1: whatever is wrong, there are 48 octets, and nobody can know them.
TEST_P(RsaTransport, EveryVariantOfBleichenbacherGivesRandomOctets) {
  const Octets good = padded(premaster(), size);
  const std::size_t separator = size - 49;
  const auto with = [&](std::size_t at, std::uint8_t value) {
    Octets out = good;
    out[at] = value;
    return out;
  };
  struct Variant {
    const char* what;
    Octets block;
  };
  const Variant variants[] = {
      {"block type 1", with(1, 1)},
      {"block type 0", with(1, 0)},
      {"block type 3", with(1, 3)},
      {"a first octet that is not zero", with(0, 1)},
      {"no separator", with(separator, 0x11)},
      {"a separator in the first octet of the padding", with(2, 0)},
      {"a separator in the eighth octet of the padding", with(9, 0)},
      {"a separator in the middle", with(size / 2, 0)},
      {"a separator one octet early", with(separator - 1, 0)},
      {"47 octets", padded(premaster(0x0303, 47), size)},
      {"49 octets", padded(premaster(0x0303, 49), size)},
      {"2 octets", padded(premaster(0x0303, 2), size)},
      {"no octets", padded({}, size)},
      {"the version of TLS 1.1", padded(premaster(0x0302), size)},
      {"the version of TLS 1.3", padded(premaster(0x0304), size)},
      {"another major version", padded(premaster(0x0203), size)},
      {"version 0", padded(premaster(0), size)},
      {"zeros alone", repeat(size, 0)},
      {"one", join({repeat(size - 1, 0), u8(1)})},
  };
  for (const Variant& variant : variants) {
    const Octets encrypted = encrypt_raw(key, variant.block);
    const Octets out = decrypted(key, encrypted);
    EXPECT_NE(to_hex(out), to_hex(premaster())) << variant.what;
    EXPECT_NE(to_hex(out), to_hex(Bytes(variant.block).last(48))) << variant.what;
    EXPECT_FALSE(std::ranges::all_of(out, [](auto octet) { return octet == 0; })) << variant.what;
  }
}

TEST_P(RsaTransport, AVersionThatWasNotOfferedGivesRandomOctets) {
  const Octets encrypted = encrypt_raw(key, padded(premaster(0x0301), size));
  EXPECT_NE(to_hex(decrypted(key, encrypted, ProtocolVersion::tls12)), to_hex(premaster(0x0301)));
  // The version of the ClientHello counts, not the one that was agreed on.
  EXPECT_EQ(to_hex(decrypted(key, encrypted, ProtocolVersion::tls10)), to_hex(premaster(0x0301)));
}

TEST_P(RsaTransport, AMessageOfAnotherSizeGivesRandomOctets) {
  const Octets encrypted = encrypt_raw(key, padded(premaster(), size));
  const Octets others[] = {{},
                           {0},
                           Octets(encrypted.begin(), encrypted.end() - 1),
                           Octets(encrypted.begin() + 1, encrypted.end()),
                           join({u8(0), encrypted}),
                           join({encrypted, u8(0)}),
                           premaster(),
                           repeat(65535, 0xff)};
  for (const Octets& other : others) {
    const Octets first = decrypted(key, other), second = decrypted(key, other);
    EXPECT_NE(to_hex(first), to_hex(premaster())) << other.size();
    EXPECT_NE(to_hex(first), to_hex(second)) << other.size();
  }
}

// RFC 8017 section 5.1.2: it has to be below the modulus. Who knows the public key knows whether it is.
TEST_P(RsaTransport, AMessageNotBelowTheModulusGivesRandomOctets) {
  BIGNUM* modulus = nullptr;
  ASSERT_EQ(EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_RSA_N, &modulus), 1);
  Octets n(size);
  BN_bn2bin(modulus, n.data());
  BN_free(modulus);
  for (const Octets& encrypted : {n, repeat(size, 0xff)})
    EXPECT_NE(to_hex(decrypted(key, encrypted)), to_hex(decrypted(key, encrypted)));
}

TEST_P(RsaTransport, TheMessageForAnotherKeyGivesRandomOctets) {
  const KeyPointer other = make_key(GetParam(), 1);
  RsaPremaster at_client;
  const auto encrypted =
      crypto::encrypt_premaster(provider(), other.get(), ProtocolVersion::tls12, at_client);
  ASSERT_TRUE(encrypted);
  EXPECT_NE(to_hex(decrypted(key, *encrypted)), to_hex(at_client.bytes()));
}

TEST_P(RsaTransport, WorksInAnotherLibraryContext) {
  OSSL_LIB_CTX* const own = OSSL_LIB_CTX_new();
  {
    const auto there = Provider::create(own, {});
    ASSERT_TRUE(there);
    RsaPremaster at_client, at_server;
    const auto encrypted = crypto::encrypt_premaster(**there, key.get(), ProtocolVersion::tls12, at_client);
    ASSERT_TRUE(encrypted);
    ASSERT_TRUE(crypto::decrypt_premaster(**there, key.get(), ProtocolVersion::tls12, *encrypted, at_server));
    EXPECT_EQ(to_hex(at_server.bytes()), to_hex(at_client.bytes()));
  }
  OSSL_LIB_CTX_free(own);
}

TEST_P(RsaTransport, APublicKeyAloneDecryptsNothing) {
  const crypto::KeyHandle read = crypto::read_public_key(provider(), public_key_of(key));
  RsaPremaster out;
  const auto done = crypto::decrypt_premaster(provider(), read.get(), ProtocolVersion::tls12,
                                              encrypt_raw(key, padded(premaster(), size)), out);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().reason(), Reason::internal_error);
  EXPECT_TRUE(out.empty());
}

TEST(RsaTransportKeys, AreRsaAndNotRestrictedToPss) {
  EXPECT_TRUE(crypto::can_transport(make_key(KeyType::rsa2048).get()));
  EXPECT_FALSE(crypto::can_transport(nullptr));
  for (const KeyType type : {KeyType::rsa_pss, KeyType::p256, KeyType::ed25519}) {
    const KeyPointer key = make_key(type);
    EXPECT_FALSE(crypto::can_transport(key.get())) << name(type);
    RsaPremaster premaster;
    const auto encrypted =
        crypto::encrypt_premaster(provider(), key.get(), ProtocolVersion::tls12, premaster);
    ASSERT_FALSE(encrypted);
    EXPECT_EQ(encrypted.error().reason(), Reason::certificate_key_unsuitable);
    const auto done =
        crypto::decrypt_premaster(provider(), key.get(), ProtocolVersion::tls12, repeat(256, 1), premaster);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().reason(), Reason::internal_error);
  }
}

}  // namespace
}  // namespace sesame::test
