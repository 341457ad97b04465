// The connection as a program sees it: what it waits for, what it takes, and how it is replayed.
#include <gmock/gmock.h>

#include <set>

#include "engine/wire_log.h"

namespace sesame::test {
namespace {

// ---- replay ----

// Octets that look random and are the same each time.
std::function<void(MutableBytes)> random_from(std::uint32_t seed) {
  return [state = seed](MutableBytes out) mutable {
    for (std::uint8_t& octet : out) {
      state = state * 1664525 + 1013904223;
      octet = static_cast<std::uint8_t>(state >> 24);
    }
  };
}

struct Recorded {
  Octets from_client, from_server;
  bool operator==(const Recorded&) const = default;
};

Recorded record_of(ContextOptions client, ContextOptions server, std::uint32_t seed) {
  client.random = random_from(seed);
  server.random = random_from(seed + 1);
  Pair pair(client_context(client), server_context(server));
  WireLog wire(pair);
  EXPECT_TRUE(pair.handshake());
  expect_transfer(pair, pair.client, pair.server, "the same data");
  return {wire.of(Side::client), wire.of(Side::server)};
}

TEST(Replay, OfTheSameRandomOctetsIsTheSameHandshake) {
  ContextOptions cookie = with_modes({ke, dhe});
  cookie.always_retry_with_cookie = true;
  ContextOptions x448 = with_modes({dhe});
  x448.groups = {NamedGroup::x448};
  for (const auto& [client, server] :
       {std::pair(with_modes({ke}), with_modes({ke})), std::pair(with_modes({dhe}), with_modes({dhe})),
        std::pair(with_modes({ke}), cookie), std::pair(with_modes({dhe}), x448)}) {
    const Recorded first = record_of(client, server, 1);
    EXPECT_TRUE(first == record_of(client, server, 1));
    EXPECT_FALSE(first == record_of(client, server, 2));
  }
}

TEST(Replay, WithoutInjectionIsNeverTheSame) {
  std::set<Octets> hellos;
  const auto context = client_context(with_modes({ke}));
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(hellos.insert(octets_of(Connection::client(context)->output())).second);
  }
}

// ---- the version in the headers of records (section 5.1) ----

TEST(RecordVersion, IsTls10InTheFirstRecordOfAClientThatHasItAndInNoOther) {
  for (const auto lowest : {ProtocolVersion::tls10, ProtocolVersion::tls12}) {
    auto options = with_modes({dhe});
    options.min_version = lowest;
    options.groups = {NamedGroup::x25519, NamedGroup::secp256r1};
    options.cipher_suites.push_back(CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA);
    auto other_group = with_modes({dhe});
    other_group.groups = {NamedGroup::secp256r1};
    for (const auto& server : {with_modes({dhe}), other_group}) {
      const Credential key = *Credential::create(
          {.identity = as_bytes("alice"), .key = as_bytes(default_key), .usage = PskUsage::tls13_and_tls12});
      Pair pair(client_context_of_both(options, {key}), server_context(server));
      WireLog wire(pair);
      ASSERT_TRUE(pair.handshake());
      EXPECT_EQ(pair.client.connection.version(), ProtocolVersion::tls13);
      expect_transfer(pair, pair.client, pair.server, "data");
      const Octets& sent = wire.of(Side::client);
      std::vector<int> versions;
      std::size_t at = 0;
      for (const auto& record : wire.records(Side::client)) {
        versions.push_back(sent[at + 1] << 8 | sent[at + 2]);
        at += record::header_size + record.header.length;
      }
      ASSERT_GE(versions.size(), 3U);
      if (lowest == ProtocolVersion::tls10) {
        EXPECT_EQ(versions.front(), 0x0301);
      }
      versions.erase(versions.begin());
      EXPECT_THAT(versions, ::testing::Each(0x0303));
    }
  }
}

// ---- middlebox compatibility (appendix D.4) ----

TEST(MiddleboxCompatibility, SendsASessionIdentifierAndOneChangeCipherSpec) {
  for (const bool on : {true, false}) {
    ContextOptions client;
    client.middlebox_compatibility = on;
    Pair pair(client_context(client), server_context());
    WireLog wire(pair);
    ASSERT_TRUE(pair.handshake());
    EXPECT_EQ(wire.plain_messages(Side::client).at(0).at(4 + 2 + 32), on ? 32 : 0);
    for (const Side side : {Side::client, Side::server}) {
      int found = 0;
      for (const auto& r : wire.records(side))
        found += r.header.type == record::ContentType::change_cipher_spec;
      EXPECT_EQ(found, on ? 1 : 0) << name(side);
    }
    expect_transfer(pair, pair.client, pair.server, "either way");
  }
}

TEST(MiddleboxCompatibility, OffOnTheServerStillAnswersTheClient) {
  ContextOptions server;
  server.middlebox_compatibility = false;
  Pair pair(client_context(), server_context(server));
  ASSERT_TRUE(pair.handshake());
}

// ---- waiting ----

TEST(Wait, NamesEachStepOfAHandshake) {
  Pair pair(client_context(), server_context());
  Connection &client = pair.client.connection, &server = pair.server.connection;
  EXPECT_EQ(client.wait(), Wait::output);
  EXPECT_EQ(client.state(), "WAIT_SH");
  EXPECT_EQ(server.wait(), Wait::input);
  EXPECT_EQ(server.state(), "START");
  EXPECT_EQ(client.wanted({}), 5u);

  const auto give = [](Connection& from, End& to) {
    const Octets octets = octets_of(from.output());
    from.output_sent(octets.size());
    to.receive(octets);
  };
  give(client, pair.server);
  EXPECT_EQ(client.wait(), Wait::input);
  EXPECT_EQ(server.wait(), Wait::output);
  EXPECT_EQ(server.state(), "WAIT_FINISHED");
  EXPECT_FALSE(server.handshake_done());
  give(server, pair.client);
  EXPECT_EQ(server.wait(), Wait::input);
  EXPECT_EQ(client.state(), "CONNECTED");
  EXPECT_TRUE(client.handshake_done());
  EXPECT_EQ(client.wait(), Wait::output) << "its Finished";
  give(client, pair.server);
  EXPECT_EQ(client.wait(), Wait::nothing);
  EXPECT_EQ(server.wait(), Wait::nothing);
  EXPECT_EQ(server.state(), "CONNECTED");
  EXPECT_EQ(client.side(), Side::client);
  EXPECT_EQ(server.side(), Side::server);
}

TEST(Wanted, IsTheRestOfTheHeaderAndThenOfTheRecord) {
  Pair pair(client_context(), server_context());
  const Octets hello = octets_of(pair.client.connection.output());
  Connection& server = pair.server.connection;
  for (std::size_t size = 0; size < hello.size(); ++size) {
    Octets part(hello.begin(), hello.begin() + static_cast<long>(size));
    EXPECT_EQ(server.wanted(part), size < 5 ? 5 - size : hello.size() - size);
    const auto received = server.receive(part);
    ASSERT_TRUE(received);
    EXPECT_EQ(received->consumed, 0u) << "a record is taken whole or not at all";
  }
  EXPECT_EQ(server.wanted(hello), 0u);
}

// ---- sending ----

TEST(Send, BeforeTheHandshakeIsDoneIsRefusedAndHarmless) {
  Pair pair(client_context(), server_context());
  Octets room(100);
  const auto refused = [&](Connection& c) {
    EXPECT_EQ(c.send(as_bytes("early")).error().reason(), Reason::not_connected);
    EXPECT_EQ(c.seal(as_bytes("early"), room).error().reason(), Reason::not_connected);
    EXPECT_EQ(c.sealed_size(100), 0u);
    EXPECT_EQ(c.error(), nullptr);
  };
  refused(pair.client.connection);
  refused(pair.server.connection);
  const Octets hello = octets_of(pair.client.connection.output());
  pair.client.connection.output_sent(hello.size());
  pair.server.receive(hello);
  refused(pair.server.connection);  // RFC 8446 allows it here; the client is not authenticated yet
  ASSERT_TRUE(pair.handshake());
  expect_transfer(pair, pair.client, pair.server, "now");
}

TEST(Send, OfNothingSendsNothing) {
  Pair pair(client_context(), server_context());
  ASSERT_TRUE(pair.handshake());
  ASSERT_TRUE(pair.client.connection.send({}));
  EXPECT_TRUE(pair.client.connection.output().empty());
  Octets room(10);
  const auto sealed = pair.client.connection.seal({}, room);
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealed->written, 0u);
}

