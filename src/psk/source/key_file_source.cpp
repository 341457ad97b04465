#include <fcntl.h>
#include <sesame/key_source.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "psk/key_file_descriptor.h"

namespace sesame {
namespace {

using namespace std::chrono_literals;

// How long a file that is written in place has to be quiet. Times of files step by some milliseconds.
constexpr auto quiet = 200ms;
constexpr int attempts = 10;
constexpr auto between_attempts = 20ms;

std::int64_t nanoseconds(const timespec& time) noexcept {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

KeyFileSource::KeyFileSource(std::filesystem::path path, const KeyFileOptions& options)
    : path_(std::move(path)), options_(options) {}

KeyFileSource::Stamp KeyFileSource::stamp_of(const struct stat& status) noexcept {
  // A pipe gives its octets once, so it is never looked at again.
  if (!S_ISREG(status.st_mode)) return {.device = status.st_dev, .node = status.st_ino, .size = 0};
  return {.device = status.st_dev,
          .node = status.st_ino,
          .size = status.st_size,
          .modified = nanoseconds(status.st_mtim),
          .status_changed = nanoseconds(status.st_ctim)};
}

KeyFileSource::Stamp KeyFileSource::stamp() const {
  struct stat status;
  return ::stat(path_.c_str(), &status) == 0 ? stamp_of(status) : Stamp{};
}

bool KeyFileSource::changed() {
  const Stamp now = stamp();
  if (now == seen_) return false;
  // A rename put a whole file there. The same file with other octets may have more of them in a moment.
  const bool in_place = now.size >= 0 && now.node == seen_.node && now.device == seen_.device;
  if (!in_place) return true;
  const auto age =
      std::chrono::system_clock::now().time_since_epoch() - std::chrono::nanoseconds(now.modified);
  return age < 0ns || age >= quiet;
}

Expected<KeyChanges> KeyFileSource::load(std::optional<KeyVersion>) {
  for (int attempt = 1;; ++attempt) {
    // Of the path, before it is opened: a file that is put there from now on is seen the next time.
    seen_ = stamp();
    const int file = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
      return fail(Reason::file_unreadable, path_.string() + ": " + std::generic_category().message(errno));
    }
    struct stat before = {}, after = {};
    ::fstat(file, &before);
    auto keys = psk::read_key_file(file, path_, options_);
    ::fstat(file, &after);
    ::close(file);
    // What was read is one state of this file only if nothing was written to it meanwhile. That another file
    // has its name now does no harm; the time of the change of status tells that too, so it is left out.
    const Stamp then = stamp_of(before), now = stamp_of(after);
    if (then.size == now.size && then.modified == now.modified) {
      if (!keys) return std::unexpected(keys.error());
      return KeyChanges{.version = ++version_, .whole = true, .keys = std::move(*keys), .gone = {}};
    }
    if (attempt == attempts)
      return fail(Reason::file_unreadable, path_.string() + ": it changes while it is read");
    std::this_thread::sleep_for(between_attempts);
  }
}

}  // namespace sesame
