// GnuTLS's gnutls-cli and gnutls-serv of TLS 1.2 and below, each way.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "interop/tls12.h"

namespace interop {
namespace {

using sesame::Alert;
using sesame::Authentication;
using sesame::CipherSuite;
using sesame::ClientCertificates;
using sesame::KeyExchangeMethod;
using sesame::ProtocolVersion;
using sesame::Reason;

constexpr auto psk_suite = CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256;
constexpr auto psk_cbc_suite = CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA;
constexpr auto ecdsa_suite = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
constexpr std::size_t line_size = 3000;

// All that GnuTLS has below TLS 1.3, but for 3DES, RC4, DSA and SRP.
std::string everything(std::initializer_list<ProtocolVersion> versions) {
  std::string out = "NONE";
  for (const auto version : versions) {
    out += ":+VERS-TLS1." + std::to_string(static_cast<int>(version) - static_cast<int>(tls10));
  }
  return out +
         ":+CIPHER-ALL:+MAC-ALL:+KX-ALL:+PSK:+DHE-PSK:+ECDHE-PSK:+RSA-PSK:+RSA:+ANON-DH:+ANON-ECDH:+NULL"
         ":+CAMELLIA-128-CBC:+CAMELLIA-256-CBC:+AES-128-CCM-8:+AES-256-CCM-8:+AES-128-CCM:+AES-256-CCM"
         ":+AES-128-CBC:+AES-256-CBC:+SHA384:+SHA256:+SHA1:+MD5:+SIGN-ALL:+GROUP-ALL:+CTYPE-ALL:+COMP-NULL";
}
const std::string all_versions = everything({tls12, tls11, tls10});

struct GnuTlsSuite {
  CipherSuite suite;
  KeyExchangeMethod key_exchange;
  bool before_tls12;
};

// GnuTLS's names are its own: "TLS_PSK_AES_128_GCM_SHA256", "TLS_ECDH_ANON_..." and so on.
KeyExchangeMethod key_exchange_of_name(std::string_view name) {
  using enum KeyExchangeMethod;
  constexpr std::pair<std::string_view, KeyExchangeMethod> beginnings[] = {
      {"TLS_DHE_PSK_", dhe_psk},         {"TLS_ECDHE_PSK_", ecdhe_psk},
      {"TLS_RSA_PSK_", rsa_psk},         {"TLS_PSK_", psk},
      {"TLS_ECDHE_ECDSA_", ecdhe_ecdsa}, {"TLS_ECDHE_RSA_", ecdhe_rsa},
      {"TLS_DHE_RSA_", dhe_rsa},         {"TLS_RSA_", rsa},
      {"TLS_DH_ANON_", dh_anon},         {"TLS_ECDH_ANON_", ecdh_anon},
  };
  for (const auto& [beginning, method] : beginnings) {
    if (name.starts_with(beginning)) return method;
  }
  return any;
}

class GnuTlsTls12 : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_program("gnutls-cli") || !has_program("gnutls-serv"))
      GTEST_SKIP() << "there is no gnutls-cli here (Debian: gnutls-bin)";
  }

  // What gnutls-cli lists now and we have too: not Camellia in GCM.
  static std::vector<GnuTlsSuite> suites() {
    Process lister({"gnutls-cli", "-l", "--priority", all_versions});
    lister.close_input();
    lister.wait();
    std::vector<GnuTlsSuite> out;
    std::istringstream lines(lister.output());
    for (std::string line; std::getline(lines, line);) {
      // TLS_PSK_AES_128_GCM_SHA256   0x00, 0xa8	TLS1.2
      std::istringstream words(line);
      std::string text, high, low, version;
      if (!(words >> text >> high >> low >> version) || high.size() != 5 || low.size() != 4) continue;
      std::uint16_t value = 0;
      const std::string number = high.substr(2, 2) + low.substr(2, 2);
      std::from_chars(number.data(), number.data() + 4, value, 16);
      const auto suite = static_cast<CipherSuite>(value);
      if (name(suite) == "unknown") continue;
      out.push_back({suite, key_exchange_of_name(text), version != "TLS1.2"});
    }
    return out;
  }

  Arguments server(const std::string& priority, const Arguments& more = {}) {
    port_ = free_port();
    return gnutls_serv(port_, priority, keys_, more + Arguments{"--disable-client-cert"});
  }
  Arguments certificates() const { return ours_.ecdsa_files().gnutls() + ours_.rsa_files().gnutls(); }
  Peer connect(sesame::ContextOptions options, std::optional<sesame::Session> session = {}) const {
    auto connection = sesame::Connection::client(make_context(std::move(options)),
                                                 {.server_name = server_name, .session = std::move(session)});
    if (!connection) throw std::runtime_error(connection.error().message());
    return {connect_to(port_), std::move(*connection)};
  }
  static void echo(Peer& peer, Process& server) {
    const std::string line = letters(line_size) + "\n";
    const auto sent = peer.send(line);
    ASSERT_TRUE(sent) << why(sent);
    const auto got = peer.receive(line.size());
    ASSERT_TRUE(got) << why(got) << server.all();
    EXPECT_EQ(*got, line);
  }

  Arguments client(const std::string& priority, const Arguments& more = {}) const {
    return gnutls_cli(listener_.port(), priority, more);
  }
  Arguments trusting() const {
    return {"--x509cafile=" + ours_.roots().path(), "--sni-hostname=" + std::string(server_name),
            "--verify-hostname=" + std::string(server_name)};
  }
  Peer serve(sesame::ContextOptions options) { return {listener_.accept(), make_server(std::move(options))}; }
  static void talk(Peer& peer, Process& client) {
    const std::string line = letters(line_size) + "\n";
    client.write(line);
    const auto got = peer.receive(line.size());
    ASSERT_TRUE(got) << why(got) << client.all();
    EXPECT_EQ(*got, line);
    const auto sent = peer.send("from our server\n");
    ASSERT_TRUE(sent) << why(sent);
    client.wait_for("from our server\n");
  }

  // gnutls-cli 3.7.9 crashes over its own report of such a handshake, whoever the server is: that data goes
  // both ways in these is tested with gnutls-serv.
  static bool falls_over(KeyExchangeMethod method) {
    return method == KeyExchangeMethod::dhe_psk || method == KeyExchangeMethod::ecdhe_psk;
  }

  static void check(const sesame::Connection& connection, const GnuTlsSuite& suite, ProtocolVersion version) {
    EXPECT_EQ(connection.version(), version);
    EXPECT_EQ(connection.cipher_suite(), suite.suite);
    EXPECT_EQ(connection.key_exchange(), suite.key_exchange);
    EXPECT_EQ(sesame::as_text(connection.psk_identity()), uses_psk(suite.key_exchange) ? identity : "");
    EXPECT_TRUE(connection.extended_master_secret());
    EXPECT_TRUE(connection.secure_renegotiation());
    const bool uses_cbc = std::string(name(suite.suite)).find("_CBC_") != std::string::npos;
    EXPECT_EQ(connection.encrypt_then_mac(), uses_cbc);
  }

  std::uint16_t port_ = 0;
  Listener listener_;
  const ServerIdentity ours_;
  const TemporaryFile keys_{gnutls_key_line("alice", wrong_key) + gnutls_key_line(identity, key)};
};

