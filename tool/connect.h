// sesame connect: a secure connection from the standard input and output.
#pragma once

#include "exit_code.h"

namespace CLI {
class App;
}

namespace sesame::tool {

/// Adds the subcommand; `result` is its exit code once it has run.
void add_connect(CLI::App& app, ExitCode& result);

}  // namespace sesame::tool
