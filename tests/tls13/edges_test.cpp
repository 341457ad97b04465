// The tables of the handshake's order, walked for what they do not have.
//
// A connection is driven into each state that it can be in, and sent each of the 256 handshake types that is
// not a row there: unexpected_message, dead in both directions, with the state and the message named.
#include "handshake/edges.h"

#include "support/certificate_case.h"
#include "support/closed_port.h"
#include "tls13/client.h"
#include "tls13/server.h"

namespace sesame::test {
namespace {

using message::HandshakeType;
using record::ContentType;

struct Place {
  std::string state;  ///< as RFC 8446 appendix A names it
  std::function<std::unique_ptr<Case>()> go;
  std::vector<HandshakeType> rows;
};

template <class Which>
std::function<std::unique_ptr<Case>()> go(void (*script)(Which&)) {
  return [script] {
    auto c = std::make_unique<Which>();
    c->options.psk_modes = {PskKeyExchangeMode::psk_dhe_ke, PskKeyExchangeMode::psk_ke};
    script(*c);
    return std::unique_ptr<Case>(std::move(c));
  };
}

std::vector<Place> places() {
  using enum HandshakeType;
  return {
      {"WAIT_SH", go<AgainstClient>([](AgainstClient& c) { c.up_to_hello(); }), {server_hello}},
      {"WAIT_SH", go<AgainstClient>([](AgainstClient& c) { c.up_to_retried(); }), {server_hello}},
      {"WAIT_EE", go<AgainstClient>([](AgainstClient& c) { c.up_to_wait_ee(); }), {encrypted_extensions}},
      {"WAIT_FINISHED", go<AgainstClient>([](AgainstClient& c) { c.up_to_wait_finished(); }), {finished}},
      {"CONNECTED",
       go<AgainstClient>([](AgainstClient& c) { c.up_to_connected(); }),
       {new_session_ticket, key_update}},
      {"START", go<AgainstServer>([](AgainstServer& c) { c.subject(); }), {client_hello}},
      {"START",
       go<AgainstServer>([](AgainstServer& c) {
         c.options.always_retry_with_cookie = true;
         c.up_to_retry();
       }),
       {client_hello}},
      {"WAIT_FINISHED", go<AgainstServer>([](AgainstServer& c) { c.up_to_wait_finished(); }), {finished}},
      {"WAIT_CERT_CR",
       go<CertificateClient>([](CertificateClient& c) { c.up_to_wait_cert_cr(); }),
       {certificate_request, certificate, compressed_certificate}},
      {"WAIT_CERT",
       go<CertificateClient>([](CertificateClient& c) { c.up_to_wait_cert(); }),
       {certificate, compressed_certificate}},
      {"WAIT_CV",
       go<CertificateClient>([](CertificateClient& c) { c.up_to_wait_cv(); }),
       {certificate_verify}},
      {"WAIT_FINISHED",
       go<CertificateClient>([](CertificateClient& c) { c.up_to_wait_finished(); }),
       {finished}},
      {"CONNECTED",
       go<CertificateClient>([](CertificateClient& c) {
         c.options.post_handshake_auth = true;
         c.options.certificates = {client_certificate().certified_key()};
         c.up_to_connected();
       }),
       {new_session_ticket, key_update, certificate_request}},
      {"WAIT_EOED",
       go<CertificateServer>([](CertificateServer& c) { c.up_to_wait_eoed(); }),
       {end_of_early_data}},
      {"WAIT_CERT",
       go<CertificateServer>([](CertificateServer& c) { c.up_to_wait_cert(); }),
       {certificate, compressed_certificate}},
      {"WAIT_CV",
       go<CertificateServer>([](CertificateServer& c) { c.up_to_wait_cv(); }),
       {certificate_verify}},
      {"WAIT_FINISHED", go<CertificateServer>([](CertificateServer& c) { c.up_to_certified(); }), {finished}},
      {"CONNECTED",
       go<CertificateServer>([](CertificateServer& c) { c.up_to_asked(); }),
       {key_update, certificate, compressed_certificate}},
      {"POST_WAIT_CV",
       go<CertificateServer>([](CertificateServer& c) { c.up_to_post_wait_cv(); }),
       {certificate_verify}},
      {"POST_WAIT_FINISHED",
       go<CertificateServer>([](CertificateServer& c) { c.up_to_post_wait_finished(); }),
       {finished}},
      {"CONNECTED", go<AgainstServer>([](AgainstServer& c) { c.up_to_connected(); }), {key_update}},
  };
}

TEST(Edges, EachMessageThatIsNoRowIsUnexpectedInEachState) {
  for (const Place& place : places()) {
    for (unsigned value = 0; value < 256; ++value) {
      const auto type = static_cast<HandshakeType>(value);
      if (std::ranges::find(place.rows, type) != place.rows.end()) continue;
      SCOPED_TRACE(place.state + ", type " + std::to_string(value));
      const auto c = place.go();
      ASSERT_EQ(c->subject().connection.state(), place.state);
      c->peer().put_record(ContentType::handshake, ScriptPeer::message(type, repeat(32, 7)));
      c->exchange();
      ASSERT_TRUE(c->subject().failure);
      const Error& error = *c->subject().failure;
      EXPECT_EQ(name(error.reason()), "unexpected_message");
      EXPECT_EQ(error.alert(), Alert::unexpected_message);
      EXPECT_FALSE(error.from_peer());
      EXPECT_EQ(error.state(), place.state);
      EXPECT_EQ(error.handshake_message(), message::name(type));
      expect_told(*c, Alert::unexpected_message);
      expect_dead(*c);
    }
  }
}

// The states in which the application owes an answer.
struct Owing {
  std::string state;
  Wait wait;
  std::function<std::unique_ptr<Case>()> go;
};

VerificationOptions judging_later() {
  VerificationOptions options = trusting();
  options.verify = [](const VerificationQuery&, Verdict& verdict) { verdict.later(); };
  return options;
}

std::vector<Owing> owing() {
  return {
      {"RECVD_CH", Wait::psk_lookup, go<AgainstServer>([](AgainstServer& c) {
         c.options.psk_source = make_psk_source([](const PskQuery&, PskAnswer& answer) { answer.later(); });
         c.say_hello();
       })},
      {"RECVD_CH", Wait::context, go<AgainstServer>([](AgainstServer& c) {
         c.options.select = [](const ClientHelloInfo&, ContextChoice& choice) { choice.later(); };
         c.say_hello();
       })},
      {"NEGOTIATED", Wait::signature, go<CertificateServer>([](CertificateServer& c) {
         c.options.certificates = {signing_later(server_certificate())};
         c.say_hello();
       })},
      {"VERIFYING", Wait::verification, go<CertificateServer>([](CertificateServer& c) {
         c.options.verification = judging_later();
         c.up_to_certified();
       })},
      {"POST_VERIFYING", Wait::verification, go<CertificateServer>([](CertificateServer& c) {
         c.options.verification = judging_later();
         c.up_to_post_wait_finished();
       })},
      {"VERIFYING", Wait::verification, go<CertificateClient>([](CertificateClient& c) {
         c.options.verification = judging_later();
         c.up_to_wait_finished();
       })},
      {"SIGNING", Wait::signature, go<CertificateClient>([](CertificateClient& c) {
         c.options.certificates = {signing_later(client_certificate())};
         c.up_to_wait_cert();
         c.server.send_certificate();
         c.server.send_certificate_verify();
         c.server.send_finished();
         c.exchange();
       })},
  };
}

TEST(Edges, WhileAnAnswerIsOwedNothingIsTaken) {
  for (const Owing& place : owing()) {
    SCOPED_TRACE(place.state);
    const auto c = place.go();
    Connection& subject = c->subject().connection;
    ASSERT_EQ(subject.state(), place.state);
    const auto take = [&](Octets more) {
      const auto received = subject.receive(more);
      ASSERT_TRUE(received);
      EXPECT_EQ(received->consumed, 0u);
      EXPECT_TRUE(received->data.empty());
      EXPECT_TRUE(subject.output().empty());
      EXPECT_EQ(subject.state(), place.state);
      EXPECT_EQ(subject.wait(), place.wait);
      EXPECT_EQ(subject.error(), nullptr);
    };
    for (unsigned value = 0; value < 256; ++value) {
      const auto type = static_cast<HandshakeType>(value);
      take(join({u8(22), u16(0x0303), u16(8), ScriptPeer::message(type, repeat(4, 7))}));
      take(join({u8(value), u16(0x0303), u16(1), {1}}));
    }
    c->peer().put_alert(2, 40);
    take(std::exchange(c->peer().out, {}));
  }
}

}  // namespace
}  // namespace sesame::test