// ---- every suite ----

TEST_F(GnuTlsTls12, ServerHasEverySuiteOfOurs) {
  Process process(server(all_versions, certificates()));
  std::size_t tried = 0;
  for (const GnuTlsSuite& suite : suites()) {
    for (const auto version : {tls12, tls11, tls10}) {
      if (version != tls12 && !suite.before_tls12) continue;
      SCOPED_TRACE(std::string(name(suite.suite)) + " " + openssl_name(version));
      auto options = only(version, suite.suite);
      ours_.prepare_client(options, suite.key_exchange);
      Peer peer = connect(options);
      const auto done = peer.handshake();
      EXPECT_TRUE(done) << why(done);
      if (!done) continue;
      check(peer.connection(), suite, version);
      echo(peer, process);
      EXPECT_TRUE(peer.close());
      ++tried;
    }
  }
  EXPECT_GE(tried, 150U);
}

TEST_F(GnuTlsTls12, ClientHasEverySuiteOfOurs) {
  std::size_t tried = 0;
  for (const GnuTlsSuite& suite : suites()) {
    for (const auto version : {tls12, tls10}) {
      if (version != tls12 && !suite.before_tls12) continue;
      SCOPED_TRACE(std::string(name(suite.suite)) + " " + openssl_name(version));
      Process process(client(everything({version}), trusting()));
      auto options = only(version, suite.suite);
      ours_.prepare_server(options);
      Peer peer = serve(options);
      const auto done = peer.handshake();
      EXPECT_TRUE(done) << why(done) << process.all();
      if (!done) continue;
      check(peer.connection(), suite, version);
      ++tried;
      if (falls_over(suite.key_exchange))
        process.wait();
      else
        talk(peer, process);
    }
  }
  EXPECT_GE(tried, 120U);
}

