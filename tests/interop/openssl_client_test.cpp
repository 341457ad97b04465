// OpenSSL's s_client against our server.
#include <gtest/gtest.h>

#include <future>

#include "interop/process.h"
#include "interop/programs.h"

namespace interop {
namespace {

using sesame::Alert;
using sesame::CipherSuite;
using sesame::HashAlgorithm;
using sesame::NamedGroup;
using sesame::PskKeyExchangeMode;
using sesame::Reason;
constexpr auto ke = PskKeyExchangeMode::psk_ke;
constexpr auto dhe = PskKeyExchangeMode::psk_dhe_ke;
// What -msg prints.
constexpr auto sent_key_update = ">>> TLS 1.3, Handshake [length 0005], KeyUpdate";
constexpr auto received_key_update = "<<< TLS 1.3, Handshake [length 0005], KeyUpdate";

bool is_sha384(CipherSuite suite) { return suite == CipherSuite::TLS_AES_256_GCM_SHA384; }

class OpenSslClient : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_program("openssl")) GTEST_SKIP() << "there is no openssl command here";
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
  // Runs s_client against a server that refuses it. How the server says it failed; `alert`: what s_client
  // says it got.
  void refuse(sesame::ContextOptions options, const Arguments& command, Reason reason, Alert alert) {
    Process client(command);
    Peer peer = serve(std::move(options));
    const auto done = peer.handshake();
    ASSERT_FALSE(done) << client.all();
    EXPECT_EQ(done.error().reason(), reason) << why(done);
    EXPECT_EQ(done.error().alert(), alert) << why(done);
    EXPECT_FALSE(done.error().from_peer());
    EXPECT_FALSE(done.error().message().empty());
    EXPECT_FALSE(done.error().advice().empty());
    client.wait_for("SSL alert number " + std::to_string(static_cast<int>(alert)));
    EXPECT_NE(client.wait(), 0);
  }
  Arguments with_sha384_key(const TemporaryFile& session, const Arguments& more = {}) const {
    return s_client_without_key(
        port(),
        Arguments{"-tls1_3", "-psk_session", session.path(), "-psk_identity", std::string(identity)} + more);
  }

  Listener listener_;
};

class OpenSslClientSuite : public OpenSslClient,
                           public testing::WithParamInterface<std::tuple<PskKeyExchangeMode, CipherSuite>> {};

TEST_P(OpenSslClientSuite, Connects) {
  const auto [mode, suite] = GetParam();
  const HashAlgorithm hash = is_sha384(suite) ? HashAlgorithm::sha384 : HashAlgorithm::sha256;
  const TemporaryFile session(psk_session_pem(suite, key));
  Process client(s_client_without_key(
      port(), {"-tls1_3", "-psk_session", session.path(), "-psk_identity", std::string(identity),
               "-allow_no_dhe_kex", "-ciphersuites", std::string(name(suite))}));
  auto options = server_options(mode);
  options.psk_source = make_keyring(identity, key, hash);
  options.cipher_suites = {std::begin(all_suites), std::end(all_suites)};
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_EQ(peer.connection().cipher_suite(), suite);
  EXPECT_EQ(peer.connection().psk_mode(), mode);
  EXPECT_EQ(peer.connection().group().has_value(), mode == dhe);
  EXPECT_EQ(peer.connection().psk_identity().size(), identity.size());
  EXPECT_EQ(peer.connection().authentication(), sesame::Authentication::external_psk);
  talk(peer, client);
  client.wait_for("Reused, TLSv1.3, Cipher is " + std::string(name(suite)));
}

INSTANTIATE_TEST_SUITE_P(All, OpenSslClientSuite,
                         testing::Combine(testing::ValuesIn(all_modes), testing::ValuesIn(all_suites)),
                         [](const auto& test) {
                           return std::string(name(std::get<0>(test.param))) + "_" +
                                  std::string(name(std::get<1>(test.param)));
                         });

class OpenSslClientGroup : public OpenSslClient, public testing::WithParamInterface<NamedGroup> {};

TEST_P(OpenSslClientGroup, Connects) {
  Process client(s_client(port(), {"-groups", openssl_name(GetParam())}));
  auto options = server_options(dhe);
  options.groups = {std::begin(all_groups), std::end(all_groups)};
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_EQ(peer.connection().group(), GetParam());
  EXPECT_FALSE(peer.connection().retried());
  talk(peer, client);
}

