// HelloRetryRequest (RFC 8446 section 4.1.4), with groups, cookies, and keys of both hashes.
#include "engine/wire_log.h"
#include "extension/pre_shared_key.h"
#include "extension/table.h"
#include "message/client_hello.h"

namespace sesame::test {
namespace {

using extension::Extensions;
using extension::ExtensionType;
using extension::In;

ContextOptions with_group(NamedGroup group) {
  ContextOptions options;
  options.groups = {group};
  return options;
}

struct Offered {
  std::vector<std::string> identities;
  std::vector<std::size_t> binders;
  std::size_t shares = 0;
  bool has_cookie = false;
};

Offered offered(const Octets& client_hello) {
  Offered out;
  const auto hello = wire::decode<message::ClientHello>(Bytes(client_hello).subspan(4));
  EXPECT_TRUE(hello);
  const auto extensions = Extensions::parse(hello->extensions, In::CH, {});
  const auto psks = extensions->read<extension::OfferedPsks>(ExtensionType::pre_shared_key);
  psks->identities.for_each([&](const extension::PskIdentity& i) {
    out.identities.emplace_back(as_text(i.identity.data));
    EXPECT_EQ(i.obfuscated_ticket_age, 0u);  // section 4.2.11: of an external key
  });
  psks->binders.for_each([&](const extension::PskBinderEntry& b) { out.binders.push_back(b.data.size()); });
  out.has_cookie = extensions->has(ExtensionType::cookie);
  return out;
}

TEST(Retry, AsksForAGroupThatHadNoShare) {
  Pair pair(client_context(), server_context(with_group(NamedGroup::secp384r1)));
  WireLog wire(pair);
  ASSERT_TRUE(pair.handshake());
  for (const End* end : {&pair.client, &pair.server}) {
    EXPECT_TRUE(end->connection.retried());
    EXPECT_EQ(end->connection.group(), NamedGroup::secp384r1);
  }
  EXPECT_EQ(wire.plain_messages(Side::client).size(), 2u);
  EXPECT_EQ(wire.plain_messages(Side::server).size(), 2u);
  expect_transfer(pair, pair.client, pair.server, "after a retry");
  expect_transfer(pair, pair.server, pair.client, "and back");
}

TEST(Retry, IsNotNeededWhereAShareFits) {
  ContextOptions client;
  client.groups = {NamedGroup::x448, NamedGroup::secp256r1, NamedGroup::x25519};
  client.key_shares = 3;
  ContextOptions server;
  server.groups = {NamedGroup::x25519, NamedGroup::x448};
  Pair pair(client_context(client), server_context(server));
  ASSERT_TRUE(pair.handshake());
  EXPECT_FALSE(pair.client.connection.retried());
  EXPECT_EQ(pair.server.connection.group(), NamedGroup::x25519) << "the server's preference";
}

TEST(Retry, AsksForAShareWhereTheClientMakesNone) {
  ContextOptions client;
  client.key_shares = 0;
  Pair pair(client_context(client), server_context());
  ASSERT_TRUE(pair.handshake());
  EXPECT_TRUE(pair.server.connection.retried());
  EXPECT_EQ(pair.client.connection.group(), NamedGroup::x25519);
}

TEST(Retry, BringsACookieBackInBothModes) {
  for (const auto& modes : {std::vector{ke}, std::vector{dhe}}) {
    ContextOptions server = with_modes(modes);
    server.always_retry_with_cookie = true;
    Pair pair(client_context(with_modes(modes)), server_context(server));
    WireLog wire(pair);
    ASSERT_TRUE(pair.handshake());
    EXPECT_TRUE(pair.client.connection.retried() && pair.server.connection.retried());
    const auto hellos = wire.plain_messages(Side::client);
    ASSERT_EQ(hellos.size(), 2u);
    EXPECT_FALSE(offered(hellos[0]).has_cookie);
    EXPECT_TRUE(offered(hellos[1]).has_cookie);
    expect_transfer(pair, pair.server, pair.client, "with a cookie");
  }
}

TEST(Retry, AsksForGroupAndCookieAtOnce) {
  ContextOptions server = with_group(NamedGroup::secp521r1);
  server.always_retry_with_cookie = true;
  Pair pair(client_context(), server_context(server));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.connection.group(), NamedGroup::secp521r1);
}

// Section 4.1.4: keys that do not fit the suite are dropped, and the binders of the others are computed anew.
class MixedHashes : public testing::TestWithParam<HashAlgorithm> {};

TEST_P(MixedHashes, OnlyKeysThatFitTheSuiteAreOfferedAgain) {
  const HashAlgorithm known = GetParam();
  const auto a = HashAlgorithm::sha256, b = HashAlgorithm::sha384;
  const std::vector<Credential> keys = {
      make_credential("first", "key 1", b), make_credential("second", "key 2", a),
      make_credential("third", "key 3", b), make_credential("fourth", "key 4", a),
      make_credential("fifth", "key 5", a)};
  // The server knows one key only, of the one hash or the other, and not the first of them.
  const Credential& its = known == a ? keys[3] : keys[2];
  ContextOptions server = with_group(NamedGroup::x448);
  server.always_retry_with_cookie = true;
  Pair pair(client_context({}, keys), server_context(server, {its}));
  WireLog wire(pair);
  ASSERT_TRUE(pair.handshake()) << pair.server.failure->message();
  EXPECT_EQ(as_text(pair.client.connection.psk_identity()), as_text(its.identity()));
  EXPECT_EQ(as_text(pair.server.connection.psk_identity()), as_text(its.identity()));

  const auto hellos = wire.plain_messages(Side::client);
  ASSERT_EQ(hellos.size(), 2u);
  const Offered first = offered(hellos[0]), second = offered(hellos[1]);
  EXPECT_EQ(first.identities, (std::vector<std::string>{"first", "second", "third", "fourth", "fifth"}));
  EXPECT_EQ(first.binders, (std::vector<std::size_t>{48, 32, 48, 32, 32}));
  if (known == a) {
    EXPECT_EQ(second.identities, (std::vector<std::string>{"second", "fourth", "fifth"}));
    EXPECT_EQ(second.binders, (std::vector<std::size_t>{32, 32, 32}));
  } else {
    EXPECT_EQ(second.identities, (std::vector<std::string>{"first", "third"}));
    EXPECT_EQ(second.binders, (std::vector<std::size_t>{48, 48}));
  }
  EXPECT_EQ(pair.client.connection.cipher_suite() == CipherSuite::TLS_AES_256_GCM_SHA384, known == b);
  expect_transfer(pair, pair.client, pair.server, "with the right one");
}

INSTANTIATE_TEST_SUITE_P(Retry, MixedHashes, testing::Values(HashAlgorithm::sha256, HashAlgorithm::sha384),
                         [](const auto& test) {
                           return test.param == HashAlgorithm::sha256 ? "Sha256" : "Sha384";
                         });

TEST(Retry, OffersSuitesOfBothHashesAgain) {
  // Section 4.1.2: of the suites nothing changes, though those of the other hash can no longer be chosen.
  const std::vector<Credential> keys = {make_credential("a"),
                                        make_credential("b", default_key, HashAlgorithm::sha384)};
  Pair pair(client_context({}, keys), server_context(with_group(NamedGroup::x448), keys));
  WireLog wire(pair);
  ASSERT_TRUE(pair.handshake());
  std::vector<std::size_t> counts;
  for (const Octets& hello : wire.plain_messages(Side::client)) {
    counts.push_back(wire::decode<message::ClientHello>(Bytes(hello).subspan(4))->cipher_suites.count());
  }
  EXPECT_EQ(counts, (std::vector<std::size_t>{3, 3}));
}

TEST(Retry, WithEachGroup) {
  for (const NamedGroup group :
       {NamedGroup::x25519, NamedGroup::secp256r1, NamedGroup::secp384r1, NamedGroup::secp521r1,
        NamedGroup::x448, NamedGroup::ffdhe2048, NamedGroup::ffdhe3072}) {
    ContextOptions client;
    client.groups = {group == NamedGroup::x448 ? NamedGroup::x25519 : NamedGroup::x448, group};
    Pair pair(client_context(client), server_context(with_group(group)));
    ASSERT_TRUE(pair.handshake()) << name(group);
    EXPECT_TRUE(pair.client.connection.retried());
    EXPECT_EQ(pair.server.connection.group(), group);
  }
}

TEST(Retry, SendsOneChangeCipherSpecOnly) {
  Pair pair(client_context(), server_context(with_group(NamedGroup::x448)));
  WireLog wire(pair);
  ASSERT_TRUE(pair.handshake());
  for (const Side side : {Side::client, Side::server}) {
    int found = 0;
    for (const auto& r : wire.records(side))
      found += r.header.type == record::ContentType::change_cipher_spec;
    EXPECT_EQ(found, 1) << name(side);
  }
}

}  // namespace
}  // namespace sesame::test
