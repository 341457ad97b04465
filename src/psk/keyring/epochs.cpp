#include "psk/keyring/epochs.h"

#include <sched.h>

#include <algorithm>
#include <bit>
#include <thread>

namespace sesame::psk {
namespace {

constexpr unsigned max_stripes = 64;

std::size_t processor() noexcept {
  // glibc reads it from the thread's rseq area. A thread that moves on meanwhile only shares a counter with
  // others.
  const int cpu = sched_getcpu();
  return cpu < 0 ? 0 : static_cast<std::size_t>(cpu);
}

}  // namespace

Epochs::Epochs()
    : stripe_mask_(std::bit_ceil(std::clamp(std::thread::hardware_concurrency(), 1u, max_stripes)) - 1),
      stripes_(std::make_unique<Stripe[]>(stripe_mask_ + 1)) {}

Epochs::Reader::Reader(const Epochs& epochs) noexcept {
  Stripe& stripe = epochs.stripes_[processor() & epochs.stripe_mask_];
  for (;;) {
    const std::uint64_t epoch = epochs.epoch_.load(std::memory_order_seq_cst);
    count_ = &stripe.readers[epoch & 1];
    count_->fetch_add(1, std::memory_order_seq_cst);
    // The writer stores the epoch and then reads the counters; this counts and then reads the epoch. So
    // either the writer sees this reader, or this reader sees that it came too late and counts itself anew.
    if (epochs.epoch_.load(std::memory_order_seq_cst) == epoch) return;
    count_->fetch_sub(1, std::memory_order_seq_cst);
  }
}

bool Epochs::has_left(std::uint64_t epoch) const noexcept {
  for (std::size_t i = 0; i <= stripe_mask_; ++i) {
    if (stripes_[i].readers[epoch & 1].load(std::memory_order_seq_cst) != 0) return false;
  }
  return true;
}

bool Epochs::try_advance() noexcept {
  const std::uint64_t epoch = current();
  if (!has_left(epoch - 1)) return false;
  epoch_.store(epoch + 1, std::memory_order_seq_cst);
  return true;
}

bool Epochs::quiet() const noexcept { return has_left(0) && has_left(1); }

void Limbo::clear() noexcept {
  for (; first_ < items_.size(); ++first_) items_[first_].free(items_[first_].owner, items_[first_].object);
  items_.clear();
  first_ = 0;
}

void Limbo::retire(void* owner, void* object, Free free) {
  items_.push_back({epochs_.current(), owner, object, free});
}

bool Limbo::collect() noexcept {
  while (first_ < items_.size()) {
    const Item item = items_[first_];
    if (item.epoch + 2 <= epochs_.current()) {
      ++first_;
      item.free(item.owner, item.object);
    } else if (!epochs_.try_advance()) {
      break;
    }
  }
  if (first_ == items_.size() || first_ > 1024) {
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  return items_.empty();
}

}  // namespace sesame::psk
