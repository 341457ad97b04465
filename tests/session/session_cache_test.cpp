#include <atomic>
#include <thread>

#include "session/example.h"

namespace sesame::session::test {
namespace {

Octets issue(SessionCache& cache, const Session& session, TimePoint now = begin) {
  auto ticket = cache.issue(session, now);
  EXPECT_TRUE(ticket);
  return ticket ? *ticket : Octets();
}

TEST(SessionCache, GivesASessionOnce) {
  SessionCache cache;
  EXPECT_TRUE(cache.is_single_use());
  const Octets ticket = issue(cache, server_session());
  EXPECT_EQ(ticket.size(), 32u);
  EXPECT_TRUE(cache.recognises(ticket));
  const auto opened = cache.open(ticket, begin);
  ASSERT_TRUE(opened);
  expect_same(*opened, server_session());
  EXPECT_FALSE(cache.open(ticket, begin));
  EXPECT_EQ(cache.size(), 0u);
}

TEST(SessionCache, TicketsSayNothingAndDiffer) {
  SessionCache cache;
  const Octets first = issue(cache, server_session()), second = issue(cache, server_session());
  EXPECT_TRUE(std::equal(first.begin(), first.begin() + 16, second.begin()));
  EXPECT_FALSE(std::equal(first.begin() + 16, first.end(), second.begin() + 16));
}

TEST(SessionCache, RecognisesItsOwnFormOnly) {
  SessionCache cache, other;
  Octets ticket = issue(cache, server_session());
  EXPECT_FALSE(other.recognises(ticket));
  EXPECT_FALSE(other.open(ticket, begin));
  EXPECT_FALSE(cache.recognises({}));
  EXPECT_FALSE(cache.recognises(Bytes(ticket).first(31)));
  EXPECT_FALSE(cache.recognises(Bytes(ticket).first(16)));
  Octets longer = ticket;
  longer.push_back(0);
  EXPECT_FALSE(cache.recognises(longer));
  EXPECT_FALSE(cache.open(longer, begin));
  for (std::size_t i = 0; i < ticket.size(); ++i) {
    Octets bad = ticket;
    bad[i] ^= 1;
    EXPECT_EQ(cache.recognises(bad), i >= 16) << i;
    EXPECT_FALSE(cache.open(bad, begin)) << i;
  }
  EXPECT_TRUE(cache.open(ticket, begin)) << "the others used it up";
}

TEST(SessionCache, TakesNoChainThatIsLong) {
  SessionCache cache;
  SessionBody body = server_body();
  body.peer_chain = {Octets(16'000, 1), Octets(384, 2)};
  EXPECT_TRUE(cache.issue(session(std::move(body)), begin));
  body = server_body();
  body.peer_chain = {Octets(16'000, 1), Octets(385, 2)};
  EXPECT_EQ(cache.issue(session(std::move(body)), begin).error().reason(), Reason::invalid_argument);
  EXPECT_EQ(cache.size(), 1u);
}

TEST(SessionCache, GivesNothingThatHasExpired) {
  SessionCache cache;
  const Octets a = issue(cache, numbered(1, 1h)), b = issue(cache, numbered(2, 1h));
  EXPECT_TRUE(cache.open(a, begin + 1h - 1ns));
  EXPECT_FALSE(cache.open(b, begin + 1h));
  EXPECT_EQ(cache.size(), 0u);
}

TEST(SessionCache, PurgesWhatHasExpired) {
  SessionCache cache;
  for (std::uint32_t i = 0; i < 1000; ++i) issue(cache, numbered(i, 1h));
  EXPECT_EQ(cache.size(), 1000u);
  issue(cache, numbered(1, 3h), begin + 1h);
  EXPECT_EQ(cache.size(), 1u);
}

TEST(SessionCache, HasABoundAndTheOldestGoesFirst) {
  SessionCache cache(100);
  std::vector<Octets> tickets;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    tickets.push_back(issue(cache, numbered(i)));
    EXPECT_LE(cache.size(), 100u);
  }
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const auto opened = cache.open(tickets[i], begin);
    ASSERT_EQ(opened.has_value(), i >= 900) << i;
    if (opened) {
      EXPECT_EQ(number(*opened), i);
    }
  }
}

// Others had a cache that grew with whatever was asked of it.
TEST(SessionCache, DoesNotGrowByLookUps) {
  SessionCache cache;
  Octets ticket = issue(cache, server_session());
  for (unsigned i = 1; i < 10'000; ++i) {
    Octets unknown = ticket;
    unknown[20] = static_cast<std::uint8_t>(unknown[20] ^ i);
    unknown[21] = static_cast<std::uint8_t>(unknown[21] ^ (i >> 8));
    EXPECT_FALSE(cache.open(unknown, begin));
  }
  EXPECT_EQ(cache.size(), 1u);
}

TEST(SessionCache, OfNoRoomGivesNoTicket) {
  SessionCache cache(0);
  EXPECT_FALSE(cache.issue(server_session(), begin));
  EXPECT_EQ(cache.size(), 0u);
}

TEST(SessionCache, GivesNoSessionToTwoThreads) {
  SessionCache cache;
  constexpr std::uint32_t count = 2000;
  std::vector<Octets> tickets;
  for (std::uint32_t i = 0; i < count; ++i) tickets.push_back(issue(cache, numbered(i)));
  std::vector<std::atomic<int>> opened(count);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (const Octets& ticket : tickets) {
          if (const auto s = cache.open(ticket, begin)) ++opened[number(*s)];
          if (const auto more = cache.issue(server_session(), begin))
            static_cast<void>(cache.open(*more, begin));
        }
      });
    }
  }
  for (const auto& times : opened) ASSERT_EQ(times, 1);
  EXPECT_EQ(cache.size(), 0u);
}

}  // namespace
}  // namespace sesame::session::test
