#include "psk/keyring/pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <new>

namespace sesame::psk {

Pages::Pages(std::size_t size, std::size_t alignment) {
  static const auto page_size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  alignment = std::max(size >= huge_page_size ? huge_page_size : alignment, page_size);
  size = (size + page_size - 1) / page_size * page_size;
  // mmap aligns to a page only: map more, and give back what stands before and behind.
  const std::size_t slack = alignment - page_size;
  void* const mapping =
      mmap(nullptr, size + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc();
  const std::size_t before = (alignment - reinterpret_cast<std::uintptr_t>(mapping) % alignment) % alignment;
  data_ = static_cast<std::uint8_t*>(mapping) + before;
  size_ = size;
  if (before != 0) munmap(mapping, before);
  if (slack != before) munmap(data_ + size, slack - before);
  madvise(data_, size, MADV_DONTDUMP);
  if (size >= huge_page_size) madvise(data_, size, MADV_HUGEPAGE);
}

Pages::~Pages() {
  if (data_) munmap(data_, size_);
}

}  // namespace sesame::psk
