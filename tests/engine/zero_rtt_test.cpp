// Early data (RFC 8446 sections 2.3, 4.2.10, 4.5 and 8), end to end.
#include "support/certificates.h"

namespace sesame::test {
namespace {

using std::chrono::milliseconds;

// By tickets: `store` has sessions that allow early data.
class ZeroRtt : public testing::Test {
 protected:
  ZeroRtt() {
    client.session_store = store;
    server.tickets.issuer = std::make_shared<TicketKeys>();
    server.early_data = {.limit = 1000, .guard = std::make_shared<ReplayGuard>(ReplayGuardOptions{}, now)};
    client.clock = server.clock = [this] { return now; };
  }
  void first() {
    Pair p(make_context(client), make_context(server), to_server);
    ASSERT_TRUE(p.handshake());
    EXPECT_EQ(p.client.connection.early_data_status(), EarlyDataStatus::none);
    ASSERT_EQ(store->size(), server.tickets.count);
  }
  Pair early() {
    ClientOptions options = to_server;
    options.early_data = true;
    return Pair(make_context(client), make_context(server), options);
  }
  // A connection whose early data is refused for one reason or another.
  void expect_rejected(Pair& pair) {
    ASSERT_EQ(pair.client.connection.early_data_status(), EarlyDataStatus::offered);
    ASSERT_TRUE(pair.client.connection.send_early(as_bytes("GET /")));
    ASSERT_TRUE(pair.handshake()) << (pair.server.failure ? pair.server.failure->message() : "");
    EXPECT_EQ(pair.client.connection.early_data_status(), EarlyDataStatus::rejected);
    EXPECT_EQ(pair.client.connection.early_data_room(), 0u);
    EXPECT_EQ(pair.server.early_data, "");
    EXPECT_EQ(pair.client.connection.send_early(as_bytes("x")).error().reason(),
              Reason::early_data_unavailable);
    expect_transfer(pair, pair.client, pair.server, "GET /");
    expect_transfer(pair, pair.server, pair.client, "200");
  }

  TimePoint now = std::chrono::system_clock::now();
  std::shared_ptr<MemorySessionStore> store = std::make_shared<MemorySessionStore>();
  ContextOptions client = verifying(), server = showing();
};

TEST_F(ZeroRtt, IsThereBeforeTheServerHasAnswered) {
  first();
  Pair pair = early();
  Connection& sender = pair.client.connection;
  ASSERT_EQ(sender.early_data_status(), EarlyDataStatus::offered);
  EXPECT_EQ(sender.early_data_room(), 1000u);
  ASSERT_EQ(sender.send_early(as_bytes("GET ")), 4u);
  ASSERT_EQ(sender.send_early(as_bytes("/")), 1u);
  EXPECT_EQ(sender.early_data_room(), 995u);
  // The whole first flight, and nothing of the second.
  const Bytes flight = sender.output();
  pair.server.receive(flight);
  sender.output_sent(flight.size());
  EXPECT_EQ(pair.server.early_data, "GET /");
  EXPECT_FALSE(pair.server.connection.handshake_done());
  EXPECT_EQ(pair.server.connection.state(), "WAIT_EOED");
  std::uint8_t ours[32], theirs[32];
  ASSERT_TRUE(sender.export_early_keying_material("EXPERIMENTAL x", {}, ours));
  ASSERT_TRUE(pair.server.connection.export_early_keying_material("EXPERIMENTAL x", {}, theirs));
  EXPECT_TRUE(std::ranges::equal(ours, theirs));
  EXPECT_EQ(sender.export_keying_material("EXPERIMENTAL x", {}, ours).error().reason(),
            Reason::exporter_not_ready);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(sender.early_data_status(), EarlyDataStatus::accepted);
  EXPECT_TRUE(sender.resumed());
  EXPECT_EQ(pair.server.data, "");
  expect_transfer(pair, pair.client, pair.server, "more");
  EXPECT_EQ(pair.server.early_data, "GET /");
  ASSERT_TRUE(sender.export_keying_material("EXPERIMENTAL x", {}, theirs));
  EXPECT_FALSE(std::ranges::equal(ours, theirs));
}

TEST_F(ZeroRtt, WorksOneOctetAtATimeAndWithoutMiddleboxes) {
  first();
  for (const bool compatible : {true, false}) {
    client.middlebox_compatibility = compatible;
    Pair pair = early();
    pair.in = pair.out = 1;
    ASSERT_TRUE(pair.client.connection.send_early(as_bytes("hello")));
    ASSERT_TRUE(pair.handshake());
    EXPECT_EQ(pair.server.early_data, "hello");
    EXPECT_EQ(pair.client.connection.early_data_status(), EarlyDataStatus::accepted);
  }
}

TEST_F(ZeroRtt, MayBeOfferedAndNotSent) {
  first();
  Pair pair = early();
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.client.connection.early_data_status(), EarlyDataStatus::accepted);
  EXPECT_EQ(pair.server.early_data, "");
  expect_transfer(pair, pair.client, pair.server, "later");
}

TEST_F(ZeroRtt, KeepsToTheLimit) {
  first();
  Pair pair = early();
  EXPECT_EQ(pair.client.connection.send_early(as_bytes(std::string(2000, 'x'))), 1000u);
  EXPECT_EQ(pair.client.connection.send_early(as_bytes("x")).error().reason(),
            Reason::early_data_unavailable);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.early_data, std::string(1000, 'x'));
}