TEST(Seal, KeepsTheOrderOfRecords) {
  Pair pair(client_context(), server_context());
  ASSERT_TRUE(pair.handshake());
  Octets room(1000);
  ASSERT_TRUE(pair.client.connection.send(as_bytes("first")));
  const auto early = pair.client.connection.seal(as_bytes("second"), room);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().reason(), Reason::invalid_argument);
  ASSERT_TRUE(pair.pump());
  const auto sealed = pair.client.connection.seal(as_bytes("second"), room);
  ASSERT_TRUE(sealed);
  pair.server.receive(Bytes(room).first(sealed->written));
  EXPECT_EQ(pair.server.data, "firstsecond");
}

TEST(Seal, WritesWhatFits) {
  Pair pair(client_context(with_modes({ke})), server_context(with_modes({ke})));
  ASSERT_TRUE(pair.handshake());
  const std::string data(100, 'x');
  constexpr std::size_t overhead = 5 + 1 + 16;
  for (std::size_t size = 0; size < 200; ++size) {
    Octets room(size + 8, 0xcc);  // eight octets behind it stay as they are
    const auto sealed = pair.client.connection.seal(as_bytes(data), MutableBytes(room).first(size));
    if (size <= overhead) {
      ASSERT_FALSE(sealed);
      EXPECT_EQ(sealed.error().reason(), Reason::buffer_too_small);
      EXPECT_EQ(pair.client.connection.error(), nullptr);
    } else {
      ASSERT_TRUE(sealed);
      EXPECT_EQ(sealed->consumed, std::min<std::size_t>(100, size - overhead));
      EXPECT_EQ(sealed->written, sealed->consumed + overhead);
      pair.server.data.clear();
      pair.server.receive(Bytes(room).first(sealed->written));
      EXPECT_EQ(pair.server.data.size(), sealed->consumed);
    }
    EXPECT_EQ(Octets(room.end() - 8, room.end()), repeat(8, 0xcc));
  }
}

