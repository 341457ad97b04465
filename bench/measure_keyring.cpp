#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <random>
#include <vector>

#include "measure.h"
#include "native_peer.h"

namespace bench {
namespace {

// Identities and keys that look random and can be made again from their number, so that ten million of them
// need no room beside the keyring. splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
// generators, 2014).
class Population {
 public:
  Population(std::uint64_t seed, std::size_t size) : seed_(seed), size_(size) {}

  using Value = std::array<std::uint8_t, 16>;
  using Key = std::array<std::uint8_t, 32>;
  Value identity_of(std::uint64_t i) const { return fill<16>(seed_ ^ (2 * i)); }
  Key key_of(std::uint64_t i) const { return fill<32>(seed_ ^ (2 * i + 1)); }
  std::size_t size() const { return size_; }

 private:
  template <std::size_t N>
  static std::array<std::uint8_t, N> fill(std::uint64_t x) {
    std::array<std::uint8_t, N> out;
    for (std::size_t i = 0; i < N; i += 8) {
      x += 0x9e3779b97f4a7c15;
      std::uint64_t z = x * 0x2545f4914f6cdd1d;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
      z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
      z ^= z >> 31;
      std::memcpy(out.data() + i, &z, 8);
    }
    return out;
  }
  std::uint64_t seed_;
  std::size_t size_;
};

// What the process holds, by the kernel's account: the keyring maps its memory itself, so that malloc cannot
// tell.
double resident_octets() {
  std::ifstream statm("/proc/self/statm");
  double all = 0, resident = 0;
  statm >> all >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

struct Server {
  Server(std::uint64_t seed, std::size_t size) : population(seed, size) {
    const double before = resident_octets();
    keyring = std::make_shared<sesame::Keyring>(sesame::KeyringOptions{.expected_keys = size});
    for (std::size_t i = 0; i < size; ++i) {
      const auto id = population.identity_of(i);
      const auto psk = population.key_of(i);
      require(keyring->add({.identity = id, .key = psk, .usage = sesame::PskUsage::tls13}).has_value(),
              "the keyring refuses a key");
    }
    octets_a_key = (resident_octets() - before) / static_cast<double>(size);
    contexts.emplace(Setting{.mode = Mode::psk_ke}, keyring);
  }
  Population population;
  std::shared_ptr<sesame::Keyring> keyring;
  std::optional<native::Contexts> contexts;
  double octets_a_key = 0;
};

// Every handshake of a slice is another client's, chosen anew for each slice: what a look-up touches is as
// cold as it is in a server with that many clients.
Contender clients_of(Server& server, std::vector<sesame::Credential>& clients, std::mt19937_64& random) {
  return {std::to_string(server.population.size()),
          [&](std::size_t n) {
            for (std::size_t i = 0; i < n; ++i) auto pair = server.contexts->connect(&clients[i]);
          },
          [&](std::size_t n) {
            clients.clear();
            for (std::size_t i = 0; i < n; ++i) {
              const auto which = random() % server.population.size();
              clients.push_back(native::make_credential(server.population.identity_of(which),
                                                        server.population.key_of(which)));
            }
          }};
}

}  // namespace

void measure_keyring(std::vector<Row>& rows, const RoundOptions& options, std::size_t small,
                     std::size_t large) {
  std::mt19937_64 random(20);
  std::vector<sesame::Credential> clients;
  Server few(0x1234567800000000, small), many(0x8765432100000000, large);
  const Rounds rounds({clients_of(few, clients, random), clients_of(many, clients, random)}, options);
  rows.push_back({.id = "keyring",
                  .what = "psk_ke, " + std::to_string(large) + " identities in the keyring",
                  .unit = "pairs/s",
                  .sesame = rounds.rate(1).median,
                  .peer = rounds.rate(0).median,
                  .peer_name = std::to_string(small),
                  .ratio = rounds.ratio(1, 0),
                  .goal = Row::Goal{Row::Goal::Kind::ratio_at_least, 0.95}});
  const auto statistics = many.keyring->statistics();
  rows.push_back({.id = "keyring_octets",
                  .what = "  octets for each credential, by the keyring",
                  .unit = "octets",
                  .sesame = static_cast<double>(statistics.octets) / static_cast<double>(statistics.keys)});
  rows.push_back({.id = "keyring_octets_resident",
                  .what = "  the same, by the process' resident memory",
                  .unit = "octets",
                  .sesame = many.octets_a_key});
}

}  // namespace bench