TEST_F(ZeroRtt, BeyondTheServersLimitEndsTheConnection) {
  first();
  // A client whose ticket allows more than the server takes today.
  const auto session = store->take("server.example", now);
  std::vector<std::uint8_t> octets = session->serialize();
  server.early_data.limit = 10;
  ClientOptions options = to_server;
  options.early_data = true;
  options.session = session;
  Pair pair(make_context(client), make_context(server), options);
  ASSERT_TRUE(pair.client.connection.send_early(as_bytes(std::string(11, 'x'))));
  expect_failure(pair, Side::server, Reason::early_data_too_long, Alert::unexpected_message);
}

TEST_F(ZeroRtt, IsOffUnlessBothAskForIt) {
  server.early_data.guard = nullptr;
  first();
  Pair no_guard = early();
  EXPECT_EQ(no_guard.client.connection.early_data_status(), EarlyDataStatus::none);
  ASSERT_TRUE(no_guard.handshake());
  server.early_data.guard = std::make_shared<ReplayGuard>();
  store = std::make_shared<MemorySessionStore>();
  client.session_store = store;
  first();
  Pair not_asked(make_context(client), make_context(server), to_server);
  EXPECT_EQ(not_asked.client.connection.early_data_status(), EarlyDataStatus::none);
  EXPECT_EQ(not_asked.client.connection.send_early(as_bytes("x")).error().reason(),
            Reason::early_data_unavailable);
  ASSERT_TRUE(not_asked.handshake());
  EXPECT_TRUE(not_asked.client.connection.resumed());
}

TEST_F(ZeroRtt, IsRejectedByAServerThatHasSwitchedItOff) {
  first();
  server.early_data = {};
  Pair pair = early();
  expect_rejected(pair);
  EXPECT_TRUE(pair.client.connection.resumed());
}

TEST_F(ZeroRtt, IsRejectedByAHelloRetryRequest) {
  first();
  server.groups = {NamedGroup::secp256r1};
  Pair pair = early();
  expect_rejected(pair);
  EXPECT_TRUE(pair.client.connection.retried());
}

TEST_F(ZeroRtt, IsRejectedWhereTheTicketDoesNotOpen) {
  first();
  server.tickets.issuer = std::make_shared<TicketKeys>();
  Pair pair = early();
  expect_rejected(pair);
  EXPECT_FALSE(pair.client.connection.resumed());
}

TEST_F(ZeroRtt, IsRejectedUnderAnotherProtocol) {
  client.alpn = {"one", "two"};
  server.alpn = {"one"};
  first();
  server.alpn = {"two"};
  Pair pair = early();
  expect_rejected(pair);
}

