// What a scripted peer does wrong, and what the connection has to make of it.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <vector>

#include "support/case.h"

namespace sesame::test {

struct Variant {
  std::string name;  ///< letters, digits and underscores
  Alert alert;       ///< on the wire; none: nothing is sent
  Reason reason;     ///< that the local side is told
  std::function<std::unique_ptr<Case>()> play;
};

/// Something odd that has to be borne: the handshake ends well, and data goes both ways.
struct Tolerated {
  std::string name;
  std::function<std::unique_ptr<Case>()> play;  ///< up to and with CONNECTED on both sides
};

template <class Which, class Script>
auto player(Script script) {
  return [script] {
    auto c = std::make_unique<Which>();
    script(*c);
    c->exchange();
    return std::unique_ptr<Case>(std::move(c));
  };
}
/// Something that a script spoils may be in a message or behind it.
inline Octets with_body(Octets message, Octets body) {
  message.resize(1);
  append(message, vec24(body));
  return message;
}
inline Octets body_of(const Octets& message) { return {message.begin() + 4, message.end()}; }

inline void PrintTo(const Variant& v, std::ostream* out) { *out << v.name; }
inline void PrintTo(const Tolerated& t, std::ostream* out) { *out << t.name; }

/// The connection failed as the variant says; it sent one alert and nothing behind it; it is dead in both
/// directions.
void expect_refused(const Variant& variant, Case& c);
/// The connection is open, and data goes both ways.
void expect_open(Case& c);

}  // namespace sesame::test