TEST(Transfer, OfMuchDataInOddPieces) {
  for (const auto& [in, out, chunk] :
       {std::tuple(1009u, 4099u, 7919u), std::tuple(65'537u, 3u, 100'003u),
        std::tuple(16'406u, 16'405u, 16'385u), std::tuple(5u, 16'389u, 1u << 20)}) {
    Pair pair(client_context(with_modes({ke})), server_context(with_modes({ke})));
    ASSERT_TRUE(pair.handshake());
    pair.in = in;
    pair.out = out;
    std::string data;
    for (std::size_t i = 0; i < 1'000'000; ++i) data += static_cast<char>(i * i >> 7);
    for (std::size_t at = 0; at < data.size(); at += chunk) {
      ASSERT_TRUE(pair.client.connection.send(
          as_bytes(data).subspan(at, std::min<std::size_t>(chunk, data.size() - at))));
      ASSERT_TRUE(pair.server.connection.send(
          as_bytes(data).subspan(at, std::min<std::size_t>(chunk, data.size() - at))));
    }
    ASSERT_TRUE(pair.pump());
    EXPECT_TRUE(pair.server.data == data);
    EXPECT_TRUE(pair.client.data == data);
  }
}

TEST(Receive, StopsBehindEachRecordOfData) {
  Pair pair(client_context(), server_context());
  ASSERT_TRUE(pair.handshake());
  Octets records;
  for (const std::string_view data : {"one", "two", "three"}) {
    ASSERT_TRUE(pair.client.connection.send(as_bytes(data)));
  }
  records = octets_of(pair.client.connection.output());
  std::vector<std::string> got;
  for (std::size_t at = 0; at < records.size();) {
    const auto received = pair.server.connection.receive(MutableBytes(records).subspan(at));
    ASSERT_TRUE(received);
    got.emplace_back(as_text(received->data));
    EXPECT_GE(received->data.data(), records.data() + at);
    EXPECT_LE(received->data.data() + received->data.size(), records.data() + at + received->consumed);
    at += received->consumed;
  }
  EXPECT_EQ(got, (std::vector<std::string>{"one", "two", "three"}));
}

