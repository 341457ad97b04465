#include <sesame/keyring.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>

#include "psk/credential_body.h"
#include "psk/importer.h"
#include "psk/keyring/epochs.h"
#include "psk/keyring/root.h"
#include "psk/keyring/stand_ins.h"

namespace sesame {

using psk::KeyView;
using psk::Record;
using psk::Root;

struct Keyring::Impl {
  explicit Impl(const KeyringOptions& keyring_options);
  ~Impl();

  std::unique_ptr<Root> new_root(std::size_t expected_keys) const {
    return std::make_unique<Root>(hash_key, std::max(expected_keys, options.expected_keys),
                                  options.derived_states);
  }
  /// Calls `use(record, hash, root)`, where record is nullptr if there is no such identity.
  template <class Use>
  void look_up(Bytes identity, Use use) const;
  void fill(const Record& record, std::uint64_t hash, psk::DerivedCache* cache, const PskQuery& query,
            psk::AnswerBody& answer) const;
  Expected<> checked(const CredentialParameters& parameters) const;

  // For writers, which hold the lock.
  void publish(std::unique_ptr<Root> root);
  void shrink();
  enum class Patience { none, some };
  void finish(std::unique_lock<std::mutex>& lock, Patience patience) const;

  const KeyringOptions options;
  Expected<std::shared_ptr<const crypto::Provider>> provider;
  std::optional<psk::StandIns> stand_ins;  // unless there are no random octets, and so no look-ups
  psk::IdentityHashKey hash_key;           // secret, and another one for each keyring

  // What readers read, all of it written seldom.
  mutable psk::Epochs epochs;
  std::atomic<Root*> root = nullptr;
  mutable std::atomic<bool> left_over = false;  // limbo has something that writers did not wait for

