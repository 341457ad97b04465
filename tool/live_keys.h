// Keys as the files and stores have them now: a server's, in a keyring, and a client's, as a list.
#pragma once

#include <sesame/error.h>
#include <sesame/key_source.h>

#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace sesame::tool {

/// The source at `path`: a SQLite store if it is one, otherwise a key file. Errors: those of
/// SqliteKeyStore::open.
Expected<std::unique_ptr<KeySource>> open_key_source(const std::string& path, const KeyFileOptions& options);

struct LoadedKeys {
  std::size_t identities = 0;
  std::size_t keys = 0;
  std::vector<std::string> short_keys;  ///< escaped identities whose keys, read just now, can be guessed
};

/// What KeyWatch follows. load() and follow() may run on another thread than all else, one at a time.
class FollowedKeys {
 public:
  using Failure = KeyFollower::Failure;
  virtual ~FollowedKeys() = default;

  /// Reads everything. On a failure the old keys stay.
  virtual std::expected<LoadedKeys, Failure> load() = 0;
  /// Reads what has changed; nullopt: nothing has. A failure is told once.
  virtual std::expected<std::optional<LoadedKeys>, Failure> follow() = 0;

  virtual std::size_t identities() const = 0;
  virtual std::size_t keys() const = 0;
};

/// A server's.
class LiveKeys final : public FollowedKeys {
 public:
  LiveKeys(std::vector<std::string> files, const KeyFileOptions& options)
      : files_(std::move(files)), options_(options), keyring_(std::make_shared<Keyring>()) {}

  std::expected<LoadedKeys, Failure> load() override;
  std::expected<std::optional<LoadedKeys>, Failure> follow() override;
  std::size_t identities() const override { return keyring_->statistics().identities; }
  std::size_t keys() const override { return keyring_->statistics().keys; }

  const std::shared_ptr<Keyring>& keyring() const { return keyring_; }

 private:
  LoadedKeys summary(const KeyFollower::Loaded& loaded) const;

  std::vector<std::string> files_;
  KeyFileOptions options_;
  std::shared_ptr<Keyring> keyring_;
  std::optional<KeyFollower> follower_;  // made by the first load() that can open everything
};

/// A client's: the keys that it offers, in the order of the files; of some identities only, if any are given.
class OfferedKeys final : public FollowedKeys {
 public:
  /// `identities` as octets.
  OfferedKeys(std::vector<std::string> files, const KeyFileOptions& options,
              std::vector<std::string> identities)
      : files_(std::move(files)), options_(options), identities_(std::move(identities)) {}

  /// Errors: identity_not_in_keyring too.
  std::expected<LoadedKeys, Failure> load() override;
  std::expected<std::optional<LoadedKeys>, Failure> follow() override;
  std::size_t identities() const override;
  std::size_t keys() const override { return now()->size(); }

  using List = std::shared_ptr<const std::vector<Credential>>;
  /// From any thread.
  List now() const {
    const std::lock_guard lock(mutex_);
    return list_;
  }

 private:
  Expected<> choose(std::vector<Credential>& keys) const;
  std::expected<LoadedKeys, Failure> take();

  std::vector<std::string> files_;
  KeyFileOptions options_;
  std::vector<std::string> identities_;
  std::vector<std::unique_ptr<KeySource>> sources_;  // of the last load() that could open everything
  mutable std::mutex mutex_;
  List list_ = std::make_shared<const std::vector<Credential>>();
};

}  // namespace sesame::tool
