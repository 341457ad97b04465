// Our client and certificates, against GnuTLS's gnutls-serv, which echoes lines.
#include <gtest/gtest.h>

#include <list>

#include "certificate/compression.h"
#include "interop/certificates.h"

namespace interop {
namespace {

using sesame::Alert;
using sesame::Authentication;
using sesame::CertificateType;
using sesame::Reason;
using Compression = sesame::CertificateCompressionAlgorithm;

class GnuTlsCertificateServer : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_program("gnutls-serv")) GTEST_SKIP() << "there is no gnutls-serv here (Debian: gnutls-bin)";
  }
  Peer connect(sesame::ContextOptions options, std::string_view name = server_name) const {
    return {connect_to(port_), make_client(std::move(options), name)};
  }
  Arguments command(const Issued& own, const Arguments& more = {"--disable-client-cert"}) {
    files_.emplace_back(own);
    return gnutls_serv_with(port_, files_.back().gnutls(), more);
  }
  Arguments requiring(const Arguments& more = {}) {
    return command(
        server_,
        Arguments{"--require-client-cert", "--verify-client-cert", "--x509cafile=" + roots_.path()} + more);
  }
  static void talk(Peer& peer) {
    const std::string line = "from our client\n";
    const auto sent = peer.send(line);
    ASSERT_TRUE(sent) << why(sent);
    const auto got = peer.receive(line.size());
    ASSERT_TRUE(got) << why(got);
    EXPECT_EQ(*got, line);
  }
  void refuse(sesame::ContextOptions options, const Arguments& run, Reason reason, Alert alert) {
    Process server(run);
    Peer peer = connect(std::move(options));
    const auto done = peer.handshake();
    ASSERT_FALSE(done) << server.all();
    EXPECT_EQ(done.error().reason(), reason) << why(done);
    EXPECT_EQ(done.error().alert(), alert) << why(done);
    server.wait_for("A TLS fatal alert has been received");  // it does not say which
  }
  void be_refused(sesame::ContextOptions options, const Arguments& run, Alert alert) {
    Process server(run);
    Peer peer = connect(std::move(options));
    const auto done = peer.handshake();
    const sesame::Error error = done ? peer.receive_alert() : done.error();
    EXPECT_EQ(error.reason(), Reason::alert_received) << error.message() << server.all();
    EXPECT_EQ(error.alert(), alert) << error.message() << server.all();
  }

  const std::uint16_t port_ = free_port();
  const Authority root_;
  const Authority middle_ = root_.intermediate();
  const Issued server_ = middle_.server();
  const TemporaryFile roots_{root_.pem()};
  std::list<CertificateFiles> files_;
};

class GnuTlsServerKey : public GnuTlsCertificateServer, public testing::WithParamInterface<KeyType> {};

TEST_P(GnuTlsServerKey, IsVerified) {
  const Issued own = middle_.server(std::string(server_name), GetParam());
  Process server(command(own));
  Peer peer = connect(trusting(root_));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(peer.connection().authentication(), Authentication::certificate);
  EXPECT_EQ(peer.connection().peer_signature_scheme(), scheme_of(GetParam()));
  EXPECT_EQ(octets_of(peer.connection().peer_certificates()), octets_of(own));
  talk(peer);
}

TEST_P(GnuTlsServerKey, OfOurClientIsVerified) {
  Process server(requiring());
  auto options = trusting(root_);
  options.certificates = {middle_.client("our client", GetParam()).certified_key()};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer);
  server.wait_for("The certificate is trusted.");
}

// A raw public key each way (RFC 7250). GnuTLS 3.7 has RSA keys and curves for it.
TEST_P(GnuTlsServerKey, GoesRawBothWays) {
  const Issued own = root_.server(std::string(server_name), GetParam());
  const Issued ours = root_.client("our client", GetParam());
  const CertificateFiles files(own);
  Process server(gnutls_serv_with(port_, files.gnutls_raw(), {"--require-client-cert"},
                                  ":-CTYPE-ALL:+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK"));
  auto options = trusting(root_);
  options.verification->raw_public_keys = {own.public_key()};
  options.peer_certificate_types = {CertificateType::raw_public_key};
  options.certificates = {ours.raw_public_key()};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(peer.connection().authentication(), Authentication::raw_public_key);
  EXPECT_EQ(peer.connection().peer_certificate_type(), CertificateType::raw_public_key);
  ASSERT_EQ(peer.connection().peer_certificates().size(), 1u);
  const auto shown = peer.connection().peer_certificates()[0];
  EXPECT_EQ(sesame::as_text(shown), sesame::as_text(own.public_key()));
  talk(peer);
}

