// What belongs in this room: what every version's handshake shares. Here: the checked table of its order.
//
// A row says: in this state, on this message, run this handler, which may go to these states. Any pair that
// is not a row is unexpected_message; a handler that leaves its listed states is internal_error. The tables
// stand in tls13/ and tls12/ with static_asserts that they are deterministic and that every state is reached.
//
// A row may be guarded by facts about the connection that are looked at when the message arrives: where they
// do not hold the row does not exist. Two rows of one state and message exclude each other by a fact, so that
// the table is deterministic whatever is true.
#pragma once

#include <sesame/bytes.h>
#include <sesame/error.h>

#include <cstdint>
#include <initializer_list>
#include <span>

#include "message/handshake_type.h"

namespace sesame::handshake {

/// A handshake message that is complete; views of the record or of the joiner.
struct Incoming {
  message::HandshakeType type{};
  Bytes whole;  ///< with its header: what goes into the transcript
  Bytes body() const noexcept { return whole.subspan(message::handshake_header_size); }
  bool ends_record = true;  ///< no octet of another message behind it
};

template <class State>
class States {
 public:
  constexpr States(std::initializer_list<State> states) {
    for (const State state : states) bits_ |= 1u << static_cast<unsigned>(state);
  }
  constexpr bool has(State state) const { return (bits_ >> static_cast<unsigned>(state) & 1) != 0; }
  constexpr std::uint32_t bits() const { return bits_; }

 private:
  std::uint32_t bits_ = 0;
};

/// Facts about a connection, one bit each; which, its machine says.
using Facts = std::uint32_t;

template <class Machine, class StateType>
struct Edge {
  using State = StateType;
  State from;
  message::HandshakeType on;
  States<State> to;
  Expected<State> (*run)(Machine&, const Incoming&);
  Facts needed = 0;    ///< all of them have to hold
  Facts excluded = 0;  ///< and none of these

  constexpr bool stands(Facts facts) const noexcept {
    return (facts & needed) == needed && (facts & excluded) == 0;
  }
};

/// No state has two rows for a message that could both stand.
constexpr bool is_deterministic(const auto& table) {
  for (const auto& a : table) {
    if ((a.needed & a.excluded) != 0) return false;  // it never stands
    for (const auto& b : table) {
      const bool exclusive = (a.needed & b.excluded) != 0 || (b.needed & a.excluded) != 0;
      if (&a != &b && a.from == b.from && a.on == b.on && !exclusive) return false;
    }
  }
  return true;
}

/// From `start`, every state that a row begins in is reached, and so is `end`.
template <class State>
constexpr bool is_reachable(const auto& table, State start, State end) {
  std::uint32_t seen = 1u << static_cast<unsigned>(start);
  for (std::size_t round = 0; round <= std::size(table); ++round) {
    for (const auto& edge : table) {
      if ((seen >> static_cast<unsigned>(edge.from) & 1) != 0) seen |= edge.to.bits();
    }
  }
  for (const auto& edge : table) {
    if ((seen >> static_cast<unsigned>(edge.from) & 1) == 0) return false;
  }
  return (seen >> static_cast<unsigned>(end) & 1) != 0;
}

/// What is true of a machine now; of one without guarded rows nothing has to be known.
template <class Machine>
Facts facts_of(const Machine& machine) noexcept {
  if constexpr (requires { machine.facts(); }) {
    return machine.facts();
  } else {
    return 0;
  }
}

/// Whether the table has a row for `type` in `state` that stands.
template <class Machine, class State>
bool has_edge(std::span<const Edge<Machine, State>> table, State state, message::HandshakeType type,
              Facts facts = 0) noexcept {
  for (const auto& edge : table) {
    if (edge.from == state && edge.on == type && edge.stands(facts)) return true;
  }
  return false;
}

/// One message through the table.
template <class Machine, class State>
Expected<State> step(std::span<const Edge<Machine, State>> table, Machine& machine, State state,
                     const Incoming& message) {
  const Facts facts = facts_of(machine);
  for (const auto& edge : table) {
    if (edge.from != state || edge.on != message.type || !edge.stands(facts)) continue;
    Expected<State> next = edge.run(machine, message);
    if (next && !edge.to.has(*next))
      return fail(Reason::internal_error, "a handler left the handshake's diagram");
    return next;
  }
  return fail(Reason::unexpected_message);
}

}  // namespace sesame::handshake
