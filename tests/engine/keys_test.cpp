// Which key is used, and why one cannot be.
#include "engine/wire_log.h"

namespace sesame::test {
namespace {

constexpr auto sha256 = HashAlgorithm::sha256, sha384 = HashAlgorithm::sha384;

template <class Restrict>
Credential restricted(std::string_view identity, Restrict restrict) {
  CredentialParameters parameters{
      .identity = as_bytes(identity), .key = as_bytes(default_key), .usage = PskUsage::tls13};
  restrict(parameters);
  auto made = Credential::create(parameters);
  EXPECT_TRUE(made);
  return *made;
}

TEST(Keys, TheFirstThatTheServerKnowsIsUsed) {
  const std::vector<Credential> offered = {make_credential("a"), make_credential("b"), make_credential("c")};
  Pair pair(client_context({}, offered), server_context({}, {make_credential("c"), make_credential("b")}));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(as_text(pair.client.connection.psk_identity()), "b");
  EXPECT_EQ(as_text(pair.server.connection.psk_identity()), "b");
}

TEST(Keys, TheIdentityIsNotGivenBeforeTheHandshakeIsDone) {
  Pair pair(client_context(), server_context());
  EXPECT_TRUE(pair.client.connection.psk_identity().empty());
  EXPECT_EQ(pair.client.connection.authentication(), Authentication::none);
  // The server's flight without its Finished: the client knows the choice, but not yet that the server holds
  // the key.
  pair.on_wire = [&](Side from, std::vector<std::uint8_t>& octets) {
    if (from == Side::server) octets.back() ^= 1;
  };
  EXPECT_FALSE(pair.handshake());
  EXPECT_TRUE(pair.client.connection.psk_identity().empty());
  EXPECT_EQ(pair.client.connection.authentication(), Authentication::none);
  EXPECT_EQ(pair.server.connection.authentication(), Authentication::none);
}

TEST(Keys, OfTheOptionsReplaceTheContexts) {
  const std::vector<Credential> own = {make_credential("bob")};
  Pair pair(client_context(), server_context({}, {make_credential("bob")}),
            {.server_name = {}, .credentials = own});
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(as_text(pair.server.connection.psk_identity()), "bob");
}

// ---- rotation ----

TEST(Rotation, TheNewerAndTheOlderKeyAreBothTaken) {
  const std::vector<Credential> both = {make_credential("alice", "the newer key"),
                                        make_credential("alice", "the older key")};
  for (const auto& [key, older] : {std::pair("the newer key", false), std::pair("the older key", true)}) {
    Pair pair(client_context({}, {make_credential("alice", key)}), server_context({}, both));
    ASSERT_TRUE(pair.handshake()) << key;
    EXPECT_EQ(pair.server.connection.used_older_key(), older);
    EXPECT_FALSE(pair.client.connection.used_older_key());
    expect_transfer(pair, pair.client, pair.server, "hello");
  }
  Pair pair(client_context({}, {make_credential("alice", "neither")}), server_context({}, both));
  expect_failure(pair, Side::server, Reason::psk_binder_mismatch, Alert::decrypt_error);
}

TEST(Rotation, GoesFromOneHashToTheOther) {
  const std::vector<Credential> both = {make_credential("alice", "newer", sha384),
                                        make_credential("alice", "older", sha256)};
  for (const bool retry : {false, true}) {
    ContextOptions server;
    server.always_retry_with_cookie = retry;
    for (const Credential& own : both) {
      Pair pair(client_context({}, {own}), server_context(server, both));
      ASSERT_TRUE(pair.handshake()) << name(own.hash());
      EXPECT_EQ(pair.server.connection.used_older_key(), own.hash() == sha256);
      EXPECT_EQ(pair.server.connection.cipher_suite() == CipherSuite::TLS_AES_256_GCM_SHA384,
                own.hash() == sha384);
    }
  }
}

TEST(Rotation, AThirdKeyDoesNotCount) {
  const std::vector<Credential> three = {make_credential("alice", "1"), make_credential("alice", "2"),
                                         make_credential("alice", "3")};
  Pair pair(client_context({}, {three[2]}), server_context({}, three));
  expect_failure(pair, Side::server, Reason::psk_binder_mismatch, Alert::decrypt_error);
}

TEST(Rotation, AnOlderKeyThatHasExpiredIsNotTaken) {
  const Credential newer = make_credential("alice", "newer");
  const Credential older =
      restricted("alice", [](auto& p) { p.not_after = TimePoint(std::chrono::hours(1)); });
  Pair pair(client_context({}, {make_credential("alice")}), server_context({}, {newer, older}));
  expect_failure(pair, Side::server, Reason::psk_binder_mismatch, Alert::decrypt_error);
}

// ---- reasons ----

TEST(KeyReasons, AWrongKey) {
  Pair pair(client_context({}, {make_credential("alice", "one")}),
            server_context({}, {make_credential("alice", "other")}));
  expect_failure(pair, Side::server, Reason::psk_binder_mismatch, Alert::decrypt_error);
  EXPECT_NE(pair.server.failure->message().find("alice"), std::string::npos);
  EXPECT_EQ(pair.server.failure->state(), "START");
  EXPECT_EQ(pair.server.failure->handshake_message(), "ClientHello");
  EXPECT_EQ(pair.client.failure->state(), "WAIT_SH");
}

TEST(KeyReasons, AnUnknownIdentityByPolicy) {
  for (const auto& [policy, alert] :
       {std::pair(UnknownIdentityAlert::decrypt_error, Alert::decrypt_error),
        std::pair(UnknownIdentityAlert::unknown_psk_identity, Alert::unknown_psk_identity)}) {
    ContextOptions server;
    server.unknown_identity_alert = policy;
    const std::string identity("bin\0ary", 7);
    Pair pair(client_context({}, {make_credential(identity)}), server_context(server));
    expect_failure(pair, Side::server, Reason::psk_identity_unknown, alert);
    EXPECT_NE(pair.server.failure->detail().find("bin\\x00ary"), std::string_view::npos)
        << pair.server.failure->detail();
  }
}

TEST(KeyReasons, AWrongBinderIsNotMadeAnUnknownIdentityByPolicy) {
  ContextOptions server;
  server.unknown_identity_alert = UnknownIdentityAlert::unknown_psk_identity;
  Pair pair(client_context({}, {make_credential("alice", "wrong")}), server_context(server));
  expect_failure(pair, Side::server, Reason::psk_binder_mismatch, Alert::decrypt_error);
}

TEST(KeyReasons, AHashThatNoSuiteInCommonHas) {
  // The server's key is for SHA-384; the client takes its own for SHA-256 and offers suites of that only.
  Pair pair(client_context(), server_context({}, {make_credential("alice", default_key, sha384)}));
  expect_failure(pair, Side::server, Reason::psk_hash_mismatch, Alert::decrypt_error);
  EXPECT_NE(pair.server.failure->detail().find("SHA-384"), std::string_view::npos);
}

TEST(KeyReasons, ANotUsableKeyDoesNotHideAUsableOneBehindIt) {
  const std::vector<Credential> servers = {make_credential("a", default_key, sha384), make_credential("b")};
  Pair pair(client_context({}, {make_credential("a"), make_credential("b")}), server_context({}, servers));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(as_text(pair.server.connection.psk_identity()), "b");
}

TEST(KeyReasons, NoModeGroupSuiteOrProtocolInCommon) {
  const auto run = [](ContextOptions client, ContextOptions server, Reason reason, Alert alert) {
    Pair pair(client_context(std::move(client)), server_context(std::move(server)));
    expect_failure(pair, Side::server, reason, alert);
  };
  run(with_modes({ke}), with_modes({dhe}), Reason::psk_mode_mismatch, Alert::handshake_failure);
  run(with_modes({dhe}), with_modes({ke}), Reason::psk_mode_mismatch, Alert::handshake_failure);
  ContextOptions a, b;
  a.groups = {NamedGroup::x25519};
  b.groups = {NamedGroup::secp256r1};
  run(a, b, Reason::no_common_group, Alert::handshake_failure);
  a = b = {};
  a.cipher_suites = {CipherSuite::TLS_AES_128_CCM_SHA256};
  run(a, b, Reason::no_common_suite, Alert::handshake_failure);
  a = b = {};
  a.alpn = {"h2"};
  b.alpn = {"mqtt"};
  run(a, b, Reason::no_common_alpn, Alert::no_application_protocol);
}

TEST(KeyReasons, FallsBackToPskKeWhereNoGroupIsInCommon) {
  ContextOptions a = with_modes({dhe, ke}), b = a;
  a.groups = {NamedGroup::x25519};
  b.groups = {NamedGroup::secp256r1};
  Pair pair(client_context(a), server_context(b));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.client.connection.psk_mode(), ke);
  EXPECT_FALSE(pair.server.connection.group());
}

// ---- validity and bindings ----

TEST(Validity, IsHeldAgainstTheInjectedClock) {
  const auto at = [](int hour) { return TimePoint(std::chrono::hours(hour)); };
  const Credential key = restricted("alice", [&](auto& p) { p.not_before = at(10), p.not_after = at(20); });
  const auto clock = [&](int hour) {
    ContextOptions options;
    options.clock = [=] { return at(hour); };
    return options;
  };
  for (const int hour : {10, 15, 19}) {
    Pair pair(client_context(clock(hour), {key}), server_context(clock(hour), {key}));
    EXPECT_TRUE(pair.handshake()) << hour;
  }
  for (const int hour : {9, 20}) {
    ContextOptions options = clock(hour);
    options.credentials = {key};
    const auto client = Connection::client(*Context::create(options));
    ASSERT_FALSE(client);
    EXPECT_EQ(client.error().reason(), Reason::no_credential_usable);
    Pair pair(client_context(clock(15), {key}), server_context(clock(hour), {key}));
    expect_failure(pair, Side::server, hour == 9 ? Reason::psk_not_yet_valid : Reason::psk_expired,
                   Alert::decrypt_error);
  }
}

TEST(Bindings, AKeyForAServerNameIsUsedForThatNameOnly) {
  const Credential key = restricted("alice", [](auto& p) { p.server_name = "a.example"; });
  Pair pair(client_context({}, {key}), server_context({}, {key}),
            {.server_name = "a.example", .credentials = {}});
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.connection.server_name(), "a.example");
  const auto other =
      Connection::client(client_context({}, {key}), {.server_name = "b.example", .credentials = {}});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().reason(), Reason::no_credential_usable);
  Pair refused(client_context({}, {make_credential()}), server_context({}, {key}),
               {.server_name = "b.example", .credentials = {}});
  expect_failure(refused, Side::server, Reason::psk_wrong_usage, Alert::decrypt_error);
  Pair unnamed(client_context({}, {make_credential()}), server_context({}, {key}));
  expect_failure(unnamed, Side::server, Reason::psk_wrong_usage, Alert::decrypt_error);
}

