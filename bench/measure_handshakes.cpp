#include <memory>

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

}  // namespace

std::optional<Row::Goal> at_least(std::optional<double> goal) {
  return goal ? std::optional(Row::Goal{Row::Goal::Kind::ratio_at_least, *goal}) : std::nullopt;
}
std::optional<Row::Goal> at_most(std::optional<double> goal) {
  return goal ? std::optional(Row::Goal{Row::Goal::Kind::value_at_most, *goal}) : std::nullopt;
}

void measure_handshake(std::vector<Row>& rows, const RoundOptions& options, const HandshakeRow& row) {
  openssl::Contexts libssl(row.setting);
  native::Contexts sesame(row.setting);
  std::vector<Contender> contenders{handshakes_of("libssl", libssl), handshakes_of("sesame", sesame)};
  if (row.ceiling) {
    contenders.push_back({"ceiling", [&](std::size_t n) {
                            for (std::size_t i = 0; i < n; ++i) row.ceiling();
                          }});
  }
  const Rounds rounds(contenders, options);
  rows.push_back({.id = row.id + "_handshakes",
                  .what = row.what,
                  .unit = "pairs/s",
                  .sesame = rounds.rate(1).median,
                  .peer = rounds.rate(0).median,
                  .ratio = rounds.ratio(1, 0),
                  .goal = at_least(row.goal)});
  if (!row.ceiling) return;
  rows.push_back({.id = row.id + "_of_ceiling",
                  .what = "  of the cryptography alone",
                  .unit = "pairs/s",
                  .sesame = rounds.rate(1).median,
                  .peer = rounds.rate(2).median,
                  .peer_name = "ceiling",
                  .ratio = rounds.ratio(1, 2)});
  rows.push_back({.id = row.id + "_ceiling",
                  .what = "  (the ceiling itself)",
                  .unit = "pairs/s",
                  .sesame = rounds.rate(2).median,
                  .peer = rounds.rate(0).median,
                  .ratio = rounds.ratio(2, 0)});
}

void measure_handshakes(std::vector<Row>& rows, const RoundOptions& options) {
  for (const Mode mode : {Mode::psk_ke, Mode::psk_dhe_ke}) {
    const auto ceiling = std::make_shared<HandshakeCeiling>(mode);
    const bool bare = mode == Mode::psk_ke;
    measure_handshake(
        rows, options,
        {.id = bare ? "psk_ke" : "psk_dhe_ke",
         .what = bare ? "psk_ke handshakes, both sides" : "psk_dhe_ke (x25519) handshakes, both sides",
         .setting = {.mode = mode},
         .goal = bare ? 8.0 : 1.7,
         .ceiling = [ceiling] { ceiling->handshake(); }});
  }
}

void measure_certificates(std::vector<Row>& rows, const RoundOptions& options) {
  measure_handshake(rows, options,
                    {.id = "ecdsa_p256",
                     .what = "ECDSA P-256 handshakes (x25519)",
                     .setting = {.by = By::ecdsa, .mode = Mode::psk_dhe_ke},
                     .goal = 1.3});
  measure_handshake(rows, options,
                    {.id = "resumption",
                     .what = "resumptions by a ticket (psk_dhe_ke, x25519)",
                     .setting = {.by = By::ecdsa, .mode = Mode::psk_dhe_ke, .resumes = true},
                     .goal = 1.5});
}

}  // namespace bench
