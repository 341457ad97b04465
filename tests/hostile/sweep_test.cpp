// Every octet of a handshake spoiled, and the transport cut at every octet.
#include "hostile/variant.h"
#include "support/heap.h"

namespace sesame::test {
namespace {

using Modes = std::vector<PskKeyExchangeMode>;
constexpr auto ke = PskKeyExchangeMode::psk_ke, dhe = PskKeyExchangeMode::psk_dhe_ke;

ContextOptions options_of(const Modes& modes, NamedGroup server_group = NamedGroup::x25519) {
  ContextOptions options;
  options.psk_modes = modes;
  if (server_group != NamedGroup::x25519) options.groups = {server_group};
  return options;
}

// The octets of one direction of a handshake, and whether `spoil` may change the one at `at`.
struct Handshake {
  std::shared_ptr<const Context> client, server;
  explicit Handshake(const Modes& modes, NamedGroup group = NamedGroup::x25519)
      : client(client_context(options_of(modes))), server(server_context(options_of(modes, group))) {}

  // Runs it with octet `at` of what `from` sends changed by `difference`; how many octets it sent.
  std::size_t run(Side from, std::size_t at, std::uint8_t difference, std::unique_ptr<Pair>& pair) const {
    pair = std::make_unique<Pair>(client, server);
    std::size_t sent = 0;
    pair->on_wire = [&](Side side, std::vector<std::uint8_t>& octets) {
      if (side != from) return;
      if (at >= sent && at < sent + octets.size()) octets[at - sent] ^= difference;
      sent += octets.size();
    };
    EXPECT_TRUE(pair->pump());
    pair->on_wire = nullptr;
    return sent;
  }
};

// legacy_record_version of a plaintext record is ignored for all purposes (section 5.1).
bool is_record_version(Bytes wire, std::size_t at) {
  for (std::size_t record = 0; record < wire.size();) {
    const auto header = record::Header::read(wire.subspan(record));
    if (at == record + 1 || at == record + 2) return header.type != record::ContentType::application_data;
    record += record::header_size + header.length;
  }
  return false;
}

Octets wire_of(const Handshake& h, Side from) {
  Pair pair(h.client, h.server);
  Octets wire;
  pair.on_wire = [&](Side side, std::vector<std::uint8_t>& octets) {
    if (side == from) append(wire, octets);
  };
  EXPECT_TRUE(pair.handshake());
  return wire;
}

void sweep(const Handshake& h, Side from) {
  const Octets wire = wire_of(h, from);
  for (std::size_t at = 0; at < wire.size(); ++at) {
    for (const auto difference : std::initializer_list<std::uint8_t>{0x01, 0x80, 0xff}) {
      std::unique_ptr<Pair> pair;
      h.run(from, at, difference, pair);
      const bool both = pair->client.connection.handshake_done() &&
                        pair->server.connection.handshake_done() && !pair->client.failure &&
                        !pair->server.failure;
      EXPECT_EQ(both, is_record_version(wire, at))
          << "octet " << at << " changed by " << unsigned{difference};
      if (both) continue;
      // Whoever receives what was spoiled either fails, or waits for octets that a length now promises.
      const End& receiver = from == Side::client ? pair->server : pair->client;
      EXPECT_TRUE(receiver.failure || !receiver.connection.handshake_done()) << at;
      EXPECT_TRUE(receiver.data.empty());
    }
  }
}

TEST(Sweep, NoSpoiledOctetOfTheClientIsTakenInPskKe) { sweep(Handshake({ke}), Side::client); }
TEST(Sweep, NoSpoiledOctetOfTheServerIsTakenInPskKe) { sweep(Handshake({ke}), Side::server); }
TEST(Sweep, NoSpoiledOctetOfTheClientIsTakenInPskDheKe) { sweep(Handshake({dhe}), Side::client); }
TEST(Sweep, NoSpoiledOctetOfTheServerIsTakenInPskDheKe) { sweep(Handshake({dhe}), Side::server); }
TEST(Sweep, NoSpoiledOctetOfTheClientIsTakenWithARetry) {
  sweep(Handshake({dhe}, NamedGroup::x448), Side::client);
}
TEST(Sweep, NoSpoiledOctetOfTheServerIsTakenWithARetry) {
  sweep(Handshake({dhe}, NamedGroup::x448), Side::server);
}

// The transport ends behind each octet of each direction.
void cut(const Handshake& h, Side from) {
  const std::size_t size = wire_of(h, from).size();
  for (std::size_t end = 0; end < size; ++end) {
    Pair pair(h.client, h.server);
    std::size_t sent = 0;
    pair.on_wire = [&](Side side, std::vector<std::uint8_t>& octets) {
      if (side != from) return;
      const std::size_t left = end > sent ? end - sent : 0;
      sent += octets.size();
      if (octets.size() > left) octets.resize(left);
    };
    ASSERT_TRUE(pair.pump());
    End& receiver = from == Side::client ? pair.server : pair.client;
    ASSERT_FALSE(receiver.failure) << receiver.failure->message();
    ASSERT_FALSE(receiver.connection.handshake_done()) << end;
    const auto closed = receiver.connection.transport_closed();
    ASSERT_FALSE(closed);
    EXPECT_EQ(name(closed.error().reason()), "truncated");
    EXPECT_EQ(closed.error().alert(), Alert::none);
    EXPECT_TRUE(receiver.connection.output().empty());
    EXPECT_EQ(receiver.connection.wait(), Wait::closed);
    Octets more = repeat(100, 22);
    EXPECT_FALSE(receiver.connection.receive(more));
  }
}

TEST(Truncation, IsReportedAtEachOctetOfTheClient) {
  cut(Handshake({ke}), Side::client);
  cut(Handshake({dhe}, NamedGroup::x448), Side::client);
}
TEST(Truncation, IsReportedAtEachOctetOfTheServer) {
  cut(Handshake({ke}), Side::server);
  cut(Handshake({dhe}, NamedGroup::x448), Side::server);
}

TEST(Truncation, IsReportedBehindTheHandshakeAsLongAsThereWasNoCloseNotify) {
  const Handshake h({ke});
  Pair pair(h.client, h.server);
  ASSERT_TRUE(pair.handshake());
  ASSERT_TRUE(pair.client.connection.close());
  ASSERT_TRUE(pair.pump());
  EXPECT_TRUE(pair.server.connection.transport_closed());
  const auto closed = pair.client.connection.transport_closed();
  ASSERT_FALSE(closed);
  EXPECT_EQ(name(closed.error().reason()), "truncated");
}

// A sweep leaves nothing behind either.
TEST(Sweep, LeavesNothingInMemory) {
  const Handshake h({ke});
  cut(h, Side::client);
  const std::size_t before = heap().live;
  cut(h, Side::client);
  cut(h, Side::server);
  sweep(h, Side::server);
  EXPECT_EQ(heap().live, before);
}

}  // namespace
}  // namespace sesame::test
