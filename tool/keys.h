// sesame keys: the keys of a store in SQLite.
#pragma once

#include "exit_code.h"

namespace CLI {
class App;
}

namespace sesame::tool {

/// Adds the subcommand with its own; `result` is its exit code once it has run.
void add_keys(CLI::App& app, ExitCode& result);

}  // namespace sesame::tool
