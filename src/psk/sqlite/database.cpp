#include "psk/sqlite/database.h"

namespace sesame::psk::sqlite {

std::unexpected<Error> failure(sqlite3* database, int code, const std::string& path) {
  const char* const text = database ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  const std::string detail = path + ": " + text;
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(Reason::store_busy, detail);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_SCHEMA:
    case SQLITE_CONSTRAINT:  // what we write was checked: then the schema is not ours
    case SQLITE_ERROR:       // no such table, no such column
      return fail(Reason::store_invalid, detail);
    default:
      return fail(Reason::store_unavailable, detail);
  }
}

// ---- Query ----

Query::~Query() {
  if (!statement_) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

// A failure to bind is out of range or out of memory; the step behind it then does nothing that was not asked
// for: a parameter that is not bound is NULL, which no column takes that matters.
Query& Query::bind(Bytes value) {
  // A NULL pointer would bind NULL, not no octets.
  static constexpr std::uint8_t nothing = 0;
  const void* const data = value.empty() ? &nothing : value.data();
  sqlite3_bind_blob64(statement_, next_++, data, value.size(), SQLITE_STATIC);
  return *this;
}
Query& Query::bind_integer(std::int64_t value) {
  sqlite3_bind_int64(statement_, next_++, value);
  return *this;
}
Query& Query::bind(std::optional<std::int64_t> value) {
  if (value) return bind_integer(*value);
  sqlite3_bind_null(statement_, next_++);
  return *this;
}

Expected<bool> Query::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failure(sqlite3_db_handle(statement_), code, *path_);
}
Expected<> Query::run() {
  for (;;) {
    const auto row = step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
  }
}

std::optional<std::int64_t> Query::optional_integer(int column) const {
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nullopt;
  return integer(column);
}
Bytes Query::octets(int column) const {
  const void* const data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
}

// ---- Database ----

Expected<Database> Database::open(const std::string& path, std::chrono::milliseconds busy_timeout) {
  Database out;
  out.path_ = std::make_unique<const std::string>(path);
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  out.handle_.reset(handle);
  if (code != SQLITE_OK) return out.failure(code);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, static_cast<int>(busy_timeout.count()));
  // Nothing in a file can make SQLite do more than read and write tables.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return out;
}

Expected<> Database::execute(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(code);
  return {};
}

Expected<std::int64_t> Database::value(const char* sql) {
  auto asked = query(sql);
  if (!asked) return std::unexpected(asked.error());
  const auto row = asked->step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(Reason::store_invalid, path() + ": a row is missing");
  return asked->integer(0);
}

Expected<Query> Database::query(const char* sql) {
  for (const auto& [text, statement] : prepared_) {
    if (text == sql) return Query(statement.get(), *path_);
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return failure(code);
  prepared_.push_back({sql, std::unique_ptr<sqlite3_stmt, Finalize>(statement)});
  return Query(statement, *path_);
}

}  // namespace sesame::psk::sqlite