// ---- keys ----

TEST_F(GnuTlsTls12, RefusesAnotherKey) {
  Process process(server(all_versions));
  for (const auto suite : {psk_suite, psk_cbc_suite, CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA}) {
    auto options = only(tls12, suite);
    options.credentials = {tls12_credential(identity, wrong_key)};
    Peer peer = connect(options);
    const auto done = peer.handshake();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().reason(), Reason::alert_received) << why(done);
    EXPECT_EQ(done.error().alert(), Alert::bad_record_mac) << why(done);
  }
}

TEST_F(GnuTlsTls12, CannotTellAWrongKeyFromAnUnknownIdentity) {
  for (const auto suite : {psk_suite, psk_cbc_suite}) {
    std::vector<Alert> alerts;
    for (const auto& [who, their_key] :
         {std::pair(identity, wrong_key), std::pair(std::string_view("mallory"), key)}) {
      Process process({"gnutls-cli", "--pskusername", std::string(who), "--pskkey", hex(their_key),
                       "--priority", all_versions, "--port", std::to_string(listener_.port()), "127.0.0.1"});
      Peer peer = serve(psk_server(suite));
      const auto done = peer.handshake();
      ASSERT_FALSE(done) << process.all();
      alerts.push_back(done.error().alert());
      process.wait_for("Received alert [" + std::to_string(static_cast<int>(done.error().alert())) + "]");
    }
    EXPECT_EQ(alerts[0], alerts[1]);
  }
}

TEST_F(GnuTlsTls12, TellsAndSeesTheHint) {
  {
    Process process(server(all_versions, {"--pskhint", "ask for bob"}));
    Peer peer = connect(psk_client(psk_suite));
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << process.all();
    ASSERT_TRUE(peer.connection().psk_identity_hint());
    EXPECT_EQ(sesame::as_text(*peer.connection().psk_identity_hint()), "ask for bob");
    echo(peer, process);
  }
  Process process(client(all_versions));
  auto options = psk_server(psk_suite);
  options.psk_identity_hint = "ask for bob";
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << process.all();
  talk(peer, process);
  process.wait_for("PSK hint 'ask for bob'");
}

// ---- sessions ----

TEST_F(GnuTlsTls12, ServerResumesByTicketAndByIdentifier) {
  for (const Arguments& more : {Arguments{}, Arguments{"--noticket"}}) {
    for (const auto version : {tls12, tls10}) {
      SCOPED_TRACE(more.size());
      Process process(server(everything({version}), certificates() + more));
      auto options =
          only(version, version == tls12 ? ecdsa_suite : CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA);
      ours_.prepare_client(options, KeyExchangeMethod::ecdhe_ecdsa);
      std::optional<sesame::Session> session;
      options.on_session = [&](const sesame::Session& got) { session = got; };
      for (int i = 0; i < 3; ++i) {
        Peer peer = connect(options, session);
        const auto done = peer.handshake();
        ASSERT_TRUE(done) << why(done) << process.all();
        EXPECT_EQ(peer.connection().resumed(), i > 0);
        echo(peer, process);
        ASSERT_TRUE(peer.close());
      }
    }
  }
}

TEST_F(GnuTlsTls12, ClientResumesByTicketAndByIdentifier) {
  for (const bool tickets : {true, false}) {
    for (const auto version : {tls12, tls10}) {
      SCOPED_TRACE(tickets);
      Arguments more = trusting() + Arguments{"--resume"};
      if (!tickets) more.emplace_back("--noticket");
      Process process(client(everything({version}), more));
      auto options =
          only(version, version == tls12 ? ecdsa_suite : CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA);
      ours_.prepare_server(options);
      if (tickets)
        options.tickets.issuer = std::make_shared<sesame::TicketKeys>();
      else
        options.tickets.issuer = std::make_shared<sesame::SessionCache>();
      {
        Peer peer = serve(options);
        const auto done = peer.handshake();
        ASSERT_TRUE(done) << why(done) << process.all();
        ASSERT_TRUE(peer.receive_to_end()) << process.all();
        (void)peer.close();
      }
      Peer peer = serve(options);
      const auto done = peer.handshake();
      ASSERT_TRUE(done) << why(done) << process.all();
      EXPECT_TRUE(peer.connection().resumed()) << process.all();
      talk(peer, process);
      process.wait_for("This is a resumed session");
    }
  }
}

