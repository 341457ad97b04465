#include "keygen.h"

#include <fmt/format.h>
#include <sesame/credential.h>
#include <sesame/key_file.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "key_file_editor.h"
#include "random_key.h"
#include "report.h"
#include "tls_options.h"

namespace sesame::tool {

namespace {

struct KeygenOptions {
  std::string identity;
  std::string file = std::string(default_key_file);
  std::size_t octets = 32;
  bool rotate = false;
  bool retire = false;
  bool list = false;
};

constexpr const char* footer = R"(Examples:
  sesame keygen alice                     a key for "alice", appended to keys.psk
  sesame keygen --out /etc/psk/sensors.psk 'sensor-17'
  sesame keygen --out - alice             the line on the standard output only
  sesame keygen --list                    the identities of keys.psk, no keys
  sesame keygen --rotate alice            a newer key beside the old one
  sesame keygen --retire alice            drops the older of the two

Both sides of a connection need the same line: copy the file, or the line, over a
channel that you trust. A line is identity:hexkey, as GnuTLS's psktool, stunnel and
mosquitto have it. An octet of the identity that is not printable ASCII is written
\xHH, a backslash \\, a colon \x3a.

Rotation without a break: --rotate in the server's file (a running `sesame serve`
sees it within a second and takes both keys), then the new line to the clients, then
--retire when no client uses the older key any more.

Exit codes: 0 done, 1 wrong usage, 2 the file could not be used.)";

ExitCode complain_about(const KeyFileError& error) {
  complain(error.message, error.advice);
  return ExitCode::key_file;
}

ExitCode list_identities(const KeygenOptions& options) {
  const auto content = read_key_text(options.file);
  if (!content) return complain_about(content.error());
  std::vector<std::string> order;
  std::map<std::string, std::vector<std::size_t>> keys;
  for (const auto& entry : key_entries(content->text)) {
    auto& sizes = keys[entry.identity];
    if (sizes.empty()) order.push_back(entry.identity);
    sizes.push_back(entry.octets);
  }
  for (const auto& identity : order) {
    const auto& sizes = keys[identity];
    fmt::print("{}\t{}", encode_identity(as_bytes(identity)), counted(sizes.size(), "key"));
    for (const std::size_t octets : sizes) fmt::print("\t{}", counted(octets, "octet"));
    fmt::print("\n");
  }
  return ExitCode::ok;
}

ExitCode retire(const KeygenOptions& options, Bytes identity) {
  auto store = KeyFileEditor::open(options.file);
  if (!store) return complain_about(store.error());
  if (const auto done = store->retire(identity); !done) return complain_about(done.error());
  if (const auto done = store->commit(); !done) return complain_about(done.error());
  fmt::print(stderr, "{}: dropped the older key of \"{}\"\n", options.file, escaped(identity));
  return ExitCode::ok;
}

ExitCode make_key(const KeygenOptions& options, Bytes identity) {
  if (options.octets < short_key_size) {
    warn(fmt::format("{} octets can be guessed: RFC 9257 asks for {} at least. 32 is the default.",
                     options.octets, short_key_size));
  }
  const auto key = random_key(options.octets);
  if (!key) {
    complain("the system gives no random octets");
    return ExitCode::usage;
  }
  const SecretText line(key_file_line(identity, as_bytes(key->text)));

  if (options.file == "-") {
    std::fwrite(line.text.data(), 1, line.text.size(), stdout);
    return std::fflush(stdout) == 0 ? ExitCode::ok : ExitCode::key_file;
  }
  auto store = KeyFileEditor::open(options.file);
  if (!store) return complain_about(store.error());
  const auto changed = options.rotate ? store->rotate(identity, line) : store->add(identity, line);
  if (!changed) return complain_about(changed.error());
  if (const auto done = store->commit(); !done) return complain_about(done.error());

  if (const auto warning = permission_warning(options.file); !warning.empty()) warn(warning);
  if (options.rotate) {
    fmt::print(stderr,
               "{}: a newer key of {} octets for \"{}\"; the old one is accepted too until --retire\n",
               options.file, options.octets, escaped(identity));
  } else {
    fmt::print(stderr, "{}: a key of {} octets for \"{}\"\n", options.file, options.octets,
               escaped(identity));
    const std::string with = options.file == default_key_file ? "" : " --keys " + options.file;
    fmt::print(stderr,
               "Next: sesame serve{0}   and elsewhere, with the same line:   sesame connect HOST{0}\n", with);
  }
  return ExitCode::ok;
}

ExitCode run(const KeygenOptions& options) {
  if (options.list) return list_identities(options);
  if (options.identity.empty()) {
    complain("whose key? An identity is missing", "For example: sesame keygen alice");
    return ExitCode::usage;
  }
  const auto identity = decode_identity(options.identity);
  if (!identity) {
    complain(identity.error());
    return ExitCode::usage;
  }
  if (options.file == "-" && (options.rotate || options.retire)) {
    complain("only the keys of a file can be rotated or retired", "Name the file with --out.");
    return ExitCode::usage;
  }
  if (options.retire) return retire(options, as_bytes(*identity));
  return make_key(options, as_bytes(*identity));
}

}  // namespace

void add_keygen(CLI::App& app, ExitCode& result) {
  const auto options = std::make_shared<KeygenOptions>();
  CLI::App* command =
      app.add_subcommand("keygen", "Make a key, or list, rotate and retire the keys of a file");
  command->footer(footer);
  command
      ->add_option("identity", options->identity, "Whose key it is; octets that are not printable as \\xHH")
      ->type_name("IDENTITY");
  command->add_option("--identity", options->identity, "The same, as an option")->type_name("IDENTITY");
  command
      ->add_option("-o,--out,-k,--keys,--key-file", options->file,
                   fmt::format("The key file; - is the standard output [{}]", default_key_file))
      ->type_name("FILE");
  command->add_option("-b,--bytes", options->octets, "Octets of the key [32]")
      ->check(CLI::Range(std::size_t{1}, max_key_size))
      ->type_name("N");
  auto* rotate =
      command->add_flag("--rotate", options->rotate, "Put a newer key before the identity's old one");
  auto* retire_flag =
      command->add_flag("--retire", options->retire, "Drop the older of the identity's two keys");
  auto* list = command->add_flag("--list", options->list, "Show the identities of the file, and no keys");
  rotate->excludes(retire_flag)->excludes(list);
  retire_flag->excludes(list);
  command->callback([options, &result] { result = run(*options); });
}

}  // namespace sesame::tool
