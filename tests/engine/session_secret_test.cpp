// The session secret of EAP-FAST (RFC 4851 section 3.2.2) between a client and a server, in every pair of
// versions that the two may allow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sesame/eap_fast.h>

#include "support/authority.h"
#include "support/pair.h"

namespace sesame::test {
namespace {

using enum CipherSuite;
using enum ProtocolVersion;

const std::vector<std::uint8_t> pac_opaque(60, 0x5a);
const std::vector<std::uint8_t> secret(48, 0x11);
const std::vector<std::uint8_t> other_secret(48, 0x22);

// What a provider was asked, in words.
struct Asked {
  int times = 0;
  Side side{};
  ProtocolVersion version{};
  std::optional<std::vector<std::uint8_t>> ticket;
  std::vector<CipherSuite> suites;
  std::vector<std::uint8_t> client_random, server_random;
};

// A provider that gives `secret`, or nothing where that is empty.
SessionSecretProvider provider_of(std::vector<std::uint8_t> given, Asked* asked = nullptr,
                                  std::optional<CipherSuite> suite = {}) {
  return [=](const SessionSecretQuery& query, SessionSecretAnswer& answer) {
    if (asked) {
      ++asked->times;
      asked->side = query.side;
      asked->version = query.version;
      if (query.session_ticket)
        asked->ticket.emplace(query.session_ticket->begin(), query.session_ticket->end());
      asked->suites.assign(query.cipher_suites.begin(), query.cipher_suites.end());
      asked->client_random.assign(query.client_random.begin(), query.client_random.end());
      asked->server_random.assign(query.server_random.begin(), query.server_random.end());
    }
    if (!given.empty()) answer.give(given);
    if (suite) answer.use_suite(*suite);
  };
}

struct Rig {
  ContextOptions client = options(), server = options();
  ClientOptions client_options{.session_ticket = Bytes(pac_opaque), .session_secret = provider_of(secret)};
  ServerOptions server_options{.session_secret = provider_of(secret)};

  // What hostapd offers, without what libcrypto has no more.
  static ContextOptions options() {
    ContextOptions o;
    o.min_version = tls10;
    o.max_version = tls12;
    o.cipher_suites = {TLS_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                       TLS_DH_anon_WITH_AES_128_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
                       TLS_RSA_WITH_AES_128_CBC_SHA};
    return o;
  }
  void with_certificate() {
    server.certificates = {authority().server().certified_key()};
    client.verification = VerificationOptions{.trust = authority().trust()};
    client_options.verify_name = "server.example";
  }
  static const Authority& authority() {
    static const Authority made;
    return made;
  }

