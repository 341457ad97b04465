// sesame: makes shared keys, and secures connections with them.
#include <CLI/CLI.hpp>
#include <exception>
#include <memory>

#include "connect.h"
#include "help_format.h"
#include "keygen.h"
#include "keys.h"
#include "proxy.h"
#include "report.h"
#include "serve.h"

namespace {

constexpr const char* description =
    "sesame " SESAME_VERSION
    " - TLS 1.3 with shared keys\n\n"
    "Both sides hold the same key, so neither needs a certificate. A key has an identity,\n"
    "its name; who connects says the identity, and proves that it has the key.";

constexpr const char* footer = R"(The first minute:
  sesame keygen alice                 makes keys.psk with a key for "alice"
  sesame serve                        serves it, an echo on port 4433
  sesame connect localhost            in another terminal, in the same folder

Then:
  sesame serve --http                 a page that shows what was negotiated
  printf 'hello\n' | sesame connect localhost
  sesame keygen --rotate alice        a newer key, while the server runs
  sesame connect --json localhost </dev/null
  sesame keys add sensor-17           many keys, and keys with an end: a store in SQLite
  sesame proxy --accept 4433 --to localhost:5432
                                      TLS in front of a plain service

Other programs speak the same:
  openssl s_client -connect localhost:4433 -psk_identity alice -psk HEXKEY

sesame COMMAND --help tells all about a command, and so do the manual pages sesame(1),
sesame-keygen(1), sesame-keys(1), sesame-serve(1),
sesame-connect(1) and sesame-proxy(1).

Exit codes: 0 done, 1 wrong usage, 2 a key file could not be used, 3 the network,
4 the TLS handshake failed, 5 the connection broke after it.)";

}  // namespace

int main(int argc, char** argv) {
  using sesame::tool::ExitCode;
  auto result = ExitCode::ok;
  CLI::App app(description);
  app.name("sesame");
  app.footer(footer);
  app.set_version_flag("-V,--version", "sesame " SESAME_VERSION);
  app.require_subcommand(1);
  app.formatter(std::make_shared<sesame::tool::HelpFormat>());  // before the subcommands, which inherit it
  sesame::tool::add_keygen(app, result);
  sesame::tool::add_keys(app, result);
  sesame::tool::add_serve(app, result);
  sesame::tool::add_connect(app, result);
  sesame::tool::add_proxy(app, result);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version are errors to CLI11, with the code 0.
    return app.exit(error) == 0 ? static_cast<int>(ExitCode::ok) : static_cast<int>(ExitCode::usage);
  } catch (const std::exception& error) {
    sesame::tool::complain(error.what());
    return static_cast<int>(ExitCode::usage);
  }
  return static_cast<int>(result);
}
