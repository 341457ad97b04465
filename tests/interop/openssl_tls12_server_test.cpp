// Our client against OpenSSL's s_server of TLS 1.2 and below.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <future>

#include "interop/tls12.h"

namespace interop {
namespace {

using sesame::Alert;
using sesame::Authentication;
using sesame::CipherSuite;
using sesame::ProtocolVersion;
using sesame::Reason;
using sesame::Side;

constexpr auto psk_suite = CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256;
constexpr auto psk_cbc_suite = CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA;
constexpr auto dhe_psk_suite = CipherSuite::TLS_DHE_PSK_WITH_AES_128_GCM_SHA256;

class OpenSslTls12Server : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_program("openssl")) GTEST_SKIP() << "there is no openssl command here";
  }
  // With OpenSSL's weak suites too, any number of connections.
  Arguments command(const Arguments& more) {
    port_ = free_port();
    return Arguments{"openssl", "s_server",
                     "-accept", "127.0.0.1:" + std::to_string(port_),
                     "-cipher", "ALL:eNULL:@SECLEVEL=0"} +
           more;
  }
  Arguments with_key(const Arguments& more = {}) {
    return command(Arguments{"-nocert"} + psk_arguments() + more);
  }
  Arguments showing_one(const Arguments& more = {}) { return command(server_files_.openssl() + more); }
  sesame::ContextOptions trusting_them(
      CipherSuite suite = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
      ProtocolVersion version = tls12) const {
    auto options = only(version, suite);
    options.verification = sesame::VerificationOptions{.trust = root_.trust()};
    return options;
  }
  Peer connect(sesame::ContextOptions options,
               const sesame::ClientOptions& more = {.server_name = server_name}) const {
    auto connection = sesame::Connection::client(make_context(std::move(options)), more);
    if (!connection) throw std::runtime_error(connection.error().message());
    return {connect_to(port_), std::move(*connection)};
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

  std::uint16_t port_ = 0;
  const Authority root_;
  const Issued server_ = root_.server();
  const CertificateFiles server_files_{server_};
  const TemporaryFile roots_{root_.pem()};
};

// ---- identities and hints ----

TEST_F(OpenSslTls12Server, TellsAHintOrNone) {
  using Hint = std::optional<std::string>;
  for (const Hint& hint : {Hint(), Hint(""), Hint("ask for bob"), Hint(std::string(128, 'h'))}) {
    Process server(with_key(hint ? Arguments{"-psk_hint", *hint} : Arguments{}));
    for (const auto suite : {psk_suite, CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256}) {
      std::optional<std::string> asked_with;
      bool asked = false;
      auto options = only(tls12, suite);
      options.credentials = {tls12_credential("nobody", wrong_key)};
      options.select_psk = [&](const sesame::PskHintQuery& query, sesame::PskHintAnswer& answer) {
        asked = true;
        if (query.hint) asked_with = std::string(sesame::as_text(*query.hint));
        EXPECT_EQ(query.cipher_suite, suite);
        EXPECT_EQ(query.version, tls12);
        answer.use(tls12_credential());
      };
      Peer peer = connect(options);
      const auto done = peer.handshake();
      ASSERT_TRUE(done) << why(done) << server.all();
      EXPECT_TRUE(asked);
      EXPECT_EQ(sesame::as_text(peer.connection().psk_identity()), identity);
      // In ECDHE_PSK there is always one, which may be empty (RFC 5489 section 2).
      if (suite == psk_suite) {
        EXPECT_EQ(asked_with, hint);
      } else {
        EXPECT_EQ(asked_with.value_or(""), hint.value_or(""));
      }
      EXPECT_EQ(peer.connection().psk_identity_hint().has_value(), asked_with.has_value());
      talk(peer, server);
      ASSERT_TRUE(peer.close());
    }
  }
}

TEST_F(OpenSslTls12Server, GetsTheKeyOfAClientThatAnswersLater) {
  Process server(with_key({"-psk_hint", "later"}));
  auto options = only(tls12, psk_suite);
  options.select_psk = [](const sesame::PskHintQuery&, sesame::PskHintAnswer& answer) { answer.later(); };
  Peer peer = connect(options);
  const auto waits = peer.handshake_until_lookup();
  ASSERT_TRUE(waits) << why(waits) << server.all();
  const auto query = peer.connection().pending_psk_hint();
  ASSERT_TRUE(query && query->hint);
  EXPECT_EQ(sesame::as_text(*query->hint), "later");
  ASSERT_TRUE(peer.connection().supply_psk(std::array{tls12_credential()}));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer, server);
}

