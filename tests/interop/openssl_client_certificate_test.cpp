// OpenSSL's s_client against our server and certificates.
#include <gtest/gtest.h>

#include <list>

#include "interop/certificates.h"

namespace interop {
namespace {

using sesame::Alert;
using sesame::Authentication;
using sesame::ClientCertificates;
using sesame::Reason;
using sesame::SignatureScheme;
using sesame::test::OcspStatus;

class OpenSslCertificateClient : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_program("openssl")) GTEST_SKIP() << "there is no openssl command here";
  }
  Peer serve(sesame::ContextOptions options) { return {listener_.accept(), make_server(std::move(options))}; }
  Arguments command(const Arguments& more = {}) const {
    return s_client_trusting(listener_.port(), roots_, more);
  }
  Arguments command_with(const Issued& own, const Arguments& more = {}) {
    files_.emplace_back(own);
    return command(files_.back().openssl() + more);
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
    EXPECT_FALSE(done.error().from_peer());
    client.wait_for("SSL alert number " + std::to_string(static_cast<int>(alert)));
  }
  void be_refused(sesame::ContextOptions options, const Arguments& run, Alert alert) {
    Process client(run);
    Peer peer = serve(std::move(options));
    const auto done = peer.handshake();
    ASSERT_FALSE(done) << client.all();
    EXPECT_EQ(done.error().reason(), Reason::alert_received) << why(done);
    EXPECT_EQ(done.error().alert(), alert) << why(done);
    EXPECT_NE(client.wait(), 0);
  }

  Listener listener_;
  const Authority root_;
  const Authority middle_ = root_.intermediate();
  const Issued server_ = middle_.server();
  const TemporaryFile roots_{root_.pem()};
  std::list<CertificateFiles> files_;
};

class OpenSslClientKey : public OpenSslCertificateClient, public testing::WithParamInterface<KeyType> {};

TEST_P(OpenSslClientKey, OfOurServerIsVerified) {
  Process client(command());
  Peer peer = serve(showing(middle_.server(std::string(server_name), GetParam())));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_EQ(peer.connection().authentication(), Authentication::anonymous);
  EXPECT_EQ(peer.connection().server_name(), server_name);
  client.wait_for("Verification: OK");
  talk(peer, client);
}

TEST_P(OpenSslClientKey, IsVerified) {
  const Issued own = middle_.client("s_client", GetParam());
  Process client(command_with(own));
  Peer peer = serve(asking(ClientCertificates::require));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_EQ(peer.connection().authentication(), Authentication::certificate);
  EXPECT_EQ(octets_of(peer.connection().peer_certificates()), octets_of(own));
  EXPECT_EQ(peer.connection().peer_certificate_type(), sesame::CertificateType::x509);
  talk(peer, client);
}

INSTANTIATE_TEST_SUITE_P(All, OpenSslClientKey, testing::ValuesIn(usable_key_types),
                         [](const auto& test) { return std::string(name(test.param)); });

// ---- which certificate ----

TEST_F(OpenSslCertificateClient, GetsACertificateThatItCanVerify) {
  for (const auto& [schemes, type] :
       {std::pair("rsa_pss_rsae_sha256", "RSA-PSS"), std::pair("ecdsa_secp256r1_sha256", "ECDSA"),
        std::pair("ed25519", "ed25519")}) {
    auto options = showing(server_);
    options.certificates.push_back(
        middle_.server(std::string(server_name), KeyType::rsa2048).certified_key());
    options.certificates.push_back(
        middle_.server(std::string(server_name), KeyType::ed25519).certified_key());
    Process client(command({"-sigalgs", std::string(schemes) + ":ecdsa_secp521r1_sha512"}));
    Peer peer = serve(options);
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << schemes << why(done) << client.all();
    client.wait_for("Peer signature type: " + std::string(type));
    talk(peer, client);
  }
}

TEST_F(OpenSslCertificateClient, GetsTheCertificateOfTheNameThatItSends) {
  auto options = showing(middle_.server("first.example"));
  options.certificates.push_back(middle_.issue({.dns = {"*.wild.example"}}).certified_key());
  Process client(command({"-servername", "a.wild.example", "-verify_hostname", "a.wild.example"}));
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_EQ(peer.connection().server_name(), "a.wild.example");
  client.wait_for("Verified peername: *.wild.example");
  talk(peer, client);
}

TEST_F(OpenSslCertificateClient, WithoutACommonSchemeIsRefused) {
  refuse(showing(server_), command({"-sigalgs", "ed25519"}), Reason::no_common_signature_scheme,
         Alert::handshake_failure);
}

