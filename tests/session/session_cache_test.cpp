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

// ---- identifiers of TLS 1.2 and below ----

Octets keep(SessionCache& cache, const Session& session, TimePoint now = begin) {
  const auto id = cache.new_session_id();
  EXPECT_TRUE(id);
  if (!id) return {};
  cache.keep(*id, session, now);
  return {id->begin(), id->end()};
}

Session numbered_below(std::uint16_t number, std::chrono::seconds lifetime = 2h) {
  SessionBody body = below_body();
  body.alpn = std::to_string(number);
  body.lifetime = lifetime;
  return session(std::move(body));
}

TEST(SessionIds, NameASessionForAsLongAsItLives) {
  SessionCache cache;
  EXPECT_TRUE(cache.uses_session_ids());
  const Octets id = keep(cache, session(below_body()));
  ASSERT_EQ(id.size(), 32u);
  for (int again = 0; again < 3; ++again) {
    const auto found = cache.find(id, begin + 2h - 1ns);
    ASSERT_TRUE(found);
    expect_same(*found, session(below_body()));
  }
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_FALSE(cache.find(id, begin + 2h));
  EXPECT_EQ(cache.size(), 0u) << "it is dropped";
  EXPECT_FALSE(cache.find(id, begin));
}

TEST(SessionIds, LiveForADayAtMost) {
  SessionCache cache;
  const Octets id = keep(cache, numbered_below(1, 100h));
  EXPECT_TRUE(cache.find(id, begin + 24h - 1ns));
  EXPECT_FALSE(cache.find(id, begin + 24h));
}

TEST(SessionIds, AreNewEachTime) {
  SessionCache cache;
  std::vector<Octets> ids;
  for (std::uint16_t i = 0; i < 100; ++i) {
    ids.push_back(keep(cache, numbered_below(i)));
    EXPECT_TRUE(cache.recognises(ids.back()));
  }
  EXPECT_EQ(cache.size(), 100u);
  for (std::uint16_t i = 0; i < 100; ++i) EXPECT_EQ(cache.find(ids[i], begin)->alpn(), std::to_string(i));
}

TEST(SessionIds, AndTicketsAreNotTakenForEachOther) {
  SessionCache cache;
  const Octets ticket = issue(cache, server_session()), id = keep(cache, session(below_body()));
  EXPECT_FALSE(cache.find(ticket, begin));
  EXPECT_FALSE(cache.open(id, begin));
  cache.forget(ticket);
  cache.keep(ticket, session(below_body()), begin);
  EXPECT_FALSE(cache.find(ticket, begin));
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_TRUE(cache.find(id, begin)) << "used up as a ticket";
  const auto opened = cache.open(ticket, begin);
  ASSERT_TRUE(opened) << "used up as an identifier";
  EXPECT_EQ(opened->version(), ProtocolVersion::tls13);
  EXPECT_FALSE(cache.open(ticket, begin)) << "still once only";
}

TEST(SessionIds, AreForgottenWhenTheirConnectionFailed) {
  SessionCache cache;
  const Octets first = keep(cache, numbered_below(1)), second = keep(cache, numbered_below(2));
  cache.forget(first);
  cache.forget(first);
  EXPECT_FALSE(cache.find(first, begin));
  EXPECT_TRUE(cache.find(second, begin));
  EXPECT_EQ(cache.size(), 1u);
}

TEST(SessionIds, KeptAgainReplaceTheSession) {
  SessionCache cache;
  const Octets id = keep(cache, numbered_below(1));
  cache.keep(id, numbered_below(2), begin);
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(cache.find(id, begin)->alpn(), "2");
}

TEST(SessionIds, OfOthersAreNeitherKeptNorFound) {
  SessionCache cache, other;
  const Octets foreign = keep(other, session(below_body()));
  cache.keep(foreign, session(below_body()), begin);
  EXPECT_EQ(cache.size(), 0u);
  const Octets id = keep(cache, session(below_body()));
  EXPECT_FALSE(cache.find({}, begin));
  cache.keep({}, session(below_body()), begin);
  cache.forget({});
  cache.forget(foreign);
  for (std::size_t size = 1; size < id.size(); ++size) {
    EXPECT_FALSE(cache.find(Bytes(id).first(size), begin));
    cache.keep(Bytes(id).first(size), session(below_body()), begin);
  }
  for (std::size_t i = 0; i < id.size(); ++i) {
    Octets bad = id;
    bad[i] ^= 1;
    EXPECT_FALSE(cache.find(bad, begin)) << i;
    cache.forget(bad);
  }
  EXPECT_TRUE(cache.find(id, begin));
  EXPECT_EQ(cache.size(), 1u);
}

TEST(SessionIds, ShareTheBoundWithTickets) {
  SessionCache cache(100);
  std::vector<Octets> ids;
  for (std::uint16_t i = 0; i < 500; ++i) {
    ids.push_back(keep(cache, numbered_below(i)));
    issue(cache, numbered(i));
    EXPECT_LE(cache.size(), 100u);
  }
  for (std::uint16_t i = 0; i < 500; ++i) EXPECT_EQ(cache.find(ids[i], begin).has_value(), i >= 450) << i;
  SessionCache none(0);
  EXPECT_FALSE(none.new_session_id());
  none.keep(ids[0], session(below_body()), begin);
  EXPECT_EQ(none.size(), 0u);
}

TEST(SessionIds, AreNotForAChainThatIsLong) {
  SessionCache cache;
  SessionBody body = below_body();
  body.peer_chain = {Octets(16'000, 1), Octets(384, 2)};
  EXPECT_TRUE(cache.find(keep(cache, session(std::move(body))), begin));
  body = below_body();
  body.peer_chain = {Octets(16'000, 1), Octets(385, 2)};
  EXPECT_FALSE(cache.find(keep(cache, session(std::move(body))), begin));
  EXPECT_EQ(cache.size(), 1u);
}

TEST(SessionIds, AreFoundAndForgottenByManyThreads) {
  SessionCache cache(500);
  const Octets shared = keep(cache, session(below_body()));
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (std::uint16_t i = 0; i < 1000; ++i) {
        const Octets id = keep(cache, numbered_below(i));
        if (const auto found = cache.find(id, begin)) {
          EXPECT_EQ(found->alpn(), std::to_string(i));
        }
        cache.forget(id);
        EXPECT_FALSE(cache.find(id, begin));
        EXPECT_TRUE(cache.find(shared, begin));
      }
    });
  }
  threads.clear();
  EXPECT_EQ(cache.size(), 1u);
}

TEST(TicketIssuer, GivesNoIdentifiersUnlessItSaysSo) {
  TicketKeys keys;
  EXPECT_FALSE(keys.uses_session_ids());
  EXPECT_FALSE(keys.new_session_id());
  EXPECT_FALSE(keys.find(Octets(32, 1), begin));
  keys.keep(Octets(32, 1), session(below_body()), begin);
  keys.forget(Octets(32, 1));
}

}  // namespace
}  // namespace sesame::session::test
