#include "proxy.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

#include "proxy_server.h"
#include "report.h"
#include "tls_options.h"

namespace sesame::tool {

namespace {

struct ProxyCommand {
  TlsOptions tls;
  ProxyOptions proxy;
  std::string accept;
  std::string to;
  std::vector<std::string> identities;
  std::optional<std::string> sni;
  bool no_sni = false;
  std::string log_file;
  unsigned handshake_seconds = 10;
  unsigned idle_seconds = 300;
  unsigned drain_seconds = 30;
  bool tell_unknown = false;
};

constexpr std::size_t usual_connections = 10'000;

constexpr const char* footer = R"(Examples:
  sesame proxy --accept 4433 --to localhost:5432          TLS in front of a database
  sesame proxy --client --accept 127.0.0.1:5432 --to db.example:4433
                                                          and its clients' end
  sesame proxy --accept 4433 --to [::1]:8080 --metrics 9100 --threads 4
  sesame proxy --accept 443 --to localhost:8080 --cert chain.pem --private-key key.pem
  sesame proxy --tls12 --accept 8883 --to localhost:1883  for devices with TLS 1.2, too

Whoever connects with TLS and a key is connected to the service behind; who has no
key reaches nothing of it. With --client it is the reverse: what connects in plain
goes out with TLS. Each direction ends by itself, as close_notify and TCP's end say; a
side that breaks is passed on as a break, never as an end.

A peer that takes its octets slowly is read from slowly. Keys are followed as sesame
serve does it: every second, and at once with SIGHUP.

SIGTERM and SIGINT end it: no more connections are accepted, and open ones may end
within --drain-timeout; then they are cut. A second signal ends it at once.

Exit codes: 0 ended by a signal, 1 wrong usage, 2 a key file could not be used,
3 the address or port could not be had.)";

ExitCode complain_of_keys(const FollowedKeys::Failure& failure) {
  complain(failure.error, failure.source);
  if (failure.error.reason() == Reason::file_unreadable)
    fmt::print(stderr, "  to make a key: sesame keygen NAME\n");
  return ExitCode::key_file;
}

// Each connection has two sockets; some more are for listening, logs and metrics.
void fit_connections(ProxyOptions& options) {
  constexpr std::size_t others = 64;
  const std::size_t limit = raise_file_limit();
  const std::size_t most = limit > others + 2 ? (limit - others) / 2 : 1;
  if (options.max_connections == 0) options.max_connections = std::min(usual_connections, most);
  if (options.max_connections > most) {
    warn(fmt::format("{} connections need {} open files, and {} are allowed: raise ulimit -n",
                     options.max_connections, 2 * options.max_connections + others, limit));
  }
}

ExitCode read_addresses(ProxyCommand& command) {
  const auto accept = split_listen_address(command.accept);
  if (!accept || !port_number(accept->port)) {
    complain(fmt::format("'{}' is not PORT, ADDRESS:PORT or [ADDRESS]:PORT", command.accept),
             "For example: --accept 127.0.0.1:4433");
    return ExitCode::usage;
  }
  const auto to = split_host_port(command.to);
  if (!to || to->port.empty()) {
    complain(fmt::format("'{}' is not HOST:PORT or [ADDRESS]:PORT", command.to),
             "For example: --to localhost:8080");
    return ExitCode::usage;
  }
  command.proxy.accept = *accept;
  command.proxy.to = *to;
  if (!command.no_sni) command.proxy.server_name = command.sni.value_or(to->host);
  command.proxy.verify_name = command.sni.value_or(to->host);
  return ExitCode::ok;
}

ExitCode run(ProxyCommand& command) {
  std::signal(SIGPIPE, SIG_IGN);
  if (const ExitCode code = read_addresses(command); code != ExitCode::ok) return code;
  Log log(command.proxy.json);
  if (!command.log_file.empty() && !log.open(command.log_file)) {
    complain(fmt::format("{}: {}", command.log_file, std::strerror(errno)), "Check the path of --log.");
    return ExitCode::usage;
  }
  std::vector<std::string> identities;
  for (const auto& text : command.identities) {
    auto identity = decode_identity(text);
    if (!identity) {
      complain(identity.error());
      return ExitCode::usage;
    }
    identities.push_back(std::move(*identity));
  }

  LiveKeys live(command.tls.files(), command.tls.key_file_options());
  OfferedKeys offered(command.tls.files(), command.tls.key_file_options(), std::move(identities));
  FollowedKeys& keys = command.proxy.client ? static_cast<FollowedKeys&>(offered) : live;
  const auto loaded = keys.load();
  if (!loaded) return complain_of_keys(loaded.error());
  for (const auto& file : command.tls.files()) {
    if (const auto warning = permission_warning(file); !warning.empty()) warn(warning);
  }
  for (const auto& identity : loaded->short_keys)
    warn(fmt::format("the key of \"{}\" has under {} octets and can be guessed", identity, short_key_size));

  std::function<void(std::string_view)> key_log;
  if (const auto path = key_log_path(command.tls); !path.empty()) {
    auto opened = open_key_log(path);
    if (!opened) {
      complain(opened.error(), "Check the path of --keylog or SSLKEYLOGFILE.");
      return ExitCode::usage;
    }
    key_log = std::move(*opened);
    warn(fmt::format("the secrets of all connections go to {}: who reads it reads the traffic", path));
  }
  const Side side = command.proxy.client ? Side::client : Side::server;
  const MakeContext make_context =
      [&]() -> std::expected<std::shared_ptr<const Context>, TlsOptions::Failure> {
    ContextOptions context = command.tls.context_options();
    if (side == Side::client) {
      context.credentials = *offered.now();
    } else if (!command.tls.files().empty()) {
      context.psk_source = live.keyring();
    }
    if (command.tell_unknown) context.unknown_identity_alert = UnknownIdentityAlert::unknown_psk_identity;
    context.key_log = key_log;
    if (auto added = command.tls.add_certificates(context, side); !added)
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

  fit_connections(command.proxy);
  ProxyShared shared;
  shared.options = command.proxy;
  shared.use(std::move(*created));
  shared.offered = command.proxy.client ? &offered : nullptr;
  shared.log = &log;
  ProxyServer server(shared, keys);
  if (command.tls.uses_certificates()) server.renew_with(make_context);
  if (const ExitCode code = server.listen(); code != ExitCode::ok) return code;
  return server.run();
}

void add_limits(CLI::App& app, ProxyCommand& command) {
  const auto limit = [&app](const char* name, unsigned& value, const char* description) {
    app.add_option(name, value, description)
        ->check(CLI::PositiveNumber)
        ->type_name("SECONDS")
        ->group("Limits");
  };
  app.add_option("--max-connections", command.proxy.max_connections,
                 "Connections at a time; further clients wait [10000, or what ulimit -n has room for]")
      ->check(CLI::PositiveNumber)
      ->type_name("N")
      ->group("Limits");
  limit("--handshake-timeout", command.handshake_seconds,
        "To finish a handshake, and to reach the other side [10]");
  limit("--idle-timeout", command.idle_seconds, "Without octets in either direction [300]");
  limit("--drain-timeout", command.drain_seconds, "For open connections to end after SIGTERM [30]");
}

}  // namespace

void add_proxy(CLI::App& app, ExitCode& result) {
  const auto options = std::make_shared<ProxyCommand>();
  CLI::App* command =
      app.add_subcommand("proxy", "Put TLS in front of a plain TCP service, or the reverse (--client)");
  command->footer(footer);
  command
      ->add_option("-a,--accept", options->accept,
                   "Where to accept connections: PORT of all addresses, or ADDRESS:PORT")
      ->required()
      ->type_name("ADDRESS");
  command->add_option("-t,--to", options->to, "Where they go: HOST:PORT")->required()->type_name("HOST:PORT");
  command->add_flag("-c,--client", options->proxy.client, "Accept plain connections, and go out with TLS");
  command->add_option("--threads", options->proxy.threads, "Threads for the connections [1]")
      ->check(CLI::Range(1, 256))
      ->type_name("N");
  command
      ->add_option("--metrics", options->proxy.metrics,
                   "Answer HTTP requests for /metrics there, in Prometheus's text form [nowhere]")
      ->type_name("ADDRESS:PORT");
  command->add_option("--log", options->log_file, "Append the log to FILE [the standard error]")
      ->type_name("FILE");
  command->add_flag("--json", options->proxy.json, "Log, and say where it listens, in lines of JSON");
  command->add_flag("-q,--quiet", options->proxy.quiet, "Do not log connections that ended well");

  command
      ->add_option("-i,--identity", options->identities,
                   "With --client: offer the key of this identity only; may be given more than once")
      ->type_name("IDENTITY")
      ->allow_extra_args(false)
      ->group("Keys");
  add_tls_options(*command, options->tls);
  add_psk_hint_option(*command, options->tls);
  add_certificate_options(*command, options->tls, true);
  auto* sni =
      command->add_option("--sni", options->sni, "With --client: server name to send [HOST, if it is a name]")
          ->type_name("NAME")
          ->group("TLS");
  command->add_flag("--no-sni", options->no_sni, "With --client: send no server name")
      ->excludes(sni)
      ->group("TLS");
  command
      ->add_flag("--tell-unknown", options->tell_unknown,
                 "Give an unknown identity an alert of its own (unknown_psk_identity)")
      ->group("TLS");
  add_limits(*command, *options);
  command->callback([options, &result] {
    options->proxy.handshake_timeout = std::chrono::seconds(options->handshake_seconds);
    options->proxy.idle_timeout = std::chrono::seconds(options->idle_seconds);
    options->proxy.drain_timeout = std::chrono::seconds(options->drain_seconds);
    result = run(*options);
  });
}

}  // namespace sesame::tool
