// A server's sessions kept here. A ticket, and an identifier of TLS 1.2 and below, is the cache's name and a
// random number: 16 octets each.
#include <algorithm>
#include <cstring>
#include <list>
#include <mutex>
#include <unordered_map>

#include "crypto/provider.h"
#include "session/session_body.h"

namespace sesame {
namespace {

constexpr std::size_t largest_chain = 16'384;  // octets of certificates in one session
constexpr std::size_t name_size = 16, number_size = 16;
using Number = std::array<std::uint8_t, number_size>;

// All numbers in the table were drawn at random here, so that nobody can choose them to collide.
struct FirstOctets {
  std::size_t operator()(const Number& number) const noexcept {
    std::size_t value;
    std::memcpy(&value, number.data(), sizeof value);
    return value;
  }
};

}  // namespace

struct SessionCache::Impl {
  enum class Kind : std::uint8_t { ticket, session_id };
  struct Entry {
    Number number;
    Session session;
    Kind kind;
    TimePoint expires;
  };
  using Entries = std::list<Entry>;

  std::size_t most;
  Expected<> usable;  // without random numbers it gives no tickets
  std::array<std::uint8_t, name_size> name{};
  mutable std::mutex mutex;
  Entries entries;  // the oldest in front
  std::unordered_map<Number, Entries::iterator, FirstOctets> table;

  bool is_named(Bytes identity) const noexcept {
    return usable && identity.size() == name_size + number_size &&
           std::equal(name.begin(), name.end(), identity.begin());
  }

  // What follows is for whoever holds the lock.

  void drop(Entries::iterator entry) {
    table.erase(entry->number);
    entries.erase(entry);
  }
  void add(const Number& number, const Session& session, Kind kind, TimePoint expires, TimePoint now) {
    // Sessions of one context live equally long, so that those which have expired stand in front. One that
    // stands elsewhere is not given any more either, and goes when it is asked for or is the oldest.
    while (!entries.empty() && now >= entries.front().expires) drop(entries.begin());
    if (entries.size() >= most) drop(entries.begin());
    entries.push_back({number, session, kind, expires});
    table.emplace(number, std::prev(entries.end()));
  }
  std::optional<Entries::iterator> entry(const Number& number, Kind kind) {
    const auto found = table.find(number);
    if (found == table.end() || found->second->kind != kind) return std::nullopt;
    return found->second;
  }
};

namespace {

// The number of sessions bounds the memory only if each is bounded: the chain is what a client can make long.
bool has_long_chain(const Session& session) {
  std::size_t chain = 0;
  for (const Bytes certificate : session.peer_certificates()) chain += certificate.size();
  return chain > largest_chain;
}

Number number_of(Bytes identity) {
  Number number;
  std::copy_n(identity.begin() + name_size, number_size, number.begin());
  return number;
}

}  // namespace

SessionCache::SessionCache(std::size_t sessions) : impl_(std::make_unique<Impl>()) {
  impl_->most = sessions;
  const auto& provider = crypto::Provider::system();
  impl_->usable = provider ? (*provider)->random(impl_->name) : std::unexpected(provider.error());
}

SessionCache::~SessionCache() = default;

std::size_t SessionCache::size() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->entries.size();
}

Expected<std::vector<std::uint8_t>> SessionCache::issue(const Session& session, TimePoint now) {
  Impl& cache = *impl_;
  if (!cache.usable) return std::unexpected(cache.usable.error());
  if (cache.most == 0) return fail(Reason::invalid_argument, "the session cache has room for none");
  if (has_long_chain(session)) return fail(Reason::invalid_argument, "the client's chain has over 16 KiB");
  Number number;
  if (auto ok = (*crypto::Provider::system())->random(number); !ok)
    return std::unexpected(std::move(ok.error()));
  std::vector<std::uint8_t> ticket(cache.name.begin(), cache.name.end());
  ticket.insert(ticket.end(), number.begin(), number.end());

  const std::lock_guard lock(cache.mutex);
  cache.add(number, session, Impl::Kind::ticket, session.expires(), now);
  return ticket;
}

bool SessionCache::recognises(Bytes identity) const noexcept { return impl_->is_named(identity); }

std::optional<Session> SessionCache::open(Bytes ticket, TimePoint now) {
  Impl& cache = *impl_;
  if (!cache.is_named(ticket)) return std::nullopt;
  const std::lock_guard lock(cache.mutex);
  const auto found = cache.entry(number_of(ticket), Impl::Kind::ticket);
  if (!found) return std::nullopt;
  const bool expired = now >= (*found)->expires;
  std::optional<Session> session = std::move((*found)->session);
  cache.drop(*found);
  return expired ? std::nullopt : session;
}

// ---- TLS 1.2 and below: RFC 5246 section 7.4.1.2 ----

Expected<std::array<std::uint8_t, 32>> SessionCache::new_session_id() {
  Impl& cache = *impl_;
  if (!cache.usable) return std::unexpected(cache.usable.error());
  if (cache.most == 0) return fail(Reason::invalid_argument, "the session cache has room for none");
  std::array<std::uint8_t, name_size + number_size> id;
  std::copy(cache.name.begin(), cache.name.end(), id.begin());
  if (auto ok = (*crypto::Provider::system())->random(MutableBytes(id).subspan(name_size)); !ok)
    return std::unexpected(std::move(ok.error()));
  return id;
}

void SessionCache::keep(Bytes session_id, const Session& session, TimePoint now) {
  Impl& cache = *impl_;
  if (!cache.is_named(session_id) || cache.most == 0 || has_long_chain(session)) return;
  const Number number = number_of(session_id);
  const TimePoint expires = std::min(session.expires(), session.issued() + max_session_id_lifetime);
  const std::lock_guard lock(cache.mutex);
  if (const auto found = cache.table.find(number); found != cache.table.end()) {
    if (found->second->kind != Impl::Kind::session_id) return;
    cache.drop(found->second);
  }
  cache.add(number, session, Impl::Kind::session_id, expires, now);
}

std::optional<Session> SessionCache::find(Bytes session_id, TimePoint now) {
  Impl& cache = *impl_;
  if (!cache.is_named(session_id)) return std::nullopt;
  const std::lock_guard lock(cache.mutex);
  const auto found = cache.entry(number_of(session_id), Impl::Kind::session_id);
  if (!found) return std::nullopt;
  if (now < (*found)->expires) return (*found)->session;
  cache.drop(*found);
  return std::nullopt;
}

void SessionCache::forget(Bytes session_id) {
  Impl& cache = *impl_;
  if (!cache.is_named(session_id)) return;
  const std::lock_guard lock(cache.mutex);
  if (const auto found = cache.entry(number_of(session_id), Impl::Kind::session_id)) cache.drop(*found);
}

}  // namespace sesame
