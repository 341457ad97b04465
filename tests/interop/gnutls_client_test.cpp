// GnuTLS's gnutls-cli against our server. GnuTLS 3.7 has external keys for SHA-256 only, so that there is no
// suite of SHA-384 here.
#include <gtest/gtest.h>

#include <algorithm>
#include <future>

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

class GnuTlsClient : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_program("gnutls-cli")) GTEST_SKIP() << "there is no gnutls-cli here (Debian: gnutls-bin)";
  }
  Peer serve(sesame::ContextOptions options) { return {listener_.accept(), make_server(std::move(options))}; }
  std::uint16_t port() const { return listener_.port(); }

  // A line each way.
  static void talk(Peer& peer, Process& client) {
    client.write("from the client\n");
    const auto got = peer.receive(16);
    ASSERT_TRUE(got) << why(got);
    EXPECT_EQ(*got, "from the client\n");
    const auto sent = peer.send("from our server\n");
    ASSERT_TRUE(sent) << why(sent);
    client.wait_for("from our server\n");
  }
  // Runs gnutls-cli against a server that refuses it.
  void refuse(sesame::ContextOptions options, const Arguments& command, Reason reason, Alert alert) {
    Process client(command);
    Peer peer = serve(std::move(options));
    const auto done = peer.handshake();
    ASSERT_FALSE(done) << client.all();
    EXPECT_EQ(done.error().reason(), reason) << why(done);
    EXPECT_EQ(done.error().alert(), alert) << why(done);
    client.wait_for("Received alert [" + std::to_string(static_cast<int>(alert)) + "]");
    EXPECT_NE(client.wait(), 0);
  }

  Listener listener_;
};

class GnuTlsClientSuite : public GnuTlsClient,
                          public testing::WithParamInterface<std::tuple<PskKeyExchangeMode, CipherSuite>> {};

TEST_P(GnuTlsClientSuite, Connects) {
  const auto [mode, suite] = GetParam();
  Process client(gnutls_cli(port(), gnutls_priority(mode, ":-CIPHER-ALL:+" + gnutls_name(suite))));
  auto options = server_options(mode);
  options.cipher_suites = {std::begin(all_suites), std::end(all_suites)};
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_EQ(peer.connection().cipher_suite(), suite);
  EXPECT_EQ(peer.connection().psk_mode(), mode);
  EXPECT_EQ(peer.connection().group().has_value(), mode == dhe);
  EXPECT_EQ(sesame::as_text(peer.connection().psk_identity()), identity);
  talk(peer, client);
  client.wait_for("PSK authentication.");
}

INSTANTIATE_TEST_SUITE_P(All, GnuTlsClientSuite,
                         testing::Combine(testing::ValuesIn(all_modes), testing::ValuesIn(sha256_suites)),
                         [](const auto& test) {
                           return std::string(name(std::get<0>(test.param))) + "_" +
                                  std::string(name(std::get<1>(test.param)));
                         });

class GnuTlsClientGroup : public GnuTlsClient, public testing::WithParamInterface<NamedGroup> {};

TEST_P(GnuTlsClientGroup, Connects) {
  Process client(gnutls_cli(port(), gnutls_priority(dhe, ":-GROUP-ALL:+" + gnutls_name(GetParam()))));
  auto options = server_options(dhe);
  options.groups = {std::begin(all_groups), std::end(all_groups)};
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_EQ(peer.connection().group(), GetParam());
  EXPECT_FALSE(peer.connection().retried());
  talk(peer, client);
}

TEST_P(GnuTlsClientGroup, ComesBackWithTheGroupAfterHelloRetryRequest) {
  const NamedGroup first = GetParam() == NamedGroup::x25519 ? NamedGroup::secp256r1 : NamedGroup::x25519;
  Process client(gnutls_cli(
      port(), gnutls_priority(dhe, ":-GROUP-ALL:+" + gnutls_name(first) + ":+" + gnutls_name(GetParam())),
      {"--single-key-share"}));
  auto options = server_options(dhe);
  options.groups = {GetParam()};
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_EQ(peer.connection().group(), GetParam());
  EXPECT_TRUE(peer.connection().retried());
  talk(peer, client);
}

INSTANTIATE_TEST_SUITE_P(All, GnuTlsClientGroup, testing::ValuesIn(all_groups),
                         [](const auto& test) { return std::string(name(test.param)); });

TEST_F(GnuTlsClient, ComesBackWithTheCookieAndAGroup) {
  // A HelloRetryRequest with a cookie only, which RFC 8446 section 4.1.4 allows, GnuTLS 3.7 refuses.
  Process client(gnutls_cli(port(), gnutls_priority(dhe, ":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1"),
                            {"--single-key-share"}));
  auto options = server_options(dhe);
  options.always_retry_with_cookie = true;
  options.groups = {NamedGroup::secp256r1};
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_TRUE(peer.connection().retried());
  talk(peer, client);
}