TEST_F(OpenSslTls12Server, TakesIdentitiesOfManyOctetsAndOfAnyValue) {
  for (const std::string& id :
       {std::string("x"), std::string(128, 'x'), std::string(256, 'x'),
        std::string("\x01\x7f\x80\xff\xfe: \\#\n"), std::string("gr\xc3\xbc\xc3\x9f")}) {
    Process server(command(Arguments{"-nocert"} + psk_arguments(key, id)));
    auto options = only(tls12, psk_suite);
    options.credentials = {tls12_credential(id)};
    Peer peer = connect(options);
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << server.all();
    EXPECT_TRUE(sesame::as_text(peer.connection().psk_identity()) == id);
    talk(peer, server);
    EXPECT_EQ(server.count("PSK warning"), 0U) << server.all();
  }
}

TEST_F(OpenSslTls12Server, RefusesAnIdentityThatIsLongerThanItTakes) {
  Process server(with_key());
  auto options = only(tls12, psk_suite);
  options.credentials = {tls12_credential(std::string(257, 'x'))};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().reason(), Reason::alert_received) << why(done);
}

TEST_F(OpenSslTls12Server, RefusesAnotherKey) {
  for (const auto suite : {psk_suite, psk_cbc_suite, dhe_psk_suite}) {
    const TemporaryFile dh(dh_parameters("ffdhe2048"));
    Process server(with_key({"-dhparam", dh.path()}));
    auto options = only(tls12, suite);
    options.credentials = {tls12_credential(identity, wrong_key)};
    Peer peer = connect(options);
    const auto done = peer.handshake();
    ASSERT_FALSE(done) << server.all();
    EXPECT_EQ(done.error().reason(), Reason::alert_received) << why(done);
    EXPECT_EQ(done.error().alert(), Alert::bad_record_mac) << why(done);
    EXPECT_FALSE(done.error().advice().empty());
  }
}

TEST_F(OpenSslTls12Server, TakesTheFirstKeyThatIsForTls12) {
  Process server(with_key());
  auto options = only(tls12, psk_suite);
  options.credentials = {make_credential("of TLS 1.3", wrong_key), tls12_credential(),
                         tls12_credential("third", wrong_key)};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer, server);
}

// ---- Diffie-Hellman ----

TEST_F(OpenSslTls12Server, ChoosesGroups) {
  for (const auto group : all_groups) {
    SCOPED_TRACE(name(group));
    const bool finite = std::string(name(group)).starts_with("ffdhe");
    if (finite && std::string(name(group)) > "ffdhe3072") continue;  // slow, and nothing new
    const TemporaryFile dh(dh_parameters(finite ? std::string(name(group)) : "ffdhe2048"));
    Process server(finite ? with_key({"-dhparam", dh.path()}) : with_key({"-groups", openssl_name(group)}));
    auto options = only(tls12, finite ? dhe_psk_suite : CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256);
    options.credentials = {tls12_credential()};
    options.groups = {group};
    if (group != sesame::NamedGroup::x25519)
      options.groups.insert(options.groups.begin(), sesame::NamedGroup::x25519);
    Peer peer = connect(options);
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << server.all();
    if (!finite) {
      EXPECT_EQ(peer.connection().group(), group);
    }
    talk(peer, server);
  }
}

TEST_F(OpenSslTls12Server, MayHaveAPrimeOfItsOwn) {
  const TemporaryFile dh(dh_parameters("modp_2048"));
  Process server(with_key({"-dhparam", dh.path()}));
  auto options = only(tls12, dhe_psk_suite);
  options.credentials = {tls12_credential()};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_FALSE(peer.connection().group());
  EXPECT_EQ(peer.connection().key_exchange(), sesame::KeyExchangeMethod::dhe_psk);
  talk(peer, server);
}

