#include "keys.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "keys_command.h"
#include "point_in_time.h"

namespace sesame::tool {

namespace {

constexpr const char* footer = R"(Examples:
  sesame keys add sensor-17 --out sensor-17.psk   a key, and the line for the client
  sesame keys add guest --not-after +8h           valid for eight hours
  sesame keys list                                identities, sizes, times; no keys
  sesame keys rotate sensor-17 --out new.psk      a newer key beside the old one
  sesame keys expire sensor-17 --older --at +7d   the old one ends in a week
  sesame keys remove sensor-17
  sesame keys import keys.psk                     what sesame keygen has made
  sesame serve --keys keys.db                     follows the store within a second

A store is a SQLite database, keys.db unless --store names another one, that only its
owner can read. Use it where there are many keys, or where keys have an end: a server
reads only what has changed. Times are UTC: 2026-12-31, 2026-12-31T12:00:00, +90d,
+8h, +15m, now.

A key is made of random octets. It is written where --out says and shown nowhere else.

Exit codes: 0 done, 1 wrong usage, 2 the store or a key file could not be used.)";

using Options = std::shared_ptr<KeysOptions>;
using Command = ExitCode (*)(const KeysOptions&);

CLI::App* add_command(CLI::App& keys, const char* name, const char* description, const Options& options,
                      Command command, ExitCode& result) {
  CLI::App* out = keys.add_subcommand(name, description);
  out->add_option("-s,--store", options->store, fmt::format("The store [{}]", default_store))
      ->type_name("FILE");
  out->add_flag("--json", options->json, "Tell what was done, and list, in lines of JSON");
  out->callback([options, command, &result] { result = command(*options); });
  return out;
}

CLI::Option* add_identity(CLI::App& app, const Options& options) {
  return app
      .add_option("identity", options->identity, "Whose key it is; octets that are not printable as \\xHH")
      ->type_name("IDENTITY");
}

CLI::Option* add_time(CLI::App& app, const char* name, std::optional<TimePoint>& time,
                      const char* description) {
  return app
      .add_option_function<std::string>(
          name,
          [name, &time](const std::string& text) {
            time = parse_time(text, std::chrono::system_clock::now());
            if (!time)
              throw CLI::ValidationError(name, "'" + text + "' is not a time such as 2026-12-31 or +90d");
          },
          description)
      ->type_name("TIME");
}

void add_hash(CLI::App& app, const Options& options) {
  app.add_option_function<std::string>(
         "--hash",
         [options](const std::string& text) {
           options->hash = text == "sha384" ? HashAlgorithm::sha384 : HashAlgorithm::sha256;
         },
         "Hash that the key is bound to; both sides have to say the same [sha256]")
      ->check(CLI::IsMember({"sha256", "sha384"}))
      ->type_name("sha256|sha384");
}

void add_tls12(CLI::App& app, const Options& options) {
  app.add_flag("--tls12", options->tls12, "The key is for TLS 1.2 and below as well [TLS 1.3 only]");
}

void add_new_key(CLI::App& app, const Options& options) {
  add_identity(app, options)->required();
  app.add_option("-o,--out", options->out,
                 "Add the key's line, identity:hexkey, to FILE; - is the standard output [nowhere]")
      ->type_name("FILE");
  app.add_option("-b,--bytes", options->octets, "Octets of the key [32]")
      ->check(CLI::Range(std::size_t{1}, max_key_size))
      ->type_name("N");
  add_hash(app, options);
  add_tls12(app, options);
  add_time(app, "--not-before", options->not_before, "The key is valid from then on [now]");
  add_time(app, "--not-after", options->not_after, "The key is no longer valid from then on [for ever]");
  app.add_option("--alpn", options->alpn, "Only for this application protocol (ALPN) [any]")
      ->type_name("NAME");
  app.add_option("--server-name", options->server_name, "Only for this server name [any]")->type_name("NAME");
}

}  // namespace

void add_keys(CLI::App& app, ExitCode& result) {
  const auto options = std::make_shared<KeysOptions>();
  CLI::App* keys =
      app.add_subcommand("keys", "Make, list, rotate, expire and remove the keys of a store (SQLite)");
  keys->footer(footer);
  keys->require_subcommand(1);

  add_new_key(*add_command(*keys, "add", "A key for a new identity", options, keys_add, result), options);
  add_new_key(
      *add_command(*keys, "rotate", "A newer key beside an identity's old one", options, keys_rotate, result),
      options);
  add_identity(
      *add_command(*keys, "retire", "Drop the older of an identity's two keys", options, keys_retire, result),
      options)
      ->required();

  CLI::App* expire =
      add_command(*keys, "expire", "Give an identity's keys an end", options, keys_expire, result);
  add_identity(*expire, options)->required();
  auto* at = add_time(*expire, "--at", options->not_after, "The keys are no longer valid from then on [now]");
  expire->add_flag_callback("--never", [] {}, "The keys are valid for ever")->excludes(at);
  expire->add_flag("--older", options->older, "Only the older of two keys");
  expire->preparse_callback(
      [options](std::size_t) { options->not_after = std::chrono::system_clock::now(); });
  expire->callback([expire, options, &result] {
    if (expire->count("--never") != 0) options->not_after.reset();
    result = keys_expire(*options);
  });

  add_identity(
      *add_command(*keys, "remove", "Remove an identity with all its keys", options, keys_remove, result),
      options)
      ->required();

  CLI::App* import =
      add_command(*keys, "import", "Take over the keys of key files", options, keys_import, result);
  import->add_option("file", options->files, "Files of lines identity:hexkey")->required()->type_name("FILE");
  add_hash(*import, options);
  add_tls12(*import, options);
  import
      ->add_option_function<std::string>(
          "--existing",
          [options](const std::string& text) {
            options->existing = text == "keep"      ? KeyStore::Existing::keep
                                : text == "replace" ? KeyStore::Existing::replace
                                                    : KeyStore::Existing::refuse;
          },
          "Where an identity has keys already: import nothing at all, keep its keys, or replace them "
          "[refuse]")
      ->check(CLI::IsMember({"refuse", "keep", "replace"}))
      ->type_name("refuse|keep|replace");

  add_identity(*add_command(*keys, "list", "Show identities, and no keys", options, keys_list, result),
               options);
}

}  // namespace sesame::tool