TEST_F(GnuTlsClient, MovesAMegabyteEachWayAndClosesOneDirectionFirst) {
  for (const auto mode : all_modes) {
    Process client(gnutls_cli(port(), gnutls_priority(mode), {"--logfile=/dev/null"}));
    Peer peer = serve(server_options(mode));
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << client.all();
    const std::string there = hex(pattern(500'001)) + "\n", back = pattern(1'000'001);
    const auto writer = std::async(std::launch::async, [&] {
      client.write(there);
      client.close_input();  // then it says close_notify, and goes on reading
    });
    const auto got = peer.receive_to_end();
    ASSERT_TRUE(got) << why(got);
    EXPECT_TRUE(*got == there);
    EXPECT_TRUE(peer.connection().read_closed());
    ASSERT_TRUE(peer.send(back));
    client.wait_for_output(back.size());
    EXPECT_TRUE(client.output() == back);
    EXPECT_TRUE(peer.close());
    EXPECT_EQ(client.wait(), 0) << client.errors();
  }
}

TEST_F(GnuTlsClient, UpdatesItsKeysAndAsksForOurs) {
  Process client(gnutls_cli(port(), gnutls_priority(dhe), {"--inline-commands"}));
  Peer peer = serve(server_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  for (const char* command : {"^rekey1^\n", "^rekey^\n"}) {  // its own; its own and ours
    talk(peer, client);
    client.write(command);
    client.wait_for("Rekey was completed");
    talk(peer, client);
    talk(peer, client);
  }
}

TEST_F(GnuTlsClient, FollowsOurKeyUpdateAndAnswersIt) {
  Process client(gnutls_cli(port(), gnutls_priority(dhe)));
  Peer peer = serve(server_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  for (const bool request : {false, true, true}) {
    ASSERT_TRUE(peer.update_keys(request));
    talk(peer, client);
  }
}

TEST_F(GnuTlsClient, AgreesOnAlpnServerNameExporterAndRecordSizeLimit) {
  Process client(
      gnutls_cli(port(), gnutls_priority(dhe),
                 {"--alpn=http/1.1", "--sni-hostname=sesame.example", "--keymatexport=EXPORTER-sesame-test",
                  "--keymatexportsize=40", "--recordsize=1024"}));
  auto options = server_options(dhe);
  options.alpn = {"mqtt", "http/1.1"};
  options.record_size_limit = 600;
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_EQ(peer.connection().alpn(), "http/1.1");
  EXPECT_EQ(peer.connection().server_name(), "sesame.example");
  // 1024 octets of data: GnuTLS announces one more for the inner content type, as RFC 8449 counts.
  EXPECT_EQ(peer.connection().sealed_size(1025), (5 + 1024 + 1 + 16) + (5 + 1 + 1 + 16));
  std::string exported(40, '\0');
  const auto ok = peer.connection().export_keying_material(
      "EXPORTER-sesame-test", {}, {reinterpret_cast<std::uint8_t*>(exported.data()), exported.size()});
  ASSERT_TRUE(ok) << why(ok);
  client.wait_for("Key material: " + hex(exported));
  const std::string line = hex(pattern(4000)) + "\n";
  ASSERT_TRUE(peer.send(line));
  client.wait_for(line);
  // gnutls-cli sends what fits a record, and forgets the rest.
  client.write(line);
  const auto got = peer.receive(600);
  ASSERT_TRUE(got) << why(got);
  EXPECT_EQ(*got, line.substr(0, 600));
  EXPECT_EQ(peer.record_sizes().front(), 600U);
}

// ---- what goes wrong ----

TEST_F(GnuTlsClient, WithAnotherKeyIsRefused) {
  auto options = server_options(dhe);
  options.psk_source = make_keyring(identity, wrong_key);
  refuse(options, gnutls_cli(port(), gnutls_priority(dhe)), Reason::psk_binder_mismatch,
         Alert::decrypt_error);
}

TEST_F(GnuTlsClient, WithAnUnknownIdentityIsRefused) {
  auto options = server_options(ke);
  options.psk_source = make_keyring("somebody else", key);
  refuse(options, gnutls_cli(port(), gnutls_priority(ke)), Reason::psk_identity_unknown,
         Alert::decrypt_error);
}

TEST_F(GnuTlsClient, WithoutACommonModeIsRefused) {
  refuse(server_options(dhe), gnutls_cli(port(), gnutls_priority(ke)), Reason::psk_mode_mismatch,
         Alert::handshake_failure);
}

TEST_F(GnuTlsClient, ThatDiesIsReportedAsTruncation) {
  Process client(gnutls_cli(port(), gnutls_priority(dhe)));
  Peer peer = serve(server_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  talk(peer, client);
  client.kill();
  const auto rest = peer.receive_to_end();
  ASSERT_FALSE(rest);
  EXPECT_EQ(rest.error().reason(), Reason::truncated);
}

}  // namespace
}  // namespace interop