TEST_F(OpenSslTls12Server, MayNotHaveAShortPrime) {
  const TemporaryFile dh(dh_parameters("modp_1536"));
  Process server(with_key({"-dhparam", dh.path()}));
  auto options = only(tls12, dhe_psk_suite);
  options.credentials = {tls12_credential()};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().reason(), Reason::dh_parameters_unsuitable) << why(done);
  EXPECT_EQ(done.error().alert(), Alert::insufficient_security);
  options.min_dh_bits = 1536;
  Peer lax = connect(options);
  const auto lax_done = lax.handshake();
  EXPECT_TRUE(lax_done) << why(lax_done);
}

// ---- sessions ----

class OpenSslTls12Sessions : public OpenSslTls12Server {
 protected:
  // Connects, and keeps the session; `times` more connections resume it.
  void resume(Process& server, sesame::ContextOptions options, int times = 3) {
    std::optional<sesame::Session> session;
    options.on_session = [&](const sesame::Session& got) { session = got; };
    for (int i = 0; i <= times; ++i) {
      SCOPED_TRACE(i);
      Peer peer = connect(options, {.server_name = server_name, .session = session});
      const auto done = peer.handshake();
      ASSERT_TRUE(done) << why(done) << server.all();
      EXPECT_EQ(peer.connection().resumed(), i > 0);
      EXPECT_EQ(peer.connection().version(), options.max_version);
      talk(peer, server);
      ASSERT_TRUE(session);
      ASSERT_TRUE(peer.close());
    }
  }
};

TEST_F(OpenSslTls12Sessions, AreResumedByTicket) {
  Process server(showing_one());
  resume(server, trusting_them());
}

TEST_F(OpenSslTls12Sessions, AreResumedByIdentifier) {
  Process server(showing_one({"-no_ticket"}));
  resume(server, trusting_them());
}

TEST_F(OpenSslTls12Sessions, AreResumedInOlderVersions) {
  for (const auto version : {tls10, tls11}) {
    for (const Arguments& more : {Arguments{}, Arguments{"-no_ticket"}}) {
      Process server(showing_one(more));
      resume(server, trusting_them(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, version));
    }
  }
}

TEST_F(OpenSslTls12Sessions, OfAnotherServerAreNotResumed) {
  std::optional<sesame::Session> session;
  auto options = trusting_them();
  options.on_session = [&](const sesame::Session& got) { session = got; };
  for (int i = 0; i < 2; ++i) {
    Process server(showing_one());
    Peer peer = connect(options, {.server_name = server_name, .session = session});
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << server.all();
    EXPECT_FALSE(peer.connection().resumed());
    talk(peer, server);
    ASSERT_TRUE(session);
  }
}

TEST_F(OpenSslTls12Sessions, OfAKeyAreResumed) {
  for (const Arguments& more : {Arguments{}, Arguments{"-no_ticket"}}) {
    Process server(with_key(more));
    auto options = only(tls12, CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256);
    options.credentials = {tls12_credential()};
    resume(server, options, 1);
  }
}

// ---- renegotiation ----

TEST_F(OpenSslTls12Server, AsksForANewHandshake) {
  for (const auto& [suite, version] :
       {std::pair(psk_suite, tls12), std::pair(psk_cbc_suite, tls12), std::pair(psk_cbc_suite, tls10)}) {
    Process server(with_key());
    auto options = only(version, suite);
    options.credentials = {tls12_credential()};
    options.renegotiation = sesame::Renegotiation::allow;
    Peer peer = connect(options);
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << server.all();
    talk(peer, server);
    for (int i = 0; i < 2; ++i) {
      server.write("r\n");
      const auto again = peer.be_renegotiated();
      ASSERT_TRUE(again) << why(again) << server.all();
      talk(peer, server);
    }
  }
}

TEST_F(OpenSslTls12Server, AsksForACertificateByANewHandshake) {
  const Issued own = root_.client("late", KeyType::rsa2048);
  Process server(showing_one({"-CAfile", roots_.path()}));
  auto options = trusting_them();
  options.certificates = {own.certified_key()};
  options.renegotiation = sesame::Renegotiation::allow;
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer, server);
  server.write("R\n");
  const auto again = peer.be_renegotiated();
  ASSERT_TRUE(again) << why(again) << server.all();
  talk(peer, server);
  server.wait_for("late");
}