TEST_F(ZeroRtt, IsRejectedUnderAnotherSuite) {
  first();
  server.cipher_suites = {CipherSuite::TLS_CHACHA20_POLY1305_SHA256};  // of the same hash
  Pair pair = early();
  expect_rejected(pair);
  EXPECT_TRUE(pair.client.connection.resumed());
}

TEST_F(ZeroRtt, IsRejectedWhenTheTicketsAgeIsNotWhatTheClientSays) {
  first();
  const TimePoint then = now;
  client.clock = [then] { return then; };  // says: no time has passed
  now += std::chrono::seconds(60);
  Pair pair = early();
  expect_rejected(pair);
  EXPECT_TRUE(pair.client.connection.resumed());
}

TEST_F(ZeroRtt, ThatIsRejectedDoesNotHideTheClientsAlert) {
  first();
  server.early_data = {};
  server.rewrite_extensions = [](std::uint8_t type, std::vector<std::uint8_t>& extensions) {
    if (type == 8) extensions = {0, 0, 0, 1, 0};  // EncryptedExtensions: a server_name that is not empty
  };
  Pair pair = early();
  ASSERT_TRUE(pair.client.connection.send_early(as_bytes("x")));
  expect_failure(pair, Side::client, Reason::malformed_message, Alert::decode_error);
}

TEST_F(ZeroRtt, IsAcceptedLaterInTheTicketsLife) {
  first();
  now += std::chrono::seconds(3000);
  Pair pair = early();
  ASSERT_TRUE(pair.client.connection.send_early(as_bytes("still")));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.early_data, "still");
}

TEST_F(ZeroRtt, ThatIsReplayedIsNotTakenAgain) {
  first();
  Pair pair = early();
  ASSERT_TRUE(pair.client.connection.send_early(as_bytes("pay 100")));
  const Bytes output = pair.client.connection.output();
  const std::vector<std::uint8_t> flight(output.begin(), output.end());
  const auto context = make_context(server);
  std::string taken;
  for (int again = 0; again < 5; ++again) {
    End replayed(*Connection::server(context));
    replayed.receive(flight);
    EXPECT_FALSE(replayed.failure);  // it would go on, without the early data
    taken += replayed.early_data;
  }
  EXPECT_EQ(taken, "pay 100");
}

TEST_F(ZeroRtt, IsRefusedWhenTheRecordIsFull) {
  server.early_data.guard = std::make_shared<ReplayGuard>(ReplayGuardOptions{.records = 1}, now);
  server.tickets.count = 3;
  first();
  Pair one = early();
  ASSERT_TRUE(one.client.connection.send_early(as_bytes("one")));
  ASSERT_TRUE(one.handshake());
  EXPECT_EQ(one.server.early_data, "one");
  Pair two = early();
  expect_rejected(two);
}

TEST_F(ZeroRtt, MoreThanThePassedOverEndsTheConnection) {
  server.early_data.limit = 100'000;
  first();
  server.early_data = {};
  server.limits.early_data = 1000;
  Pair pair = early();
  ASSERT_TRUE(pair.client.connection.send_early(as_bytes(std::string(5000, 'x'))));
  pair.pump();
  ASSERT_TRUE(pair.server.failure);
  EXPECT_EQ(pair.server.failure->reason(), Reason::record_mac_wrong);
}

TEST_F(ZeroRtt, GoesWithAClientCertificateOfBefore) {
  client.certificates = {client_certificate().certified_key()};
  server.verification = trusting();
  server.client_certificates = ClientCertificates::require;
  first();
  Pair pair = early();
  ASSERT_TRUE(pair.client.connection.send_early(as_bytes("x")));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.early_data, "x");
  EXPECT_EQ(pair.server.connection.authentication(), Authentication::certificate);
}

// ---- by external keys ----

