#include <vector>

#include "ceiling.h"
#include "measure.h"
#include "native_peer.h"
#include "openssl_peer.h"

namespace bench {

void measure_records(std::vector<Row>& rows, const RoundOptions& options) {
  openssl::Contexts libssl_contexts(Mode::psk_ke);
  native::Contexts sesame_contexts(Mode::psk_ke);
  std::vector<std::uint8_t> data(16384, 0x5a), record(16384 + 1024);
  for (const std::size_t size : {std::size_t{64}, std::size_t{16384}}) {
    auto libssl = libssl_contexts.connect();
    auto sesame = sesame_contexts.connect();
    BareAead bare;
    const sesame::Bytes message(data.data(), size);
    const auto repeat = [](auto&& work) {
      return [work](std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) work();
      };
    };
    const Rounds rounds({{"libssl", repeat([&] { libssl.transfer(data.data(), size, record.data()); })},
                         {"sesame", repeat([&] { sesame.transfer(message, record); })},
                         {"bare", repeat([&] { bare.transfer(data.data(), size, record.data()); })}},
                        options);
    const bool small = size == 64;
    const std::string id = small ? "records_64" : "records_16k";
    const std::string what =
        small ? "64-octet records, sealed and opened" : "16 KiB records, sealed and opened";
    const auto at_least = [](bool wanted, double goal) {
      return wanted ? std::optional(Row::Goal{Row::Goal::Kind::ratio_at_least, goal}) : std::nullopt;
    };
    rows.push_back({.id = id,
                    .what = what,
                    .unit = "1/s",
                    .sesame = rounds.rate(1).median,
                    .peer = rounds.rate(0).median,
                    .ratio = rounds.ratio(1, 0),
                    .goal = at_least(small, 2.3)});
    rows.push_back({.id = id + "_of_bare",
                    .what = "  of the AEAD alone",
                    .unit = "1/s",
                    .sesame = rounds.rate(1).median,
                    .peer = rounds.rate(2).median,
                    .peer_name = "bare AEAD",
                    .ratio = rounds.ratio(1, 2),
                    .goal = at_least(!small, 0.97)});
  }
}

}  // namespace bench