TEST_F(OpenSslTls12Server, IsRefusedANewHandshakeByDefault) {
  Process server(with_key());
  Peer peer = connect(psk_client(psk_suite));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer, server);
  server.write("r\n");
  // We say no_renegotiation and would go on; s_server does not.
  const auto error = peer.receive_alert();
  EXPECT_TRUE(error.from_peer()) << error.message();
}

TEST_F(OpenSslTls12Server, RenegotiatesWhenWeAskForItAndItMay) {
  Process server(showing_one({"-client_renegotiation"}));
  auto options = trusting_them();
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer, server);
  const auto again = peer.renegotiate();
  ASSERT_TRUE(again) << why(again) << server.all();
  talk(peer, server);
}

TEST_F(OpenSslTls12Server, RefusesToRenegotiateAndTheConnectionGoesOn) {
  Process server(with_key());
  Peer peer = connect(psk_client(psk_suite));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  ASSERT_TRUE(peer.connection().renegotiate());
  talk(peer, server);
}

// ---- certificates ----

class OpenSslTls12ServerKey : public OpenSslTls12Server, public testing::WithParamInterface<KeyType> {
 protected:
  static sesame::ContextOptions all_suites_of_certificates(const Authority& root) {
    auto options = trusting(root);
    options.max_version = tls12;
    return options;
  }
};

TEST_P(OpenSslTls12ServerKey, IsVerified) {
  const Issued own = root_.server(std::string(server_name), GetParam());
  const CertificateFiles files(own);
  Process server(command(files.openssl()));
  Peer peer = connect(all_suites_of_certificates(root_));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(peer.connection().authentication(), Authentication::certificate);
  // The curve does not say the hash yet: any of ECDSA will do with any of them.
  const auto scheme = peer.connection().peer_signature_scheme();
  ASSERT_TRUE(scheme);
  if (const auto expected = name(scheme_of(GetParam())); expected.starts_with("ecdsa"))
    EXPECT_TRUE(name(*scheme).starts_with("ecdsa")) << name(*scheme);
  else
    EXPECT_EQ(name(*scheme), expected);
  EXPECT_EQ(octets_of(peer.connection().peer_certificates()), octets_of(own));
  talk(peer, server);
}

TEST_P(OpenSslTls12ServerKey, OfOurClientIsVerified) {
  const Issued own = root_.client("our client", GetParam());
  Process server(showing_one({"-Verify", "3", "-verify_return_error", "-CAfile", roots_.path()}));
  auto options = all_suites_of_certificates(root_);
  options.certificates = {own.certified_key()};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer, server);
  server.wait_for("our client");
}

INSTANTIATE_TEST_SUITE_P(All, OpenSslTls12ServerKey, testing::ValuesIn(usable_key_types),
                         [](const auto& test) { return std::string(name(test.param)); });

TEST_F(OpenSslTls12Server, VerifiesOurClientInOlderVersions) {
  for (const auto version : {tls10, tls11}) {
    for (const auto type : {KeyType::rsa2048, KeyType::p256}) {
      const Issued own = root_.client("our client", type);
      Process server(showing_one({"-Verify", "3", "-verify_return_error", "-CAfile", roots_.path()}));
      auto options = trusting_them(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, version);
      options.certificates = {own.certified_key()};
      Peer peer = connect(options);
      const auto done = peer.handshake();
      ASSERT_TRUE(done) << why(done) << server.all();
      talk(peer, server);
    }
  }
}

TEST_F(OpenSslTls12Server, RefusesAClientWithoutACertificate) {
  Process server(showing_one({"-Verify", "3", "-verify_return_error", "-CAfile", roots_.path()}));
  Peer peer = connect(trusting_them());
  const auto done = peer.handshake();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().alert(), Alert::handshake_failure) << why(done);
  EXPECT_TRUE(done.error().from_peer());
}

