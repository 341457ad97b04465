// The keys of a server, in memory and live: keys come and go while it serves.
#pragma once

#include <sesame/credential.h>
#include <sesame/psk_source.h>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace sesame {

struct KeyringOptions {
  /// Derived key-schedule states are kept for at most this many keys (some 600 octets each); 0: for none.
  std::size_t derived_states = 1024;
  /// Room made at once for this many keys; more are welcome.
  std::size_t expected_keys = 0;
};

struct KeyringStatistics {
  std::size_t identities = 0;
  std::size_t keys = 0;            ///< at most two for each identity
  std::size_t octets = 0;          ///< of heap held for the keys, the table and the cache
  std::size_t derived_states = 0;  ///< keys whose derived states are kept now
};

/// Looks up in constant time without taking a lock, whatever writers do. All members are safe for concurrent
/// calls; a look-up sees each change whole or not at all. Keys are wiped when the last look-up that can see
/// them has ended.
class Keyring final : public PskSource {
 public:
  explicit Keyring(const KeyringOptions& options = {});
  ~Keyring() override;
  Keyring(const Keyring&) = delete;
  Keyring& operator=(const Keyring&) = delete;

  /// Adds the first key of an identity. Errors: those of Credential::create, duplicate_identity.
  Expected<> add(const CredentialParameters& parameters);
  /// Adds a newer key for an identity that has one: from now on both are accepted. Errors: as add, and
  /// identity_not_in_keyring, two_keys_already (retire the older one first).
  Expected<> rotate(const CredentialParameters& parameters);
  /// Drops the older of two keys. Errors: identity_not_in_keyring; having one key only is no error.
  Expected<> retire_older(Bytes identity);
  /// Removes an identity with all its keys. Errors: identity_not_in_keyring.
  Expected<> remove(Bytes identity);
  /// Gives one identity the keys `credentials`, the newer of two first, in place of what it had, if anything.
  /// Errors: invalid_argument (none, or of several identities), two_keys_already (more than two); it is then
  /// as before.
  Expected<> put(std::span<const Credential> credentials);
  /// Replaces everything by `credentials`, in one step for those who look up. An identity may stand twice:
  /// the newer key first. Errors: duplicate_identity for a third key; the keyring is then as before.
  Expected<> replace_all(std::span<const Credential> credentials);

  bool contains(Bytes identity) const;
  KeyringStatistics statistics() const;

  void find(const PskQuery& query, PskAnswer& answer) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sesame
