// ServerKeyExchange as a client takes it, and the key that it uses.
#include <gtest/gtest.h>

#include "crypto/key_exchange.h"
#include "crypto/provider.h"
#include "tls12/plain_server.h"

namespace sesame::test {
namespace {

using HandshakeType = message::HandshakeType;

struct KeyOfAClient : testing::Test, PlainServer {
  void say_hint(std::string_view hint) {
    say(message(HandshakeType::server_key_exchange, vec16(text(hint))));
  }
  void expect(Reason expected, Alert expected_alert) {
    EXPECT_EQ(name(reason()), name(expected)) << client().failure->message();
    EXPECT_EQ(alert(), expected_alert);
  }
  void expect_identity(std::string_view identity) {
    EXPECT_EQ(state(), "WAIT_CCS");
    const auto messages = take_messages();
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_EQ(messages[0], message(HandshakeType::client_key_exchange, vec16(text(identity))));
  }
  std::optional<std::string> hint() {
    const auto octets = connection().psk_identity_hint();
    return octets ? std::optional(std::string(as_text(*octets))) : std::nullopt;
  }
};

TEST_F(KeyOfAClient, IsTheFirstWithoutAHint) {
  options.credentials.push_back(make_tls12_credential("bob"));
  say_hello();
  say_done();
  expect_identity("alice");
  EXPECT_EQ(hint(), std::nullopt);
}
TEST_F(KeyOfAClient, IsNeverOneOfTls13) {
  options.credentials = {make_credential("for13"), make_tls12_credential("for12")};
  say_hello();
  say_done();
  expect_identity("for12");
}
TEST_F(KeyOfAClient, IsTheFirstOfTheConnection) {
  const std::vector<Credential> own = {make_tls12_credential("own")};
  client_options.credentials = own;
  say_hello();
  say_done();
  expect_identity("own");
}
TEST_F(KeyOfAClient, HasAnIdentityOfAnySize) {
  const std::string identity(65'535, 'i');
  options.credentials = {make_tls12_credential(identity)};
  say_hello();
  say_done();
  expect_identity(identity);
}

TEST_F(KeyOfAClient, AHintIsAbsentOrEmptyOrPresent) {
  for (const std::string_view given : {"", "a hint"}) {
    PlainServer server;
    server.say_hello();
    server.say(message(HandshakeType::server_key_exchange, vec16(text(given))));
    const auto known = server.connection().psk_identity_hint();
    ASSERT_TRUE(known);
    EXPECT_EQ(as_text(*known), given);
    server.say_done();
    EXPECT_EQ(server.state(), "WAIT_CCS");
  }
}
TEST_F(KeyOfAClient, AHintHasNothingBehindIt) {
  say_hello();
  say(message(HandshakeType::server_key_exchange, join({vec16(text("h")), {0}})));
  expect(Reason::trailing_octets, Alert::decode_error);
}
TEST_F(KeyOfAClient, AHintDoesNotGoBeyondItsMessage) {
  say_hello();
  say(message(HandshakeType::server_key_exchange, {0, 2, 'h'}));
  expect(Reason::malformed_message, Alert::decode_error);
}

TEST_F(KeyOfAClient, IsWhatTheApplicationSelects) {
  options.select_psk = [&](const PskHintQuery& query, PskHintAnswer& answer) {
    EXPECT_EQ(query.cipher_suite, suite);
    EXPECT_EQ(query.version, ProtocolVersion::tls12);
    EXPECT_EQ(query.server_name, "example.com");
    ASSERT_TRUE(query.hint);
    answer.use(make_tls12_credential("for " + std::string(as_text(*query.hint))));
  };
  client_options.server_name = "example.com";
  say_hello();
  say_hint("site 7");
  say_done();
  expect_identity("for site 7");
}
TEST_F(KeyOfAClient, ThatTheApplicationDoesNotHaveEndsTheHandshake) {
  options.select_psk = [](const PskHintQuery& query, PskHintAnswer&) { EXPECT_FALSE(query.hint); };
  say_hello();
  say_done();
  expect(Reason::psk_not_supplied, Alert::handshake_failure);
}
TEST_F(KeyOfAClient, ThatIsForTls13OnlyIsRefused) {
  options.select_psk = [](const PskHintQuery&, PskHintAnswer& answer) { answer.use(make_credential()); };
  say_hello();
  say_done();
  expect(Reason::psk_wrong_usage, Alert::handshake_failure);
}
TEST_F(KeyOfAClient, ThatHasExpiredIsRefused) {
  options.select_psk = [](const PskHintQuery& query, PskHintAnswer& answer) {
    answer.use(*Credential::create(
        {.identity = as_bytes("a"), .key = as_bytes("k"), .usage = PskUsage::tls12, .not_after = query.now}));
  };
  say_hello();
  say_done();
  expect(Reason::psk_expired, Alert::handshake_failure);
}
TEST_F(KeyOfAClient, ThatIsForAnotherProtocolIsRefused) {
  options.alpn = {"a"};
  options.select_psk = [](const PskHintQuery&, PskHintAnswer& answer) {
    answer.use(*Credential::create(
        {.identity = as_bytes("a"), .key = as_bytes("k"), .usage = PskUsage::tls12, .alpn = "a"}));
  };
  say_hello();  // which chooses none
  say_done();
  expect(Reason::psk_wrong_usage, Alert::handshake_failure);
}

struct KeyThatComesLater : KeyOfAClient {
  KeyThatComesLater() {
    options.select_psk = [](const PskHintQuery&, PskHintAnswer& answer) { answer.later(); };
    say_hello();
    say_hint("h");
    say_done();
  }
};

TEST_F(KeyThatComesLater, IsWaitedFor) {
  EXPECT_EQ(state(), "AWAITING_PSK");
  EXPECT_EQ(connection().wait(), Wait::psk_lookup);
  EXPECT_TRUE(connection().output().empty());
  const auto query = connection().pending_psk_hint();
  ASSERT_TRUE(query);
  EXPECT_EQ(as_text(*query->hint), "h");
  say_change_cipher_spec();
  EXPECT_EQ(state(), "AWAITING_PSK") << "nothing is read meanwhile";
}
TEST_F(KeyThatComesLater, GoesOnWithTheFirst) {
  const std::vector<Credential> keys = {make_tls12_credential("first"), make_tls12_credential("second")};
  ASSERT_TRUE(connection().supply_psk(keys));
  expect_identity("first");
  EXPECT_FALSE(connection().pending_psk_hint());
  EXPECT_EQ(name(connection().supply_psk(keys).error().reason()), "nothing_pending");
}
TEST_F(KeyThatComesLater, MayBeNone) {
  const auto done = connection().supply_psk({});
  ASSERT_FALSE(done);
  EXPECT_EQ(name(done.error().reason()), "psk_not_supplied");
  EXPECT_EQ(done.error().alert(), Alert::handshake_failure);
  EXPECT_EQ(done.error().state(), "AWAITING_PSK");
}
TEST_F(KeyThatComesLater, HasToFitAllTheSame) {
  const std::vector<Credential> keys = {make_credential()};
  const auto done = connection().supply_psk(keys);
  ASSERT_FALSE(done);
  EXPECT_EQ(name(done.error().reason()), "psk_wrong_usage");
}

TEST_F(KeyThatComesLater, ComesTooLateBehindTheEnd) {
  ASSERT_TRUE(connection().close());
  EXPECT_FALSE(connection().pending_psk_hint());
  const std::vector<Credential> keys = {make_tls12_credential()};
  EXPECT_EQ(name(connection().supply_psk(keys).error().reason()), "nothing_pending");
}

// ---- ECDHE_PSK (RFC 5489, RFC 8422 section 5.4) ----

struct EcdhParameters : KeyOfAClient {
  EcdhParameters() { suite = CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256; }
  static Octets share(NamedGroup group) {
    const auto exchange = crypto::KeyExchange::generate(**crypto::Provider::system(), group);
    Octets out(crypto::key_share_size(group, Side::client));
    EXPECT_TRUE(exchange && exchange->write_share(out));
    return out;
  }
  void say_parameters(unsigned curve_type, unsigned curve, const Octets& point, const Octets& behind = {}) {
    say_hello();
    say(message(HandshakeType::server_key_exchange,
                join({vec16({}), u8(curve_type), u16(curve), vec8(point), behind})));
  }
  static constexpr unsigned secp256r1 = 0x0017, x25519 = 0x001d;
};

TEST_F(EcdhParameters, OfACurveThatWasOfferedAreTaken) {
  for (const NamedGroup group : {NamedGroup::x25519, NamedGroup::secp256r1, NamedGroup::secp521r1}) {
    PlainServer server;
    server.suite = suite;
    server.say_hello();
    server.say(message(HandshakeType::server_key_exchange,
                       join({vec16({}), u8(3), u16(static_cast<unsigned>(group)), vec8(share(group))})));
    server.say_done();
    EXPECT_EQ(server.state(), "WAIT_CCS");
    EXPECT_FALSE(server.connection().psk_identity_hint()) << "an empty hint is none here";
    const auto messages = server.take_messages();
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_EQ(messages[0].size(), 4 + 2 + 5 + 1 + crypto::key_share_size(group, Side::client));
  }
}
TEST_F(EcdhParameters, HaveToCome) {
  say_hello();
  say_done();
  expect(Reason::unexpected_message, Alert::unexpected_message);
}
TEST_F(EcdhParameters, AreOfANamedCurve) {
  say_parameters(1, x25519, share(NamedGroup::x25519));
  expect(Reason::ec_curve_wrong, Alert::illegal_parameter);
}
TEST_F(EcdhParameters, AreOfACurveThatWasOffered) {
  options.groups = {NamedGroup::x25519};
  say_parameters(3, secp256r1, share(NamedGroup::secp256r1));
  expect(Reason::ec_curve_wrong, Alert::illegal_parameter);
}
TEST_F(EcdhParameters, AreOfACurveAndNoOtherGroup) {
  for (const unsigned group : {0x0100u, 0x11ecu, 0x0000u, 0xffffu}) {
    PlainServer server;
    server.suite = suite;
    server.say_hello();
    server.say(message(HandshakeType::server_key_exchange,
                       join({vec16({}), u8(3), u16(group), vec8(repeat(32, 9))})));
    EXPECT_EQ(name(server.reason()), "ec_curve_wrong") << group;
  }
}
TEST_F(EcdhParameters, HaveAPointOfTheCurve) {
  say_parameters(3, secp256r1, join({{4}, repeat(64, 9)}));
  expect(Reason::key_share_invalid, Alert::illegal_parameter);
}
TEST_F(EcdhParameters, HaveNoPointOfSmallOrder) {
  say_parameters(3, x25519, repeat(32, 0));
  expect(Reason::key_share_invalid, Alert::illegal_parameter);
}
TEST_F(EcdhParameters, HaveAPoint) {
  say_parameters(3, x25519, {});
  expect(Reason::malformed_message, Alert::decode_error);
}
TEST_F(EcdhParameters, HaveNothingBehindThem) {
  say_parameters(3, x25519, share(NamedGroup::x25519), {0});
  expect(Reason::trailing_octets, Alert::decode_error);
}

// ---- DHE_PSK (RFC 4279 section 3) ----

struct DhParameters : KeyOfAClient {
  DhParameters() {
    suite = CipherSuite::TLS_DHE_PSK_WITH_AES_128_GCM_SHA256;
    options.cipher_suites = {suite};
  }
  void say_parameters(const Octets& p, const Octets& g, const Octets& y) {
    say_hello();
    say(message(HandshakeType::server_key_exchange, join({vec16({}), vec16(p), vec16(g), vec16(y)})));
  }
};

TEST_F(DhParameters, OfASmallGroupAreRefused) {
  Octets p = repeat(128, 0xff);
  say_parameters(p, {2}, {5});
  expect(Reason::dh_parameters_unsuitable, Alert::insufficient_security);
}
TEST_F(DhParameters, WithAValueOfSmallOrderAreRefused) {
  say_parameters(repeat(256, 0xff), {2}, {1});
  expect(Reason::key_share_invalid, Alert::illegal_parameter);
}
TEST_F(DhParameters, AreNotEmpty) {
  say_parameters({}, {2}, {5});
  expect(Reason::malformed_message, Alert::decode_error);
}

}  // namespace
}  // namespace sesame::test
