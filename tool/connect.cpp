#include "connect.h"

#include <fmt/format.h>
#include <sesame/key_file.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <expected>
#include <memory>
#include <optional>

#include "client.h"
#include "host_port.h"
#include "live_keys.h"
#include "report.h"
#include "secret_text.h"
#include "tls_options.h"

namespace sesame::tool {

namespace {

struct ConnectOptions {
  TlsOptions tls;
  ClientSettings client;
  std::string target;
  std::string port;
  std::vector<std::string> identities;
  std::string key;
  std::optional<std::string> sni;
  bool no_sni = false;
  double timeout = 10;
};

constexpr const char* footer = R"(Examples:
  sesame connect localhost                port 4433, with the keys of keys.psk
  sesame connect [::1]:8443 --keys a.psk --identity sensor-17
  printf 'hello\n' | sesame connect localhost
  sesame connect localhost < request > answer
  SESAME_KEY=HEXKEY sesame connect localhost --identity alice
  sesame connect --json localhost </dev/null
  sesame connect --ca system example.org 443
  sesame connect --tls12 sensor.local:5684  a device that has TLS 1.2 only

The standard input goes to the server, what it sends to the standard output. At the
end of the input this side says close_notify, and goes on to print until the server
says it too. What was negotiated is shown on the standard error.

All keys of the file are offered, in its order, unless --identity chooses. A key can
also come from the environment's SESAME_KEY with --identity. A key on the command line
can be seen by everyone on the machine, in ps.

Exit codes: 0 the server ended the connection properly, 1 wrong usage, 2 a key file
could not be used, 3 the server could not be reached, 4 the TLS handshake failed,
5 the connection broke after it; 130 and 143 ended by SIGINT or SIGTERM.)";

bool split_target(ConnectOptions& options) {
  const auto split = split_host_port(options.target);
  if (!split || (!split->port.empty() && !options.port.empty())) return false;
  options.client.host = split->host;
  options.client.port = !split->port.empty() ? split->port : options.port.empty() ? "4433" : options.port;
  return true;
}

std::optional<SecretText> from_hex(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  SecretText out;
  out.text.reserve(text.size() / 2);
  if (text.empty() || text.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.text += static_cast<char>(high * 16 + low);
  }
  return out;
}

std::expected<std::vector<Credential>, ExitCode> single_key(const ConnectOptions& options,
                                                            std::string_view hex, std::string_view whence) {
  if (options.identities.size() != 1) {
    complain(fmt::format("the key of {} needs an identity", whence),
             "Say whose key it is with one --identity.");
    return std::unexpected(ExitCode::usage);
  }
  const auto identity = decode_identity(options.identities.front());
  if (!identity) {
    complain(identity.error());
    return std::unexpected(ExitCode::usage);
  }
  const auto key = from_hex(hex);
  if (!key) {
    complain(fmt::format("the key of {} is not a row of hexadecimal octets", whence),
             "A key looks like 0a1b2c...; sesame keygen makes one.");
    return std::unexpected(ExitCode::usage);
  }
  auto credential = Credential::create({.identity = as_bytes(*identity),
                                        .key = as_bytes(key->text),
                                        .hash = options.tls.hash,
                                        .usage = options.tls.key_usage()});
  if (!credential) {
    complain(credential.error());
    return std::unexpected(ExitCode::usage);
  }
  return std::vector{*credential};
}

std::expected<std::vector<Credential>, ExitCode> keys_of_files(const ConnectOptions& options) {
  std::vector<std::string> identities;
  for (const auto& text : options.identities) {
    auto identity = decode_identity(text);
    if (!identity) {
      complain(identity.error());
      return std::unexpected(ExitCode::usage);
    }
    identities.push_back(std::move(*identity));
  }
  if (options.tls.files().empty() && !identities.empty()) {
    complain("--identity has no key file to look in", "Name it with --keys.");
    return std::unexpected(ExitCode::usage);
  }
  OfferedKeys keys(options.tls.files(), options.tls.key_file_options(), std::move(identities));
  if (const auto loaded = keys.load(); !loaded) {
    complain(loaded.error().error, loaded.error().source);
    return std::unexpected(ExitCode::key_file);
  }
  for (const auto& file : options.tls.files()) {
    if (const auto warning = permission_warning(file); !warning.empty()) warn(warning);
  }
  return *keys.now();
}

std::expected<std::vector<Credential>, ExitCode> find_keys(const ConnectOptions& options) {
  if (!options.key.empty()) {
    warn("a key on the command line can be seen by everyone on this machine: use a key file, or SESAME_KEY");
    return single_key(options, options.key, "--key");
  }
  const char* environment = std::getenv("SESAME_KEY");
  if (environment != nullptr && options.tls.key_files.empty())
    return single_key(options, environment, "SESAME_KEY");
  return keys_of_files(options);
}

ExitCode run(ConnectOptions& options) {
  if (!split_target(options)) {
    complain(fmt::format("'{}' is not HOST, HOST:PORT or [ADDRESS]:PORT", options.target),
             "For example: sesame connect localhost:4433");
    return ExitCode::usage;
  }
  auto keys = find_keys(options);
  if (!keys) return keys.error();

  ContextOptions context = options.tls.context_options();
  for (const auto& key : *keys) {
    if (!key.is_short()) continue;
    warn(fmt::format("the key of \"{}\" has under {} octets and can be guessed", escaped(key.identity()),
                     short_key_size));
  }
  context.credentials = std::move(*keys);
  if (const auto added = options.tls.add_certificates(context, Side::client); !added) {
    complain(added.error().error, added.error().file);
    return ExitCode::key_file;
  }
  if (const auto path = key_log_path(options.tls); !path.empty()) {
    auto key_log = open_key_log(path);
    if (!key_log) {
      complain(key_log.error(), "Check the path of --keylog or SSLKEYLOGFILE.");
      return ExitCode::usage;
    }
    context.key_log = std::move(*key_log);
  }
  auto created = Context::create(std::move(context));
  if (!created) {
    complain(created.error());
    return ExitCode::usage;
  }
  if (!options.no_sni) options.client.server_name = options.sni.value_or(options.client.host);
  options.client.verify_name = options.sni.value_or(options.client.host);
  options.client.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(options.timeout * 1000));
  return Client(options.client, std::move(*created)).run();
}

}  // namespace

