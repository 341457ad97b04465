// Places where keys are kept beyond the life of a process, and a Keyring that follows them.
//
//   auto keyring = std::make_shared<sesame::Keyring>();
//   std::vector<std::unique_ptr<sesame::KeySource>> sources;
//   sources.push_back(std::make_unique<sesame::KeyFileSource>("keys.psk"));
//   sesame::KeyFollower follower(std::move(sources), keyring);
//   auto loaded = follower.load();        // at the start: every failure is one to stop at
//   auto changed = follower.follow();     // now and then: on a failure the old keys stay
//
// A file is KeyFileSource, a database is SqliteKeyStore (sesame/sqlite_key_store.h); a store behind a network
// implements the same interface. The calls may block on a disk or a network: they are for a thread that may.
// Look-ups never wait for them, since they ask the keyring.
#pragma once

#include <sesame/bytes.h>
#include <sesame/credential.h>
#include <sesame/error.h>
#include <sesame/key_file.h>
#include <sesame/keyring.h>

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

struct stat;

namespace sesame {

/// Grows with each change of a source; it means something only to the source that gave it.
using KeyVersion = std::uint64_t;

/// What a source has, or what has changed in it.
struct KeyChanges {
  KeyVersion version = 0;  ///< of the source with these changes
  bool whole = false;      ///< `keys` is all that there is: everything else is gone
  /// For each identity that changed all its keys as they are now, the newer of two first.
  std::vector<Credential> keys;
  /// Identities that have no key any more.
  std::vector<std::string> gone;
};

/// Where keys come from. Not safe for concurrent calls, but not bound to a thread either.
class KeySource {
 public:
  virtual ~KeySource() = default;

  /// For messages: a path, an address. Never a secret.
  virtual std::string name() const = 0;
  /// Whether there may be something that the last load(), successful or not, has not seen. Cheap enough to be
  /// asked every second; true once too often does no harm.
  virtual bool changed() = 0;
  /// What changed since `since`, the version of an earlier load() of this object; everything, where `since`
  /// is nullopt or the source does not remember so far back. What is given is the state at one moment.
  /// Errors: those of the source, and of Credential::create.
  virtual Expected<KeyChanges> load(std::optional<KeyVersion> since) = 0;
};

/// A key of a store without the key itself.
struct KeyDescription {
  Bytes identity;  ///< valid during the call
  std::size_t key_size = 0;
  bool older = false;  ///< there is a newer one for the identity
  HashAlgorithm hash = HashAlgorithm::sha256;
  PskUsage usage = PskUsage::tls13;
  Bytes context;  ///< of an imported key; valid during the call, as the two below
  std::uint32_t early_data_limit = 0;
  std::string_view alpn;
  std::string_view server_name;
  std::optional<TimePoint> not_before;
  std::optional<TimePoint> not_after;
  TimePoint added;
};

/// A source whose keys can be changed through it. Each call is a change as a whole: it is kept when the call
/// returns, and nothing was changed where it fails. Several processes may change a store and follow it at a
/// time. Errors of all: those of the store.
class KeyStore : public KeySource {
 public:
  /// Adds the first key of an identity. Errors: those of Credential::create, duplicate_identity.
  virtual Expected<> add(const CredentialParameters& parameters) = 0;
  /// Adds a newer key for an identity that has one. Errors: as add, identity_not_in_keyring,
  /// two_keys_already.
  virtual Expected<> rotate(const CredentialParameters& parameters) = 0;
  /// Drops the older of two keys; having one key only is no error. Errors: identity_not_in_keyring.
  virtual Expected<> retire_older(Bytes identity) = 0;

  enum class Which : std::uint8_t { all, older };
  /// From `not_after` on the identity's keys, or the older of two, are not used any more. nullopt: for ever.
  /// Errors: identity_not_in_keyring, invalid_argument (there is no older key, or `not_after` is not after
  /// the key's not_before).
  virtual Expected<> expire(Bytes identity, std::optional<TimePoint> not_after, Which which) = 0;
  /// Removes an identity with all its keys. Errors: identity_not_in_keyring.
  virtual Expected<> remove(Bytes identity) = 0;

  /// What to do with an identity that has keys already.
  enum class Existing : std::uint8_t { refuse, keep, replace };
  /// Adds many keys in one step; an identity may stand twice, the newer key first. Returns how many were
  /// added. Errors: duplicate_identity (Existing::refuse, or a third key).
  virtual Expected<std::size_t> import(std::span<const Credential> credentials, Existing existing) = 0;

  /// Calls `each` for all keys, or those of one identity, ordered by identity, the newer of two first. It
  /// must not call the store.
  virtual Expected<> list(std::optional<Bytes> identity,
                          const std::function<void(const KeyDescription&)>& each) = 0;
};

/// A key file (sesame/key_file.h) that others change: by a rename, which is best, or in place. A file that is
/// just being written in place is left alone until it is quiet for a moment.
class KeyFileSource final : public KeySource {
 public:
  explicit KeyFileSource(std::filesystem::path path, const KeyFileOptions& options = {});

  std::string name() const override { return path_.string(); }
  bool changed() override;
  /// Always everything. Errors: those of read_key_file.
  Expected<KeyChanges> load(std::optional<KeyVersion> since) override;

 private:
  // What tells one state of the file from another.
  struct Stamp {
    std::uint64_t device = 0;
    std::uint64_t node = 0;
    std::int64_t size = -1;  // -1: there is no such file
    std::int64_t modified = 0;
    std::int64_t status_changed = 0;  // both in nanoseconds
    bool operator==(const Stamp&) const = default;
  };
  Stamp stamp() const;
  static Stamp stamp_of(const struct stat& status) noexcept;

  std::filesystem::path path_;
  KeyFileOptions options_;
  Stamp seen_;
  KeyVersion version_ = 0;
};

/// Keeps a keyring as its sources are. With one source only what changed is read and put into the keyring;
/// several are read whole when one of them changes, and their keys are put in the place of the old ones in
/// one step. Two sources may have one key each for an identity: the first source's is the newer.
///
/// Not safe for concurrent calls; the keyring's look-ups are.
class KeyFollower {
 public:
  struct Failure {
    std::string source;  ///< its name; empty: the sources do not go together
    Error error;
  };
  struct Loaded {
    bool whole = false;                   ///< everything was read
    std::size_t changed = 0;              ///< keys that were read, and identities that went
    std::vector<std::string> short_keys;  ///< escaped identities whose keys, read just now, can be guessed
  };

  KeyFollower(std::vector<std::unique_ptr<KeySource>> sources, std::shared_ptr<Keyring> keyring);

  /// Reads all sources. On a failure the keyring is as before.
  std::expected<Loaded, Failure> load();
  /// Reads what has changed; nullopt: nothing has. On a failure the keyring is as before; the same failure is
  /// not told again until the source has changed anew.
  std::expected<std::optional<Loaded>, Failure> follow();

  const std::shared_ptr<Keyring>& keyring() const noexcept { return keyring_; }

 private:
  std::expected<Loaded, Failure> apply(const KeySource& source, const KeyChanges& changes);

  std::vector<std::unique_ptr<KeySource>> sources_;
  std::shared_ptr<Keyring> keyring_;
  std::optional<KeyVersion> version_;  // of the only source, as far as it is in the keyring
};

}  // namespace sesame
