#include "psk/keyring/identity_table.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <vector>

namespace sesame::psk {
namespace {

constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;
constexpr auto relaxed = std::memory_order_relaxed;

constexpr std::size_t record_prefetch = 48;

// `other` with itself: what is equal takes another time than what is not.
void compare_in_vain(Bytes identity, Bytes other) noexcept {
  const std::uint8_t* again = other.data();
  asm volatile("" : "+r"(again));
  int result = std::memcmp(other.data(), again, std::min(identity.size(), other.size()));
  asm volatile("" : "+r"(result));
}

bool is(const Record& record, Bytes identity) noexcept {
  const Bytes other = record.identity();
  return other.size() == identity.size() && std::memcmp(other.data(), identity.data(), identity.size()) == 0;
}

}  // namespace

bool IdentityTable::Line::is_empty() const noexcept {
  return std::ranges::all_of(slots, [](const auto& slot) { return slot.load(relaxed) == 0; });
}

const Record* IdentityTable::Slot::record() const noexcept { return record_of(word_->load(relaxed)); }

IdentityTable::IdentityTable(const IdentityHashKey& hash_key, Slabs& slabs, std::size_t expected)
    : hash_key_(hash_key), slabs_(slabs) {
  const std::size_t buckets = std::max(first_buckets, expected / records_per_bucket);
  for (std::size_t i = 0; i < buckets; i = i == 0 ? first_buckets : 2 * i) make_segment_for(i);
  buckets_.store(buckets, release);
}

std::size_t IdentityTable::index(std::uint64_t hash, std::size_t buckets) noexcept {
  const std::size_t mask = std::bit_ceil(buckets) - 1;
  const std::size_t i = hash & mask;
  return i < buckets ? i : i & mask >> 1;
}

IdentityTable::Line& IdentityTable::bucket(std::size_t i) const noexcept {
  const auto segment = static_cast<std::size_t>(std::bit_width(i / first_buckets));
  const std::size_t from = segment == 0 ? 0 : first_buckets << (segment - 1);
  return segments_[segment].load(acquire)[i - from];
}

// `index` is the first bucket of a segment.
void IdentityTable::make_segment_for(std::size_t i) {
  const auto segment = static_cast<std::size_t>(std::bit_width(i / first_buckets));
  memory_.at(segment) = Pages(std::max(i, first_buckets) * sizeof(Line));
  // Zeroed memory is a bucket without records. The pages are touched when a bucket comes into use.
  segments_[segment].store(reinterpret_cast<Line*>(memory_[segment].data()), release);
}

// What is not found takes the steps of what is: all the slots of a line are read before any record, what has
// no record compares its identity too, and the number and the link are looked at in either case.
const Record* IdentityTable::find(std::uint64_t hash, Bytes identity, const Record* in_vain) const noexcept {
  const std::uint64_t wanted = tag(hash);
  for (;;) {
    const std::size_t i = index(hash, buckets_.load(acquire));
    const Line& first = bucket(i);
    const std::uint64_t link = first.link.load(acquire);
    const Record* found = nullptr;
    for (const Line* line = &first; line && !found; line = line == &first ? line_of(link) : line->next()) {
      std::array<std::uint64_t, std::tuple_size_v<decltype(line->slots)>> words;
      unsigned matches = 0;
      for (std::size_t s = 0; s < words.size(); ++s) {
        words[s] = line->slots[s].load(acquire);
        matches |= static_cast<unsigned>(has_tag(words[s], wanted)) << s;
      }
      for (; matches != 0 && !found; matches &= matches - 1) {
        const Record* const record = record_of(words[static_cast<std::size_t>(std::countr_zero(matches))]);
        // A record of common size may reach into a second cache line, with the key, which is asked for next.
        __builtin_prefetch(reinterpret_cast<const std::uint8_t*>(record) + record_prefetch);
        if (is(*record, identity)) found = record;
      }
    }
    if (!found && in_vain) compare_in_vain(identity, in_vain->identity());
    const bool moved = first.link.load(acquire) != link || index(hash, buckets_.load(acquire)) != i;
    if (found || !moved) return found;
  }
}

IdentityTable::Slot IdentityTable::slot(std::uint64_t hash, Bytes identity) noexcept {
  const std::uint64_t wanted = tag(hash);
  Slot found;
  found.line_ = &bucket(index(hash, buckets_.load(relaxed)));
  for (; found.line_; found.before_ = found.line_, found.line_ = found.line_->next()) {
    for (auto& slot : found.line_->slots) {
      const std::uint64_t w = slot.load(relaxed);
      if (!has_tag(w, wanted) || !is(*record_of(w), identity)) continue;
      found.word_ = &slot;
      return found;
    }
  }
  return {};
}

void IdentityTable::replace(const Slot& slot, const Record* record) noexcept {
  const std::uint64_t old = slot.word_->load(relaxed);
  slot.word_->store((old & tag_mask) | reinterpret_cast<std::uintptr_t>(record) >> 3, release);
}

void IdentityTable::insert(std::uint64_t hash, const Record* record, Limbo* limbo) noexcept {
  const std::size_t buckets = buckets_.load(relaxed);
  put(bucket(index(hash, buckets)), word(hash, record));
  if (++size_ > buckets * records_per_bucket) split(limbo);
}

void IdentityTable::retire(Line* line, Limbo* limbo) {
  const auto free = [](void* slabs, void* unlinked) noexcept {
    static_cast<Slabs*>(slabs)->free(unlinked, sizeof(Line));
  };
  if (limbo) {
    limbo->retire(&slabs_, line, free);
  } else {
    free(&slabs_, line);
  }
}

void IdentityTable::erase(const Slot& slot, Limbo* limbo) noexcept {
  slot.word_->store(0, release);
  --size_;
  if (!slot.before_ || !slot.line_->is_empty()) return;
  // Readers on the line go on by its own link.
  const std::uint64_t link = slot.before_->link.load(relaxed);
  const std::uint64_t next = slot.line_->link.load(relaxed) & address_mask;
  slot.before_->link.store((link & ~address_mask) | next, release);
  retire(slot.line_, limbo);
}

void IdentityTable::put(Line& bucket, std::uint64_t word) {
  Line* line = &bucket;
  for (;; line = line->next()) {
    for (auto& slot : line->slots) {
      if (slot.load(relaxed) != 0) continue;
      slot.store(word, release);
      return;
    }
    if (!line->next()) break;
  }
  Line* const added = new_line();
  added->slots[0].store(word, relaxed);
  const std::uint64_t link = line->link.load(relaxed);
  assert((reinterpret_cast<std::uintptr_t>(added) & ~address_mask) == 0);
  line->link.store((link & ~address_mask) | reinterpret_cast<std::uintptr_t>(added), release);
}

void IdentityTable::split(Limbo* limbo) {
  const std::size_t added = buckets_.load(relaxed);
  const std::size_t bit = std::bit_floor(added);
  if (added == bit) make_segment_for(added);
  Line& to = bucket(added);
  Line& from = bucket(added - bit);

  // The bit of the hash that decides stands in the slot, unless the table is small.
  const auto position = static_cast<unsigned>(std::countr_zero(bit));
  const auto moves = [&](std::uint64_t w) {
    if (position >= tag_from && position < tag_from + tag_bits) {
      return (w >> (word_address_bits + position - tag_from) & 1) != 0;
    }
    return (identity_hash(hash_key_, record_of(w)->identity()) & bit) != 0;
  };
  // In its new place first ...
  std::vector<std::uint64_t> beyond;  // stays in the bucket, and stands in a line behind it now
  for (Line* line = &from; line; line = line->next()) {
    for (auto& slot : line->slots) {
      const std::uint64_t w = slot.load(relaxed);
      if (w == 0) continue;
      if (moves(w)) {
        put(to, w);
      } else if (line != &from) {
        beyond.push_back(w);
      }
    }
  }
  // ... then tell ...
  buckets_.store(added + 1, release);
  // ... then clear the old place.
  for (auto& slot : from.slots) {
    const std::uint64_t w = slot.load(relaxed);
    if (w != 0 && moves(w)) slot.store(0, release);
  }
  Line* const behind = from.next();
  if (!behind) return;
  // What stays comes nearer, the lines behind are made anew where they are needed still, and the old ones are
  // left as they are for those who stand on them.
  auto next = beyond.begin();
  for (auto& slot : from.slots) {
    if (next != beyond.end() && slot.load(relaxed) == 0) slot.store(*next++, release);
  }
  Line* anew = nullptr;
  while (next != beyond.end()) {
    Line* const line = new_line();
    for (auto& slot : line->slots) {
      if (next != beyond.end()) slot.store(*next++, relaxed);
    }
    line->link.store(reinterpret_cast<std::uintptr_t>(anew), relaxed);
    anew = line;
  }
  const std::uint64_t version = (from.link.load(relaxed) >> address_bits) + 1;
  from.link.store(version << address_bits | reinterpret_cast<std::uintptr_t>(anew), release);
  for (Line* line = behind; line;) {
    Line* const after = line->next();
    retire(line, limbo);
    line = after;
  }
}

}  // namespace sesame::psk
