// The table of the server's order in TLS 1.2 and below, walked for what it does not have.
#include <gtest/gtest.h>

#include "support/closed_port.h"
#include "tls12/server.h"

namespace sesame::tls12 {

struct ServerTestAccess {
  static void put_into(Server& server, ServerState state) { server.state_ = state; }
  static ServerHandshake& begin_handshake(Server& server) {
    server.handshake_ = std::make_unique<ServerHandshake>();
    return *server.handshake_;
  }
};

namespace {

using message::HandshakeType;

// A server in a state, with what the guards look at.
struct Situation {
  policy::Settings settings = std::move(*policy::resolve({}));
  test::ClosedPort port;
  handshake::Established established;
  Server server{{&settings, port, established}, nullptr};

  Situation(ServerState state, handshake::Facts facts) {
    ServerHandshake& h = ServerTestAccess::begin_handshake(server);
    h.by_secret = (facts & is_abbreviated) != 0;
    if ((facts & showed_certificate) != 0) h.peer.ends.push_back(1);
    established.below = std::make_unique<handshake::Below13>();
    established.below->secure_renegotiation = (facts & may_renegotiate) != 0;
    settings.options.renegotiation = Renegotiation::allow;
    ServerTestAccess::put_into(server, state);
    EXPECT_EQ(server.facts(), facts);
  }
};

constexpr handshake::Facts all_facts = is_abbreviated | showed_certificate | may_renegotiate;

TEST(ServerEdges, EachMessageThatIsNoRowIsUnexpectedInEachState) {
  for (handshake::Facts facts = 0; facts <= all_facts; ++facts) {
    for (int s = 0; s <= static_cast<int>(ServerState::CONNECTED); ++s) {
      const auto state = static_cast<ServerState>(s);
      for (unsigned value = 0; value < 256; ++value) {
        const auto type = static_cast<HandshakeType>(value);
        Situation at(state, facts);
        if (at.server.expects(type)) continue;
        const std::uint8_t octets[] = {static_cast<std::uint8_t>(value), 0, 0, 1, 0};
        const auto done = at.server.on_message({type, octets, true});
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().reason(), Reason::unexpected_message);
        EXPECT_EQ(done.error().state(), name(state));
        EXPECT_EQ(at.server.state(), state);
      }
    }
  }
}

// What is expected, in words, by the facts that let it.
std::string expected(ServerState state, handshake::Facts facts) {
  Situation at(state, facts);
  std::string out;
  for (unsigned value = 0; value < 256; ++value) {
    const auto type = static_cast<HandshakeType>(value);
    if (at.server.expects(type))
      out += std::string(out.empty() ? "" : " ") + std::string(message::name(type));
  }
  return out;
}

TEST(ServerEdges, EachStateTakesOneMessage) {
  using enum ServerState;
  for (handshake::Facts facts = 0; facts <= all_facts; ++facts) {
    EXPECT_EQ(expected(START, facts), "ClientHello");
    EXPECT_EQ(expected(NEGOTIATED, facts), "");
    EXPECT_EQ(expected(WAIT_CERT, facts), "Certificate");
    EXPECT_EQ(expected(WAIT_CKE, facts), "ClientKeyExchange");
    EXPECT_EQ(expected(RECVD_CKE, facts), "");
    EXPECT_EQ(expected(WAIT_CV, facts), "CertificateVerify");
    EXPECT_EQ(expected(VERIFYING, facts), "");
    EXPECT_EQ(expected(WAIT_CCS, facts), "ChangeCipherSpec");
    EXPECT_EQ(expected(WAIT_FINISHED, facts), "Finished");
    EXPECT_EQ(expected(CONNECTED, facts), "ClientHello");
  }
}

// The table as a whole: a new row is a visible difference.
TEST(ServerEdges, AreThoseOfRfc5246) {
  const auto facts = [](handshake::Facts set) {
    std::string out;
    if ((set & is_abbreviated) != 0) out += " abbreviated";
    if ((set & showed_certificate) != 0) out += " showed_certificate";
    if ((set & may_renegotiate) != 0) out += " may_renegotiate";
    return out;
  };
  std::string out;
  for (const auto& edge : Server::edges()) {
    out += std::string(name(edge.from)) + ", " + std::string(message::name(edge.on));
    if (edge.needed != 0) out += ", if" + facts(edge.needed);
    if (edge.excluded != 0) out += ", if not" + facts(edge.excluded);
    out += ":";
    for (int s = 0; s <= static_cast<int>(ServerState::CONNECTED); ++s) {
      const auto state = static_cast<ServerState>(s);
      if (edge.to.has(state)) out += " " + std::string(name(state));
    }
    out += "\n";
  }
  EXPECT_EQ(out,
            "START, ClientHello: NEGOTIATED WAIT_CERT WAIT_CKE WAIT_CCS\n"
            "WAIT_CERT, Certificate: WAIT_CKE\n"
            "WAIT_CKE, ClientKeyExchange, if showed_certificate: RECVD_CKE WAIT_CV\n"
            "WAIT_CKE, ClientKeyExchange, if not showed_certificate: RECVD_CKE WAIT_CCS\n"
            "WAIT_CV, CertificateVerify: VERIFYING WAIT_CCS\n"
            "WAIT_CCS, ChangeCipherSpec: WAIT_FINISHED\n"
            "WAIT_FINISHED, Finished, if not abbreviated: CONNECTED\n"
            "WAIT_FINISHED, Finished, if abbreviated: CONNECTED\n"
            "CONNECTED, ClientHello, if not may_renegotiate: CONNECTED\n"
            "CONNECTED, ClientHello, if may_renegotiate: NEGOTIATED WAIT_CERT WAIT_CKE WAIT_CCS\n");
}

}  // namespace
}  // namespace sesame::tls12
