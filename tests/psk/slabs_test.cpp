#include "psk/keyring/slabs.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>

#include "psk/freed_memory.h"

namespace sesame::psk {
namespace {

TEST(Slabs, GiveBlocksThatDoNotOverlap) {
  Slabs slabs;
  struct Block {
    std::size_t size;
    std::uint8_t value;
  };
  std::map<std::uint8_t*, Block> blocks;
  std::mt19937 random(1);
  const auto check_and_free = [&](auto at) {
    for (std::size_t i = 0; i < at->second.size; ++i) ASSERT_EQ(at->first[i], at->second.value);
    slabs.free(at->first, at->second.size);
    blocks.erase(at);
  };
  for (int i = 0; i < 20000; ++i) {
    if (random() % 3 != 0 || blocks.empty()) {
      const std::size_t size = random() % 20 == 0 ? 1 + random() % 10000 : 1 + random() % 700;
      auto* const block = static_cast<std::uint8_t*>(slabs.allocate(size));
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(block) % 8, 0u);
      const auto value = static_cast<std::uint8_t>(random());
      std::memset(block, value, size);
      ASSERT_TRUE(blocks.emplace(block, Block{size, value}).second);
    } else {
      check_and_free(std::next(blocks.begin(), static_cast<std::ptrdiff_t>(random() % blocks.size())));
    }
  }
  while (!blocks.empty()) check_and_free(blocks.begin());
  EXPECT_EQ(slabs.used(), 0u);
}

TEST(Slabs, HaveAClassForEachSizeThatWastesLittle) {
  for (std::size_t size = 1; size <= 2048; ++size) {
    Slabs slabs;
    void* const block = slabs.allocate(size);
    EXPECT_GE(slabs.used(), size);
    EXPECT_LE(slabs.used(), size <= 512 ? size + 7 : size + size / 4);
    slabs.free(block, size);
    EXPECT_EQ(slabs.used(), 0u);
  }
}

TEST(Slabs, PutBlocksOfACacheLineIntoOne) {
  Slabs slabs;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(slabs.allocate(64)) % 64, 0u);
  }
}

TEST(Slabs, CostLittleMoreThanTheBlocks) {
  Slabs slabs;
  for (int i = 0; i < 1'000'000; ++i) slabs.allocate(56);
  EXPECT_EQ(slabs.used(), 56'000'000u);
  EXPECT_LE(slabs.held(), 60'000'000u);
}

TEST(Slabs, UseFreedMemoryAgainForAnySize) {
  Slabs slabs;
  std::size_t most = 0;
  for (std::size_t round = 0; round < 50; ++round) {
    const std::size_t size = 16 + 8 * round;
    std::vector<void*> blocks;
    for (std::size_t octets = 0; octets < 1 << 20; octets += size) blocks.push_back(slabs.allocate(size));
    for (void* block : blocks) slabs.free(block, size);
    if (round == 0) most = slabs.held();
  }
  EXPECT_LE(slabs.held(), most + most / 2);
}

#if !defined(__SANITIZE_ADDRESS__)  // which would stop at the look
TEST(Slabs, WipeWhatIsFreed) {
  Slabs slabs;
  const std::string secret(56, 'S');
  auto* const block = static_cast<char*>(slabs.allocate(secret.size()));
  slabs.allocate(secret.size());  // keeps the slab
  std::memcpy(block, secret.data(), secret.size());
  slabs.free(block, secret.size());
  for (std::size_t i = 2; i < secret.size(); ++i) EXPECT_EQ(block[i], 0);
}
#endif

TEST(Slabs, WipeLargeBlocks) {
  const std::string secret(3000, 'S');
  const test::FreedMemory freed(as_bytes(secret));
  {
    Slabs slabs;
    void* const first = slabs.allocate(secret.size());
    void* const second = slabs.allocate(secret.size());
    std::memcpy(first, secret.data(), secret.size());
    std::memcpy(second, secret.data(), secret.size());
    slabs.free(first, secret.size());
    EXPECT_EQ(freed.blocks(), 1u);
  }
  EXPECT_GE(freed.blocks(), 2u);
  EXPECT_EQ(freed.leaks(), 0u);
}

}  // namespace
}  // namespace sesame::psk