TEST_F(OpenSslTls12Server, OfAnotherNameOrAnUnknownAuthorityIsRefused) {
  Process server(showing_one());
  {
    Peer peer = connect(trusting_them(), {.server_name = "other.example"});
    const auto done = peer.handshake();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().reason(), Reason::certificate_name_mismatch) << why(done);
  }
  auto options = trusting_them();
  const Authority other;
  options.verification->trust = other.trust();
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().reason(), Reason::certificate_issuer_unknown) << why(done);
  server.wait_for("SSL alert number 48");
}

TEST_F(OpenSslTls12Server, StaplesAResponse) {
  const auto response = root_.ocsp(server_);
  const TemporaryFile file(sesame::as_text(response));
  Process server(showing_one({"-status_file", file.path()}));
  auto options = trusting_them();
  options.request_ocsp_response = true;
  options.verification->require_ocsp_response = true;
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(sesame::as_text(peer.connection().peer_ocsp_response()), sesame::as_text(response));
  talk(peer, server);
}

// ---- extensions ----

TEST_F(OpenSslTls12Server, AgreesOnAlpnServerNameAndExporter) {
  Process server(showing_one({"-alpn", "h2,http/1.1", "-keymatexport", "EXPORTER-sesame-test",
                              "-keymatexportlen", "40", "-tlsextdebug"}));
  auto options = trusting_them();
  options.alpn = {"mqtt", "http/1.1"};
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  EXPECT_EQ(peer.connection().alpn(), "http/1.1");
  std::string exported(40, '\0');
  const auto ok = peer.connection().export_keying_material(
      "EXPORTER-sesame-test", {}, {reinterpret_cast<std::uint8_t*>(exported.data()), exported.size()});
  ASSERT_TRUE(ok) << why(ok);
  server.wait_for("\"server name\" (id=0)");
  std::string upper = hex(exported);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  server.wait_for("Keying material: " + upper);
}

TEST_F(OpenSslTls12Server, MayLeaveEncryptThenMacOut) {
  for (const auto version : {tls10, tls11, tls12}) {
    for (const bool they : {true, false}) {
      Process server(with_key(they ? Arguments{"-no_etm"} : Arguments{}));
      auto options = psk_client(psk_cbc_suite, version);
      options.encrypt_then_mac = they;
      Peer peer = connect(options);
      const auto done = peer.handshake();
      ASSERT_TRUE(done) << why(done) << server.all();
      EXPECT_FALSE(peer.connection().encrypt_then_mac());
      talk(peer, server);
    }
  }
}

TEST_F(OpenSslTls12Server, MayLeaveTheExtendedMasterSecretOut) {
  const TemporaryFile configuration(
      "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nOptions = -ExtendedMasterSecret\n");
  Process server(Arguments{"env", "OPENSSL_CONF=" + configuration.path()} + with_key());
  auto options = psk_client(psk_suite);
  {
    Peer peer = connect(options);
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << server.all();
    EXPECT_FALSE(peer.connection().extended_master_secret());
    talk(peer, server);
  }
  options.require_extended_master_secret = true;
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().reason(), Reason::extended_master_secret_missing) << why(done);
}