TEST(Bindings, AKeyForAProtocolIsUsedForThatProtocolOnly) {
  const Credential key = restricted("alice", [](auto& p) { p.alpn = "mqtt"; });
  const auto with_alpn = [](std::vector<std::string> alpn) {
    ContextOptions options;
    options.alpn = std::move(alpn);
    return options;
  };
  Pair pair(client_context(with_alpn({"h2", "mqtt"}), {key}), server_context(with_alpn({"mqtt"}), {key}));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.client.connection.alpn(), "mqtt");
  EXPECT_EQ(pair.server.connection.alpn(), "mqtt");
  // The server prefers another protocol: its key is for mqtt.
  Pair refused(client_context(with_alpn({"h2", "mqtt"}), {key}),
               server_context(with_alpn({"h2", "mqtt"}), {key}));
  expect_failure(refused, Side::server, Reason::psk_wrong_usage, Alert::decrypt_error);
  // The server's key is for any: the client's own binding holds.
  Pair client_refuses(client_context(with_alpn({"h2", "mqtt"}), {key}),
                      server_context(with_alpn({"h2"}), {make_credential()}));
  expect_failure(client_refuses, Side::client, Reason::no_common_alpn, Alert::no_application_protocol);
  const auto without = Connection::client(client_context(with_alpn({"h2"}), {key}));
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().reason(), Reason::no_credential_usable);
}

TEST(Bindings, AddressesAndTrailingDotsAreNoServerNames) {
  const auto sent = [](std::string_view given) {
    Pair pair(client_context(), server_context(), {.server_name = given, .credentials = {}});
    EXPECT_TRUE(pair.handshake());
    EXPECT_EQ(pair.client.connection.server_name(), pair.server.connection.server_name());
    return std::string(pair.server.connection.server_name());
  };
  EXPECT_EQ(sent("example.org"), "example.org");
  EXPECT_EQ(sent("example.org."), "example.org");
  EXPECT_EQ(sent("192.0.2.1"), "");
  EXPECT_EQ(sent("2001:db8::1"), "");
  EXPECT_EQ(sent(std::string(253, 'a')), std::string(253, 'a'));
  for (const std::string& wrong :
       {std::string(254, 'a'), std::string("a b"), std::string("a\0b", 3), std::string("\xc3\xa4")}) {
    const auto client = Connection::client(client_context(), {.server_name = wrong, .credentials = {}});
    ASSERT_FALSE(client);
    EXPECT_EQ(client.error().reason(), Reason::invalid_argument);
  }
}

}  // namespace
}  // namespace sesame::test
