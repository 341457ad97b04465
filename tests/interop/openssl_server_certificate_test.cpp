// Our client and certificates, against OpenSSL's s_server.
#include <gtest/gtest.h>

#include <chrono>
#include <list>
#include <thread>

#include "interop/certificates.h"

namespace interop {
namespace {

using sesame::Alert;
using sesame::Authentication;
using sesame::Reason;
using sesame::test::OcspStatus;

class OpenSslCertificateServer : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_program("openssl")) GTEST_SKIP() << "there is no openssl command here";
  }
  Peer connect(sesame::ContextOptions options, std::string_view name = server_name) const {
    return {connect_to(port_), make_client(std::move(options), name)};
  }
  Arguments command(const Issued& own, const Arguments& more = {}) {
    files_.emplace_back(own);
    return s_server_with(port_, files_.back(), more);
  }
  static void talk(Peer& peer, Process& server) {
    const auto sent = peer.send("from our client\n");
    ASSERT_TRUE(sent) << why(sent);
    server.wait_for("from our client\n");
    server.write("from the server\n");
    const auto got = peer.receive(16);
    ASSERT_TRUE(got) << why(got) << server.all();
    EXPECT_EQ(*got, "from the server\n");
  }
  // Our client refuses the server.
  void refuse(sesame::ContextOptions options, const Arguments& run, Reason reason, Alert alert,
              std::string_view name = server_name) {
    Process server(run);
    Peer peer = connect(std::move(options), name);
    const auto done = peer.handshake();
    ASSERT_FALSE(done) << server.all();
    EXPECT_EQ(done.error().reason(), reason) << why(done);
    EXPECT_EQ(done.error().alert(), alert) << why(done);
    EXPECT_FALSE(done.error().from_peer());
    server.wait_for("SSL alert number " + std::to_string(static_cast<int>(alert)));
  }
  // The server refuses our client's certificate, which it does when for the client all is done.
  void be_refused(sesame::ContextOptions options, const Arguments& run, Alert alert) {
    Process server(run);
    Peer peer = connect(std::move(options));
    const auto done = peer.handshake();
    const sesame::Error error = done ? peer.receive_alert() : done.error();
    EXPECT_EQ(error.reason(), Reason::alert_received) << error.message();
    EXPECT_EQ(error.alert(), alert) << error.message();
    EXPECT_TRUE(error.from_peer());
  }

  const std::uint16_t port_ = free_port();
  const Authority root_;
  const Authority middle_ = root_.intermediate();
  const Issued server_ = middle_.server();
  const TemporaryFile roots_{root_.pem()};
  std::list<CertificateFiles> files_;
};

class OpenSslServerKey : public OpenSslCertificateServer, public testing::WithParamInterface<KeyType> {};

TEST_P(OpenSslServerKey, IsVerified) {
  const Issued own = middle_.server(std::string(server_name), GetParam());
  Process server(command(own));
  Peer peer = connect(trusting(root_));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(peer.connection().authentication(), Authentication::certificate);
  EXPECT_EQ(peer.connection().peer_signature_scheme(), scheme_of(GetParam()));
  EXPECT_EQ(octets_of(peer.connection().peer_certificates()), octets_of(own));
  talk(peer, server);
}

TEST_P(OpenSslServerKey, IsVerifiedWhereTheAuthorityHasOneToo) {
  const Authority root(GetParam());
  Process server(command(root.intermediate(GetParam()).server(std::string(server_name), GetParam())));
  Peer peer = connect(trusting(root));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer, server);
}

TEST_P(OpenSslServerKey, OfOurClientIsVerified) {
  const Issued own = middle_.client("our client", GetParam());
  Process server(command(server_, {"-Verify", "5", "-verify_return_error", "-CAfile", roots_.path()}));
  auto options = trusting(root_);
  options.certificates = {own.certified_key()};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer, server);
  server.wait_for("subject=CN = our client");
}

INSTANTIATE_TEST_SUITE_P(All, OpenSslServerKey, testing::ValuesIn(usable_key_types),
                         [](const auto& test) { return std::string(name(test.param)); });

