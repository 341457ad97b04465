// What was derived from the keys that are asked for most: a bounded cache, without a lock and without
// allocation.
//
// Sets of four. Each entry has a sequence number that is odd while somebody writes it: who reads copies the
// octets and believes the copy only if the number is the same, and even, before and after. Nobody waits: a
// reader that is disturbed derives for itself, a writer that finds another one there leaves it.
//
// An entry belongs to a Record, by its address. What is purged cannot come back: the keyring purges when no
// look-up that can have seen the record is left (Epochs), and only such a look-up stores.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "psk/keyring/pages.h"
#include "psk/secrets.h"

namespace sesame::psk {

class DerivedCache {
 public:
  /// For at most `capacity` keys, not 0, whose hash has states of at most `state_size` octets
  /// (HmacKey::state_size).
  DerivedCache(std::size_t capacity, std::size_t state_size);
  DerivedCache(const DerivedCache&) = delete;
  DerivedCache& operator=(const DerivedCache&) = delete;
  ~DerivedCache();  ///< wipes all

  // For readers. `owner` is the address of the record, plus a number of 0..7 for the key in it, the hash that
  // it was derived for, and what was derived; `hash` is that of the identity.
  bool load(std::uintptr_t owner, std::uint64_t hash, const crypto::Hash& algorithm,
            PskSecrets& out) noexcept;
  void store(std::uintptr_t owner, std::uint64_t hash, const PskSecrets& secrets) noexcept;
  // A premaster secret of TLS 1.2, which takes an entry for itself.
  bool load(std::uintptr_t owner, std::uint64_t hash, const crypto::Hash& algorithm,
            crypto::HmacKey& out) noexcept;
  void store(std::uintptr_t owner, std::uint64_t hash, const crypto::HmacKey& premaster) noexcept;

  /// For the writer: wipes what belongs to the record, for which nobody can store any more.
  void purge(std::uintptr_t record, std::uint64_t hash) noexcept;

  std::size_t capacity() const noexcept { return set_count_ * ways_; }
  std::size_t state_size() const noexcept { return state_size_; }
  std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }
  std::size_t octets() const noexcept { return memory_.size() + sketch_size() * sizeof(std::uint16_t); }

 private:
  static constexpr std::size_t max_ways = 4, states = 5;
  template <std::size_t count>
  bool load_states(std::uintptr_t owner, std::uint64_t hash, const crypto::Hash& algorithm,
                   const std::array<crypto::HmacKey*, count>& out) noexcept;
  template <std::size_t count>
  void store_states(std::uintptr_t owner, std::uint64_t hash,
                    const std::array<const crypto::HmacKey*, count>& states_in) noexcept;
  struct alignas(64) Set {
    std::atomic<std::uintptr_t> owners[max_ways];
    std::atomic<std::uint32_t> sequences[max_ways];
    std::atomic<bool> used[max_ways];  // since somebody last looked for an entry to take
  };
  using Word = std::atomic<std::uint64_t>;

  std::size_t set_of(std::uint64_t hash) const noexcept { return (hash >> 32) * set_count_ >> 32; }
  Set& set(std::size_t i) const noexcept { return reinterpret_cast<Set*>(memory_.data())[i]; }
  Word* words(std::size_t set, std::size_t way) const noexcept;
  std::size_t words_per_entry() const noexcept { return states * state_size_ / sizeof(Word); }
  std::size_t sketch_size() const noexcept { return 4 * capacity(); }
  bool was_missed_before(std::uint64_t hash) noexcept;
  int way_to_take(Set& set, std::uint64_t hash) noexcept;

  std::size_t ways_;
  std::size_t set_count_;
  std::size_t state_size_;
  Pages memory_;  // the sets, then the octets of the entries
  std::unique_ptr<std::atomic<std::uint16_t>[]> sketch_;
  std::atomic<std::size_t> size_ = 0;
};

}  // namespace sesame::psk
