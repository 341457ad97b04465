// What belongs in this room: configuration and connection, the sans-I/O core behind include/sesame.
#pragma once

#include "policy/settings.h"

namespace sesame::engine {

struct ContextBody {
  explicit ContextBody(policy::Settings s) : settings(std::move(s)) {}
  policy::Settings settings;
};

}  // namespace sesame::engine
