#include "live_keys.h"

#include <sesame/sqlite_key_store.h>

namespace sesame::tool {

Expected<std::unique_ptr<KeySource>> open_key_source(const std::string& path, const KeyFileOptions& options) {
  if (!SqliteKeyStore::is_database(path)) return std::make_unique<KeyFileSource>(path, options);
  auto store = SqliteKeyStore::open(path);
  if (!store) return std::unexpected(store.error());
  return std::move(*store);
}

LiveKeys::Loaded LiveKeys::summary(const KeyFollower::Loaded& loaded) const {
  const auto statistics = keyring_->statistics();
  return {.identities = statistics.identities, .keys = statistics.keys, .short_keys = loaded.short_keys};
}

std::expected<LiveKeys::Loaded, LiveKeys::Failure> LiveKeys::load() {
  // A path may have become a store since the last time, or a file.
  std::vector<std::unique_ptr<KeySource>> sources;
  for (const auto& file : files_) {
    auto source = open_key_source(file, options_);
    if (!source) return std::unexpected(Failure{file, source.error()});
    sources.push_back(std::move(*source));
  }
  KeyFollower follower(std::move(sources), keyring_);
  const auto loaded = follower.load();
  if (!loaded) return std::unexpected(loaded.error());
  follower_.emplace(std::move(follower));
  return summary(*loaded);
}

std::expected<std::optional<LiveKeys::Loaded>, LiveKeys::Failure> LiveKeys::follow() {
  if (!follower_) return std::nullopt;
  const auto followed = follower_->follow();
  if (!followed) return std::unexpected(followed.error());
  if (!*followed) return std::nullopt;
  return summary(**followed);
}

}  // namespace sesame::tool
