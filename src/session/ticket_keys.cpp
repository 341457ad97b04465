// Tickets that hold the session: RFC 5077 section 4's construction, with an AEAD.
//
//   key name, 16 octets | nonce, 12 octets | AES-256-GCM of the serialised session, tag included
//
// The key name is the additional data.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <shared_mutex>

#include "crypto/provider.h"
#include "crypto/public_random.h"
#include "session/serialize.h"

namespace sesame {
namespace {

constexpr std::size_t name_size = 16, nonce_size = crypto::aead_nonce_size, tag_size = 16;
constexpr std::size_t header_size = name_size + nonce_size, max_ticket_size = 0xffff;
constexpr std::size_t most_keys = 16;

// With random nonces of 96 bits, NIST SP 800-38D section 8.3 lets a key seal so often.
constexpr std::uint64_t most_seals = std::uint64_t{1} << 32;

// Keyed contexts for one direction: taken by one thread at a time, made anew where all are in use.
class Contexts {
 public:
  Contexts() noexcept = default;
  Contexts(const Contexts&) = delete;
  Contexts& operator=(const Contexts&) = delete;
  ~Contexts() {
    for (auto& place : places_) delete place.load(std::memory_order_relaxed);
  }
  std::unique_ptr<crypto::Aead> take() noexcept {
    for (auto& place : places_) {
      if (!place.load(std::memory_order_relaxed)) continue;
      if (auto* const aead = place.exchange(nullptr, std::memory_order_acquire))
        return std::unique_ptr<crypto::Aead>(aead);
    }
    return nullptr;
  }
  void give_back(std::unique_ptr<crypto::Aead> aead) noexcept {
    for (auto& place : places_) {
      crypto::Aead* none = nullptr;
      if (place.compare_exchange_strong(none, aead.get(), std::memory_order_release,
                                        std::memory_order_relaxed)) {
        static_cast<void>(aead.release());
        return;
      }
    }
  }

 private:
  std::array<std::atomic<crypto::Aead*>, 8> places_{};
};

// A key that is in use.
struct LiveKey {
  std::array<std::uint8_t, name_size> name{};
  secret::BasicSecret<32> key;
  bool rotates = true;  // not one of the application's
  Contexts sealing, opening;
  std::atomic<std::uint64_t> seals = 0;
  // When it sealed for the first time, as a count of TimePoint's duration; min: not yet.
  std::atomic<TimePoint::rep> since = TimePoint::min().time_since_epoch().count();

  bool is(Bytes other) const noexcept { return std::memcmp(name.data(), other.data(), name_size) == 0; }
  TimePoint began(TimePoint now) noexcept {
    TimePoint::rep none = TimePoint::min().time_since_epoch().count();
    if (since.compare_exchange_strong(none, now.time_since_epoch().count(), std::memory_order_relaxed))
      return now;
    return TimePoint(TimePoint::duration(none));
  }
  // It seals for one rotation, and opens for two.
  bool opens_at(TimePoint now, std::chrono::seconds rotation) const noexcept {
    const TimePoint::rep at = since.load(std::memory_order_relaxed);
    if (rotation.count() == 0 || at == TimePoint::min().time_since_epoch().count()) return true;
    return now < TimePoint(TimePoint::duration(at)) + 2 * rotation;
  }

  template <class Use>
  bool with(Contexts& contexts, crypto::Aead::Direction direction, const crypto::AeadAlgorithm& algorithm,
            Use use) {
    auto aead = contexts.take();
    if (!aead) {
      aead = std::make_unique<crypto::Aead>();
      if (!aead->set_key(algorithm, direction, key.bytes())) return false;
    }
    const bool ok = use(*aead);
    contexts.give_back(std::move(aead));
    return ok;
  }
};

Expected<std::shared_ptr<LiveKey>> new_key() {
  const auto& provider = crypto::Provider::system();
  if (!provider) return std::unexpected(provider.error());
  auto key = std::make_shared<LiveKey>();
  auto ok = (*provider)->random(key->name);
  if (ok) ok = (*provider)->random(key->key.resize(32));
  if (!ok) return std::unexpected(std::move(ok.error()));
  return key;
}

const crypto::AeadAlgorithm* algorithm() {
  const auto& provider = crypto::Provider::system();
  return provider ? (*provider)->aead(crypto::AeadId::aes_256_gcm) : nullptr;
}

}  // namespace

struct TicketKeys::Impl {
  TicketKeysOptions options;
  mutable std::shared_mutex mutex;
  std::vector<std::shared_ptr<LiveKey>> keys;  // the first seals
  bool automatic = true;                       // set() ends it

  // What follows is for whoever holds the lock.
  std::chrono::seconds rotation() const { return automatic ? options.rotation : std::chrono::seconds(0); }

  void put_first(std::shared_ptr<LiveKey> key) {
    keys.insert(keys.begin(), std::move(key));
    // Without a time nothing else ends a key.
    const std::size_t most = rotation().count() == 0 ? 2 : most_keys;
    std::size_t kept = 0;
    std::erase_if(keys, [&](const auto& k) { return k->rotates && ++kept > most; });
    if (keys.size() > most_keys) keys.resize(most_keys);
  }

  bool is_due(LiveKey& first, TimePoint now) const {
    return now >= first.began(now) + rotation() && rotation().count() > 0;
  }