// ---- renegotiation ----

TEST_F(GnuTlsTls12, ClientRenegotiates) {
  for (const auto& [suite, version] : {std::pair(psk_suite, tls12), std::pair(psk_cbc_suite, tls10)}) {
    Process process(client(everything({version}), {"--inline-commands"}));
    auto options = psk_server(suite, version);
    options.renegotiation = sesame::Renegotiation::allow;
    Peer peer = serve(options);
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << process.all();
    talk(peer, process);
    process.write("^renegotiate^\n");
    const auto theirs = peer.be_renegotiated();
    ASSERT_TRUE(theirs) << why(theirs) << process.all();
    talk(peer, process);
    const auto ours = peer.renegotiate();
    ASSERT_TRUE(ours) << why(ours) << process.all();
    talk(peer, process);
  }
}

TEST_F(GnuTlsTls12, ServerRenegotiatesWhenWeAskForIt) {
  for (const auto& [suite, version] : {std::pair(psk_suite, tls12), std::pair(psk_cbc_suite, tls10)}) {
    Process process(server(everything({version})));
    Peer peer = connect(psk_client(suite, version));
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << process.all();
    echo(peer, process);
    const auto again = peer.renegotiate();
    ASSERT_TRUE(again) << why(again) << process.all();
    echo(peer, process);
  }
}

// ---- certificates ----

TEST_F(GnuTlsTls12, ServerVerifiesOurCertificate) {
  for (const auto type :
       {KeyType::p256, KeyType::p384, KeyType::rsa2048, KeyType::rsa_pss, KeyType::ed25519}) {
    SCOPED_TRACE(name(type));
    const Issued own = ours_.root().client("ours", type);
    port_ = free_port();
    Process process(Arguments{"gnutls-serv", "--echo", "--priority", everything({tls12}), "--port",
                              std::to_string(port_), "--require-client-cert", "--verify-client-cert",
                              "--x509cafile=" + ours_.roots().path()} +
                    certificates());
    auto options = only(tls12, ecdsa_suite);
    ours_.prepare_client(options, KeyExchangeMethod::ecdhe_ecdsa);
    options.certificates = {own.certified_key()};
    Peer peer = connect(options);
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << process.all();
    echo(peer, process);
  }
}

TEST_F(GnuTlsTls12, ClientVerifiesOurCertificateAndShowsItsOwn) {
  for (const auto type :
       {KeyType::p256, KeyType::p384, KeyType::rsa2048, KeyType::rsa_pss, KeyType::ed25519}) {
    SCOPED_TRACE(name(type));
    const Issued own = ours_.root().client("theirs", type);
    const CertificateFiles files(own);
    Process process(client(everything({tls12}), trusting() + files.gnutls()));
    auto options = showing(ours_.root().server(std::string(server_name), type));
    options.max_version = tls12;
    options.client_certificates = ClientCertificates::require;
    options.verification = sesame::VerificationOptions{.trust = ours_.root().trust()};
    Peer peer = serve(options);
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << process.all();
    EXPECT_EQ(peer.connection().authentication(), Authentication::certificate);
    EXPECT_EQ(octets_of(peer.connection().peer_certificates()), octets_of(own));
    talk(peer, process);
  }
}

// ---- extensions ----

TEST_F(GnuTlsTls12, MayLeaveEncryptThenMacAndTheExtendedMasterSecretOut) {
  for (const auto version : {tls12, tls11, tls10}) {
    const std::string priority = everything({version}) + ":%NO_ETM:%NO_SESSION_HASH";
    {
      Process process(server(priority));
      Peer peer = connect(psk_client(psk_cbc_suite, version));
      const auto done = peer.handshake();
      ASSERT_TRUE(done) << why(done) << process.all();
      EXPECT_FALSE(peer.connection().encrypt_then_mac());
      EXPECT_FALSE(peer.connection().extended_master_secret());
      echo(peer, process);
    }
    Process process(client(priority));
    Peer peer = serve(psk_server(psk_cbc_suite, version));
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << process.all();
    EXPECT_FALSE(peer.connection().encrypt_then_mac());
    EXPECT_FALSE(peer.connection().extended_master_secret());
    talk(peer, process);
  }
}

