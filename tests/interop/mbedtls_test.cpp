// mbedTLS 2.28, as small devices have it, each way. tests/mbedtls_peer is the program.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "interop/tls12.h"

#ifndef SESAME_MBEDTLS_PEER
#define SESAME_MBEDTLS_PEER ""
#endif

namespace interop {
namespace {

using sesame::Alert;
using sesame::Authentication;
using sesame::CipherSuite;
using sesame::ClientCertificates;
using sesame::KeyExchangeMethod;
using sesame::ProtocolVersion;
using sesame::Reason;

constexpr std::string_view program = SESAME_MBEDTLS_PEER;
constexpr auto psk_suite = CipherSuite::TLS_PSK_WITH_AES_128_CCM_8;
constexpr auto psk_cbc_suite = CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA;
constexpr auto ecdsa_suite = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8;
constexpr std::size_t line_size = 3000;

std::string value_of(CipherSuite suite) {
  const auto value = static_cast<std::uint16_t>(suite);
  return hex(std::string{static_cast<char>(value >> 8), static_cast<char>(value)});
}

// The number that mbedtls_peer calls a version by: 0 is TLS 1.0.
int minor_of(ProtocolVersion version) { return static_cast<int>(version) - static_cast<int>(tls10); }

struct MbedTlsSuite {
  CipherSuite suite;
  KeyExchangeMethod key_exchange;
  bool before_tls12;
};

KeyExchangeMethod key_exchange_of_name(std::string_view name) {
  using enum KeyExchangeMethod;
  constexpr std::pair<std::string_view, KeyExchangeMethod> beginnings[] = {
      {"TLS_PSK_DHE_", dhe_psk},     {"TLS_PSK_", psk},         {"TLS_DHE_PSK_", dhe_psk},
      {"TLS_ECDHE_PSK_", ecdhe_psk}, {"TLS_RSA_PSK_", rsa_psk}, {"TLS_ECDHE_ECDSA_", ecdhe_ecdsa},
      {"TLS_ECDHE_RSA_", ecdhe_rsa}, {"TLS_DHE_RSA_", dhe_rsa}, {"TLS_RSA_", rsa},
  };
  for (const auto& [beginning, method] : beginnings) {
    if (name.starts_with(beginning)) return method;
  }
  return any;
}

class MbedTls : public testing::Test {
 protected:
  void SetUp() override {
    if (program.empty()) GTEST_SKIP() << "mbedTLS 2 was not here at the build (Debian: libmbedtls-dev)";
  }

  // Those that both have: of the rest (single DES, RC4, 3DES and fixed ECDH) we know nothing.
  static std::vector<MbedTlsSuite> suites() {
    Process lister({std::string(program), "suites"});
    lister.wait();
    std::vector<MbedTlsSuite> out;
    std::istringstream lines(lister.output());
    std::string value, text;
    for (int lowest = 0, highest = 0; lines >> value >> lowest >> highest >> text;) {
      std::uint16_t number = 0;
      std::from_chars(value.data(), value.data() + value.size(), number, 16);
      const auto suite = static_cast<CipherSuite>(number);
      const auto method = key_exchange_of_name(name(suite));
      if (method != KeyExchangeMethod::any) out.push_back({suite, method, lowest < 3});
    }
    return out;
  }
  static Arguments versions(ProtocolVersion min, ProtocolVersion max) {
    return {"--min", std::to_string(minor_of(min)), "--max", std::to_string(minor_of(max))};
  }
  static Arguments with_key(std::string_view psk = key, std::string_view id = identity) {
    return {"--psk", hex(psk), "--identity-hex", hex(id)};
  }
  // A suite that mbedTLS has in an older version than we do, as some of SHA-256, is passed over there.
  static bool has(const MbedTlsSuite& suite, ProtocolVersion version) {
    if (version == tls12) return true;
    return suite.before_tls12 && sesame::Context::create(only(version, suite.suite)).has_value();
  }
  // Certificates of both kinds are more than mbedtls_peer takes: the one that fits.
  Arguments certificate(KeyExchangeMethod method) const {
    const CertificateFiles& files =
        method == KeyExchangeMethod::ecdhe_ecdsa ? ours_.ecdsa_files() : ours_.rsa_files();
    return {"--cert", files.chain.path(), "--key", files.key.path()};
  }
  Arguments trusting() const { return {"--ca", ours_.roots().path(), "--name", std::string(server_name)}; }

