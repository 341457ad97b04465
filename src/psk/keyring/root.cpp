#include "psk/keyring/root.h"

#include <algorithm>

namespace sesame::psk {

Root::Root(const IdentityHashKey& hash_key, std::size_t expected_keys, std::size_t derived_states)
    : hash_key_(hash_key),
      derived_states_(derived_states),
      table_(hash_key, slabs_, expected_keys),
      octets_at_first_(octets()) {}

Root::~Root() { delete cache(); }

std::size_t Root::octets() const noexcept {
  return sizeof *this + slabs_.held() + table_.octets() + (cache() ? cache()->octets() : 0);
}

bool Root::is_sparse() const noexcept {
  constexpr std::size_t not_worth_it = std::size_t{256} * 1024;
  const std::size_t held = slabs_.held() + table_.octets();
  const std::size_t used = slabs_.used() + identities() * 2 * sizeof(void*);
  return held > octets_at_first_ + not_worth_it + 4 * used;
}

const Record* Root::make_record(Bytes identity, const KeyView& newest, const KeyView* older) {
  void* const place = slabs_.allocate(Record::size_for(identity, newest, older));
  return Record::write(place, identity, newest, older);
}

void Root::retire(const Record* record, Limbo* limbo) {
  const auto free = [](void* root, void* object) noexcept {
    auto* const self = static_cast<Root*>(root);
    auto* const retired = static_cast<Record*>(object);
    // Nobody sees the record any more, so nobody can store anew what is purged here.
    if (DerivedCache* cache = self->cache()) {
      cache->purge(reinterpret_cast<std::uintptr_t>(retired), self->hash(retired->identity()));
    }
    self->slabs_.free(retired, retired->size());
  };
  auto* const object = const_cast<Record*>(record);
  if (limbo) {
    limbo->retire(this, object, free);
  } else {
    free(this, object);
  }
}

// The cache grows with the keyring, up to the bound: three keys need no room for a thousand.
void Root::fit_cache(const KeyView& newest, Limbo* limbo) {
  kind_.store(static_cast<std::uint8_t>(kind_of(newest.usage, newest.hash)), std::memory_order_relaxed);
  if (derived_states_ == 0) return;
  constexpr std::size_t smallest = 16, step = 4;
  DerivedCache* const old = cache();
  // The EVP route keeps as much for a hash as the low-level one.
  // What is derived from an imported key, or for TLS 1.2, has any hash.
  const bool is_small = newest.hash == HashAlgorithm::sha256 && newest.usage == PskUsage::tls13;
  const std::size_t state_size = is_small ? 64 : crypto::HmacKey::max_state_size;
  const bool wide_enough = old && old->state_size() >= state_size;
  if (wide_enough && cache_capacity_ >= std::min(keys_ + 1, derived_states_)) return;
  cache_capacity_ = std::min(derived_states_, std::max(smallest, step * (keys_ + 1)));
  auto* const grown = new DerivedCache(cache_capacity_, std::max(state_size, old ? old->state_size() : 0));
  cache_.store(grown, std::memory_order_release);
  if (!old) return;
  if (limbo) {
    limbo->retire(nullptr, old,
                  [](void*, void* object) noexcept { delete static_cast<DerivedCache*>(object); });
  } else {
    delete old;
  }
}

void Root::insert(Bytes identity, const KeyView& newest, const KeyView* older, Limbo* limbo) {
  fit_cache(newest, limbo);
  table_.insert(hash(identity), make_record(identity, newest, older), limbo);
  keys_ += older ? 2 : 1;
}

void Root::replace(const IdentityTable::Slot& slot, const KeyView& newest, const KeyView* older,
                   Limbo* limbo) {
  const Record* const old = slot.record();
  fit_cache(newest, limbo);
  table_.replace(slot, make_record(old->identity(), newest, older));
  keys_ = keys_ + (older ? 2 : 1) - old->key_count();
  retire(old, limbo);
}

void Root::erase(const IdentityTable::Slot& slot, Limbo* limbo) {
  const Record* const old = slot.record();
  keys_ -= old->key_count();
  table_.erase(slot, limbo);
  retire(old, limbo);
}

void Root::copy_all_of(const Root& other) {
  other.table_.for_each([this](const Record* record) {
    const KeyView newest = record->key(0);
    if (record->key_count() == 1) {
      insert(record->identity(), newest, nullptr, nullptr);
    } else {
      const KeyView older = record->key(1);
      insert(record->identity(), newest, &older, nullptr);
    }
  });
}

}  // namespace sesame::psk
