// Every octet of a handshake spoiled, and the transport cut at every octet.
#include "hostile12/variants.h"
#include "support/heap.h"

namespace sesame::test {
namespace {

// Two connections of the library, of one kind of handshake.
struct Handshake {
  std::shared_ptr<const Context> client, server;
  ClientOptions client_options;
  ServerOptions server_options;
  Octets pac;

  explicit Handshake(const Kind& k) {
    AgainstClient12 c(k);
    AgainstServer12 s(k);
    c.options.max_version = s.options.max_version = static_cast<ProtocolVersion>(k.version);
    client_options.server_name = "server.example";
    client = client_context_of_both(c.options, {credential12()});
    server = policy::uses_psk(c.server.parts().key_exchange) || s.options.certificates.empty()
                 ? server_context_of_both(s.options, {credential12()})
                 : make_context(s.options);
  }
  std::unique_ptr<Pair> pair() const {
    auto out = std::make_unique<Pair>(client, server, client_options);
    out->server = End(std::move(*Connection::server(server, server_options)));
    return out;
  }
};

Handshake resuming(const Kind& k) {
  Handshake h(k);
  ContextOptions client = h.client->options(), server = h.server->options();
  std::optional<Session> session;
  client.on_session = [&](const Session& s) { session = s; };
  server.tickets = {.issuer = std::make_shared<TicketKeys>(), .after_external_psk = true};
  h.client = make_context(client);
  h.server = make_context(server);
  EXPECT_TRUE(h.pair()->handshake());
  client.on_session = {};
  h.client = make_context(client);
  EXPECT_TRUE(session);
  h.client_options.session = session;
  return h;
}

Handshake by_secret(const Kind& k) {
  Handshake h(k);
  h.pac = repeat(40, 7);
  const auto provider = [](const SessionSecretQuery&, SessionSecretAnswer& answer) {
    answer.give(repeat(48, 9));
  };
  h.client_options.session_ticket = h.pac;
  h.client_options.session_secret = provider;
  h.server_options.session_secret = provider;
  return h;
}

Octets wire_of(const Handshake& h, Side from) {
  const auto pair = h.pair();
  Octets wire;
  pair->on_wire = [&](Side side, std::vector<std::uint8_t>& octets) {
    if (side == from) append(wire, octets);
  };
  EXPECT_TRUE(pair->handshake());
  return wire;
}

void sweep(const Handshake& h, Side from) {
  const std::size_t size = wire_of(h, from).size();
  constexpr std::uint8_t differences[] = {0x01, 0x80, 0xff, 0x10};
  for (std::size_t at = 0; at < size; ++at) {
    const std::uint8_t difference = differences[at % std::size(differences)];
    const auto pair = h.pair();
    std::size_t sent = 0;
    pair->on_wire = [&](Side side, std::vector<std::uint8_t>& octets) {
      if (side != from) return;
      if (at >= sent && at < sent + octets.size()) octets[at - sent] ^= difference;
      sent += octets.size();
    };
    ASSERT_TRUE(pair->pump());
    pair->on_wire = nullptr;
    // A signature by ECDSA has an octet or two more or less each time: nothing was spoiled.
    if (at >= sent) continue;
    const bool both = pair->client.connection.handshake_done() && pair->server.connection.handshake_done() &&
                      !pair->client.failure && !pair->server.failure;
    // Nobody looks at the version of the first record (RFC 5246 appendix E.1).
    if (at == 1 || at == 2) continue;
    EXPECT_FALSE(both) << "octet " << at << " changed by " << unsigned{difference};
    // Whoever receives what was spoiled either fails, or waits for octets that a length now promises.
    const End& receiver = from == Side::client ? pair->server : pair->client;
    EXPECT_TRUE(receiver.failure || !receiver.connection.handshake_done()) << at;
    EXPECT_TRUE(receiver.data.empty());
    if (receiver.failure && !receiver.failure->from_peer()) {
      EXPECT_NE(receiver.failure->alert(), Alert::none) << at;
      EXPECT_NE(name(receiver.failure->reason()), "internal_error") << at << receiver.failure->message();
    }
  }
}

void cut(const Handshake& h, Side from) {
  const std::size_t size = wire_of(h, from).size();
  for (std::size_t end = 0; end < size; ++end) {
    const auto pair = h.pair();
    std::size_t sent = 0;
    pair->on_wire = [&](Side side, std::vector<std::uint8_t>& octets) {
      if (side != from) return;
      const std::size_t left = end > sent ? end - sent : 0;
      sent += octets.size();
      if (octets.size() > left) octets.resize(left);
    };
    ASSERT_TRUE(pair->pump());
    End& receiver = from == Side::client ? pair->server : pair->client;
    ASSERT_FALSE(receiver.failure) << receiver.failure->message();
    // A signature by ECDSA has an octet or two more or less each time.
    if (receiver.connection.handshake_done() && end + 4 > size) continue;
    ASSERT_FALSE(receiver.connection.handshake_done()) << end;
    const auto closed = receiver.connection.transport_closed();
    ASSERT_FALSE(closed);
    EXPECT_EQ(name(closed.error().reason()), "truncated");
    EXPECT_TRUE(receiver.connection.output().empty());
    EXPECT_EQ(receiver.connection.wait(), Wait::closed);
  }
}

struct Swept {
  std::string name;
  std::function<Handshake()> make;
};
void PrintTo(const Swept& s, std::ostream* out) { *out << s.name; }

std::vector<Swept> all() {
  std::vector<Swept> out;
  for (const std::string_view which :
       {"psk", "psk_cbc", "psk_cbc_without_extensions", "ecdhe_psk", "rsa_psk",
        "ecdhe_ecdsa_client_certificate", "rsa", "psk_tls11", "psk_tls10", "ecdhe_ecdsa_tls10"}) {
    out.push_back({std::string(which), [which] { return Handshake(kind(which)); }});
  }
  out.push_back({"psk_resumed", [] { return resuming(kind("psk")); }});
  out.push_back({"ecdhe_ecdsa_resumed", [] { return resuming(kind("ecdhe_ecdsa")); }});
  out.push_back({"psk_by_secret", [] { return by_secret(kind("psk")); }});
  out.push_back({"psk_by_secret_tls10", [] { return by_secret(kind("psk_tls10")); }});
  return out;
}

class Sweep12 : public testing::TestWithParam<Swept> {};

TEST_P(Sweep12, NoSpoiledOctetOfTheClientIsTaken) { sweep(GetParam().make(), Side::client); }
TEST_P(Sweep12, NoSpoiledOctetOfTheServerIsTaken) { sweep(GetParam().make(), Side::server); }
TEST_P(Sweep12, TheTransportsEndIsReportedAtEachOctetOfTheClient) { cut(GetParam().make(), Side::client); }
TEST_P(Sweep12, TheTransportsEndIsReportedAtEachOctetOfTheServer) { cut(GetParam().make(), Side::server); }

INSTANTIATE_TEST_SUITE_P(Hostile, Sweep12, testing::ValuesIn(all()),
                         [](const auto& test) { return test.param.name; });

TEST(Sweep12Memory, LeavesNothing) {
  const Handshake h(kind("psk"));
  cut(h, Side::client);
  const std::size_t before = heap().live;
  cut(h, Side::client);
  cut(h, Side::server);
  sweep(h, Side::server);
  EXPECT_EQ(heap().live, before);
}

}  // namespace
}  // namespace sesame::test
