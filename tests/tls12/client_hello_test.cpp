// What a ClientHello for TLS 1.2 and below says.
#include <gtest/gtest.h>

#include "message/tls12.h"
#include "tls12/plain_server.h"

namespace sesame::test {
namespace {

using Type = PlainServer::Type;

struct ClientHelloBelow : testing::Test, PlainServer {};

TEST_F(ClientHelloBelow, HasTheHighestVersionAndNoList) {
  EXPECT_EQ(client_hello().version, 0x0303u);
  EXPECT_EQ(client_hello().record_version, 0x0303u);
  EXPECT_FALSE(client_hello().has(Type::supported_versions));
  EXPECT_TRUE(client_hello().session_id.empty());
}
TEST_F(ClientHelloBelow, StandsInARecordOfTls10WhereOlderVersionsAreOffered) {
  options.min_version = ProtocolVersion::tls10;
  EXPECT_EQ(client_hello().version, 0x0303u);
  EXPECT_EQ(client_hello().record_version, 0x0301u);
}
TEST_F(ClientHelloBelow, OfTls11AtMostSaysSo) {
  options.min_version = ProtocolVersion::tls10;
  options.max_version = ProtocolVersion::tls11;
  EXPECT_EQ(client_hello().version, 0x0302u);
}
TEST_F(ClientHelloBelow, SignalsSecureRenegotiationBehindItsSuites) {
  ASSERT_EQ(client_hello().cipher_suites.size(), 4u);
  EXPECT_EQ(client_hello().cipher_suites.back(),
            static_cast<unsigned>(message::empty_renegotiation_info_scsv));
  EXPECT_FALSE(client_hello().has(Type::renegotiation_info));
}
TEST_F(ClientHelloBelow, AsksForWhatMakesItSafer) {
  EXPECT_TRUE(client_hello().has(Type::extended_master_secret));
  EXPECT_TRUE(client_hello().has(Type::encrypt_then_mac));
}
TEST_F(ClientHelloBelow, HasNoGroupsWithoutAKeyExchangeThatUsesThem) {
  options.cipher_suites = {CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256};
  EXPECT_FALSE(client_hello().has(Type::supported_groups));
  EXPECT_FALSE(client_hello().has(Type::ec_point_formats));
  EXPECT_FALSE(client_hello().has(Type::encrypt_then_mac));
}
TEST_F(ClientHelloBelow, IsNotSentWhereNothingCouldWork) {
  options.credentials = {make_credential()};
  auto context = Context::create(options);
  ASSERT_TRUE(context);
  const auto made = Connection::client(*context);
  ASSERT_FALSE(made);
  EXPECT_EQ(name(made.error().reason()), "no_credential_usable");
}
TEST_F(ClientHelloBelow, IsWhatIsLeftWhereTls13HasNoKey) {
  options.max_version = ProtocolVersion::tls13;
  options.cipher_suites.push_back(CipherSuite::TLS_AES_128_GCM_SHA256);
  EXPECT_FALSE(client_hello().has(Type::supported_versions));
  say_hello();
  EXPECT_FALSE(client().failure);
  EXPECT_EQ(state(), "WAIT_SKE");
}
TEST_F(ClientHelloBelow, IsAsTheApplicationRewritesIt) {
  options.rewrite_extensions = [](std::uint8_t type, std::vector<std::uint8_t>& extensions) {
    EXPECT_EQ(type, 1);
    extensions = {0x0a, 0x0a, 0, 0};
  };
  ASSERT_EQ(client_hello().extensions.list.size(), 1u);
  EXPECT_EQ(client_hello().extensions.list[0].type, 0x0a0au);
}

}  // namespace
}  // namespace sesame::test
