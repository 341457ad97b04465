// Tickets over two connections, and early data, with OpenSSL's and GnuTLS's programs in both directions.
#include <gtest/gtest.h>

#include "interop/certificates.h"

namespace interop {
namespace {

using sesame::ClientOptions;
using sesame::Connection;
using sesame::EarlyDataStatus;

constexpr std::string_view early_text = "early, and perhaps again\n";

class Resumption : public testing::Test {
 protected:
  void require(const char* program) {
    if (!has_program(program)) GTEST_SKIP() << "there is no " << program << " here";
  }
  // Our server: gives tickets, takes early data.
  sesame::ContextOptions server_side() {
    auto options = showing(server_);
    options.tickets.issuer = tickets_;
    options.early_data = {.limit = 4096, .guard = guard_};
    return options;
  }
  Peer serve(sesame::ContextOptions options) { return {listener_.accept(), make_server(std::move(options))}; }
  // Our client: keeps the last session in session_.
  sesame::ContextOptions client_side() {
    auto options = trusting(root_);
    options.on_session = [this](const sesame::Session& session) { session_ = session; };
    return options;
  }
  Peer connect(bool early_data = false) {
    ClientOptions options{.server_name = server_name};
    options.session = session_;
    options.early_data = early_data;
    auto connection = Connection::client(make_context(client_side()), options);
    EXPECT_TRUE(connection) << why(connection);
    if (early_data) {
      EXPECT_EQ(connection->early_data_status(), EarlyDataStatus::offered);
      EXPECT_TRUE(connection->send_early(sesame::as_bytes(early_text)));
    }
    return {connect_to(port_), std::move(*connection)};
  }
  // A first connection to a server of the system, up to its ticket.
  void first(Process& server) {
    Peer peer = connect();
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << server.all();
    EXPECT_FALSE(peer.connection().resumed());
    ASSERT_TRUE(peer.send("first\n"));
    server.wait_for("first\n");
    server.write("tickets come before this\n");
    ASSERT_TRUE(peer.receive(25));
    ASSERT_TRUE(session_) << server.all();
    ASSERT_TRUE(peer.close());
  }