  Pair pair() const {
    auto c = Connection::client(Context::create(client).value(), client_options);
    EXPECT_TRUE(c) << c.error().message();
    auto s = Connection::server(Context::create(server).value(), server_options);
    EXPECT_TRUE(s) << s.error().message();
    return {std::move(*c), std::move(*s)};
  }
};

void expect_abbreviated(Pair& pair) {
  ASSERT_TRUE(pair.handshake()) << (pair.client.failure ? pair.client.failure->message() : "") << ' '
                                << (pair.server.failure ? pair.server.failure->message() : "");
  for (const Connection* c : {&pair.client.connection, &pair.server.connection}) {
    EXPECT_TRUE(c->resumed());
    EXPECT_EQ(c->authentication(), Authentication::session_secret);
    EXPECT_TRUE(c->peer_certificates().empty());
  }
  expect_transfer(pair, pair.client, pair.server, "through the tunnel");
  expect_transfer(pair, pair.server, pair.client, "and back");
}

TEST(SessionSecret, AbbreviatesTheHandshake) {
  for (const ProtocolVersion version : {tls10, tls11, tls12}) {
    Rig rig;
    rig.client.max_version = version;
    Asked client, server;
    rig.client_options.session_secret = provider_of(secret, &client);
    rig.server_options.session_secret = provider_of(secret, &server);
    Pair pair = rig.pair();
    expect_abbreviated(pair);
    EXPECT_EQ(pair.client.connection.version(), version);
    EXPECT_EQ(client.times, 1);
    EXPECT_EQ(client.side, Side::client);
    EXPECT_EQ(client.ticket, pac_opaque);
    EXPECT_THAT(client.suites, testing::ElementsAre(pair.client.connection.cipher_suite()));
    EXPECT_EQ(server.times, 1);
    EXPECT_EQ(server.side, Side::server);
    EXPECT_EQ(server.version, version);
    EXPECT_EQ(server.ticket, pac_opaque);
    EXPECT_THAT(server.suites, testing::Contains(TLS_DH_anon_WITH_AES_128_CBC_SHA));
    EXPECT_EQ(client.client_random, server.client_random);
    EXPECT_EQ(client.server_random, server.server_random);
    EXPECT_EQ(
        Octets(pair.client.connection.server_random().begin(), pair.client.connection.server_random().end()),
        client.server_random);
  }
}

// RFC 4851 section 3.2.2: a server that does not know the PAC goes on with a full handshake.
TEST(SessionSecret, FallsBackToTheFullHandshakeWhereTheServerDoesNotKnowThePac) {
  for (const bool with_provider : {true, false}) {
    Rig rig;
    rig.with_certificate();
    rig.server_options.session_secret = with_provider ? provider_of({}) : SessionSecretProvider();
    Pair pair = rig.pair();
    ASSERT_TRUE(pair.handshake());
    EXPECT_FALSE(pair.client.connection.resumed());
    EXPECT_EQ(pair.client.connection.authentication(), Authentication::certificate);
    expect_transfer(pair, pair.client, pair.server, "a new PAC, please");
  }
}

TEST(SessionSecret, DifferentSecretsFailAtFinished) {
  Rig rig;
  rig.server_options.session_secret = provider_of(other_secret);
  Pair pair = rig.pair();
  EXPECT_FALSE(pair.handshake());
  ASSERT_TRUE(pair.client.failure);
  EXPECT_EQ(pair.client.failure->alert(), Alert::bad_record_mac);
}

TEST(SessionSecret, EndsTheHandshakeWhereTheClientHasNone) {
  for (const auto& given : {std::vector<std::uint8_t>(), std::vector<std::uint8_t>(513, 1)}) {
    Rig rig;
    rig.client_options.session_secret = provider_of(given);
    Pair pair = rig.pair();
    EXPECT_FALSE(pair.handshake());
    ASSERT_TRUE(pair.client.failure);
    EXPECT_EQ(pair.client.failure->reason(), Reason::session_secret_refused);
    EXPECT_EQ(pair.client.failure->alert(), Alert::internal_error);
  }
}

TEST(SessionSecret, OfASizeThatCannotBeIsNoneOnAServer) {
  Rig rig;
  rig.with_certificate();
  rig.server_options.session_secret = provider_of(std::vector<std::uint8_t>(513, 1));
  Pair pair = rig.pair();
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.client.connection.authentication(), Authentication::certificate);
}

TEST(SessionSecret, IsStoredAsItIsGiven) {
  for (const std::size_t size : {1u, 47u, 49u, 512u}) {
    const std::vector<std::uint8_t> odd(size, 0x33);
    Rig rig;
    rig.client_options.session_secret = rig.server_options.session_secret = provider_of(odd);
    Pair pair = rig.pair();
    expect_abbreviated(pair);
  }
}

TEST(SessionSecret, TheServersProviderMayChooseTheSuite) {
  Rig rig;
  rig.with_certificate();
  rig.client.cipher_suites.push_back(TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384);
  rig.server.cipher_suites.push_back(TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384);
  rig.server_options.session_secret = provider_of(secret, nullptr, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384);
  {
    Pair pair = rig.pair();
    expect_abbreviated(pair);
    EXPECT_EQ(pair.server.connection.cipher_suite(), TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384);
  }
  // One that the client did not offer is passed over.
  rig.server_options.session_secret = provider_of(secret, nullptr, TLS_PSK_WITH_AES_128_GCM_SHA256);
  Pair pair = rig.pair();
  expect_abbreviated(pair);
  EXPECT_NE(pair.server.connection.cipher_suite(), TLS_PSK_WITH_AES_128_GCM_SHA256);
}

// The trap of others: the choice of a suite that demands a certificate although the provider has the secret.
TEST(SessionSecret, NeedsNeitherCertificateNorKeyOnTheServer) {
  Rig rig;
  rig.client.cipher_suites = rig.server.cipher_suites = {TLS_RSA_WITH_AES_128_CBC_SHA};
  Pair pair = rig.pair();
  expect_abbreviated(pair);
}

TEST(SessionSecret, MayBeInstalledFromWithinTheTicketFunction) {
  Rig rig;
  std::vector<std::uint8_t> seen;
  rig.server_options = {.on_session_ticket = [&](Bytes ticket, SessionTicketAnswer& answer) {
    seen.assign(ticket.begin(), ticket.end());
    answer.use_provider(provider_of(secret));
  }};
  Pair pair = rig.pair();
  expect_abbreviated(pair);
  EXPECT_EQ(seen, pac_opaque);
}

TEST(SessionSecret, TheTicketFunctionMayRefuse) {
  Rig rig;
  rig.server_options.on_session_ticket = [](Bytes, SessionTicketAnswer& answer) { answer.refuse(); };
  Pair pair = rig.pair();
  EXPECT_FALSE(pair.handshake());
  ASSERT_TRUE(pair.server.failure);
  EXPECT_EQ(pair.server.failure->reason(), Reason::session_ticket_refused);
  EXPECT_EQ(pair.server.failure->alert(), Alert::internal_error);
}

// RFC 4851 section 3.2.2: a client without a PAC shows none, and the server is asked all the same.
TEST(SessionSecret, WithoutAPacIsAskedOnTheServerOnly) {
  Rig rig;
  rig.with_certificate();
  Asked client, server;
  rig.client_options.session_ticket.reset();
  rig.client_options.session_secret = provider_of(secret, &client);
  rig.server_options.session_secret = provider_of({}, &server);
  Pair pair = rig.pair();
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(client.times, 0);
  EXPECT_EQ(server.times, 1);
  EXPECT_FALSE(server.ticket.has_value());
}

// The four pairs: with TLS 1.3 enabled on either side or on both. The system's libssl fails there.
TEST(SessionSecret, GoesTogetherWithTls13OnEitherSide) {
  for (const bool client13 : {false, true}) {
    for (const bool server13 : {false, true}) {
      Rig rig;
      rig.with_certificate();
      Asked client, server;
      rig.client_options.session_secret = provider_of(secret, &client);
      rig.server_options.session_secret = provider_of(secret, &server);
      if (client13) rig.client.max_version = tls13;
      if (server13) rig.server.max_version = tls13;
      Pair pair = rig.pair();
      if (client13 && server13) {
        ASSERT_TRUE(pair.handshake());
        EXPECT_EQ(pair.client.connection.version(), tls13);
        EXPECT_EQ(pair.client.connection.authentication(), Authentication::certificate);
        EXPECT_FALSE(pair.server.connection.resumed());
        EXPECT_EQ(client.times + server.times, 0);
        expect_transfer(pair, pair.client, pair.server, "without the PAC");
      } else {
        expect_abbreviated(pair);
        EXPECT_EQ(pair.client.connection.version(), tls12);
        EXPECT_EQ(client.times, 1);
        EXPECT_EQ(server.times, 1);
      }
    }
  }
}

TEST(SessionSecret, ASecondConnectionOfTheContextsIsAsGood) {
  Rig rig;
  const auto client = Context::create(rig.client).value(), server = Context::create(rig.server).value();
  for (int i = 0; i < 2; ++i) {
    Pair pair(Connection::client(client, rig.client_options).value(),
              Connection::server(server, rig.server_options).value());
    expect_abbreviated(pair);
  }
  // And one without a PAC, from the same contexts, knows nothing of it.
  Pair pair(Connection::client(client, {}).value(), Connection::server(server, {}).value());
  ASSERT_TRUE(pair.handshake());  // anonymous, by DH_anon
  EXPECT_FALSE(pair.client.connection.resumed());
  EXPECT_EQ(pair.client.connection.authentication(), Authentication::anonymous);
}

// A server with an issuer of tickets and a provider: tickets are neither opened nor given.
TEST(SessionSecret, LeavesNoTickets) {
  Rig rig;
  rig.with_certificate();
  int sessions = 0;
  rig.client.on_session = [&](const Session&) { ++sessions; };
  rig.server.tickets.issuer = std::make_shared<TicketKeys>();
  {
    Pair pair = rig.pair();
    expect_abbreviated(pair);
  }
  rig.server_options.session_secret = provider_of({});  // and none after the full handshake
  Pair pair = rig.pair();
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(sessions, 0);
}

// RFC 7627 beside it: negotiated as usual, and the secret stays what it is (RFC 4851 knows nothing of it).
TEST(SessionSecret, ExtendedMasterSecretDoesNotAlterIt) {
  Rig rig;
  Pair pair = rig.pair();
  expect_abbreviated(pair);
  EXPECT_TRUE(pair.client.connection.extended_master_secret());
  EXPECT_TRUE(pair.server.connection.extended_master_secret());
  EXPECT_TRUE(pair.client.connection.secure_renegotiation());
  std::vector<std::uint8_t> ours(104 + 40), theirs(104 + 40);
  ASSERT_TRUE(pair.client.connection.export_key_block(ours));
  ASSERT_TRUE(pair.server.connection.export_key_block(theirs));
  EXPECT_EQ(ours, theirs);
}

// EAP-FAST as its implementer writes it: an anonymous tunnel in which a PAC is given, and one by that PAC
// (RFC 5422 section 3, RFC 4851 section 5.1).
TEST(EapFast, ProvisionsAPacAndUsesIt) {
  for (const ProtocolVersion version : {tls10, tls12}) {
    eap_fast::PacSealer sealer;
    Rig rig;
    rig.client.cipher_suites = rig.server.cipher_suites = {TLS_DH_anon_WITH_AES_128_CBC_SHA};
    rig.client.max_version = version;
    rig.client_options = {};
    rig.server_options.session_secret = [&](const SessionSecretQuery& query, SessionSecretAnswer& answer) {
      if (!query.session_ticket) return;
      const auto opaque = eap_fast::decode_pac_opaque(*query.session_ticket);
      if (!opaque) return;
      const auto contents = sealer.open(*opaque, std::chrono::system_clock::now());
      if (!contents) return;
      std::vector<std::uint8_t> master(48);
      ASSERT_TRUE(eap_fast::master_secret(contents->key, query.server_random, query.client_random, master));
      answer.give(master);
    };
    eap_fast::Pac pac;
    {
      Pair tunnel = rig.pair();
      ASSERT_TRUE(tunnel.handshake());
      EXPECT_EQ(tunnel.client.connection.authentication(), Authentication::anonymous);
      eap_fast::PacContents contents;
      contents.key.fill(0x77);
      contents.expires = std::chrono::system_clock::now() + std::chrono::hours(1);
      eap_fast::Pac given;
      given.key = contents.key;
      given.opaque = sealer.seal(contents).value();
      given.info.a_id = {1, 2, 3, 4};
      given.info.a_id_info = "authority";
      const auto tlv = eap_fast::encode_pac_tlv(given);
      ASSERT_TRUE(tlv);
      expect_transfer(tunnel, tunnel.server, tunnel.client, std::string(tlv->begin(), tlv->end()));
      auto taken = eap_fast::decode_pac_tlv(as_bytes(tunnel.client.data));
      ASSERT_TRUE(taken);
      pac = std::move(*taken);
    }
    const auto ticket = eap_fast::encode_pac_opaque(pac.opaque);
    ASSERT_TRUE(ticket);
    rig.client_options.session_ticket = Bytes(*ticket);
    rig.client_options.session_secret = [&](const SessionSecretQuery& query, SessionSecretAnswer& answer) {
      std::vector<std::uint8_t> master(48);
      ASSERT_TRUE(eap_fast::master_secret(pac.key, query.server_random, query.client_random, master));
      answer.give(master);
    };
    {
      Pair tunnel = rig.pair();
      expect_abbreviated(tunnel);
      std::vector<std::uint8_t> ours(40), theirs(40);
      ASSERT_TRUE(eap_fast::session_key_seed(tunnel.client.connection, ours));
      ASSERT_TRUE(eap_fast::session_key_seed(tunnel.server.connection, theirs));
      EXPECT_EQ(ours, theirs);
    }
    // The server's key was rotated away: the PAC is refused, and the anonymous tunnel gives a new one.
    for (int i = 0; i < 16; ++i) ASSERT_TRUE(sealer.rotate());
    Pair tunnel = rig.pair();
    ASSERT_TRUE(tunnel.handshake());
    EXPECT_FALSE(tunnel.client.connection.resumed());
    EXPECT_EQ(tunnel.client.connection.authentication(), Authentication::anonymous);
  }
}

}  // namespace
}  // namespace sesame::test
