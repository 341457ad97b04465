#include "psk/keyring/derived_cache.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace sesame::psk {
namespace {

constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;
constexpr auto relaxed = std::memory_order_relaxed;

// The states of a PskSecrets, of which one may be const.
auto states_of(auto& secrets) noexcept {
  return std::array{&secrets.binder, &secrets.early, &secrets.derived, &secrets.handshake_ke,
                    &secrets.master_ke};
}

// The octets of one entry, between the cache and the HmacKeys. Where they would stand closely behind `other`,
// the entry, modulo the page, they stand somewhat further on: a processor takes a load for one of what was
// just stored if the low 12 bits of the addresses are the same, and waits, which cost 300 cycles an entry,
// and told entries apart.
class Buffer {
 public:
  Buffer(std::size_t size, const void* other) noexcept : size_(size) {
    const std::uintptr_t behind =
        reinterpret_cast<std::uintptr_t>(octets_.data()) - reinterpret_cast<std::uintptr_t>(other);
    begin_ = octets_.data() + ((behind + largest) % 4096 < 2 * largest ? 2 * largest : 0);
  }
  ~Buffer() { secret::wipe(begin_, size_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  std::size_t size() const noexcept { return size_; }
  std::uint8_t* data() const noexcept { return begin_; }
  MutableBytes bytes() const noexcept { return {begin_, size_}; }

 private:
  static constexpr std::size_t largest = 5 * crypto::HmacKey::max_state_size;
  std::array<std::uint8_t, 3 * largest> octets_;
  std::uint8_t* begin_;
  std::size_t size_;
};

}  // namespace

DerivedCache::DerivedCache(std::size_t capacity, std::size_t state_size)
    : ways_(std::min(capacity, max_ways)),
      set_count_(capacity / ways_),
      state_size_(state_size),
      memory_(set_count_ * (sizeof(Set) + ways_ * states * state_size)),
      sketch_(std::make_unique<std::atomic<std::uint16_t>[]>(sketch_size())) {}

DerivedCache::~DerivedCache() { secret::wipe(memory_.data(), memory_.size()); }

DerivedCache::Word* DerivedCache::words(std::size_t set, std::size_t way) const noexcept {
  const std::size_t entry = set * ways_ + way;
  return reinterpret_cast<Word*>(memory_.data() + set_count_ * sizeof(Set)) + entry * words_per_entry();
}

bool DerivedCache::load(std::uintptr_t owner, std::uint64_t hash, const crypto::Hash& algorithm,
                        PskSecrets& out) noexcept {
  return load_states(owner, hash, algorithm, states_of(out));
}

bool DerivedCache::load(std::uintptr_t owner, std::uint64_t hash, const crypto::Hash& algorithm,
                        crypto::HmacKey& out) noexcept {
  return load_states<1>(owner, hash, algorithm, {&out});
}

void DerivedCache::store(std::uintptr_t owner, std::uint64_t hash, const PskSecrets& secrets) noexcept {
  store_states(owner, hash, states_of(secrets));
}

void DerivedCache::store(std::uintptr_t owner, std::uint64_t hash,
                         const crypto::HmacKey& premaster) noexcept {
  store_states<1>(owner, hash, {&premaster});
}

template <std::size_t count>
bool DerivedCache::load_states(std::uintptr_t owner, std::uint64_t hash, const crypto::Hash& algorithm,
                               const std::array<crypto::HmacKey*, count>& out) noexcept {
  static_assert(count <= states);
  const std::size_t i = set_of(hash), size = crypto::HmacKey::state_size(algorithm);
  Set& entries = set(i);
  for (std::size_t way = 0; way < ways_; ++way) {
    const std::uint32_t sequence = entries.sequences[way].load(acquire);
    if (entries.owners[way].load(acquire) != owner || (sequence & 1) != 0) continue;
    const Word* const from = words(i, way);
    const Buffer buffer(count * size, from);
    for (std::size_t w = 0; w < buffer.size() / sizeof(Word); ++w) {
      // Acquire, so that the number is read after it; and who reads a word of a later writer sees a later
      // number.
      const std::uint64_t value = from[w].load(acquire);
      std::memcpy(buffer.data() + w * sizeof(Word), &value, sizeof value);
    }
    if (entries.sequences[way].load(relaxed) != sequence) return false;
    const Bytes all = buffer.bytes();
    for (std::size_t m = 0; m < count; ++m) {
      *out[m] = crypto::HmacKey::from_state(algorithm, all.subspan(m * size, size));
    }
    if (!entries.used[way].load(relaxed)) entries.used[way].store(true, relaxed);
    return true;
  }
  return false;
}

// Ten million keys that are asked for once each would only push out one another, and the keys that do come
// again. So where an entry has to go for it, a key is let in only when it is missed for the second time in a
// while.
bool DerivedCache::was_missed_before(std::uint64_t hash) noexcept {
  const auto mark = static_cast<std::uint16_t>(hash | 1);
  std::atomic<std::uint16_t>& place = sketch_[(hash >> 16 & 0xffffffff) * sketch_size() >> 32];
  if (place.load(relaxed) == mark) return true;
  place.store(mark, relaxed);
  return false;
}

int DerivedCache::way_to_take(Set& entries, std::uint64_t hash) noexcept {
  for (std::size_t way = 0; way < ways_; ++way) {
    if (entries.owners[way].load(relaxed) == 0) return static_cast<int>(way);
  }
  if (!was_missed_before(hash)) return -1;
  // The first one, from a place that changes, that was not used since the last time; all get a new chance
  // then.
  const std::size_t start = entries.sequences[0].load(relaxed) / 2 + hash;
  std::size_t taken =
      start % ways_;  // NOLINT(clang-analyzer-core.DivideZero): the constructor sees to one way
  for (std::size_t k = 0; k < ways_; ++k) {
    const std::size_t way = (start + k) % ways_;
    if (!entries.used[way].load(relaxed)) {
      taken = way;
      break;
    }
    entries.used[way].store(false, relaxed);
  }
  return static_cast<int>(taken);
}

template <std::size_t count>
void DerivedCache::store_states(std::uintptr_t owner, std::uint64_t hash,
                                const std::array<const crypto::HmacKey*, count>& states_in) noexcept {
  const std::size_t size = crypto::HmacKey::state_size(states_in[0]->hash());
  if (size > state_size_) return;
  const std::size_t i = set_of(hash);
  Set& entries = set(i);
  for (std::size_t way = 0; way < ways_; ++way) {
    if (entries.owners[way].load(relaxed) == owner) return;  // another look-up was first
  }
  const int taken = way_to_take(entries, hash);
  if (taken < 0) return;
  const auto way = static_cast<std::size_t>(taken);
  std::uint32_t sequence = entries.sequences[way].load(relaxed);
  if ((sequence & 1) != 0 ||
      !entries.sequences[way].compare_exchange_strong(sequence, sequence + 1, std::memory_order_acq_rel)) {
    return;
  }
  if (entries.owners[way].load(relaxed) == 0) size_.fetch_add(1, relaxed);
  entries.owners[way].store(owner, release);
  entries.used[way].store(false, relaxed);
  Word* const to = words(i, way);
  const Buffer buffer(count * size, to);
  for (std::size_t m = 0; m < count; ++m) {
    states_in[m]->save_state(buffer.bytes().subspan(m * size, size));
  }
  // All of the entry is overwritten, so that nothing of the key before is left in it.
  for (std::size_t w = 0; w < words_per_entry(); ++w) {
    std::uint64_t value = 0;
    if (w * sizeof value < buffer.size()) std::memcpy(&value, buffer.data() + w * sizeof value, sizeof value);
    to[w].store(value, release);
  }
  entries.sequences[way].store(sequence + 2, release);
}

void DerivedCache::purge(std::uintptr_t record, std::uint64_t hash) noexcept {
  constexpr std::uintptr_t key_number = 7;  // records stand at multiples of 8
  const std::size_t i = set_of(hash);
  Set& entries = set(i);
  for (std::size_t way = 0; way < ways_; ++way) {
    if ((entries.owners[way].load(acquire) & ~key_number) != record) continue;
    std::uint32_t sequence = entries.sequences[way].load(relaxed);
    // Somebody who writes there now does so for another record, and overwrites all of this one.
    if ((sequence & 1) != 0 ||
        !entries.sequences[way].compare_exchange_strong(sequence, sequence + 1, std::memory_order_acq_rel)) {
      continue;
    }
    if ((entries.owners[way].load(relaxed) & ~key_number) == record) {
      entries.owners[way].store(0, release);
      Word* const words_of_entry = words(i, way);
      for (std::size_t w = 0; w < words_per_entry(); ++w) words_of_entry[w].store(0, release);
      size_.fetch_sub(1, relaxed);
    }
    entries.sequences[way].store(sequence + 2, release);
  }
}

}  // namespace sesame::psk
