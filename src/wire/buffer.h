// Octets on their way out: appended at the end, taken from the front, one allocation that grows by doubling.
#pragma once

#include <sesame/bytes.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace sesame::wire {

class Buffer {
 public:
  Buffer() noexcept = default;
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    if (this == &other) return *this;
    std::free(data_);
    data_ = std::exchange(other.data_, nullptr);
    begin_ = std::exchange(other.begin_, 0);
    end_ = std::exchange(other.end_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }
  ~Buffer() { std::free(data_); }

  Bytes bytes() const noexcept { return {data_ + begin_, end_ - begin_}; }
  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }

  /// The octets from `offset` (counted from the front) on, to be changed in place.
  MutableBytes from(std::size_t offset) noexcept { return {data_ + begin_ + offset, size() - offset}; }

  /// `size` more octets at the end, not initialised.
  MutableBytes grow(std::size_t size) {
    reserve(size);
    const MutableBytes out(data_ + end_, size);
    end_ += size;
    return out;
  }
  void append(Bytes octets) {
    if (!octets.empty()) std::memcpy(grow(octets.size()).data(), octets.data(), octets.size());
  }
  void truncate(std::size_t size) noexcept { end_ = begin_ + size; }

  /// Room for `size` more octets without another allocation. Ranges into the buffer are no longer valid.
  void reserve(std::size_t size) {
    if (capacity_ - end_ >= size) return;
    const std::size_t used = this->size();
    if (begin_ > 0 && capacity_ - used >= size) {
      std::memmove(data_, data_ + begin_, used);
    } else {
      std::size_t capacity = capacity_ ? capacity_ : 64;
      while (capacity - used < size) capacity *= 2;
      auto* data = static_cast<std::uint8_t*>(std::malloc(capacity));
      if (!data) throw std::bad_alloc();
      if (used > 0) std::memcpy(data, data_ + begin_, used);
      std::free(data_);
      data_ = data;
      capacity_ = capacity;
    }
    begin_ = 0;
    end_ = used;
  }

  /// `size` octets at the front are done with.
  void consume(std::size_t size) noexcept {
    begin_ += size;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  void release() noexcept { *this = Buffer(); }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace sesame::wire
