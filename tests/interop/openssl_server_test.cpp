// Our client against OpenSSL's s_server.
#include <gtest/gtest.h>

#include <algorithm>
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
constexpr auto sha384_suite = CipherSuite::TLS_AES_256_GCM_SHA384;

class OpenSslServer : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_program("openssl")) GTEST_SKIP() << "there is no openssl command here";
  }
  Peer connect(sesame::ContextOptions options, std::string_view server_name = {}) const {
    return {connect_to(port_), make_client(std::move(options), server_name)};
  }
  Arguments with_key_for(const TemporaryFile& session, const Arguments& more = {}) const {
    return s_server_without_key(
        port_,
        Arguments{"-tls1_3", "-psk_session", session.path(), "-psk_identity", std::string(identity)} + more);
  }

  // A line each way.
  static void talk(Peer& peer, Process& server) {
    const auto sent = peer.send("from our client\n");
    ASSERT_TRUE(sent) << why(sent);
    server.wait_for("from our client\n");
    server.write("from the server\n");
    const auto got = peer.receive(16);
    ASSERT_TRUE(got) << why(got);
    EXPECT_EQ(*got, "from the server\n");
  }
  // The server refuses our client: the alert that it sends.
  void be_refused(sesame::ContextOptions options, const Arguments& command, Alert alert) {
    Process server(command);
    Peer peer = connect(std::move(options));
    const auto done = peer.handshake();
    ASSERT_FALSE(done) << server.all();
    EXPECT_EQ(done.error().reason(), Reason::alert_received) << why(done);
    EXPECT_EQ(done.error().alert(), alert) << why(done);
    EXPECT_TRUE(done.error().from_peer());
    EXPECT_FALSE(done.error().message().empty());
    EXPECT_FALSE(done.error().advice().empty());
  }

  std::uint16_t port_ = free_port();
};

class OpenSslServerSuite : public OpenSslServer,
                           public testing::WithParamInterface<std::tuple<PskKeyExchangeMode, CipherSuite>> {};

TEST_P(OpenSslServerSuite, Accepts) {
  const auto [mode, suite] = GetParam();
  const HashAlgorithm hash = suite == sha384_suite ? HashAlgorithm::sha384 : HashAlgorithm::sha256;
  const TemporaryFile session(psk_session_pem(suite, key));
  Process server(with_key_for(session, {"-allow_no_dhe_kex", "-ciphersuites", std::string(name(suite))}));
  auto options = client_options(mode);
  options.credentials = {make_credential(identity, key, hash)};
  options.cipher_suites = {std::begin(all_suites), std::end(all_suites)};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(peer.connection().cipher_suite(), suite);
  EXPECT_EQ(peer.connection().psk_mode(), mode);
  EXPECT_EQ(peer.connection().group().has_value(), mode == dhe);
  EXPECT_EQ(sesame::as_text(peer.connection().psk_identity()), identity);
  talk(peer, server);
}

INSTANTIATE_TEST_SUITE_P(All, OpenSslServerSuite,
                         testing::Combine(testing::ValuesIn(all_modes), testing::ValuesIn(all_suites)),
                         [](const auto& test) {
                           return std::string(name(std::get<0>(test.param))) + "_" +
                                  std::string(name(std::get<1>(test.param)));
                         });

class OpenSslServerGroup : public OpenSslServer, public testing::WithParamInterface<NamedGroup> {};

TEST_P(OpenSslServerGroup, Accepts) {
  Process server(s_server(port_, {"-groups", openssl_name(GetParam())}));
  auto options = client_options(dhe);
  options.groups = {GetParam()};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(peer.connection().group(), GetParam());
  EXPECT_FALSE(peer.connection().retried());
  talk(peer, server);
}

TEST_P(OpenSslServerGroup, AsksForAnotherShareByHelloRetryRequest) {
  Process server(s_server(port_, {"-groups", openssl_name(GetParam())}));
  auto options = client_options(dhe);
  const NamedGroup first = GetParam() == NamedGroup::x25519 ? NamedGroup::secp256r1 : NamedGroup::x25519;
  options.groups = {first, GetParam()};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(peer.connection().group(), GetParam());
  EXPECT_TRUE(peer.connection().retried());
  talk(peer, server);
}