// ---- the machines alone, in the states that no connection reaches yet ----

namespace sesame::tls13 {

struct ClientTestAccess {
  static void put_into(Client& client, ClientState state) { client.state_ = state; }
};
struct ServerTestAccess {
  static void put_into(Server& server, ServerState state) { server.state_ = state; }
};

namespace {

using message::HandshakeType;

template <class Machine, class Access>
void walk(typename Machine::State last) {
  using State = typename Machine::State;
  const policy::Settings settings = std::move(*policy::resolve({}));
  test::ClosedPort port;
  handshake::Established established;
  for (int s = 0; s <= static_cast<int>(last); ++s) {
    const auto state = static_cast<State>(s);
    for (unsigned value = 0; value < 256; ++value) {
      const auto type = static_cast<HandshakeType>(value);
      Machine machine({&settings, port, established});
      Access::put_into(machine, state);
      if (machine.expects(type)) {
        EXPECT_TRUE(handshake::has_edge(Machine::edges(), state, type));
        continue;
      }
      const std::uint8_t octets[] = {static_cast<std::uint8_t>(value), 0, 0, 1, 0};
      const auto done = machine.on_message({type, octets, true});
      ASSERT_FALSE(done);
      EXPECT_EQ(done.error().reason(), Reason::unexpected_message);
      EXPECT_EQ(done.error().state(), name(state));
      EXPECT_EQ(machine.state(), state);
    }
  }
}

TEST(Edges, OfTheClientAreTheOnlyOnes) { walk<Client, ClientTestAccess>(ClientState::CONNECTED); }
TEST(Edges, OfTheServerAreTheOnlyOnes) { walk<Server, ServerTestAccess>(ServerState::POST_WAIT_FINISHED); }

// What the tables say as a whole: a new row is a visible difference.
template <class Machine>
std::string rows() {
  std::string out;
  for (const auto& edge : Machine::edges()) {
    out += std::string(name(edge.from)) + ", " + std::string(message::name(edge.on)) + ":";
    for (int s = 0; s < 16; ++s) {
      const auto state = static_cast<typename Machine::State>(s);
      if (edge.to.has(state)) out += " " + std::string(name(state));
    }
    out += "\n";
  }
  return out;
}

TEST(Edges, OfTheClientAreThoseOfAppendixA1) {
  EXPECT_EQ(rows<Client>(),
            "WAIT_SH, ServerHello: WAIT_SH WAIT_EE\n"
            "WAIT_EE, EncryptedExtensions: WAIT_CERT_CR WAIT_FINISHED\n"
            "WAIT_CERT_CR, CertificateRequest: WAIT_CERT\n"
            "WAIT_CERT_CR, Certificate: WAIT_CV\n"
            "WAIT_CERT_CR, CompressedCertificate: WAIT_CV\n"
            "WAIT_CERT, Certificate: WAIT_CV\n"
            "WAIT_CERT, CompressedCertificate: WAIT_CV\n"
            "WAIT_CV, CertificateVerify: VERIFYING WAIT_FINISHED\n"
            "WAIT_FINISHED, Finished: SIGNING CONNECTED\n"
            "CONNECTED, NewSessionTicket: CONNECTED\n"
            "CONNECTED, KeyUpdate: CONNECTED\n"
            "CONNECTED, CertificateRequest: CONNECTED\n");
}
TEST(Edges, OfTheServerAreThoseOfAppendixA2) {
  EXPECT_EQ(rows<Server>(),
            "START, ClientHello: START RECVD_CH NEGOTIATED WAIT_EOED WAIT_CERT WAIT_FINISHED\n"
            "WAIT_EOED, EndOfEarlyData: WAIT_CERT WAIT_FINISHED\n"
            "WAIT_CERT, Certificate: WAIT_CV WAIT_FINISHED\n"
            "WAIT_CERT, CompressedCertificate: WAIT_CV WAIT_FINISHED\n"
            "WAIT_CV, CertificateVerify: VERIFYING WAIT_FINISHED\n"
            "WAIT_FINISHED, Finished: CONNECTED\n"
            "CONNECTED, KeyUpdate: CONNECTED\n"
            "CONNECTED, Certificate: POST_WAIT_CV POST_WAIT_FINISHED\n"
            "CONNECTED, CompressedCertificate: POST_WAIT_CV POST_WAIT_FINISHED\n"
            "POST_WAIT_CV, CertificateVerify: POST_VERIFYING POST_WAIT_FINISHED\n"
            "POST_WAIT_FINISHED, Finished: CONNECTED\n");
}

// ---- the checks of a table ----

enum class Light : std::uint8_t { red, green, yellow, off };
struct Lamp {
  int turned = 0;
};
using Turn = handshake::Edge<Lamp, Light>;

Expected<Light> to_green(Lamp& lamp, const handshake::Incoming&) {
  ++lamp.turned;
  return Light::green;
}

constexpr Turn sound[] = {
    {Light::red, HandshakeType::client_hello, {Light::green}, to_green},
    {Light::green, HandshakeType::finished, {Light::yellow}, to_green},  // the handler goes elsewhere
    {Light::yellow, HandshakeType::finished, {Light::red}, to_green},
};
constexpr Turn ambiguous[] = {
    {Light::red, HandshakeType::client_hello, {Light::green}, to_green},
    {Light::red, HandshakeType::client_hello, {Light::yellow}, to_green},
};
constexpr Turn with_an_island[] = {
    {Light::red, HandshakeType::client_hello, {Light::green}, to_green},
    {Light::off, HandshakeType::client_hello, {Light::red}, to_green},
};

static_assert(handshake::is_deterministic(sound) && !handshake::is_deterministic(ambiguous));
static_assert(handshake::is_reachable(sound, Light::red, Light::yellow));
static_assert(!handshake::is_reachable(sound, Light::red, Light::off), "nothing leads there");
static_assert(!handshake::is_reachable(with_an_island, Light::red, Light::green),
              "a row that nothing leads to");

TEST(Edges, AHandlerThatLeavesTheDiagramIsAnInternalError) {
  Lamp lamp;
  const std::uint8_t octets[] = {20, 0, 0, 0};
  const std::span<const Turn> table(sound);
  const auto green = handshake::step(table, lamp, Light::red, {HandshakeType::client_hello, octets, true});
  ASSERT_TRUE(green);
  EXPECT_EQ(*green, Light::green);
  const auto astray = handshake::step(table, lamp, Light::green, {HandshakeType::finished, octets, true});
  ASSERT_FALSE(astray);
  EXPECT_EQ(astray.error().reason(), Reason::internal_error);
  const auto none = handshake::step(table, lamp, Light::green, {HandshakeType::client_hello, octets, true});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reason(), Reason::unexpected_message);
  EXPECT_EQ(lamp.turned, 2);
}

}  // namespace
}  // namespace sesame::tls13
