// What a ServerHello of TLS 1.2 and below may say.
#include <gtest/gtest.h>

#include "message/server_hello.h"
#include "tls12/plain_server.h"

namespace sesame::test {
namespace {

using Type = PlainServer::Type;
using HandshakeType = message::HandshakeType;
using enum Reason;

struct ServerHello : testing::Test, PlainServer {
  void expect(Reason expected, Alert expected_alert) {
    say_hello();
    EXPECT_EQ(name(reason()), name(expected)) << client().failure->message();
    EXPECT_EQ(alert(), expected_alert);
    EXPECT_EQ(client().failure->state(), "WAIT_SH");
    EXPECT_EQ(client().failure->handshake_message(), "ServerHello");
  }
  void offer_tls13() {
    options.max_version = ProtocolVersion::tls13;
    options.cipher_suites.push_back(CipherSuite::TLS_AES_128_GCM_SHA256);
    options.credentials.push_back(make_credential());
  }
  void offer_tls10() { options.min_version = ProtocolVersion::tls10; }
  void mark(const std::array<std::uint8_t, 8>& sentinel) { std::ranges::copy(sentinel, random.end() - 8); }
};

TEST_F(ServerHello, ThatIsRightIsTaken) {
  say_hello();
  EXPECT_FALSE(client().failure);
  EXPECT_EQ(state(), "WAIT_SKE");
}

TEST_F(ServerHello, MayNotChooseAVersionThatWasNotOffered) {
  for (const unsigned chosen : {0x0200u, 0x0300u, 0x0302u, 0x0304u, 0x0305u, 0xffffu}) {
    SCOPED_TRACE(chosen);
    PlainServer server;
    server.version = chosen;
    const Octets hello = server.server_hello();
    server.version = 0x0303;  // of the record
    server.say(hello);
    EXPECT_EQ(name(server.reason()), "no_common_version");
    EXPECT_EQ(server.alert(), Alert::protocol_version);
  }
}

TEST_F(ServerHello, OfAnOlderVersionIsTakenWhereThatIsAllowed) {
  offer_tls10();
  suite = CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA;
  version = 0x0301;
  EXPECT_EQ(client_hello().version, 0x0303u);
  say_hello();
  EXPECT_FALSE(client().failure);
  EXPECT_EQ(connection().version(), ProtocolVersion::tls10);
}

TEST_F(ServerHello, ThatIsMarkedAsADowngradeIsRefusedByWhoOfferedMore) {
  offer_tls13();
  mark(message::downgrade_to_tls12);
  expect(downgrade_detected, Alert::illegal_parameter);
}
TEST_F(ServerHello, ThatIsMarkedIsWhatWhoOfferedTls12Expects) {
  mark(message::downgrade_to_tls12);
  say_hello();
  EXPECT_FALSE(client().failure);
}
TEST_F(ServerHello, OfTls11ThatIsMarkedIsRefusedByWhoOfferedTls12) {
  offer_tls10();
  suite = CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA;
  version = 0x0302;
  mark(message::downgrade_to_tls11);
  expect(downgrade_detected, Alert::illegal_parameter);
}
TEST_F(ServerHello, WithoutAMarkIsTakenByWhoOfferedTls13) {
  offer_tls13();
  session_id = {};
  say_hello();
  EXPECT_FALSE(client().failure) << client().failure->message();
  EXPECT_EQ(connection().version(), ProtocolVersion::tls12);
}

TEST_F(ServerHello, MayNotChooseASuiteThatWasNotOffered) {
  suite = CipherSuite::TLS_PSK_WITH_AES_256_GCM_SHA384;
  expect(suite_not_offered, Alert::illegal_parameter);
}
TEST_F(ServerHello, MayNotChooseASuiteOfANewerVersion) {
  offer_tls10();
  version = 0x0302;
  expect(suite_not_offered, Alert::illegal_parameter);
}
TEST_F(ServerHello, MayNotChooseCompression) {
  compression_method = 1;
  expect(compression_not_null, Alert::illegal_parameter);
}
TEST_F(ServerHello, MayNotResumeWhatWasNotOffered) {
  offer_tls13();  // so that there is an identifier
  session_id = client_hello().session_id;
  ASSERT_EQ(session_id.size(), 32u);
  expect(session_id_mismatch, Alert::illegal_parameter);
}

TEST_F(ServerHello, HasToHaveRenegotiationInfo) {
  extensions.erase(Type::renegotiation_info);
  expect(renegotiation_info_missing, Alert::handshake_failure);
}
TEST_F(ServerHello, NeedsNoRenegotiationInfoForWhoDoesWithout) {
  options.require_renegotiation_info = false;
  extensions.erase(Type::renegotiation_info);
  say_hello();
  EXPECT_FALSE(client().failure);
  EXPECT_FALSE(connection().secure_renegotiation());
}
TEST_F(ServerHello, HasAnEmptyRenegotiationInfoTheFirstTime) {
  extensions[Type::renegotiation_info] = vec8(repeat(24, 7));
  expect(renegotiation_info_wrong, Alert::handshake_failure);
}
TEST_F(ServerHello, HasARenegotiationInfoThatIsWellFormed) {
  extensions[Type::renegotiation_info] = {};
  expect(malformed_message, Alert::decode_error);
}

TEST_F(ServerHello, NeedsNoExtendedMasterSecretUnlessItIsRequired) {
  extensions.erase(Type::extended_master_secret);
  say_hello();
  EXPECT_FALSE(client().failure);
}
TEST_F(ServerHello, HasToHaveTheExtendedMasterSecretWhereItIsRequired) {
  options.require_extended_master_secret = true;
  extensions.erase(Type::extended_master_secret);
  expect(extended_master_secret_missing, Alert::handshake_failure);
}
TEST_F(ServerHello, SaysNothingBehindAFlag) {
  for (const Type type : {Type::extended_master_secret, Type::encrypt_then_mac}) {
    PlainServer server;
    server.suite = CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA;
    server.extensions[type] = {0};
    server.say_hello();
    EXPECT_EQ(name(server.reason()), "malformed_message");
    EXPECT_EQ(server.alert(), Alert::decode_error);
  }
}
TEST_F(ServerHello, HasEncryptThenMacWithABlockCipherOnly) {
  extensions.add(Type::encrypt_then_mac);
  expect(extension_misplaced, Alert::illegal_parameter);
}
TEST_F(ServerHello, MayHaveEncryptThenMacWithABlockCipher) {
  extensions.add(Type::encrypt_then_mac);
  suite = CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA;
  say_hello();
  EXPECT_FALSE(client().failure);
  EXPECT_TRUE(connection().encrypt_then_mac());
}
TEST_F(ServerHello, HasUncompressedPointsIfItSaysSomething) {
  extensions.add(Type::ec_point_formats, vec8({1, 2}));
  expect(point_format_missing, Alert::illegal_parameter);
}
TEST_F(ServerHello, HasNothingThatWasNotAskedFor) {
  extensions.add(Type::session_ticket);
  expect(extension_unsolicited, Alert::unsupported_extension);
}
TEST_F(ServerHello, HasNothingOfTls13) {
  extensions.add(Type::key_share, u16(0x001d));
  expect(extension_misplaced, Alert::illegal_parameter);
}
TEST_F(ServerHello, HasAnEmptySessionTicket) {
  options.on_session = [](const Session&) {};
  extensions.add(Type::session_ticket, {1});
  expect(malformed_message, Alert::decode_error);
}
TEST_F(ServerHello, MayNotChooseAProtocolThatWasNotOffered) {
  options.alpn = {"a"};
  extensions.add(Type::application_layer_protocol_negotiation, vec16(vec8(text("b"))));
  expect(alpn_not_offered, Alert::illegal_parameter);
}
TEST_F(ServerHello, ChoosesExactlyOneProtocol) {
  options.alpn = {"a", "b"};
  extensions.add(Type::application_layer_protocol_negotiation,
                 vec16(join({vec8(text("a")), vec8(text("b"))})));
  expect(malformed_message, Alert::decode_error);
}
TEST_F(ServerHello, HasARecordSizeLimitOfAtLeast64) {
  options.record_size_limit = 1000;
  extensions.add(Type::record_size_limit, u16(63));
  expect(record_size_limit_invalid, Alert::illegal_parameter);
}
TEST_F(ServerHello, RepeatsTheMaxFragmentLength) {
  options.max_fragment_length = 1024;
  extensions.add(Type::max_fragment_length, {1});
  expect(max_fragment_length_mismatch, Alert::illegal_parameter);
}
TEST_F(ServerHello, LimitsRecordsInTheWayThatWasAskedFor) {
  options.max_fragment_length = 1024;
  extensions.add(Type::max_fragment_length, {2});
  extensions.add(Type::record_size_limit, u16(1000));
  expect(extension_unsolicited, Alert::unsupported_extension);
}

// ---- what may come before and behind it ----

TEST_F(ServerHello, MayComeBehindAHelloRequest) {
  say(message(HandshakeType::hello_request));
  EXPECT_EQ(state(), "WAIT_SH");
  say_hello();
  say(message(HandshakeType::hello_request));
  EXPECT_EQ(state(), "WAIT_SKE");
  EXPECT_FALSE(client().failure);
}
TEST_F(ServerHello, DoesNotComeBehindHelloRequestsWithoutEnd) {
  for (int i = 0; i < 33 && !client().failure; ++i) say(message(HandshakeType::hello_request));
  EXPECT_EQ(name(reason()), "too_many_renegotiations");
}
TEST_F(ServerHello, MayNotComeBehindAHelloRequestThatSaysSomething) {
  say(message(HandshakeType::hello_request, {0}));
  EXPECT_EQ(name(reason()), "trailing_octets");
}
TEST_F(ServerHello, IsNotFollowedByAChangeCipherSpec) {
  say_hello();
  say_change_cipher_spec();
  EXPECT_EQ(name(reason()), "unexpected_message");
  EXPECT_EQ(alert(), Alert::unexpected_message);
}

// ---- a session secret (RFC 4851 section 3.2.2) ----

struct WithPac : ServerHello {
  const Octets pac = {0, 2, 0, 4, 1, 2, 3, 4};
  Octets given = repeat(48, 0x77);
  int asked = 0;
  WithPac() {
    client_options.session_ticket = pac;
    client_options.session_secret = [this](const SessionSecretQuery& query, SessionSecretAnswer& answer) {
      ++asked;
      EXPECT_EQ(query.side, Side::client);
      EXPECT_EQ(octets_of(*query.session_ticket), pac);
      EXPECT_EQ(octets_of(query.server_random), random);
      EXPECT_EQ(octets_of(query.client_random), client_hello().random);
      ASSERT_EQ(query.cipher_suites.size(), 1u);
      EXPECT_EQ(query.cipher_suites[0], suite);
      answer.give(given);
    };
  }
};

TEST_F(WithPac, SendsThePacAsItIs) { EXPECT_EQ(client_hello()[Type::session_ticket], pac); }
TEST_F(WithPac, AProviderWithoutAPacSendsNoExtension) {
  client_options.session_ticket.reset();
  options.on_session = [](const Session&) {};
  EXPECT_FALSE(client_hello().has(Type::session_ticket));
  say_hello();
  say_change_cipher_spec();
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(name(reason()), "unexpected_message");
}
TEST_F(WithPac, AChangeCipherSpecMeansThatTheServerHasIt) {
  session_id = repeat(32, 9);
  say_hello();
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(state(), "WAIT_SKE");
  say_change_cipher_spec();
  EXPECT_EQ(state(), "WAIT_FINISHED");
}
TEST_F(WithPac, AnythingElseMeansThatItHasNot) {
  say_hello();
  say_done();
  EXPECT_EQ(state(), "WAIT_CCS");
  const auto messages = take_messages();
  ASSERT_FALSE(messages.empty());
  EXPECT_EQ(messages[0], message(HandshakeType::client_key_exchange, vec16(text("alice"))));
}
TEST_F(WithPac, TheSecretIsGoneWithTheFirstMessageOfTheFullHandshake) {
  suite = CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256;
  say_hello();
  say(message(HandshakeType::server_key_exchange, vec16(text("hint"))));
  EXPECT_EQ(state(), "WAIT_CR");
  say_change_cipher_spec();
  EXPECT_EQ(name(reason()), "unexpected_message");
}
TEST_F(WithPac, ATicketStraightBehindTheServerHelloIsUnexpected) {
  say_hello();
  say(message(HandshakeType::new_session_ticket, join({u32(60), vec16(repeat(16, 1))})));
  EXPECT_EQ(name(reason()), "unexpected_message");
}
TEST_F(WithPac, AnyOtherSizeOfASecretEndsTheHandshakeAtOnce) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{513}, std::size_t{100'000}}) {
    PlainServer server;
    server.client_options.session_ticket = pac;
    server.client_options.session_secret = [&](const SessionSecretQuery&, SessionSecretAnswer& answer) {
      answer.give(repeat(size, 1));
    };
    server.say_hello();
    EXPECT_EQ(name(server.reason()), "session_secret_refused") << size;
    EXPECT_EQ(server.alert(), Alert::internal_error);
  }
}
TEST_F(WithPac, EachSizeUpToTheMostIsTaken) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{48}, std::size_t{512}}) {
    PlainServer server;
    server.client_options.session_ticket = pac;
    server.client_options.session_secret = [&](const SessionSecretQuery&, SessionSecretAnswer& answer) {
      answer.give(repeat(size, 1));
    };
    server.say_hello();
    server.say_change_cipher_spec();
    EXPECT_EQ(server.state(), "WAIT_FINISHED") << size;
  }
}
TEST_F(WithPac, IsAskedWhereTls13WasOfferedToo) {
  offer_tls13();
  say_hello();
  EXPECT_EQ(asked, 1);
  say_change_cipher_spec();
  EXPECT_EQ(state(), "WAIT_FINISHED");
}
TEST_F(WithPac, AnEchoOfTheIdentifierSaysNothing) {
  offer_tls13();
  session_id = client_hello().session_id;
  say_hello();
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(state(), "WAIT_SKE");
}

}  // namespace
}  // namespace sesame::test