INSTANTIATE_TEST_SUITE_P(All, OpenSslServerGroup, testing::ValuesIn(all_groups),
                         [](const auto& test) { return std::string(name(test.param)); });

TEST_F(OpenSslServer, ChoosesTheGroupOfAClientWithoutShares) {
  Process server(s_server(port_, {"-groups", "P-384"}));
  auto options = client_options(dhe);
  options.key_shares = 0;
  options.groups = {NamedGroup::x25519, NamedGroup::secp384r1};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_TRUE(peer.connection().retried());
  EXPECT_EQ(peer.connection().group(), NamedGroup::secp384r1);
  talk(peer, server);
}

TEST_F(OpenSslServer, TakesTheSecondOfTwoShares) {
  Process server(s_server(port_, {"-groups", "P-256"}));
  auto options = client_options(dhe);
  options.key_shares = 2;
  options.groups = {NamedGroup::x25519, NamedGroup::secp256r1};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_FALSE(peer.connection().retried());
  EXPECT_EQ(peer.connection().group(), NamedGroup::secp256r1);
  talk(peer, server);
}

TEST_F(OpenSslServer, LeadsASha384KeyThroughHelloRetryRequest) {
  // The keys for SHA-256 come first; after the HelloRetryRequest they do not fit the suite any more.
  const TemporaryFile session(psk_session_pem(sha384_suite, key));
  Process server(with_key_for(session, {"-ciphersuites", "TLS_AES_256_GCM_SHA384", "-groups", "P-384"}));
  auto options = client_options(dhe);
  options.groups = {NamedGroup::x25519, NamedGroup::secp384r1};
  options.credentials = {make_credential("another", wrong_key),
                         make_credential(identity, key, HashAlgorithm::sha384),
                         make_credential("a third", wrong_key)};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_TRUE(peer.connection().retried());
  EXPECT_EQ(peer.connection().cipher_suite(), sha384_suite);
  EXPECT_EQ(sesame::as_text(peer.connection().psk_identity()), identity);
  talk(peer, server);
}

TEST_F(OpenSslServer, ChoosesAmongSeveralKeysOfBothHashes) {
  for (const auto hash : {HashAlgorithm::sha256, HashAlgorithm::sha384}) {
    const bool is_sha384 = hash == HashAlgorithm::sha384;
    const TemporaryFile session(
        psk_session_pem(is_sha384 ? sha384_suite : CipherSuite::TLS_AES_128_GCM_SHA256, key));
    port_ = free_port();
    Process server(with_key_for(session));
    auto options = client_options(dhe);
    // s_server prefers the suites by their place in our list, and takes a key only if its hash is the
    // suite's.
    options.cipher_suites = {is_sha384 ? sha384_suite : CipherSuite::TLS_AES_128_GCM_SHA256};
    options.cipher_suites.push_back(is_sha384 ? CipherSuite::TLS_AES_128_GCM_SHA256 : sha384_suite);
    options.credentials = {make_credential("first", wrong_key),
                           make_credential("second", wrong_key, HashAlgorithm::sha384),
                           make_credential(identity, key, hash), make_credential("fourth", wrong_key)};
    Peer peer = connect(options);
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << server.all();
    EXPECT_EQ(sesame::as_text(peer.connection().psk_identity()), identity);
    talk(peer, server);
  }
}

TEST_F(OpenSslServer, MovesAMegabyteEachWay) {
  for (const CipherSuite suite :
       {CipherSuite::TLS_AES_128_GCM_SHA256, CipherSuite::TLS_CHACHA20_POLY1305_SHA256}) {
    port_ = free_port();
    Process server(s_server(port_, {"-quiet", "-ciphersuites", std::string(name(suite))}));
    Peer peer = connect(client_options(dhe));
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << server.all();
    const std::string there = pattern(1'100'003), back = pattern(1'000'001);
    ASSERT_TRUE(peer.send(there));
    server.wait_for_output(there.size());
    EXPECT_TRUE(server.output() == there);
    const auto writer = std::async(std::launch::async, [&] { server.write(back); });
    const auto got = peer.receive(back.size());
    ASSERT_TRUE(got) << why(got);
    EXPECT_TRUE(*got == back);
    EXPECT_TRUE(peer.close());
  }
}