struct ExternalKey {
  TimePoint now = std::chrono::system_clock::now();
  CredentialParameters parameters{.identity = as_bytes("meter"),
                                  .key = as_bytes(default_key),
                                  .usage = PskUsage::tls13,
                                  .early_data = {.limit = 500},
                                  .not_before = now + std::chrono::seconds(1)};
  ContextOptions client, server;
  ExternalKey() {
    client.clock = server.clock = [this] { return now + std::chrono::seconds(2); };
    server.early_data.guard = std::make_shared<ReplayGuard>(ReplayGuardOptions{}, now);
  }
  Pair pair() {
    const Credential key = *Credential::create(parameters);
    client.credentials = {key};
    server.psk_source = source_of({key});
    ClientOptions options = to_server;
    options.early_data = true;
    return Pair(make_context(client), make_context(server), options);
  }
};

TEST(ZeroRttByAKey, IsThereBeforeTheServerHasAnswered) {
  for (const PskUsage usage : {PskUsage::tls13, PskUsage::tls13_imported}) {
    ExternalKey key;
    key.parameters.usage = usage;
    Pair pair = key.pair();
    EXPECT_EQ(pair.client.connection.early_data_room(), 500u);
    ASSERT_TRUE(pair.client.connection.send_early(as_bytes("42 kWh")));
    ASSERT_TRUE(pair.handshake());
    EXPECT_EQ(pair.server.early_data, "42 kWh");
    EXPECT_EQ(pair.client.connection.early_data_status(), EarlyDataStatus::accepted);
    EXPECT_EQ(pair.server.connection.authentication(), Authentication::external_psk);
  }
}

TEST(ZeroRttByAKey, IsRefusedWhereTheRecordMayNotBeWhole) {
  ExternalKey key;
  key.parameters.not_before = {};  // it may have been used before the guard began
  Pair pair = key.pair();
  ASSERT_TRUE(pair.client.connection.send_early(as_bytes("42 kWh")));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.early_data, "");
  EXPECT_EQ(pair.client.connection.early_data_status(), EarlyDataStatus::rejected);
  key.server.early_data.guard =
      std::make_shared<ReplayGuard>(ReplayGuardOptions{.external_keys_are_new = true}, key.now);
  Pair known = key.pair();
  ASSERT_TRUE(known.client.connection.send_early(as_bytes("42 kWh")));
  ASSERT_TRUE(known.handshake());
  EXPECT_EQ(known.server.early_data, "42 kWh");
}

TEST(ZeroRttByAKey, ThatIsReplayedIsNotTakenAgainHoweverLate) {
  ExternalKey key;
  Pair pair = key.pair();
  ASSERT_TRUE(pair.client.connection.send_early(as_bytes("open")));
  const Bytes output = pair.client.connection.output();
  const std::vector<std::uint8_t> flight(output.begin(), output.end());
  const auto context = make_context(key.server);
  std::string taken;
  for (int again = 0; again < 3; ++again) {
    End replayed(*Connection::server(context));
    replayed.receive(flight);
    taken += replayed.early_data;
    key.now += hours(24 * 100);
  }
  EXPECT_EQ(taken, "open");
}

TEST(ZeroRttByAKey, IsForItsSuiteAndItsProtocol) {
  ExternalKey key;
  key.parameters.early_data.cipher_suite = CipherSuite::TLS_CHACHA20_POLY1305_SHA256;
  {
    Pair pair = key.pair();  // the server prefers AES-128-GCM
    ASSERT_TRUE(pair.client.connection.send_early(as_bytes("x")));
    ASSERT_TRUE(pair.handshake());
    EXPECT_EQ(pair.client.connection.early_data_status(), EarlyDataStatus::rejected);
  }
  key.server.cipher_suites = {CipherSuite::TLS_CHACHA20_POLY1305_SHA256};
  Pair pair = key.pair();
  ASSERT_TRUE(pair.client.connection.send_early(as_bytes("x")));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.early_data, "x");
}

// ---- imported keys (RFC 9258) ----

