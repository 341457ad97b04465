#include "live_keys.h"

#include <sesame/bytes.h>
#include <sys/stat.h>

namespace sesame::tool {

namespace {

bool same(const std::timespec& a, const std::timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

bool LiveKeys::Stamp::operator==(const Stamp& other) const {
  return device == other.device && node == other.node && size == other.size &&
         same(modified, other.modified) && same(changed, other.changed);
}

std::vector<LiveKeys::Stamp> LiveKeys::stamps() const {
  std::vector<Stamp> out;
  for (const auto& file : files_) {
    struct stat status{};
    Stamp stamp;
    if (::stat(file.c_str(), &status) == 0) {
      stamp = {.device = status.st_dev,
               .node = status.st_ino,
               .size = status.st_size,
               .modified = status.st_mtim,
               .changed = status.st_ctim};
    }
    out.push_back(stamp);
  }
  return out;
}

bool LiveKeys::changed() { return stamps() != seen_; }

std::expected<LiveKeys::Loaded, LiveKeys::Failure> LiveKeys::load() {
  // Before reading: a change while we read is seen the next time.
  seen_ = stamps();
  std::vector<Credential> all;
  for (const auto& file : files_) {
    auto keys = read_key_file(file, options_);
    if (!keys) return std::unexpected(Failure{file, keys.error()});
    all.insert(all.end(), keys->begin(), keys->end());
  }
  if (const auto replaced = keyring_->replace_all(all); !replaced)
    return std::unexpected(Failure{{}, replaced.error()});

  Loaded out;
  const auto statistics = keyring_->statistics();
  out.identities = statistics.identities;
  out.keys = statistics.keys;
  for (const auto& key : all) {
    if (key.is_short()) out.short_keys.push_back(escaped(key.identity()));
  }
  return out;
}

}  // namespace sesame::tool
