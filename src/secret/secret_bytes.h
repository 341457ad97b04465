// Secrets live here: fixed storage that is wiped when it is moved from and when it is destroyed.
//
// No operator==, no printer, no copy by accident. Compare with equal_in_constant_time.
#pragma once

#include <openssl/crypto.h>
#include <sesame/bytes.h>

#include <array>
#include <cassert>
#include <cstring>

namespace sesame::secret {

/// Writes zeros that the compiler may not leave out. OPENSSL_cleanse is a call through a pointer; this one
/// inlines.
inline void wipe(void* data, std::size_t size) noexcept {
  std::memset(data, 0, size);
  asm volatile("" : : "r"(data) : "memory");
}

/// At most Capacity octets of secret.
template <std::size_t Capacity>
class BasicSecret {
 public:
  BasicSecret() noexcept = default;
  explicit BasicSecret(Bytes value) noexcept { assign(value); }
  BasicSecret(BasicSecret&& other) noexcept { take(other); }
  BasicSecret& operator=(BasicSecret&& other) noexcept {
    if (this != &other) {
      clear();
      take(other);
    }
    return *this;
  }
  BasicSecret(const BasicSecret&) = delete;
  BasicSecret& operator=(const BasicSecret&) = delete;
  ~BasicSecret() { clear(); }

  void assign(Bytes value) noexcept {
    assert(value.size() <= Capacity);
    clear();
    if (!value.empty()) std::memcpy(bytes_.data(), value.data(), value.size());
    size_ = static_cast<std::uint16_t>(value.size());
  }
  /// Room for `size` octets, to be written by the caller; what was there is wiped.
  MutableBytes resize(std::size_t size) noexcept {
    assert(size <= Capacity);
    clear();
    size_ = static_cast<std::uint16_t>(size);
    return {bytes_.data(), size};
  }
  void clear() noexcept {
    wipe(bytes_.data(), touched());
    size_ = 0;
  }

  static constexpr std::size_t capacity() noexcept { return Capacity; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  Bytes bytes() const noexcept { return {bytes_.data(), size_}; }

 private:
  // A small one is copied and wiped whole: a size that the compiler knows costs a few instructions, any other
  // a call or a slow string instruction.
  std::size_t touched() const noexcept { return Capacity <= 64 ? Capacity : size_; }

  void take(BasicSecret& other) noexcept {
    std::memcpy(bytes_.data(), other.bytes_.data(), other.touched());
    size_ = other.size_;
    other.clear();
  }

  std::array<std::uint8_t, Capacity> bytes_;  // only the first size_ octets are ever read
  std::uint16_t size_ = 0;
};

/// A secret of the key schedule: one output of SHA-256 or SHA-384.
using SecretBytes = BasicSecret<48>;
/// What a key exchange yields: ffdhe8192's 1024 octets are the most.
using SharedSecret = BasicSecret<1024>;

inline bool equal_in_constant_time(Bytes a, Bytes b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace sesame::secret
