#include <fcntl.h>
#include <sesame/sqlite_key_store.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <system_error>

#include "psk/credential_body.h"
#include "psk/sqlite/store_impl.h"

namespace sesame {

namespace {

// Removals that are remembered at least, for followers that are behind; up to twice as many are kept.
constexpr std::int64_t removals_kept = 4096;

CredentialParameters parameters_of(const psk::CredentialBody& body) {
  CredentialParameters out;
  out.identity = body.identity;
  out.key = body.key;
  out.hash = body.hash;
  out.usage = body.usage;
  out.context = body.context;
  out.early_data = body.early_data;
  out.alpn = body.alpn;
  out.server_name = body.server_name;
  out.not_before = body.not_before;
  out.not_after = body.not_after;
  return out;
}

}  // namespace

// ---- opening ----

Expected<> SqliteKeyStore::Impl::open_file() {
  const auto unavailable = [this](int error) {
    return fail(Reason::store_unavailable, path.string() + ": " + std::generic_category().message(error));
  };
  if (options.create) {
    // SQLite gives what lies beside the file the file's mode.
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0 && errno != EEXIST) return unavailable(errno);
    if (file >= 0) ::close(file);
  }
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) return unavailable(errno);
  if (!S_ISREG(status.st_mode)) return unavailable(S_ISDIR(status.st_mode) ? EISDIR : EINVAL);

  // Absolute, so that SQLite sees neither an URI nor ":memory:" in it.
  std::error_code error;
  auto opened = Database::open(std::filesystem::absolute(path, error).string(), options.busy_timeout);
  if (!opened) return std::unexpected(opened.error());
  if (options.create) {
    if (auto made = psk::sqlite::create_schema(*opened, options.busy_timeout); !made) return made;
  }
  if (auto right = psk::sqlite::check_schema(*opened); !right) return right;
  if (auto set = opened->execute("PRAGMA secure_delete = ON; PRAGMA synchronous = FULL"); !set) return set;
  database.emplace(std::move(*opened));
  device = status.st_dev;
  node = status.st_ino;
  given = false;
  data_version = -1;
  return {};
}

Expected<psk::sqlite::Database*> SqliteKeyStore::Impl::current() {
  struct stat status;
  const bool same =
      database && ::stat(path.c_str(), &status) == 0 && status.st_dev == device && status.st_ino == node;
  if (!same) {
    database.reset();
    if (auto opened = open_file(); !opened) return std::unexpected(opened.error());
  }
  return &*database;
}

