#include <atomic>
#include <thread>

#include "session/example.h"

namespace sesame::session::test {
namespace {

TEST(MemorySessionStore, GivesASessionOnce) {
  MemorySessionStore store;
  store.put("a", numbered(1));
  ASSERT_TRUE(store.take("a", begin));
  EXPECT_FALSE(store.take("a", begin));
  EXPECT_EQ(store.size(), 0u);
}

TEST(MemorySessionStore, GivesTheNewestFirst) {
  MemorySessionStore store;
  for (std::uint32_t i = 1; i <= 3; ++i) store.put("a", numbered(i));
  for (std::uint32_t i = 3; i >= 1; --i) EXPECT_EQ(number(*store.take("a", begin)), i);
}

TEST(MemorySessionStore, KeepsKeysApart) {
  MemorySessionStore store;
  store.put("a", numbered(1));
  store.put("b", numbered(2));
  EXPECT_FALSE(store.take("c", begin));
  EXPECT_FALSE(store.take("", begin));
  EXPECT_EQ(number(*store.take("a", begin)), 1u);
  EXPECT_EQ(number(*store.take("b", begin)), 2u);
}

TEST(MemorySessionStore, GivesNothingThatHasExpiredAndForgetsIt) {
  MemorySessionStore store;
  store.put("a", numbered(1, 3h));
  store.put("a", numbered(2, 1h));
  EXPECT_EQ(number(*store.take("a", begin + 1h)), 1u);
  EXPECT_EQ(store.size(), 0u);
  store.put("a", numbered(3, 1h));
  EXPECT_FALSE(store.take("a", begin + 1h));
  EXPECT_EQ(store.size(), 0u);
  store.put("a", numbered(4, 1h));
  EXPECT_TRUE(store.take("a", begin + 1h - 1ns));
}

TEST(MemorySessionStore, HasABoundForAKeyAndForAll) {
  MemorySessionStore store(10, 3);
  for (std::uint32_t i = 0; i < 100; ++i) store.put("a", numbered(i));
  EXPECT_EQ(store.size(), 3u);
  for (std::uint32_t i = 0; i < 100; ++i) {
    store.put("key " + std::to_string(i), numbered(i));
    EXPECT_LE(store.size(), 10u);
  }
  EXPECT_FALSE(store.take("a", begin));
  EXPECT_FALSE(store.take("key 89", begin));
  for (std::uint32_t i = 90; i < 100; ++i)
    EXPECT_EQ(number(*store.take("key " + std::to_string(i), begin)), i);
}

TEST(MemorySessionStore, OfNoRoomKeepsNothing) {
  for (auto [all, per_key] : {std::pair{0, 4}, std::pair{4, 0}}) {
    MemorySessionStore store(static_cast<std::size_t>(all), static_cast<std::size_t>(per_key));
    store.put("a", numbered(1));
    EXPECT_EQ(store.size(), 0u);
    EXPECT_FALSE(store.take("a", begin));
  }
}

TEST(MemorySessionStore, GivesNoSessionToTwoThreads) {
  MemorySessionStore store(1'000'000, 1'000'000);
  constexpr std::uint32_t count = 8000;
  std::vector<std::atomic<int>> taken(count);
  std::atomic<std::uint32_t> next = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (std::uint32_t i; (i = next++) < count;) {
          store.put(i % 2 ? "odd" : "even", numbered(i));
          if (const auto s = store.take(i % 3 ? "odd" : "even", begin)) ++taken[number(*s)];
        }
      });
    }
  }
  for (const char* key : {"odd", "even"}) {
    while (const auto s = store.take(key, begin)) ++taken[number(*s)];
  }
  for (const auto& times : taken) ASSERT_EQ(times, 1);
  EXPECT_EQ(store.size(), 0u);
}

}  // namespace
}  // namespace sesame::session::test
