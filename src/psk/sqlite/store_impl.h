// The inside of a SqliteKeyStore: the open database, and the steps that several of its calls take.
#pragma once

#include <sesame/sqlite_key_store.h>
#include <sys/types.h>

#include <ctime>

#include "psk/sqlite/schema.h"

namespace sesame {

struct SqliteKeyStore::Impl {
  using Database = psk::sqlite::Database;
  using Query = psk::sqlite::Query;
  using Transaction = psk::sqlite::Transaction;

  Impl(std::filesystem::path p, const SqliteKeyStoreOptions& o) : path(std::move(p)), options(o) {}

  Expected<> open_file();
  /// The file as it is there now: opened anew where another one was put in its place.
  Expected<Database*> current();

  /// Runs `change` in a transaction for writing, whose number it gets. `removes_keys`: their octets are got
  /// out of the write-ahead log as well.
  template <class Change>
  Expected<> write(bool removes_keys, Change change);
  Expected<std::int64_t> keys_of(Database& database, Bytes identity);
  Expected<> insert(Database& database, const CredentialParameters& parameters, std::int64_t change);
  /// The identity's other keys come with `change` too, so that a follower gets all that there are.
  Expected<> touch(Database& database, Bytes identity, std::int64_t change);
  Expected<> note_removal(Database& database, Bytes identity, std::int64_t change);

  std::unexpected<Error> about(Reason reason, Bytes identity) const {
    return fail(reason, path.string() + ", identity " + escaped(identity));
  }

  const std::filesystem::path path;
  const SqliteKeyStoreOptions options;
  std::optional<Database> database;
  dev_t device = 0;  // of the file that is open
  ino_t node = 0;

  // What load() has seen, successful or not.
  struct Stamp {
    dev_t device = 0;
    ino_t node = 0;
    off_t size = -1;  // -1: there was no file
    std::timespec modified = {};
    bool operator==(const Stamp& other) const {
      return device == other.device && node == other.node && size == other.size &&
             modified.tv_sec == other.modified.tv_sec && modified.tv_nsec == other.modified.tv_nsec;
    }
  };
  Stamp stamp() const;
  std::optional<Stamp> tried;      // the file, where it could not even be opened
  std::int64_t data_version = -1;  // PRAGMA data_version of the open file
  bool given = false;              // some load() gave what is in the open file
};

inline std::int64_t to_stored(TimePoint time) noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}
inline std::optional<std::int64_t> to_stored(std::optional<TimePoint> time) noexcept {
  if (!time) return std::nullopt;
  return to_stored(*time);
}
inline TimePoint from_stored(std::int64_t time) noexcept {
  return TimePoint(std::chrono::duration_cast<TimePoint::duration>(std::chrono::nanoseconds(time)));
}
inline std::optional<TimePoint> from_stored(std::optional<std::int64_t> time) noexcept {
  if (!time) return std::nullopt;
  return from_stored(*time);
}

template <class Change>
Expected<> SqliteKeyStore::Impl::write(bool removes_keys, Change change) {
  const auto now = current();
  if (!now) return std::unexpected(now.error());
  {
    auto transaction = Transaction::write(**now);
    if (!transaction) return std::unexpected(transaction.error());
    const auto number = (*now)->value("UPDATE store SET change = change + 1 RETURNING change");
    if (!number) return std::unexpected(number.error());
    if (Expected<> done = change(**now, *number); !done) return done;
    if (auto committed = transaction->commit(); !committed) return committed;
    data_version = -1;  // it does not count our own commits
  }
  // Where a reader is in the way, the next one does it.
  if (removes_keys) (void)(*now)->execute("PRAGMA wal_checkpoint(TRUNCATE)");
  return {};
}

}  // namespace sesame
