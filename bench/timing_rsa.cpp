// Messages of several kinds, made beforehand by a new key, are decrypted in random order by
// crypto::decrypt_premaster. Welch's t tells each kind from the well-formed ones; they must not differ, and
// neither must a second lot of well-formed ones. The same is done with an unpadding that stops at the first
// thing that is wrong and draws random octets only then, as one might write it: that one must be seen.
//
// Sizes of the message itself are not among the kinds: everybody sees them.
#include "timing_rsa.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <x86intrin.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "crypto/provider.h"
#include "crypto/rsa_transport.h"
#include "timing_statistics.h"

namespace {

using namespace sesame;
using Octets = std::vector<std::uint8_t>;

constexpr std::size_t messages_per_kind = 64;
constexpr std::size_t processes = 20;  // each with a key, and addresses, of its own
constexpr std::size_t warm_up = 200;
constexpr auto version = ProtocolVersion::tls12;

enum Kind : std::uint8_t { well_formed, well_formed_too, block_type, separator, other_version, other_size };
constexpr std::size_t kinds = 6;
constexpr const char* names[kinds] = {
    "", "well-formed", "block type 1", "no separator", "version 1.1", "47 octets inside"};

struct Options {
  std::size_t samples = 1'000'000;  // of each kind
  unsigned bits = 2048;
  bool gate = false;
};

std::uint64_t state = 0x9e3779b97f4a7c15;
std::uint64_t next_random() {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

void require(bool ok) {
  if (!ok) std::abort();
}

const crypto::Provider& provider() { return **crypto::Provider::system(); }

struct FreeContext {
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
};
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeContext>;

// RFC 8017 section 7.2.1: 00 02, padding without a zero, 00, the message.
Octets block_of(Kind kind, std::size_t size) {
  const std::size_t message = kind == other_size ? 47 : 48;
  Octets out(size);
  for (std::uint8_t& octet : out) octet = static_cast<std::uint8_t>(1 + next_random() % 255);
  out[0] = 0;
  out[1] = kind == block_type ? 1 : 2;
  if (kind != separator) out[size - message - 1] = 0;
  out[size - message] = 3;
  out[size - message + 1] = kind == other_version ? 2 : 3;
  return out;
}

Octets encrypt(EVP_PKEY* key, const Octets& block) {
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  Octets out(block.size());
  std::size_t size = out.size();
  require(context && EVP_PKEY_encrypt_init(context.get()) == 1 &&
          EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING) == 1 &&
          EVP_PKEY_encrypt(context.get(), out.data(), &size, block.data(), block.size()) == 1);
  return out;
}

void decrypt(EVP_PKEY* key, const Octets& message, crypto::RsaPremaster& premaster) {
  require(crypto::decrypt_premaster(provider(), key, version, message, premaster).has_value());
}

// The control. Whether it was well formed decides what is done.
bool unpad(const Octets& block, crypto::RsaPremaster& premaster) {
  if (block[0] != 0 || block[1] != 2) return false;
  std::size_t at = 2;
  while (at < block.size() && block[at] != 0) ++at;
  if (at == block.size() || at < 10) return false;
  const Bytes message = Bytes(block).subspan(at + 1);
  if (message.size() != crypto::rsa_premaster_size || message[0] != 3 || message[1] != 3) return false;
  premaster.assign(message);
  return true;
}
void decrypt_leaking(EVP_PKEY* key, const Octets& message, crypto::RsaPremaster& premaster) {
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  Octets block(message.size());
  std::size_t size = block.size();
  require(context && EVP_PKEY_decrypt_init(context.get()) == 1 &&
          EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING) == 1 &&
          EVP_PKEY_decrypt(context.get(), block.data(), &size, message.data(), message.size()) == 1);
  if (!unpad(block, premaster))
    require(provider().random(premaster.resize(crypto::rsa_premaster_size)).has_value());
}

// Cycles of the time-stamp counter.
template <class Decrypt>
[[gnu::noinline]] std::uint32_t sample(Decrypt decrypt_one, EVP_PKEY* key, const Octets& message) {
  crypto::RsaPremaster premaster;
  unsigned processor;
  _mm_lfence();
  const std::uint64_t begin = __rdtscp(&processor);
  _mm_lfence();
  decrypt_one(key, message, premaster);
  _mm_lfence();
  const std::uint64_t end = __rdtscp(&processor);
  require(premaster.size() == crypto::rsa_premaster_size);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(end - begin, UINT32_MAX >> 3));
}