TEST_P(OpenSslClientGroup, ComesBackWithTheGroupAfterHelloRetryRequest) {
  // s_client makes a share for the first group of its list; our server has the second one only.
  const NamedGroup first = GetParam() == NamedGroup::x25519 ? NamedGroup::secp256r1 : NamedGroup::x25519;
  Process client(s_client(port(), {"-groups", openssl_name(first) + ":" + openssl_name(GetParam())}));
  auto options = server_options(dhe);
  options.groups = {GetParam()};
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_EQ(peer.connection().group(), GetParam());
  EXPECT_TRUE(peer.connection().retried());
  talk(peer, client);
}

INSTANTIATE_TEST_SUITE_P(All, OpenSslClientGroup, testing::ValuesIn(all_groups),
                         [](const auto& test) { return std::string(name(test.param)); });

TEST_F(OpenSslClient, ComesBackWithTheCookie) {
  for (const auto mode : all_modes) {
    Process client(s_client(port(), {"-allow_no_dhe_kex"}));
    auto options = server_options(mode);
    options.always_retry_with_cookie = true;
    Peer peer = serve(options);
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << client.all();
    EXPECT_TRUE(peer.connection().retried());
    talk(peer, client);
  }
}

// s_client of OpenSSL 3.0 does not offer the key of -psk_session again after a HelloRetryRequest, to nobody:
// that a SHA-384 key survives one is tested with s_server, and between our own ends.

TEST_F(OpenSslClient, MovesAMegabyteEachWay) {
  for (const CipherSuite suite :
       {CipherSuite::TLS_AES_128_GCM_SHA256, CipherSuite::TLS_CHACHA20_POLY1305_SHA256}) {
    Process client(s_client(port(), {"-quiet", "-ciphersuites", std::string(name(suite))}));
    Peer peer = serve(server_options(dhe));
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << client.all();
    const std::string there = pattern(1'100'003), back = pattern(1'000'001);
    const auto writer = std::async(std::launch::async, [&] { client.write(there); });
    const auto got = peer.receive(there.size());
    ASSERT_TRUE(got) << why(got);
    EXPECT_TRUE(*got == there);
    ASSERT_TRUE(peer.send(back));
    client.wait_for_output(back.size());
    EXPECT_TRUE(client.output() == back);
    EXPECT_TRUE(peer.close());
    EXPECT_TRUE(peer.receive_to_end());
    EXPECT_EQ(client.wait(), 0) << client.all();
  }
}

