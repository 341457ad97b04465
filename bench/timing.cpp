// Whether a server that has keys only takes the same time for an identity that it does not know and for one
// whose binder does not validate: docs/timing.md.
//
// Both kinds of ClientHello are made beforehand and shown to server connections in memory in random order.
// Welch's t of the two distributions says whether they differ: beyond 4.5 they do, for all practical
// purposes. The same is done with one kind under two names, which must not differ, and with a source that
// leaks on purpose, which must: a measurement that finds nothing proves something only if it finds that.
//
// Where things stand in memory costs a few cycles more or less: an identity in the keyring's table, whose
// hash has a secret key, and any two addresses that are alike within their pages. So there is a new keyring
// every few thousand samples, with some memory in front of it, the stack begins somewhere else each time, and
// the samples of a row are taken by several processes, one after the other, whose addresses the system
// chooses.
#include <alloca.h>
#include <sesame/sesame.h>
#include <x86intrin.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "timing_cbc.h"
#include "timing_rsa.h"

namespace {

using namespace sesame;
using Octets = std::vector<std::uint8_t>;

constexpr std::size_t hellos_per_class = 64;
constexpr std::size_t samples_per_keyring = 2000, warm_up_per_keyring = 50;
constexpr std::size_t processes = 50;
constexpr int keys = 100;  // of a keyring, of which one is guessed
constexpr double limit = 4.5;
constexpr double kept = 0.90;  // of the samples, the fastest: the rest are interrupts and the like

struct Options {
  std::size_t samples = 1'000'000;  // of both classes together
  bool gate = false;
};

const std::string right_key(32, 'r'), wrong_key(32, 'w');

CredentialParameters parameters(const std::string& identity, const std::string& key, PskUsage usage,
                                HashAlgorithm hash) {
  return {.identity = as_bytes(identity), .key = as_bytes(key), .hash = hash, .usage = usage};
}

// ClientHellos of a client that has a wrong key for `identity`.
std::vector<Octets> hellos(const std::string& identity, PskUsage usage, HashAlgorithm hash) {
  ContextOptions options;
  options.cipher_suites = {hash == HashAlgorithm::sha256 ? CipherSuite::TLS_AES_128_GCM_SHA256
                                                         : CipherSuite::TLS_AES_256_GCM_SHA384};
  options.credentials = {Credential::create(parameters(identity, wrong_key, usage, hash)).value()};
  const auto context = Context::create(std::move(options)).value();
  std::vector<Octets> out;
  for (std::size_t i = 0; i < hellos_per_class; ++i) {
    const auto client = Connection::client(context).value();
    out.emplace_back(client.output().begin(), client.output().end());
  }
  return out;
}

// Returns early for what it does not know, as a source that looks into a table of its own does.
class LeakySource final : public PskSource {
 public:
  LeakySource(std::shared_ptr<Keyring> keyring, std::string known)
      : keyring_(std::move(keyring)), known_(std::move(known)) {}
  void find(const PskQuery& query, PskAnswer& answer) override {
    if (as_text(query.identity) == known_) keyring_->find(query, answer);
  }

