// Records of several kinds, all of one size and none of them right, made beforehand, are opened in random
// order by record::Protection. Welch's t tells each kind from those whose padding is right, short, and whose
// MAC alone is wrong; they must not differ, and neither must a second lot of those. The same is done with an
// opening that looks at the padding first and computes the MAC over what is left, as one might write it from
// the standard: that one must be seen.
#include "timing_cbc.h"

#include <alloca.h>
#include <x86intrin.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "crypto/mac_key.h"
#include "policy/suites.h"
#include "record/protection.h"
#include "secret/secret_bytes.h"
#include "timing_statistics.h"

namespace {

using namespace sesame;
using Octets = std::vector<std::uint8_t>;

constexpr std::size_t records_per_kind = 64;
constexpr std::size_t samples_per_key = 5000, warm_up_per_key = 100;
constexpr std::size_t processes = 20;  // each with addresses of its own
constexpr std::size_t block = crypto::cbc_block_size;
constexpr std::size_t most_padding = 256;

/// Content, MAC and padding: so that the longest padding leaves no room for a MAC.
constexpr std::size_t plaintext_size(std::size_t mac_size) {
  return (most_padding + mac_size - 1) / block * block;
}

enum Kind : std::uint8_t {
  short_padding,
  short_padding_too,
  wrong_padding,
  wrong_at_its_end,  // padding as long as can be, whose first octet is wrong
  no_content,        // padding as long as can be, and a MAC
  no_mac,            // padding that leaves no room for one
};
constexpr std::size_t kinds = 6;
constexpr const char* names[kinds] = {"",           "short padding",    "wrong padding", "wrong long padding",
                                      "no content", "no room for a MAC"};

struct Setting {
  const char* name;
  CipherSuite suite;
  ProtocolVersion version;
};
constexpr Setting settings[] = {
    {"AES-128, SHA-1, TLS 1.2", CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA, ProtocolVersion::tls12},
    {"AES-128, SHA-1, TLS 1.0", CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA, ProtocolVersion::tls10},
    {"AES-128, SHA-256", CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA256, ProtocolVersion::tls12},
    {"AES-256, SHA-384", CipherSuite::TLS_PSK_WITH_AES_256_CBC_SHA384, ProtocolVersion::tls12},
    {"Camellia-128, SHA-256", CipherSuite::TLS_PSK_WITH_CAMELLIA_128_CBC_SHA256, ProtocolVersion::tls12},
};

struct Options {
  std::size_t samples = 1'000'000;  // of each kind
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

Octets random_octets(std::size_t size) {
  Octets out(size);
  for (std::uint8_t& octet : out) octet = static_cast<std::uint8_t>(next_random() >> 20);
  return out;
}

struct Keys {
  explicit Keys(const Setting& setting)
      : suite(*policy::find_suite(**crypto::Provider::system(), setting.suite)),
        version(setting.version),
        mac_key(random_octets(suite.hmac->size())),
        key(random_octets(suite.cbc->key_size())),
        iv(random_octets(block)) {}
  bool has_iv() const { return version != ProtocolVersion::tls10; }
  record::BlockKeys block_keys() const {
    return {suite, version, false, mac_key, key, has_iv() ? Bytes() : Bytes(iv)};
  }
  policy::Suite suite;
  ProtocolVersion version;
  Octets mac_key, key, iv;
};

// A random MAC is as good as any wrong one.
Octets plaintext_of(Kind kind, std::size_t mac_size) {
  Octets out = random_octets(plaintext_size(mac_size));
  const auto pad = [&](std::size_t size) {
    std::fill(out.end() - static_cast<std::ptrdiff_t>(size), out.end(), static_cast<std::uint8_t>(size - 1));
    return out.size() - size;
  };
  const std::size_t longest = out.size() - mac_size;
  switch (kind) {
    case short_padding:
    case short_padding_too:
      pad(2);
      break;
    case wrong_padding:
      out[pad(2)] = 0x55;
      break;
    case wrong_at_its_end:
      out[pad(longest)] = 0x55;
      break;
    case no_content:
      pad(longest);
      break;
    case no_mac:
      pad(most_padding);
      break;
  }
  return out;
}

Octets record_of(Kind kind, const Keys& keys) {
  Octets body = plaintext_of(kind, keys.suite.hmac->size());
  const Octets iv = keys.has_iv() ? random_octets(block) : keys.iv;
  crypto::Cbc cipher;
  require(cipher.set_key(*keys.suite.cbc, crypto::Cbc::Use::encrypt, keys.key, iv).has_value() &&
          cipher.process(body));
  if (keys.has_iv()) body.insert(body.begin(), iv.begin(), iv.end());
  Octets out(record::header_size + body.size());
  record::Header{record::ContentType::application_data, body.size(), static_cast<std::uint16_t>(keys.version)}
      .write(MutableBytes(out).first(record::header_size));
  std::copy(body.begin(), body.end(), out.begin() + record::header_size);
  return out;
}

class Opener {
 public:
  explicit Opener(const Keys& keys) {
    require(protection_.set_keys(keys.block_keys(), crypto::Aead::Direction::open).has_value());
  }
  bool open(MutableBytes record) { return protection_.open(record).has_value(); }

