#include "serve.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

#include "live_keys.h"
#include "log.h"
#include "report.h"
#include "server.h"
#include "tls_options.h"

namespace sesame::tool {

namespace {

struct ServeOptions {
  TlsOptions tls;
  ServerOptions server;
  std::string log_file;
  unsigned handshake_seconds = 10;
  unsigned idle_seconds = 300;
  bool tell_unknown = false;
};

constexpr const char* footer = R"(Examples:
  sesame serve                            echo on port 4433 with the keys of keys.psk
  sesame serve --http                     a page that shows what was negotiated
  sesame serve --keys /etc/psk/a.psk --listen ::1 --port 0
  sesame serve --json --log /var/log/sesame.jsonl
  sesame serve --http --cert chain.pem --private-key key.pem
  sesame serve --tls12                    for devices that have TLS 1.2 only, too

The standard output has a line "listening on ADDRESS:PORT" for each address. The log,
on the standard error or in --log FILE, has a line for each connection when it has
ended: what was negotiated, or why it failed and what to do about it.

A key file is lines of sesame keygen, or a store of sesame keys. They are looked at
every second, and at once with SIGHUP. What changed is used for new connections; a file that cannot be used is reported, and the old keys stay. Two lines for
one identity are two keys, the newer first: both are accepted (sesame keygen --rotate).

SIGINT and SIGTERM end it: open connections get a close_notify.

Exit codes: 0 ended by a signal, 1 wrong usage, 2 a key file could not be used,
3 the address or port could not be had.)";

ExitCode run(const ServeOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  Log log(options.server.json);
  if (!options.log_file.empty() && !log.open(options.log_file)) {
    complain(fmt::format("{}: {}", options.log_file, std::strerror(errno)), "Check the path of --log.");
    return ExitCode::usage;
  }

  LiveKeys keys(options.tls.files(), options.tls.key_file_options());
  const auto loaded = keys.load();
  if (!loaded) {
    const auto& [file, error] = loaded.error();
    complain(error, file);
    if (error.reason() == Reason::file_unreadable)
      fmt::print(stderr, "  to make a key: sesame keygen NAME\n");
    return ExitCode::key_file;
  }
  for (const auto& file : options.tls.files()) {
    if (const auto warning = permission_warning(file); !warning.empty()) warn(warning);
  }
  for (const auto& identity : loaded->short_keys) {
    warn(fmt::format("the key of \"{}\" has under {} octets and can be guessed", identity, short_key_size));
  }
  const bool uses_keys = !options.tls.files().empty();
  if (uses_keys && loaded->keys == 0)
    warn("there are no keys yet: every client is refused until the key file has some");

  std::function<void(std::string_view)> key_log;
  if (const auto path = key_log_path(options.tls); !path.empty()) {
    auto opened = open_key_log(path);
    if (!opened) {
      complain(opened.error(), "Check the path of --keylog or SSLKEYLOGFILE.");
      return ExitCode::usage;
    }
    key_log = std::move(*opened);
    warn(fmt::format("the secrets of all connections go to {}: who reads it reads the traffic", path));
  }
  const MakeContext make_context =
      [&]() -> std::expected<std::shared_ptr<const Context>, TlsOptions::Failure> {
    ContextOptions context = options.tls.context_options();
    if (uses_keys) context.psk_source = keys.keyring();
    if (options.tell_unknown) context.unknown_identity_alert = UnknownIdentityAlert::unknown_psk_identity;
    context.key_log = key_log;
    if (auto added = options.tls.add_certificates(context, Side::server); !added)
      return std::unexpected(added.error());
    auto created = Context::create(std::move(context));
    if (!created) return std::unexpected(TlsOptions::Failure{{}, created.error()});
    return std::move(*created);
  };
  auto created = make_context();
  if (!created) {
    complain(created.error().error, created.error().file);
    return created.error().file.empty() ? ExitCode::usage : ExitCode::key_file;
  }

  raise_file_limit();
  Server server(options.server, keys, log);
  if (options.tls.uses_certificates()) server.renew_with(make_context);
  if (const ExitCode code = server.listen(); code != ExitCode::ok) return code;
  return server.run(std::move(*created));
}

}  // namespace

void add_serve(CLI::App& app, ExitCode& result) {
  const auto options = std::make_shared<ServeOptions>();
  CLI::App* command =
      app.add_subcommand("serve", "Serve an echo, or a status page, to clients that have a key");
  command->footer(footer);
  command->add_option("-p,--port", options->server.port, "Port to listen on; 0: any that is free [4433]")
      ->type_name("PORT");
  command
      ->add_option("-l,--listen", options->server.addresses,
                   "Address to listen on; may be given more than once [all, IPv6 and IPv4]")
      ->type_name("ADDRESS")
      ->allow_extra_args(false);
  command->add_flag("--http", options->server.http,
                    "Answer HTTP requests with a page that shows what was negotiated");
  command->add_option("--log", options->log_file, "Append the log to FILE [the standard error]")
      ->type_name("FILE");
  command->add_flag("--json", options->server.json, "Log, and say where it listens, in lines of JSON");

  command
      ->add_option("--metrics", options->server.metrics,
                   "Answer HTTP requests for /metrics there, in Prometheus's text form [nowhere]")
      ->type_name("ADDRESS:PORT");

  add_tls_options(*command, options->tls);
  add_psk_hint_option(*command, options->tls);
  add_certificate_options(*command, options->tls, true);
  command
      ->add_flag(
          "--tell-unknown", options->tell_unknown,
          "Give an unknown identity an alert of its own (unknown_psk_identity). Who probes learns which "
          "identities exist; otherwise it cannot be told from a wrong key")
      ->group("TLS");

  command
      ->add_option("--max-connections", options->server.max_connections,
                   "Connections at a time; further clients wait [1000]")
      ->check(CLI::PositiveNumber)
      ->type_name("N")
      ->group("Limits");
  command
      ->add_option("--handshake-timeout", options->handshake_seconds,
                   "For a client to finish its handshake [10]")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS")
      ->group("Limits");
  command->add_option("--idle-timeout", options->idle_seconds, "Without data from the client [300]")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS")
      ->group("Limits");
  command->callback([options, &result] {
    options->server.handshake_timeout = std::chrono::seconds(options->handshake_seconds);
    options->server.idle_timeout = std::chrono::seconds(options->idle_seconds);
    result = run(*options);
  });
}

}  // namespace sesame::tool