TEST_F(OpenSslCertificateServer, WithTwoKeysSignsByTheSchemeThatWeHave) {
  const Issued rsa = middle_.server(std::string(server_name), KeyType::rsa2048);
  const CertificateFiles second(rsa);
  const Arguments both = command(server_, {"-dcert", second.certificate.path(), "-dkey", second.key.path(),
                                           "-dcert_chain", second.intermediates.path()});
  Process server(both);
  auto options = trusting(root_);
  options.signature_schemes = {sesame::SignatureScheme::rsa_pss_rsae_sha384,
                               sesame::SignatureScheme::ecdsa_secp256r1_sha256};
  Peer peer = connect(options);
  auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(peer.connection().peer_signature_scheme(), sesame::SignatureScheme::rsa_pss_rsae_sha384);
  talk(peer, server);
}

TEST_F(OpenSslCertificateServer, IsVerifiedAfterAHelloRetryRequest) {
  Process server(command(server_, {"-groups", "P-384"}));
  auto options = trusting(root_);
  options.groups = {sesame::NamedGroup::x25519, sesame::NamedGroup::secp384r1};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_TRUE(peer.connection().retried());
  talk(peer, server);
}

TEST_F(OpenSslCertificateServer, IsVerifiedByItsAddress) {
  Process server(command(middle_.issue({.ip = {"192.0.2.7"}})));
  Peer peer = connect(trusting(root_), "192.0.2.7");
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(peer.connection().server_name(), "") << "an address is not sent";
  talk(peer, server);
}

// ---- what our client refuses ----

TEST_F(OpenSslCertificateServer, OfAnotherNameIsRefused) {
  refuse(trusting(root_), command(middle_.server("other.example")), Reason::certificate_name_mismatch,
         Alert::bad_certificate);
}

TEST_F(OpenSslCertificateServer, OfAnUnknownAuthorityIsRefused) {
  refuse(trusting(Authority(KeyType::p256, "Other Root")), command(server_),
         Reason::certificate_issuer_unknown, Alert::unknown_ca);
}

TEST_F(OpenSslCertificateServer, WithoutItsIntermediateIsRefused) {
  refuse(trusting(root_), command(server_.alone()), Reason::certificate_issuer_unknown, Alert::unknown_ca);
}

TEST_F(OpenSslCertificateServer, ThatHasExpiredIsRefused) {
  const Issued expired =
      middle_.issue({.dns = {std::string(server_name)}, .not_after = -sesame::test::hours(1)});
  refuse(trusting(root_), command(expired), Reason::certificate_expired, Alert::certificate_expired);
}

TEST_F(OpenSslCertificateServer, ThatIsForAClientIsRefused) {
  const Issued client =
      middle_.issue({.dns = {std::string(server_name)}, .extended_key_usage = "clientAuth"});
  refuse(trusting(root_), command(client), Reason::certificate_purpose_wrong, Alert::unsupported_certificate);
}

TEST_F(OpenSslCertificateServer, WithACertificateThatWasRevokedIsRefused) {
  auto options = trusting(root_);
  options.verification->trust = sesame::test::trust_of(root_.pem() + middle_.crl({.revoked = {server_}}));
  options.verification->revocation = sesame::RevocationCheck::leaf;
  refuse(options, command(server_), Reason::certificate_revoked, Alert::certificate_revoked);
}

TEST_F(OpenSslCertificateServer, IsRefusedByTheVerifyFunction) {
  auto options = trusting(root_);
  options.verification->verify = [](const sesame::VerificationQuery&, sesame::Verdict& verdict) {
    verdict.refuse(Alert::access_denied);
  };
  refuse(options, command(server_), Reason::certificate_refused, Alert::access_denied);
}

// ---- client certificates ----

TEST_F(OpenSslCertificateServer, MayAskInVain) {
  Process server(command(server_, {"-verify", "5", "-CAfile", roots_.path()}));
  Peer peer = connect(trusting(root_));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer, server);
  EXPECT_EQ(server.count("Client certificate"), 0u);
}

