#include "psk/sqlite/schema.h"

#include <thread>

namespace sesame::psk::sqlite {
namespace {

// Of two keys for an identity the one with the larger serial is the newer.
constexpr const char* tables = R"(
CREATE TABLE store (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  change   INTEGER NOT NULL,  -- of the last transaction
  horizon  INTEGER NOT NULL   -- removals up to this change may have been forgotten
) STRICT;
INSERT INTO store VALUES (1, 0, 0);

CREATE TABLE keys (
  serial      INTEGER PRIMARY KEY AUTOINCREMENT,
  identity    BLOB NOT NULL CHECK (length(identity) BETWEEN 1 AND 65535),
  key         BLOB NOT NULL CHECK (length(key) BETWEEN 1 AND 4096),
  hash        INTEGER NOT NULL CHECK (hash IN (256, 384)),  -- SHA-256, SHA-384
  usage       INTEGER NOT NULL,                             -- sesame::PskUsage
  context     BLOB NOT NULL,                                -- of an imported key
  early_data_limit INTEGER NOT NULL,                        -- octets; 0: none
  early_data_suite INTEGER NOT NULL,                        -- its cipher suite's number
  alpn        BLOB NOT NULL,                                -- empty: any
  server_name BLOB NOT NULL,                                -- empty: any
  not_before  INTEGER,                                      -- NULL: ever
  not_after   INTEGER,                                      -- NULL: for ever
  added       INTEGER NOT NULL,
  change      INTEGER NOT NULL
) STRICT;
CREATE INDEX keys_by_identity ON keys (identity, serial);
CREATE INDEX keys_by_change ON keys (change);

CREATE TABLE removed (
  identity BLOB PRIMARY KEY,
  change   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX removed_by_change ON removed (change);

PRAGMA application_id = 1399157579;
PRAGMA user_version = 1;
)";
static_assert(application_id == 1399157579 && schema_version == 1, "as the text has them");

}  // namespace

Expected<> create_schema(Database& database, std::chrono::milliseconds patience) {
  constexpr const char* count_objects = "SELECT count(*) FROM sqlite_schema";
  const auto before = database.value(count_objects);
  if (!before) return std::unexpected(before.error());
  if (*before != 0) return {};
  // It is a property of the file, and cannot be changed in a transaction. Where several processes make it at
  // the same time SQLite does not wait by itself.
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto done = database.execute("PRAGMA journal_mode = WAL");
    if (done) break;
    const bool busy = done.error().reason() == Reason::store_busy;
    if (!busy || std::chrono::steady_clock::now() > end) return done;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  auto transaction = Transaction::write(database);
  if (!transaction) return std::unexpected(transaction.error());
  const auto objects = database.value(count_objects);
  if (!objects) return std::unexpected(objects.error());
  if (*objects != 0) return {};
  if (auto done = database.execute(tables); !done) return done;
  return transaction->commit();
}

Expected<> check_schema(Database& database) {
  const auto id = database.value("PRAGMA application_id");
  if (!id) return std::unexpected(id.error());
  if (*id != application_id) {
    return fail(Reason::store_invalid, database.path() + ": it is a database, but not of keys");
  }
  const auto version = database.value("PRAGMA user_version");
  if (!version) return std::unexpected(version.error());
  if (*version != schema_version) {
    return fail(Reason::store_invalid, database.path() + ": its tables have version " +
                                           std::to_string(*version) + ", and this program knows version " +
                                           std::to_string(schema_version));
  }
  return {};
}

}  // namespace sesame::psk::sqlite
