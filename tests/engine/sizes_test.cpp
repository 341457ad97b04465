// How long identities and keys may be, and a ClientHello over several records.
#include "engine/wire_log.h"

namespace sesame::test {
namespace {

std::string identity_of(std::size_t size) {
  std::string identity(size, '\0');
  for (std::size_t i = 0; i < size; ++i) identity[i] = static_cast<char>(i * 7);  // octets of any value
  return identity;
}

bool connects(const ContextOptions& options, const Credential& key) {
  Pair pair(client_context(options, {key}), server_context(options, {key}));
  if (!pair.handshake()) return false;
  EXPECT_EQ(as_text(pair.server.connection.psk_identity()), as_text(key.identity()));
  EXPECT_EQ(as_text(pair.client.connection.psk_identity()), as_text(key.identity()));
  expect_transfer(pair, pair.client, pair.server, "hello");
  return true;
}

TEST(IdentitySize, FromOneOctetOn) {
  for (const std::size_t size : {1u, 2u, 127u, 128u, 255u, 256u, 257u, 16'000u, 16'384u, 32'768u, 65'000u}) {
    EXPECT_TRUE(connects({}, make_credential(identity_of(size)))) << size;
  }
}

// The largest that fits: the extensions of a ClientHello have 65,535 octets in all.
std::size_t largest(const ContextOptions& options) {
  std::size_t fits = 60'000, too_long = max_identity_size + 1;
  while (too_long - fits > 1) {
    const std::size_t size = (fits + too_long) / 2;
    const auto made = Connection::client(client_context(options, {make_credential(identity_of(size))}));
    if (!made) {
      EXPECT_EQ(made.error().reason(), Reason::identity_too_long);
      EXPECT_EQ(made.error().alert(), Alert::none);
      EXPECT_NE(made.error().detail().find("65535"), std::string_view::npos) << made.error().detail();
    }
    (made ? fits : too_long) = size;
  }
  return fits;
}

TEST(IdentitySize, UpToTheLargestThatFitsAClientHello) {
  // In psk_ke: supported_versions 7, psk_key_exchange_modes 6, pre_shared_key 4 + 2 + 2 + 4 and 2 + 33.
  EXPECT_EQ(largest(with_modes({ke})), 65'535u - 7 - 6 - 47);
  for (const auto& modes : {std::vector{ke}, std::vector{dhe}}) {
    const std::size_t most = largest(with_modes(modes));
    EXPECT_GT(most, 65'400u);
    EXPECT_TRUE(connects(with_modes(modes), make_credential(identity_of(most))));
    EXPECT_FALSE(
        Connection::client(client_context(with_modes(modes), {make_credential(identity_of(most + 1))})));
  }
}

// The second ClientHello needs room for the cookie as well: a clear error, and an alert for the server.
TEST(IdentitySize, ACookieThatDoesNotFitBesideTheIdentity) {
  ContextOptions server = with_modes({ke});
  server.always_retry_with_cookie = true;
  const Credential key = make_credential(identity_of(largest(with_modes({ke}))));
  Pair pair(client_context(with_modes({ke}), {key}), server_context(server, {key}));
  expect_failure(pair, Side::client, Reason::message_too_long, Alert::illegal_parameter);
  EXPECT_NE(pair.client.failure->detail().find("cookie"), std::string_view::npos);
}

TEST(IdentitySize, ManyIdentities) {
  std::vector<Credential> keys;
  for (int i = 0; i < 1000; ++i) keys.push_back(make_credential("identity " + std::to_string(i)));
  ContextOptions server;
  server.limits.psk_identities = 1000;
  Pair pair(client_context({}, keys), server_context(server, {keys.back()}));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(as_text(pair.server.connection.psk_identity()), "identity 999");
  const std::vector<Credential> again = keys;
  keys.insert(keys.end(), again.begin(), again.end());
  const auto too_many = Connection::client(client_context({}, keys));
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().reason(), Reason::identity_too_long);
}

TEST(KeySize, FromOneOctetTo4096) {
  for (const std::size_t size :
       {1u, 15u, 16u, 31u, 32u, 48u, 63u, 64u, 65u, 127u, 128u, 129u, 512u, 513u, 4095u, 4096u}) {
    for (const HashAlgorithm hash : {HashAlgorithm::sha256, HashAlgorithm::sha384}) {
      EXPECT_TRUE(connects(with_modes({ke}), make_credential("alice", identity_of(size), hash))) << size;
      EXPECT_TRUE(connects({}, make_credential("alice", identity_of(size), hash))) << size;
    }
  }
}

TEST(ClientHello, OverSeveralRecordsHasFullOnes) {
  Pair pair(client_context({}, {make_credential(identity_of(60'000))}),
            server_context({}, {make_credential(identity_of(60'000))}));
  WireLog wire(pair);
  ASSERT_TRUE(pair.handshake());
  const auto lengths = wire.lengths(Side::client);
  ASSERT_GE(lengths.size(), 4u);
  EXPECT_EQ(lengths[0], 16384u);
  EXPECT_EQ(lengths[1], 16384u);
  EXPECT_EQ(lengths[2], 16384u);
  EXPECT_LT(lengths[3], 16384u);
}

TEST(ClientHello, LongerThanTheServersLimitIsRefused) {
  ContextOptions server;
  server.limits.handshake_message = 1000;
  const std::vector<Credential> keys = {make_credential(identity_of(1000))};
  Pair pair(client_context({}, keys), server_context(server, keys));
  expect_failure(pair, Side::server, Reason::message_too_long, Alert::decode_error);
}

}  // namespace
}  // namespace sesame::test
