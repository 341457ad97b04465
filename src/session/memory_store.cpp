// A client's sessions in memory.
#include <sesame/session.h>

#include <algorithm>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "session/session_body.h"

namespace sesame {
namespace {

// Of TLS 1.2 and below a session is used again and again, and comes back each time, from several connections
// at once as it may be; of TLS 1.3 nobody should use one twice (RFC 8446 appendix C.4).
bool is_same(const Session& a, const Session& b) {
  const session::SessionBody &x = session::SessionAccess::body(a), &y = session::SessionAccess::body(b);
  if (&x == &y) return true;
  return x.version < ProtocolVersion::tls13 && x.version == y.version && x.ticket == y.ticket &&
         x.session_id == y.session_id && !(x.ticket.empty() && x.session_id.empty());
}

}  // namespace

struct MemorySessionStore::Impl {
  struct Entry;
  using Entries = std::list<Entry>;            // the oldest in front
  using OfKey = std::list<Entries::iterator>;  // the oldest in front; never empty
  using Keys = std::unordered_map<std::string, OfKey>;
  struct Entry {
    Session session;
    Keys::value_type* key;  // an iterator would not outlive a rehash
  };

  std::size_t most, most_per_key;
  mutable std::mutex mutex;
  Entries entries;
  Keys keys;

  // Takes the oldest of all, or the oldest of one key.
  void drop(Entries::iterator entry) {
    Keys::value_type& key = *entry->key;
    key.second.remove(entry);
    if (key.second.empty()) keys.erase(keys.find(key.first));
    entries.erase(entry);
  }
};

MemorySessionStore::MemorySessionStore(std::size_t sessions, std::size_t sessions_per_key)
    : impl_(std::make_unique<Impl>()) {
  impl_->most = sessions;
  impl_->most_per_key = sessions_per_key;
}

MemorySessionStore::~MemorySessionStore() = default;

void MemorySessionStore::put(std::string_view key, const Session& session) {
  if (impl_->most == 0 || impl_->most_per_key == 0) return;
  const std::lock_guard lock(impl_->mutex);
  Impl& store = *impl_;
  if (const auto found = store.keys.find(std::string(key)); found != store.keys.end()) {
    const Impl::OfKey& there = found->second;
    const auto same = std::find_if(there.begin(), there.end(),
                                   [&](const auto& entry) { return is_same(entry->session, session); });
    // The newer of two of one name stays: it may have been renewed.
    if (same != there.end()) {
      store.drop(*same);
    } else if (there.size() >= store.most_per_key) {
      store.drop(there.front());
    }
  }
  if (store.entries.size() >= store.most) store.drop(store.entries.begin());
  Impl::Keys::value_type& of_key = *store.keys.try_emplace(std::string(key)).first;
  store.entries.push_back({session, &of_key});
  of_key.second.push_back(std::prev(store.entries.end()));
}

std::optional<Session> MemorySessionStore::take(std::string_view key, TimePoint now) {
  const std::lock_guard lock(impl_->mutex);
  Impl& store = *impl_;
  const auto of_key = store.keys.find(std::string(key));
  if (of_key == store.keys.end()) return std::nullopt;
  std::optional<Session> taken;
  // From the newest on; what has expired goes as well.
  for (auto at = of_key->second.end(); at != of_key->second.begin();) {
    --at;
    const Impl::Entries::iterator entry = *at;
    const bool expired = now >= entry->session.expires();
    if (!expired && taken) continue;
    if (!expired) taken = entry->session;
    store.entries.erase(entry);
    at = of_key->second.erase(at);
  }
  if (of_key->second.empty()) store.keys.erase(of_key);
  return taken;
}

std::size_t MemorySessionStore::size() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->entries.size();
}

}  // namespace sesame
