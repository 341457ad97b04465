// What the parts of a look-up cost, with few keys and with many: the table alone, and all that a handshake
// asks for.
//
//   keyring_bench --benchmark_filter=10000000
#include <benchmark/benchmark.h>
#include <sesame/keyring.h>

#include <array>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "psk/credential_body.h"

namespace {

using namespace sesame;

// Identities and keys of random octets that are made again from their number.
template <std::size_t size>
std::array<std::uint8_t, size> octets(std::uint64_t number) {
  std::array<std::uint8_t, size> out;
  for (std::size_t i = 0; i < size; i += 8) {
    std::uint64_t word = (number * 64 + i) * 0x9e3779b97f4a7c15;
    word = (word ^ word >> 32) * 0xd6e8feb86659fd93;
    word = (word ^ word >> 32) * 0xd6e8feb86659fd93;
    std::memcpy(out.data() + i, &word, 8);
  }
  return out;
}
using Identity = std::array<std::uint8_t, 16>;
Identity identity_of(std::uint64_t i) { return octets<16>(2 * i); }
std::array<std::uint8_t, 32> key_of(std::uint64_t i) { return octets<32>(2 * i + 1); }

// One at a time: ten million take a while to make, and most of a gigabyte.
Keyring& keyring_with(std::size_t count) {
  static std::unique_ptr<Keyring> keyring;
  static std::size_t has = 0;
  if (has != count) {
    keyring.reset();
    keyring = std::make_unique<Keyring>();
    for (std::size_t i = 0; i < count; ++i) {
      const auto identity = identity_of(i);
      const auto key = key_of(i);
      if (!keyring->add({.identity = identity, .key = key, .usage = PskUsage::tls13})) std::abort();
    }
    has = count;
  }
  return *keyring;
}

// Chosen before the clock starts; more of them than any cache holds.
std::vector<Identity> some_of(std::size_t count, std::uint64_t first = 0) {
  std::mt19937_64 random(7);
  std::vector<Identity> identities(1 << 18);
  for (Identity& identity : identities) identity = identity_of(first + random() % count);
  return identities;
}

void report(benchmark::State& state, const Keyring& keyring) {
  const KeyringStatistics statistics = keyring.statistics();
  state.counters["octets/key"] =
      static_cast<double>(statistics.octets) / static_cast<double>(statistics.keys);
  state.counters["derived"] = static_cast<double>(statistics.derived_states);
}

void contains(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const Keyring& keyring = keyring_with(count);
  const auto identities = some_of(count);
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(keyring.contains(identities[i++ % identities.size()]));
  report(state, keyring);
}

void contains_not(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const Keyring& keyring = keyring_with(count);
  const auto identities = some_of(count, std::uint64_t{1} << 40);
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(keyring.contains(identities[i++ % identities.size()]));
  report(state, keyring);
}

void find(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  Keyring& keyring = keyring_with(count);
  const auto identities = some_of(count);
  psk::AnswerBody body;
  PskAnswer answer = body.handle();
  std::size_t i = 0;
  for (auto _ : state) {
    keyring.find({identities[i++ % identities.size()], {}, {}}, answer);
    benchmark::DoNotOptimize(body.size());
    body.clear();
  }
  report(state, keyring);
}

// The same few identities again and again: their derived states are kept.
void find_again(benchmark::State& state) {
  Keyring& keyring = keyring_with(static_cast<std::size_t>(state.range(0)));
  psk::AnswerBody body;
  PskAnswer answer = body.handle();
  std::uint64_t i = 0;
  std::array<Identity, 16> identities;
  for (Identity& identity : identities) identity = identity_of(i++);
  for (auto _ : state) {
    keyring.find({identities[i++ % identities.size()], {}, {}}, answer);
    benchmark::DoNotOptimize(body.size());
    body.clear();
  }
  report(state, keyring);
}

void add_and_remove(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  Keyring& keyring = keyring_with(count);
  std::uint64_t i = std::uint64_t{1} << 50;
  for (auto _ : state) {
    const auto identity = identity_of(++i);
    if (!keyring.add({.identity = identity, .key = identity, .usage = PskUsage::tls13}) ||
        !keyring.remove(identity))
      std::abort();
  }
  report(state, keyring);
}

constexpr std::int64_t few = 10'000, many = 10'000'000;
BENCHMARK(contains)->Arg(few);
BENCHMARK(contains_not)->Arg(few);
BENCHMARK(find)->Arg(few);
BENCHMARK(find_again)->Arg(few);
BENCHMARK(add_and_remove)->Arg(few);
BENCHMARK(contains)->Arg(many);
BENCHMARK(contains_not)->Arg(many);
BENCHMARK(find)->Arg(many);
BENCHMARK(find_again)->Arg(many);
BENCHMARK(add_and_remove)->Arg(many);

}  // namespace

BENCHMARK_MAIN();