TEST_F(OpenSslCertificateServer, RefusesAClientWithoutTheCertificateThatItRequires) {
  be_refused(trusting(root_), command(server_, {"-Verify", "5", "-CAfile", roots_.path()}),
             Alert::certificate_required);
}

TEST_F(OpenSslCertificateServer, RefusesAClientOfAnUnknownAuthority) {
  auto options = trusting(root_);
  options.certificates = {Authority(KeyType::p256, "Other Root").client().certified_key()};
  be_refused(options, command(server_, {"-Verify", "5", "-verify_return_error", "-CAfile", roots_.path()}),
             Alert::unknown_ca);
}

TEST_F(OpenSslCertificateServer, GetsTheCertificateOfTheAuthorityThatItNames) {
  const Authority other(KeyType::p256, "Other Root");
  Process server(command(server_, {"-Verify", "5", "-verify_return_error", "-CAfile", roots_.path()}));
  auto options = trusting(root_);
  options.certificates = {other.client("of the other").certified_key(),
                          root_.client("of the root").certified_key()};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer, server);
  server.wait_for("subject=CN = of the root");
}

TEST_F(OpenSslCertificateServer, MayAskAfterTheHandshake) {
  Process server(command(server_, {"-CAfile", roots_.path(), "-verify_return_error"}));
  auto options = trusting(root_);
  options.post_handshake_auth = true;
  options.certificates = {middle_.client("our client").certified_key()};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer, server);
  server.write("c\n");  // SSL_verify_client_post_handshake
  // What it reads together with a command is lost, and it says nothing of having read one.
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  server.write("after the request\n");
  const auto got = peer.receive(18);
  ASSERT_TRUE(got) << why(got) << server.all();
  talk(peer, server);  // the server reads the certificate, and then this
  server.wait_for("depth=0 CN = our client");
  EXPECT_EQ(server.count("verify error"), 0u) << server.all();
}

TEST_F(OpenSslCertificateServer, CannotAskAClientThatDoesNotOfferIt) {
  Process server(command(server_, {"-CAfile", roots_.path()}));
  auto options = trusting(root_);
  options.certificates = {middle_.client().certified_key()};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  server.write("c\n");
  server.wait_for("extension not received");
  talk(peer, server);
}

// ---- OCSP stapling ----

TEST_F(OpenSslCertificateServer, StaplesAnOcspResponse) {
  const auto response = middle_.ocsp(server_);
  const TemporaryFile file(sesame::as_text(response));
  Process server(command(server_, {"-status_file", file.path()}));
  auto options = trusting(root_);
  options.request_ocsp_response = true;
  options.verification->require_ocsp_response = true;
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(sesame::as_text(peer.connection().peer_ocsp_response()), sesame::as_text(response));
  talk(peer, server);
}

TEST_F(OpenSslCertificateServer, StaplesThatItsCertificateWasRevoked) {
  const auto response = middle_.ocsp(server_, {.status = OcspStatus::revoked});
  const TemporaryFile file(sesame::as_text(response));
  auto options = trusting(root_);
  options.request_ocsp_response = true;
  refuse(options, command(server_, {"-status_file", file.path()}), Reason::certificate_revoked,
         Alert::certificate_revoked);
}

TEST_F(OpenSslCertificateServer, StaplesSomethingElse) {
  const auto response = middle_.ocsp(middle_.server());
  const TemporaryFile file(sesame::as_text(response));
  auto options = trusting(root_);
  options.request_ocsp_response = true;
  refuse(options, command(server_, {"-status_file", file.path()}), Reason::ocsp_response_invalid,
         Alert::bad_certificate_status_response);
}

TEST_F(OpenSslCertificateServer, WithoutTheOcspResponseThatIsRequiredIsRefused) {
  auto options = trusting(root_);
  options.request_ocsp_response = true;
  options.verification->require_ocsp_response = true;
  refuse(options, command(server_), Reason::ocsp_response_missing, Alert::bad_certificate_status_response);
}

}  // namespace
}  // namespace interop
