// The parts of a handshake and of a record in TLS 1.2 and below.
#include <benchmark/benchmark.h>

#include <vector>

#include "native_peer.h"
#include "record/protection.h"
#include "tls12/key_schedule.h"
#include "transcript/handshake_hash.h"

namespace bench {
namespace {

using sesame::Bytes;
using sesame::CipherSuite;
using sesame::ProtocolVersion;
using sesame::Side;
using sesame::crypto::Aead;
using sesame::policy::Suite;
using sesame::record::ContentType;
using sesame::record::Protection;
using sesame::secret::Prf;
using sesame::secret::PrfKey;
using sesame::tls12::KeyBlock;
using sesame::tls12::MasterSecret;

const sesame::crypto::Provider& provider() {
  static const auto system = *sesame::crypto::Provider::system();
  return *system;
}
constexpr std::uint8_t octets[512] = {1, 2, 3};
constexpr sesame::message::Random client_random = {1}, server_random = {2};

template <class T>
T must(sesame::Expected<T>&& result) {
  require(result.has_value(), "a part does not work");
  return std::move(*result);
}

Suite suite_of(CipherSuite id) {
  const auto suite = sesame::policy::find_suite(provider(), id);
  require(suite.has_value(), "the suite is not there");
  return *suite;
}

Prf prf_of(const benchmark::State& state) { return static_cast<Prf>(state.range(0)); }
constexpr auto md5_sha1 = static_cast<int>(Prf::md5_sha1), sha256 = static_cast<int>(Prf::sha256),
               sha384 = static_cast<int>(Prf::sha384);
std::size_t hash_size(Prf prf) { return prf == Prf::md5_sha1 ? 36 : prf == Prf::sha256 ? 32 : 48; }

void prf_key(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(PrfKey::create(provider(), prf_of(state), {octets, 48}).has_value());
}
BENCHMARK(prf_key)->Arg(md5_sha1)->Arg(sha256)->Arg(sha384);

// With the master secret's own key: from the premaster secret to a PrfKey of 48 octets.
void master_secret(benchmark::State& state) {
  const PrfKey premaster = must(PrfKey::create(provider(), prf_of(state), {octets, 68}));
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        MasterSecret::derive_extended(provider(), premaster, {octets, hash_size(prf_of(state))}).has_value());
  }
}
BENCHMARK(master_secret)->Arg(md5_sha1)->Arg(sha256)->Arg(sha384);

void finished(benchmark::State& state) {
  const MasterSecret master = must(MasterSecret::of(provider(), prf_of(state), {octets, 48}));
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        master.verify_data(Side::client, {octets, hash_size(prf_of(state))}).has_value());
  }
}
BENCHMARK(finished)->Arg(md5_sha1)->Arg(sha256)->Arg(sha384);

void handshake_hash(benchmark::State& state) {
  for (auto _ : state) {
    sesame::transcript::HandshakeHash hash;
    require(hash.begin(provider(), prf_of(state), false).has_value(), "no handshake hash");
    for (const std::size_t size : {94, 58, 4, 18}) hash.add({octets, size});
    benchmark::DoNotOptimize(hash.value().size());
    hash.add({octets, 16});
    benchmark::DoNotOptimize(hash.value().size());
  }
}
BENCHMARK(handshake_hash)->Arg(md5_sha1)->Arg(sha256)->Arg(sha384);

// The rest by a suite: an AEAD, and CBC with and without RFC 7366, in the version that is named.
struct Form {
  CipherSuite suite;
  ProtocolVersion version = ProtocolVersion::tls12;
  bool encrypt_then_mac = false;

  KeyBlock derive(const MasterSecret& master, const Suite& of) const {
    return must(KeyBlock::derive(master, of, version, encrypt_then_mac, client_random, server_random));
  }
};
constexpr Form gcm{CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256},
    chacha20{CipherSuite::TLS_PSK_WITH_CHACHA20_POLY1305_SHA256},
    cbc{CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA},
    cbc_etm{CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA, ProtocolVersion::tls12, true},
    cbc_tls10{CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA, ProtocolVersion::tls10};

MasterSecret master_for(const Form& form, const Suite& suite) {
  return must(
      MasterSecret::of(provider(), sesame::secret::prf_of(form.version, suite.hash), Bytes(octets, 48)));
}

void key_block(benchmark::State& state, const Form& form) {
  const Suite suite = suite_of(form.suite);
  const MasterSecret master = master_for(form, suite);
  for (auto _ : state) {
    const KeyBlock block = form.derive(master, suite);
    benchmark::DoNotOptimize(block.keys_of(Side::client).key.data());
  }
}
BENCHMARK_CAPTURE(key_block, gcm, gcm);
BENCHMARK_CAPTURE(key_block, cbc, cbc);
BENCHMARK_CAPTURE(key_block, cbc_tls10, cbc_tls10);

void set_keys(benchmark::State& state, const Form& form) {
  const Suite suite = suite_of(form.suite);
  const MasterSecret master = master_for(form, suite);
  const KeyBlock block = form.derive(master, suite);
  for (auto _ : state) {
    Protection protection;
    benchmark::DoNotOptimize(
        protection.set_keys(block.keys_of(Side::client), Aead::Direction::seal).has_value());
  }
}
BENCHMARK_CAPTURE(set_keys, gcm, gcm);
BENCHMARK_CAPTURE(set_keys, chacha20, chacha20);
BENCHMARK_CAPTURE(set_keys, cbc, cbc);
BENCHMARK_CAPTURE(set_keys, cbc_etm, cbc_etm);

void seal_and_open(benchmark::State& state, const Form& form) {
  const Suite suite = suite_of(form.suite);
  const MasterSecret master = master_for(form, suite);
  const KeyBlock block = form.derive(master, suite);
  Protection sealing, opening;
  require(sealing.set_keys(block.keys_of(Side::client), Aead::Direction::seal) &&
              opening.set_keys(block.keys_of(Side::client), Aead::Direction::open),
          "no keys");
  const std::vector<std::uint8_t> data(static_cast<std::size_t>(state.range(0)));
  std::vector<std::uint8_t> record(data.size() + 1024);
  for (auto _ : state) {
    require(sealing.seal(ContentType::application_data, data, 0, record.data()).has_value(), "not sealed");
    const std::size_t length = sesame::record::Header::read(record).length;
    require(
        opening.open(sesame::MutableBytes(record).first(sesame::record::header_size + length)).has_value(),
        "not opened");
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK_CAPTURE(seal_and_open, gcm, gcm)->Arg(64)->Arg(16384);
BENCHMARK_CAPTURE(seal_and_open, cbc, cbc)->Arg(64)->Arg(16384);
BENCHMARK_CAPTURE(seal_and_open, cbc_etm, cbc_etm)->Arg(64)->Arg(16384);

void handshake_tls12(benchmark::State& state, const Setting& setting) {
  native::Contexts contexts(setting);
  for (auto _ : state) auto pair = contexts.connect();
}
BENCHMARK_CAPTURE(handshake_tls12, psk_gcm, Setting{.version = ProtocolVersion::tls12, .suite = gcm.suite});
BENCHMARK_CAPTURE(handshake_tls12, psk_cbc, Setting{.version = ProtocolVersion::tls12, .suite = cbc.suite});
BENCHMARK_CAPTURE(handshake_tls12, ecdsa,
                  Setting{.version = ProtocolVersion::tls12,
                          .suite = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                          .by = By::ecdsa});

}  // namespace
}  // namespace bench
