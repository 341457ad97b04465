// The server's keys, as the files have them now: looked at every second, read again when they change.
#pragma once

#include <sesame/error.h>
#include <sesame/key_file.h>
#include <sesame/keyring.h>
#include <sys/types.h>

#include <ctime>
#include <memory>
#include <string>
#include <vector>

namespace sesame::tool {

class LiveKeys {
 public:
  LiveKeys(std::vector<std::string> files, const KeyFileOptions& options)
      : files_(std::move(files)), options_(options), keyring_(std::make_shared<Keyring>()) {}

  struct Failure {
    std::string file;  ///< empty: the files do not go together
    Error error;
  };
  struct Loaded {
    std::size_t identities = 0;
    std::size_t keys = 0;
    std::vector<std::string> short_keys;  ///< escaped identities whose keys can be guessed
  };

  /// Reads all files, and puts their keys in the place of the old ones. On a failure the old keys stay. It
  /// may run on another thread than look-ups, but not twice at a time.
  std::expected<Loaded, Failure> load();

  /// Whether a file is another one than when load() last looked. A file that is away counts once.
  bool changed();

  const std::shared_ptr<Keyring>& keyring() const { return keyring_; }

 private:
  struct Stamp {
    dev_t device = 0;
    ino_t node = 0;
    off_t size = -1;
    std::timespec modified = {};
    std::timespec changed = {};
    bool operator==(const Stamp& other) const;
  };
  std::vector<Stamp> stamps() const;

  std::vector<std::string> files_;
  KeyFileOptions options_;
  std::shared_ptr<Keyring> keyring_;
  std::vector<Stamp> seen_;
};

}  // namespace sesame::tool
