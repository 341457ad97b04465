#include <gtest/gtest.h>
#include <sesame/types.h>

namespace sesame {
namespace {

TEST(Names, AreThoseOfTheRfcs) {
  EXPECT_EQ(name(ProtocolVersion::tls13), "TLS 1.3");
  EXPECT_EQ(name(ProtocolVersion::tls12), "TLS 1.2");
  EXPECT_EQ(name(CipherSuite{0x1301}), "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(name(CipherSuite{0x1302}), "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(name(CipherSuite{0x1303}), "TLS_CHACHA20_POLY1305_SHA256");
  EXPECT_EQ(name(CipherSuite{0x1304}), "TLS_AES_128_CCM_SHA256");
  EXPECT_EQ(name(CipherSuite{0x1305}), "TLS_AES_128_CCM_8_SHA256");
  EXPECT_EQ(name(HashAlgorithm::sha256), "SHA-256");
  EXPECT_EQ(name(HashAlgorithm::sha384), "SHA-384");
  EXPECT_EQ(name(PskKeyExchangeMode{0}), "psk_ke");
  EXPECT_EQ(name(PskKeyExchangeMode{1}), "psk_dhe_ke");
}

// RFC 8446 section 4.2.7 and the registry "TLS Supported Groups".
TEST(Names, OfGroupsAreThoseOfTheRegistry) {
  EXPECT_EQ(name(NamedGroup{0x0017}), "secp256r1");
  EXPECT_EQ(name(NamedGroup{0x0018}), "secp384r1");
  EXPECT_EQ(name(NamedGroup{0x0019}), "secp521r1");
  EXPECT_EQ(name(NamedGroup{0x001d}), "x25519");
  EXPECT_EQ(name(NamedGroup{0x001e}), "x448");
  EXPECT_EQ(name(NamedGroup{0x0100}), "ffdhe2048");
  EXPECT_EQ(name(NamedGroup{0x0101}), "ffdhe3072");
  EXPECT_EQ(name(NamedGroup{0x0102}), "ffdhe4096");
  EXPECT_EQ(name(NamedGroup{0x0103}), "ffdhe6144");
  EXPECT_EQ(name(NamedGroup{0x0104}), "ffdhe8192");
  EXPECT_EQ(name(NamedGroup{0x11ec}), "X25519MLKEM768");
}

TEST(Names, OfTheLibrarysOwnValuesAreTheirIdentifiers) {
  EXPECT_EQ(name(Side::client), "client");
  EXPECT_EQ(name(Side::server), "server");
  EXPECT_EQ(name(Wait::nothing), "nothing");
  EXPECT_EQ(name(Wait::input), "input");
  EXPECT_EQ(name(Wait::output), "output");
  EXPECT_EQ(name(Wait::psk_lookup), "psk_lookup");
  EXPECT_EQ(name(Wait::closed), "closed");
  EXPECT_EQ(name(Authentication::none), "none");
  EXPECT_EQ(name(Authentication::external_psk), "external_psk");
}

// A peer can send any value: GREASE (RFC 8701) for one.
TEST(Names, OfValuesThatAreNotKnownAreUnknown) {
  EXPECT_EQ(name(ProtocolVersion{0x7f1c}), "unknown");
  EXPECT_EQ(name(CipherSuite{0x0a0a}), "unknown");
  EXPECT_EQ(name(NamedGroup{0x1a1a}), "unknown");
  EXPECT_EQ(name(HashAlgorithm{7}), "unknown");
  EXPECT_EQ(name(PskKeyExchangeMode{0x2b}), "unknown");
  EXPECT_EQ(name(Side{9}), "unknown");
  EXPECT_EQ(name(Wait{99}), "unknown");
  EXPECT_EQ(name(Authentication{99}), "unknown");
}

}  // namespace
}  // namespace sesame