INSTANTIATE_TEST_SUITE_P(All, GnuTlsServerKey, testing::ValuesIn(usable_key_types),
                         [](const auto& test) { return std::string(name(test.param)); });

TEST_F(GnuTlsCertificateServer, WithARawPublicKeyThatIsNotExpectedIsRefused) {
  const CertificateFiles files(server_);
  auto options = trusting(root_);
  options.verification->raw_public_keys = {middle_.server().public_key()};
  options.peer_certificate_types = {CertificateType::raw_public_key};
  refuse(options,
         gnutls_serv_with(port_, files.gnutls_raw(), {"--disable-client-cert"},
                          ":-CTYPE-ALL:+CTYPE-SRV-RAWPK:+CTYPE-CLI-X509"),
         Reason::raw_public_key_unknown, Alert::bad_certificate);
}

TEST_F(GnuTlsCertificateServer, OfAnotherNameIsRefused) {
  refuse(trusting(root_), command(middle_.server("other.example")), Reason::certificate_name_mismatch,
         Alert::bad_certificate);
}

TEST_F(GnuTlsCertificateServer, OfAnUnknownAuthorityIsRefused) {
  refuse(trusting(Authority(KeyType::p256, "Other Root")), command(server_),
         Reason::certificate_issuer_unknown, Alert::unknown_ca);
}

TEST_F(GnuTlsCertificateServer, ThatHasExpiredIsRefused) {
  const Issued expired =
      middle_.issue({.dns = {std::string(server_name)}, .not_after = -sesame::test::hours(1)});
  refuse(trusting(root_), command(expired), Reason::certificate_expired, Alert::certificate_expired);
}

TEST_F(GnuTlsCertificateServer, RefusesAClientWithoutTheCertificateThatItRequires) {
  be_refused(trusting(root_), requiring(), Alert::certificate_required);
}

TEST_F(GnuTlsCertificateServer, MayAskInVain) {
  Process server(command(server_, {"--x509cafile=" + roots_.path()}));
  Peer peer = connect(trusting(root_));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer);
}

TEST_F(GnuTlsCertificateServer, StaplesAnOcspResponse) {
  const Issued direct = root_.server();
  const auto response = root_.ocsp(direct);
  const TemporaryFile file(sesame::as_text(response));
  Process server(command(direct, {"--disable-client-cert", "--ocsp-response=" + file.path()}));
  auto options = trusting(root_);
  options.request_ocsp_response = true;
  options.verification->require_ocsp_response = true;
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(sesame::as_text(peer.connection().peer_ocsp_response()), sesame::as_text(response));
  talk(peer);
}

class GnuTlsServerCompression : public GnuTlsCertificateServer,
                                public testing::WithParamInterface<Compression> {};

// Both ways: its certificate to us, and ours to it (RFC 8879).
TEST_P(GnuTlsServerCompression, IsUsedBothWays) {
  if (!sesame::certificate::has_compression(GetParam()))
    GTEST_SKIP() << "this build has no " << name(GetParam());
  Process server(requiring({"--compress-cert=" + std::string(name(GetParam())), "-d", "4"}));
  auto options = trusting(root_);
  options.certificate_compression = {GetParam()};
  options.certificates = {middle_.client("our client", KeyType::rsa2048).certified_key()};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer);
  if (server.count("Unknown compression method") != 0) GTEST_SKIP() << "GnuTLS was built without it";
  server.wait_for("COMPRESSED CERTIFICATE was queued");
  server.wait_for("COMPRESSED CERTIFICATE (25) was received");
}

INSTANTIATE_TEST_SUITE_P(All, GnuTlsServerCompression,
                         testing::Values(Compression::zlib, Compression::brotli, Compression::zstd),
                         [](const auto& test) { return std::string(name(test.param)); });

}  // namespace
}  // namespace interop
