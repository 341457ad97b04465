#include "psk/freed_memory.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

namespace sesame::test {
namespace {

std::atomic<const std::uint8_t*> needle_data = nullptr;
std::atomic<std::size_t> needle_size = 0;
std::atomic<std::size_t> leak_count = 0;
std::atomic<std::size_t> block_count = 0;
thread_local std::size_t allocation_count = 0;

void* allocate(std::size_t size, std::size_t alignment) {
  ++allocation_count;
  void* const block = alignment <= alignof(std::max_align_t)
                          ? std::malloc(size ? size : 1)
                          : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (!block) throw std::bad_alloc();
  return block;
}

void release(void* block) noexcept {
  const std::uint8_t* const needle = needle_data.load();
  if (block && needle) {
    ++block_count;
    if (memmem(block, malloc_usable_size(block), needle, needle_size)) ++leak_count;
  }
  std::free(block);
}

}  // namespace

FreedMemory::FreedMemory(Bytes needle) noexcept {
  leak_count = block_count = 0;
  needle_size = needle.size();
  needle_data = needle.data();
}
FreedMemory::~FreedMemory() { needle_data = nullptr; }
std::size_t FreedMemory::leaks() const noexcept { return leak_count; }
std::size_t FreedMemory::blocks() const noexcept { return block_count; }
std::size_t allocations() noexcept { return allocation_count; }

}  // namespace sesame::test

using sesame::test::allocate;
using sesame::test::release;

void* operator new(std::size_t size) { return allocate(size, 0); }
void* operator new[](std::size_t size) { return allocate(size, 0); }
void* operator new(std::size_t size, std::align_val_t a) {
  return allocate(size, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t size, std::align_val_t a) {
  return allocate(size, static_cast<std::size_t>(a));
}
void operator delete(void* block) noexcept { release(block); }
void operator delete[](void* block) noexcept { release(block); }
void operator delete(void* block, std::size_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t) noexcept { release(block); }
void operator delete(void* block, std::align_val_t) noexcept { release(block); }
void operator delete[](void* block, std::align_val_t) noexcept { release(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { release(block); }
