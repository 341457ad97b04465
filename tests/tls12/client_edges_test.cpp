// The client's table, walked for what it does not have: in each state, whatever is true of the handshake,
// each of the 256 types that is not a row there is an unexpected_message, and nothing is sent.
#include <gtest/gtest.h>

#include "support/closed_port.h"
#include "tls12/client.h"

namespace sesame::tls12 {

struct ClientTestAccess {
  static void put_into(Client& client, ClientState state) { client.state_ = state; }
  static ClientHandshake& begin(Client& client) {
    client.handshake_ = std::make_unique<ClientHandshake>();
    return *client.handshake_;
  }
};

namespace {

using handshake::Facts;
using message::HandshakeType;
using enum ClientState;

constexpr CipherSuite one_of_each_exchange[] = {
    CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256,         CipherSuite::TLS_DHE_PSK_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256,   CipherSuite::TLS_RSA_PSK_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,     CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_DH_anon_WITH_AES_128_GCM_SHA256,     CipherSuite::TLS_ECDH_anon_WITH_AES_128_CBC_SHA,
};

// What may be true beside the suite.
struct Flags {
  bool status, ticket, secret;
};

void make_true(const policy::Settings& settings, Flags flags, ClientHandshake& h) {
  h.status_announced = flags.status;
  if (flags.status) h.peer.ends = {1};
  h.ticket_due = flags.ticket;
  if (flags.secret) {
    auto secret = MasterSecret::of(*settings.provider, secret::Prf::sha256, as_bytes(std::string(48, 's')));
    ASSERT_TRUE(secret);
    h.secret = std::move(*secret);
  }
}

// Calls f(machine, state) for each state and each set of facts.
template <class F>
void for_each_place(F&& f) {
  ContextOptions options;
  options.cipher_suites.assign(std::begin(one_of_each_exchange), std::end(one_of_each_exchange));
  options.max_version = ProtocolVersion::tls12;
  const policy::Settings settings = std::move(*policy::resolve(options));
  test::ClosedPort port;
  for (const CipherSuite id : one_of_each_exchange) {
    const policy::Suite* const suite = settings.suite_below(id);
    ASSERT_TRUE(suite) << name(id);
    for (unsigned bits = 0; bits < 8; ++bits) {
      for (int s = 0; s <= static_cast<int>(CONNECTED); ++s) {
        const auto state = static_cast<ClientState>(s);
        SCOPED_TRACE(std::string(name(id)) + " " + std::string(name(state)) + " " + std::to_string(bits));
        handshake::Established established;
        Client machine({&settings, port, established});
        if (state != START && state != CONNECTED) {
          ClientHandshake& h = ClientTestAccess::begin(machine);
          h.suite = state == WAIT_SH ? nullptr : suite;
          make_true(settings, {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0}, h);
        }
        ClientTestAccess::put_into(machine, state);
        f(machine, state, suite->key_exchange, bits);
      }
    }
  }
}

TEST(ClientEdges, EachMessageThatIsNoRowIsUnexpected) {
  for_each_place([](Client& machine, ClientState state, KeyExchangeMethod, unsigned) {
    for (unsigned value = 0; value < 256; ++value) {
      const auto type = static_cast<HandshakeType>(value);
      if (machine.expects(type)) continue;
      const std::uint8_t octets[] = {static_cast<std::uint8_t>(value), 0, 0, 1, 0};
      const auto done = machine.on_message({type, octets, true});
      ASSERT_FALSE(done);
      EXPECT_EQ(done.error().reason(), Reason::unexpected_message);
      EXPECT_EQ(done.error().state(), name(state));
      EXPECT_EQ(machine.state(), state);
    }
  });
}

// What each key exchange allows, said once more and in other words.
TEST(ClientEdges, TheSuiteSaysWhichMessagesMayCome) {
  using enum HandshakeType;
  using enum KeyExchangeMethod;
  for_each_place([](Client& machine, ClientState state, KeyExchangeMethod method, unsigned bits) {
    const bool has_parameters = method != psk && method != rsa_psk && method != rsa;
    const bool has_certificate = method == rsa || method == rsa_psk || method == dhe_rsa ||
                                 method == ecdhe_rsa || method == ecdhe_ecdsa;
    const bool status = (bits & 1) != 0, ticket = (bits & 2) != 0, secret = (bits & 4) != 0;
    EXPECT_EQ(machine.expects(server_key_exchange), state == WAIT_SKE && method != rsa);
    EXPECT_EQ(machine.expects(certificate_request),
              has_certificate && ((state == WAIT_SKE && !has_parameters) || state == WAIT_CR));
    EXPECT_EQ(machine.expects(server_hello_done),
              (state == WAIT_SKE && !has_parameters) || state == WAIT_CR || state == WAIT_SHD);
    EXPECT_EQ(machine.expects(certificate_status), state == WAIT_SKE && status);
    EXPECT_EQ(machine.expects(new_session_ticket), state == WAIT_CCS && ticket);
    EXPECT_EQ(machine.expects(change_cipher_spec),
              (state == WAIT_CCS && !ticket) || ((state == WAIT_CERT || state == WAIT_SKE) && secret));
    EXPECT_EQ(machine.expects(certificate), state == WAIT_CERT);
    EXPECT_EQ(machine.expects(server_hello), state == WAIT_SH);
    EXPECT_EQ(machine.expects(finished), state == WAIT_FINISHED);
    const bool reads = state != START && state != WAIT_FINISHED && !machine.is_suspended();
    EXPECT_EQ(machine.expects(hello_request), reads);
    for (const HandshakeType type :
         {client_hello, end_of_early_data, encrypted_extensions, certificate_verify, client_key_exchange,
          key_update, compressed_certificate, message_hash}) {
      EXPECT_FALSE(machine.expects(type)) << message::name(type);
    }
  });
}

std::string guards(const Client::Edge& edge) {
  constexpr std::pair<Facts, std::string_view> names[] = {{ClientFact::takes_parameters, "takes_parameters"},
                                                          {ClientFact::needs_parameters, "needs_parameters"},
                                                          {ClientFact::may_be_asked, "may_be_asked"},
                                                          {ClientFact::status_due, "status_due"},
                                                          {ClientFact::ticket_due, "ticket_due"},
                                                          {ClientFact::secret_due, "secret_due"}};
  std::string out;
  for (const auto& [bit, text] : names) {
    if ((edge.needed & bit) != 0) out += " if " + std::string(text);
    if ((edge.excluded & bit) != 0) out += " unless " + std::string(text);
  }
  return out;
}

// The table as a whole: a new row is a visible difference.
TEST(ClientEdges, AreThose) {
  std::string out;
  for (const auto& edge : Client::edges()) {
    out += std::string(name(edge.from)) + ", " + std::string(message::name(edge.on)) + guards(edge) + ":";
    for (int s = 0; s <= static_cast<int>(CONNECTED); ++s) {
      const auto state = static_cast<ClientState>(s);
      if (edge.to.has(state)) out += " " + std::string(name(state));
    }
    out += "\n";
  }
  EXPECT_EQ(out,
            "WAIT_SH, ServerHello: WAIT_CERT WAIT_SKE WAIT_CCS\n"
            "WAIT_SH, HelloRequest: WAIT_SH\n"
            "WAIT_CERT, Certificate: WAIT_SKE\n"
            "WAIT_CERT, ChangeCipherSpec if secret_due: WAIT_FINISHED\n"
            "WAIT_CERT, HelloRequest: WAIT_CERT\n"
            "WAIT_SKE, CertificateStatus if status_due: WAIT_SKE\n"
            "WAIT_SKE, ServerKeyExchange if takes_parameters: WAIT_CR\n"
            "WAIT_SKE, CertificateRequest unless needs_parameters if may_be_asked: WAIT_SHD\n"
            "WAIT_SKE, ServerHelloDone unless needs_parameters: VERIFYING AWAITING_PSK SIGNING WAIT_CCS\n"
            "WAIT_SKE, ChangeCipherSpec if secret_due: WAIT_FINISHED\n"
            "WAIT_SKE, HelloRequest: WAIT_SKE\n"
            "WAIT_CR, CertificateRequest if may_be_asked: WAIT_SHD\n"
            "WAIT_CR, ServerHelloDone: VERIFYING AWAITING_PSK SIGNING WAIT_CCS\n"
            "WAIT_CR, HelloRequest: WAIT_CR\n"
            "WAIT_SHD, ServerHelloDone: VERIFYING AWAITING_PSK SIGNING WAIT_CCS\n"
            "WAIT_SHD, HelloRequest: WAIT_SHD\n"
            "WAIT_CCS, NewSessionTicket if ticket_due: WAIT_CCS\n"
            "WAIT_CCS, ChangeCipherSpec unless ticket_due: WAIT_FINISHED\n"
            "WAIT_CCS, HelloRequest: WAIT_CCS\n"
            "WAIT_FINISHED, Finished: CONNECTED\n"
            "CONNECTED, HelloRequest: WAIT_SH CONNECTED\n");
}

}  // namespace
}  // namespace sesame::tls12
