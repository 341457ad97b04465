// The scripted peers against each other: what they say is right before anything is spoiled.
#include "support/script12_client.h"
#include "support/script12_server.h"

namespace sesame::test {
namespace {

struct Scripts {
  Script12Client client;
  Script12Server server;
  explicit Scripts(CipherSuite suite, unsigned version = 0x0303)
      : client(suite, version), server(suite, version) {}

  void to_server() { server.take(std::exchange(client.out, {})); }
  void to_client() { client.take(std::exchange(server.out, {})); }
  void handshake() {
    client.send_client_hello();
    to_server();
    ASSERT_TRUE(server.take_client_hello());
    server.send_flight();
    to_client();
    ASSERT_TRUE(client.take_server_flight());
    client.send_flight();
    to_server();
    ASSERT_TRUE(server.take_client_flight());
    server.send_finish();
    to_client();
    ASSERT_TRUE(client.take_server_finish());
  }
  void expect_data() {
    client.put_data("ping");
    to_server();
    const auto there = server.next_record();
    ASSERT_TRUE(there);
    EXPECT_EQ(as_text(there->content), "ping");
    EXPECT_TRUE(there->was_protected);
    server.put_data("pong");
    to_client();
    const auto back = client.next_record();
    ASSERT_TRUE(back);
    EXPECT_EQ(as_text(back->content), "pong");
  }
};

TEST(Scripts, UnderstandEachOtherInEachSuiteAndVersion) {
  for (const CipherSuite suite : policy::all_suites()) {
    const auto row = policy::find_suite(**crypto::Provider::system(), suite);
    if (!row || row->lowest == ProtocolVersion::tls13) continue;
    for (unsigned version = static_cast<unsigned>(row->lowest); version <= 0x0303; ++version) {
      SCOPED_TRACE(std::string(name(suite)) + " " + std::to_string(version));
      Scripts s(suite, version);
      s.handshake();
      s.expect_data();
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(Scripts, UnderstandEachOtherWithoutTheExtensions) {
  for (const unsigned version : {0x0301u, 0x0302u, 0x0303u}) {
    Scripts s(CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA, version);
    s.client.has_extensions = s.server.has_extensions = false;
    s.handshake();
    s.expect_data();
    EXPECT_FALSE(s.client.extended_master_secret || s.client.encrypt_then_mac);
  }
}

TEST(Scripts, UnderstandEachOtherWithTheClientsCertificate) {
  for (const unsigned version : {0x0301u, 0x0303u}) {
    Scripts s(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, version);
    s.server.asks_for_certificate = true;
    s.client.issued = &client_certificate();
    s.handshake();
    s.expect_data();
  }
}

TEST(Scripts, ResumeByIdentifierAndByTicket) {
  for (const bool by_ticket : {false, true}) {
    Scripts first(CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256);
    if (by_ticket) first.client.extensions[Script12Peer::Type::session_ticket];
    first.server.gives_ticket = by_ticket;
    first.handshake();
    EXPECT_EQ(first.client.session_ticket.empty(), !by_ticket);
    Scripts second(CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256);
    second.client.offer(first.client.session());
    second.client.send_client_hello();
    second.to_server();
    ASSERT_TRUE(second.server.take_client_hello());
    second.server.session_id = second.server.offered_session_id;
    second.server.send_server_hello();
    second.server.resume(first.server.master);
    second.server.send_finish();
    second.to_client();
    ASSERT_TRUE(second.client.take_server_flight());
    EXPECT_TRUE(second.client.resumed);
    second.client.send_flight();
    second.to_server();
    ASSERT_TRUE(second.server.take_finished12());
    second.expect_data();
  }
}

TEST(Scripts, RenegotiateWithinTheConnection) {
  for (const unsigned version : {0x0301u, 0x0303u}) {
    Scripts s(CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA, version);
    s.handshake();
    s.client.renew();
    s.server.renew();
    s.handshake();
    s.expect_data();
    EXPECT_TRUE(has(s.client.server_extensions, Script12Peer::Type::renegotiation_info));
  }
}

}  // namespace
}  // namespace sesame::test