TEST_F(OpenSslTls12Server, SendsRecordsOfTheLengthThatWeAskedFor) {
  for (const auto suite : {psk_suite, psk_cbc_suite}) {
    Process server(with_key({"-quiet"}));
    auto options = psk_client(suite);
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
}

TEST_F(OpenSslTls12Server, MovesMuchEachWay) {
  using enum CipherSuite;
  for (const auto& [suite, version] :
       {std::pair(psk_suite, tls12), std::pair(psk_cbc_suite, tls12), std::pair(psk_cbc_suite, tls11),
        std::pair(psk_cbc_suite, tls10), std::pair(TLS_PSK_WITH_CHACHA20_POLY1305_SHA256, tls12),
        std::pair(TLS_PSK_WITH_AES_128_CCM_8, tls12), std::pair(TLS_PSK_WITH_NULL_SHA256, tls12)}) {
    Process server(with_key({"-quiet"}));
    Peer peer = connect(psk_client(suite, version));
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << server.all();
    const std::string there = pattern(300'003), back = pattern(300'001);
    ASSERT_TRUE(peer.send(there));
    server.wait_for_output(there.size());
    EXPECT_TRUE(server.output() == there);
    const auto writer = std::async(std::launch::async, [&] { server.write(back); });
    const auto got = peer.receive(back.size());
    ASSERT_TRUE(got) << why(got);
    EXPECT_TRUE(*got == back);
  }
}

// ---- versions ----

TEST_F(OpenSslTls12Server, AgreesOnTheHighestVersionOfBothOrOnNone) {
  const auto all = {tls10, tls11, tls12, tls13};
  const auto both = sesame::Credential::create({.identity = sesame::as_bytes(identity),
                                                .key = sesame::as_bytes(key),
                                                .usage = sesame::PskUsage::tls13_and_tls12});
  ASSERT_TRUE(both);
  for (const auto their_min : all) {
    for (const auto their_max : all) {
      // Whole ranges from 1.0 on, and single versions: all others are between these.
      if (their_min > their_max || (their_min != their_max && their_min != tls10)) continue;
      Process server(
          with_key({"-min_protocol", openssl_name(their_min), "-max_protocol", openssl_name(their_max)}));
      for (const auto our_min : all) {
        for (const auto our_max : all) {
          if (our_min > our_max || (our_min != our_max && our_min != tls10)) continue;
          SCOPED_TRACE(openssl_name(their_min) + ".." + openssl_name(their_max) + " and ours " +
                       openssl_name(our_min) + ".." + openssl_name(our_max));
          sesame::ContextOptions options;
          options.min_version = our_min;
          options.max_version = our_max;
          options.cipher_suites.push_back(psk_cbc_suite);
          options.credentials = {*both};
          Peer peer = connect(options);
          const auto done = peer.handshake();
          if (std::max(their_min, our_min) <= std::min(their_max, our_max)) {
            ASSERT_TRUE(done) << why(done) << server.all();
            EXPECT_EQ(peer.connection().version(), std::min(their_max, our_max));
            EXPECT_EQ(sesame::as_text(peer.connection().psk_identity()), identity);
            talk(peer, server);
            ASSERT_TRUE(peer.close());
          } else {
            ASSERT_FALSE(done) << server.all();
            EXPECT_EQ(done.error().alert(), Alert::protocol_version) << why(done);
          }
        }
      }
    }
  }
}

TEST_F(OpenSslTls12Server, WithoutACommonSuiteRefuses) {
  Process server(with_key());
  auto options = trusting_them();
  Peer peer = connect(options);  // it has no certificate
  const auto done = peer.handshake();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().alert(), Alert::handshake_failure) << why(done);
}

// ---- secrets, and the end ----

TEST_F(OpenSslTls12Server, LogsTheSameSecrets) {
  for (const auto version : {tls10, tls12}) {
    const TemporaryFile log("");
    std::vector<std::string> lines;
    auto options = psk_client(psk_cbc_suite, version);
    options.key_log = [&](std::string_view line) { lines.emplace_back(line); };
    Process server(with_key({"-keylogfile", log.path()}));
    Peer peer = connect(options);
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << server.all();
    talk(peer, server);
    std::ifstream file(log.path());
    std::vector<std::string> theirs;
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with("#")) theirs.push_back(line);
    }
    EXPECT_EQ(lines, theirs);
    EXPECT_EQ(lines.size(), 1U);
  }
}

TEST_F(OpenSslTls12Server, ClosesAndWeCanStillSend) {
  Process server(with_key({"-www"}));  // says close_notify behind its page
  Peer peer = connect(psk_client(psk_suite));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  ASSERT_TRUE(peer.send("GET / HTTP/1.0\r\n\r\n"));
  const auto page = peer.receive_to_end();
  ASSERT_TRUE(page) << why(page);
  EXPECT_NE(page->find("HTTP/1.0 200 ok"), std::string::npos);
  EXPECT_TRUE(peer.connection().read_closed());
  EXPECT_TRUE(peer.connection().close());
}

TEST_F(OpenSslTls12Server, ThatDiesIsReportedAsTruncation) {
  Process server(with_key());
  Peer peer = connect(psk_client(psk_suite));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << server.all();
  talk(peer, server);
  server.kill();
  const auto rest = peer.receive_to_end();
  ASSERT_FALSE(rest);
  EXPECT_EQ(rest.error().reason(), Reason::truncated);
}

}  // namespace
}  // namespace interop
