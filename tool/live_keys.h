// The server's keys, as the files and stores have them now: looked at every second, read again when they
// change.
#pragma once

#include <sesame/error.h>
#include <sesame/key_source.h>

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sesame::tool {

/// The source at `path`: a SQLite store if it is one, otherwise a key file. Errors: those of
/// SqliteKeyStore::open.
Expected<std::unique_ptr<KeySource>> open_key_source(const std::string& path, const KeyFileOptions& options);

class LiveKeys {
 public:
  LiveKeys(std::vector<std::string> files, const KeyFileOptions& options)
      : files_(std::move(files)), options_(options), keyring_(std::make_shared<Keyring>()) {}

  using Failure = KeyFollower::Failure;
  struct Loaded {
    std::size_t identities = 0;
    std::size_t keys = 0;
    std::vector<std::string> short_keys;  ///< escaped identities whose keys, read just now, can be guessed
  };

  /// Reads everything, and puts it in the place of the old keys. On a failure the old keys stay. It may run
  /// on another thread than look-ups, but not twice at a time, nor beside follow().
  std::expected<Loaded, Failure> load();
  /// Reads what has changed; nullopt: nothing has. A failure is told once.
  std::expected<std::optional<Loaded>, Failure> follow();

  const std::shared_ptr<Keyring>& keyring() const { return keyring_; }

 private:
  Loaded summary(const KeyFollower::Loaded& loaded) const;

  std::vector<std::string> files_;
  KeyFileOptions options_;
  std::shared_ptr<Keyring> keyring_;
  std::optional<KeyFollower> follower_;  // made by the first load() that can open everything
};

}  // namespace sesame::tool