TEST_F(OpenSslServer, UpdatesItsKeysAndAsksForOurs) {
  Process server(s_server(port_, {"-msg"}));
  Peer peer = connect(client_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer, server);
  server.write("k\n");
  server.wait_for(sent_key_update);
  talk(peer, server);
  EXPECT_EQ(server.count(received_key_update), 0U);
  server.write("K\n");
  server.wait_for(sent_key_update);
  talk(peer, server);
  talk(peer, server);  // what we send now is behind our own KeyUpdate
  server.wait_for(received_key_update);
  talk(peer, server);
}

TEST_F(OpenSslServer, FollowsOurKeyUpdateAndAnswersIt) {
  Process server(s_server(port_, {"-msg"}));
  Peer peer = connect(client_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  ASSERT_TRUE(peer.update_keys(false));
  talk(peer, server);
  server.wait_for(received_key_update);
  EXPECT_EQ(server.count(sent_key_update), 0U);
  ASSERT_TRUE(peer.update_keys(true));
  talk(peer, server);
  server.wait_for(sent_key_update);
  talk(peer, server);
}

TEST_F(OpenSslServer, FollowsKeysThatAreUpdatedForTheirLimit) {
  Process server(s_server(port_, {"-quiet"}));
  auto options = client_options(dhe);
  options.limits.records_per_key = 3;
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  const std::string data = pattern(20 * 16384);
  ASSERT_TRUE(peer.send(data));
  server.wait_for_output(data.size());
  EXPECT_TRUE(server.output() == data);
}

TEST_F(OpenSslServer, MaySendTickets) {
  Process server(s_server(port_, {"-msg", "-num_tickets", "6"}));
  Peer peer = connect(client_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer, server);
  server.wait_for(", NewSessionTicket");
  talk(peer, server);
}

TEST_F(OpenSslServer, AgreesOnAlpnServerNameAndExporter) {
  Process server(s_server(port_, {"-alpn", "h2,http/1.1", "-keymatexport", "EXPORTER-sesame-test",
                                  "-keymatexportlen", "40", "-tlsextdebug"}));
  auto options = client_options(dhe);
  options.alpn = {"mqtt", "http/1.1"};
  Peer peer = connect(options, "sesame.example");
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(peer.connection().alpn(), "http/1.1");
  std::string exported(40, '\0');
  const auto ok = peer.connection().export_keying_material(
      "EXPORTER-sesame-test", {}, {reinterpret_cast<std::uint8_t*>(exported.data()), exported.size()});
  ASSERT_TRUE(ok) << why(ok);
  server.wait_for("ALPN protocols selected: http/1.1");
  server.wait_for("\"server name\" (id=0)");
  server.wait_for(".....sesame.exam");  // and the rest in the next line of the dump
  std::string upper = hex(exported);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  server.wait_for("Keying material: " + upper);
}

// ---- what goes wrong, and what each side says ----

TEST_F(OpenSslServer, RefusesAnotherKey) {
  auto options = client_options(dhe);
  options.credentials = {make_credential(identity, wrong_key)};
  be_refused(options, s_server(port_), Alert::illegal_parameter);
}

TEST_F(OpenSslServer, RefusesAnUnknownIdentity) {
  const TemporaryFile session(psk_session_pem(CipherSuite::TLS_AES_128_GCM_SHA256, key));
  auto options = client_options(dhe);
  options.credentials = {make_credential("mallory", key)};
  // It goes on as with a certificate, and misses what that needs.
  be_refused(options, with_key_for(session), Alert::missing_extension);
}

TEST_F(OpenSslServer, RefusesPskKeUnlessItIsAllowed) {
  be_refused(client_options(ke), s_server(port_), Alert::missing_extension);
}

TEST_F(OpenSslServer, RefusesWithoutACommonSuite) {
  auto options = client_options(dhe);
  options.cipher_suites = {CipherSuite::TLS_AES_128_GCM_SHA256};
  be_refused(options, s_server(port_, {"-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"}),
             Alert::handshake_failure);
}

TEST_F(OpenSslServer, OfTls12IsRefused) {
  Process server(
      s_server_without_key(port_, {"-tls1_2", "-psk_identity", std::string(identity), "-psk", hex(key)}));
  Peer peer = connect(client_options(dhe));
  const auto done = peer.handshake();
  ASSERT_FALSE(done) << server.all();
  EXPECT_EQ(done.error().alert(), Alert::protocol_version) << why(done);
}

// ---- the end ----

TEST_F(OpenSslServer, EndsWhenWeClose) {
  Process server(s_server(port_));
  Peer peer = connect(client_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer, server);
  ASSERT_TRUE(peer.close());
  const auto rest = peer.receive_to_end();
  EXPECT_TRUE(rest) << why(rest);
  EXPECT_EQ(server.wait(), 0) << server.all();
  server.wait_for("DONE");
}

TEST_F(OpenSslServer, ClosesAndWeCanStillSend) {
  Process server(s_server(port_, {"-www"}));  // says close_notify behind its page
  Peer peer = connect(client_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  ASSERT_TRUE(peer.send("GET / HTTP/1.0\r\n\r\n"));
  const auto page = peer.receive_to_end();
  ASSERT_TRUE(page) << why(page);
  EXPECT_NE(page->find("HTTP/1.0 200 ok"), std::string::npos);
  EXPECT_TRUE(peer.connection().read_closed());
  EXPECT_FALSE(peer.connection().write_closed());
  EXPECT_TRUE(peer.connection().send(sesame::as_bytes("late")));
  EXPECT_TRUE(peer.connection().close());
}

TEST_F(OpenSslServer, ThatDiesIsReportedAsTruncation) {
  Process server(s_server(port_));
  Peer peer = connect(client_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer, server);
  server.kill();
  const auto rest = peer.receive_to_end();
  ASSERT_FALSE(rest);
  EXPECT_EQ(rest.error().reason(), Reason::truncated);
}

// ---- sizes and lengths ----

TEST_F(OpenSslServer, SendsRecordsOfTheLengthThatWeAskedFor) {
  Process server(s_server(port_, {"-quiet"}));
  auto options = client_options(dhe);
  options.max_fragment_length = 512;
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  const std::string data = pattern(5000);
  const auto writer = std::async(std::launch::async, [&] { server.write(data); });
  const auto got = peer.receive(data.size());
  ASSERT_TRUE(got) << why(got);
  EXPECT_TRUE(*got == data);
  EXPECT_LE(*std::max_element(peer.record_sizes().begin(), peer.record_sizes().end()), 512U);
}

TEST_F(OpenSslServer, MayPadItsRecords) {
  Process server(s_server(port_, {"-quiet", "-record_padding", "1000"}));
  Peer peer = connect(client_options(dhe));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  const std::string data = pattern(40'000);
  const auto writer = std::async(std::launch::async, [&] { server.write(data); });
  const auto got = peer.receive(data.size());
  ASSERT_TRUE(got) << why(got);
  EXPECT_TRUE(*got == data);
}

TEST_F(OpenSslServer, TakesALongIdentityAmongOthers) {
  // s_server asks its own callback about identities of any size, and passes over those that it does not know.
  const TemporaryFile session(psk_session_pem(CipherSuite::TLS_AES_128_GCM_SHA256, key));
  Process server(with_key_for(session));
  auto options = client_options(dhe);
  options.credentials = {make_credential(pattern(1000), wrong_key), make_credential(identity, key)};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(sesame::as_text(peer.connection().psk_identity()), identity);
  talk(peer, server);
}

}  // namespace
}  // namespace interop