TEST_F(GnuTlsTls12, AgreesOnAlpnServerNameExporterAndRecordSizeLimit) {
  {
    Process process(
        server(everything({tls12}),
               certificates() + Arguments{"--alpn=http/1.1", "--sni-hostname=server.example",
                                          "--sni-hostname-fatal", "--keymatexport=EXPORTER-sesame-test",
                                          "--keymatexportsize=40", "--recordsize=1024"}));
    auto options = only(tls12, ecdsa_suite);
    ours_.prepare_client(options, KeyExchangeMethod::ecdhe_ecdsa);
    options.alpn = {"mqtt", "http/1.1"};
    options.record_size_limit = 600;
    Peer peer = connect(options);
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << process.all();
    EXPECT_EQ(peer.connection().alpn(), "http/1.1");
    std::string exported(40, '\0');
    const auto ok = peer.connection().export_keying_material(
        "EXPORTER-sesame-test", {}, {reinterpret_cast<std::uint8_t*>(exported.data()), exported.size()});
    ASSERT_TRUE(ok) << why(ok);
    process.wait_for("Key material: " + hex(exported));
    echo(peer, process);
    EXPECT_LE(*std::max_element(peer.record_sizes().begin(), peer.record_sizes().end()), 600U);
  }
  Process process(client(everything({tls12}), trusting() + Arguments{"--alpn=mqtt", "--recordsize=600"}));
  auto options = only(tls12, ecdsa_suite);
  ours_.prepare_server(options);
  options.alpn = {"mqtt"};
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << process.all();
  EXPECT_EQ(peer.connection().alpn(), "mqtt");
  EXPECT_EQ(peer.connection().server_name(), server_name);
  // One record: gnutls-cli forgets what did not fit into the first.
  process.write("from the client\n");
  const auto got = peer.receive(16);
  ASSERT_TRUE(got) << why(got);
  EXPECT_EQ(*got, "from the client\n");
}

// ---- versions ----

TEST_F(GnuTlsTls12, AgreesOnTheHighestVersionOfBothOrOnNone) {
  // 1.3 has tests of its own; here is what is below it, on one side or on both.
  for (const auto theirs : {std::vector{tls12, tls11, tls10}, {tls12}, {tls11}, {tls10}}) {
    std::string priority;
    if (theirs.size() == 1)
      priority = everything({theirs[0]});
    else
      priority = all_versions;
    Process their_server(server(priority));
    for (const auto our_max : {tls10, tls11, tls12}) {
      SCOPED_TRACE(priority.substr(0, 50) + " and ours up to " + openssl_name(our_max));
      const auto lowest = *std::ranges::min_element(theirs);
      const auto expected = std::min(our_max, theirs[0]);
      auto options = psk_client(psk_cbc_suite, our_max);
      options.min_version = tls10;
      options.psk_source = tls12_keyring();
      {
        Peer peer = connect(options);
        const auto done = peer.handshake();
        ASSERT_EQ(done.has_value(), lowest <= our_max) << why(done) << their_server.all();
        if (done) {
          EXPECT_EQ(peer.connection().version(), expected);
          echo(peer, their_server);
        } else {
          EXPECT_EQ(done.error().alert(), Alert::protocol_version) << why(done);
        }
      }
      Process their_client(client(priority));
      Peer peer = serve(options);
      const auto done = peer.handshake();
      ASSERT_EQ(done.has_value(), lowest <= our_max) << why(done) << their_client.all();
      if (done) {
        EXPECT_EQ(peer.connection().version(), expected);
        talk(peer, their_client);
      }
    }
  }
}

// ---- the end ----

TEST_F(GnuTlsTls12, ClosesProperly) {
  {
    Process process(server(all_versions));
    Peer peer = connect(psk_client(psk_suite));
    ASSERT_TRUE(peer.handshake()) << process.all();
    echo(peer, process);
    ASSERT_TRUE(peer.close());
    const auto rest = peer.receive_to_end();
    EXPECT_TRUE(rest) << why(rest);
  }
  Process process(client(all_versions));
  Peer peer = serve(psk_server(psk_suite));
  ASSERT_TRUE(peer.handshake()) << process.all();
  talk(peer, process);
  process.close_input();
  const auto rest = peer.receive_to_end();
  EXPECT_TRUE(rest) << why(rest);
}

}  // namespace
}  // namespace interop
