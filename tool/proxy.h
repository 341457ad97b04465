// sesame proxy: TLS in front of a plain TCP service, and the reverse.
#pragma once

#include "exit_code.h"

namespace CLI {
class App;
}

namespace sesame::tool {

/// Adds the subcommand; `result` is its exit code once it has run.
void add_proxy(CLI::App& app, ExitCode& result);

}  // namespace sesame::tool
