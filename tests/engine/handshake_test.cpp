// Handshakes between our own ends, in memory.
#include "support/pair.h"

namespace sesame::test {
namespace {

ContextOptions with_modes(std::vector<PskKeyExchangeMode> modes) {
  ContextOptions options;
  options.psk_modes = std::move(modes);
  return options;
}
const auto ke = PskKeyExchangeMode::psk_ke;
const auto dhe = PskKeyExchangeMode::psk_dhe_ke;

TEST(Handshake, PskKeConnectsAndCarriesDataBothWays) {
  Pair pair(client_context(with_modes({ke})), server_context(with_modes({ke})));
  ASSERT_TRUE(pair.handshake()) << (pair.server.failure ? pair.server.failure->message() : "")
                                << (pair.client.failure ? pair.client.failure->message() : "");
  for (const End* end : {&pair.client, &pair.server}) {
    EXPECT_EQ(end->connection.psk_mode(), ke);
    EXPECT_FALSE(end->connection.group());
    EXPECT_EQ(end->connection.version(), ProtocolVersion::tls13);
    EXPECT_EQ(end->connection.cipher_suite(), CipherSuite::TLS_AES_128_GCM_SHA256);
    EXPECT_EQ(end->connection.authentication(), Authentication::external_psk);
    EXPECT_EQ(as_text(end->connection.psk_identity()), "alice");
    EXPECT_EQ(end->connection.wait(), Wait::nothing);
  }
  expect_transfer(pair, pair.client, pair.server, "from the client");
  expect_transfer(pair, pair.server, pair.client, "from the server");
}

TEST(Handshake, PskDheKeConnectsWithEachGroup) {
  for (const NamedGroup group :
       {NamedGroup::x25519, NamedGroup::secp256r1, NamedGroup::secp384r1, NamedGroup::secp521r1,
        NamedGroup::x448, NamedGroup::ffdhe2048, NamedGroup::ffdhe3072, NamedGroup::ffdhe4096,
        NamedGroup::ffdhe6144, NamedGroup::ffdhe8192}) {
    ContextOptions options;
    options.groups = {group};
    Pair pair(client_context(options), server_context(options));
    ASSERT_TRUE(pair.handshake()) << name(group);
    EXPECT_EQ(pair.client.connection.group(), group);
    EXPECT_EQ(pair.server.connection.group(), group);
    EXPECT_EQ(pair.client.connection.psk_mode(), dhe);
    expect_transfer(pair, pair.client, pair.server, "hello");
  }
}

TEST(Handshake, EachSuiteConnects) {
  for (const CipherSuite suite :
       {CipherSuite::TLS_AES_128_GCM_SHA256, CipherSuite::TLS_AES_256_GCM_SHA384,
        CipherSuite::TLS_CHACHA20_POLY1305_SHA256, CipherSuite::TLS_AES_128_CCM_SHA256,
        CipherSuite::TLS_AES_128_CCM_8_SHA256}) {
    ContextOptions options = with_modes({ke});
    options.cipher_suites = {suite};
    const auto hash =
        suite == CipherSuite::TLS_AES_256_GCM_SHA384 ? HashAlgorithm::sha384 : HashAlgorithm::sha256;
    const std::vector<Credential> keys = {make_credential("alice", default_key, hash)};
    Pair pair(client_context(options, keys), server_context(options, keys));
    ASSERT_TRUE(pair.handshake()) << name(suite);
    EXPECT_EQ(pair.server.connection.cipher_suite(), suite);
    expect_transfer(pair, pair.client, pair.server, std::string(100'000, 'x'));
    expect_transfer(pair, pair.server, pair.client, std::string(100'000, 'y'));
  }
}

// RFC 8446 section 4.1.2: the second ClientHello drops keys of the other hash, but no cipher suite.
TEST(Handshake, ARetryWithKeysOfBothHashesConnects) {
  for (const auto hash : {HashAlgorithm::sha256, HashAlgorithm::sha384}) {
    ContextOptions server_options;
    server_options.groups = {NamedGroup::secp256r1};
    const std::vector<Credential> keys = {make_credential("alice", default_key, HashAlgorithm::sha256),
                                          make_credential("bob", default_key, HashAlgorithm::sha384)};
    Pair pair(client_context({}, keys),
              server_context(server_options, {hash == HashAlgorithm::sha256 ? keys[0] : keys[1]}));
    ASSERT_TRUE(pair.handshake()) << name(hash)
                                  << (pair.server.failure ? pair.server.failure->message() : "");
    EXPECT_TRUE(pair.client.connection.retried());
  }
}

TEST(Handshake, OneOctetInAndOneOctetOutAtATime) {
  for (const auto& modes : {std::vector{ke}, std::vector{dhe}}) {
    ContextOptions server_options = with_modes(modes);
    server_options.groups = {NamedGroup::secp256r1};  // with psk_dhe_ke: a HelloRetryRequest
    Pair pair(client_context(with_modes(modes)), server_context(server_options));
    pair.in = pair.out = 1;
    ASSERT_TRUE(pair.handshake());
    EXPECT_EQ(pair.client.connection.retried(), modes[0] == dhe);
    expect_transfer(pair, pair.client, pair.server, "one at a time");
  }
}

}  // namespace
}  // namespace sesame::test
