// What is sent keeps to the peer's limits, and to the padding policy: the sizes of the records on the wire.
#include "engine/wire_log.h"

namespace sesame::test {
namespace {

constexpr std::size_t expansion = 1 + 16;  // the content type and the tag of AES-GCM

struct Sent {
  std::vector<std::size_t> from_client,
      from_server;  // lengths of the records of 1000 and 40000 octets of data
};

Sent sizes(const ContextOptions& client, const ContextOptions& server) {
  Pair pair(client_context(client), server_context(server));
  EXPECT_TRUE(pair.handshake());
  WireLog wire(pair);
  for (const std::size_t size : {1000u, 40'000u}) {
    expect_transfer(pair, pair.client, pair.server, std::string(size, 'c'));
    expect_transfer(pair, pair.server, pair.client, std::string(size, 's'));
  }
  return {wire.lengths(Side::client), wire.lengths(Side::server)};
}

// Records of `size` octets of data, none of them larger than `limit`.
void expect_limited(const std::vector<std::size_t>& lengths, std::size_t limit) {
  std::vector<std::size_t> expected;
  for (std::size_t rest : {1000u, 40'000u}) {
    for (; rest > limit; rest -= limit) expected.push_back(limit + expansion);
    expected.push_back(rest + expansion);
  }
  EXPECT_EQ(lengths, expected);
}

TEST(RecordSize, IsFullWithoutALimit) {
  const Sent sent = sizes({}, {});
  expect_limited(sent.from_client, 16'384);
  expect_limited(sent.from_server, 16'384);
}

TEST(RecordSizeLimit, LimitsWhatThePeerSends) {
  for (const std::size_t limit : {64u, 65u, 100u, 1000u, 16'383u, 16'384u}) {
    ContextOptions limited;
    limited.record_size_limit = limit;
    const Sent by_client = sizes(limited, {});
    expect_limited(by_client.from_server, limit);
    expect_limited(by_client.from_client, 16'384);
    // A server answers to the extension only: the client has to have sent it.
    const Sent by_server = sizes({}, limited);
    expect_limited(by_server.from_client, 16'384);
    ContextOptions willing;
    willing.record_size_limit = 16'384;
    const Sent both = sizes(willing, limited);
    expect_limited(both.from_client, limit);
    expect_limited(both.from_server, 16'384);
  }
}

TEST(RecordSizeLimit, LimitsTheHandshakesProtectedRecordsToo) {
  ContextOptions limited = with_modes({ke});
  limited.record_size_limit = 64;
  limited.alpn = {std::string(200, 'p')};
  Pair pair(client_context(limited), server_context(limited));
  WireLog wire(pair);
  ASSERT_TRUE(pair.handshake());
  for (const Side side : {Side::client, Side::server}) {
    for (const auto& r : wire.records(side)) {
      if (r.header.type == record::ContentType::application_data) {
        EXPECT_LE(r.header.length, 64 + expansion);
      }
    }
  }
  EXPECT_EQ(pair.client.connection.alpn().size(), 200u);
}

TEST(RecordSizeLimit, HoldsForPaddingToo) {
  ContextOptions limited, padded;
  limited.record_size_limit = 100;
  padded.padding.block = 64;
  const Sent sent = sizes(limited, padded);
  for (const std::size_t length : sent.from_server) EXPECT_LE(length, 100 + expansion);
}

TEST(MaxFragmentLength, LimitsBothSides) {
  for (const std::size_t limit : {512u, 1024u, 2048u, 4096u}) {
    ContextOptions client;
    client.max_fragment_length = limit;
    const Sent sent = sizes(client, {});
    expect_limited(sent.from_client, limit);
    expect_limited(sent.from_server, limit);
  }
}

TEST(MaxFragmentLength, GivesWayToARecordSizeLimitOfTheServer) {
  // The client asks for fragments only, so that is what it gets (RFC 8449 section 5).
  ContextOptions client, server;
  client.max_fragment_length = 512;
  server.record_size_limit = 100;
  const Sent sent = sizes(client, server);
  expect_limited(sent.from_client, 512);
  expect_limited(sent.from_server, 512);
}

// ---- padding ----

TEST(Padding, MakesContentAMultipleOfTheBlock) {
  for (const std::size_t block : {2u, 16u, 100u, 256u, 4096u, 16'384u}) {
    ContextOptions options = with_modes({ke});
    options.padding.block = block;
    Pair pair(client_context(options), server_context(options));
    WireLog wire(pair);
    ASSERT_TRUE(pair.handshake());
    for (std::size_t size = 1; size < 600; size += 37) {
      expect_transfer(pair, pair.client, pair.server, std::string(size, 'p'));
    }
    expect_transfer(pair, pair.client, pair.server, std::string(16'384, 'p'));
    expect_transfer(pair, pair.client, pair.server, std::string(16'383, 'p'));
    ASSERT_TRUE(pair.client.connection.close());
    ASSERT_TRUE(pair.pump());
    for (const Side side : {Side::client, Side::server}) {
      for (const auto& r : wire.records(side)) {
        if (r.header.type != record::ContentType::application_data) continue;
        const std::size_t content = r.header.length - expansion;
        EXPECT_TRUE(content % block == 0 || content == 16'384) << block << ": " << content;
      }
    }
  }
}

TEST(Padding, OfABlockOf0Or1IsNone) {
  for (const std::size_t block : {0u, 1u}) {
    ContextOptions options = with_modes({ke});
    options.padding.block = block;
    Pair pair(client_context(options), server_context(options));
    ASSERT_TRUE(pair.handshake());
    WireLog wire(pair);
    expect_transfer(pair, pair.client, pair.server, "abc");
    EXPECT_EQ(wire.lengths(Side::client), std::vector{3 + expansion});
  }
}

TEST(Padding, IsCountedBySealedSize) {
  for (const std::size_t block : {0u, 100u, 5000u}) {
    ContextOptions options = with_modes({ke});
    options.padding.block = block;
    Pair pair(client_context(options), server_context(options));
    EXPECT_EQ(pair.client.connection.sealed_size(100), 0u);
    ASSERT_TRUE(pair.handshake());
    for (const std::size_t size : {1u, 99u, 100u, 101u, 16'383u, 16'384u, 16'385u, 50'000u}) {
      const std::string data(size, 'x');
      Octets room(pair.client.connection.sealed_size(size));
      const auto sealed = pair.client.connection.seal(as_bytes(data), room);
      ASSERT_TRUE(sealed);
      EXPECT_EQ(sealed->consumed, size);
      EXPECT_EQ(sealed->written, room.size());
      pair.server.receive(room);
      EXPECT_TRUE(pair.server.data == data);
      pair.server.data.clear();
    }
  }
}

TEST(SealedSize, CountsTheKeyUpdatesThatAreDue) {
  for (const std::uint64_t limit : {1u, 2u, 3u, 7u}) {
    ContextOptions options = with_modes({ke});
    options.limits.records_per_key = limit;
    Pair pair(client_context(options), server_context(options));
    ASSERT_TRUE(pair.handshake());
    for (const std::size_t size : {1u, 16'384u, 16'385u, 100'000u, 1u, 200'000u}) {
      const std::string data(size, 'x');
      Octets room(pair.client.connection.sealed_size(size));
      const auto sealed = pair.client.connection.seal(as_bytes(data), room);
      ASSERT_TRUE(sealed);
      EXPECT_EQ(sealed->consumed, size);
      EXPECT_EQ(sealed->written, room.size()) << limit << ", " << size;
      pair.server.receive(room);
      EXPECT_FALSE(pair.server.failure);
      EXPECT_TRUE(pair.server.data == data);
      pair.server.data.clear();
    }
  }
}

}  // namespace
}  // namespace sesame::test
