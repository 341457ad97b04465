#include "psk/keyring/slabs.h"

#include <algorithm>
#include <bit>
#include <new>

#include "secret/secret_bytes.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) (static_cast<void>(address), static_cast<void>(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) (static_cast<void>(address), static_cast<void>(size))
#endif

namespace sesame::psk {
namespace {

constexpr std::size_t slab_size =
    std::size_t{16} * 1024;  // also its alignment: a block finds its slab by its address
constexpr std::size_t first_arena = 4 * slab_size;
constexpr std::size_t largest_class = 2048;

}  // namespace

// Stands at the start of a slab; its blocks come behind it.
struct alignas(64) Slabs::Slab {
  Slab* next;
  Slab* previous;
  std::uint16_t size_class;
  std::uint16_t blocks;  // in use
  std::uint16_t fresh;   // offset of the octets that no block has had yet
  std::uint16_t
      freed;  // offset of the newest freed block, which has the offset of the next one in it; 0: none

  std::uint8_t* at(std::size_t offset) noexcept { return reinterpret_cast<std::uint8_t*>(this) + offset; }
  bool has_room() const noexcept { return freed != 0 || fresh + class_size(size_class) <= slab_size; }
  static Slab* of(void* block) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(block);
    return reinterpret_cast<Slab*>(static_cast<std::uint8_t*>(block) - address % slab_size);
  }
  void push(Slab*& list) noexcept {
    next = list;
    previous = nullptr;
    if (list) list->previous = this;
    list = this;
  }
  void take_from(Slab*& list) noexcept {
    (previous ? previous->next : list) = next;
    if (next) next->previous = previous;
  }
};

// Multiples of 8 up to 512; from there four to each doubling.
std::size_t Slabs::size_class(std::size_t size) noexcept {
  if (size <= 8 * fine_classes) return (size + 7) / 8 - 1;
  const auto width = static_cast<std::size_t>(std::bit_width(size - 1));  // 10 for 513..1024
  const std::size_t quarter = (size - 1) >> (width - 3) & 3;
  return fine_classes + (width - 10) * 4 + quarter;
}

std::size_t Slabs::class_size(std::size_t size_class) noexcept {
  if (size_class < fine_classes) return 8 * (size_class + 1);
  const std::size_t i = size_class - fine_classes;
  return (std::size_t{512} << i / 4) / 4 * (5 + i % 4);
}

Slabs::~Slabs() {
  for (std::size_t i = 0; i < arenas_.size(); ++i) {
    const std::size_t unused = i + 1 == arenas_.size() ? unused_slabs_ * slab_size : 0;
    ASAN_UNPOISON_MEMORY_REGION(arenas_[i].data(), arenas_[i].size());
    secret::wipe(arenas_[i].data(), arenas_[i].size() - unused);
  }
  while (large_) {
    Large* const block = large_;
    large_ = block->next;
    const std::size_t size = block->size;
    secret::wipe(block, size);
    ::operator delete(block, size);
  }
}

Slabs::Slab* Slabs::new_slab(std::size_t size_class) {
  std::uint8_t* place;
  if (empty_) {
    place = reinterpret_cast<std::uint8_t*>(empty_);
    empty_->take_from(empty_);
  } else {
    if (unused_slabs_ == 0) {
      // Each arena is as large as all before it, until they are huge pages.
      const std::size_t size = std::clamp(std::bit_floor(held_), first_arena, huge_page_size);
      arenas_.reserve(arenas_.size() + 1);
      arenas_.emplace_back(size, slab_size);
      unused_slabs_ = size / slab_size;
      held_ += size;
    }
    place = arenas_.back().data() + arenas_.back().size() - unused_slabs_ * slab_size;
    --unused_slabs_;
  }
  Slab* const slab = new (place) Slab{};
  slab->size_class = static_cast<std::uint16_t>(size_class);
  slab->fresh = sizeof(Slab);
  ASAN_POISON_MEMORY_REGION(slab + 1, slab_size - sizeof(Slab));
  slab->push(with_room_[size_class]);
  return slab;
}

void* Slabs::allocate_large(std::size_t size) {
  auto* const block = static_cast<Large*>(::operator new(sizeof(Large) + size));
  *block = {large_, nullptr, sizeof(Large) + size};
  if (large_) large_->previous = block;
  large_ = block;
  held_ += block->size;
  used_ += size;
  return block + 1;
}

void* Slabs::allocate(std::size_t size) {
  if (size > largest_class) return allocate_large(size);
  const std::size_t wanted = size_class(size), block_size = class_size(wanted);
  Slab* slab = with_room_[wanted];
  if (!slab) slab = new_slab(wanted);
  std::uint8_t* block;
  if (slab->freed != 0) {
    block = slab->at(slab->freed);
    ASAN_UNPOISON_MEMORY_REGION(block, block_size);
    std::memcpy(&slab->freed, block, sizeof slab->freed);
  } else {
    block = slab->at(slab->fresh);
    ASAN_UNPOISON_MEMORY_REGION(block, block_size);
    slab->fresh = static_cast<std::uint16_t>(slab->fresh + block_size);
  }
  ++slab->blocks;
  if (!slab->has_room()) slab->take_from(with_room_[wanted]);
  used_ += block_size;
  return block;
}

void Slabs::free(void* block, std::size_t size) noexcept {
  if (size > largest_class) {
    Large* const large = static_cast<Large*>(block) - 1;
    secret::wipe(block, size);
    (large->previous ? large->previous->next : large_) = large->next;
    if (large->next) large->next->previous = large->previous;
    held_ -= large->size;
    used_ -= size;
    ::operator delete(large, large->size);
    return;
  }
  Slab* const slab = Slab::of(block);
  const std::size_t block_size = class_size(slab->size_class);
  if (!slab->has_room()) slab->push(with_room_[slab->size_class]);
  secret::wipe(block, block_size);
  std::memcpy(block, &slab->freed, sizeof slab->freed);
  slab->freed = static_cast<std::uint16_t>(static_cast<std::uint8_t*>(block) - slab->at(0));
  ASAN_POISON_MEMORY_REGION(block, block_size);
  used_ -= block_size;
  if (--slab->blocks == 0) {
    slab->take_from(with_room_[slab->size_class]);
    slab->push(empty_);
  }
}

}  // namespace sesame::psk
