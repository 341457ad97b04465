#include <atomic>
#include <thread>

#include "session/example.h"

namespace sesame::session::test {
namespace {

using enum ReplayGuard::Verdict;
using Verdict = ReplayGuard::Verdict;

Octets binder(std::uint32_t n) {
  Octets octets(32, 0x77);
  for (std::size_t i = 0; i < 4; ++i) octets[28 + i] = static_cast<std::uint8_t>(n >> 8 * i);
  return octets;
}

constexpr std::chrono::milliseconds window = 10s;

// A hello whose ticket was made at `begin`, sent and stated as `stated` later.
Verdict hello(ReplayGuard& guard, std::uint32_t n, std::chrono::milliseconds stated, TimePoint now) {
  const auto found = std::chrono::floor<std::chrono::milliseconds>(now - begin);
  return guard.check_ticket(binder(n), stated, found, now);
}

TEST(ReplayGuard, KnowsATicketsHelloAgain) {
  ReplayGuard guard;
  EXPECT_EQ(hello(guard, 1, 5s, begin + 5s), fresh);
  EXPECT_EQ(hello(guard, 1, 5s, begin + 5s), replayed);
  EXPECT_EQ(hello(guard, 2, 5s, begin + 5s), fresh);
  EXPECT_EQ(guard.size(), 2u);
}

TEST(ReplayGuard, RefusesAnAgeOutsideTheWindow) {
  ReplayGuard guard;
  EXPECT_EQ(hello(guard, 1, 60s, begin + 60s - window), fresh);
  EXPECT_EQ(hello(guard, 2, 60s, begin + 60s + window), fresh);
  EXPECT_EQ(hello(guard, 3, 60s, begin + 60s - window - 1ms), stale);
  EXPECT_EQ(hello(guard, 4, 60s, begin + 60s + window + 1ms), stale);
  EXPECT_EQ(guard.size(), 2u) << "what was refused takes no room";
  EXPECT_EQ(guard.check_ticket(binder(5), 0ms, 1'000'000h, begin), stale);
  EXPECT_EQ(guard.check_ticket(binder(5), std::chrono::milliseconds(0xffffffff), 0ms, begin), stale);
}

// Replayed at any time, however early or late the first was taken: never fresh.
TEST(ReplayGuard, NeverTakesAHelloTwice) {
  for (const auto first : {-10s, -1s, 0s, 9s, 10s}) {
    ReplayGuard guard;
    const TimePoint sent = begin + 60s;
    ASSERT_EQ(hello(guard, 1, 60s, sent + first), fresh);
    for (std::chrono::microseconds later(0); later < 25s; later += 997us) {
      const TimePoint now = sent + first + later;
      // Others come as well, so that what has expired is purged.
      if (later.count() % 17 == 0)
        static_cast<void>(hello(guard, static_cast<std::uint32_t>(later.count()),
                                std::chrono::floor<std::chrono::milliseconds>(now - begin), now));
      ASSERT_NE(hello(guard, 1, 60s, now), fresh) << later.count();
    }
  }
}

TEST(ReplayGuard, ForgetsWhatCannotComeAgain) {
  ReplayGuard guard;
  for (std::uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(hello(guard, i, 1s, begin + 1s), fresh);
  EXPECT_EQ(guard.size(), 1000u);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(hello(guard, 1000 + i, 60s, begin + 60s), fresh);
  }
  EXPECT_EQ(guard.size(), 1000u);
}

TEST(ReplayGuard, RefusesWhenItIsFullAndEvictsNothing) {
  ReplayGuardOptions options;
  options.records = 100;
  ReplayGuard guard(options);
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_EQ(hello(guard, i, 1s, begin + 1s), fresh);
  for (std::uint32_t i = 100; i < 200; ++i) ASSERT_EQ(hello(guard, i, 1s, begin + 1s), full);
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_EQ(hello(guard, i, 1s, begin + 1s), replayed);
  EXPECT_EQ(guard.size(), 100u);
  EXPECT_EQ(hello(guard, 100, 30s, begin + 30s), fresh) << "the first have expired";
}

// A clock that went forward has what is remembered expire; when it comes back nothing is fresh again.
TEST(ReplayGuard, IsNotFooledByAClockThatComesBack) {
  ReplayGuard guard;
  ASSERT_EQ(hello(guard, 1, 5s, begin + 5s), fresh);
  ASSERT_EQ(guard.check_external(binder(2), begin + 1000h, begin + 2000h, begin + 1500h), not_whole);
  for (std::uint32_t i = 10; i < 40; ++i) ASSERT_EQ(hello(guard, i, 24h, begin + 24h), fresh);
  EXPECT_EQ(guard.size(), 30u);
  EXPECT_EQ(hello(guard, 1, 5s, begin + 5s), stale);
  EXPECT_EQ(hello(guard, 1, 5s, begin + 15s), stale);
}

TEST(ReplayGuard, KnowsAnExternalKeysHelloAgainUntilTheKeyEnds) {
  ReplayGuard guard({}, begin);
  const TimePoint not_before = begin + 1h, not_after = begin + 1000h;
  EXPECT_EQ(guard.check_external(binder(1), not_before, not_after, begin + 2h), fresh);
  EXPECT_EQ(guard.check_external(binder(1), not_before, not_after, begin + 2h), replayed);
  EXPECT_EQ(guard.check_external(binder(1), not_before, not_after, not_after - 1ns), replayed);
  EXPECT_EQ(guard.check_external(binder(1), not_before, not_after, not_after), not_whole);
  EXPECT_EQ(guard.size(), 1u);
}

TEST(ReplayGuard, KnowsAnExternalKeyWithoutAnEndForEver) {
  ReplayGuard guard({}, begin);
  EXPECT_EQ(guard.check_external(binder(1), begin, {}, begin), fresh);
  EXPECT_EQ(guard.check_external(binder(2), begin, {}, TimePoint::max()), fresh);
  EXPECT_EQ(guard.check_external(binder(1), begin, {}, TimePoint::max()), replayed);
}

TEST(ReplayGuard, DoesNotTrustAKeyThatIsOlderThanItself) {
  ReplayGuard guard({}, begin);
  EXPECT_EQ(guard.check_external(binder(1), {}, begin + 1h, begin), not_whole);
  EXPECT_EQ(guard.check_external(binder(1), begin - 1ns, begin + 1h, begin), not_whole);
  EXPECT_EQ(guard.check_external(binder(1), begin, begin + 1h, begin), fresh);
  EXPECT_EQ(guard.size(), 1u);
  ReplayGuardOptions options;
  options.external_keys_are_new = true;
  ReplayGuard told(options, begin);
  EXPECT_EQ(told.check_external(binder(1), {}, {}, begin), fresh);
  EXPECT_EQ(told.check_external(binder(1), {}, {}, begin), replayed);
}

TEST(ReplayGuard, FullOfExternalKeysRefusesUntilTheyEnd) {
  ReplayGuardOptions options;
  options.records = 10;
  ReplayGuard guard(options, begin);
  for (std::uint32_t i = 0; i < 10; ++i) {
    ASSERT_EQ(guard.check_external(binder(i), begin, begin + 10h, begin), fresh);
  }
  EXPECT_EQ(guard.check_external(binder(11), begin, begin + 10h, begin + 9h), full);
  EXPECT_EQ(hello(guard, 12, 9h, begin + 9h), full);
  EXPECT_EQ(guard.check_external(binder(11), begin, begin + 20h, begin + 11h), fresh);
}

TEST(ReplayGuard, OfNoRoomTakesNothing) {
  ReplayGuardOptions options;
  options.records = 0;
  ReplayGuard guard(options);
  EXPECT_EQ(hello(guard, 1, 1s, begin + 1s), full);
}

TEST(ReplayGuard, TakesAHelloFromOneOfManyThreads) {
  ReplayGuard guard;
  constexpr std::uint32_t count = 3000;
  std::vector<std::atomic<int>> taken(count);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (std::uint32_t i = 0; i < count; ++i) {
          if (hello(guard, i, 1s, begin + 1s) == fresh) ++taken[i];
        }
      });
    }
  }
  for (const auto& times : taken) ASSERT_EQ(times, 1);
}

}  // namespace
}  // namespace sesame::session::test
