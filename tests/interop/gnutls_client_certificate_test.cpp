// GnuTLS's gnutls-cli against our server and certificates.
#include <gtest/gtest.h>

#include <list>

#include "interop/certificates.h"

namespace interop {
namespace {

using sesame::Alert;
using sesame::Authentication;
using sesame::CertificateType;
using sesame::ClientCertificates;
using sesame::Reason;

class GnuTlsCertificateClient : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_program("gnutls-cli")) GTEST_SKIP() << "there is no gnutls-cli here (Debian: gnutls-bin)";
  }
  Peer serve(sesame::ContextOptions options) { return {listener_.accept(), make_server(std::move(options))}; }
  Arguments command(const Arguments& more = {}, const std::string& priority = {}) const {
    return gnutls_cli_trusting(listener_.port(), roots_, more, priority);
  }
  Arguments command_with(const Issued& own, const Arguments& more = {}) {
    files_.emplace_back(own);
    return command(files_.back().gnutls() + more);
  }
  sesame::ContextOptions asking(ClientCertificates how) const {
    auto options = showing(server_);
    options.client_certificates = how;
    options.verification = sesame::VerificationOptions{.trust = root_.trust()};
    return options;
  }
  static void talk(Peer& peer, Process& client) {
    client.write("from the client\n");
    const auto got = peer.receive(16);
    ASSERT_TRUE(got) << why(got) << client.all();
    EXPECT_EQ(*got, "from the client\n");
    const auto sent = peer.send("from our server\n");
    ASSERT_TRUE(sent) << why(sent);
    client.wait_for("from our server\n");
  }
  void refuse(sesame::ContextOptions options, const Arguments& run, Reason reason, Alert alert) {
    Process client(run);
    Peer peer = serve(std::move(options));
    const auto done = peer.handshake();
    ASSERT_FALSE(done) << client.all();
    EXPECT_EQ(done.error().reason(), reason) << why(done);
    EXPECT_EQ(done.error().alert(), alert) << why(done);
    client.wait_for("Received alert [" + std::to_string(static_cast<int>(alert)) + "]");
  }

  Listener listener_;
  const Authority root_;
  const Authority middle_ = root_.intermediate();
  const Issued server_ = middle_.server();
  const TemporaryFile roots_{root_.pem()};
  std::list<CertificateFiles> files_;
};

class GnuTlsClientKey : public GnuTlsCertificateClient, public testing::WithParamInterface<KeyType> {};

TEST_P(GnuTlsClientKey, OfOurServerIsVerified) {
  Process client(command());
  Peer peer = serve(showing(middle_.server(std::string(server_name), GetParam())));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_EQ(peer.connection().authentication(), Authentication::anonymous);
  client.wait_for("The certificate is trusted.");
  talk(peer, client);
}

TEST_P(GnuTlsClientKey, IsVerified) {
  const Issued own = middle_.client("gnutls-cli", GetParam());
  Process client(command_with(own));
  Peer peer = serve(asking(ClientCertificates::require));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_EQ(peer.connection().authentication(), Authentication::certificate);
  EXPECT_EQ(octets_of(peer.connection().peer_certificates()), octets_of(own));
  talk(peer, client);
}

// RFC 7250, with certificate types in the client's and the server's extensions.
TEST_P(GnuTlsClientKey, GoesRawBothWays) {
  const Issued ours = root_.server(std::string(server_name), GetParam());
  const Issued own = root_.client("gnutls-cli", GetParam());
  const CertificateFiles files(own);
  Process client(
      command(files.gnutls_raw() + Arguments{"--insecure"}, ":-CTYPE-ALL:+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK"));
  auto options = asking(ClientCertificates::require);
  options.certificates = {ours.raw_public_key()};
  options.peer_certificate_types = {CertificateType::raw_public_key};
  options.verification->raw_public_keys = {own.public_key()};
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_EQ(peer.connection().authentication(), Authentication::raw_public_key);
  ASSERT_EQ(peer.connection().peer_certificates().size(), 1u);
  const auto shown = peer.connection().peer_certificates()[0];
  EXPECT_EQ(sesame::as_text(shown), sesame::as_text(own.public_key()));
  talk(peer, client);
}

