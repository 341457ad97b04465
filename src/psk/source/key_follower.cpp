#include <sesame/key_source.h>

#include <algorithm>

namespace sesame {
namespace {

void note_short_keys(std::span<const Credential> keys, std::vector<std::string>& out) {
  for (const Credential& key : keys) {
    if (key.is_short()) out.push_back(escaped(key.identity()));
  }
}

}  // namespace

KeyFollower::KeyFollower(std::vector<std::unique_ptr<KeySource>> sources, std::shared_ptr<Keyring> keyring)
    : sources_(std::move(sources)), keyring_(std::move(keyring)) {}

std::expected<KeyFollower::Loaded, KeyFollower::Failure> KeyFollower::load() {
  std::vector<Credential> all;
  std::optional<KeyVersion> version;
  std::optional<Failure> failure;
  // The others are read even where one fails, so that each has seen its state of now, and a failure is told
  // once.
  for (const auto& source : sources_) {
    auto changes = source->load(std::nullopt);
    if (!changes) {
      if (!failure) failure = Failure{source->name(), changes.error()};
      continue;
    }
    version = changes->version;
    if (all.empty())
      all = std::move(changes->keys);
    else
      all.insert(all.end(), changes->keys.begin(), changes->keys.end());
  }
  if (failure) return std::unexpected(*failure);
  if (auto replaced = keyring_->replace_all(all); !replaced)
    return std::unexpected(Failure{{}, replaced.error()});
  version_ = version;
  Loaded loaded{.whole = true, .changed = all.size(), .short_keys = {}};
  note_short_keys(all, loaded.short_keys);
  return loaded;
}

std::expected<std::optional<KeyFollower::Loaded>, KeyFollower::Failure> KeyFollower::follow() {
  bool changed = false;
  for (const auto& source : sources_) changed = source->changed() || changed;
  if (!changed) return std::nullopt;
  if (sources_.size() != 1) {
    auto loaded = load();
    if (!loaded) return std::unexpected(loaded.error());
    return std::move(*loaded);
  }
  KeySource& source = *sources_.front();
  const auto changes = source.load(version_);
  if (!changes) return std::unexpected(Failure{source.name(), changes.error()});
  if (!changes->whole && changes->version == version_) return std::nullopt;
  auto applied = apply(source, *changes);
  if (!applied) return std::unexpected(applied.error());
  version_ = changes->version;
  return std::move(*applied);
}

std::expected<KeyFollower::Loaded, KeyFollower::Failure> KeyFollower::apply(const KeySource& source,
                                                                            const KeyChanges& changes) {
  const auto failed = [&](const Error& error) { return std::unexpected(Failure{source.name(), error}); };
  const std::span<const Credential> keys = changes.keys;
  if (changes.whole) {
    if (auto replaced = keyring_->replace_all(keys); !replaced) return failed(replaced.error());
  } else {
    for (const auto& identity : changes.gone) {
      // It may have come and gone since we looked last.
      auto removed = keyring_->remove(as_bytes(identity));
      if (!removed && removed.error().reason() != Reason::identity_not_in_keyring)
        return failed(removed.error());
    }
    for (std::size_t begin = 0; begin < keys.size();) {
      std::size_t end = begin + 1;
      while (end < keys.size() && std::ranges::equal(keys[end].identity(), keys[begin].identity())) ++end;
      // A failure here leaves some identities as they were: the version stays, and the next load() gives them
      // again.
      if (auto put = keyring_->put(keys.subspan(begin, end - begin)); !put) return failed(put.error());
      begin = end;
    }
  }
  Loaded loaded{
      .whole = changes.whole, .changed = changes.keys.size() + changes.gone.size(), .short_keys = {}};
  note_short_keys(keys, loaded.short_keys);
  return loaded;
}

}  // namespace sesame
