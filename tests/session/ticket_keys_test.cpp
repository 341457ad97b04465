#include <atomic>
#include <set>
#include <thread>

#include "session/example.h"

namespace sesame::session::test {
namespace {

Octets issue(TicketKeys& keys, TimePoint now = begin, const Session& session = server_session()) {
  auto ticket = keys.issue(session, now);
  EXPECT_TRUE(ticket);
  return ticket ? *ticket : Octets();
}

// The names of keys stand in front of the tickets.
std::string name_in(const Octets& ticket) { return std::string(as_text(Bytes(ticket).first(16))); }

TicketKeys::Key key(std::uint8_t name, std::uint8_t value) {
  TicketKeys::Key k;
  k.name.fill(name);
  k.key.fill(value);
  return k;
}

// A session that lives longer than the keys do.
Session lasting() { return numbered(7, max_ticket_lifetime); }

TEST(TicketKeys, OpensWhatItIssued) {
  TicketKeys keys;
  EXPECT_FALSE(keys.is_single_use());
  for (const Session& s : {server_session(), session(client_body()), session(below_body())}) {
    const Octets ticket = issue(keys, begin, s);
    EXPECT_TRUE(keys.recognises(ticket));
    for (int i = 0; i < 2; ++i) {
      const auto opened = keys.open(ticket, begin);
      ASSERT_TRUE(opened);
      expect_same(*opened, s);
    }
  }
}

TEST(TicketKeys, SealsWithANonceOfItsOwn) {
  TicketKeys keys;
  std::set<Octets> nonces;
  for (int i = 0; i < 1000; ++i) {
    const Octets ticket = issue(keys);
    nonces.insert({ticket.begin() + 16, ticket.begin() + 28});
  }
  EXPECT_EQ(nonces.size(), 1000u);
}

TEST(TicketKeys, ShowsNothingOfTheSession) {
  TicketKeys keys;
  const Octets ticket = issue(keys);
  EXPECT_EQ(as_text(ticket).find("server.example"), std::string_view::npos);
  EXPECT_EQ(as_text(ticket).find("ZZZZ"), std::string_view::npos);  // the secret
}

TEST(TicketKeys, OpensNothingThatWasTamperedWith) {
  TicketKeys keys;
  const Octets ticket = issue(keys);
  for (std::size_t i = 0; i < ticket.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      Octets bad = ticket;
      bad[i] = static_cast<std::uint8_t>(bad[i] ^ 1u << bit);
      EXPECT_FALSE(keys.open(bad, begin)) << i;
      EXPECT_EQ(keys.recognises(bad), i >= 16) << i;
    }
  }
  for (std::size_t size = 0; size < ticket.size(); ++size) {
    EXPECT_FALSE(keys.open(Bytes(ticket).first(size), begin)) << size;
  }
  EXPECT_FALSE(keys.recognises({}));
  EXPECT_FALSE(keys.recognises(Bytes(ticket).first(44)));  // header and tag, and nothing in it
  Octets longer = ticket;
  longer.push_back(0);
  EXPECT_FALSE(keys.open(longer, begin));
  longer.resize(70'000);
  EXPECT_FALSE(keys.open(longer, begin));
  EXPECT_TRUE(keys.open(ticket, begin));
}

TEST(TicketKeys, OpensNothingOfAnotherServer) {
  TicketKeys keys, other;
  const Octets ticket = issue(keys);
  issue(other);
  EXPECT_FALSE(other.recognises(ticket));
  EXPECT_FALSE(other.open(ticket, begin));
}

TEST(TicketKeys, OpensNothingThatHasExpired) {
  TicketKeys keys({0s});
  const Octets ticket = issue(keys);  // lives for 2 hours
  EXPECT_TRUE(keys.open(ticket, begin + 2h - 1ns));
  EXPECT_FALSE(keys.open(ticket, begin + 2h));
}

TEST(TicketKeys, RotatesByTimeWithOverlap) {
  TicketKeys keys({1h});
  const Octets a = issue(keys, begin, lasting());
  const Octets b = issue(keys, begin + 1h - 1ns, lasting());
  EXPECT_EQ(name_in(a), name_in(b));
  const Octets c = issue(keys, begin + 1h, lasting());
  EXPECT_NE(name_in(a), name_in(c));
  // The old key opens for one hour more, and then no longer.
  EXPECT_TRUE(keys.open(a, begin + 2h - 1ns));
  EXPECT_FALSE(keys.open(a, begin + 2h));
  EXPECT_TRUE(keys.open(c, begin + 2h));
  issue(keys, begin + 2h, lasting());
  EXPECT_FALSE(keys.recognises(a)) << "gone, not only refused";
  EXPECT_TRUE(keys.recognises(c));
}

TEST(TicketKeys, OpensNothingAfterALongSilence) {
  TicketKeys keys({1h});
  const Octets a = issue(keys, begin, lasting());
  EXPECT_FALSE(keys.open(a, begin + 24h));
  EXPECT_NE(name_in(issue(keys, begin + 24h, lasting())), name_in(a));
}

TEST(TicketKeys, RotatesWhenItIsTold) {
  TicketKeys keys({1h});
  const Octets a = issue(keys, begin, lasting());
  ASSERT_TRUE(keys.rotate());
  const Octets b = issue(keys, begin + 1min, lasting());
  EXPECT_NE(name_in(a), name_in(b));
  EXPECT_TRUE(keys.open(a, begin + 1min));
  EXPECT_TRUE(keys.open(b, begin + 1min));
  EXPECT_EQ(name_in(issue(keys, begin + 61min - 1ns)), name_in(b)) << "its hour began when it was used";
  EXPECT_NE(name_in(issue(keys, begin + 61min)), name_in(b));
}

TEST(TicketKeys, WithoutATimeKeepsOneKeyBefore) {
  TicketKeys keys({0s});
  const Octets a = issue(keys, begin, lasting());
  EXPECT_EQ(name_in(issue(keys, begin + 100h)), name_in(a));
  ASSERT_TRUE(keys.rotate());
  EXPECT_TRUE(keys.open(a, begin + 100h));
  ASSERT_TRUE(keys.rotate());
  EXPECT_FALSE(keys.open(a, begin + 100h));
}

TEST(TicketKeys, HasABoundOnItsKeys) {
  TicketKeys keys({1h});
  std::vector<Octets> tickets;
  for (int i = 0; i < 100; ++i) {
    tickets.push_back(issue(keys));
    ASSERT_TRUE(keys.rotate());
  }
  int opened = 0;
  for (const Octets& ticket : tickets) opened += keys.open(ticket, begin) ? 1 : 0;
  EXPECT_EQ(opened, 15);  // 16 keys, of which one has sealed nothing
}

TEST(TicketKeys, TakesTheApplicationsKeys) {
  TicketKeys one, two;
  const Octets before = issue(one);
  const TicketKeys::Key first[] = {key(1, 1)}, second[] = {key(2, 2), key(1, 1)};
  ASSERT_TRUE(one.set(first));
  ASSERT_TRUE(two.set(second));
  EXPECT_FALSE(one.open(before, begin)) << "set() replaces what was there";
  const Octets a = issue(one), b = issue(two);
  EXPECT_EQ(name_in(a), std::string(16, 1));
  EXPECT_EQ(name_in(b), std::string(16, 2));
  EXPECT_TRUE(two.open(a, begin));
  EXPECT_FALSE(one.open(b, begin));
}

TEST(TicketKeys, OfTheApplicationDoNotRotateByTime) {
  TicketKeys keys({1h});
  const TicketKeys::Key mine[] = {key(1, 1)};
  ASSERT_TRUE(keys.set(mine));
  const Octets a = issue(keys, begin, lasting());
  EXPECT_EQ(name_in(issue(keys, begin + 50h, lasting())), name_in(a));
  EXPECT_TRUE(keys.open(a, begin + 50h));
  ASSERT_TRUE(keys.rotate());
  const Octets b = issue(keys, begin + 50h, lasting());
  EXPECT_NE(name_in(b), name_in(a));
  EXPECT_TRUE(keys.open(a, begin + 60h));
  EXPECT_EQ(name_in(issue(keys, begin + 100h, lasting())), name_in(b));
}

TEST(TicketKeys, RefusesSetsThatCannotWork) {
  TicketKeys keys;
  const TicketKeys::Key twice[] = {key(1, 1), key(1, 2)};
  std::vector<TicketKeys::Key> many;
  for (std::uint8_t i = 0; i < 17; ++i) many.push_back(key(i, i));
  const Octets ticket = issue(keys);
  for (std::span<const TicketKeys::Key> bad :
       {std::span<const TicketKeys::Key>(), std::span<const TicketKeys::Key>(twice),
        std::span<const TicketKeys::Key>(many)}) {
    const auto refused = keys.set(bad);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason(), Reason::invalid_argument);
  }
  EXPECT_TRUE(keys.open(ticket, begin)) << "what was there is still there";
  EXPECT_TRUE(keys.set(std::span(many).first(16)));
}

TEST(TicketKeys, RefusesASessionThatDoesNotFit) {
  TicketKeys keys;
  SessionBody body = client_body();
  body.peer_chain = {Octets(65'400, 1)};
  const auto refused = keys.issue(session(std::move(body)), begin);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason(), Reason::message_too_long);
}

// A key that comes and goes while tickets are made and opened: whatever is opened is what was sealed.
TEST(TicketKeys, ServesManyThreadsWhileItRotates) {
  TicketKeys keys({1h});
  std::atomic<std::uint32_t> opened = 0, wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (std::uint32_t i = 0; i < 1500; ++i) {
          const TimePoint now = begin + i * 1min;
          SessionBody body = server_body();
          body.age_add = t * 10'000 + i;
          body.issued = now;
          const auto ticket = keys.issue(session(std::move(body)), now);
          if (!ticket) {
            ++wrong;
            continue;
          }
          // The threads are not equally far, so that a key may be too old for one of them already.
          if (const auto s = keys.open(*ticket, now)) {
            ++opened;
            if (number(*s) != t * 10'000 + i) ++wrong;
          }
        }
      });
    }
  }
  EXPECT_GT(opened, 1000u);
  EXPECT_EQ(wrong, 0u);
}

}  // namespace
}  // namespace sesame::session::test