 private:
  record::Protection protection_;
};

// The control. It stops at the first thing that is wrong.
class LeakingOpener {
 public:
  explicit LeakingOpener(const Keys& keys) : keys_(keys) {
    require(cipher_.set_key(*keys.suite.cbc, crypto::Cbc::Use::decrypt, keys.key, keys.iv).has_value());
    require(mac_.set(*keys.suite.hmac, keys.mac_key).has_value());
  }
  bool open(MutableBytes record) {
    const std::size_t mac_size = keys_.suite.hmac->size();
    MutableBytes body = record.subspan(record::header_size);
    require(cipher_.process(body));
    if (keys_.has_iv()) body = body.subspan(block);
    const std::size_t padding = body.back() + std::size_t{1};
    if (padding + mac_size > body.size()) return false;
    std::uint8_t right[most_padding];
    std::memset(right, static_cast<int>(padding - 1), padding);
    if (std::memcmp(right, body.last(padding).data(), padding) != 0) return false;
    const MutableBytes rest = body.first(body.size() - padding);
    const MutableBytes content = rest.first(rest.size() - mac_size);
    std::uint8_t header[crypto::HiddenLengthMac::header_size] = {};
    header[11] = static_cast<std::uint8_t>(content.size() >> 8);
    header[12] = static_cast<std::uint8_t>(content.size());
    crypto::HashValue expected(mac_size);
    require(mac_.mac({header, content}, expected.bytes()));
    return secret::equal_in_constant_time(expected.bytes(), rest.last(mac_size));
  }