Credential imported(std::string_view identity, std::string_view context = {},
                    std::string_view key = default_key) {
  return *Credential::create({.identity = as_bytes(identity),
                              .key = as_bytes(key),
                              .usage = PskUsage::tls13_imported,
                              .context = as_bytes(context)});
}

TEST(ImportedKey, GoesWithASuiteOfEitherHash) {
  for (const CipherSuite suite : {CipherSuite::TLS_AES_128_GCM_SHA256, CipherSuite::TLS_AES_256_GCM_SHA384}) {
    for (const bool retry : {false, true}) {
      ContextOptions options{.cipher_suites = {suite}, .always_retry_with_cookie = retry};
      Pair pair(client_context({}, {imported("alice", "roles")}),
                server_context(options, {imported("alice", "roles")}));
      ASSERT_TRUE(pair.handshake()) << (pair.server.failure ? pair.server.failure->message() : "");
      EXPECT_EQ(pair.client.connection.cipher_suite(), suite);
      EXPECT_EQ(as_text(pair.server.connection.psk_identity()), "alice");
      EXPECT_EQ(as_text(pair.client.connection.psk_identity()), "alice");
      expect_transfer(pair, pair.client, pair.server, "up");
    }
  }
}

TEST(ImportedKey, IsNotTheKeyItself) {
  Pair raw_client(client_context({}, {make_credential("alice")}), server_context({}, {imported("alice")}));
  expect_failure(raw_client, Side::server, Reason::psk_wrong_usage, Alert::decrypt_error);
  Pair raw_server(client_context({}, {imported("alice")}), server_context({}, {make_credential("alice")}));
  expect_failure(raw_server, Side::server, Reason::psk_wrong_usage, Alert::decrypt_error);
}

TEST(ImportedKey, OfAnotherContextIsRefused) {
  Pair pair(client_context({}, {imported("alice", "a to b")}),
            server_context({}, {imported("alice", "b to a")}));
  expect_failure(pair, Side::server, Reason::psk_wrong_usage, Alert::decrypt_error);
  EXPECT_NE(pair.server.failure->message().find("context"), std::string::npos);
}

TEST(ImportedKey, AWrongOneIsRefused) {
  Pair pair(client_context({}, {imported("alice", {}, std::string(32, 'x'))}),
            server_context({}, {imported("alice")}));
  expect_failure(pair, Side::server, Reason::psk_binder_mismatch, Alert::decrypt_error);
}

TEST(ImportedKey, StandsBesideOthers) {
  Pair pair(client_context({}, {imported("unknown"), make_credential("bob"), imported("alice")}),
            server_context({}, {imported("alice")}));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(as_text(pair.client.connection.psk_identity()), "alice");
}

TEST(ImportedKey, IsFoundLaterByItsOwnIdentity) {
  ContextOptions options;
  options.psk_source = make_psk_source([](const PskQuery&, PskAnswer& answer) { answer.later(); });
  Pair pair(client_context({}, {imported("alice", "c")}), server_context(options));
  pair.pump();
  const auto query = pair.server.connection.pending_psk();
  ASSERT_TRUE(query);
  EXPECT_EQ(as_text(query->identity), "alice");
  EXPECT_TRUE(query->imported);
  EXPECT_EQ(as_text(query->context), "c");
  const Credential answer[] = {imported("alice", "c")};
  ASSERT_TRUE(pair.server.connection.supply_psk(answer));
  ASSERT_TRUE(pair.handshake());
}

TEST(ImportedKey, InAKeyring) {
  const auto keyring = std::make_shared<Keyring>();
  ASSERT_TRUE(keyring->add(
      {.identity = as_bytes("alice"), .key = as_bytes(default_key), .usage = PskUsage::tls13_imported}));
  ContextOptions options;
  options.psk_source = keyring;
  for (int again = 0; again < 3; ++again) {
    Pair pair(client_context({}, {imported("alice")}), server_context(options));
    ASSERT_TRUE(pair.handshake());
  }
}

}  // namespace
}  // namespace sesame::test
