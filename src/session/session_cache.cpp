// A server's sessions kept here. A ticket is the cache's name and a random number: 16 octets each.
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
  struct Entry {
    Number number;
    Session session;
  };

  std::size_t most;
  Expected<> usable;  // without random numbers it gives no tickets
  std::array<std::uint8_t, name_size> name{};
  mutable std::mutex mutex;
  std::list<Entry> entries;  // the oldest in front
  std::unordered_map<Number, std::list<Entry>::iterator, FirstOctets> table;

  void drop_oldest() {
    table.erase(entries.front().number);
    entries.pop_front();
  }
};

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
  // The number of sessions bounds the memory only if each is bounded: the chain is what a client can make
  // long.
  std::size_t chain = 0;
  for (const Bytes certificate : session.peer_certificates()) chain += certificate.size();
  if (chain > largest_chain) return fail(Reason::invalid_argument, "the client's chain has over 16 KiB");
  Number number;
  if (auto ok = (*crypto::Provider::system())->random(number); !ok)
    return std::unexpected(std::move(ok.error()));
  std::vector<std::uint8_t> ticket(cache.name.begin(), cache.name.end());
  ticket.insert(ticket.end(), number.begin(), number.end());

  const std::lock_guard lock(cache.mutex);
  // Sessions of one context live equally long, so that those which have expired stand in front. One that
  // stands elsewhere is not given any more either, and goes when it is asked for or is the oldest.
  while (!cache.entries.empty() && now >= cache.entries.front().session.expires()) cache.drop_oldest();
  if (cache.entries.size() >= cache.most) cache.drop_oldest();
  cache.entries.push_back({number, session});
  cache.table.emplace(number, std::prev(cache.entries.end()));
  return ticket;
}

bool SessionCache::recognises(Bytes identity) const noexcept {
  return impl_->usable && identity.size() == name_size + number_size &&
         std::equal(impl_->name.begin(), impl_->name.end(), identity.begin());
}

std::optional<Session> SessionCache::open(Bytes ticket, TimePoint now) {
  if (!recognises(ticket)) return std::nullopt;
  Number number;
  std::copy_n(ticket.begin() + name_size, number_size, number.begin());
  Impl& cache = *impl_;
  const std::lock_guard lock(cache.mutex);
  const auto found = cache.table.find(number);
  if (found == cache.table.end()) return std::nullopt;
  std::optional<Session> session = std::move(found->second->session);
  cache.entries.erase(found->second);
  cache.table.erase(found);
  if (now >= session->expires()) return std::nullopt;
  return session;
}

}  // namespace sesame
