// Text for people and for programs: JSON lines, times, names.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace sesame::tool {

/// One JSON object on one line. Members stand in the order in which they are added.
class Json {
 public:
  Json& add(std::string_view name, std::string_view value);
  Json& add(std::string_view name, const char* value) { return add(name, std::string_view(value)); }
  Json& add(std::string_view name, double value);
  Json& add_null(std::string_view name);
  /// nullptr-like for an absent text: an empty `value` becomes null.
  Json& add_or_null(std::string_view name, std::string_view value);
  template <std::integral T>
  Json& add(std::string_view name, T value) {
    if constexpr (std::same_as<T, bool>)
      return raw(name, value ? "true" : "false");
    else
      return raw(name, std::to_string(value));
  }

  /// The members of `other` behind those that are there.
  Json& append(const Json& other) {
    if (!members_.empty() && !other.members_.empty()) members_ += ',';
    members_ += other.members_;
    return *this;
  }

  std::string object() const { return "{" + members_ + "}"; }

 private:
  Json& raw(std::string_view name, std::string_view value);
  std::string members_;
};

/// `text` as a JSON string with its quotes. What is not UTF-8 is written as `\xHH` text.
std::string json_string(std::string_view text);

/// Now, in UTC: "2026-01-31T12:00:00.123Z".
std::string timestamp();

/// `text` with the characters that HTML reads replaced.
std::string html_escaped(std::string_view text);

/// "1 key", "2 keys".
std::string counted(std::uint64_t count, std::string_view noun);

/// Seconds with a fraction.
double seconds(std::chrono::steady_clock::duration duration) noexcept;

}  // namespace sesame::tool
