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

// Of TLS 1.2 a session is used again and again, and comes back as often.
TEST(MemorySessionStore, KeepsWhatComesBackOnce) {
  MemorySessionStore store;
  SessionBody by_id = below_body(), by_ticket = below_body();
  by_id.session_id = Octets(32, 1);
  by_ticket.ticket = Octets(100, 2);
  for (auto* body : {&by_id, &by_ticket}) {
    const Session s = session(std::move(*body));
    for (int again = 0; again < 3; ++again) {
      store.put("a", s);
      store.put("a", *Session::deserialize(s.serialize()));
      EXPECT_EQ(store.size(), 1u);
      const auto taken = store.take("a", begin);
      ASSERT_TRUE(taken);
      expect_same(*taken, s);
      EXPECT_EQ(store.size(), 0u);
    }
  }
}

TEST(MemorySessionStore, KeepsTheNewerOfTwoOfOneNameAndOthersBeside) {
  MemorySessionStore store(10, 3);
  for (std::uint8_t i = 1; i <= 3; ++i) {
    SessionBody body = below_body();
    body.session_id = Octets(32, i);
    store.put("a", session(std::move(body)));
  }
  SessionBody renewed = below_body();
  renewed.session_id = Octets(32, 1);
  renewed.alpn = "renewed";
  store.put("a", session(std::move(renewed)));
  EXPECT_EQ(store.size(), 3u);
  EXPECT_EQ(store.take("a", begin)->alpn(), "renewed");
  store.put("b", server_session());
  store.put("c", server_session());
  EXPECT_TRUE(store.take("b", begin)) << "they are of another key";
  EXPECT_TRUE(store.take("c", begin));
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
