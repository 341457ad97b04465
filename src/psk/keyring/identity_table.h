// Where a keyring finds the record of an identity: linear hashing (Litwin, 1980), for one writer and any
// number of readers.
//
// A bucket is one cache line: seven records and a link to a line with seven more. A slot is a word: the
// address of the record and 19 bits of the hash, so that a look-up touches the bucket and, as a rule, no
// record but the one it is for. The table grows by one bucket at a time, whose records come out of one other
// bucket: no insertion waits for the whole.
//
// How a reader, which takes no lock, is right at any moment:
//   - A record stands in its slot until it is removed, replaced (in the slot, by one store), or moved by a
//   split.
//   - A split writes a moved record in its new place, then tells (the number of buckets, or the version in
//   the link
//     word), then clears the old place. Who saw the cleared place therefore sees that something was told, and
//     looks again. So "found" is always true, and "not found" is believed only if number and link are as
//     before.
//   - A line that was unlinked stays as it was until no reader can stand on it (Epochs).
// A split happens to a bucket once while the table doubles, so looking again is rare, and soon at its end.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "psk/keyring/epochs.h"
#include "psk/keyring/identity_hash.h"
#include "psk/keyring/pages.h"
#include "psk/keyring/record.h"
#include "psk/keyring/slabs.h"

namespace sesame::psk {

class IdentityTable {
  struct Line;

 public:
  /// A place that holds a record; valid until the next insert or erase.
  class Slot {
   public:
    const Record* record() const noexcept;
    explicit operator bool() const noexcept { return word_ != nullptr; }

   private:
    friend class IdentityTable;
    std::atomic<std::uint64_t>* word_ = nullptr;
    Line* line_ = nullptr;
    Line* before_ = nullptr;  // the line whose link leads to line_; nullptr: line_ is the bucket itself
  };

  /// With buckets for `expected` records. Lines behind a bucket come from `slabs`.
  IdentityTable(const IdentityHashKey& hash_key, Slabs& slabs, std::size_t expected);

  // For readers, within an Epochs::Reader.
  /// Where nothing is found, and `in_vain` is not nullptr, its identity is compared too.
  const Record* find(std::uint64_t hash, Bytes identity, const Record* in_vain = nullptr) const noexcept;

  // For one writer. Lines that readers may still stand on go to `limbo`; nullptr: nobody else has seen this
  // table.
  Slot slot(std::uint64_t hash, Bytes identity) noexcept;
  void insert(std::uint64_t hash, const Record* record, Limbo* limbo) noexcept;
  /// One step for readers: they see the old record or the new one.
  void replace(const Slot& slot, const Record* record) noexcept;
  void erase(const Slot& slot, Limbo* limbo) noexcept;
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0; i < buckets_.load(std::memory_order_relaxed); ++i) {
      for (const Line* line = &bucket(i); line; line = line->next()) {
        for (const auto& slot : line->slots) {
          if (const std::uint64_t w = slot.load(std::memory_order_relaxed)) visit(record_of(w));
        }
      }
    }
  }
  std::size_t size() const noexcept { return size_; }
  /// Of buckets in use; lines beyond them count with the Slabs.
  std::size_t octets() const noexcept { return buckets_.load(std::memory_order_relaxed) * sizeof(Line); }

 private:
  struct alignas(64) Line {
    std::array<std::atomic<std::uint64_t>, 7> slots;
    // The address of the next line; in a bucket also, above it, a version that changes when records move.
    std::atomic<std::uint64_t> link;

    Line* next() const noexcept { return line_of(link.load(std::memory_order_acquire)); }
    bool is_empty() const noexcept;
  };
  static_assert(sizeof(Line) == 64);

  static constexpr unsigned address_bits = 48;
  static constexpr std::uint64_t address_mask = (std::uint64_t{1} << address_bits) - 1;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a link is an address and a version in one word
  static Line* line_of(std::uint64_t link) noexcept { return reinterpret_cast<Line*>(link & address_mask); }

  // A slot: the address without its three zero bits, and above it the bits of the hash from `tag_from` on.
  static constexpr unsigned word_address_bits = address_bits - 3, tag_bits = 64 - word_address_bits,
                            tag_from = 14;
  static constexpr std::uint64_t tag_mask = ~std::uint64_t{0} << word_address_bits;
  static std::uint64_t tag(std::uint64_t hash) noexcept { return hash >> tag_from << word_address_bits; }
  static std::uint64_t word(std::uint64_t hash, const Record* record) noexcept {
    return tag(hash) | reinterpret_cast<std::uintptr_t>(record) >> 3;
  }
  static const Record* record_of(std::uint64_t word) noexcept {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a slot is an address and a tag in one word
    return reinterpret_cast<const Record*>((word & ~tag_mask) << 3);
  }
  static bool has_tag(std::uint64_t word, std::uint64_t tag) noexcept {
    return word != 0 && ((word ^ tag) & tag_mask) == 0;
  }

  // Segment 0 has the first buckets, each later one as many as all before it. A segment never moves.
  static constexpr std::size_t first_buckets = 16, max_segments = 40, records_per_bucket = 4;
  static std::size_t index(std::uint64_t hash, std::size_t buckets) noexcept;
  Line& bucket(std::size_t index) const noexcept;
  void make_segment_for(std::size_t index);
  Line* new_line() { return new (slabs_.allocate(sizeof(Line))) Line{}; }
  void retire(Line* line, Limbo* limbo);
  void put(Line& bucket, std::uint64_t word);
  void split(Limbo* limbo);

  const IdentityHashKey hash_key_;
  Slabs& slabs_;
  std::atomic<std::size_t> buckets_ = 0;
  std::array<std::atomic<Line*>, max_segments> segments_ = {};
  std::array<Pages, max_segments> memory_;
  std::size_t size_ = 0;
};

}  // namespace sesame::psk
