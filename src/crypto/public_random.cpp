#include "crypto/public_random.h"

#include <sys/mman.h>

#include <cstring>

#include "crypto/provider.h"

namespace sesame::crypto {
namespace {

// What stands in the page: all zeros after a fork, which is an empty block.
struct Block {
  std::size_t left;
  std::uint8_t octets[1024];
};

// A thread's page. It goes with the thread.
class Page {
 public:
  Page() noexcept {
    void* const page =
        mmap(nullptr, sizeof(Block), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return;
    if (madvise(page, sizeof(Block), MADV_WIPEONFORK) == 0) {
      block_ = static_cast<Block*>(page);
    } else {
      munmap(page, sizeof(Block));
    }
  }
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;
  ~Page() {
    if (block_) munmap(block_, sizeof(Block));
  }
  Block* block() const noexcept { return block_; }

 private:
  Block* block_ = nullptr;
};

}  // namespace

Expected<> public_random(const Provider& provider, MutableBytes out) {
  if (out.empty()) return {};
  // Another library context has a generator of its own, which its owner wants to be asked.
  if (provider.library_context() != nullptr) return provider.random(out);
  static thread_local const Page page;
  Block* const block = page.block();
  if (!block || out.size() > sizeof block->octets) return provider.random(out);
  if (block->left < out.size()) {
    block->left = 0;
    if (auto ok = provider.random(block->octets); !ok) return ok;
    block->left = sizeof block->octets;
  }
  std::uint8_t* const at = block->octets + sizeof block->octets - block->left;
  std::memcpy(out.data(), at, out.size());
  block->left -= out.size();
  // Handed out once, and not to be found here afterwards.
  std::memset(at, 0, out.size());
  return {};
}

}  // namespace sesame::crypto