 private:
  std::shared_ptr<Keyring> keyring_;
  std::string known_;
};

std::uint64_t state = 0x9e3779b97f4a7c15;
std::uint64_t next_random() {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

// Cycles of the time-stamp counter from the ClientHello to the alert.
[[gnu::noinline]] std::uint32_t sample(const std::shared_ptr<const Context>& context, const Octets& hello,
                                       Octets& buffer) {
  auto server = Connection::server(context).value();
  std::memcpy(buffer.data(), hello.data(), hello.size());
  unsigned processor;
  _mm_lfence();
  const std::uint64_t begin = __rdtscp(&processor);
  _mm_lfence();
  const auto received = server.receive(MutableBytes(buffer).first(hello.size()));
  const std::size_t alert = server.output().size();
  _mm_lfence();
  const std::uint64_t end = __rdtscp(&processor);
  if (received || alert != 7) std::abort();  // both end in one plaintext alert
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(end - begin, UINT32_MAX));
}

// With the stack `lines` of 16 octets further down.
[[gnu::noinline]] std::uint32_t sample_further_down(std::size_t lines,
                                                    const std::shared_ptr<const Context>& context,
                                                    const Octets& hello, Octets& buffer) {
  auto* const skipped = static_cast<volatile char*>(alloca((lines + 1) * 16));
  *skipped = 0;
  return sample(context, hello, buffer);
}

struct Distribution {
  double mean = 0, variance = 0;
  std::size_t count = 0;
  explicit Distribution(const std::vector<std::uint32_t>& samples, double below) {
    double sum = 0, squares = 0;
    for (const std::uint32_t s : samples) {
      if (s > below) continue;
      sum += s;
      ++count;
    }
    mean = sum / static_cast<double>(count);
    for (const std::uint32_t s : samples) {
      if (s <= below) squares += (s - mean) * (s - mean);
    }
    variance = squares / static_cast<double>(count - 1);
  }
};

double welch(const Distribution& a, const Distribution& b) {
  return (a.mean - b.mean) /
         std::sqrt(a.variance / static_cast<double>(a.count) + b.variance / static_cast<double>(b.count));
}

struct Setting {
  PskUsage usage;
  HashAlgorithm hash;
  bool leaky;
  bool same;  // both names for the one kind
};

const std::string known = "device-0017", unknown = "device-7100";

std::shared_ptr<const Context> new_server(const Setting& setting) {
  static std::vector<Octets> in_front;
  in_front.clear();
  for (int i = 0; i < 64; ++i) in_front.emplace_back(next_random() % 8192);
  const auto keyring = std::make_shared<Keyring>();
  for (int i = 0; i < keys; ++i) {
    char identity[32];
    std::snprintf(identity, sizeof identity, "device-%04d", i);
    if (!keyring->add(parameters(identity, right_key, setting.usage, setting.hash))) std::abort();
  }
  ContextOptions options;
  options.psk_source = keyring;
  if (setting.leaky) options.psk_source = std::make_shared<LeakySource>(keyring, known);
  return Context::create(std::move(options)).value();
}

using Samples = std::vector<std::uint32_t>[2];

// What one process does: writes a sample as 32 bits, the class in the lowest.
void work(const Setting& setting, std::size_t wanted) {
  const std::vector<Octets> unknowns = hellos(unknown, setting.usage, setting.hash);
  const std::vector<Octets> wrongs = hellos(known, setting.usage, setting.hash);
  const std::vector<Octets>* const classes[2] = {&unknowns, setting.same ? &unknowns : &wrongs};
  Octets buffer(4096);
  std::vector<std::uint32_t> out;
  while (out.size() < wanted) {
    const auto server = new_server(setting);
    for (std::size_t i = 0; i < samples_per_keyring + warm_up_per_keyring; ++i) {
      const std::uint64_t random = next_random();
      const std::size_t which = random >> 17 & 1;
      const std::uint32_t cycles = sample_further_down(
          random >> 40 & 0xff, server, (*classes[which])[(random >> 20) % hellos_per_class], buffer);
      if (i >= warm_up_per_keyring) out.push_back(cycles << 1 | static_cast<std::uint32_t>(which));
    }
  }
  std::fwrite(out.data(), sizeof out[0], out.size(), stdout);
}

void collect(const std::string& program, const Setting& setting, std::size_t wanted, Samples& samples) {
  char command[4096];
  std::snprintf(command, sizeof command, "'%s' --work %d %d %d %d %zu %llu", program.c_str(),
                static_cast<int>(setting.usage), static_cast<int>(setting.hash), setting.leaky, setting.same,
                wanted, static_cast<unsigned long long>(next_random()));
  FILE* const pipe = popen(command, "r");
  if (!pipe) std::abort();
  std::uint32_t value;
  while (std::fread(&value, sizeof value, 1, pipe) == 1) samples[value & 1].push_back(value >> 1);
  if (pclose(pipe) != 0) std::abort();
}

double compare(const std::string& program, const std::string& what, const Setting& setting,
               const Options& options) {
  Samples samples;
  for (std::size_t i = 0; i < processes; ++i) {
    collect(program, setting, options.samples / processes, samples);
  }
  // One bound for both classes, from all samples together.
  std::vector<std::uint32_t> all = samples[0];
  all.insert(all.end(), samples[1].begin(), samples[1].end());
  const auto at = all.begin() + static_cast<std::ptrdiff_t>(kept * static_cast<double>(all.size()));
  std::nth_element(all.begin(), at, all.end());
  const Distribution first(samples[0], *at), second(samples[1], *at);
  const Distribution first_all(samples[0], UINT32_MAX), second_all(samples[1], UINT32_MAX);
  const double t = welch(first, second);
  std::printf("%-46s %9zu %9.0f %9.0f %8.1f %8.2f %8.2f\n", what.c_str(), all.size(), first.mean, second.mean,
              first.mean - second.mean, t, welch(first_all, second_all));
  std::fflush(stdout);
  return t;
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 1 && std::strcmp(arguments[1], "rsa") == 0)
    return timing_rsa(arguments[0], count - 2, arguments + 2);
  if (count > 1 && std::strcmp(arguments[1], "cbc") == 0)
    return timing_cbc(arguments[0], count - 2, arguments + 2);
  if (count == 8 && std::strcmp(arguments[1], "--work") == 0) {
    const auto number = [&](int i) { return std::strtoull(arguments[i], nullptr, 10); };
    state = number(7);
    work({static_cast<PskUsage>(number(2)), static_cast<HashAlgorithm>(number(3)), number(4) != 0,
          number(5) != 0},
         number(6));
    return 0;
  }
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument == "--gate") {
      options.gate = true;
    } else if (argument == "--samples" && i + 1 < count) {
      options.samples = std::strtoull(arguments[++i], nullptr, 10);
    } else {
      std::fprintf(stderr, "usage: %s [--gate] [--samples N], or %s rsa ..., or %s cbc ...\n", arguments[0],
                   arguments[0], arguments[0]);
      return 2;
    }
  }
  std::printf("%-46s %9s %9s %9s %8s %8s %8s\n", "cycles: first, second, of the fastest 90 in 100", "samples",
              "first", "second", "apart", "t", "t of all");
  bool holds = true;
  for (const PskUsage usage : {PskUsage::tls13, PskUsage::tls13_imported}) {
    for (const HashAlgorithm hash : {HashAlgorithm::sha256, HashAlgorithm::sha384}) {
      const std::string name = std::string(usage == PskUsage::tls13 ? "raw, " : "imported, ") +
                               (hash == HashAlgorithm::sha256 ? "SHA-256" : "SHA-384");
      const auto run = [&](const char* what, bool leaky, bool same) {
        return std::abs(compare(arguments[0], name + what, {usage, hash, leaky, same}, options));
      };
      holds = run(": unknown, wrong key", false, false) < limit && holds;
      holds = run(": unknown, unknown", false, true) < limit && holds;
      holds = run(": unknown, wrong key; leaky", true, false) > limit && holds;
    }
  }
  std::printf("%s\n", holds ? "holds: |t| < 4.5, and the leak is seen" : "does NOT hold");
  return options.gate && !holds ? 1 : 0;
}
