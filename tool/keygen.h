// sesame keygen: makes keys, and keeps the files that they are in.
#pragma once

#include "exit_code.h"

namespace CLI {
class App;
}

namespace sesame::tool {

/// Adds the subcommand; `result` is its exit code once it has run.
void add_keygen(CLI::App& app, ExitCode& result);

}  // namespace sesame::tool
