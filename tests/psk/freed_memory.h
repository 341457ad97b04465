// Tells whether heap memory was given back with a secret still in it.
#pragma once

#include <sesame/bytes.h>

#include <cstddef>

namespace sesame::test {

/// While one lives, each block that is deleted, on any thread, is searched for `needle` first. One at a time.
class FreedMemory {
 public:
  explicit FreedMemory(Bytes needle) noexcept;
  ~FreedMemory();
  FreedMemory(const FreedMemory&) = delete;
  FreedMemory& operator=(const FreedMemory&) = delete;

  std::size_t leaks() const noexcept;   ///< blocks that held the needle when they were deleted
  std::size_t blocks() const noexcept;  ///< blocks deleted
};

/// Blocks allocated by this thread with operator new, ever.
std::size_t allocations() noexcept;

}  // namespace sesame::test
