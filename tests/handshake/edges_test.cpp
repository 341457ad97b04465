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

TEST(Incoming, HasItsBodyBehindTheHeader) {
  const Octets whole = from_hex("14 000002 aabb");
  EXPECT_EQ(to_hex(Incoming{HandshakeType::finished, whole}.body()), "aabb");
}

}  // namespace
}  // namespace sesame::test
