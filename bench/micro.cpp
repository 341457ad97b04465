// micro: what the parts of a handshake and of a record cost, with Google Benchmark. For whoever makes one of
// them faster; compare is what counts.
#include <benchmark/benchmark.h>

#include <vector>

#include "ceiling.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/key_exchange.h"
#include "crypto/public_random.h"
#include "native_peer.h"
#include "openssl_peer.h"
#include "secret/hkdf.h"
#include "secret/key_schedule.h"

namespace bench {
namespace {

using sesame::Bytes;
using sesame::HashAlgorithm;
using sesame::MutableBytes;
using sesame::crypto::Aead;
using sesame::crypto::AeadId;
using sesame::crypto::HmacKey;

const sesame::crypto::Provider& provider() {
  static const auto system = *sesame::crypto::Provider::system();
  return *system;
}
constexpr std::uint8_t octets[512] = {};

HashAlgorithm hash_of(const benchmark::State& state) {
  return state.range(0) == 256 ? HashAlgorithm::sha256 : HashAlgorithm::sha384;
}

void hmac_of_a_hash(benchmark::State& state) {
  const auto& hash = provider().hash(hash_of(state));
  const HmacKey hmac(hash, {octets, hash.size()});
  for (auto _ : state) benchmark::DoNotOptimize(hmac.mac({Bytes(octets, hash.size())}));
}
BENCHMARK(hmac_of_a_hash)->Arg(256)->Arg(384);

void hmac_key(benchmark::State& state) {
  const auto& hash = provider().hash(hash_of(state));
  for (auto _ : state) benchmark::DoNotOptimize(HmacKey(hash, {octets, hash.size()}).empty());
}
BENCHMARK(hmac_key)->Arg(256)->Arg(384);

void derive_secret(benchmark::State& state) {
  const auto& hash = provider().hash(hash_of(state));
  const HmacKey secret(hash, {octets, hash.size()});
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        sesame::secret::derive_secret(secret, "c hs traffic", {octets, hash.size()}).size());
  }
}
BENCHMARK(derive_secret)->Arg(256)->Arg(384);

void traffic_keys(benchmark::State& state) {
  const auto& hash = provider().hash(HashAlgorithm::sha256);
  const HmacKey secret(hash, {octets, hash.size()});
  for (auto _ : state) benchmark::DoNotOptimize(sesame::secret::traffic_keys(secret, 16).key.size());
}
BENCHMARK(traffic_keys);

void psk_secrets(benchmark::State& state) {
  const auto& hash = provider().hash(hash_of(state));
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        sesame::psk::derive_psk_secrets(hash, key, sesame::psk::PskKind::external).early.empty());
  }
}
BENCHMARK(psk_secrets)->Arg(256)->Arg(384);

void aead_first_key(benchmark::State& state) {
  for (auto _ : state) {
    Aead aead;
    benchmark::DoNotOptimize(
        aead.set_key(*provider().aead(AeadId::aes_128_gcm), Aead::Direction::seal, {octets, 16}).has_value());
  }
}
BENCHMARK(aead_first_key);

void aead_next_key(benchmark::State& state) {
  Aead aead;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        aead.set_key(*provider().aead(AeadId::aes_128_gcm), Aead::Direction::seal, {octets, 16}).has_value());
  }
}
BENCHMARK(aead_next_key);

void public_random(benchmark::State& state) {
  std::uint8_t out[64];
  for (auto _ : state) benchmark::DoNotOptimize(sesame::crypto::public_random(provider(), out).has_value());
}
BENCHMARK(public_random);

void key_share(benchmark::State& state) {
  std::uint8_t share[32];
  for (auto _ : state) {
    auto exchange = sesame::crypto::KeyExchange::generate(provider(), sesame::NamedGroup::x25519);
    benchmark::DoNotOptimize(exchange->write_share(share).has_value());
  }
}
BENCHMARK(key_share);

void shared_secret(benchmark::State& state) {
  std::uint8_t share[32];
  auto exchange = sesame::crypto::KeyExchange::generate(provider(), sesame::NamedGroup::x25519);
  require(exchange && exchange->write_share(share), "no key share");
  for (auto _ : state) {
    std::uint8_t answer[32];
    sesame::secret::SharedSecret out;
    benchmark::DoNotOptimize(
        sesame::crypto::respond(provider(), sesame::NamedGroup::x25519, share, answer, out).has_value());
  }
}
BENCHMARK(shared_secret);

void client_hello(benchmark::State& state) {
  native::Contexts contexts({.mode = static_cast<Mode>(state.range(0))});
  for (auto _ : state) benchmark::DoNotOptimize(contexts.client_hello());
}
BENCHMARK(client_hello)->Arg(static_cast<int>(Mode::psk_ke))->Arg(static_cast<int>(Mode::psk_dhe_ke));

template <class Contexts>
void handshake(benchmark::State& state) {
  Contexts contexts({.mode = static_cast<Mode>(state.range(0))});
  for (auto _ : state) auto pair = contexts.connect();
}
BENCHMARK(handshake<native::Contexts>)
    ->Arg(static_cast<int>(Mode::psk_ke))
    ->Arg(static_cast<int>(Mode::psk_dhe_ke));
BENCHMARK(handshake<openssl::Contexts>)
    ->Arg(static_cast<int>(Mode::psk_ke))
    ->Arg(static_cast<int>(Mode::psk_dhe_ke));

void record(benchmark::State& state) {
  native::Contexts contexts({.mode = Mode::psk_ke});
  auto pair = contexts.connect();
  const std::vector<std::uint8_t> data(static_cast<std::size_t>(state.range(0)));
  std::vector<std::uint8_t> room(data.size() + 1024);
  for (auto _ : state) benchmark::DoNotOptimize(pair.transfer(data, room));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(record)->Arg(64)->Arg(1024)->Arg(16384);

}  // namespace
}  // namespace bench

BENCHMARK_MAIN();
