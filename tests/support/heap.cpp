#include "support/heap.h"

#include <malloc.h>

#include <atomic>
#include <cerrno>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SESAME_TEST_COUNTS_HEAP 0
#elif defined(__has_feature)
#define SESAME_TEST_COUNTS_HEAP !(__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SESAME_TEST_COUNTS_HEAP 1
#endif

namespace sesame::test {
namespace {

std::atomic<std::size_t> live = 0, peak = 0, calls = 0;

#if SESAME_TEST_COUNTS_HEAP
void* taken(void* block) noexcept {
  if (!block) return block;
  const std::size_t now = live += malloc_usable_size(block);
  if (now > peak) peak = now;
  ++calls;
  return block;
}

void given_back(void* block) noexcept {
  if (block) live -= malloc_usable_size(block);
}
#endif

}  // namespace

bool heap_is_counted() noexcept { return SESAME_TEST_COUNTS_HEAP; }
Heap heap() noexcept { return {live, peak, calls}; }
void watch_heap() noexcept {
  peak = live.load();
  calls = 0;
}

}  // namespace sesame::test

#if SESAME_TEST_COUNTS_HEAP

using sesame::test::given_back;
using sesame::test::taken;

// The names of its own functions that glibc has for those who replace them (The GNU C Library, "Replacing
// malloc").
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

#define SESAME_TEST_VISIBLE __attribute__((visibility("default")))

SESAME_TEST_VISIBLE void* malloc(std::size_t size) { return taken(__libc_malloc(size)); }
SESAME_TEST_VISIBLE void* calloc(std::size_t count, std::size_t size) {
  return taken(__libc_calloc(count, size));
}
SESAME_TEST_VISIBLE void free(void* block) {
  given_back(block);
  __libc_free(block);
}
SESAME_TEST_VISIBLE void* realloc(void* block, std::size_t size) {
  const std::size_t before = block ? malloc_usable_size(block) : 0;
  void* const grown = __libc_realloc(block, size);
  if (!grown && size != 0) return nullptr;
  sesame::test::live -= before;
  return taken(grown);
}
SESAME_TEST_VISIBLE void* memalign(std::size_t alignment, std::size_t size) {
  return taken(__libc_memalign(alignment, size));
}
SESAME_TEST_VISIBLE void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return taken(__libc_memalign(alignment, size));
}
SESAME_TEST_VISIBLE int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  void* const block = taken(__libc_memalign(alignment, size));
  if (!block) return ENOMEM;
  *out = block;
  return 0;
}
}

#endif
