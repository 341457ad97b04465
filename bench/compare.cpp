// compare: Sesame and the system's libssl, measured in turns in one process on one thread; prints a table of
// ratios.
//
//   compare [--json] [--quick] [--gate] [--only handshakes|certificates|heap|records|tls12|keyring]
//           [--identities N]
//
// --quick takes a tenth of the rounds. --gate: exit status 2 where a goal is missed by more than a tenth.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "measure.h"
#include "peer.h"

int main(int argc, char** argv) {
  bool json = false, gate = false;
  std::string_view only;
  std::size_t identities = 10'000'000;
  bench::RoundOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--json") {
      json = true;
    } else if (argument == "--gate") {
      gate = true;
    } else if (argument == "--quick") {
      options.rounds = 21;
    } else if (argument == "--only" && i + 1 < argc) {
      only = argv[++i];
    } else if (argument == "--identities" && i + 1 < argc) {
      identities = std::strtoull(argv[++i], nullptr, 10);
    } else {
      std::fprintf(
          stderr,
          "usage: %s [--json] [--quick] [--gate] [--only handshakes|certificates|heap|records|tls12|keyring] "
          "[--identities N]\n",
          argv[0]);
      return 64;
    }
  }
  const auto wanted = [&](std::string_view part) { return only.empty() || only == part; };
  std::vector<bench::Row> rows;
  if (wanted("handshakes")) bench::measure_handshakes(rows, options);
  if (wanted("certificates")) bench::measure_certificates(rows, options);
  if (wanted("heap")) bench::measure_heap(rows);
  if (wanted("records")) bench::measure_records(rows, options);
  if (wanted("tls12")) bench::measure_tls12(rows, options);
  if (wanted("keyring")) bench::measure_keyring(rows, options, 10'000, identities);

  const bench::Machine machine = bench::this_machine();
  (json ? bench::print_json : bench::print_table)(stdout, machine, rows);
  bool missed = false;
  for (const bench::Row& row : rows) missed = missed || row.reached(0.1) == false;
  return gate && missed ? 2 : 0;
}
