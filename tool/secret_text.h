// Text that holds keys: wiped when it goes.
#pragma once

#include <cstring>
#include <string>
#include <utility>

namespace sesame::tool {

struct SecretText {
  std::string text;

  SecretText() = default;
  explicit SecretText(std::string t) : text(std::move(t)) {}
  SecretText(SecretText&& other) noexcept : text(std::exchange(other.text, {})) {}
  SecretText& operator=(SecretText&& other) noexcept {
    wipe();
    text = std::exchange(other.text, {});
    return *this;
  }
  ~SecretText() { wipe(); }

  void wipe() noexcept {
    ::explicit_bzero(text.data(), text.size());
    text.clear();
  }
};

}  // namespace sesame::tool
