// Our client against GnuTLS's gnutls-serv, which echoes lines. GnuTLS 3.7 has external keys for SHA-256 only.
#include <gtest/gtest.h>

#include <algorithm>

#include "interop/process.h"
#include "interop/programs.h"

namespace interop {
namespace {

using sesame::Alert;
using sesame::CipherSuite;
using sesame::NamedGroup;
using sesame::PskKeyExchangeMode;
using sesame::Reason;
constexpr auto ke = PskKeyExchangeMode::psk_ke;
constexpr auto dhe = PskKeyExchangeMode::psk_dhe_ke;

class GnuTlsServer : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_program("gnutls-serv")) GTEST_SKIP() << "there is no gnutls-serv here (Debian: gnutls-bin)";
  }
  Arguments command(const std::string& priority, const Arguments& more = {}) const {
    return gnutls_serv(port_, priority, keys_, more);
  }
  Peer connect(sesame::ContextOptions options, std::string_view server_name = {}) const {
    return {connect_to(port_), make_client(std::move(options), server_name)};
  }
  static void talk(Peer& peer, const std::string& line = "from our client\n") {
    const auto sent = peer.send(line);
    ASSERT_TRUE(sent) << why(sent);
    const auto got = peer.receive(line.size());
    ASSERT_TRUE(got) << why(got);
    EXPECT_TRUE(*got == line);
  }
  void be_refused(sesame::ContextOptions options, const Arguments& command, Alert alert) {
    Process server(command);
    Peer peer = connect(std::move(options));
    const auto done = peer.handshake();
    ASSERT_FALSE(done) << server.all();
    EXPECT_EQ(done.error().reason(), Reason::alert_received) << why(done);
    EXPECT_EQ(done.error().alert(), alert) << why(done);
  }

  std::uint16_t port_ = free_port();
  const TemporaryFile keys_{gnutls_key_line("alice", wrong_key) + gnutls_key_line(identity, key)};
};

class GnuTlsServerSuite : public GnuTlsServer,
                          public testing::WithParamInterface<std::tuple<PskKeyExchangeMode, CipherSuite>> {};

TEST_P(GnuTlsServerSuite, Accepts) {
  const auto [mode, suite] = GetParam();
  Process server(command(gnutls_priority(mode, ":-CIPHER-ALL:+" + gnutls_name(suite))));
  auto options = client_options(mode);
  options.cipher_suites = {std::begin(all_suites), std::end(all_suites)};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(peer.connection().cipher_suite(), suite);
  EXPECT_EQ(peer.connection().psk_mode(), mode);
  EXPECT_EQ(peer.connection().group().has_value(), mode == dhe);
  EXPECT_EQ(sesame::as_text(peer.connection().psk_identity()), identity);
  talk(peer);
  server.wait_for("Connected as '" + std::string(identity) + "'");
}

INSTANTIATE_TEST_SUITE_P(All, GnuTlsServerSuite,
                         testing::Combine(testing::ValuesIn(all_modes), testing::ValuesIn(sha256_suites)),
                         [](const auto& test) {
                           return std::string(name(std::get<0>(test.param))) + "_" +
                                  std::string(name(std::get<1>(test.param)));
                         });

class GnuTlsServerGroup : public GnuTlsServer, public testing::WithParamInterface<NamedGroup> {};

TEST_P(GnuTlsServerGroup, Accepts) {
  Process server(command(gnutls_priority(dhe, ":-GROUP-ALL:+" + gnutls_name(GetParam()))));
  auto options = client_options(dhe);
  options.groups = {GetParam()};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(peer.connection().group(), GetParam());
  EXPECT_FALSE(peer.connection().retried());
  talk(peer);
}

TEST_P(GnuTlsServerGroup, AsksForAnotherShareByHelloRetryRequest) {
  Process server(command(gnutls_priority(dhe, ":-GROUP-ALL:+" + gnutls_name(GetParam()))));
  const NamedGroup first = GetParam() == NamedGroup::x25519 ? NamedGroup::secp256r1 : NamedGroup::x25519;
  auto options = client_options(dhe);
  options.groups = {first, GetParam()};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(peer.connection().group(), GetParam());
  EXPECT_TRUE(peer.connection().retried());
  talk(peer);
}

INSTANTIATE_TEST_SUITE_P(All, GnuTlsServerGroup, testing::ValuesIn(all_groups),
                         [](const auto& test) { return std::string(name(test.param)); });