void add_connect(CLI::App& app, ExitCode& result) {
  const auto options = std::make_shared<ConnectOptions>();
  CLI::App* command =
      app.add_subcommand("connect", "Connect to a server, from the standard input and output");
  command->footer(footer);
  command->add_option("host", options->target, "HOST, HOST:PORT or [ADDRESS]:PORT")
      ->required()
      ->type_name("HOST");
  command->add_option("port", options->port, "Port or service name [4433]")->type_name("PORT");
  command->add_option("--timeout", options->timeout, "To connect and finish the handshake [10]")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  command->add_flag("--json", options->client.json,
                    "Tell what was negotiated, and how it ended, in lines of JSON");
  command->add_flag("-q,--quiet", options->client.quiet,
                    "Do not show what was negotiated; failures are still told");

  command
      ->add_option("-i,--identity", options->identities,
                   "Offer the key of this identity only; may be given more than once")
      ->type_name("IDENTITY")
      ->allow_extra_args(false)
      ->group("Keys");
  command->add_option("--key", options->key, "The key itself: everyone on this machine can see it")
      ->type_name("HEX")
      ->group("Keys");
  add_tls_options(*command, options->tls);
  add_certificate_options(*command, options->tls, false);
  auto* sni = command->add_option("--sni", options->sni, "Server name to send [HOST, if it is a name]")
                  ->type_name("NAME")
                  ->group("TLS");
  command->add_flag("--no-sni", options->no_sni, "Send no server name")->excludes(sni)->group("TLS");
  command
      ->add_option("--update-keys-every", options->client.update_keys_every,
                   "Update the keys of both directions after each N octets sent; for tests")
      ->type_name("N")
      ->group("TLS");
  command->callback([options, &result] { result = run(*options); });
}

}  // namespace sesame::tool
