// The table that compare prints, and the same as JSON.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "rounds.h"

namespace bench {

/// One measured value. Text only where a value does not apply.
struct Row {
  std::string id;    ///< for scripts, stable
  std::string what;  ///< for a person
  std::string unit;
  std::optional<double> sesame = {};
  std::optional<double> peer = {};  ///< the system's libssl, or what `peer_name` says
  std::string peer_name = "libssl";
  std::optional<Spread> ratio = {};  ///< sesame to peer, of the rounds
  struct Goal {
    enum class Kind { ratio_at_least, value_at_most };
    Kind kind;
    double value;
  };
  std::optional<Goal> goal = {};

  /// nullopt: there is no goal. A miss of `slack` (0.1: a tenth) is still a hit.
  std::optional<bool> reached(double slack = 0) const;
};

struct Machine {
  std::string processor;
  unsigned processors = 0;
  std::string libcrypto;
  std::string compiler;
  bool optimised = false;
};
Machine this_machine();

void print_table(std::FILE* out, const Machine& machine, const std::vector<Row>& rows);
void print_json(std::FILE* out, const Machine& machine, const std::vector<Row>& rows);

}  // namespace bench