TEST_F(OpenSslClient, UpdatesItsKeysAndAsksForOurs) {
  Process client(s_client(port(), {"-msg"}));
  Peer peer = serve(server_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  talk(peer, client);
  client.write("k\n");
  client.wait_for(sent_key_update);
  talk(peer, client);
  EXPECT_EQ(client.count(received_key_update), 0U);
  client.write("K\n");
  client.wait_for(sent_key_update);
  talk(peer, client);
  client.wait_for(received_key_update);
  talk(peer, client);
}

TEST_F(OpenSslClient, FollowsOurKeyUpdateAndAnswersIt) {
  Process client(s_client(port(), {"-msg"}));
  Peer peer = serve(server_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  talk(peer, client);
  ASSERT_TRUE(peer.update_keys(false));
  client.wait_for(received_key_update);
  talk(peer, client);
  EXPECT_EQ(client.count(sent_key_update), 0U);
  ASSERT_TRUE(peer.update_keys(true));
  client.wait_for(received_key_update);
  talk(peer, client);  // it answers when it next writes
  client.wait_for(sent_key_update);
  talk(peer, client);
}

TEST_F(OpenSslClient, FollowsKeysThatAreUpdatedForTheirLimit) {
  Process client(s_client(port(), {"-quiet"}));
  auto options = server_options(dhe);
  options.limits.records_per_key = 3;
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  const std::string data = pattern(20 * 16384);
  ASSERT_TRUE(peer.send(data));
  client.wait_for_output(data.size());
  EXPECT_TRUE(client.output() == data);
}

TEST_F(OpenSslClient, AgreesOnAlpnServerNameAndExporter) {
  Process client(s_client(port(), {"-alpn", "h2,http/1.1", "-servername", "sesame.example", "-keymatexport",
                                   "EXPORTER-sesame-test", "-keymatexportlen", "40"}));
  auto options = server_options(dhe);
  options.alpn = {"mqtt", "http/1.1", "h2"};
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_EQ(peer.connection().alpn(), "http/1.1");
  EXPECT_EQ(peer.connection().server_name(), "sesame.example");
  std::string exported(40, '\0');
  const auto ok = peer.connection().export_keying_material(
      "EXPORTER-sesame-test", {}, {reinterpret_cast<std::uint8_t*>(exported.data()), exported.size()});
  ASSERT_TRUE(ok) << why(ok);
  client.wait_for("ALPN protocol: http/1.1");
  std::string upper = hex(exported);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  client.wait_for("Keying material: " + upper);
}

// ---- what else a client may bring ----

TEST_F(OpenSslClient, ThatSendsEarlyDataGoesOnWithoutIt) {
  const TemporaryFile session(psk_session_pem(CipherSuite::TLS_AES_128_GCM_SHA256, key, 100));
  const TemporaryFile early("sent too early\n");
  Process client(s_client_without_key(port(), {"-tls1_3", "-psk_session", session.path(), "-psk_identity",
                                               std::string(identity), "-early_data", early.path()}));
  Peer peer = serve(server_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  talk(peer, client);
  client.wait_for("Early data was rejected");
}

// ---- what goes wrong, and what each side says ----

TEST_F(OpenSslClient, WithAnotherKeyIsRefused) {
  auto command = s_client_without_key(
      port(), {"-tls1_3", "-psk_identity", std::string(identity), "-psk", hex(wrong_key)});
  refuse(server_options(dhe), command, Reason::psk_binder_mismatch, Alert::decrypt_error);
}

TEST_F(OpenSslClient, WithAnUnknownIdentityIsRefusedAsWithAnotherKey) {
  auto command = s_client_without_key(port(), {"-tls1_3", "-psk_identity", "mallory", "-psk", hex(key)});
  refuse(server_options(dhe), command, Reason::psk_identity_unknown, Alert::decrypt_error);
}

TEST_F(OpenSslClient, WithAnUnknownIdentityIsToldSoIfTheServerWantsThat) {
  auto command = s_client_without_key(port(), {"-tls1_3", "-psk_identity", "mallory", "-psk", hex(key)});
  auto options = server_options(dhe);
  options.unknown_identity_alert = sesame::UnknownIdentityAlert::unknown_psk_identity;
  refuse(options, command, Reason::psk_identity_unknown, Alert::unknown_psk_identity);
}

TEST_F(OpenSslClient, WithoutPskKeIsRefusedByAServerThatWantsIt) {
  refuse(server_options(ke), s_client(port()), Reason::psk_mode_mismatch, Alert::handshake_failure);
}

TEST_F(OpenSslClient, WithoutACommonGroupIsRefused) {
  auto options = server_options(dhe);
  options.groups = {NamedGroup::x25519};
  refuse(options, s_client(port(), {"-groups", "P-256"}), Reason::no_common_group, Alert::handshake_failure);
}

TEST_F(OpenSslClient, WithoutACommonSuiteIsRefused) {
  auto options = server_options(dhe);
  options.cipher_suites = {CipherSuite::TLS_AES_128_GCM_SHA256};
  refuse(options, s_client(port(), {"-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"}),
         Reason::no_common_suite, Alert::handshake_failure);
}

TEST_F(OpenSslClient, WhoseKeyIsForAnotherHashIsRefused) {
  // The binder is of the other hash's length already.
  const TemporaryFile session(psk_session_pem(CipherSuite::TLS_AES_256_GCM_SHA384, key));
  refuse(server_options(dhe), with_sha384_key(session), Reason::psk_binder_mismatch, Alert::decrypt_error);
}

TEST_F(OpenSslClient, WithoutACommonAlpnProtocolIsRefused) {
  auto options = server_options(dhe);
  options.alpn = {"mqtt"};
  refuse(options, s_client(port(), {"-alpn", "h2"}), Reason::no_common_alpn, Alert::no_application_protocol);
}

TEST_F(OpenSslClient, WithoutAKeyIsRefused) {
  refuse(server_options(dhe), s_client_without_key(port(), {"-tls1_3"}), Reason::psk_not_offered,
         Alert::handshake_failure);
}

TEST_F(OpenSslClient, OfTls12IsRefused) {
  auto command =
      s_client_without_key(port(), {"-tls1_2", "-psk_identity", std::string(identity), "-psk", hex(key)});
  auto options = server_options(dhe);
  options.min_version = sesame::ProtocolVersion::tls13;
  refuse(options, command, Reason::no_common_version, Alert::protocol_version);
  // Where TLS 1.2 is spoken, a key that is for TLS 1.3 alone looks like one that nobody has.
  refuse(server_options(dhe), command, Reason::psk_wrong_usage, Alert::bad_record_mac);
}

// ---- the end ----

TEST_F(OpenSslClient, ClosesAndWeCanStillSend) {
  Process client(s_client(port()));
  Peer peer = serve(server_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  talk(peer, client);
  client.write("Q\n");
  const auto rest = peer.receive_to_end();
  ASSERT_TRUE(rest) << why(rest);
  EXPECT_TRUE(peer.connection().read_closed());
  EXPECT_FALSE(peer.connection().write_closed());
  EXPECT_TRUE(peer.connection().send(sesame::as_bytes("late")));
  EXPECT_TRUE(peer.connection().close());
  EXPECT_EQ(client.wait(), 0);
}

TEST_F(OpenSslClient, EndsWhenWeClose) {
  Process client(s_client(port()));
  Peer peer = serve(server_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  talk(peer, client);
  ASSERT_TRUE(peer.close());
  const auto rest = peer.receive_to_end();
  EXPECT_TRUE(rest) << why(rest);
  EXPECT_EQ(client.wait(), 0) << client.all();
  client.wait_for("closed");
}

TEST_F(OpenSslClient, ThatDiesIsReportedAsTruncation) {
  Process client(s_client(port()));
  Peer peer = serve(server_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  talk(peer, client);
  client.kill();
  const auto rest = peer.receive_to_end();
  ASSERT_FALSE(rest);
  EXPECT_EQ(rest.error().reason(), Reason::truncated);
}

// ---- sizes and lengths ----

TEST_F(OpenSslClient, GetsRecordsOfTheLengthThatItAskedFor) {
  // It refuses longer ones.
  Process client(s_client(port(), {"-quiet", "-maxfraglen", "512"}));
  Peer peer = serve(server_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  // Header, inner content type and tag for each of two records.
  EXPECT_EQ(peer.connection().sealed_size(1024), 2 * (5 + 512 + 1 + 16));
  const std::string data = pattern(5000);
  ASSERT_TRUE(peer.send(data));
  client.wait_for_output(data.size());
  EXPECT_TRUE(client.output() == data);
}

TEST_F(OpenSslClient, GetsPaddedRecords) {
  Process client(s_client(port(), {"-quiet"}));
  auto options = server_options(dhe);
  options.padding.block = 4096;
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  const std::string data = pattern(20'000);
  ASSERT_TRUE(peer.send(data));
  client.wait_for_output(data.size());
  EXPECT_TRUE(client.output() == data);
}

TEST_F(OpenSslClient, WithTheLongestIdentityAndKeyItTakes) {
  const std::string id(128, 'i'), psk = pattern(64);  // the limits of its callback
  auto options = server_options(dhe);
  options.psk_source = make_keyring(id, psk);
  Process client(s_client_without_key(port(), {"-tls1_3", "-psk_identity", id, "-psk", hex(psk)}));
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  talk(peer, client);
}

// ---- keys that come and go ----

TEST_F(OpenSslClient, ConnectsWithEitherOfTwoKeys) {
  auto keyring = make_keyring(identity, key);
  const auto rotated = keyring->rotate({.identity = sesame::as_bytes(identity),
                                        .key = sesame::as_bytes(wrong_key),
                                        .usage = sesame::PskUsage::tls13});
  ASSERT_TRUE(rotated) << why(rotated);
  auto options = server_options(dhe);
  options.psk_source = keyring;
  for (const bool older : {true, false}) {
    Process client(s_client_without_key(
        port(), {"-tls1_3", "-psk_identity", std::string(identity), "-psk", hex(older ? key : wrong_key)}));
    Peer peer = serve(options);
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << client.all();
    EXPECT_EQ(peer.connection().used_older_key(), older);
    talk(peer, client);
  }
}

TEST_F(OpenSslClient, WaitsForAnAnswerThatComesLater) {
  auto options = server_options(dhe);
  options.psk_source =
      sesame::make_psk_source([](const sesame::PskQuery&, sesame::PskAnswer& a) { a.later(); });
  Process client(s_client(port()));
  Peer peer = serve(options);
  const auto waiting = peer.handshake_until_lookup();
  ASSERT_TRUE(waiting) << why(waiting) << client.all();
  ASSERT_EQ(peer.connection().wait(), sesame::Wait::psk_lookup);
  EXPECT_EQ(sesame::as_text(peer.connection().pending_psk()->identity), identity);
  const sesame::Credential credential = make_credential(identity, key);
  const auto supplied = peer.connection().supply_psk({&credential, 1});
  ASSERT_TRUE(supplied) << why(supplied);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  talk(peer, client);
}

}  // namespace
}  // namespace interop