TEST_F(OpenSslCertificateClient, ComesBackAfterAHelloRetryRequest) {
  auto options = showing(server_);
  options.groups = {sesame::NamedGroup::secp384r1};
  Process client(command({"-groups", "X25519:P-384"}));
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_TRUE(peer.connection().retried());
  talk(peer, client);
}

TEST_F(OpenSslCertificateClient, RefusesAnUnknownAuthority) {
  be_refused(showing(Authority(KeyType::p256, "Other Root").server()), command(), Alert::unknown_ca);
}

TEST_F(OpenSslCertificateClient, RefusesAnotherName) {
  be_refused(showing(middle_.server("other.example")), command(), Alert::bad_certificate);
}

// ---- client certificates ----

TEST_F(OpenSslCertificateClient, MayHaveNone) {
  Process client(command());
  Peer peer = serve(asking(ClientCertificates::request));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_EQ(peer.connection().authentication(), Authentication::anonymous);
  EXPECT_TRUE(peer.connection().peer_certificates().empty());
  talk(peer, client);
}

TEST_F(OpenSslCertificateClient, WithoutTheCertificateThatIsRequiredIsRefused) {
  refuse(asking(ClientCertificates::require), command(), Reason::certificate_required,
         Alert::certificate_required);
}

TEST_F(OpenSslCertificateClient, OfAnUnknownAuthorityIsRefused) {
  for (const auto how : {ClientCertificates::request, ClientCertificates::require}) {
    refuse(asking(how), command_with(Authority(KeyType::p256, "Other Root").client()),
           Reason::certificate_issuer_unknown, Alert::unknown_ca);
  }
}

TEST_F(OpenSslCertificateClient, ThatShowsAServersCertificateIsRefused) {
  refuse(asking(ClientCertificates::require), command_with(middle_.server()),
         Reason::certificate_purpose_wrong, Alert::unsupported_certificate);
}

TEST_F(OpenSslCertificateClient, SeesTheAuthoritiesThatWeAskFor) {
  auto options = asking(ClientCertificates::request);
  options.certificate_authorities = {root_.subject_name()};
  Process client(command());
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  client.wait_for("Acceptable client certificate CA names\nCN = Test Root");
  talk(peer, client);
}

TEST_F(OpenSslCertificateClient, AnswersARequestAfterTheHandshake) {
  const Issued own = middle_.client("s_client");
  Process client(command_with(own, {"-enable_pha"}));
  Peer peer = serve(asking(ClientCertificates::none));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_EQ(peer.connection().authentication(), Authentication::anonymous);
  talk(peer, client);
  for (int i = 0; i < 2; ++i) {
    const auto asked = peer.request_certificate(true);
    ASSERT_TRUE(asked) << why(asked) << client.all();
    EXPECT_EQ(peer.connection().authentication(), Authentication::certificate);
    EXPECT_EQ(octets_of(peer.connection().peer_certificates()), octets_of(own));
    talk(peer, client);
  }
}

TEST_F(OpenSslCertificateClient, MayHaveNoneAfterTheHandshakeEither) {
  Process client(command({"-enable_pha"}));
  Peer peer = serve(asking(ClientCertificates::none));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  const auto asked = peer.request_certificate(false);
  ASSERT_TRUE(asked) << why(asked) << client.all();
  EXPECT_EQ(peer.connection().authentication(), Authentication::anonymous);
  talk(peer, client);
  const auto required = peer.request_certificate(true);
  ASSERT_FALSE(required);
  EXPECT_EQ(required.error().reason(), Reason::certificate_required) << why(required);
  EXPECT_EQ(required.error().alert(), Alert::certificate_required);
  client.wait_for("SSL alert number 116");
}

TEST_F(OpenSslCertificateClient, ThatDoesNotOfferItIsNotAsked) {
  Process client(command_with(middle_.client()));
  Peer peer = serve(asking(ClientCertificates::none));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  const auto asked = peer.request_certificate(false);
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().reason(), Reason::post_handshake_auth_not_offered);
  talk(peer, client);
}

// ---- OCSP stapling ----

TEST_F(OpenSslCertificateClient, GetsAnOcspResponseIfItAsks) {
  auto options = showing(server_);
  options.certificates = {*options.certificates[0].with_ocsp_response(middle_.ocsp(server_))};
  {
    Process client(command({"-status"}));
    Peer peer = serve(options);
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << client.all();
    client.wait_for("OCSP Response Status: successful");
    client.wait_for("Cert Status: good");
    talk(peer, client);
  }
  Process client(command());
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  talk(peer, client);
  EXPECT_EQ(client.count("OCSP"), 0u);
}

TEST_F(OpenSslCertificateClient, IsToldWhereThereIsNone) {
  Process client(command({"-status"}));
  Peer peer = serve(showing(server_));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  client.wait_for("OCSP response: no response sent");
  talk(peer, client);
}

}  // namespace
}  // namespace interop
