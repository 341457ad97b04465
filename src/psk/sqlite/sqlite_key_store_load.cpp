// What a SqliteKeyStore gives: to a follower its keys, to a person all but them.
#include <sesame/sqlite_key_store.h>
#include <sys/stat.h>

#include "psk/sqlite/store_impl.h"

namespace sesame {
namespace {

using psk::sqlite::Database;
using psk::sqlite::Query;

// A number that is none makes a credential that cannot be.
PskUsage usage_of(std::int64_t stored) noexcept {
  return stored > 0 && stored < 256 ? static_cast<PskUsage>(stored) : PskUsage{};
}

// Adds all rows of a query for SESAME_KEY_COLUMNS.
Expected<> read_keys(Query& query, const std::string& path, std::vector<Credential>& out) {
  for (;;) {
    const auto row = query.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
    CredentialParameters p;
    p.identity = query.octets(0);
    p.key = query.octets(1);
    p.hash = query.integer(2) == 384 ? HashAlgorithm::sha384 : HashAlgorithm::sha256;
    p.usage = usage_of(query.integer(3));
    p.context = query.octets(4);
    p.early_data.limit = static_cast<std::uint32_t>(query.integer(5));
    p.early_data.cipher_suite = static_cast<CipherSuite>(query.integer(6));
    p.alpn = as_text(query.octets(7));
    p.server_name = as_text(query.octets(8));
    p.not_before = from_stored(query.optional_integer(9));
    p.not_after = from_stored(query.optional_integer(10));
    auto credential = Credential::create(p);
    if (!credential) {
      return fail(Reason::store_invalid, path + ": a row is not a key: " + credential.error().message());
    }
    out.push_back(std::move(*credential));
  }
}

// The whole in the order of the index, so that an identity's keys stand together, the newer first.
#define SESAME_KEY_COLUMNS                                                                       \
  "identity, key, hash, usage, context, early_data_limit, early_data_suite, alpn, server_name, " \
  "not_before, not_after"
constexpr const char* all_keys = "SELECT " SESAME_KEY_COLUMNS " FROM keys ORDER BY identity, serial DESC";
constexpr const char* changed_keys =
    "SELECT " SESAME_KEY_COLUMNS
    " FROM keys "
    "WHERE identity IN (SELECT identity FROM keys WHERE change > ?1) ORDER BY identity, serial DESC";

Expected<KeyChanges> read_changes(Database& database, std::optional<KeyVersion> since) {
  KeyChanges out;
  const auto change = database.value("SELECT change FROM store");
  if (!change) return std::unexpected(change.error());
  const auto horizon = database.value("SELECT horizon FROM store");
  if (!horizon) return std::unexpected(horizon.error());
  out.version = static_cast<KeyVersion>(*change);
  // A backup that was copied over the file is behind what we know.
  out.whole = !since || *since < static_cast<KeyVersion>(*horizon) || *since > out.version;
  if (!out.whole && *since == out.version) return out;

  auto keys = database.query(out.whole ? all_keys : changed_keys);
  if (!keys) return std::unexpected(keys.error());
  if (!out.whole) keys->bind(*since);
  if (auto read = read_keys(*keys, database.path(), out.keys); !read) return std::unexpected(read.error());
  if (out.whole) return out;

  auto removed = database.query("SELECT identity FROM removed WHERE change > ?1");
  if (!removed) return std::unexpected(removed.error());
  removed->bind(*since);
  for (;;) {
    const auto row = removed->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return out;
    out.gone.emplace_back(as_text(removed->octets(0)));
  }
}

}  // namespace

SqliteKeyStore::Impl::Stamp SqliteKeyStore::Impl::stamp() const {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) return {};
  return {.device = status.st_dev, .node = status.st_ino, .size = status.st_size, .modified = status.st_mtim};
}

bool SqliteKeyStore::changed() {
  const Impl::Stamp now = impl_->stamp();
  if (!impl_->database || now.device != impl_->device || now.node != impl_->node) return now != impl_->tried;
  // SQLite counts the commits of other connections.
  const auto version = impl_->database->value("PRAGMA data_version");
  return !version || *version != impl_->data_version;
}

Expected<KeyChanges> SqliteKeyStore::load(std::optional<KeyVersion> since) {
  impl_->tried = impl_->stamp();
  const auto database = impl_->current();
  if (!database) {
    if (database.error().reason() == Reason::store_busy) impl_->tried.reset();
    return std::unexpected(database.error());
  }
  impl_->tried.reset();
  // What a file that was put in the place of another one calls a change is another one.
  if (!impl_->given) since.reset();

  auto transaction = psk::sqlite::Transaction::read(**database);
  if (!transaction) return std::unexpected(transaction.error());
  auto changes = read_changes(**database, since);
  // Within the transaction, so that a commit behind it is seen the next time.
  const auto version = (*database)->value("PRAGMA data_version");
  const bool seen = version && (changes || changes.error().reason() != Reason::store_busy);
  impl_->data_version = seen ? *version : -1;
  if (changes) impl_->given = true;
  return changes;
}

Expected<> SqliteKeyStore::list(std::optional<Bytes> identity,
                                const std::function<void(const KeyDescription&)>& each) {
  const auto database = impl_->current();
  if (!database) return std::unexpected(database.error());
  // The keys themselves are not even read.
  auto query = (*database)->query(
      "SELECT identity, length(key), hash, usage, alpn, server_name, not_before, not_after, added, "
      "context, early_data_limit, serial < max(serial) OVER (PARTITION BY identity) FROM keys "
      "WHERE ?1 IS NULL OR identity = ?1 ORDER BY identity, serial DESC");
  if (!query) return std::unexpected(query.error());
  if (identity) query->bind(*identity);
  for (;;) {
    const auto row = query->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
    const std::string alpn(as_text(query->octets(4)));
    const std::string server_name(as_text(query->octets(5)));
    const std::string context(as_text(query->octets(9)));
    each({.identity = query->octets(0),
          .key_size = static_cast<std::size_t>(query->integer(1)),
          .older = query->integer(11) != 0,
          .hash = query->integer(2) == 384 ? HashAlgorithm::sha384 : HashAlgorithm::sha256,
          .usage = usage_of(query->integer(3)),
          .context = as_bytes(context),
          .early_data_limit = static_cast<std::uint32_t>(query->integer(10)),
          .alpn = alpn,
          .server_name = server_name,
          .not_before = from_stored(query->optional_integer(6)),
          .not_after = from_stored(query->optional_integer(7)),
          .added = from_stored(query->integer(8))});
  }
}

}  // namespace sesame