  // ---- their server ----

  Arguments server(const Arguments& more) {
    port_ = free_port();
    return Arguments{std::string(program), "server", std::to_string(port_), "--connections", "1000"} + more;
  }
  Peer connect(sesame::ContextOptions options, std::optional<sesame::Session> session = {}) const {
    auto connection = sesame::Connection::client(make_context(std::move(options)),
                                                 {.server_name = server_name, .session = std::move(session)});
    if (!connection) throw std::runtime_error(connection.error().message());
    return {connect_to(port_), std::move(*connection)};
  }
  // It sends back what comes.
  static void echo(Peer& peer, Process& server) {
    const std::string line = letters(line_size) + "\n";
    const auto sent = peer.send(line);
    ASSERT_TRUE(sent) << why(sent);
    const auto got = peer.receive(line.size());
    ASSERT_TRUE(got) << why(got) << server.all();
    EXPECT_EQ(*got, line);
  }

  // ---- their client ----

  Arguments client(const Arguments& more) const {
    return Arguments{std::string(program), "client", std::to_string(listener_.port())} + more;
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

  static void check(const sesame::Connection& connection, const MbedTlsSuite& suite,
                    ProtocolVersion version) {
    EXPECT_EQ(connection.version(), version);
    EXPECT_EQ(connection.cipher_suite(), suite.suite);
    EXPECT_EQ(connection.key_exchange(), suite.key_exchange);
    EXPECT_EQ(sesame::as_text(connection.psk_identity()), uses_psk(suite.key_exchange) ? identity : "");
    EXPECT_TRUE(connection.extended_master_secret());
    const bool uses_cbc = std::string(name(suite.suite)).find("_CBC_") != std::string::npos;
    EXPECT_EQ(connection.encrypt_then_mac(), uses_cbc);
  }

  std::uint16_t port_ = 0;
  Listener listener_;
  const ServerIdentity ours_;
};

// ---- every suite ----

TEST_F(MbedTls, ServerHasEverySuiteOfOurs) {
  std::size_t tried = 0, by_key = 0;
  for (const bool ecdsa : {false, true}) {
    Process process(server(with_key() + versions(tls10, tls12) +
                           certificate(ecdsa ? KeyExchangeMethod::ecdhe_ecdsa : KeyExchangeMethod::rsa)));
    for (const MbedTlsSuite& suite : suites()) {
      if (ecdsa != (suite.key_exchange == KeyExchangeMethod::ecdhe_ecdsa)) continue;
      for (const auto version : {tls12, tls11, tls10}) {
        if (!has(suite, version)) continue;
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
        (void)peer.receive_to_end();
        ++tried;
        by_key += uses_psk(suite.key_exchange);
      }
    }
  }
  EXPECT_GE(tried, 120U);
  EXPECT_GE(by_key, 60U);
}

TEST_F(MbedTls, ClientHasEverySuiteOfOurs) {
  std::size_t tried = 0;
  for (const MbedTlsSuite& suite : suites()) {
    for (const auto version : {tls12, tls11, tls10}) {
      if (!has(suite, version)) continue;
      SCOPED_TRACE(std::string(name(suite.suite)) + " " + openssl_name(version));
      Process process(client(with_key() + versions(version, version) + trusting() +
                             Arguments{"--suite", value_of(suite.suite)}));
      auto options = only(version, suite.suite);
      ours_.prepare_server(options);
      Peer peer = serve(options);
      const auto done = peer.handshake();
      EXPECT_TRUE(done) << why(done) << process.all();
      if (!done) continue;
      check(peer.connection(), suite, version);
      talk(peer, process);
      ++tried;
    }
  }
  EXPECT_GE(tried, 120U);
}

// ---- keys ----

TEST_F(MbedTls, RefusesAnotherKeyAndAnUnknownIdentity) {
  Process process(server(with_key()));
  auto options = only(tls12, psk_suite);
  options.credentials = {tls12_credential(identity, wrong_key)};
  Peer wrong = connect(options);
  const auto wrong_done = wrong.handshake();
  ASSERT_FALSE(wrong_done);
  EXPECT_EQ(wrong_done.error().alert(), Alert::bad_record_mac) << why(wrong_done);
  options.credentials = {tls12_credential("mallory")};
  Peer unknown = connect(options);
  const auto unknown_done = unknown.handshake();
  ASSERT_FALSE(unknown_done);
  EXPECT_EQ(unknown_done.error().alert(), Alert::unknown_psk_identity) << why(unknown_done);
}

TEST_F(MbedTls, CannotTellAWrongKeyFromAnUnknownIdentity) {
  for (const auto suite : {psk_suite, psk_cbc_suite, CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256}) {
    std::vector<Alert> alerts;
    for (const Arguments& who : {with_key(wrong_key), with_key(key, "mallory")}) {
      Process process(client(who + Arguments{"--suite", value_of(suite)}));
      Peer peer = serve(psk_server(suite));
      const auto done = peer.handshake();
      ASSERT_FALSE(done) << process.all();
      alerts.push_back(done.error().alert());
      EXPECT_EQ(process.wait(), 1);
    }
    EXPECT_EQ(alerts[0], alerts[1]);
  }
}

TEST_F(MbedTls, HasIdentitiesOfAnyValue) {
  std::string every;
  for (int c = 0; c < 256; ++c) every += static_cast<char>(c);
  for (const std::string& id : {every, std::string(1000, 'x'), std::string(3, '\0')}) {
    {
      Process process(client(with_key(key, id) + Arguments{"--suite", value_of(psk_suite)}));
      auto options = psk_server(psk_suite);
      options.psk_source = tls12_keyring(id, key);
      Peer peer = serve(options);
      const auto done = peer.handshake();
      ASSERT_TRUE(done) << why(done) << process.all();
      EXPECT_TRUE(sesame::as_text(peer.connection().psk_identity()) == id);
      talk(peer, process);
    }
    Process process(server(with_key(key, id)));
    auto options = only(tls12, psk_suite);
    options.credentials = {tls12_credential(id)};
    Peer peer = connect(options);
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << process.all();
    echo(peer, process);
  }
}

// ---- sessions ----

TEST_F(MbedTls, ServerResumesByTicketAndByIdentifier) {
  for (const char* how : {"--tickets", "--cache"}) {
    for (const auto version : {tls12, tls10}) {
      SCOPED_TRACE(how);
      Process process(server(with_key() + versions(version, version) + Arguments{how}));
      auto options = psk_client(CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA, version);
      std::optional<sesame::Session> session;
      options.on_session = [&](const sesame::Session& got) { session = got; };
      for (int i = 0; i < 3; ++i) {
        Peer peer = connect(options, session);
        const auto done = peer.handshake();
        ASSERT_TRUE(done) << why(done) << process.all();
        EXPECT_EQ(peer.connection().resumed(), i > 0);
        EXPECT_EQ(sesame::as_text(peer.connection().psk_identity()), identity);
        echo(peer, process);
        ASSERT_TRUE(peer.close());
        ASSERT_TRUE(peer.receive_to_end());
      }
    }
  }
}

TEST_F(MbedTls, ClientResumesByTicketAndByIdentifier) {
  for (const bool tickets : {true, false}) {
    for (const auto version : {tls12, tls10}) {
      SCOPED_TRACE(tickets);
      const auto suite = version == tls12 ? ecdsa_suite : CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA;
      Process process(client(versions(version, version) + trusting() +
                             Arguments{"--connections", "3", "--suite", value_of(suite)} +
                             (tickets ? Arguments{"--tickets"} : Arguments{})));
      auto options = only(version, suite);
      ours_.prepare_server(options);
      if (tickets)
        options.tickets.issuer = std::make_shared<sesame::TicketKeys>();
      else
        options.tickets.issuer = std::make_shared<sesame::SessionCache>();
      for (int i = 0; i < 3; ++i) {
        Peer peer = serve(options);
        const auto done = peer.handshake();
        ASSERT_TRUE(done) << why(done) << process.all();
        EXPECT_EQ(peer.connection().resumed(), i > 0);
        talk(peer, process);
        process.write("Q\n");
        ASSERT_TRUE(peer.receive_to_end());
        ASSERT_TRUE(peer.close());
      }
      EXPECT_EQ(process.wait(), 0) << process.all();
    }
  }
}

// ---- renegotiation ----

TEST_F(MbedTls, ServerRenegotiates) {
  Process process(server(with_key() + Arguments{"--renegotiation"}));
  auto options = psk_client(psk_suite);
  options.renegotiation = sesame::Renegotiation::allow;
  Peer peer = connect(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << process.all();
  echo(peer, process);
  const auto ours = peer.renegotiate();
  ASSERT_TRUE(ours) << why(ours) << process.all();
  echo(peer, process);
  process.write("R\n");
  const auto theirs = peer.be_renegotiated();
  ASSERT_TRUE(theirs) << why(theirs) << process.all();
  echo(peer, process);
}

TEST_F(MbedTls, ServerThatDoesNotRenegotiateGoesOn) {
  Process process(server(with_key()));
  Peer peer = connect(psk_client(psk_suite));
  ASSERT_TRUE(peer.handshake()) << process.all();
  ASSERT_TRUE(peer.connection().renegotiate());
  echo(peer, process);
}

TEST_F(MbedTls, ClientRenegotiates) {
  for (const auto& [suite, version] : {std::pair(psk_suite, tls12), std::pair(psk_cbc_suite, tls10)}) {
    Process process(client(with_key() + versions(version, version) +
                           Arguments{"--renegotiation", "--suite", value_of(suite)}));
    auto options = psk_server(suite, version);
    options.renegotiation = sesame::Renegotiation::allow;
    Peer peer = serve(options);
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << process.all();
    talk(peer, process);
    process.write("R\n");
    const auto theirs = peer.be_renegotiated();
    ASSERT_TRUE(theirs) << why(theirs) << process.all();
    talk(peer, process);
    const auto ours = peer.renegotiate();
    ASSERT_TRUE(ours) << why(ours) << process.all();
    talk(peer, process);
  }
}

TEST_F(MbedTls, ClientIsRefusedANewHandshakeByDefault) {
  Process process(client(with_key() + Arguments{"--renegotiation", "--suite", value_of(psk_suite)}));
  Peer peer = serve(psk_server(psk_suite));
  ASSERT_TRUE(peer.handshake()) << process.all();
  talk(peer, process);
  process.write("R\n");
  EXPECT_FALSE(peer.receive(1)) << "it gives up when it is refused";
  EXPECT_EQ(process.wait(), 1);
}

// ---- certificates ----

TEST_F(MbedTls, ServerVerifiesOurCertificateAndShowsItsOwn) {
  for (const auto type : {KeyType::p256, KeyType::p384, KeyType::rsa2048}) {
    for (const auto version : {tls12, tls10}) {
      const Issued own = ours_.root().client("ours", type);
      Process process(server(certificate(KeyExchangeMethod::ecdhe_ecdsa) + versions(version, version) +
                             Arguments{"--ca", ours_.roots().path(), "--require-certificate"}));
      auto options = only(version, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA);
      ours_.prepare_client(options, KeyExchangeMethod::ecdhe_ecdsa);
      options.certificates = {own.certified_key()};
      Peer peer = connect(options);
      const auto done = peer.handshake();
      ASSERT_TRUE(done) << why(done) << process.all();
      EXPECT_EQ(peer.connection().authentication(), Authentication::certificate);
      echo(peer, process);
    }
  }
}

TEST_F(MbedTls, ClientVerifiesOurCertificateAndShowsItsOwn) {
  for (const auto type : {KeyType::p256, KeyType::p384, KeyType::rsa2048}) {
    for (const auto version : {tls12, tls10}) {
      const Issued own = ours_.root().client("theirs", type);
      const CertificateFiles files(own);
      Process process(client(trusting() + versions(version, version) +
                             Arguments{"--cert", files.chain.path(), "--key", files.key.path()}));
      auto options = only(version, CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA);
      ours_.prepare_server(options);
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
}

// ---- extensions ----

TEST_F(MbedTls, MayLeaveEncryptThenMacAndTheExtendedMasterSecretOut) {
  for (const auto version : {tls10, tls11, tls12}) {
    const Arguments without{"--no-etm", "--no-ems"};
    {
      Process process(server(with_key() + versions(version, version) + without));
      Peer peer = connect(psk_client(psk_cbc_suite, version));
      const auto done = peer.handshake();
      ASSERT_TRUE(done) << why(done) << process.all();
      EXPECT_FALSE(peer.connection().encrypt_then_mac());
      EXPECT_FALSE(peer.connection().extended_master_secret());
      echo(peer, process);
    }
    Process process(client(with_key() + versions(version, version) + without +
                           Arguments{"--suite", value_of(psk_cbc_suite)}));
    Peer peer = serve(psk_server(psk_cbc_suite, version));
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << process.all();
    EXPECT_FALSE(peer.connection().encrypt_then_mac());
    EXPECT_FALSE(peer.connection().extended_master_secret());
    talk(peer, process);
  }
}

TEST_F(MbedTls, AgreesOnTheFragmentLength) {
  for (const int size : {512, 1024, 2048, 4096}) {
    for (const auto suite : {psk_suite, psk_cbc_suite}) {
      {
        Process process(server(with_key()));
        auto options = psk_client(suite);
        options.max_fragment_length = static_cast<std::size_t>(size);
        Peer peer = connect(options);
        const auto done = peer.handshake();
        ASSERT_TRUE(done) << why(done) << process.all();
        const std::string line = letters(9000) + "\n";
        ASSERT_TRUE(peer.send(line));
        const auto got = peer.receive(line.size());
        ASSERT_TRUE(got) << why(got);
        EXPECT_EQ(*got, line);
        EXPECT_LE(*std::max_element(peer.record_sizes().begin(), peer.record_sizes().end()),
                  static_cast<std::size_t>(size));
      }
      Process process(
          client(with_key() + Arguments{"--fragment", std::to_string(size), "--suite", value_of(suite)}));
      Peer peer = serve(psk_server(suite));
      const auto done = peer.handshake();
      ASSERT_TRUE(done) << why(done) << process.all();
      talk(peer, process);
      const std::string back = letters(9000) + "\n";  // mbedTLS refuses longer records than it asked for
      ASSERT_TRUE(peer.send(back));
      process.wait_for(back);
    }
  }
}

TEST_F(MbedTls, AgreesOnAlpn) {
  {
    Process process(server(with_key() + Arguments{"--alpn", "coap"}));
    auto options = psk_client(psk_suite);
    options.alpn = {"mqtt", "coap"};
    Peer peer = connect(options);
    ASSERT_TRUE(peer.handshake()) << process.all();
    EXPECT_EQ(peer.connection().alpn(), "coap");
    process.wait_for("alpn=coap");
  }
  Process process(client(with_key() + Arguments{"--alpn", "coap", "--suite", value_of(psk_suite)}));
  auto options = psk_server(psk_suite);
  options.alpn = {"mqtt", "coap"};
  Peer peer = serve(options);
  ASSERT_TRUE(peer.handshake()) << process.all();
  EXPECT_EQ(peer.connection().alpn(), "coap");
  process.wait_for("alpn=coap");
}

TEST_F(MbedTls, ThatFallsBackWithoutNeedIsRefused) {
  Process process(client(with_key() + versions(tls10, tls11) + Arguments{"--fallback"}));
  auto options = psk_server(psk_cbc_suite);
  options.min_version = tls10;
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().reason(), Reason::inappropriate_fallback) << why(done);
  EXPECT_EQ(process.wait(), 1);
}

// ---- versions ----

TEST_F(MbedTls, AgreesOnTheHighestVersionOfBothOrOnNone) {
  const auto all = {tls10, tls11, tls12};
  const auto whole = [](ProtocolVersion min, ProtocolVersion max) { return min == max || min == tls10; };
  for (const auto their_min : all) {
    for (const auto their_max : all) {
      if (their_min > their_max || !whole(their_min, their_max)) continue;
      Process their_server(server(with_key() + versions(their_min, their_max)));
      for (const auto our_min : {tls10, tls11, tls12, tls13}) {
        for (const auto our_max : {tls10, tls11, tls12, tls13}) {
          if (our_min > our_max || !whole(our_min, our_max)) continue;
          SCOPED_TRACE(openssl_name(their_min) + ".." + openssl_name(their_max) + " and ours " +
                       openssl_name(our_min) + ".." + openssl_name(our_max));
          const bool meets = std::max(their_min, our_min) <= std::min(their_max, our_max);
          const auto both = sesame::CredentialParameters{.identity = sesame::as_bytes(identity),
                                                         .key = sesame::as_bytes(key),
                                                         .usage = sesame::PskUsage::tls13_and_tls12};
          sesame::ContextOptions options;
          options.min_version = our_min;
          options.max_version = our_max;
          options.cipher_suites.push_back(psk_cbc_suite);
          options.credentials = {*sesame::Credential::create(both)};
          auto keyring = std::make_shared<sesame::Keyring>();
          ASSERT_TRUE(keyring->add(both));
          options.psk_source = keyring;
          {
            Peer peer = connect(options);
            const auto done = peer.handshake();
            ASSERT_EQ(done.has_value(), meets) << why(done) << their_server.all();
            if (meets) {
              EXPECT_EQ(peer.connection().version(), std::min(their_max, our_max));
              echo(peer, their_server);
              ASSERT_TRUE(peer.close());
              ASSERT_TRUE(peer.receive_to_end());
            } else {
              // mbedTLS does not know the extension in which TLS 1.3 stands: it sees 1.2, and no suite.
              EXPECT_EQ(done.error().alert(),
                        our_min == tls13 ? Alert::handshake_failure : Alert::protocol_version)
                  << why(done);
            }
          }
          Process their_client(client(with_key() + versions(their_min, their_max)));
          Peer peer = serve(options);
          const auto done = peer.handshake();
          ASSERT_EQ(done.has_value(), meets) << why(done) << their_client.all();
          if (meets) {
            EXPECT_EQ(peer.connection().version(), std::min(their_max, our_max));
            talk(peer, their_client);
          } else {
            EXPECT_EQ(done.error().alert(), Alert::protocol_version) << why(done);
          }
        }
      }
    }
  }
}

// ---- the end ----

TEST_F(MbedTls, ClosesProperly) {
  {
    Process process(server(with_key()));
    Peer peer = connect(psk_client(psk_suite));
    ASSERT_TRUE(peer.handshake()) << process.all();
    echo(peer, process);
    ASSERT_TRUE(peer.close());
    const auto rest = peer.receive_to_end();
    EXPECT_TRUE(rest) << why(rest);
  }
  Process process(client(with_key() + Arguments{"--suite", value_of(psk_suite)}));
  Peer peer = serve(psk_server(psk_suite));
  ASSERT_TRUE(peer.handshake()) << process.all();
  process.write("Q\n");
  const auto rest = peer.receive_to_end();
  EXPECT_TRUE(rest) << why(rest);
  EXPECT_EQ(process.wait(), 0);
}

}  // namespace
}  // namespace interop