  mutable std::mutex mutex;
  mutable psk::Limbo limbo{epochs};
};

Keyring::Impl::Impl(const KeyringOptions& keyring_options)
    : options(keyring_options), provider(crypto::Provider::system()) {
  std::uint8_t random[sizeof hash_key + 32];
  if (provider) {
    if (auto filled = (*provider)->random(random); !filled) {
      provider = std::unexpected(std::move(filled.error()));
    } else {
      stand_ins.emplace(Bytes(random).last(32));
    }
  }
  std::memcpy(&hash_key, random, sizeof hash_key);
  secret::wipe(random, sizeof random);
  root.store(new_root(0).release(), std::memory_order_release);
}

Keyring::Impl::~Impl() {
  limbo.clear();
  delete root.load(std::memory_order_relaxed);
}

// ---- look-ups ----

template <class Use>
void Keyring::Impl::look_up(Bytes identity, Use use) const {
  const std::uint64_t hash = psk::identity_hash(hash_key, identity);
  {
    const psk::Epochs::Reader reader(epochs);
    const Root* const now = root.load(std::memory_order_acquire);
    const Record* const in_vain = stand_ins ? &stand_ins->record(now->kind_of_keys()) : nullptr;
    use(now->find(hash, identity, in_vain), hash, *now);
  }
  // A writer could not wait for this look-up: then whoever leaves last wipes in its place, unless a writer is
  // there.
  if (!left_over.load(std::memory_order_seq_cst)) [[likely]]
    return;
  std::unique_lock lock(mutex, std::try_to_lock);
  if (lock) finish(lock, Patience::none);
}

void Keyring::Impl::fill(const Record& record, std::uint64_t hash, psk::DerivedCache* cache,
                         const PskQuery& query, psk::AnswerBody& answer) const {
  for (std::size_t i = 0; i < record.key_count(); ++i) {
    psk::Candidate* const candidate = answer.next();
    if (!candidate) return;
    const KeyView key = record.key(i);
    // What `derive` gives by a Provider, for `target`; from the cache, if it has it.
    const auto derived = [&](HashAlgorithm target, std::uintptr_t what, auto& out, auto derive) {
      if (const crypto::Provider* asked = answer.provider(); asked && asked != provider->get()) {
        out = derive(*asked);  // what the cache holds was derived by the system's
        return;
      }
      const std::uintptr_t owner =
          reinterpret_cast<std::uintptr_t>(&record) + i + (target == HashAlgorithm::sha384 ? 2 : 0) + what;
      if (cache && cache->load(owner, hash, (*provider)->hash(target), out)) return;
      out = derive(**provider);
      if (cache) cache->store(owner, hash, out);
    };
    psk::fill_candidate(
        *candidate, key, query,
        [&](HashAlgorithm target, psk::PskSecrets& out) {
          derived(target, 0, out, [&](const crypto::Provider& by) {
            if (!query.imported)
              return psk::derive_psk_secrets(by.hash(target), key.key, psk::PskKind::external);
            return psk::derive_imported_secrets(
                by, key.hash, key.key, psk::imported_identity(record.identity(), key.context, target));
          });
        },
        [&](HashAlgorithm prf) {
          crypto::HmacKey out;
          derived(prf, 4, out, [&](const crypto::Provider& by) {
            return psk::derive_plain_premaster(by.hash(prf), key.key);
          });
          return out;
        });
  }
}

// ---- changes ----

Expected<> Keyring::Impl::checked(const CredentialParameters& parameters) const {
  if (!provider) return std::unexpected(provider.error());
  return psk::check(parameters);
}

void Keyring::Impl::publish(std::unique_ptr<Root> next) {
  Root* const old = root.exchange(next.release(), std::memory_order_acq_rel);
  limbo.retire(nullptr, old, [](void*, void* object) noexcept { delete static_cast<Root*>(object); });
}

void Keyring::Impl::shrink() {
  const Root& now = *root.load(std::memory_order_relaxed);
  if (!now.is_sparse()) return;
  auto next = new_root(now.identities());
  next->copy_all_of(now);
  publish(std::move(next));
}

// Ends a change: frees what was taken out. A look-up takes microseconds, so that one is waited for, for as
// long as a processor may be busy with something else; where that is not enough, the look-up itself does it
// when it ends.
void Keyring::Impl::finish(std::unique_lock<std::mutex>& lock, Patience patience) const {
  bool done = limbo.collect();
  if (patience == Patience::some && !done) {
    using clock = std::chrono::steady_clock;
    const auto until = clock::now() + std::chrono::milliseconds(2);
    while (!(done = limbo.collect()) && clock::now() < until) std::this_thread::yield();
  }
  for (;;) {
    // An addition takes nothing out but parts of the table, which can lie until the next change.
    if (done || patience == Patience::some) left_over.store(!done, std::memory_order_seq_cst);
    const bool others_may_finish = left_over.load(std::memory_order_relaxed);
    lock.unlock();
    // The last look-up may have ended, and found the lock taken, just now.
    if (!others_may_finish || !epochs.quiet() || !lock.try_lock()) return;
    done = limbo.collect();
  }
}

Keyring::Keyring(const KeyringOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Keyring::~Keyring() = default;

void Keyring::find(const PskQuery& query, PskAnswer& answer) {
  if (!impl_->provider) return;
  psk::AnswerBody& body = psk::AnswerAccess::body(answer);
  body.cost_the_same();
  impl_->look_up(query.identity, [&](const Record* record, std::uint64_t hash, const Root& root) {
    const bool known = record != nullptr;
    if (!body.wants_stand_in() && !known) return;
    // In the place of a key that is not there one that nobody has, by the same steps.
    const std::size_t kind = root.kind_of_keys();
    psk::DerivedCache* const kept = root.cache();
    PskQuery asked = query;
    asked.context = known ? query.context : Bytes();  // whatever it is: it is this key's own
    impl_->fill(known ? *record : impl_->stand_ins->record(kind), known ? hash : psk::StandIns::hash(kind),
                known || !kept ? kept : &impl_->stand_ins->cache(), asked, body);
    for (std::size_t i = 0; i < body.size(); ++i) body[i].stand_in = !known;
  });
}

bool Keyring::contains(Bytes identity) const {
  bool found = false;
  impl_->look_up(identity,
                 [&](const Record* record, std::uint64_t, const Root&) { found = record != nullptr; });
  return found;
}

namespace {

std::unexpected<Error> about(Reason reason, Bytes identity) {
  return fail(reason, "identity " + escaped(identity));
}

}  // namespace

Expected<> Keyring::add(const CredentialParameters& parameters) {
  if (auto ok = impl_->checked(parameters); !ok) return ok;
  std::unique_lock lock(impl_->mutex);
  Root& root = *impl_->root.load(std::memory_order_relaxed);
  if (root.slot(parameters.identity)) return about(Reason::duplicate_identity, parameters.identity);
  root.insert(parameters.identity, KeyView(parameters), nullptr, &impl_->limbo);
  impl_->finish(lock, Impl::Patience::none);
  return {};
}

Expected<> Keyring::rotate(const CredentialParameters& parameters) {
  if (auto ok = impl_->checked(parameters); !ok) return ok;
  std::unique_lock lock(impl_->mutex);
  Root& root = *impl_->root.load(std::memory_order_relaxed);
  const auto slot = root.slot(parameters.identity);
  if (!slot) return about(Reason::identity_not_in_keyring, parameters.identity);
  if (slot.record()->key_count() == 2) return about(Reason::two_keys_already, parameters.identity);
  const KeyView older = slot.record()->key(0);
  root.replace(slot, KeyView(parameters), &older, &impl_->limbo);
  impl_->finish(lock, Impl::Patience::some);
  return {};
}

Expected<> Keyring::retire_older(Bytes identity) {
  std::unique_lock lock(impl_->mutex);
  Root& root = *impl_->root.load(std::memory_order_relaxed);
  const auto slot = root.slot(identity);
  if (!slot) return about(Reason::identity_not_in_keyring, identity);
  if (slot.record()->key_count() == 1) return {};
  root.replace(slot, slot.record()->key(0), nullptr, &impl_->limbo);
  impl_->finish(lock, Impl::Patience::some);
  return {};
}

Expected<> Keyring::remove(Bytes identity) {
  std::unique_lock lock(impl_->mutex);
  Root& root = *impl_->root.load(std::memory_order_relaxed);
  const auto slot = root.slot(identity);
  if (!slot) return about(Reason::identity_not_in_keyring, identity);
  root.erase(slot, &impl_->limbo);
  impl_->shrink();
  impl_->finish(lock, Impl::Patience::some);
  return {};
}

Expected<> Keyring::put(std::span<const Credential> credentials) {
  if (!impl_->provider) return std::unexpected(impl_->provider.error());
  if (credentials.empty()) return fail(Reason::invalid_argument, "no key");
  const psk::CredentialBody& newest = psk::CredentialAccess::body(credentials.front());
  if (credentials.size() > 2) return about(Reason::two_keys_already, newest.identity);
  std::optional<KeyView> older;
  if (credentials.size() == 2) {
    const psk::CredentialBody& body = psk::CredentialAccess::body(credentials[1]);
    if (!std::ranges::equal(body.identity, newest.identity))
      return fail(Reason::invalid_argument, "keys of two identities");
    older.emplace(body);
  }
  std::unique_lock lock(impl_->mutex);
  Root& root = *impl_->root.load(std::memory_order_relaxed);
  const KeyView* const second = older ? &*older : nullptr;
  if (const auto slot = root.slot(newest.identity)) {
    root.replace(slot, KeyView(newest), second, &impl_->limbo);
    impl_->finish(lock, Impl::Patience::some);
  } else {
    root.insert(newest.identity, KeyView(newest), second, &impl_->limbo);
    impl_->finish(lock, Impl::Patience::none);
  }
  return {};
}

Expected<> Keyring::replace_all(std::span<const Credential> credentials) {
  if (!impl_->provider) return std::unexpected(impl_->provider.error());
  // Built without the lock: nobody sees it, and other writers go on meanwhile.
  auto next = impl_->new_root(credentials.size());
  for (const Credential& credential : credentials) {
    const psk::CredentialBody& body = psk::CredentialAccess::body(credential);
    const auto slot = next->slot(body.identity);
    if (!slot) {
      next->insert(body.identity, KeyView(body), nullptr, nullptr);
    } else if (slot.record()->key_count() == 2) {
      return about(Reason::duplicate_identity, body.identity);
    } else {
      const KeyView older(body);
      next->replace(slot, slot.record()->key(0), &older, nullptr);
    }
  }
  std::unique_lock lock(impl_->mutex);
  impl_->publish(std::move(next));
  impl_->finish(lock, Impl::Patience::some);
  return {};
}

KeyringStatistics Keyring::statistics() const {
  const std::lock_guard lock(impl_->mutex);
  const Root& root = *impl_->root.load(std::memory_order_relaxed);
  return {root.identities(), root.keys(), root.octets(), root.cache() ? root.cache()->size() : 0};
}

}  // namespace sesame
