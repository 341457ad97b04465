#include "crypto/public_random.h"

#include <sys/mman.h>

#include <cstring>

#include "crypto/provider.h"
#include "secret/secret_bytes.h"

namespace sesame::crypto {
namespace {

// What stands in the page: all zeros after a fork, which is an empty block.
struct Block {
  std::size_t left;
  std::uint8_t octets[1024];
};

// The thread's block. Unlike the page it has no destructor, and so it can be asked for as long as the thread
// runs: by a connection that a destructor of a static object makes, too.
enum class Ownership : std::uint8_t { not_yet, present, never };
thread_local Block* current = nullptr;
thread_local Ownership ownership = Ownership::not_yet;

// A thread's page. It goes with the thread.
class Page {
 public:
  Page() noexcept {
    ownership = Ownership::never;
    void* const page =
        mmap(nullptr, sizeof(Block), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return;
    if (madvise(page, sizeof(Block), MADV_WIPEONFORK) == 0) {
      current = static_cast<Block*>(page);
      ownership = Ownership::present;
    } else {
      munmap(page, sizeof(Block));
    }
  }
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;
  ~Page() {
    ownership = Ownership::never;
    if (Block* const block = current) {
      current = nullptr;
      munmap(block, sizeof(Block));
    }
  }
};

// Not inlined: the compiler must not remember across a call into libcrypto where a thread's variables are. An
// asynchronous job leaves its stack inside one, and may go on in another thread.
[[gnu::noinline]] Block* block() noexcept {
  asm volatile("" : : : "memory");
  if (ownership == Ownership::not_yet) {
    static thread_local const Page page;
    static_cast<void>(page);
  }
  return current;
}

// Whether there was enough.
bool take(MutableBytes out) noexcept {
  Block* const b = block();
  if (!b || b->left < out.size()) return false;
  std::uint8_t* const at = b->octets + sizeof b->octets - b->left;
  std::memcpy(out.data(), at, out.size());
  b->left -= out.size();
  // Handed out once, and not to be found here afterwards.
  std::memset(at, 0, out.size());
  return true;
}

// Keeps octets for later, unless the thread has as many.
void keep(Bytes octets) noexcept {
  Block* const b = block();
  if (!b || b->left >= octets.size()) return;
  std::memcpy(b->octets + sizeof b->octets - octets.size(), octets.data(), octets.size());
  b->left = octets.size();
}

}  // namespace

Expected<> public_random(const Provider& provider, MutableBytes out) {
  if (out.empty()) return {};
  // Another library context has a generator of its own, which its owner wants to be asked.
  if (provider.library_context() != nullptr) return provider.random(out);
  if (take(out)) return {};
  std::uint8_t fresh[sizeof Block::octets];
  if (out.size() > sizeof fresh || !block()) return provider.random(out);
  if (auto ok = provider.random(fresh); !ok) return ok;
  std::memcpy(out.data(), fresh, out.size());
  keep(Bytes(fresh).subspan(out.size()));
  secret::wipe(fresh, sizeof fresh);
  return {};
}

}  // namespace sesame::crypto
