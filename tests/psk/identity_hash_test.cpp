#include "psk/keyring/identity_hash.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <vector>

namespace sesame::psk {
namespace {

// The key 00 01 .. 0f and messages 00 01 02 .. of the paper's appendix A and of the authors' test vectors.
constexpr IdentityHashKey paper_key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

TEST(SipHash, GivesTheValuesOfItsAuthors) {
  std::vector<std::uint8_t> message(15);
  std::iota(message.begin(), message.end(), std::uint8_t{0});
  EXPECT_EQ((siphash<2, 4>(paper_key, {})), 0x726fdb47dd0e0e31u);
  EXPECT_EQ((siphash<2, 4>(paper_key, message)), 0xa129ca6149be45e5u);
}

TEST(IdentityHash, DependsOnEveryOctetTheLengthAndTheKey) {
  std::set<std::uint64_t> seen;
  std::vector<std::uint8_t> identity(40);
  for (std::size_t size = 0; size <= identity.size(); ++size) {
    EXPECT_TRUE(seen.insert(identity_hash(paper_key, Bytes(identity).first(size))).second) << size;
  }
  for (std::size_t i = 0; i < identity.size(); ++i) {
    identity[i] = 1;
    EXPECT_TRUE(seen.insert(identity_hash(paper_key, identity)).second) << i;
    identity[i] = 0;
  }
  EXPECT_TRUE(seen.insert(identity_hash({1, 2}, identity)).second);
}

}  // namespace
}  // namespace sesame::psk
