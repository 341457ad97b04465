// Every suite of TLS 1.2 and below that OpenSSL and we have, each way: the list is the openssl command's own.
#include <gtest/gtest.h>

#include "interop/tls12.h"

namespace interop {
namespace {

using sesame::Authentication;
using sesame::KeyExchangeMethod;
using sesame::ProtocolVersion;

constexpr std::size_t line_size = 3000;  // of no cipher's block a multiple

class OpenSslEverySuite : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_program("openssl")) GTEST_SKIP() << "there is no openssl command here";
    suites_ = openssl_suites();
    RecordProperty("suites", std::to_string(suites_.both.size()));
    RecordProperty("suites_with_dss", std::to_string(suites_.dss.size()));
  }

  void with_their_server(std::initializer_list<ProtocolVersion> versions);
  void with_their_client(std::initializer_list<ProtocolVersion> versions);
  void client_meets(const OpenSslSuite& suite, ProtocolVersion version, Process& server);
  void server_meets(const OpenSslSuite& suite, ProtocolVersion version);
  static void check(sesame::Connection& connection, const OpenSslSuite& suite, ProtocolVersion version);
  bool has(const OpenSslSuite& suite, ProtocolVersion version) const {
    return version == tls12 || suite.before_tls12;
  }

  OpenSslSuites suites_;
  const ServerIdentity identity_;
  const std::uint16_t port_ = free_port();
  Listener listener_;
  std::size_t tried_ = 0;
};

void OpenSslEverySuite::check(sesame::Connection& connection, const OpenSslSuite& suite,
                              ProtocolVersion version) {
  EXPECT_EQ(connection.version(), version);
  EXPECT_EQ(connection.cipher_suite(), suite.suite);
  EXPECT_EQ(connection.key_exchange(), suite.key_exchange);
  EXPECT_EQ(sesame::as_text(connection.psk_identity()), uses_psk(suite.key_exchange) ? identity : "");
  // With Diffie-Hellman over a prime the server knows a name for it; the client sees numbers.
  const bool by_prime = std::string(name(suite.key_exchange)).starts_with("DH");
  EXPECT_EQ(connection.group().has_value(),
            is_ephemeral(suite.key_exchange) && (!by_prime || connection.side() == sesame::Side::server));
  EXPECT_TRUE(connection.extended_master_secret());
  EXPECT_TRUE(connection.secure_renegotiation());
  const bool uses_cbc = std::string(name(suite.suite)).find("_CBC_") != std::string::npos;
  EXPECT_EQ(connection.encrypt_then_mac(), uses_cbc);
}

void OpenSslEverySuite::client_meets(const OpenSslSuite& suite, ProtocolVersion version, Process& server) {
  SCOPED_TRACE(suite.name + " " + openssl_name(version));
  auto options = only(version, suite.suite);
  identity_.prepare_client(options, suite.key_exchange);
  Peer peer(connect_to(port_), make_client(options, server_name));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.errors();
  check(peer.connection(), suite, version);
  const auto expected = is_anonymous(suite.key_exchange) ? Authentication::anonymous
                        : suite.key_exchange == KeyExchangeMethod::rsa_psk
                            ? Authentication::certificate_with_external_psk
                        : uses_psk(suite.key_exchange) ? Authentication::external_psk
                                                       : Authentication::certificate;
  EXPECT_EQ(peer.connection().authentication(), expected);
  const std::string line = letters(line_size);
  ASSERT_TRUE(peer.send(line + "\n"));
  const auto got = peer.receive(line.size() + 1);
  ASSERT_TRUE(got) << why(got);
  EXPECT_EQ(*got, reversed(line) + "\n");
  ASSERT_TRUE(peer.close());
  ++tried_;
}

void OpenSslEverySuite::with_their_server(std::initializer_list<ProtocolVersion> versions) {
  const TemporaryFile dh(dh_parameters("ffdhe2048"));
  const CertificateFiles &rsa = identity_.rsa_files(), &ecdsa = identity_.ecdsa_files();
  Process server(s_server_reversing(
      port_, Arguments{"-cert", rsa.certificate.path(), "-key", rsa.key.path(), "-dcert",
                       ecdsa.certificate.path(), "-dkey", ecdsa.key.path(), "-dhparam", dh.path()} +
                 psk_arguments()));
  for (const OpenSslSuite& suite : suites_.both) {
    for (const ProtocolVersion version : versions) {
      if (has(suite, version)) client_meets(suite, version, server);
    }
  }
}

void OpenSslEverySuite::server_meets(const OpenSslSuite& suite, ProtocolVersion version) {
  SCOPED_TRACE(suite.name + " " + openssl_name(version));
  Arguments more = psk_arguments();
  if (shows_certificate(suite.key_exchange)) {
    more = more + Arguments{"-CAfile", identity_.roots().path(), "-verify_return_error"};
  }
  Process client(s_client_of(listener_.port(), version, suite.name, more));
  auto options = only(version, suite.suite);
  identity_.prepare_server(options);
  Peer peer(listener_.accept(), make_server(options));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  check(peer.connection(), suite, version);
  const bool by_key = uses_psk(suite.key_exchange);
  EXPECT_EQ(peer.connection().authentication(),
            by_key ? Authentication::external_psk : Authentication::anonymous);
  const std::string line = letters(line_size);
  client.write(line + "\n");
  const auto got = peer.receive(line.size() + 1);
  ASSERT_TRUE(got) << why(got);
  EXPECT_EQ(*got, line + "\n");
  ASSERT_TRUE(peer.send(reversed(line) + "\n"));
  client.wait_for(reversed(line) + "\n");
  client.wait_for("Cipher is " + suite.name);
  ASSERT_TRUE(peer.close());
  ++tried_;
}

void OpenSslEverySuite::with_their_client(std::initializer_list<ProtocolVersion> versions) {
  for (const OpenSslSuite& suite : suites_.both) {
    for (const ProtocolVersion version : versions) {
      if (has(suite, version)) server_meets(suite, version);
    }
  }
}

TEST_F(OpenSslEverySuite, IsKnownToUs) {
  EXPECT_GE(suites_.both.size(), 130U);
  EXPECT_TRUE(suites_.unknown.empty()) << suites_.unknown.size() << ", the first " << suites_.unknown.front();
}

TEST_F(OpenSslEverySuite, WithItsServer) {
  with_their_server({tls12});
  EXPECT_EQ(tried_, suites_.both.size());
  EXPECT_GE(tried_, 130U);
}

TEST_F(OpenSslEverySuite, WithItsServerInOlderVersions) {
  with_their_server({tls11, tls10});
  EXPECT_GE(tried_, 100U);
}

TEST_F(OpenSslEverySuite, WithItsClient) {
  with_their_client({tls12});
  EXPECT_EQ(tried_, suites_.both.size());
  EXPECT_GE(tried_, 130U);
}

TEST_F(OpenSslEverySuite, WithItsClientInOlderVersions) {
  with_their_client({tls11, tls10});
  EXPECT_GE(tried_, 100U);
}

}  // namespace
}  // namespace interop
