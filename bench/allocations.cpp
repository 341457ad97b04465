#include "allocations.h"

#include <malloc.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace bench {
namespace {

bool counting = false;
Allocations counted;

void* taken(void* block) noexcept {
  if (counting && block != nullptr) [[unlikely]] {
    const std::size_t size = malloc_usable_size(block);
    ++counted.calls;
    counted.octets += size;
    counted.live += static_cast<std::int64_t>(size);
  }
  return block;
}

void given_back(void* block) noexcept {
  if (counting && block != nullptr) [[unlikely]] {
    ++counted.frees;
    counted.live -= static_cast<std::int64_t>(malloc_usable_size(block));
  }
}

}  // namespace

void reset_allocations() noexcept {
  counted = {};
  counting = true;
}
Allocations allocations() noexcept { return counted; }
void stop_counting() noexcept { counting = false; }

}  // namespace bench

#ifdef BENCH_COUNT_ALLOCATIONS

bool bench::allocations_are_counted() noexcept { return true; }

// glibc's own names for what it interposes (The GNU C Library, "Replacing malloc").
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

#define BENCH_VISIBLE __attribute__((visibility("default")))

BENCH_VISIBLE void* malloc(std::size_t size) { return bench::taken(__libc_malloc(size)); }
BENCH_VISIBLE void* calloc(std::size_t count, std::size_t size) {
  return bench::taken(__libc_calloc(count, size));
}
BENCH_VISIBLE void free(void* block) {
  bench::given_back(block);
  __libc_free(block);
}
BENCH_VISIBLE void* realloc(void* block, std::size_t size) {
  if (block == nullptr) return bench::taken(__libc_realloc(nullptr, size));
  if (!bench::counting) return __libc_realloc(block, size);
  const std::size_t before = malloc_usable_size(block);
  void* grown = __libc_realloc(block, size);
  if (grown == nullptr && size != 0) return nullptr;
  const std::size_t after = malloc_usable_size(grown);
  ++bench::counted.regrown;
  bench::counted.octets += after;
  bench::counted.live += static_cast<std::int64_t>(after) - static_cast<std::int64_t>(before);
  return grown;
}
BENCH_VISIBLE void* memalign(std::size_t alignment, std::size_t size) {
  return bench::taken(__libc_memalign(alignment, size));
}
BENCH_VISIBLE void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return bench::taken(__libc_memalign(alignment, size));
}
BENCH_VISIBLE int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  void* block = bench::taken(__libc_memalign(alignment, size));
  if (block == nullptr) return ENOMEM;
  *out = block;
  return 0;
}
}

#else

bool bench::allocations_are_counted() noexcept { return false; }

#endif
