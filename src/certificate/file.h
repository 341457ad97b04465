// Files with certificates and keys.
#pragma once

#include <sesame/error.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>

namespace sesame::certificate {

/// The content of a file, wiped at its end: it may hold a private key.
class File {
 public:
  static constexpr std::size_t max_size = std::size_t{64} << 20;

  /// Errors: file_unreadable, the detail with the path and why.
  static Expected<File> read(const std::filesystem::path& path);

  File() noexcept = default;
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept = delete;
  ~File();
  std::string_view text() const noexcept { return {data_.get(), size_}; }

 private:
  void reserve(std::size_t capacity);
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace sesame::certificate
