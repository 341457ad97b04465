// Tickets and resumption (RFC 8446 sections 2.2, 4.6.1 and 4.2.11), end to end.
#include "session/session_body.h"
#include "support/certificates.h"

namespace sesame::test {
namespace {

enum class Kind { keys, cache };
class Resumption : public testing::TestWithParam<Kind> {
 protected:
  Resumption() {
    client.session_store = store;
    if (GetParam() == Kind::keys) {
      // A ticket of seven days needs a key of as many.
      issuer = std::make_shared<TicketKeys>(TicketKeysOptions{.rotation = max_ticket_lifetime});
    } else {
      issuer = std::make_shared<SessionCache>();
    }
    server.tickets.issuer = issuer;
    client.clock = server.clock = [this] { return now; };
  }
  Pair pair(ClientOptions options = to_server) {
    return Pair(make_context(client), make_context(server), options);
  }
  // One handshake that leaves tickets behind.
  void first() {
    Pair p = pair();
    ASSERT_TRUE(p.handshake());
    EXPECT_FALSE(p.client.connection.resumed());
    EXPECT_EQ(store->size(), server.tickets.count);
  }

  TimePoint now = std::chrono::system_clock::now();
  std::shared_ptr<MemorySessionStore> store = std::make_shared<MemorySessionStore>();
  std::shared_ptr<TicketIssuer> issuer;
  ContextOptions client = verifying(), server = showing();
};

TEST_P(Resumption, NeedsNoCertificateAgain) {
  first();
  Pair second = pair();
  ASSERT_TRUE(second.handshake());
  EXPECT_TRUE(second.client.connection.resumed());
  EXPECT_TRUE(second.server.connection.resumed());
  EXPECT_EQ(second.client.connection.authentication(), Authentication::certificate);
  EXPECT_EQ(second.server.connection.authentication(), Authentication::anonymous);
  EXPECT_TRUE(
      std::ranges::equal(second.client.connection.peer_certificates()[0], server_certificate().der()));
  EXPECT_TRUE(second.client.connection.group());  // forward secret
  EXPECT_FALSE(second.client.connection.peer_signature_scheme());
  EXPECT_EQ(store->size(), 2u);  // one was used, one came
  expect_transfer(second, second.client, second.server, "up");
  expect_transfer(second, second.server, second.client, "down");
}

TEST_P(Resumption, RemembersTheClientsCertificate) {
  client.certificates = {client_certificate().certified_key()};
  server.verification = trusting();
  server.client_certificates = ClientCertificates::require;
  first();
  Pair second = pair();
  ASSERT_TRUE(second.handshake());
  EXPECT_TRUE(second.server.connection.resumed());
  EXPECT_EQ(second.server.connection.authentication(), Authentication::certificate);
  EXPECT_TRUE(
      std::ranges::equal(second.server.connection.peer_certificates()[0], client_certificate().der()));
}

TEST_P(Resumption, IsNotTheWayRoundAClientCertificate) {
  first();  // of an anonymous client
  server.verification = trusting();
  server.client_certificates = ClientCertificates::require;
  client.certificates = {client_certificate().certified_key()};
  Pair second = pair();
  ASSERT_TRUE(second.handshake());
  EXPECT_FALSE(second.server.connection.resumed());
  EXPECT_EQ(second.server.connection.authentication(), Authentication::certificate);
}

TEST_P(Resumption, WorksBehindAHelloRetryRequestAndOneOctetAtATime) {
  first();
  client.key_shares = 0;
  server.always_retry_with_cookie = true;
  Pair second = pair();
  second.in = second.out = 1;
  ASSERT_TRUE(second.handshake());
  EXPECT_TRUE(second.client.connection.retried());
  EXPECT_TRUE(second.client.connection.resumed());
}

TEST_P(Resumption, EndsWithTheLifetime) {
  server.tickets.lifetime = std::chrono::seconds(100);
  first();
  const auto session = store->take("server.example", now);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->expires() - session->issued(), std::chrono::seconds(100));
  // A client that does not know: its clock stands still.
  const TimePoint then = now;
  client.clock = [then] { return then; };
  now += std::chrono::seconds(101);
  ClientOptions options = to_server;
  options.session = session;
  Pair late = pair(options);
  ASSERT_TRUE(late.handshake());
  EXPECT_FALSE(late.client.connection.resumed());
}

TEST_P(Resumption, DoesNotProlongTheFirstAuthentication) {
  server.tickets.lifetime = max_ticket_lifetime;
  server.tickets.count = 1;
  first();
  for (int day = 1; day < 7; ++day) {
    now += hours(24);
    Pair next = pair();
    ASSERT_TRUE(next.handshake());
    ASSERT_TRUE(next.client.connection.resumed()) << day;
  }
  now += hours(24) + std::chrono::seconds(1);
  client.verification->verify = [](const auto&, Verdict& verdict) { verdict.accept(); };
  Pair late = pair();
  ASSERT_TRUE(late.handshake());
  EXPECT_FALSE(late.client.connection.resumed());
}

TEST_P(Resumption, IsForTheSameNameOnly) {
  server.certificates.push_back(authority().server("other.example").certified_key());
  first();
  ClientOptions options{.server_name = "other.example"};
  options.session = store->take("server.example", now);
  ASSERT_TRUE(options.session);
  Pair other = pair(options);
  ASSERT_TRUE(other.handshake());
  EXPECT_FALSE(other.client.connection.resumed());
}

TEST_P(Resumption, IsForTheNameThatWasVerified) {
  server.certificates.push_back(authority().server("other.example").certified_key());
  first();
  ClientOptions options{.server_name = "server.example", .verify_name = "other.example"};
  options.session = store->take("server.example", now);
  ASSERT_TRUE(options.session);
  Pair other = pair(options);
  expect_failure(other, Side::client, Reason::certificate_name_mismatch, Alert::bad_certificate);
  EXPECT_FALSE(other.client.connection.resumed());
}

TEST_P(Resumption, IsForTheSameProtocolOnly) {
  client.alpn = server.alpn = {"one"};
  first();
  client.alpn = server.alpn = {"two"};
  Pair other = pair();
  ASSERT_TRUE(other.handshake());
  EXPECT_FALSE(other.client.connection.resumed());
}

TEST_P(Resumption, StandsBesideExternalKeys) {
  client.credentials = {make_credential("alice")};
  server.psk_source = make_psk_source([](const PskQuery& query, PskAnswer&) {
    ADD_FAILURE() << "a ticket was looked up as an identity: " << escaped(query.identity);
  });
  // The first handshake is by the certificate: the source is not there yet.
  const auto source = std::exchange(server.psk_source, nullptr);
  first();
  server.psk_source = source;
  Pair second = pair();
  ASSERT_TRUE(second.handshake());
  EXPECT_TRUE(second.client.connection.resumed());
  EXPECT_EQ(second.client.connection.authentication(), Authentication::certificate);
}

TEST_P(Resumption, OfAnotherServersTicketGoesOnWithTheKey) {
  client.credentials = {make_credential("alice")};
  first();
  server.tickets.issuer = std::make_shared<TicketKeys>();
  server.psk_source = source_of({make_credential("alice")});
  Pair second = pair();
  ASSERT_TRUE(second.handshake());
  EXPECT_FALSE(second.client.connection.resumed());
  EXPECT_EQ(second.client.connection.authentication(), Authentication::external_psk);
}

TEST_P(Resumption, OfATicketThatWasTamperedWithIsAFullHandshake) {
  first();
  const auto good = store->take("server.example", now);
  ASSERT_TRUE(good);
  std::vector<std::uint8_t> octets = good->serialize();
  const Bytes ticket = good->ticket();
  const auto at = std::search(octets.begin(), octets.end(), ticket.begin(), ticket.end());
  ASSERT_NE(at, octets.end());
  *(at + static_cast<std::ptrdiff_t>(ticket.size()) - 1) ^= 1;
  ClientOptions options = to_server;
  options.session = *Session::deserialize(octets);
  Pair second = pair(options);
  ASSERT_TRUE(second.handshake());
  EXPECT_FALSE(second.client.connection.resumed());
}

TEST_P(Resumption, ByATicketWithoutItsKeyIsRefused) {
  first();
  const auto good = store->take("server.example", now), other = store->take("server.example", now);
  ASSERT_TRUE(good && other);
  // The ticket of one session with the secret of the other: what an eavesdropper has is the ticket alone.
  std::vector<std::uint8_t> octets = good->serialize();
  const Bytes mine = good->ticket(), theirs = other->ticket();
  ASSERT_EQ(mine.size(), theirs.size());
  const auto at = std::search(octets.begin(), octets.end(), mine.begin(), mine.end());
  ASSERT_NE(at, octets.end());
  std::copy(theirs.begin(), theirs.end(), at);
  ClientOptions options = to_server;
  options.session = *Session::deserialize(octets);
  Pair second = pair(options);
  expect_failure(second, Side::server, Reason::psk_binder_mismatch, Alert::decrypt_error);
}

TEST_P(Resumption, BySha384) {
  client.cipher_suites = {CipherSuite::TLS_AES_256_GCM_SHA384, CipherSuite::TLS_AES_128_GCM_SHA256};
  server.cipher_suites = {CipherSuite::TLS_AES_256_GCM_SHA384};
  first();
  server.cipher_suites = {CipherSuite::TLS_AES_128_GCM_SHA256, CipherSuite::TLS_AES_256_GCM_SHA384};
  Pair second = pair();
  ASSERT_TRUE(second.handshake());
  EXPECT_TRUE(second.client.connection.resumed());
  EXPECT_EQ(second.client.connection.cipher_suite(), CipherSuite::TLS_AES_256_GCM_SHA384);
}

TEST_P(Resumption, ByASessionThatWasSerialised) {
  first();
  const auto session = store->take("server.example", now);
  ASSERT_TRUE(session);
  ClientOptions options = to_server;
  options.session = *Session::deserialize(session->serialize());
  Pair second = pair(options);
  ASSERT_TRUE(second.handshake());
  EXPECT_TRUE(second.client.connection.resumed());
}

TEST_P(Resumption, UsesEachTicketOnce) {
  server.tickets.count = 1;
  first();
  const auto session = store->take("server.example", now);
  ClientOptions options = to_server;
  options.session = session;
  Pair second = pair(options);
  ASSERT_TRUE(second.handshake());
  EXPECT_TRUE(second.client.connection.resumed());
  Pair third = pair(options);  // a client that does not keep to it
  ASSERT_TRUE(third.handshake());
  EXPECT_EQ(third.client.connection.resumed(), !issuer->is_single_use());
}

INSTANTIATE_TEST_SUITE_P(Tickets, Resumption, testing::Values(Kind::keys, Kind::cache),
                         [](const auto& c) { return c.param == Kind::keys ? "Stateless" : "Stateful"; });

TEST(Tickets, AreNotGivenAfterAnExternalKeyUnlessAskedFor) {
  for (const bool after : {false, true}) {
    ContextOptions client, server;
    const auto store = std::make_shared<MemorySessionStore>();
    client.session_store = store;
    client.credentials = {make_credential()};
    server.psk_source = source_of({make_credential()});
    server.tickets = {.issuer = std::make_shared<TicketKeys>(), .after_external_psk = after};
    {
      Pair pair(make_context(client), make_context(server), to_server);
      ASSERT_TRUE(pair.handshake());
    }
    EXPECT_EQ(store->size(), after ? 2u : 0u);
    Pair second(make_context(client), make_context(server), to_server);
    ASSERT_TRUE(second.handshake());
    EXPECT_EQ(second.client.connection.resumed(), after);
    EXPECT_EQ(second.client.connection.authentication(), Authentication::external_psk);
    EXPECT_EQ(as_text(second.server.connection.psk_identity()), "alice");
    // A client that has the key no more does not go on by its ticket.
    client.credentials = {make_credential("bob")};
    server.psk_source = source_of({make_credential("bob")});
    Pair third(make_context(client), make_context(server), to_server);
    ASSERT_TRUE(third.handshake());
    EXPECT_FALSE(third.client.connection.resumed());
  }
}

TEST(Tickets, ThatWouldBeTooLargeAreNotGiven) {
  CertificateOptions large{.subject = "client", .extended_key_usage = "clientAuth"};
  for (int i = 0; i < 1500; ++i) large.dns.push_back("a-long-name-" + std::to_string(i) + ".example");
  ContextOptions client = verifying(), server = showing();
  client.certificates = {authority().issue(large).certified_key()};
  int sessions = 0;
  client.on_session = [&](const Session&) { ++sessions; };
  server.verification = trusting();
  server.client_certificates = ClientCertificates::require;
  server.tickets.issuer = std::make_shared<TicketKeys>();
  Pair pair(make_context(client), make_context(server), to_server);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(sessions, 0);
  expect_transfer(pair, pair.client, pair.server, "goes on");
}

TEST(Tickets, OfAnAuthenticationThatIsNoneAreNotOffered) {
  ContextOptions client = verifying(), server = showing();
  std::optional<Session> session;
  client.on_session = [&](const Session& given) { session = given; };
  server.tickets.issuer = std::make_shared<TicketKeys>();
  {
    Pair pair(make_context(client), make_context(server), to_server);
    ASSERT_TRUE(pair.handshake());
    ASSERT_TRUE(session);
  }
  for (const Authentication by :
       {Authentication::certificate, Authentication::anonymous, Authentication::none,
        Authentication::external_psk, Authentication::certificate_with_external_psk}) {
    const session::SessionBody& body = session::SessionAccess::body(*session);
    session::SessionBody other;
    other.version = body.version;
    other.cipher_suite = body.cipher_suite;
    other.psk.assign(body.psk.bytes());
    other.issued = body.issued;
    other.authenticated = body.authenticated;
    other.lifetime = body.lifetime;
    other.age_add = body.age_add;
    other.authentication = by;
    other.server_name = body.server_name;
    other.ticket = body.ticket;
    ClientOptions options = to_server;
    options.session = session::SessionAccess::make(std::move(other));
    Pair pair(make_context(client), make_context(server), options);
    ASSERT_TRUE(pair.handshake());
    EXPECT_EQ(pair.client.connection.resumed(), by == Authentication::certificate) << name(by);
    EXPECT_EQ(pair.client.connection.authentication(), Authentication::certificate);
  }
}

TEST(Tickets, MayBeGivenLater) {
  ContextOptions client = verifying(), server = showing();
  int sessions = 0;
  client.on_session = [&](const Session& session) {
    ++sessions;
    EXPECT_EQ(session.server_name(), "server.example");
    EXPECT_EQ(session.authentication(), Authentication::certificate);
  };
  server.tickets = {.issuer = std::make_shared<TicketKeys>(), .count = 0};
  Pair pair(make_context(client), make_context(server), to_server);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(sessions, 0);
  ASSERT_TRUE(pair.server.connection.send_ticket());
  ASSERT_TRUE(pair.server.connection.send_ticket());
  pair.pump();
  EXPECT_EQ(sessions, 2);
  EXPECT_EQ(pair.client.connection.send_ticket().error().reason(), Reason::invalid_argument);
}

TEST(Tickets, AreNotGivenToAClientThatCannotResume) {
  ContextOptions server = showing();
  const auto cache = std::make_shared<SessionCache>();
  server.tickets.issuer = cache;
  Pair pair(make_context(verifying()), make_context(server), to_server);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(cache->size(), 0u);
  EXPECT_EQ(pair.server.connection.send_ticket().error().reason(), Reason::invalid_argument);
}

}  // namespace
}  // namespace sesame::test
