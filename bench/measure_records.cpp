#include <vector>

#include "ceiling.h"
#include "measure.h"
#include "native_peer.h"
#include "openssl_peer.h"

namespace bench {

void measure_record(std::vector<Row>& rows, const RoundOptions& options, const RecordRow& row) {
  openssl::Contexts libssl_contexts(row.setting);
  native::Contexts sesame_contexts(row.setting);
  std::vector<std::uint8_t> data(row.size, 0x5a), record(row.size + 1024);
  auto libssl = libssl_contexts.connect();
  auto sesame = sesame_contexts.connect();
  BareAead bare;
  const auto repeat = [](auto&& work) {
    return [work](std::size_t n) {
      for (std::size_t i = 0; i < n; ++i) work();
    };
  };
  std::vector<Contender> contenders{
      {"libssl", repeat([&] { libssl.transfer(data.data(), row.size, record.data()); })},
      {"sesame", repeat([&] { sesame.transfer(data, record); })}};
  if (row.beside_bare_aead)
    contenders.push_back({"bare", repeat([&] { bare.transfer(data.data(), row.size, record.data()); })});
  const Rounds rounds(contenders, options);
  rows.push_back({.id = row.id,
                  .what = row.what,
                  .unit = "1/s",
                  .sesame = rounds.rate(1).median,
                  .peer = rounds.rate(0).median,
                  .ratio = rounds.ratio(1, 0),
                  .goal = at_least(row.goal)});
  if (!row.beside_bare_aead) return;
  rows.push_back({.id = row.id + "_of_bare",
                  .what = "  of the AEAD alone",
                  .unit = "1/s",
                  .sesame = rounds.rate(1).median,
                  .peer = rounds.rate(2).median,
                  .peer_name = "bare AEAD",
                  .ratio = rounds.ratio(1, 2),
                  .goal = at_least(row.goal_of_bare)});
}

void measure_records(std::vector<Row>& rows, const RoundOptions& options) {
  measure_record(rows, options,
                 {.id = "records_64",
                  .what = "64-octet records, sealed and opened",
                  .setting = {},
                  .size = 64,
                  .goal = 2.3,
                  .beside_bare_aead = true});
  measure_record(rows, options,
                 {.id = "records_16k",
                  .what = "16 KiB records, sealed and opened",
                  .setting = {},
                  .size = 16384,
                  .beside_bare_aead = true,
                  .goal_of_bare = 0.97});
}

}  // namespace bench
