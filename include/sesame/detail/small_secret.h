// A secret within an object of the public interface: fixed storage, wiped when it goes.
#pragma once

#include <openssl/crypto.h>
#include <sesame/bytes.h>

#include <array>
#include <cstring>

namespace sesame::detail {

template <std::size_t Capacity>
class SmallSecret {
 public:
  SmallSecret() noexcept = default;
  SmallSecret(const SmallSecret&) = delete;
  SmallSecret& operator=(const SmallSecret&) = delete;
  ~SmallSecret() { clear(); }

  /// `value` has at most Capacity octets.
  void assign(Bytes value) noexcept {
    clear();
    if (!value.empty()) std::memcpy(octets_.data(), value.data(), value.size());
    size_ = value.size();
  }
  void clear() noexcept {
    OPENSSL_cleanse(octets_.data(), size_);
    size_ = 0;
  }
  Bytes bytes() const noexcept { return {octets_.data(), size_}; }

 private:
  std::array<std::uint8_t, Capacity> octets_;  // only the first size_ octets are ever read
  std::size_t size_ = 0;
};

}  // namespace sesame::detail