  Listener listener_;
  const std::uint16_t port_ = free_port();
  const Authority root_;
  const Issued server_ = root_.server();
  const TemporaryFile roots_{root_.pem()};
  const CertificateFiles files_{server_};
  const TemporaryFile session_file_{""};
  const TemporaryFile early_file_{early_text};
  std::shared_ptr<sesame::TicketKeys> tickets_ = std::make_shared<sesame::TicketKeys>();
  std::shared_ptr<sesame::ReplayGuard> guard_ = std::make_shared<sesame::ReplayGuard>();
  std::optional<sesame::Session> session_;
};

// ---- their clients ----

TEST_F(Resumption, OfOpenSslsClient) {
  require("openssl");
  {
    Process client(s_client_trusting(listener_.port(), roots_, {"-sess_out", session_file_.path()}));
    Peer peer = serve(server_side());
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << client.all();
    ASSERT_TRUE(peer.send("behind the tickets\n"));
    client.wait_for("behind the tickets\n");
    client.close_input();
    ASSERT_TRUE(peer.receive_to_end());
  }
  for (const bool early : {false, true}) {
    Arguments more{"-sess_in", session_file_.path()};
    if (early) more = more + Arguments{"-early_data", early_file_.path(), "-sess_out", session_file_.path()};
    Process client(s_client_trusting(listener_.port(), roots_, more));
    Peer peer = serve(server_side());
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << client.all();
    EXPECT_TRUE(peer.connection().resumed());
    if (early) {
      const auto got = peer.receive(early_text.size());
      ASSERT_TRUE(got) << why(got);
      EXPECT_EQ(*got, early_text);
      client.wait_for("Early data was accepted");
    }
    client.wait_for("Reused, TLSv1.3");
    ASSERT_TRUE(peer.send("again\n"));
    client.wait_for("again\n");
  }
}

TEST_F(Resumption, OfOpenSslsClientWithAnotherServersTicketGoesOnWithTheKey) {
  require("openssl");
  {
    Process client(s_client_trusting(listener_.port(), roots_, {"-sess_out", session_file_.path()}));
    Peer peer = serve(server_side());
    ASSERT_TRUE(peer.handshake()) << client.all();
    ASSERT_TRUE(peer.send("behind the tickets\n"));
    client.wait_for("behind the tickets\n");
  }
  tickets_ = std::make_shared<sesame::TicketKeys>();
  auto options = server_side();
  options.psk_source = make_keyring(identity, key);
  Process client(s_client(listener_.port(),
                          {"-sess_in", session_file_.path(), "-servername", std::string(server_name)}));
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_FALSE(peer.connection().resumed());
  EXPECT_EQ(sesame::as_text(peer.connection().psk_identity()), identity);
}

TEST_F(Resumption, OfGnuTlssClient) {
  require("gnutls-cli");
  Process client(
      gnutls_cli_trusting(listener_.port(), roots_, {"--resume", "--earlydata=" + early_file_.path()}));
  {
    Peer peer = serve(server_side());
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << client.all();
    ASSERT_TRUE(peer.receive_to_end()) << client.all();
    (void)peer.close();
  }
  Peer peer = serve(server_side());
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  EXPECT_TRUE(peer.connection().resumed());
  const auto got = peer.receive(early_text.size());
  ASSERT_TRUE(got) << why(got) << client.all();
  EXPECT_EQ(*got, early_text);
  client.wait_for("This is a resumed session");
}

// ---- their servers ----

TEST_F(Resumption, WithOpenSslsServer) {
  require("openssl");
  Process server(s_server_with(port_, files_, {"-naccept", "3", "-early_data", "-max_early_data", "4096"}));
  first(server);
  for (const bool early : {false, true}) {
    Peer peer = connect(early);
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << server.all();
    EXPECT_TRUE(peer.connection().resumed());
    EXPECT_EQ(peer.connection().authentication(), sesame::Authentication::certificate);
    if (early) {
      EXPECT_EQ(peer.connection().early_data_status(), EarlyDataStatus::accepted);
      server.wait_for("early, and perhaps again");
    }
    ASSERT_TRUE(peer.send("again\n"));
    server.wait_for("again\n");
    server.write("answer\n");
    ASSERT_TRUE(peer.receive(7));  // and a new ticket
    ASSERT_TRUE(peer.close());
  }
}

TEST_F(Resumption, WithGnuTlssServer) {
  require("gnutls-serv");
  Process server(gnutls_serv_with(port_, files_.gnutls(),
                                  {"--disable-client-cert", "--echo", "--earlydata", "--maxearlydata=4096"}));
  const auto talk = [&](Peer& peer) {
    ASSERT_TRUE(peer.send("hello\n"));
    const auto got = peer.receive(6);
    ASSERT_TRUE(got) << why(got) << server.all();
    EXPECT_EQ(*got, "hello\n");
    ASSERT_TRUE(peer.close());
  };
  {
    Peer peer = connect();
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << server.all();
    talk(peer);
    ASSERT_TRUE(session_) << server.all();
  }
  for (const bool early : {false, true}) {
    Peer peer = connect(early);
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << server.all();
    EXPECT_TRUE(peer.connection().resumed());
    if (early) {
      EXPECT_EQ(peer.connection().early_data_status(), EarlyDataStatus::accepted) << server.all();
    }
    talk(peer);
  }
}

// ---- early data by an external key ----

TEST_F(Resumption, EarlyDataOfOpenSslsClientByAKey) {
  require("openssl");
  const TemporaryFile psk(psk_session_pem(sesame::CipherSuite::TLS_AES_128_GCM_SHA256, key, 100));
  auto options = server_options(sesame::PskKeyExchangeMode::psk_dhe_ke);
  auto keyring = std::make_shared<sesame::Keyring>();
  ASSERT_TRUE(keyring->add({.identity = sesame::as_bytes(identity),
                            .key = sesame::as_bytes(key),
                            .usage = sesame::PskUsage::tls13,
                            .early_data = {.limit = 100}}));
  options.psk_source = keyring;
  options.early_data.guard =
      std::make_shared<sesame::ReplayGuard>(sesame::ReplayGuardOptions{.external_keys_are_new = true});
  Process client(s_client_without_key(
      listener_.port(), {"-tls1_3", "-psk_identity", std::string(identity), "-psk_session", psk.path(),
                         "-early_data", early_file_.path(), "-ciphersuites", "TLS_AES_128_GCM_SHA256"}));
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done) << client.all();
  const auto got = peer.receive(early_text.size());
  ASSERT_TRUE(got) << why(got);
  EXPECT_EQ(*got, early_text);
  client.wait_for("Early data was accepted");
}

}  // namespace
}  // namespace interop
