// Keys in a SQLite database: the store for many keys on one machine.
//
// It is in a library of its own, Sesame::sqlite (find_package(Sesame COMPONENTS sqlite)), so that
// Sesame::sesame does not need SQLite.
//
// The file holds the keys as they are: its mode is 0600, and whoever can read it has the keys. Readers and
// writers of several processes work on it at a time (SQLite's WAL mode, so not on a network file system);
// beside the file there are then `-wal` and `-shm`. What is removed is overwritten in the file
// (secure_delete), and the write-ahead log is emptied behind such a change unless a reader is in the way;
// neither helps with what a disk or a file system keeps by itself. Buffers of this library are wiped;
// SQLite's own page cache is not, and holds keys for as long as a store is open.
#pragma once

#include <sesame/key_source.h>

#include <chrono>
#include <filesystem>
#include <memory>

namespace sesame {

struct SqliteKeyStoreOptions {
  bool create = false;                           ///< makes the store, with mode 0600, if there is no file
  std::chrono::milliseconds busy_timeout{5000};  ///< how long a call waits for another process
};

class SqliteKeyStore final : public KeyStore {
 public:
  /// Errors: store_unavailable (no such file, no right, no room), store_busy, store_invalid (not a key store,
  /// damaged, or made by a newer version).
  static Expected<std::unique_ptr<SqliteKeyStore>> open(std::filesystem::path path,
                                                        const SqliteKeyStoreOptions& options = {});
  /// Whether the file begins as SQLite's databases do. False also where it cannot be read.
  static bool is_database(const std::filesystem::path& path);

  ~SqliteKeyStore() override;

  std::string name() const override;
  bool changed() override;
  /// The whole where another file was put in the store's place, or where `since` is further back than the
  /// removals that it remembers (4096 at least).
  Expected<KeyChanges> load(std::optional<KeyVersion> since) override;

  Expected<> add(const CredentialParameters& parameters) override;
  Expected<> rotate(const CredentialParameters& parameters) override;
  Expected<> retire_older(Bytes identity) override;
  Expected<> expire(Bytes identity, std::optional<TimePoint> not_after, Which which) override;
  Expected<> remove(Bytes identity) override;
  Expected<std::size_t> import(std::span<const Credential> credentials, Existing existing) override;
  Expected<> list(std::optional<Bytes> identity,
                  const std::function<void(const KeyDescription&)>& each) override;

 private:
  struct Impl;
  explicit SqliteKeyStore(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sesame