  // The key that seals now.
  Expected<std::shared_ptr<LiveKey>> sealing(TimePoint now) {
    {
      const std::shared_lock lock(mutex);
      if (!keys.empty() && !is_due(*keys.front(), now)) return keys.front();
    }
    const std::unique_lock lock(mutex);
    if (!keys.empty() && !is_due(*keys.front(), now)) return keys.front();  // another thread was first
    auto key = new_key();
    if (!key) return key;
    (*key)->began(now);
    std::erase_if(keys, [&](const auto& k) { return !k->opens_at(now, rotation()); });
    put_first(*key);
    return key;
  }

  // The key that opens now what the one of this name sealed.
  std::shared_ptr<LiveKey> opening(Bytes name, TimePoint now) const {
    const std::shared_lock lock(mutex);
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return key->is(name); });
    return found == keys.end() || !(*found)->opens_at(now, rotation()) ? nullptr : *found;
  }
};

TicketKeys::TicketKeys(const TicketKeysOptions& options) : impl_(std::make_unique<Impl>()) {
  impl_->options = options;
}

TicketKeys::~TicketKeys() = default;

Expected<> TicketKeys::rotate() {
  auto key = new_key();
  if (!key) return std::unexpected(std::move(key.error()));
  const std::unique_lock lock(impl_->mutex);
  impl_->put_first(std::move(*key));
  return {};
}

Expected<> TicketKeys::set(std::span<const Key> keys) {
  if (keys.empty() || keys.size() > most_keys) {
    return fail(Reason::invalid_argument, std::to_string(keys.size()) + " ticket keys");
  }
  std::vector<std::shared_ptr<LiveKey>> live;
  for (const Key& key : keys) {
    if (std::any_of(live.begin(), live.end(), [&](const auto& k) { return k->name == key.name; })) {
      return fail(Reason::invalid_argument, "two ticket keys of one name");
    }
    live.push_back(std::make_shared<LiveKey>());
    live.back()->name = key.name;
    live.back()->key.assign(key.key);
    live.back()->rotates = false;
  }
  const std::unique_lock lock(impl_->mutex);
  impl_->keys = std::move(live);
  impl_->automatic = false;
  return {};
}

Expected<std::vector<std::uint8_t>> TicketKeys::issue(const Session& session, TimePoint now) {
  const crypto::AeadAlgorithm* const aes = algorithm();
  if (!aes) return fail(Reason::algorithm_unavailable, "AES-256-GCM");
  auto key = impl_->sealing(now);
  if (!key) return std::unexpected(std::move(key.error()));
  LiveKey& live = **key;
  if (live.seals.fetch_add(1, std::memory_order_relaxed) >= most_seals) {
    return fail(Reason::sequence_exhausted, "the ticket key has sealed 2^32 tickets: rotate it");
  }
  const session::SerializedSession serialized(session::SessionAccess::body(session));
  const Bytes content = serialized.bytes();
  if (content.empty() || header_size + content.size() + tag_size > max_ticket_size) {
    return fail(Reason::message_too_long, "the session does not fit a ticket");
  }
  std::vector<std::uint8_t> ticket(header_size + content.size() + tag_size);
  std::copy(live.name.begin(), live.name.end(), ticket.begin());
  const MutableBytes nonce = MutableBytes(ticket).subspan(name_size, nonce_size);
  if (auto ok = crypto::public_random(**crypto::Provider::system(), nonce); !ok)
    return std::unexpected(std::move(ok.error()));
  const bool sealed = live.with(live.sealing, crypto::Aead::Direction::seal, *aes, [&](crypto::Aead& aead) {
    return aead.seal(nonce, live.name, content, {}, ticket.data() + header_size);
  });
  if (!sealed) return fail(Reason::internal_error, "sealing a ticket");
  return ticket;
}

bool TicketKeys::recognises(Bytes identity) const noexcept {
  if (identity.size() <= header_size + tag_size) return false;
  const std::shared_lock lock(impl_->mutex);
  return std::any_of(impl_->keys.begin(), impl_->keys.end(),
                     [&](const auto& key) { return key->is(identity.first(name_size)); });
}

std::optional<Session> TicketKeys::open(Bytes ticket, TimePoint now) {
  const crypto::AeadAlgorithm* const aes = algorithm();
  if (!aes || ticket.size() <= header_size + tag_size || ticket.size() > max_ticket_size) return std::nullopt;
  const std::shared_ptr<LiveKey> live = impl_->opening(ticket.first(name_size), now);
  if (!live) return std::nullopt;
  const Bytes nonce = ticket.subspan(name_size, nonce_size), sealed = ticket.subspan(header_size);
  // Most sessions have no certificates in them, and fit here.
  std::array<std::uint8_t, 512> small;
  std::vector<std::uint8_t> large;
  if (sealed.size() > small.size()) large.resize(sealed.size());
  const MutableBytes content = large.empty() ? MutableBytes(small).first(sealed.size()) : MutableBytes(large);
  std::copy(sealed.begin(), sealed.end(), content.begin());
  std::optional<Session> session;
  if (live->with(live->opening, crypto::Aead::Direction::open, *aes,
                 [&](crypto::Aead& aead) { return aead.open(nonce, live->name, content); })) {
    auto read = session::deserialize(content.first(content.size() - tag_size));
    if (read && now < read->expires()) session = std::move(*read);
  }
  secret::wipe(content.data(), content.size());
  return session;
}

}  // namespace sesame
