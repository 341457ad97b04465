// A server's look-up of keys, answered at once and later.
#include "engine/wire_log.h"

namespace sesame::test {
namespace {

std::shared_ptr<PskSource> later() {
  return make_psk_source([](const PskQuery&, PskAnswer& answer) { answer.later(); });
}

std::shared_ptr<const Context> later_server(ContextOptions options = {}) {
  options.psk_source = later();
  return server_context(std::move(options));
}

// Until the server waits for an answer; what it asks for.
std::string asked_for(Pair& pair) {
  EXPECT_TRUE(pair.pump());
  EXPECT_EQ(pair.server.connection.wait(), Wait::psk_lookup);
  EXPECT_EQ(pair.server.connection.state(), "RECVD_CH");
  EXPECT_TRUE(pair.server.connection.output().empty());
  const auto query = pair.server.connection.pending_psk();
  if (!query) {
    ADD_FAILURE() << "nothing is pending";
    return {};
  }
  return std::string(as_text(query->identity));
}

Expected<> supply(Pair& pair, std::vector<Credential> keys) {
  return pair.server.connection.supply_psk(keys);
}

TEST(Lookup, IsAskedInTheClientsOrderUntilOneIsKnown) {
  std::vector<std::string> asked;
  ContextOptions server;
  server.psk_source = make_psk_source([&](const PskQuery& query, PskAnswer& answer) {
    asked.emplace_back(as_text(query.identity));
    EXPECT_EQ(query.server_name, "example.org");
    EXPECT_EQ(query.now, TimePoint(std::chrono::hours(5)));
    if (as_text(query.identity) == "c") answer.add(make_credential("c"));
  });
  server.clock = [] { return TimePoint(std::chrono::hours(5)); };
  const std::vector<Credential> offered = {make_credential("a"), make_credential("b"), make_credential("c"),
                                           make_credential("d")};
  Pair pair(client_context({}, offered), server_context(server),
            {.server_name = "example.org", .credentials = {}});
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(asked, (std::vector<std::string>{"a", "b", "c"}));
}

TEST(Lookup, AnsweredLaterGoesOn) {
  for (const auto& modes : {std::vector{ke}, std::vector{dhe}}) {
    Pair pair(client_context(with_modes(modes)), later_server(with_modes(modes)),
              {.server_name = "example.org", .credentials = {}});
    EXPECT_EQ(asked_for(pair), "alice");
    EXPECT_EQ(pair.server.connection.pending_psk()->server_name, "example.org");
    ASSERT_TRUE(supply(pair, {make_credential()}));
    EXPECT_EQ(pair.server.connection.wait(), Wait::output);
    EXPECT_FALSE(pair.server.connection.pending_psk());
    ASSERT_TRUE(pair.handshake());
    expect_transfer(pair, pair.client, pair.server, "late, but well");
  }
}

TEST(Lookup, AnsweredLaterAfterARetryIsAskedTwice) {
  ContextOptions server;
  server.groups = {NamedGroup::secp256r1};
  server.always_retry_with_cookie = true;
  Pair pair(client_context(), later_server(server));
  EXPECT_EQ(asked_for(pair), "alice");
  ASSERT_TRUE(supply(pair, {make_credential()}));
  EXPECT_EQ(asked_for(pair), "alice") << "for the second ClientHello";
  ASSERT_TRUE(supply(pair, {make_credential()}));
  ASSERT_TRUE(pair.handshake());
  EXPECT_TRUE(pair.server.connection.retried());
}

TEST(Lookup, AnsweredLaterWithNoKeyGoesToTheNextIdentity) {
  Pair pair(client_context({}, {make_credential("a"), make_credential("b"), make_credential("c")}),
            later_server());
  EXPECT_EQ(asked_for(pair), "a");
  ASSERT_TRUE(supply(pair, {}));
  EXPECT_EQ(asked_for(pair), "b");
  ASSERT_TRUE(supply(pair, {}));
  EXPECT_EQ(asked_for(pair), "c");
  ASSERT_TRUE(supply(pair, {make_credential("c")}));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(as_text(pair.client.connection.psk_identity()), "c");
}

TEST(Lookup, AnsweredLaterWithNoKeyAtAllIsAnUnknownIdentity) {
  Pair pair(client_context({}, {make_credential("a"), make_credential("b")}), later_server());
  EXPECT_EQ(asked_for(pair), "a");
  ASSERT_TRUE(supply(pair, {}));
  EXPECT_EQ(asked_for(pair), "b");
  const auto refused = supply(pair, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason(), Reason::psk_identity_unknown);
  EXPECT_EQ(refused.error().state(), "RECVD_CH");
  EXPECT_EQ(refused.error().handshake_message(), "ClientHello");
  ASSERT_TRUE(pair.pump());
  EXPECT_EQ(pair.client.failure->alert(), Alert::decrypt_error);
  EXPECT_EQ(pair.server.connection.wait(), Wait::closed);
}

TEST(Lookup, AnsweredLaterWithTheWrongKeyFails) {
  Pair pair(client_context(), later_server());
  asked_for(pair);
  const auto refused = supply(pair, {make_credential("alice", "wrong")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason(), Reason::psk_binder_mismatch);
}

TEST(Lookup, AnsweredLaterWithTwoKeysTriesBoth) {
  Pair pair(client_context({}, {make_credential("alice", "older")}), later_server());
  asked_for(pair);
  ASSERT_TRUE(supply(pair, {make_credential("alice", "newer"), make_credential("alice", "older")}));
  ASSERT_TRUE(pair.handshake());
  EXPECT_TRUE(pair.server.connection.used_older_key());
}

TEST(Lookup, SomeAnsweredAtOnceAndSomeLater) {
  ContextOptions server;
  server.psk_source = make_psk_source([](const PskQuery& query, PskAnswer& answer) {
    if (as_text(query.identity) == "slow") answer.later();
    if (as_text(query.identity) == "fast") answer.add(make_credential("fast"));
  });
  Pair pair(
      client_context({}, {make_credential("unknown"), make_credential("slow"), make_credential("fast")}),
      server_context(server));
  EXPECT_EQ(asked_for(pair), "slow");
  ASSERT_TRUE(supply(pair, {}));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(as_text(pair.server.connection.psk_identity()), "fast");
}

TEST(Lookup, AnsweredLaterOneOctetInAndOutAtATime) {
  for (const bool retry : {false, true}) {
    ContextOptions server;
    if (retry) server.groups = {NamedGroup::x448};
    Pair pair(client_context(), later_server(server));
    pair.in = pair.out = 1;
    for (int asked = 0; asked < (retry ? 2 : 1); ++asked) {
      EXPECT_EQ(asked_for(pair), "alice");
      ASSERT_TRUE(supply(pair, {make_credential()}));
    }
    ASSERT_TRUE(pair.handshake());
    expect_transfer(pair, pair.server, pair.client, "octet by octet");
  }
}

// What was pending is told from what the source says of the other identities.
TEST(Lookup, WhatIsUnusableIsTheReasonWhereNothingElseFits) {
  Pair pair(client_context({}, {make_credential("a"), make_credential("b")}), later_server());
  asked_for(pair);
  ASSERT_TRUE(supply(pair, {make_credential("a", default_key, HashAlgorithm::sha384)}));
  asked_for(pair);
  const auto refused = supply(pair, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason(), Reason::psk_hash_mismatch);
}

TEST(SupplyPsk, WhereNothingIsPendingIsRefusedAndHarmless) {
  const std::vector<Credential> keys = {make_credential()};
  const auto refused = [&](Connection& c) {
    const auto supplied = c.supply_psk(keys);
    ASSERT_FALSE(supplied);
    EXPECT_EQ(supplied.error().reason(), Reason::nothing_pending);
    EXPECT_EQ(c.error(), nullptr);
  };
  Pair pair(client_context(), later_server());
  refused(pair.server.connection);
  refused(pair.client.connection);
  asked_for(pair);
  refused(pair.client.connection);
  ASSERT_TRUE(supply(pair, keys));
  refused(pair.server.connection);
  ASSERT_TRUE(pair.handshake());
  refused(pair.server.connection);
  refused(pair.client.connection);
  expect_transfer(pair, pair.client, pair.server, "all the same");
}

TEST(SupplyPsk, AfterTheServerGaveUpIsRefused) {
  Pair pair(client_context(), later_server());
  asked_for(pair);
  ASSERT_TRUE(pair.server.connection.close());
  EXPECT_FALSE(pair.server.connection.pending_psk());
  const auto supplied = supply(pair, {make_credential()});
  ASSERT_FALSE(supplied);
  EXPECT_EQ(supplied.error().reason(), Reason::nothing_pending);
  ASSERT_TRUE(pair.pump());
  ASSERT_TRUE(pair.client.failure);
  EXPECT_EQ(pair.client.failure->alert(), Alert::close_notify);
  EXPECT_EQ(pair.server.connection.wait(), Wait::closed);
}

TEST(SupplyPsk, AfterTheTransportEndedIsTheSameError) {
  Pair pair(client_context(), later_server());
  asked_for(pair);
  ASSERT_FALSE(pair.server.connection.transport_closed());
  const auto supplied = supply(pair, {make_credential()});
  ASSERT_FALSE(supplied);
  EXPECT_EQ(supplied.error().reason(), Reason::truncated);
  EXPECT_FALSE(pair.server.connection.pending_psk());
}

// The views of pending_psk() are the connection's own: the input may be gone.
TEST(SupplyPsk, TheQueryOutlivesTheInput) {
  Pair pair(client_context({}, {make_credential(std::string(3000, 'i'))}), later_server());
  ASSERT_TRUE(pair.pump());
  const auto query = pair.server.connection.pending_psk();
  ASSERT_TRUE(query);
  std::ranges::fill(pair.server.unread, std::uint8_t{0xee});
  pair.server.unread.shrink_to_fit();
  EXPECT_EQ(as_text(query->identity), std::string(3000, 'i'));
}

}  // namespace
}  // namespace sesame::test
