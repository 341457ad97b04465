// SQLite as the key store uses it: a database, its statements and a transaction, each closed by its
// destructor. Knows nothing of keys.
#pragma once

#include <sesame/bytes.h>
#include <sesame/error.h>
#include <sqlite3.h>

#include <chrono>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sesame::psk::sqlite {

/// The database's last failure as an Error: busy, not a database, or unavailable with SQLite's sentence.
std::unexpected<Error> failure(sqlite3* database, int code, const std::string& path);

/// A prepared statement that is being run; what was bound to it is forgotten at its end.
class Query {
 public:
  Query(sqlite3_stmt* statement, const std::string& path) noexcept : statement_(statement), path_(&path) {}
  Query(Query&& other) noexcept
      : statement_(std::exchange(other.statement_, nullptr)), path_(other.path_), next_(other.next_) {}
  Query& operator=(Query&&) = delete;
  ~Query();

  // In the order of the parameters. Octets are not copied: they have to stay until the query ends.
  Query& bind(Bytes value);
  Query& bind(std::integral auto value) { return bind_integer(static_cast<std::int64_t>(value)); }
  Query& bind(std::optional<std::int64_t> value);

  /// True: there is a row; false: there is none any more.
  Expected<bool> step();
  /// For a statement without rows, or of whose rows nothing is wanted.
  Expected<> run();

  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  std::optional<std::int64_t> optional_integer(int column) const;
  Bytes octets(int column) const;  ///< valid until the next step

 private:
  Query& bind_integer(std::int64_t value);
  sqlite3_stmt* statement_;
  const std::string* path_;
  int next_ = 1;
};

class Database {
 public:
  static Expected<Database> open(const std::string& path, std::chrono::milliseconds busy_timeout);

  const std::string& path() const noexcept { return *path_; }
  /// Runs statements whose results do not matter.
  Expected<> execute(const char* sql);
  /// The first column of the first row.
  Expected<std::int64_t> value(const char* sql);
  /// Prepared when it is first asked for, and kept. `sql` is a literal: it is known by its address.
  Expected<Query> query(const char* sql);

  std::unexpected<Error> failure(int code) const { return sqlite::failure(handle_.get(), code, *path_); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  struct Prepared {
    const char* sql;
    std::unique_ptr<sqlite3_stmt, Finalize> statement;
  };
  // In this order: the statements go first.
  std::unique_ptr<const std::string> path_;
  std::unique_ptr<sqlite3, Close> handle_;
  std::vector<Prepared> prepared_;
};

/// Rolls back unless it was committed.
class Transaction {
 public:
  /// For reading: one state of the database for all that is read in it.
  static Expected<Transaction> read(Database& database) { return begin(database, "BEGIN"); }
  /// For writing: waits for other writers now, not in the middle.
  static Expected<Transaction> write(Database& database) { return begin(database, "BEGIN IMMEDIATE"); }
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction() {
    if (database_) (void)database_->execute("ROLLBACK");
  }
  Expected<> commit() {
    auto committed = database_->execute("COMMIT");
    if (committed) database_ = nullptr;
    return committed;
  }

 private:
  explicit Transaction(Database& database) noexcept : database_(&database) {}
  static Expected<Transaction> begin(Database& database, const char* sql) {
    if (auto begun = database.execute(sql); !begun) return std::unexpected(begun.error());
    return Transaction(database);
  }
  Database* database_;
};

}  // namespace sesame::psk::sqlite