// ---- handles ----

TEST(Connection, CanBeMovedAtAnyTime) {
  Pair pair(client_context(), server_context());
  const auto shuffle = [](Connection& c) {
    Connection elsewhere = std::move(c);
    c = std::move(elsewhere);
  };
  for (int round = 0; round < 4; ++round) {
    shuffle(pair.client.connection);
    shuffle(pair.server.connection);
    const Octets a = octets_of(pair.client.connection.output());
    pair.client.connection.output_sent(a.size());
    pair.server.receive(a);
    shuffle(pair.server.connection);
    const Octets b = octets_of(pair.server.connection.output());
    pair.server.connection.output_sent(b.size());
    pair.client.receive(b);
  }
  ASSERT_TRUE(pair.handshake());
  expect_transfer(pair, pair.client, pair.server, "moved");
  expect_transfer(pair, pair.server, pair.client, "and moved back");
}

TEST(Connection, KeepsItsContextAndOptionsAlive) {
  auto context = client_context();
  std::optional<std::vector<Credential>> keys{{make_credential("bob")}};
  std::string server_name = "example.org";
  Connection client =
      std::move(*Connection::client(context, {.server_name = server_name, .credentials = *keys}));
  keys.reset();
  server_name.assign(100, 'x');
  context.reset();
  Pair pair(client_context(), server_context({}, {make_credential("bob")}));
  pair.client.connection = std::move(client);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.connection.server_name(), "example.org");
  EXPECT_EQ(pair.client.connection.server_name(), "example.org");
}

TEST(Connection, OfAServerNeedsASource) {
  ContextOptions options;
  const auto server = Connection::server(*Context::create(options));
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().reason(), Reason::invalid_argument);
}

TEST(Connection, OfAClientNeedsAUsableKey) {
  const auto refused = [](ContextOptions options, std::vector<Credential> keys) {
    const auto client = Connection::client(client_context(std::move(options), std::move(keys)));
    ASSERT_FALSE(client);
    EXPECT_EQ(client.error().reason(), Reason::no_credential_usable);
    EXPECT_FALSE(client.error().message().empty());
  };
  refused({}, {});
  ContextOptions sha384_only;
  sha384_only.cipher_suites = {CipherSuite::TLS_AES_256_GCM_SHA384};
  refused(sha384_only, {make_credential()});
  const std::vector<Credential> none;
  const auto client =
      Connection::client(client_context(), {.server_name = {}, .credentials = std::span(none)});
  ASSERT_FALSE(client);
}

// ---- one octet in and one octet out ----

TEST(OneOctetAtATime, EachKindOfHandshake) {
  ContextOptions cookie, group;
  cookie.always_retry_with_cookie = true;
  group.groups = {NamedGroup::ffdhe2048};
  ContextOptions ke_cookie = with_modes({ke});
  ke_cookie.always_retry_with_cookie = true;
  ContextOptions padded = with_modes({ke});
  padded.padding.block = 100;
  for (const auto& [client, server] :
       {std::pair(with_modes({ke}), with_modes({ke})), std::pair(with_modes({dhe}), with_modes({dhe})),
        std::pair(with_modes({ke}), ke_cookie), std::pair(with_modes({dhe}), cookie),
        std::pair(with_modes({dhe}), group), std::pair(padded, padded)}) {
    Pair pair(client_context(client), server_context(server));
    pair.in = pair.out = 1;
    ASSERT_TRUE(pair.handshake());
    expect_transfer(pair, pair.client, pair.server, "one at a time");
    expect_transfer(pair, pair.server, pair.client, "and back");
    ASSERT_TRUE(pair.client.connection.update_keys(true));
    expect_transfer(pair, pair.client, pair.server, "under new keys");
    ASSERT_TRUE(pair.client.connection.close());
    ASSERT_TRUE(pair.pump());
    EXPECT_TRUE(pair.server.connection.read_closed());
  }
}

}  // namespace
}  // namespace sesame::test