SqliteKeyStore::SqliteKeyStore(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
SqliteKeyStore::~SqliteKeyStore() = default;

Expected<std::unique_ptr<SqliteKeyStore>> SqliteKeyStore::open(std::filesystem::path path,
                                                               const SqliteKeyStoreOptions& options) {
  auto impl = std::make_unique<Impl>(std::move(path), options);
  if (auto opened = impl->open_file(); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<SqliteKeyStore>(new SqliteKeyStore(std::move(impl)));
}

bool SqliteKeyStore::is_database(const std::filesystem::path& path) {
  constexpr std::string_view magic("SQLite format 3\0", 16);
  // A pipe would lose what is read from it here.
  struct stat status;
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char header[16];
  const ssize_t size = ::read(file, header, sizeof header);
  ::close(file);
  return size == sizeof header && std::string_view(header, sizeof header) == magic;
}

std::string SqliteKeyStore::name() const { return impl_->path.string(); }

// ---- changes ----

Expected<std::int64_t> SqliteKeyStore::Impl::keys_of(Database& now, Bytes identity) {
  auto query = now.query("SELECT count(*) FROM keys WHERE identity = ?1");
  if (!query) return std::unexpected(query.error());
  const auto row = query->bind(identity).step();
  if (!row) return std::unexpected(row.error());
  return query->integer(0);
}

Expected<> SqliteKeyStore::Impl::insert(Database& now, const CredentialParameters& p, std::int64_t change) {
  auto query = now.query(
      "INSERT INTO keys (identity, key, hash, usage, context, early_data_limit, early_data_suite, alpn, "
      "server_name, not_before, not_after, added, change) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
  if (!query) return std::unexpected(query.error());
  query->bind(p.identity).bind(p.key).bind(p.hash == HashAlgorithm::sha256 ? 256 : 384);
  query->bind(static_cast<int>(p.usage)).bind(p.context);
  query->bind(p.early_data.limit).bind(static_cast<int>(p.early_data.cipher_suite));
  query->bind(as_bytes(p.alpn)).bind(as_bytes(p.server_name));
  query->bind(to_stored(p.not_before)).bind(to_stored(p.not_after));
  query->bind(to_stored(std::chrono::system_clock::now())).bind(change);
  if (auto done = query->run(); !done) return done;
  auto here_again = now.query("DELETE FROM removed WHERE identity = ?1");
  if (!here_again) return std::unexpected(here_again.error());
  return here_again->bind(p.identity).run();
}

Expected<> SqliteKeyStore::Impl::touch(Database& now, Bytes identity, std::int64_t change) {
  auto query = now.query("UPDATE keys SET change = ?2 WHERE identity = ?1");
  if (!query) return std::unexpected(query.error());
  return query->bind(identity).bind(change).run();
}

Expected<> SqliteKeyStore::Impl::note_removal(Database& now, Bytes identity, std::int64_t change) {
  {
    auto query = now.query("INSERT OR REPLACE INTO removed VALUES (?1, ?2)");
    if (!query) return std::unexpected(query.error());
    if (auto done = query->bind(identity).bind(change).run(); !done) return done;
  }
  const auto remembered = now.value("SELECT count(*) FROM removed");
  if (!remembered) return std::unexpected(remembered.error());
  if (*remembered <= 2 * removals_kept) return {};
  return now.execute(
      "UPDATE store SET horizon = (SELECT change FROM removed ORDER BY change DESC LIMIT 1 OFFSET 4096);"
      "DELETE FROM removed WHERE change <= (SELECT horizon FROM store)");
}
static_assert(removals_kept == 4096, "as the statement above has it");

Expected<> SqliteKeyStore::add(const CredentialParameters& parameters) {
  if (auto right = psk::check(parameters); !right) return right;
  return impl_->write(false, [&](Impl::Database& now, std::int64_t change) -> Expected<> {
    const auto keys = impl_->keys_of(now, parameters.identity);
    if (!keys) return std::unexpected(keys.error());
    if (*keys != 0) return impl_->about(Reason::duplicate_identity, parameters.identity);
    return impl_->insert(now, parameters, change);
  });
}

Expected<> SqliteKeyStore::rotate(const CredentialParameters& parameters) {
  if (auto right = psk::check(parameters); !right) return right;
  return impl_->write(false, [&](Impl::Database& now, std::int64_t change) -> Expected<> {
    const auto keys = impl_->keys_of(now, parameters.identity);
    if (!keys) return std::unexpected(keys.error());
    if (*keys == 0) return impl_->about(Reason::identity_not_in_keyring, parameters.identity);
    if (*keys > 1) return impl_->about(Reason::two_keys_already, parameters.identity);
    return impl_->insert(now, parameters, change);
  });
}

Expected<> SqliteKeyStore::retire_older(Bytes identity) {
  return impl_->write(true, [&](Impl::Database& now, std::int64_t change) -> Expected<> {
    const auto keys = impl_->keys_of(now, identity);
    if (!keys) return std::unexpected(keys.error());
    if (*keys == 0) return impl_->about(Reason::identity_not_in_keyring, identity);
    if (*keys == 1) return {};
    auto query = now.query(
        "DELETE FROM keys WHERE identity = ?1 AND serial < (SELECT max(serial) FROM keys WHERE identity = "
        "?1)");
    if (!query) return std::unexpected(query.error());
    if (auto done = query->bind(identity).run(); !done) return done;
    return impl_->touch(now, identity, change);
  });
}

Expected<> SqliteKeyStore::expire(Bytes identity, std::optional<TimePoint> not_after, Which which) {
  return impl_->write(false, [&](Impl::Database& now, std::int64_t change) -> Expected<> {
    const auto keys = impl_->keys_of(now, identity);
    if (!keys) return std::unexpected(keys.error());
    if (*keys == 0) return impl_->about(Reason::identity_not_in_keyring, identity);
    const bool older = which == Which::older;
    if (older && *keys == 1) {
      return fail(Reason::invalid_argument, "there is no older key, identity " + escaped(identity));
    }
    const auto time = to_stored(not_after);
    {
      // As Credential::create has it: such a key would never be valid.
      auto query = now.query(
          "SELECT count(*) FROM keys WHERE identity = ?1 AND ?2 <= not_before AND "
          "(?3 = 0 OR serial < (SELECT max(serial) FROM keys WHERE identity = ?1))");
      if (!query) return std::unexpected(query.error());
      const auto row = query->bind(identity).bind(time).bind(older ? 1 : 0).step();
      if (!row) return std::unexpected(row.error());
      if (query->integer(0) != 0) {
        return fail(Reason::invalid_argument,
                    "not_after is not after not_before, identity " + escaped(identity));
      }
    }
    auto query = now.query(
        "UPDATE keys SET not_after = ?2 WHERE identity = ?1 AND "
        "(?3 = 0 OR serial < (SELECT max(serial) FROM keys WHERE identity = ?1))");
    if (!query) return std::unexpected(query.error());
    if (auto done = query->bind(identity).bind(time).bind(older ? 1 : 0).run(); !done) return done;
    return impl_->touch(now, identity, change);
  });
}

Expected<> SqliteKeyStore::remove(Bytes identity) {
  return impl_->write(true, [&](Impl::Database& now, std::int64_t change) -> Expected<> {
    const auto keys = impl_->keys_of(now, identity);
    if (!keys) return std::unexpected(keys.error());
    if (*keys == 0) return impl_->about(Reason::identity_not_in_keyring, identity);
    auto query = now.query("DELETE FROM keys WHERE identity = ?1");
    if (!query) return std::unexpected(query.error());
    if (auto done = query->bind(identity).run(); !done) return done;
    return impl_->note_removal(now, identity, change);
  });
}

Expected<std::size_t> SqliteKeyStore::import(std::span<const Credential> credentials, Existing existing) {
  // Of two keys for an identity the newer comes first, and has to be written last.
  std::map<std::string_view, std::vector<const psk::CredentialBody*>> by_identity;
  for (const auto& credential : credentials) {
    const psk::CredentialBody& body = psk::CredentialAccess::body(credential);
    auto& keys = by_identity[as_text(body.identity)];
    if (keys.size() == 2) return impl_->about(Reason::duplicate_identity, body.identity);
    keys.push_back(&body);
  }
  std::size_t added = 0;
  const bool replaces = existing == Existing::replace;
  const auto done = impl_->write(replaces, [&](Impl::Database& now, std::int64_t change) -> Expected<> {
    for (const auto& [name, keys] : by_identity) {
      const Bytes identity = as_bytes(name);
      const auto there = impl_->keys_of(now, identity);
      if (!there) return std::unexpected(there.error());
      if (*there != 0) {
        if (existing == Existing::refuse) return impl_->about(Reason::duplicate_identity, identity);
        if (existing == Existing::keep) continue;
        auto query = now.query("DELETE FROM keys WHERE identity = ?1");
        if (!query) return std::unexpected(query.error());
        if (auto deleted = query->bind(identity).run(); !deleted) return deleted;
      }
      for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
        if (auto inserted = impl_->insert(now, parameters_of(**key), change); !inserted) return inserted;
        ++added;
      }
    }
    return {};
  });
  if (!done) return std::unexpected(done.error());
  return added;
}

}  // namespace sesame
