// KeyUpdate (RFC 8446 section 4.6.3), asked for and by itself (section 5.5).
#include <algorithm>

#include "engine/wire_log.h"
#include "policy/suites.h"

namespace sesame::test {
namespace {

// A KeyUpdate is 5 octets and the content type; with the tag of AES-GCM 22.
constexpr std::size_t key_update_length = 5 + 1 + 16;

struct Updating : Pair {
  explicit Updating(std::uint64_t records_per_key = 0,
                    CipherSuite suite = CipherSuite::TLS_AES_128_GCM_SHA256)
      : Pair(client_context(options(records_per_key, suite)),
             server_context(options(records_per_key, suite))),
        wire(*this) {
    EXPECT_TRUE(handshake());
    wire.clear();
  }
  static ContextOptions options(std::uint64_t records_per_key, CipherSuite suite) {
    ContextOptions o = with_modes({ke});
    o.limits.records_per_key = records_per_key;
    o.cipher_suites = {suite};
    return o;
  }
  WireLog wire;
};

TEST(KeyUpdate, InEachDirectionAndInBoth) {
  for (const bool request : {false, true}) {
    Updating pair;
    for (int round = 0; round < 3; ++round) {
      ASSERT_TRUE(pair.client.connection.update_keys(request));
      expect_transfer(pair, pair.client, pair.server, "from the client");
      expect_transfer(pair, pair.server, pair.client, "from the server");
      ASSERT_TRUE(pair.server.connection.update_keys(request));
      expect_transfer(pair, pair.server, pair.client, "from the server again");
      expect_transfer(pair, pair.client, pair.server, "from the client again");
    }
    const auto updates = [&](Side side) {
      return std::ranges::count(pair.wire.lengths(side), key_update_length);
    };
    EXPECT_EQ(updates(Side::client), request ? 6 : 3);
    EXPECT_EQ(updates(Side::server), request ? 6 : 3);
  }
}

TEST(KeyUpdate, ARequestIsAnsweredAtOnceWhereNothingWaits) {
  Updating pair;
  ASSERT_TRUE(pair.client.connection.update_keys(true));
  ASSERT_TRUE(pair.pump());
  EXPECT_EQ(pair.wire.lengths(Side::server), std::vector{key_update_length});
}

// Both ask at the same time: each answers once, and neither answers an answer.
TEST(KeyUpdate, RequestsThatCrossEnd) {
  Updating pair;
  ASSERT_TRUE(pair.client.connection.update_keys(true));
  ASSERT_TRUE(pair.server.connection.update_keys(true));
  expect_transfer(pair, pair.client, pair.server, "crossed");
  expect_transfer(pair, pair.server, pair.client, "crossed");
  const std::size_t records = pair.wire.lengths(Side::client).size() + pair.wire.lengths(Side::server).size();
  EXPECT_LE(records, 6u);  // two updates a side and the data
}

TEST(KeyUpdate, WithEachSuite) {
  for (const CipherSuite suite :
       {CipherSuite::TLS_CHACHA20_POLY1305_SHA256, CipherSuite::TLS_AES_128_CCM_SHA256,
        CipherSuite::TLS_AES_128_CCM_8_SHA256}) {
    Updating pair(0, suite);
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(pair.client.connection.update_keys(true));
      expect_transfer(pair, pair.client, pair.server, std::string(20'000, 'a'));
      expect_transfer(pair, pair.server, pair.client, std::string(20'000, 'b'));
    }
  }
}

TEST(KeyUpdate, BeforeTheHandshakeIsDoneIsRefused) {
  Pair pair(client_context(), server_context());
  for (End* end : {&pair.client, &pair.server}) {
    const auto updated = end->connection.update_keys();
    ASSERT_FALSE(updated);
    EXPECT_EQ(updated.error().reason(), Reason::not_connected);
  }
  ASSERT_TRUE(pair.handshake());
}

// The record where the limit is reached is followed by a KeyUpdate, within one call as well.
TEST(KeyUpdate, ByItselfInSend) {
  Updating pair(3);
  const std::string data(16'384 * 10, 'd');
  expect_transfer(pair, pair.client, pair.server, data);
  const std::size_t full = 16'384 + 1 + 16;
  const std::vector<std::size_t> expected = {
      full, full, full, key_update_length, full, full, full, key_update_length,
      full, full, full, key_update_length, full};
  EXPECT_EQ(pair.wire.lengths(Side::client), expected);
  EXPECT_TRUE(pair.wire.lengths(Side::server).empty()) << "the peer is not asked to update its own";
  for (int i = 0; i < 20; ++i) expect_transfer(pair, pair.server, pair.client, "short ones");
}

TEST(KeyUpdate, ByItselfAfterEachRecord) {
  Updating pair(1);
  for (int i = 0; i < 50; ++i) {
    expect_transfer(pair, pair.client, pair.server, "one");
    expect_transfer(pair, pair.server, pair.client, "two");
  }
  EXPECT_EQ(std::ranges::count(pair.wire.lengths(Side::client), key_update_length), 49);
}

TEST(KeyUpdate, ByItselfInSeal) {
  Updating pair(2);
  const std::string data(16'384 * 5, 's');
  Octets room(data.size() + 1000);
  const auto sealed = pair.client.connection.seal(as_bytes(data), room);
  ASSERT_TRUE(sealed) << sealed.error().message();
  EXPECT_EQ(sealed->consumed, data.size());
  const std::size_t full = 16'384 + 1 + 16, headers = 7 * 5;
  EXPECT_EQ(sealed->written, 5 * full + 2 * key_update_length + headers);
  pair.server.receive(Bytes(room).first(sealed->written));
  EXPECT_FALSE(pair.server.failure);
  EXPECT_TRUE(pair.server.data == data);
}

// Where the KeyUpdate does not fit it waits in output(), and what was sealed before is given back.
TEST(KeyUpdate, ByItselfInSealWithLittleRoom) {
  Updating pair(1);
  std::string data;
  for (int i = 0; i < 300; ++i) data += static_cast<char>('a' + i % 26);
  std::size_t done = 0;
  Octets room(48);  // a record of 26 octets, or a KeyUpdate and one of none
  for (int round = 0; round < 1000 && done < data.size(); ++round) {
    if (!pair.client.connection.output().empty()) {
      const Octets waiting = octets_of(pair.client.connection.output());
      pair.client.connection.output_sent(waiting.size());
      pair.server.receive(waiting);
    }
    const auto sealed = pair.client.connection.seal(as_bytes(data).subspan(done), room);
    if (!sealed) {
      ASSERT_EQ(sealed.error().reason(), Reason::buffer_too_small);
      ASSERT_FALSE(pair.client.connection.output().empty());
      continue;
    }
    done += sealed->consumed;
    pair.server.receive(Bytes(room).first(sealed->written));
  }
  EXPECT_EQ(done, data.size());
  EXPECT_EQ(pair.server.data, data);
  EXPECT_FALSE(pair.server.failure);
}

TEST(KeyUpdate, TheCiphersLimitHoldsWhereTheConfiguredOneIsLarger) {
  // 2^24.5 full records for AES-GCM (section 5.5); nothing for ChaCha20-Poly1305 short of the sequence
  // number.
  const auto limit = [](CipherSuite id) {
    return policy::find_suite(**crypto::Provider::system(), id)->records_per_key;
  };
  for (const CipherSuite gcm : {CipherSuite::TLS_AES_128_GCM_SHA256, CipherSuite::TLS_AES_256_GCM_SHA384}) {
    EXPECT_LE(limit(gcm), 23'726'566u);
    EXPECT_GE(limit(gcm), 1'000'000u);
  }
  EXPECT_LE(limit(CipherSuite::TLS_AES_128_CCM_SHA256), std::uint64_t{1} << 23);
  EXPECT_LE(limit(CipherSuite::TLS_AES_128_CCM_8_SHA256), std::uint64_t{1} << 23);
  EXPECT_LT(limit(CipherSuite::TLS_CHACHA20_POLY1305_SHA256), ~std::uint64_t{0});
}

}  // namespace
}  // namespace sesame::test
