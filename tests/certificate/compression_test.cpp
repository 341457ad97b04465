#include "certificate/compression.h"

#include <gtest/gtest.h>

#include "support/authority.h"
#include "support/heap.h"
#include "support/octets.h"

namespace sesame::test {
namespace {

using certificate::compress;
using certificate::expand;
using certificate::has_compression;
using Algorithm = CertificateCompressionAlgorithm;

// What is allocated from here on, at most at once. Nothing is counted under the address sanitizer.
class HeapPeak {
 public:
  HeapPeak() { watch_heap(); }
  std::size_t octets() const { return heap().peak - before_; }

 private:
  std::size_t before_ = heap().live;
};

class Compression : public testing::TestWithParam<Algorithm> {
 protected:
  void SetUp() override {
    if (!has_compression(GetParam())) GTEST_SKIP() << "this build has no " << name(GetParam());
  }
  Reason expansion(Bytes compressed, std::size_t size) const {
    const auto out = expand(GetParam(), compressed, size);
    if (out) return Reason{};
    EXPECT_EQ(out.error().alert(), Alert::bad_certificate);
    return out.error().reason();
  }
  Octets compressed(Bytes message) const { return compress(GetParam(), message); }
};

Octets a_message() {
  const Authority root(KeyType::rsa2048), middle = root.intermediate(KeyType::rsa2048);
  Octets list;
  for (const Octets& one : middle.server("server.example", KeyType::rsa2048).chain()) {
    append(list, join({vec24(one), u16(0)}));
  }
  return join({u8(0), vec24(list)});
}

TEST_P(Compression, GivesBackWhatItWasGiven) {
  const Octets message = a_message();
  const Octets small = compressed(message);
  ASSERT_FALSE(small.empty());
  EXPECT_LT(small.size(), message.size());
  const auto out = expand(GetParam(), small, message.size());
  ASSERT_TRUE(out) << out.error().message();
  EXPECT_EQ(*out, message);
}

TEST_P(Compression, GivesBackEverySize) {
  for (const std::size_t size : {50u, 63u, 64u, 65u, 100u, 1000u, 4095u, 4096u, 4097u, 65'536u, 1'000'000u}) {
    Octets message(size);
    for (std::size_t i = 0; i < size; ++i) message[i] = static_cast<std::uint8_t>(i / 40 + i / 1000 * 7);
    const Octets small = compressed(message);
    ASSERT_FALSE(small.empty()) << size;
    const auto out = expand(GetParam(), small, size);
    ASSERT_TRUE(out) << size << ": " << out.error().message();
    EXPECT_EQ(*out, message);
  }
}

TEST_P(Compression, IsLeftOutWhereItDoesNotHelp) {
  EXPECT_TRUE(compressed({}).empty());
  EXPECT_TRUE(compressed(text("x")).empty());
  Octets noise(500);
  std::uint32_t state = 1;
  for (std::uint8_t& octet : noise) {
    state = state * 1'664'525 + 1'013'904'223;
    octet = static_cast<std::uint8_t>(state >> 24);
  }
  EXPECT_TRUE(compressed(noise).empty());
}

TEST_P(Compression, RefusesAnotherSizeThanWasDeclared) {
  const Octets message = a_message(), small = compressed(message);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, message.size() / 2, message.size() - 1,
                                 message.size() + 1, 2 * message.size(), std::size_t{0xffffff}}) {
    EXPECT_EQ(expansion(small, size), Reason::certificate_compression_wrong) << size;
  }
}

TEST_P(Compression, RefusesWhatIsCutOff) {
  const Octets message = a_message(), small = compressed(message);
  for (std::size_t size = 0; size < small.size(); ++size) {
    EXPECT_EQ(expansion(Bytes(small).first(size), message.size()), Reason::certificate_compression_wrong)
        << size;
  }
}

TEST_P(Compression, RefusesOctetsBehindTheEnd) {
  const Octets message = a_message(), small = compressed(message);
  EXPECT_EQ(expansion(join({small, u8(0)}), message.size()), Reason::certificate_compression_wrong);
  EXPECT_EQ(expansion(join({small, small}), message.size()), Reason::certificate_compression_wrong);
  EXPECT_EQ(expansion(join({small, small}), 2 * message.size()), Reason::certificate_compression_wrong);
}

TEST_P(Compression, RefusesWhatIsNotWellFormed) {
  EXPECT_EQ(expansion({}, 10), Reason::certificate_compression_wrong);
  EXPECT_EQ(expansion(repeat(100, 0xff), 100), Reason::certificate_compression_wrong);
  EXPECT_EQ(expansion(repeat(100, 0x00), 100), Reason::certificate_compression_wrong);
}

TEST_P(Compression, NeverGivesAnythingWrongForAChangedOctet) {
  const Octets message = a_message(), small = compressed(message);
  for (std::size_t i = 0; i < small.size(); ++i) {
    Octets changed = small;
    changed[i] ^= 0x10;
    const auto out = expand(GetParam(), changed, message.size());
    if (out) {
      EXPECT_EQ(out->size(), message.size());
    }
  }
}

// A certificate message that expands to hundreds of megabytes: what is declared is what is taken, and what
// comes out is what is paid for.
TEST_P(Compression, ABombCostsNoMoreThanWasDeclared) {
  const Octets zeros(std::size_t{64} << 20, 0);
  const Octets bomb = compressed(zeros);
  ASSERT_FALSE(bomb.empty());
  for (const std::size_t declared : {std::size_t{1000}, std::size_t{65'536}}) {
    const HeapPeak peak;
    EXPECT_EQ(expansion(bomb, declared), Reason::certificate_compression_wrong);
    EXPECT_LT(peak.octets(), std::size_t{2} << 20) << declared;
  }
}

TEST_P(Compression, ALengthThatIsOnlyDeclaredAllocatesNothing) {
  const Octets message = repeat(500, 'a'), small = compressed(message);
  const HeapPeak peak;
  EXPECT_EQ(expansion(small, 0xffffff), Reason::certificate_compression_wrong);
  EXPECT_LT(peak.octets(), std::size_t{1} << 20);
}

INSTANTIATE_TEST_SUITE_P(Algorithms, Compression,
                         testing::Values(Algorithm::zlib, Algorithm::brotli, Algorithm::zstd),
                         [](const auto& row) { return std::string(name(row.param)); });

TEST(CompressionAlgorithm, ThatIsUnknownDoesNothing) {
  const Algorithm unknown{77};
  EXPECT_FALSE(has_compression(unknown));
  EXPECT_TRUE(compress(unknown, repeat(100, 0)).empty());
  const auto out = expand(unknown, repeat(100, 0), 100);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().reason(), Reason::certificate_compression_wrong);
}

// What an attacker may declare beside the length: a window of 16 MiB.
TEST(CompressionAlgorithm, BrotliDoesNotAllocateAWindowThatIsOnlyDeclared) {
  if (!has_compression(Algorithm::brotli)) GTEST_SKIP();
  // RFC 7932 sections 9.1 and 9.2: WBITS is 24, ISLAST 0, MNIBBLES 6, MLEN 2^24, ISUNCOMPRESSED 1.
  Octets declared = {0xcf, 0xff, 0xff, 0xff};
  append(declared, repeat(60, 0x55));
  const HeapPeak peak;
  EXPECT_FALSE(expand(Algorithm::brotli, declared, 65'536));
  EXPECT_LT(peak.octets(), std::size_t{2} << 20);
}

}  // namespace
}  // namespace sesame::test