// What one process does: writes a sample as 32 bits, the kind in the lowest three.
void work(unsigned bits, bool leaky, std::size_t wanted) {
  const crypto::KeyHandle key(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(bits)));
  require(key != nullptr);
  std::array<std::vector<Octets>, kinds> messages;
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    for (std::size_t i = 0; i < messages_per_kind; ++i)
      messages[kind].push_back(encrypt(key.get(), block_of(static_cast<Kind>(kind), bits / 8)));
  }
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < wanted + warm_up; ++i) {
    const std::uint64_t random = next_random();
    const std::size_t kind = (random >> 17) % kinds;
    const Octets& message = messages[kind][(random >> 40) % messages_per_kind];
    const std::uint32_t cycles =
        leaky ? sample(decrypt_leaking, key.get(), message) : sample(decrypt, key.get(), message);
    if (i >= warm_up) out.push_back(cycles << 3 | static_cast<std::uint32_t>(kind));
  }
  require(std::fwrite(out.data(), sizeof out[0], out.size(), stdout) == out.size());
}

using Samples = std::array<std::vector<std::uint32_t>, kinds>;

Samples collect(const char* program, const Options& options, bool leaky) {
  Samples samples;
  for (std::size_t i = 0; i < processes; ++i) {
    char command[4096];
    std::snprintf(command, sizeof command, "'%s' rsa --work %u %d %zu %llu", program, options.bits, leaky,
                  options.samples * kinds / processes, static_cast<unsigned long long>(next_random()));
    FILE* const pipe = popen(command, "r");
    require(pipe != nullptr);
    std::uint32_t value;
    while (std::fread(&value, sizeof value, 1, pipe) == 1) samples[value & 7].push_back(value >> 3);
    require(pclose(pipe) == 0);
  }
  return samples;
}

// Whether each kind is told from the well-formed ones.
std::array<bool, kinds> compare(const Samples& samples, const char* prefix) {
  std::vector<std::uint32_t> all;
  for (const auto& kind : samples) all.insert(all.end(), kind.begin(), kind.end());
  const double bound = timing::bound_of(std::move(all));
  const timing::Distribution right(samples[well_formed], bound), right_all(samples[well_formed], UINT32_MAX);
  std::array<bool, kinds> told{};
  for (std::size_t kind = 1; kind < kinds; ++kind) {
    const timing::Distribution other(samples[kind], bound), other_all(samples[kind], UINT32_MAX);
    const double t = timing::welch(right, other);
    told[kind] = std::abs(t) > timing::limit;
    std::printf("%-46s %9zu %9.0f %9.0f %8.1f %8.2f %8.2f\n",
                (std::string(prefix) + "well-formed, " + names[kind]).c_str(),
                samples[well_formed].size() + samples[kind].size(), right.mean, other.mean,
                right.mean - other.mean, t, timing::welch(right_all, other_all));
  }
  std::fflush(stdout);
  return told;
}

}  // namespace

int timing_rsa(const char* program, int count, char** arguments) {
  const auto number = [&](int i) { return std::strtoull(arguments[i], nullptr, 10); };
  if (count == 5 && std::strcmp(arguments[0], "--work") == 0) {
    state = number(4) | 1;
    work(static_cast<unsigned>(number(1)), number(2) != 0, number(3));
    return 0;
  }
  Options options;
  for (int i = 0; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument == "--gate") {
      options.gate = true;
    } else if (argument == "--samples" && i + 1 < count) {
      options.samples = number(++i);
    } else if (argument == "--bits" && i + 1 < count && (number(i + 1) == 1024 || number(i + 1) == 2048)) {
      options.bits = static_cast<unsigned>(number(++i));
    } else {
      std::fprintf(stderr, "usage: %s rsa [--gate] [--samples N (of each kind)] [--bits 1024|2048]\n",
                   program);
      return 2;
    }
  }
  std::printf("%-46s %9s %9s %9s %8s %8s %8s\n", "cycles: first, second, of the fastest 90 in 100", "samples",
              "first", "second", "apart", "t", "t of all");
  const std::string prefix = "RSA-" + std::to_string(options.bits) + ": ";
  bool holds = true;
  for (const bool told : compare(collect(program, options, false), prefix.c_str())) holds = holds && !told;
  const auto leaks = compare(collect(program, options, true), (prefix + "leaky: ").c_str());
  // Whatever is wrong draws random octets; and the second lot of well-formed ones has to be like the first.
  for (const Kind kind : {block_type, separator, other_version, other_size}) holds = holds && leaks[kind];
  holds = holds && !leaks[well_formed_too];
  std::printf("%s\n", holds ? "holds: |t| < 4.5, and the leak is seen" : "does NOT hold");
  return options.gate && !holds ? 1 : 0;
}
