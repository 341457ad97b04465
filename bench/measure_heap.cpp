#include "allocations.h"
#include "measure.h"
#include "native_peer.h"
#include "openssl_peer.h"

namespace bench {
namespace {

struct Heap {
  double blocks;  // of one pair: made, connected and freed
  double client_keeps, server_keeps;
};

template <class Contexts>
Heap heap_of(Contexts& contexts) {
  constexpr int pairs = 100;
  for (int i = 0; i < pairs; ++i) auto pair = contexts.connect();  // what is made once is not counted
  reset_allocations();
  for (int i = 0; i < pairs; ++i) auto pair = contexts.connect();
  const Allocations all = allocations();
  require(all.live == 0, "a pair leaves something on the heap");
  // What is given back when a side is freed is what it kept.
  auto pair = contexts.connect();
  reset_allocations();
  pair.free_client();
  const auto client = -allocations().live;
  reset_allocations();
  pair.free_server();
  const auto server = -allocations().live;
  stop_counting();
  return {static_cast<double>(all.calls + all.regrown) / pairs, static_cast<double>(client),
          static_cast<double>(server)};
}

}  // namespace

void measure_heap_of(std::vector<Row>& rows, const std::string& id, const Setting& setting,
                     const HeapGoals& goals) {
  if (!allocations_are_counted()) return;
  openssl::Contexts libssl(setting);
  openssl::Contexts small_libssl(setting, true);
  native::Contexts sesame(setting);
  const Heap theirs = heap_of(libssl), small = heap_of(small_libssl), ours = heap_of(sesame);
  const auto row = [&](const char* suffix, const char* what, const char* unit, double Heap::* value,
                       const Heap& other, std::optional<Row::Goal> goal) {
    const double ratio = ours.*value / (other.*value);
    rows.push_back({.id = id + suffix,
                    .what = id + what,
                    .unit = unit,
                    .sesame = ours.*value,
                    .peer = other.*value,
                    .ratio = Spread{ratio, ratio, ratio},
                    .goal = goal});
  };
  row("_blocks", " heap allocations of a pair", "blocks", &Heap::blocks, theirs, at_most(goals.blocks));
  row("_client_octets", " heap kept by an idle client", "octets", &Heap::client_keeps, theirs,
      at_most(goals.octets));
  row("_server_octets", " heap kept by an idle server", "octets", &Heap::server_keeps, theirs,
      at_most(goals.octets));
  row("_server_octets_released", "  (libssl: SSL_MODE_RELEASE_BUFFERS)", "octets", &Heap::server_keeps, small,
      std::nullopt);
}

void measure_heap(std::vector<Row>& rows) {
  measure_heap_of(rows, "psk_ke", {.mode = Mode::psk_ke}, {.blocks = 24, .octets = 3100});
  measure_heap_of(rows, "psk_dhe_ke", {.mode = Mode::psk_dhe_ke}, {});
}

}  // namespace bench
