#include "certificate/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "secret/secret_bytes.h"

namespace sesame::certificate {
namespace {

struct Descriptor {
  explicit Descriptor(const std::filesystem::path& path) : number(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (number >= 0) close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int number;
};

}  // namespace

File::File(File&& other) noexcept
    : data_(std::move(other.data_)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

File::~File() {
  if (data_) secret::wipe(data_.get(), capacity_);
}

// Not a std::string: that would leave copies behind as it grows.
void File::reserve(std::size_t capacity) {
  std::unique_ptr<char[]> larger(new char[capacity]);
  if (data_) {
    std::memcpy(larger.get(), data_.get(), size_);
    secret::wipe(data_.get(), capacity_);
  }
  data_ = std::move(larger);
  capacity_ = capacity;
}

Expected<File> File::read(const std::filesystem::path& path) {
  const auto unreadable = [&](int error) {
    return fail(Reason::file_unreadable, path.string() + ": " + std::generic_category().message(error));
  };
  const Descriptor descriptor(path);
  if (descriptor.number < 0) return unreadable(errno);
  File file;
  file.reserve(16'384);
  for (;;) {
    if (file.size_ == file.capacity_) {
      if (file.capacity_ >= max_size) return unreadable(EFBIG);
      file.reserve(2 * file.capacity_);
    }
    const ssize_t got = ::read(descriptor.number, file.data_.get() + file.size_, file.capacity_ - file.size_);
    if (got == 0) return file;
    if (got < 0 && errno != EINTR) return unreadable(errno);
    if (got > 0) file.size_ += static_cast<std::size_t>(got);
  }
}

}  // namespace sesame::certificate
