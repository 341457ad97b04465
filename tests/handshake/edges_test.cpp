#include "handshake/edges.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/hex.h"

namespace sesame::test {
namespace {

using handshake::Incoming;
using handshake::States;
using message::HandshakeType;

enum class State : std::uint8_t { A, B, C, D, last = 31 };
using enum State;

// A machine that goes where the test says, whatever its table has.
struct Machine {
  Expected<State> next = A;
  int runs = 0;
};
using Edge = handshake::Edge<Machine, State>;

Expected<State> run(Machine& machine, const Incoming&) {
  ++machine.runs;
  return machine.next;
}

constexpr Edge good[] = {
    {A, HandshakeType::client_hello, {A, B}, run},
    {B, HandshakeType::finished, {C}, run},
    {C, HandshakeType::key_update, {C}, run},
};
static_assert(handshake::is_deterministic(good));
static_assert(handshake::is_reachable(good, A, C));

// What the static_asserts beside the real tables have to see: each table is broken in one way.
constexpr Edge two_rows_for_a_message[] = {
    {A, HandshakeType::client_hello, {B}, run},
    {B, HandshakeType::finished, {C}, run},
    {A, HandshakeType::client_hello, {C}, run},
};
static_assert(!handshake::is_deterministic(two_rows_for_a_message));
static_assert(handshake::is_reachable(two_rows_for_a_message, A, C));

constexpr Edge a_state_without_a_way_in[] = {
    {A, HandshakeType::client_hello, {B}, run},
    {B, HandshakeType::finished, {C}, run},
    {D, HandshakeType::key_update, {C}, run},
};
static_assert(handshake::is_deterministic(a_state_without_a_way_in));
static_assert(!handshake::is_reachable(a_state_without_a_way_in, A, C));

constexpr Edge an_end_without_a_way_in[] = {
    {A, HandshakeType::client_hello, {B}, run},
    {B, HandshakeType::finished, {A}, run},
};
static_assert(!handshake::is_reachable(an_end_without_a_way_in, A, C));

constexpr Edge a_circle_apart[] = {
    {A, HandshakeType::client_hello, {B}, run},
    {C, HandshakeType::finished, {D}, run},
    {D, HandshakeType::finished, {C}, run},
};
static_assert(!handshake::is_reachable(a_circle_apart, A, B));

// Rows may stand in any order: reaching them takes several rounds.
constexpr Edge in_reverse[] = {
    {C, HandshakeType::key_update, {D}, run},
    {B, HandshakeType::finished, {C}, run},
    {A, HandshakeType::client_hello, {B}, run},
};
static_assert(handshake::is_reachable(in_reverse, A, D));

static_assert(States<State>{A, last}.has(A) && States<State>{A, last}.has(last) &&
              !States<State>{A, last}.has(B));

std::optional<Reason> reason_of(const Expected<State>& next) {
  return next ? std::nullopt : std::optional(next.error().reason());
}

Expected<State> step(Machine& machine, State state, HandshakeType type) {
  const Octets whole = {static_cast<std::uint8_t>(type), 0, 0, 0};
  return handshake::step<Machine, State>(good, machine, state, Incoming{type, whole});
}

TEST(Edges, ARowGoesWhereItsHandlerSays) {
  Machine machine;
  for (const State next : {A, B}) {
    machine.next = next;
    EXPECT_EQ(step(machine, A, HandshakeType::client_hello), next);
  }
  EXPECT_EQ(machine.runs, 2);
}

TEST(Edges, EveryPairThatIsNoRowIsUnexpectedAndRunsNothing) {
  Machine machine;
  int rows = 0;
  for (const State state : {A, B, C, D, last}) {
    for (int type = 0; type < 256; ++type) {
      const auto on = static_cast<HandshakeType>(type);
      const bool is_row =
          std::ranges::any_of(good, [&](const Edge& e) { return e.from == state && e.on == on; });
      rows += is_row;
      if (is_row) continue;
      EXPECT_EQ(reason_of(step(machine, state, on)), Reason::unexpected_message);
    }
  }
  EXPECT_EQ(rows, 3);
  EXPECT_EQ(machine.runs, 0);
}

TEST(Edges, AHandlerThatLeavesItsRowIsAnInternalError) {
  Machine machine;
  for (const State next : {C, D, last}) {
    machine.next = next;
    const auto result = step(machine, A, HandshakeType::client_hello);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().reason(), Reason::internal_error);
    EXPECT_EQ(result.error().alert(), Alert::internal_error);
  }
}

TEST(Edges, AHandlersErrorIsPassedOn) {
  Machine machine{fail(Reason::finished_mismatch)};
  EXPECT_EQ(reason_of(step(machine, B, HandshakeType::finished)), Reason::finished_mismatch);
}

// ---- guarded rows ----

struct Guarded {
  Expected<State> next = B;
  handshake::Facts now = 0;
  handshake::Facts facts() const noexcept { return now; }
};
using GuardedEdge = handshake::Edge<Guarded, State>;

template <State where>
Expected<State> go(Guarded& machine, const Incoming&) {
  if (!machine.next) return machine.next;
  return where;
}

enum Fact : handshake::Facts { secret = 1, ticket = 2, old_version = 4, all_facts = 7 };

// finished: where `secret` and `ticket` hold it goes to C, where `secret` does not to D, otherwise nowhere.
// key_update: everywhere but in `old_version`. client_hello: whatever holds.
constexpr GuardedEdge guarded[] = {
    {A, HandshakeType::client_hello, {B}, go<B>},
    {B, HandshakeType::finished, {C}, go<C>, secret | ticket},
    {B, HandshakeType::finished, {D}, go<D>, 0, secret},
    {B, HandshakeType::key_update, {B}, go<B>, 0, old_version},
};
static_assert(handshake::is_deterministic(guarded));
static_assert(handshake::is_reachable(guarded, A, C) && handshake::is_reachable(guarded, A, D));

constexpr GuardedEdge guards_that_may_both_hold[] = {
    {B, HandshakeType::finished, {C}, go<C>, secret},
    {B, HandshakeType::finished, {D}, go<D>, ticket},
};
static_assert(!handshake::is_deterministic(guards_that_may_both_hold));

constexpr GuardedEdge guards_that_exclude_a_third[] = {
    {B, HandshakeType::finished, {C}, go<C>, secret, old_version},
    {B, HandshakeType::finished, {D}, go<D>, ticket, old_version},
};
static_assert(!handshake::is_deterministic(guards_that_exclude_a_third));

constexpr GuardedEdge a_guard_beside_none[] = {
    {B, HandshakeType::finished, {C}, go<C>, secret},
    {B, HandshakeType::finished, {D}, go<D>},
};
static_assert(!handshake::is_deterministic(a_guard_beside_none));

constexpr GuardedEdge a_row_that_never_stands[] = {
    {B, HandshakeType::finished, {C}, go<C>, secret | ticket, ticket},
};
static_assert(!handshake::is_deterministic(a_row_that_never_stands));

constexpr GuardedEdge guards_of_other_messages_and_states[] = {
    {A, HandshakeType::finished, {B}, go<B>, secret},
    {B, HandshakeType::finished, {C}, go<C>, secret},
    {B, HandshakeType::key_update, {C}, go<C>, secret},
};
static_assert(handshake::is_deterministic(guards_of_other_messages_and_states));

Expected<State> step(Guarded& machine, State state, HandshakeType type) {
  const Octets whole = {static_cast<std::uint8_t>(type), 0, 0, 0};
  return handshake::step<Guarded, State>(guarded, machine, state, Incoming{type, whole});
}

// What the table above says, in words of its own; nullopt: there is no such row.
std::optional<State> expected_of(State state, HandshakeType type, handshake::Facts facts) {
  if (state == A && type == HandshakeType::client_hello) return B;
  if (state != B) return std::nullopt;
  if (type == HandshakeType::key_update && (facts & old_version) == 0) return B;
  if (type != HandshakeType::finished) return std::nullopt;
  if ((facts & secret) == 0) return D;
  return (facts & ticket) != 0 ? std::optional(C) : std::nullopt;
}

TEST(GuardedEdges, AreThereOnlyWhereTheirFactsHold) {
  for (handshake::Facts facts = 0; facts <= all_facts; ++facts) {
    Guarded machine{.now = facts};
    for (const State state : {A, B, C, D, last}) {
      for (int number = 0; number < 256; ++number) {
        const auto type = static_cast<HandshakeType>(number);
        const auto expected = expected_of(state, type, facts);
        EXPECT_EQ((handshake::has_edge<Guarded, State>(guarded, state, type, facts)), expected.has_value());
        const auto next = step(machine, state, type);
        if (expected) {
          EXPECT_EQ(next, *expected) << facts;
        } else {
          EXPECT_EQ(reason_of(next), Reason::unexpected_message) << facts;
        }
      }
    }
  }
}

TEST(GuardedEdges, LookAtTheFactsWhenTheMessageArrives) {
  Guarded machine;
  EXPECT_EQ(step(machine, B, HandshakeType::finished), D);
  machine.now = secret;
  EXPECT_EQ(reason_of(step(machine, B, HandshakeType::finished)), Reason::unexpected_message);
  machine.now = secret | ticket;
  EXPECT_EQ(step(machine, B, HandshakeType::finished), C);
  machine.now = 0;
  EXPECT_EQ(step(machine, B, HandshakeType::finished), D);
}

TEST(GuardedEdges, StandWithoutFactsWhereTheyNeedNone) {
  // A machine that knows no facts has those that are not guarded, or that exclude some.
  EXPECT_EQ(handshake::facts_of(Machine()), 0u);
  EXPECT_TRUE((handshake::has_edge<Guarded, State>(guarded, A, HandshakeType::client_hello)));
  EXPECT_TRUE((handshake::has_edge<Guarded, State>(guarded, B, HandshakeType::key_update)));
}

TEST(Incoming, HasItsBodyBehindTheHeader) {
  const Octets whole = from_hex("14 000002 aabb");
  EXPECT_EQ(to_hex(Incoming{HandshakeType::finished, whole}.body()), "aabb");
}

}  // namespace
}  // namespace sesame::test
