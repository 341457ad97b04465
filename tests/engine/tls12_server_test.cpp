// What a server of TLS 1.2 and below does beside the flow itself: answers that come later, keys that do not
// fit, sessions that go with their connection, handshakes within one.
#include <algorithm>

#include "crypto/provider.h"
#include "crypto/signature.h"
#include "support/certificates.h"

namespace sesame::test {
namespace {

using enum CipherSuite;
using enum ProtocolVersion;

Credential key12(std::string_view identity = "alice", std::string_view key = default_key,
                 std::optional<TimePoint> not_after = {}) {
  return Credential::create({.identity = as_bytes(identity),
                             .key = as_bytes(key),
                             .usage = PskUsage::tls12,
                             .not_after = not_after})
      .value();
}
const std::string other_key(32, 'o');

ContextOptions psk(CipherSuite suite = TLS_PSK_WITH_AES_128_GCM_SHA256) {
  ContextOptions options;
  options.min_version = tls10;
  options.max_version = tls12;
  options.cipher_suites = {suite};
  return options;
}

Pair pair_of(ContextOptions client, ContextOptions server, const ClientOptions& options = {}) {
  return {Connection::client(make_context(std::move(client)), options).value(),
          Connection::server(make_context(std::move(server))).value()};
}

// A client and a server with a key each; the server's source as it is given.
Pair psk_pair(Credential client, std::shared_ptr<PskSource> source,
              CipherSuite suite = TLS_PSK_WITH_AES_128_GCM_SHA256,
              UnknownIdentityAlert alert = UnknownIdentityAlert::decrypt_error) {
  ContextOptions c = psk(suite), s = psk(suite);
  c.credentials = {std::move(client)};
  s.psk_source = std::move(source);
  s.unknown_identity_alert = alert;
  return pair_of(std::move(c), std::move(s));
}

constexpr CipherSuite forms[] = {
    TLS_PSK_WITH_AES_128_GCM_SHA256,  TLS_PSK_WITH_AES_256_CBC_SHA384,
    TLS_DHE_PSK_WITH_AES_128_CBC_SHA, TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
    TLS_ECDHE_PSK_WITH_NULL_SHA256,   TLS_PSK_WITH_AES_128_CCM_8,
};

TEST(Tls12Server, TakesEitherOfTwoKeysAndSaysWhich) {
  for (const CipherSuite suite : forms) {
    for (const bool older : {false, true}) {
      Pair pair = psk_pair(key12("alice", older ? default_key : other_key),
                           source_of({key12("alice", other_key), key12("alice", default_key)}), suite);
      ASSERT_TRUE(pair.handshake()) << name(suite);
      EXPECT_EQ(pair.server.connection.used_older_key(), older);
      EXPECT_EQ(pair.server.connection.authentication(), Authentication::external_psk);
      expect_transfer(pair, pair.client, pair.server, "one");
      expect_transfer(pair, pair.server, pair.client, "another");
    }
  }
}

TEST(Tls12Server, WhatDoesNotFitFailsAtFinishedAndSaysWhyToThisSideOnly) {
  const auto past = std::chrono::system_clock::now() - std::chrono::hours(1);
  const struct {
    std::shared_ptr<PskSource> source;
    Reason reason;
  } rows[] = {
      {source_of({}), Reason::psk_identity_unknown},
      {source_of({key12("alice", other_key)}), Reason::psk_key_mismatch},
      {source_of({key12("alice", other_key), key12("alice", std::string(32, 'p'))}),
       Reason::psk_key_mismatch},
      {source_of({key12("alice", default_key, past)}), Reason::psk_expired},
      {source_of({make_credential()}), Reason::psk_wrong_usage},
  };
  for (const CipherSuite suite : forms) {
    for (const auto& row : rows) {
      Pair pair = psk_pair(key12(), row.source, suite);
      expect_failure(pair, Side::server, row.reason, Alert::bad_record_mac);
    }
  }
}

TEST(Tls12Server, AnExpiredKeyBesideAValidOneIsNoObstacle) {
  const auto past = std::chrono::system_clock::now() - std::chrono::hours(1);
  Pair pair = psk_pair(key12(), source_of({key12("alice", other_key, past), key12()}));
  ASSERT_TRUE(pair.handshake());
  EXPECT_TRUE(pair.server.connection.used_older_key());
  Pair refused = psk_pair(key12("alice", other_key), source_of({key12("alice", other_key, past), key12()}));
  EXPECT_FALSE(refused.handshake());
}

TEST(Tls12Server, SaysThatAnIdentityIsUnknownWhereItMay) {
  Pair pair = psk_pair(key12(), source_of({}), TLS_PSK_WITH_AES_128_GCM_SHA256,
                       UnknownIdentityAlert::unknown_psk_identity);
  expect_failure(pair, Side::server, Reason::psk_identity_unknown, Alert::unknown_psk_identity);
}

TEST(Tls12Server, WaitsForAKey) {
  for (const CipherSuite suite : forms) {
    for (const bool known : {true, false}) {
      Pair pair = psk_pair(
          key12(), make_psk_source([](const PskQuery&, PskAnswer& answer) { answer.later(); }), suite);
      ASSERT_TRUE(pair.pump());
      Connection& server = pair.server.connection;
      ASSERT_EQ(server.wait(), Wait::psk_lookup);
      EXPECT_EQ(server.state(), "RECVD_CKE");
      ASSERT_TRUE(server.pending_psk());
      EXPECT_EQ(as_text(server.pending_psk()->identity), "alice");
      EXPECT_EQ(server.pending_psk()->version, tls12);
      const std::vector<Credential> found = known ? std::vector{key12()} : std::vector<Credential>();
      ASSERT_TRUE(server.supply_psk(found));
      pair.server.receive({});
      EXPECT_EQ(pair.handshake(), known);
      if (!known) {
        ASSERT_TRUE(pair.server.failure);
        EXPECT_EQ(pair.server.failure->reason(), Reason::psk_identity_unknown);
      }
    }
  }
}

TEST(Tls12Server, TakesAnIdentityAsLongAsTheWireCarries) {
  const std::string identity(65'535, 'i');
  Pair pair = psk_pair(key12(identity), source_of({key12(identity)}));
  ASSERT_TRUE(pair.handshake()) << (pair.server.failure ? pair.server.failure->message() : "");
  EXPECT_EQ(pair.server.connection.psk_identity().size(), identity.size());
}

// ---- certificates ----

ContextOptions certified(ContextOptions options) {
  options.min_version = tls10;
  options.max_version = tls12;
  for (const KeyExchangeMethod method :
       {KeyExchangeMethod::ecdhe_ecdsa, KeyExchangeMethod::ecdhe_rsa, KeyExchangeMethod::rsa}) {
    for (const CipherSuite suite : cipher_suites_of(method)) {
      if (std::ranges::find(options.cipher_suites, suite) == options.cipher_suites.end())
        options.cipher_suites.push_back(suite);
    }
  }
  return options;
}

struct LaterSigner final : Signer {
  void sign(const SignatureQuery&, SignatureAnswer& answer) override { answer.later(); }
};

TEST(Tls12Server, WaitsForASignatureAndForAVerdict) {
  const Issued& own = server_certificate();
  ContextOptions server = certified({});
  server.certificates = {CertifiedKey::from_signer(own.handles(), std::make_shared<LaterSigner>()).value()};
  server.verification = trusting();
  server.verification->verify = [](const VerificationQuery&, Verdict& verdict) { verdict.later(); };
  server.client_certificates = ClientCertificates::require;
  ContextOptions client = certified(verifying());
  client.certificates = {client_certificate().certified_key()};
  for (const bool accepted : {true, false}) {
    Pair pair = pair_of(client, server, to_server);
    ASSERT_TRUE(pair.pump());
    Connection& connection = pair.server.connection;
    ASSERT_EQ(connection.wait(), Wait::signature);
    EXPECT_EQ(connection.state(), "NEGOTIATED");
    const auto query = connection.pending_signature();
    ASSERT_TRUE(query);
    const auto signature =
        crypto::sign_tls12(**crypto::Provider::system(), own.key.get(), query->scheme, query->input);
    ASSERT_TRUE(signature);
    ASSERT_TRUE(connection.supply_signature(*signature));
    ASSERT_TRUE(pair.pump());
    ASSERT_EQ(connection.wait(), Wait::verification);
    EXPECT_EQ(connection.state(), "VERIFYING");
    const auto supplied = connection.supply_verdict(accepted ? std::optional<Alert>() : Alert::access_denied);
    EXPECT_EQ(supplied.has_value(), accepted);
    pair.server.receive({});
    EXPECT_EQ(pair.handshake(), accepted);
    EXPECT_EQ(connection.authentication(), accepted ? Authentication::certificate : Authentication::none);
  }
}

TEST(Tls12Server, RequiresWhatItIsSaidToRequire) {
  ContextOptions server = certified(showing());
  server.verification = trusting();
  server.client_certificates = ClientCertificates::require;
  Pair none = pair_of(certified(verifying()), server, to_server);
  expect_failure(none, Side::server, Reason::certificate_required, Alert::handshake_failure);
}

// ---- sessions ----

struct Sessions {
  std::shared_ptr<MemorySessionStore> store = std::make_shared<MemorySessionStore>();
  ContextOptions client = certified(verifying()), server = certified(showing());
  explicit Sessions(std::shared_ptr<TicketIssuer> issuer) {
    client.session_store = store;
    server.tickets.issuer = std::move(issuer);
  }
  Pair pair() const { return pair_of(client, server, to_server); }
};

TEST(Tls12Server, ResumesByTicketAndByIdentifier) {
  for (const bool by_ticket : {true, false}) {
    std::shared_ptr<TicketIssuer> issuer = std::make_shared<SessionCache>();
    if (by_ticket) issuer = std::make_shared<TicketKeys>();
    Sessions sessions(issuer);
    for (const bool resumed : {false, true}) {
      Pair pair = sessions.pair();
      ASSERT_TRUE(pair.handshake());
      EXPECT_EQ(pair.server.connection.resumed(), resumed);
      EXPECT_EQ(pair.client.connection.resumed(), resumed);
      expect_transfer(pair, pair.client, pair.server, "one");
      expect_transfer(pair, pair.server, pair.client, "another");
    }
  }
}

// RFC 5246 section 7.2.2.
TEST(Tls12Server, ASessionGoesWithItsConnectionButNotWithItsTransport) {
  for (const bool fails : {true, false}) {
    Sessions sessions(std::make_shared<SessionCache>());
    {
      Pair pair = sessions.pair();
      ASSERT_TRUE(pair.handshake());
      if (fails) {
        std::vector<std::uint8_t> junk = {23, 3, 3, 0, 40};
        junk.resize(45);
        pair.server.receive(junk);
        ASSERT_TRUE(pair.server.failure);
      } else {
        EXPECT_FALSE(pair.server.connection.transport_closed());
      }
    }
    Pair pair = sessions.pair();
    ASSERT_TRUE(pair.handshake());
    EXPECT_EQ(pair.server.connection.resumed(), !fails);
  }
}

TEST(Tls12Server, RenewsATicketWhenHalfOfItsLifeIsOver) {
  TimePoint now = std::chrono::system_clock::now();
  Sessions sessions(std::make_shared<TicketKeys>());
  int received = 0;
  std::optional<Session> last;
  sessions.client.session_store.reset();
  sessions.client.on_session = [&](const Session& session) { ++received, last = session; };
  sessions.client.clock = sessions.server.clock = [&] { return now; };
  sessions.server.tickets.lifetime = std::chrono::hours(1);
  const auto connect = [&] {
    ClientOptions options = to_server;
    options.session = last;
    Pair pair = pair_of(sessions.client, sessions.server, options);
    EXPECT_TRUE(pair.handshake());
    return pair.server.connection.resumed();
  };
  EXPECT_FALSE(connect());
  EXPECT_EQ(received, 1);
  now += std::chrono::minutes(20);
  EXPECT_TRUE(connect());
  EXPECT_EQ(received, 1);
  now += std::chrono::minutes(20);
  EXPECT_TRUE(connect());
  EXPECT_EQ(received, 2);
  now += std::chrono::minutes(50);
  EXPECT_TRUE(connect());  // by the new one
}

TEST(Tls12Server, AKeyLeavesNoSessionUnlessItIsAskedTo) {
  for (const bool after : {false, true}) {
    int received = 0;
    ContextOptions client = psk(), server = psk();
    client.credentials = {key12()};
    client.on_session = [&](const Session&) { ++received; };
    server.psk_source = source_of({key12()});
    server.tickets = {.issuer = std::make_shared<TicketKeys>(), .after_external_psk = after};
    Pair pair = pair_of(client, server);
    ASSERT_TRUE(pair.handshake());
    EXPECT_EQ(received, after ? 1 : 0);
  }
}

// ---- renegotiation ----

TEST(Tls12Server, RenegotiatesWhereItMay) {
  for (const bool by_server : {false, true}) {
    ContextOptions client = psk(), server = psk();
    client.credentials = {key12()};
    server.psk_source = source_of({key12()});
    client.renegotiation = server.renegotiation = Renegotiation::allow;
    Pair pair = pair_of(client, server);
    ASSERT_TRUE(pair.handshake());
    const Bytes at = pair.server.connection.finished(Side::client);
    const std::vector<std::uint8_t> before(at.begin(), at.end());
    ASSERT_TRUE((by_server ? pair.server : pair.client).connection.renegotiate());
    ASSERT_TRUE(pair.pump());
    EXPECT_FALSE(pair.server.failure);
    EXPECT_FALSE(pair.client.failure);
    EXPECT_FALSE(std::ranges::equal(before, pair.server.connection.finished(Side::client)));
    EXPECT_EQ(pair.server.connection.state(), "CONNECTED");
    expect_transfer(pair, pair.client, pair.server, "one");
    expect_transfer(pair, pair.server, pair.client, "another");
  }
}

TEST(Tls12Server, RefusesToRenegotiateAndGoesOn) {
  ContextOptions client = psk(), server = psk();
  client.credentials = {key12()};
  server.psk_source = source_of({key12()});
  Pair pair = pair_of(client, server);
  ASSERT_TRUE(pair.handshake());
  ASSERT_TRUE(pair.client.connection.renegotiate());
  ASSERT_TRUE(pair.pump());
  EXPECT_FALSE(pair.server.failure);
  expect_transfer(pair, pair.server, pair.client, "on it goes");
}

// ---- what is demanded ----

TEST(Tls12Server, MarksARandomThatIsLessThanItsBest) {
  const struct {
    ProtocolVersion client, server;
    std::string_view end;
  } rows[] = {
      {tls12, tls13, "DOWNGRD\x01"},
      {tls11, tls13, std::string_view("DOWNGRD\0", 8)},
      {tls10, tls12, std::string_view("DOWNGRD\0", 8)},
      {tls12, tls12, {}},
      {tls10, tls11, {}},
  };
  for (const auto& row : rows) {
    ContextOptions client = psk(TLS_PSK_WITH_AES_128_CBC_SHA), server = client;
    client.max_version = row.client;
    server.max_version = row.server;
    server.cipher_suites.push_back(TLS_AES_128_GCM_SHA256);
    client.credentials = {key12()};
    server.psk_source = source_of({key12()});
    Pair pair = pair_of(client, server);
    ASSERT_TRUE(pair.handshake());
    const std::string_view random = as_text(pair.server.connection.server_random());
    EXPECT_EQ(random.substr(24, 7) == "DOWNGRD", !row.end.empty());
    EXPECT_TRUE(random.ends_with(row.end));
  }
}

TEST(Tls12Server, CutsItsFlightToTheFragmentsOfTheClient) {
  ContextOptions client = certified(verifying());
  client.max_fragment_length = 512;
  Pair pair = pair_of(client, certified(showing(KeyType::rsa2048)), to_server);
  std::size_t longest = 0;
  pair.on_wire = [&](Side from, std::vector<std::uint8_t>& octets) {
    for (std::size_t at = 0; from == Side::server && at + 5 <= octets.size();) {
      const std::size_t size = static_cast<std::size_t>(octets[at + 3]) << 8 | octets[at + 4];
      longest = std::max(longest, size);
      at += 5 + size;
    }
  };
  ASSERT_TRUE(pair.handshake());
  EXPECT_LE(longest, 512u + 100u);
  EXPECT_GT(longest, 256u);
}

}  // namespace
}  // namespace sesame::test