INSTANTIATE_TEST_SUITE_P(All, GnuTlsClientKey, testing::ValuesIn(usable_key_types),
                         [](const auto& test) { return std::string(name(test.param)); });

TEST_F(GnuTlsCertificateClient, GetsTheCertificateOfTheNameThatItSends) {
  auto options = showing(middle_.server("first.example"));
  options.certificates.push_back(server_.certified_key());
  Process client(command());
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  client.wait_for("The certificate is trusted.");
  talk(peer, client);
}

TEST_F(GnuTlsCertificateClient, RefusesAnUnknownAuthority) {
  Process client(command());
  Peer peer = serve(showing(Authority(KeyType::p256, "Other Root").server()));
  const auto done = peer.handshake();
  const sesame::Error error = done ? peer.receive_alert() : done.error();
  EXPECT_EQ(error.reason(), Reason::alert_received) << error.message();
  EXPECT_NE(client.wait(), 0);
}

TEST_F(GnuTlsCertificateClient, MayHaveNone) {
  Process client(command());
  Peer peer = serve(asking(ClientCertificates::request));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_EQ(peer.connection().authentication(), Authentication::anonymous);
  talk(peer, client);
}

TEST_F(GnuTlsCertificateClient, IsAskedForAnOcspResponseOfItsOwn) {
  auto options = asking(ClientCertificates::require);
  options.request_ocsp_response = true;
  Process client(command_with(middle_.client("gnutls-cli")));
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_TRUE(peer.connection().peer_ocsp_response().empty()) << "it has none";
  talk(peer, client);
}

TEST_F(GnuTlsCertificateClient, WithoutTheCertificateThatIsRequiredIsRefused) {
  refuse(asking(ClientCertificates::require), command(), Reason::certificate_required,
         Alert::certificate_required);
}

TEST_F(GnuTlsCertificateClient, OfAnUnknownAuthorityIsRefused) {
  refuse(asking(ClientCertificates::require), command_with(Authority(KeyType::p256, "Other Root").client()),
         Reason::certificate_issuer_unknown, Alert::unknown_ca);
}

TEST_F(GnuTlsCertificateClient, WithARawPublicKeyThatIsNotExpectedIsRefused) {
  const CertificateFiles files(root_.client());
  auto options = asking(ClientCertificates::require);
  options.certificates = {server_.raw_public_key()};
  options.peer_certificate_types = {CertificateType::raw_public_key};
  options.verification->raw_public_keys = {root_.client().public_key()};
  refuse(
      options,
      command(files.gnutls_raw() + Arguments{"--insecure"}, ":-CTYPE-ALL:+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK"),
      Reason::raw_public_key_unknown, Alert::bad_certificate);
}

TEST_F(GnuTlsCertificateClient, AnswersARequestAfterTheHandshake) {
  const Issued own = middle_.client("gnutls-cli");
  Process client(command_with(own, {"--post-handshake-auth"}));
  Peer peer = serve(asking(ClientCertificates::none));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  talk(peer, client);
  const auto asked = peer.request_certificate(true);
  ASSERT_TRUE(asked) << why(asked) << client.all();
  EXPECT_EQ(peer.connection().authentication(), Authentication::certificate);
  EXPECT_EQ(octets_of(peer.connection().peer_certificates()), octets_of(own));
  talk(peer, client);
}

TEST_F(GnuTlsCertificateClient, VerifiesTheOcspResponseThatWeStaple) {
  auto options = showing(server_);
  options.certificates = {*options.certificates[0].with_ocsp_response(middle_.ocsp(server_))};
  Process client(command());
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  client.wait_for("- Options: OCSP status request");
  talk(peer, client);
}

TEST_F(GnuTlsCertificateClient, RefusesARevokedCertificateByTheOcspResponseThatWeStaple) {
  auto options = showing(server_);
  const auto revoked = middle_.ocsp(server_, {.status = sesame::test::OcspStatus::revoked});
  options.certificates = {*options.certificates[0].with_ocsp_response(revoked)};
  Process client(command());
  Peer peer = serve(options);
  const auto done = peer.handshake();
  const sesame::Error error = done ? peer.receive_alert() : done.error();
  EXPECT_EQ(error.reason(), Reason::alert_received) << error.message();
  EXPECT_NE(client.wait(), 0);
}

}  // namespace
}  // namespace interop
