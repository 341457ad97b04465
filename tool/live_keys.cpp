#include "live_keys.h"

#include <fmt/format.h>
#include <sesame/sqlite_key_store.h>

#include <set>

namespace sesame::tool {

namespace {

using Sources = std::vector<std::unique_ptr<KeySource>>;

std::expected<Sources, KeyFollower::Failure> open_all(const std::vector<std::string>& files,
                                                      const KeyFileOptions& options) {
  Sources out;
  for (const auto& file : files) {
    auto source = open_key_source(file, options);
    if (!source) return std::unexpected(KeyFollower::Failure{file, source.error()});
    out.push_back(std::move(*source));
  }
  return out;
}

}  // namespace

Expected<std::unique_ptr<KeySource>> open_key_source(const std::string& path, const KeyFileOptions& options) {
  if (!SqliteKeyStore::is_database(path)) return std::make_unique<KeyFileSource>(path, options);
  auto store = SqliteKeyStore::open(path);
  if (!store) return std::unexpected(store.error());
  return std::move(*store);
}

// ---- a server's ----

LoadedKeys LiveKeys::summary(const KeyFollower::Loaded& loaded) const {
  const auto statistics = keyring_->statistics();
  return {.identities = statistics.identities, .keys = statistics.keys, .short_keys = loaded.short_keys};
}

std::expected<LoadedKeys, LiveKeys::Failure> LiveKeys::load() {
  // A path may have become a store since the last time, or a file.
  auto sources = open_all(files_, options_);
  if (!sources) return std::unexpected(sources.error());
  KeyFollower follower(std::move(*sources), keyring_);
  const auto loaded = follower.load();
  if (!loaded) return std::unexpected(loaded.error());
  follower_.emplace(std::move(follower));
  return summary(*loaded);
}

std::expected<std::optional<LoadedKeys>, LiveKeys::Failure> LiveKeys::follow() {
  if (!follower_) return std::nullopt;
  const auto followed = follower_->follow();
  if (!followed) return std::unexpected(followed.error());
  if (!*followed) return std::nullopt;
  return summary(**followed);
}

// ---- a client's ----

std::size_t OfferedKeys::identities() const {
  std::set<std::string_view> all;
  const List list = now();
  for (const auto& key : *list) all.insert(as_text(key.identity()));
  return all.size();
}

Expected<> OfferedKeys::choose(std::vector<Credential>& keys) const {
  if (identities_.empty()) return {};
  std::vector<Credential> chosen;
  for (const auto& identity : identities_) {
    const std::size_t before = chosen.size();
    for (const auto& key : keys) {
      if (as_text(key.identity()) == identity) chosen.push_back(key);
    }
    if (chosen.size() == before) {
      return fail(Reason::identity_not_in_keyring,
                  fmt::format("there is no key for \"{}\" in {}", escaped(as_bytes(identity)),
                              fmt::join(files_, ", ")));
    }
  }
  keys = std::move(chosen);
  return {};
}

std::expected<LoadedKeys, OfferedKeys::Failure> OfferedKeys::take() {
  std::vector<Credential> all;
  std::optional<Failure> failure;
  // Each is read even where another one fails, so that a failure is told once.
  for (const auto& source : sources_) {
    auto changes = source->load(std::nullopt);
    if (changes)
      all.insert(all.end(), changes->keys.begin(), changes->keys.end());
    else if (!failure)
      failure = Failure{source->name(), changes.error()};
  }
  if (failure) return std::unexpected(*failure);
  if (auto chosen = choose(all); !chosen) return std::unexpected(Failure{{}, chosen.error()});
  LoadedKeys loaded;
  for (const auto& key : all) {
    if (key.is_short()) loaded.short_keys.push_back(escaped(key.identity()));
  }
  {
    auto list = std::make_shared<const std::vector<Credential>>(std::move(all));
    const std::lock_guard lock(mutex_);
    list_.swap(list);
  }
  loaded.identities = identities();
  loaded.keys = keys();
  return loaded;
}

std::expected<LoadedKeys, OfferedKeys::Failure> OfferedKeys::load() {
  auto sources = open_all(files_, options_);
  if (!sources) return std::unexpected(sources.error());
  sources_ = std::move(*sources);
  return take();
}

std::expected<std::optional<LoadedKeys>, OfferedKeys::Failure> OfferedKeys::follow() {
  bool changed = false;
  for (const auto& source : sources_) changed = source->changed() || changed;
  if (!changed) return std::nullopt;
  auto loaded = take();
  if (!loaded) return std::unexpected(loaded.error());
  return std::move(*loaded);
}

}  // namespace sesame::tool