 private:
  const Keys& keys_;
  crypto::Cbc cipher_;
  crypto::MacKey mac_;
};

// Cycles of the time-stamp counter.
template <class By>
[[gnu::noinline]] std::uint32_t sample(By& opener, const Octets& record, Octets& buffer) {
  std::memcpy(buffer.data(), record.data(), record.size());
  unsigned processor;
  _mm_lfence();
  const std::uint64_t begin = __rdtscp(&processor);
  _mm_lfence();
  const bool opened = opener.open(MutableBytes(buffer).first(record.size()));
  _mm_lfence();
  const std::uint64_t end = __rdtscp(&processor);
  require(!opened);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(end - begin, UINT32_MAX >> 3));
}

// With the stack `lines` of 16 octets further down.
template <class By>
[[gnu::noinline]] std::uint32_t sample_further_down(std::size_t lines, By& opener, const Octets& record,
                                                    Octets& buffer) {
  auto* const skipped = static_cast<volatile char*>(alloca((lines + 1) * 16));
  *skipped = 0;
  return sample(opener, record, buffer);
}

// What one process does: writes a sample as 32 bits, the kind in the lowest three.
template <class By>
void work(const Setting& setting, std::size_t wanted) {
  std::vector<std::uint32_t> out;
  while (out.size() < wanted) {
    // New keys, records and addresses every now and then.
    const std::vector<Octets> in_front(next_random() % 16, Octets(next_random() % 4096));
    const Keys keys(setting);
    std::array<std::vector<Octets>, kinds> records;
    for (std::size_t i = 0; i < records_per_kind; ++i) {
      for (std::size_t kind = 0; kind < kinds; ++kind)
        records[kind].push_back(record_of(static_cast<Kind>(kind), keys));
    }
    By opener(keys);
    Octets buffer(1024);
    for (std::size_t i = 0; i < samples_per_key + warm_up_per_key; ++i) {
      const std::uint64_t random = next_random();
      const std::size_t kind = (random >> 17) % kinds;
      const std::uint32_t cycles = sample_further_down(
          random >> 50 & 0xff, opener, records[kind][(random >> 40) % records_per_kind], buffer);
      if (i >= warm_up_per_key) out.push_back(cycles << 3 | static_cast<std::uint32_t>(kind));
    }
  }
  require(std::fwrite(out.data(), sizeof out[0], out.size(), stdout) == out.size());
}

using Samples = std::array<std::vector<std::uint32_t>, kinds>;

Samples collect(const char* program, std::size_t setting, const Options& options, bool leaky) {
  Samples samples;
  for (std::size_t i = 0; i < processes; ++i) {
    char command[4096];
    std::snprintf(command, sizeof command, "'%s' cbc --work %zu %d %zu %llu", program, setting, leaky,
                  options.samples * kinds / processes, static_cast<unsigned long long>(next_random()));
    FILE* const pipe = popen(command, "r");
    require(pipe != nullptr);
    std::uint32_t value;
    while (std::fread(&value, sizeof value, 1, pipe) == 1) samples[value & 7].push_back(value >> 3);
    require(pclose(pipe) == 0);
  }
  return samples;
}

// Whether each kind is told from those with short padding.
std::array<bool, kinds> compare(const Samples& samples, const std::string& prefix) {
  std::vector<std::uint32_t> all;
  for (const auto& kind : samples) all.insert(all.end(), kind.begin(), kind.end());
  const double bound = timing::bound_of(std::move(all));
  const timing::Distribution first(samples[short_padding], bound),
      first_all(samples[short_padding], UINT32_MAX);
  std::array<bool, kinds> told{};
  for (std::size_t kind = 1; kind < kinds; ++kind) {
    const timing::Distribution other(samples[kind], bound), other_all(samples[kind], UINT32_MAX);
    const double t = timing::welch(first, other);
    told[kind] = std::abs(t) > timing::limit;
    std::printf("%-66s %9zu %8.0f %8.0f %8.1f %9.2f %9.2f\n", (prefix + names[kind]).c_str(),
                samples[short_padding].size() + samples[kind].size(), first.mean, other.mean,
                first.mean - other.mean, t, timing::welch(first_all, other_all));
  }
  std::fflush(stdout);
  return told;
}

}  // namespace

int timing_cbc(const char* program, int count, char** arguments) {
  const auto number = [&](int i) { return std::strtoull(arguments[i], nullptr, 10); };
  if (count == 5 && std::strcmp(arguments[0], "--work") == 0) {
    state = number(4) | 1;
    const Setting& setting = settings[number(1)];
    number(2) != 0 ? work<LeakingOpener>(setting, number(3)) : work<Opener>(setting, number(3));
    return 0;
  }
  Options options;
  for (int i = 0; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument == "--gate") {
      options.gate = true;
    } else if (argument == "--samples" && i + 1 < count) {
      options.samples = number(++i);
    } else {
      std::fprintf(stderr, "usage: %s cbc [--gate] [--samples N (of each kind)]\n", program);
      return 2;
    }
  }
  std::printf("%-66s %9s %8s %8s %8s %9s %9s\n",
              "cycles: short padding, and another kind; the fastest 90 in 100", "samples", "first", "second",
              "apart", "t", "t of all");
  bool holds = true;
  for (std::size_t i = 0; i < std::size(settings); ++i) {
    const std::string prefix = std::string(settings[i].name) + ": ";
    for (const bool told : compare(collect(program, i, options, false), prefix)) holds = holds && !told;
    const auto leaks = compare(collect(program, i, options, true), prefix + "leaky: ");
    for (const Kind kind : {wrong_padding, wrong_at_its_end, no_content, no_mac})
      holds = holds && leaks[kind];
    holds = holds && !leaks[short_padding_too];
  }
  std::printf("%s\n", holds ? "holds: |t| < 4.5, and the leak is seen" : "does NOT hold");
  return options.gate && !holds ? 1 : 0;
}