TEST_F(GnuTlsServer, TakesTheFirstOfSeveralKeys) {
  // And no other: it makes up a key for an identity that it does not know, and then refuses the binder.
  Process server(command(gnutls_priority(dhe)));
  auto options = client_options(dhe);
  options.credentials = {make_credential(identity, key),
                         make_credential("second", wrong_key, sesame::HashAlgorithm::sha384),
                         make_credential("third", wrong_key)};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(sesame::as_text(peer.connection().psk_identity()), identity);
  talk(peer);
}

TEST_F(GnuTlsServer, EchoesLongLines) {
  for (const auto mode : all_modes) {
    port_ = free_port();
    Process server(command(gnutls_priority(mode), {"--quiet"}));
    Peer peer = connect(client_options(mode));
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << server.all();
    for (const std::size_t size : {1, 8'000, 16'000}) talk(peer, hex(pattern(size)) + "\n");
  }
}

TEST_F(GnuTlsServer, SendsAPageOfAMegabyteAndCloses) {
  const std::string page = pattern(1'000'003);
  const TemporaryFile file(page);
  Arguments http = command(gnutls_priority(dhe), {"--http", "--quiet", "--httpdata=" + file.path()});
  std::erase(http, "--echo");
  Process server(http);
  Peer peer = connect(client_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  ASSERT_TRUE(peer.send("GET / HTTP/1.0\r\n\r\n"));
  const auto got = peer.receive_to_end();
  ASSERT_TRUE(got) << why(got);
  ASSERT_GT(got->size(), page.size());
  EXPECT_TRUE(got->ends_with(page));
}

TEST_F(GnuTlsServer, FollowsOurKeyUpdateAndAnswersIt) {
  Process server(command(gnutls_priority(dhe)));
  Peer peer = connect(client_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer);
  for (const bool request : {false, true, true}) {
    ASSERT_TRUE(peer.update_keys(request));
    talk(peer);
    talk(peer);
  }
}

TEST_F(GnuTlsServer, MaySendTicketsOrNone) {
  for (const Arguments& more : {Arguments{}, Arguments{"--noticket"}}) {
    port_ = free_port();
    Process server(command(gnutls_priority(dhe), more));
    Peer peer = connect(client_options(dhe));
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << server.all();
    talk(peer);
    talk(peer);
  }
}

TEST_F(GnuTlsServer, AgreesOnAlpnServerNameExporterAndRecordSizeLimit) {
  Process server(command(gnutls_priority(dhe), {"--alpn=http/1.1", "--sni-hostname=sesame.example",
                                                "--sni-hostname-fatal", "--keymatexport=EXPORTER-sesame-test",
                                                "--keymatexportsize=40", "--recordsize=1024"}));
  auto options = client_options(dhe);
  options.alpn = {"mqtt", "http/1.1"};
  options.record_size_limit = 600;
  Peer peer = connect(options, "sesame.example");
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(peer.connection().alpn(), "http/1.1");
  // 1024 octets of data: GnuTLS announces one more for the inner content type, as RFC 8449 counts.
  EXPECT_EQ(peer.connection().sealed_size(1025), (5 + 1024 + 1 + 16) + (5 + 1 + 1 + 16));
  std::string exported(40, '\0');
  const auto ok = peer.connection().export_keying_material(
      "EXPORTER-sesame-test", {}, {reinterpret_cast<std::uint8_t*>(exported.data()), exported.size()});
  ASSERT_TRUE(ok) << why(ok);
  server.wait_for("Key material: " + hex(exported));
  talk(peer, hex(pattern(4000)) + "\n");
  EXPECT_EQ(*std::max_element(peer.record_sizes().begin(), peer.record_sizes().end()), 600U);
}

// ---- what goes wrong ----

TEST_F(GnuTlsServer, RefusesAnotherKey) {
  auto options = client_options(dhe);
  options.credentials = {make_credential(identity, wrong_key)};
  be_refused(options, command(gnutls_priority(dhe)), Alert::illegal_parameter);
}

TEST_F(GnuTlsServer, RefusesWithoutACommonMode) {
  be_refused(client_options(dhe), command(gnutls_priority(ke)), Alert::handshake_failure);
}

TEST_F(GnuTlsServer, EndsTheConnectionWhenWeClose) {
  Process server(command(gnutls_priority(dhe)));
  Peer peer = connect(client_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer);
  ASSERT_TRUE(peer.close());
  const auto rest = peer.receive_to_end();
  EXPECT_TRUE(rest) << why(rest);
}

TEST_F(GnuTlsServer, ThatDiesIsReportedAsTruncation) {
  Process server(command(gnutls_priority(dhe)));
  Peer peer = connect(client_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer);
  server.kill();
  const auto rest = peer.receive_to_end();
  ASSERT_FALSE(rest);
  EXPECT_EQ(rest.error().reason(), Reason::truncated);
}

}  // namespace
}  // namespace interop
