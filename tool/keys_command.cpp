#include "keys_command.h"

#include <fmt/format.h>
#include <sesame/key_file.h>
#include <sesame/sqlite_key_store.h>

#include <cstdio>
#include <memory>

#include "key_file_editor.h"
#include "point_in_time.h"
#include "random_key.h"
#include "report.h"
#include "secret_text.h"
#include "tls_options.h"

namespace sesame::tool {

namespace {

// ---- reports: what a person or a program is told goes to the standard error, keys and lists to the standard
// output

ExitCode failed(const KeysOptions& options, const Error& error, ExitCode code = ExitCode::key_file) {
  if (!options.json) {
    complain(error);
    return code;
  }
  Json json;
  json.add("event", "failed").add("store", options.store);
  add_error(json, error);
  json.add("exit_code", static_cast<int>(code));
  fmt::print(stderr, "{}\n", json.object());
  return code;
}

ExitCode failed(const KeysOptions& options, const KeyFileError& error) {
  if (!options.json) {
    complain(error.message, error.advice);
    return ExitCode::key_file;
  }
  Json json;
  json.add("event", "failed").add("store", options.store).add("reason", "key_file");
  json.add("message", error.message).add("advice", error.advice);
  json.add("exit_code", static_cast<int>(ExitCode::key_file));
  fmt::print(stderr, "{}\n", json.object());
  return ExitCode::key_file;
}

void report(const KeysOptions& options, std::string_view event, std::string_view text,
            const Json& json = {}) {
  if (!options.json) {
    fmt::print(stderr, "{}: {}\n", options.store, text);
    return;
  }
  Json line;
  line.add("event", event).add("store", options.store);
  line.append(json);
  fmt::print(stderr, "{}\n", line.object());
}

Json about(Bytes identity) {
  Json json;
  json.add("identity", encode_identity(identity));
  return json;
}

// ---- the store and the identity ----

using Store = std::unique_ptr<SqliteKeyStore>;

std::expected<std::string, ExitCode> identity_of(const KeysOptions& options) {
  auto identity = decode_identity(options.identity);
  if (!identity) return std::unexpected(failed(options, identity.error(), ExitCode::usage));
  return std::move(*identity);
}

std::expected<Store, ExitCode> open_store(const KeysOptions& options, bool create = false) {
  auto store = SqliteKeyStore::open(options.store, {.create = create});
  if (!store) return std::unexpected(failed(options, store.error()));
  if (const auto warning = permission_warning(options.store); !warning.empty()) warn(warning);
  return std::move(*store);
}

// A change of one identity, and what is said when it is done.
template <class Change>
ExitCode change_identity(const KeysOptions& options, Change change, std::string_view event,
                         std::string_view done) {
  const auto identity = identity_of(options);
  if (!identity) return identity.error();
  auto store = open_store(options);
  if (!store) return store.error();
  if (const Expected<> changed = change(**store, as_bytes(*identity)); !changed)
    return failed(options, changed.error());
  report(options, event, fmt::format("{} \"{}\"", done, escaped(as_bytes(*identity))),
         about(as_bytes(*identity)));
  return ExitCode::ok;
}

// ---- new keys ----

// Where the line of a new key goes. It is made ready before the store is changed, so that a path that is
// wrong changes nothing.
class KeyLine {
 public:
  static KeyFileExpected<KeyLine> prepare(const std::string& path, Bytes identity, Bytes key) {
    KeyLine out;
    out.line_ = SecretText(key_file_line(identity, key));
    out.to_stdout_ = path == "-";
    if (path.empty() || out.to_stdout_) return out;
    auto file = KeyFileEditor::open(path);
    if (!file) return std::unexpected(file.error());
    const bool has_one = file->has(identity);
    if (auto added = has_one ? file->rotate(identity, out.line_) : file->add(identity, out.line_); !added)
      return std::unexpected(added.error());
    out.file_ = std::make_unique<KeyFileEditor>(std::move(*file));
    return out;
  }
  KeyFileExpected<> write() {
    if (to_stdout_) {
      std::fwrite(line_.text.data(), 1, line_.text.size(), stdout);
      if (std::fflush(stdout) != 0)
        return std::unexpected(KeyFileError{"the standard output cannot be written", ""});
    }
    if (file_) return file_->commit();
    return {};
  }

