// What goes over the wire between two ends.
#pragma once

#include "record/record.h"
#include "support/octets.h"
#include "support/pair.h"

namespace sesame::test {

class WireLog {
 public:
  /// Listens to `pair` as long as both live.
  explicit WireLog(Pair& pair) {
    pair.on_wire = [this](Side from, std::vector<std::uint8_t>& octets) { append(of(from), octets); };
  }
  WireLog(const WireLog&) = delete;
  WireLog& operator=(const WireLog&) = delete;

  Octets& of(Side side) { return octets_[side == Side::client ? 0 : 1]; }
  void clear() { octets_[0].clear(), octets_[1].clear(); }

  struct Record {
    record::Header header;
    Octets content;
  };
  std::vector<Record> records(Side side) {
    std::vector<Record> out;
    for (Bytes rest = of(side); !rest.empty();) {
      const record::Header header = record::Header::read(rest);
      out.push_back({header, octets_of(rest.subspan(record::header_size, header.length))});
      rest = rest.subspan(record::header_size + header.length);
    }
    return out;
  }
  /// The lengths of the records, without their headers.
  std::vector<std::size_t> lengths(Side side) {
    std::vector<std::size_t> out;
    for (const Record& r : records(side)) out.push_back(r.header.length);
    return out;
  }
  /// The handshake messages that went in plaintext, with their headers.
  std::vector<Octets> plain_messages(Side side) {
    Octets joined;
    for (const Record& r : records(side)) {
      if (r.header.type == record::ContentType::handshake) append(joined, r.content);
    }
    std::vector<Octets> out;
    for (Bytes rest = joined; !rest.empty();) {
      const std::size_t size = 4 + (static_cast<std::size_t>(rest[1]) << 16 | rest[2] << 8 | rest[3]);
      out.push_back(octets_of(rest.first(size)));
      rest = rest.subspan(size);
    }
    return out;
  }

 private:
  Octets octets_[2];
};

inline ContextOptions with_modes(std::vector<PskKeyExchangeMode> modes) {
  ContextOptions options;
  options.psk_modes = std::move(modes);
  return options;
}
inline constexpr auto ke = PskKeyExchangeMode::psk_ke;
inline constexpr auto dhe = PskKeyExchangeMode::psk_dhe_ke;

/// The handshake fails at `end` for `reason`, with `alert` as what it said, and the other end is told.
inline void expect_failure(Pair& pair, Side side, Reason reason, Alert alert) {
  EXPECT_FALSE(pair.handshake());
  const End& end = side == Side::client ? pair.client : pair.server;
  const End& other = side == Side::client ? pair.server : pair.client;
  ASSERT_TRUE(end.failure);
  EXPECT_EQ(name(end.failure->reason()), name(reason)) << end.failure->message();
  EXPECT_EQ(name(end.failure->alert()), name(alert)) << end.failure->message();
  EXPECT_FALSE(end.failure->from_peer());
  ASSERT_TRUE(other.failure);
  EXPECT_EQ(name(other.failure->reason()), "alert_received");
  EXPECT_EQ(name(other.failure->alert()), name(alert));
  EXPECT_TRUE(other.failure->from_peer());
}

}  // namespace sesame::test
