#include "allocations.h"
#include "ceiling.h"
#include "measure.h"
#include "native_peer.h"
#include "openssl_peer.h"

namespace bench {
namespace {

template <class Contexts>
Contender handshakes_of(const char* name, Contexts& contexts) {
  return {name, [&contexts](std::size_t n) {
            for (std::size_t i = 0; i < n; ++i) auto pair = contexts.connect();
          }};
}

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

const char* name(Mode mode) { return mode == Mode::psk_ke ? "psk_ke" : "psk_dhe_ke"; }

}  // namespace

void measure_handshakes(std::vector<Row>& rows, const RoundOptions& options) {
  for (const Mode mode : {Mode::psk_ke, Mode::psk_dhe_ke}) {
    openssl::Contexts libssl(mode);
    native::Contexts sesame(mode);
    HandshakeCeiling ceiling(mode);
    const Rounds rounds({handshakes_of("libssl", libssl),
                         handshakes_of("sesame", sesame),
                         {"ceiling",
                          [&](std::size_t n) {
                            for (std::size_t i = 0; i < n; ++i) ceiling.handshake();
                          }}},
                        options);
    const std::string id = name(mode);
    const std::string what = id + (mode == Mode::psk_ke ? "" : " (x25519)");
    rows.push_back({.id = id + "_handshakes",
                    .what = what + " handshakes, both sides",
                    .unit = "pairs/s",
                    .sesame = rounds.rate(1).median,
                    .peer = rounds.rate(0).median,
                    .ratio = rounds.ratio(1, 0),
                    .goal = Row::Goal{Row::Goal::Kind::ratio_at_least, mode == Mode::psk_ke ? 8.0 : 1.7}});
    rows.push_back({.id = id + "_of_ceiling",
                    .what = "  of the cryptography alone",
                    .unit = "pairs/s",
                    .sesame = rounds.rate(1).median,
                    .peer = rounds.rate(2).median,
                    .peer_name = "ceiling",
                    .ratio = rounds.ratio(1, 2)});
    rows.push_back({.id = id + "_ceiling",
                    .what = "  (the ceiling itself)",
                    .unit = "pairs/s",
                    .sesame = rounds.rate(2).median,
                    .peer = rounds.rate(0).median,
                    .ratio = rounds.ratio(2, 0)});
  }
}

void measure_heap(std::vector<Row>& rows) {
  if (!allocations_are_counted()) return;
  for (const Mode mode : {Mode::psk_ke, Mode::psk_dhe_ke}) {
    openssl::Contexts libssl(mode);
    openssl::Contexts small_libssl(mode, true);
    native::Contexts sesame(mode);
    const Heap theirs = heap_of(libssl), small = heap_of(small_libssl), ours = heap_of(sesame);
    const std::string id = name(mode);
    const auto at_most = [&](double goal) {
      return mode == Mode::psk_ke ? std::optional(Row::Goal{Row::Goal::Kind::value_at_most, goal})
                                  : std::nullopt;
    };
    const auto row = [&](const char* suffix, const char* what, const char* unit, double Heap::* value,
                         const Heap& other, const char* other_name, std::optional<Row::Goal> goal) {
      const double ratio = ours.*value / (other.*value);
      rows.push_back({.id = id + suffix,
                      .what = id + what,
                      .unit = unit,
                      .sesame = ours.*value,
                      .peer = other.*value,
                      .peer_name = other_name,
                      .ratio = Spread{ratio, ratio, ratio},
                      .goal = goal});
    };
    row("_blocks", " heap allocations of a pair", "blocks", &Heap::blocks, theirs, "libssl", at_most(24));
    row("_client_octets", " heap kept by an idle client", "octets", &Heap::client_keeps, theirs, "libssl",
        at_most(3100));
    row("_server_octets", " heap kept by an idle server", "octets", &Heap::server_keeps, theirs, "libssl",
        at_most(3100));
    row("_server_octets_released", "  (libssl: SSL_MODE_RELEASE_BUFFERS)", "octets", &Heap::server_keeps,
        small, "libssl", std::nullopt);
  }
}

}  // namespace bench
