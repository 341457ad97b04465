// A secret whose size is not bounded by a hash: a premaster secret with a shared key in it.
#pragma once

#include <memory>

#include "secret/secret_bytes.h"

namespace sesame::secret {

/// Fixed once it is made; wiped when it is moved from and when it goes. No allocation up to 128 octets.
class SecretBuffer {
 public:
  SecretBuffer() noexcept = default;
  explicit SecretBuffer(std::size_t size) : size_(size) {
    if (size > sizeof inline_) heap_ = std::make_unique_for_overwrite<std::uint8_t[]>(size);
  }
  explicit SecretBuffer(Bytes value) : SecretBuffer(value.size()) {
    if (!value.empty()) std::memcpy(data(), value.data(), value.size());
  }
  SecretBuffer(SecretBuffer&& other) noexcept { take(other); }
  SecretBuffer& operator=(SecretBuffer&& other) noexcept {
    if (this != &other) {
      clear();
      take(other);
    }
    return *this;
  }
  ~SecretBuffer() { clear(); }

  Bytes bytes() const noexcept { return {heap_ ? heap_.get() : inline_, size_}; }
  MutableBytes mutable_bytes() noexcept { return {data(), size_}; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  void clear() noexcept {
    if (size_ != 0) wipe(data(), size_);
    heap_.reset();
    size_ = 0;
  }

 private:
  std::uint8_t* data() noexcept { return heap_ ? heap_.get() : inline_; }
  void take(SecretBuffer& other) noexcept {
    size_ = other.size_;
    if (other.heap_) {
      heap_ = std::move(other.heap_);
    } else if (size_ != 0) {
      std::memcpy(inline_, other.inline_, size_);
      wipe(other.inline_, size_);
    }
    other.size_ = 0;
  }

  std::unique_ptr<std::uint8_t[]> heap_;
  std::size_t size_ = 0;
  std::uint8_t inline_[128];
};

}  // namespace sesame::secret
