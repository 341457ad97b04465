// What the program holds on the heap: malloc and its relatives are counted, libcrypto's use of them included.
//
// A test program that calls one of these is linked with the counting malloc. The sanitizers have their own,
// so there nothing is counted.
#pragma once

#include <cstddef>

namespace sesame::test {

struct Heap {
  std::size_t live = 0;   ///< octets given out and not given back
  std::size_t peak = 0;   ///< the most that were live at once since watch_heap()
  std::size_t calls = 0;  ///< blocks given out since watch_heap()
};

/// False under a sanitizer: then heap() is all zeros.
bool heap_is_counted() noexcept;
Heap heap() noexcept;
/// The peak and the calls begin anew.
void watch_heap() noexcept;

}  // namespace sesame::test