 private:
  SecretText line_;
  bool to_stdout_ = false;
  std::unique_ptr<KeyFileEditor> file_;
};

ExitCode make_key(const KeysOptions& options, bool rotate) {
  const auto identity = identity_of(options);
  if (!identity) return identity.error();
  const Bytes name = as_bytes(*identity);
  if (options.octets < short_key_size) {
    warn(fmt::format("{} octets can be guessed: RFC 9257 asks for {} at least. 32 is the default.",
                     options.octets, short_key_size));
  }
  const auto key = random_key(options.octets);
  if (!key) return failed(options, Error(Reason::internal_error, "the system gives no random octets"));
  CredentialParameters parameters;
  parameters.identity = name;
  parameters.key = as_bytes(key->text);
  parameters.hash = options.hash;
  // The key as it is, which is how the client gets it in its line.
  parameters.usage = options.tls12 ? PskUsage::tls13_and_tls12 : PskUsage::tls13;
  parameters.alpn = options.alpn;
  parameters.server_name = options.server_name;
  parameters.not_before = options.not_before;
  parameters.not_after = options.not_after;

  auto store = open_store(options, !rotate);
  if (!store) return store.error();
  auto line = KeyLine::prepare(options.out, name, parameters.key);
  if (!line) return failed(options, line.error());
  const auto changed = rotate ? (*store)->rotate(parameters) : (*store)->add(parameters);
  if (!changed) return failed(options, changed.error());
  if (const auto written = line->write(); !written) {
    // The store has the key, and nobody else: it must not stay there as if a client could use it.
    if (rotate) {
      complain(
          "the new key is in the store, but its line could not be written",
          "The older key still works. Remove the identity and add it again, or import a new key for it.");
    } else {
      (void)(*store)->remove(name);
    }
    return failed(options, written.error());
  }
  Json json = about(name);
  json.add("octets", options.octets).add_or_null("out", options.out);
  report(
      options, rotate ? "key_rotated" : "key_added",
      fmt::format("a {}key of {} octets for \"{}\"{}", rotate ? "newer " : "", options.octets, escaped(name),
                  rotate ? "; the old one is accepted too until it expires or is retired" : ""),
      json);
  if (options.out.empty() && !options.json)
    fmt::print(stderr, "Its key was shown nowhere. --out FILE writes the line that a client needs.\n");
  return ExitCode::ok;
}

}  // namespace

ExitCode keys_add(const KeysOptions& options) { return make_key(options, false); }
ExitCode keys_rotate(const KeysOptions& options) { return make_key(options, true); }

ExitCode keys_retire(const KeysOptions& options) {
  return change_identity(
      options, [](KeyStore& store, Bytes identity) { return store.retire_older(identity); }, "key_retired",
      "only the newest key is left for");
}

ExitCode keys_expire(const KeysOptions& options) {
  const auto which = options.older ? KeyStore::Which::older : KeyStore::Which::all;
  const std::string when = options.not_after
                               ? "no longer valid from " + time_text(*options.not_after) + " on:"
                               : "valid for ever:";
  return change_identity(
      options,
      [&](KeyStore& store, Bytes identity) { return store.expire(identity, options.not_after, which); },
      "key_expires", when);
}

ExitCode keys_remove(const KeysOptions& options) {
  return change_identity(
      options, [](KeyStore& store, Bytes identity) { return store.remove(identity); }, "identity_removed",
      "removed");
}

ExitCode keys_import(const KeysOptions& options) {
  std::vector<Credential> all;
  for (const auto& file : options.files) {
    const PskUsage usage = options.tls12 ? PskUsage::tls13_and_tls12 : PskUsage::tls13;
    auto keys = read_key_file(file, {.hash = options.hash, .usage = usage});
    if (!keys) return failed(options, keys.error());
    all.insert(all.end(), keys->begin(), keys->end());
  }
  auto store = open_store(options, true);
  if (!store) return store.error();
  const auto added = (*store)->import(all, options.existing);
  if (!added) return failed(options, added.error());
  for (const auto& key : all) {
    if (key.is_short())
      warn(fmt::format("the key of \"{}\" has under {} octets and can be guessed", escaped(key.identity()),
                       short_key_size));
  }
  Json json;
  json.add("keys", *added).add("passed_over", all.size() - *added);
  const std::size_t rest = all.size() - *added;
  report(options, "keys_imported",
         fmt::format("{} imported{}", counted(*added, "key"),
                     rest == 0 ? "" : fmt::format(", {} passed over", counted(rest, "key"))),
         json);
  return ExitCode::ok;
}

// ---- lists ----

namespace {

void print_line(const KeyDescription& key, TimePoint now) {
  std::string out = fmt::format("{}\t{}\t{}", encode_identity(key.identity), counted(key.key_size, "octet"),
                                name(key.hash));
  if (is_for_tls12(key.usage)) out += "\ttls12";
  if (key.older) out += "\tolder";
  if (key.not_before && now < *key.not_before) out += "\tfrom " + time_text(*key.not_before);
  if (key.not_after) out += (now < *key.not_after ? "\tuntil " : "\texpired ") + time_text(*key.not_after);
  if (!key.alpn.empty()) out += "\talpn=" + escaped(as_bytes(key.alpn));
  if (!key.server_name.empty()) out += "\tserver_name=" + escaped(as_bytes(key.server_name));
  fmt::print("{}\n", out);
}

void print_json(const KeyDescription& key, TimePoint now) {
  const auto time = [](std::optional<TimePoint> t) { return t ? time_text(*t) : std::string(); };
  const bool expired = key.not_after && now >= *key.not_after;
  const bool early = key.not_before && now < *key.not_before;
  Json json;
  json.add("identity", encode_identity(key.identity))
      .add("octets", key.key_size)
      .add("hash", name(key.hash))
      .add("tls12", is_for_tls12(key.usage))
      .add("older", key.older)
      .add("state", expired ? "expired"
                    : early ? "not_yet_valid"
                            : "valid")
      .add_or_null("not_before", time(key.not_before))
      .add_or_null("not_after", time(key.not_after))
      .add_or_null("alpn", escaped(as_bytes(key.alpn)))
      .add_or_null("server_name", escaped(as_bytes(key.server_name)))
      .add("added", time_text(key.added));
  fmt::print("{}\n", json.object());
}

}  // namespace

ExitCode keys_list(const KeysOptions& options) {
  std::optional<std::string> identity;
  if (!options.identity.empty()) {
    auto decoded = identity_of(options);
    if (!decoded) return decoded.error();
    identity = std::move(*decoded);
  }
  auto store = open_store(options);
  if (!store) return store.error();
  const auto now = std::chrono::system_clock::now();
  std::optional<Bytes> only;
  if (identity) only = as_bytes(*identity);
  std::size_t count = 0;
  const auto listed = (*store)->list(only, [&](const KeyDescription& key) {
    ++count;
    options.json ? print_json(key, now) : print_line(key, now);
  });
  if (!listed) return failed(options, listed.error());
  if (identity && count == 0) {
    return failed(options, Error(Reason::identity_not_in_keyring,
                                 options.store + ", identity " + escaped(as_bytes(*identity))));
  }
  return std::fflush(stdout) == 0 ? ExitCode::ok : ExitCode::key_file;
}

}  // namespace sesame::tool
