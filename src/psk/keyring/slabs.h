// The heap of a keyring: small blocks of a few sizes out of large ones, so that ten million keys cost little
// more than their octets, stand in huge pages, and are freed at once with the keyring.
//
// For one thread at a time. What is freed is wiped. Only whole heaps go back to the system: a keyring that
// has shrunk moves to a new one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "psk/keyring/pages.h"

namespace sesame::psk {

class Slabs {
 public:
  Slabs() noexcept = default;
  Slabs(const Slabs&) = delete;
  Slabs& operator=(const Slabs&) = delete;
  ~Slabs();  ///< wipes all

  /// A block of `size` octets, not 0, at a multiple of 8; of 64 where the size is one. Its octets have any
  /// value. Throws std::bad_alloc.
  void* allocate(std::size_t size);
  /// Wipes and frees a block that allocate gave for the same size.
  void free(void* block, std::size_t size) noexcept;

  std::size_t held() const noexcept { return held_; }  ///< octets from the system
  std::size_t used() const noexcept { return used_; }  ///< octets of blocks

 private:
  struct Slab;
  static constexpr std::size_t fine_classes = 64, class_count = fine_classes + 8;
  static std::size_t size_class(std::size_t size) noexcept;
  static std::size_t class_size(std::size_t size_class) noexcept;
  Slab* new_slab(std::size_t size_class);
  void* allocate_large(std::size_t size);

  Slab* with_room_[class_count] = {};  // lists of the slabs of a class that have room
  Slab* empty_ = nullptr;              // list of the slabs without a block, for any class
  std::vector<Pages> arenas_;
  std::size_t unused_slabs_ = 0;  // at the end of the newest arena
  std::size_t held_ = 0;
  std::size_t used_ = 0;
  struct Large {
    Large* next;
    Large* previous;
    std::size_t size;
  };
  Large* large_ = nullptr;  // blocks of a size that has no class
};

}  // namespace sesame::psk
