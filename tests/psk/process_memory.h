// Looks for a secret in all memory of this process but its stacks.
#pragma once

#include <fcntl.h>
#include <sesame/bytes.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace sesame::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool can_search_memory = false;  // shadow memory, and freed memory that is kept back
#else
inline constexpr bool can_search_memory = true;
#endif

/// A secret that is not found by looking for it, since it is kept with all bits inverted.
class Needle {
 public:
  explicit Needle(Bytes secret) {
    for (std::uint8_t octet : secret) inverted_.push_back(static_cast<std::uint8_t>(~octet));
  }

  /// How often it stands in memory that can be written, at multiples of `step`.
  std::size_t occurrences(std::size_t step = 1) const {
    std::size_t count = 0;
    std::ifstream maps("/proc/self/maps");
    const int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    std::vector<std::uint8_t> chunk(chunk_size);  // holds copies, and is passed over itself
    for (std::string line; std::getline(maps, line);) {
      std::istringstream in(line);
      std::uintptr_t from = 0, to = 0;
      char dash = 0;
      std::string permissions, offset, device, inode, name;
      in >> std::hex >> from >> dash >> to >> permissions >> offset >> device >> inode >> name;
      if (permissions.substr(0, 2) != "rw" || name.starts_with("[stack") || name.starts_with("[v")) continue;
      for (std::uintptr_t at = from; at < to; at += chunk_size - inverted_.size()) {
        const auto wanted = std::min<std::size_t>(chunk_size, to - at);
        const ssize_t got = pread(memory, chunk.data(), wanted, static_cast<off_t>(at));
        if (got <= 0) break;
        count += in_chunk(chunk.data(), static_cast<std::size_t>(got), at, step,
                          reinterpret_cast<std::uintptr_t>(chunk.data()));
      }
    }
    close(memory);
    return count;
  }

 private:
  static constexpr std::size_t chunk_size = 1 << 20;

  std::size_t in_chunk(const std::uint8_t* data, std::size_t size, std::uintptr_t address, std::size_t step,
                       std::uintptr_t own) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i + inverted_.size() <= size; i += step) {
      if (static_cast<std::uint8_t>(~data[i]) != inverted_[0]) continue;
      std::size_t k = 1;
      while (k < inverted_.size() && static_cast<std::uint8_t>(~data[i + k]) == inverted_[k]) ++k;
      const std::uintptr_t found = address + i;
      if (k == inverted_.size() && (found < own || found >= own + chunk_size)) ++count;
    }
    return count;
  }

  std::vector<std::uint8_t> inverted_;
};

}  // namespace sesame::test
