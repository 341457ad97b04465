// Memory by the page, for much of one kind: zeroed when it is first touched, in huge pages where it is large,
// and left out of core dumps, since keys stand in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace sesame::psk {

inline constexpr std::size_t huge_page_size = std::size_t{2} << 20;

/// Owns a zeroed block of whole pages. Not wiped when it is freed: who keeps secrets in it does that.
class Pages {
 public:
  Pages() noexcept = default;
  /// At least `size` octets, not 0; `alignment` is a power of two, at most huge_page_size. A block of a huge
  /// page or more begins at one. Throws std::bad_alloc.
  explicit Pages(std::size_t size, std::size_t alignment = 1);
  Pages(Pages&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Pages& operator=(Pages&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Pages();

  std::uint8_t* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace sesame::psk
