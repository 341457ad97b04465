// All that a keyring holds at one moment: what a look-up finds behind one pointer, and what replace_all
// replaces.
#pragma once

#include <array>
#include <atomic>

#include "psk/keyring/derived_cache.h"
#include "psk/keyring/identity_table.h"

namespace sesame::psk {

/// Usage and hash of a key as a number below key_kinds.
inline constexpr std::size_t key_kinds = 14;
constexpr std::size_t kind_of(PskUsage usage, HashAlgorithm hash) noexcept {
  return 2 * static_cast<std::size_t>(usage) + (hash == HashAlgorithm::sha384 ? 1 : 0);
}
inline constexpr std::array<PskUsage, 5> all_usages = {PskUsage::tls13, PskUsage::tls13_imported,
                                                       PskUsage::tls12, PskUsage::tls13_and_tls12,
                                                       PskUsage::tls13_imported_and_tls12};
static_assert(kind_of(all_usages.back(), HashAlgorithm::sha384) + 1 == key_kinds);

/// Written by one thread at a time; read by any, within an Epochs::Reader. `limbo` is nullptr as long as no
/// other thread has seen it.
class Root {
 public:
  Root(const IdentityHashKey& hash_key, std::size_t expected_keys, std::size_t derived_states);
  ~Root();
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;

  // For readers.
  const Record* find(std::uint64_t hash, Bytes identity, const Record* in_vain = nullptr) const noexcept {
    return table_.find(hash, identity, in_vain);
  }
  /// As what the keys here are used, by the last one that came: kind_of().
  std::size_t kind_of_keys() const noexcept { return kind_.load(std::memory_order_relaxed); }
  /// nullptr: nothing is cached.
  DerivedCache* cache() const noexcept { return cache_.load(std::memory_order_acquire); }

  // For the writer.
  IdentityTable::Slot slot(Bytes identity) noexcept { return table_.slot(hash(identity), identity); }
  void insert(Bytes identity, const KeyView& newest, const KeyView* older, Limbo* limbo);
  void replace(const IdentityTable::Slot& slot, const KeyView& newest, const KeyView* older, Limbo* limbo);
  void erase(const IdentityTable::Slot& slot, Limbo* limbo);
  void copy_all_of(const Root& other);

  std::size_t identities() const noexcept { return table_.size(); }
  std::size_t keys() const noexcept { return keys_; }
  std::size_t octets() const noexcept;  ///< held
  /// Four times as much is held as is used: it is time to move to a new root.
  bool is_sparse() const noexcept;

 private:
  std::uint64_t hash(Bytes identity) const noexcept { return identity_hash(hash_key_, identity); }
  const Record* make_record(Bytes identity, const KeyView& newest, const KeyView* older);
  void retire(const Record* record, Limbo* limbo);
  void fit_cache(const KeyView& newest, Limbo* limbo);

  const IdentityHashKey hash_key_;
  const std::size_t derived_states_;
  Slabs slabs_;
  IdentityTable table_;
  std::atomic<DerivedCache*> cache_ = nullptr;
  std::size_t keys_ = 0;
  std::size_t cache_capacity_ = 0;  // what was asked for
  std::size_t octets_at_first_;
  std::atomic<std::uint8_t> kind_ = kind_of(PskUsage::tls13, HashAlgorithm::sha256);
};

}  // namespace sesame::psk
