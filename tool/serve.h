// sesame serve: an echo server, or a status page, for those who have a key.
#pragma once

#include "exit_code.h"

namespace CLI {
class App;
}

namespace sesame::tool {

/// Adds the subcommand; `result` is its exit code once it has run.
void add_serve(CLI::App& app, ExitCode& result);

}  // namespace sesame::tool
