// Counts what this process takes from the heap, by whatever library: malloc and its family are interposed.
//
// The counters are plain variables: only one thread may allocate while they are read. Off until asked for, so
// that a timed run pays for a test of one flag only.
#pragma once

#include <cstdint>

namespace bench {

struct Allocations {
  std::uint64_t calls = 0;    ///< malloc, calloc, aligned_alloc, and realloc of nothing: blocks that are new
  std::uint64_t regrown = 0;  ///< realloc of a block
  std::uint64_t frees = 0;    ///< of a block; free(nullptr) does not count
  std::uint64_t octets = 0;   ///< of all new and regrown blocks, by malloc_usable_size
  std::int64_t live =
      0;  ///< octets by malloc_usable_size that were taken and not given back; may be negative
};

/// Whether malloc is interposed at all: not under a sanitizer, which has its own.
bool allocations_are_counted() noexcept;

/// What happened since the last reset_allocations(). Counting stays on until stop_counting().
void reset_allocations() noexcept;
Allocations allocations() noexcept;
void stop_counting() noexcept;

}  // namespace bench
