// Tells writers when nobody can see any more what they have taken out of a shared structure.
//
// A reader counts itself in and out in one of a few counters, which it shares with the readers of its
// processor at most, and under the number of the epoch that it came in. It registers nowhere, so a thread
// needs nothing before its first look-up and leaves nothing behind at its end; and it holds nothing in
// thread-local storage. A writer moves on from epoch E to E + 1 when all readers of E - 1 have left. So
// whatever was taken out in epoch S is seen by nobody from epoch S + 2 on.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace sesame::psk {

class Epochs {
  struct alignas(64) Stripe {
    std::atomic<std::uint32_t> readers[2] = {};  // those of even and of odd epochs
  };

 public:
  Epochs();
  Epochs(const Epochs&) = delete;
  Epochs& operator=(const Epochs&) = delete;

  /// What its bearer can see stays as long as it lives. It may be given back on another thread.
  class Reader {
   public:
    explicit Reader(const Epochs& epochs) noexcept;
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { count_->fetch_sub(1, std::memory_order_seq_cst); }

   private:
    std::atomic<std::uint32_t>* count_;
  };

  // For one writer at a time.
  std::uint64_t current() const noexcept { return epoch_.load(std::memory_order_relaxed); }
  /// Moves on by one epoch. False: readers of the epoch before this one are still there.
  bool try_advance() noexcept;

  /// For anybody: there is no reader at this moment.
  bool quiet() const noexcept;

 private:
  bool has_left(std::uint64_t epoch) const noexcept;

  std::atomic<std::uint64_t> epoch_ = 2;
  std::size_t stripe_mask_;
  std::unique_ptr<Stripe[]> stripes_;
};

/// What was taken out, until it can be freed. For one writer at a time.
class Limbo {
 public:
  using Free = void (*)(void* owner, void* object) noexcept;

  explicit Limbo(Epochs& epochs) noexcept : epochs_(epochs) {}
  Limbo(const Limbo&) = delete;
  Limbo& operator=(const Limbo&) = delete;
  ~Limbo() { clear(); }

  /// `object` is out of the structure: `free` is called for it once nobody can see it. In the order of the
  /// calls.
  void retire(void* owner, void* object, Free free);
  /// Frees what can be freed now. True: nothing is left.
  bool collect() noexcept;
  bool empty() const noexcept { return items_.empty(); }
  /// Frees everything: there are no readers any more.
  void clear() noexcept;

 private:
  struct Item {
    std::uint64_t epoch;
    void* owner;
    void* object;
    Free free;
  };
  Epochs& epochs_;
  std::vector<Item> items_;
  std::size_t first_ = 0;  // items before it are done
};

}  // namespace sesame::psk
