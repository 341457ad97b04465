// PAC-Opaques that hold what they stand for, sealed by a key of the server's.
//
//   key name, 16 octets | nonce, 12 octets | AES-256-GCM of (PAC-Key, 32 | expires, 8 | I-ID), tag included
//
// The key name is the additional data.
#include <sesame/eap_fast.h>

#include <algorithm>
#include <mutex>

#include "crypto/aead.h"
#include "crypto/provider.h"
#include "secret/secret_bytes.h"

namespace sesame::eap_fast {

namespace {

constexpr std::size_t name_size = 16, nonce_size = crypto::aead_nonce_size, tag_size = 16;
constexpr std::size_t header_size = name_size + nonce_size, fixed_size = pac_key_size + 8, most_i_id = 1024;
constexpr std::size_t most_keys = 16;

struct SealingKey {
  std::array<std::uint8_t, name_size> name{};
  secret::BasicSecret<32> key;
};

std::unexpected<Error> failed() {
  return fail(Reason::internal_error, "libcrypto failed to seal a PAC-Opaque");
}

Expected<const crypto::AeadAlgorithm*> algorithm() {
  const auto& provider = crypto::Provider::system();
  if (!provider) return std::unexpected(provider.error());
  const crypto::AeadAlgorithm* aead = (*provider)->aead(crypto::AeadId::aes_256_gcm);
  if (!aead) return fail(Reason::algorithm_unavailable, "AES-256-GCM");
  return aead;
}

Expected<SealingKey> new_key() {
  const auto& provider = crypto::Provider::system();
  if (!provider) return std::unexpected(provider.error());
  SealingKey key;
  auto ok = (*provider)->random(key.name);
  if (ok) ok = (*provider)->random(key.key.resize(32));
  if (!ok) return std::unexpected(std::move(ok.error()));
  return key;
}

}  // namespace

PacContents::~PacContents() { secret::wipe(key.data(), key.size()); }

struct PacSealer::Impl {
  mutable std::mutex mutex;
  std::vector<SealingKey> keys;  // newest first
};

PacSealer::PacSealer() : impl_(std::make_unique<Impl>()) {}
PacSealer::PacSealer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
PacSealer::PacSealer(PacSealer&&) noexcept = default;
PacSealer& PacSealer::operator=(PacSealer&&) noexcept = default;
PacSealer::~PacSealer() = default;

Expected<PacSealer> PacSealer::with_keys(std::span<const Key> keys) {
  const auto invalid = [](const char* what) { return fail(Reason::invalid_argument, what); };
  if (keys.empty() || keys.size() > most_keys) return invalid("one to sixteen keys");
  auto impl = std::make_unique<Impl>();
  for (const Key& key : keys) {
    const bool twice =
        std::ranges::any_of(impl->keys, [&](const SealingKey& k) { return k.name == key.name; });
    if (twice) return invalid("two keys have one name");
    impl->keys.push_back({key.name, secret::BasicSecret<32>(key.key)});
  }
  return PacSealer(std::move(impl));
}

Expected<> PacSealer::rotate() {
  auto key = new_key();
  if (!key) return std::unexpected(std::move(key.error()));
  const std::lock_guard lock(impl_->mutex);
  impl_->keys.insert(impl_->keys.begin(), std::move(*key));
  if (impl_->keys.size() > most_keys) impl_->keys.pop_back();
  return {};
}

Expected<std::vector<std::uint8_t>> PacSealer::seal(const PacContents& contents) const {
  if (contents.i_id.size() > most_i_id)
    return fail(Reason::invalid_argument, "an I-ID has at most 1,024 octets");
  const auto aead_algorithm = algorithm();
  if (!aead_algorithm) return std::unexpected(aead_algorithm.error());
  const std::size_t plain_size = fixed_size + contents.i_id.size();
  std::vector<std::uint8_t> out(header_size + plain_size + tag_size);
  const MutableBytes name = MutableBytes(out).first(name_size),
                     nonce = MutableBytes(out).subspan(name_size, nonce_size);
  crypto::Aead aead;
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->keys.empty()) {
      auto key = new_key();
      if (!key) return std::unexpected(std::move(key.error()));
      impl_->keys.push_back(std::move(*key));
    }
    const SealingKey& key = impl_->keys.front();
    std::ranges::copy(key.name, name.begin());
    if (auto ok = aead.set_key(**aead_algorithm, crypto::Aead::Direction::seal, key.key.bytes()); !ok)
      return std::unexpected(std::move(ok.error()));
  }
  if (auto ok = (*crypto::Provider::system())->random(nonce); !ok)
    return std::unexpected(std::move(ok.error()));
  const MutableBytes plain = MutableBytes(out).subspan(header_size, plain_size);
  auto at = std::ranges::copy(contents.key, plain.begin()).out;
  const auto expires = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(contents.expires.time_since_epoch()).count());
  for (int shift = 56; shift >= 0; shift -= 8) *at++ = static_cast<std::uint8_t>(expires >> shift);
  std::ranges::copy(contents.i_id, at);
  if (aead.seal(nonce, name, plain, {}, plain.data())) return out;
  secret::wipe(out.data(), out.size());
  return failed();
}

std::optional<PacContents> PacSealer::open(Bytes opaque, TimePoint now) const {
  if (opaque.size() < header_size + fixed_size + tag_size ||
      opaque.size() > header_size + fixed_size + most_i_id + tag_size)
    return std::nullopt;
  const auto aead_algorithm = algorithm();
  if (!aead_algorithm) return std::nullopt;
  crypto::Aead aead;
  {
    const std::lock_guard lock(impl_->mutex);
    const auto key = std::ranges::find_if(impl_->keys, [&](const SealingKey& k) {
      return std::ranges::equal(k.name, opaque.first(name_size));
    });
    if (key == impl_->keys.end() ||
        !aead.set_key(**aead_algorithm, crypto::Aead::Direction::open, key->key.bytes()))
      return std::nullopt;
  }
  secret::BasicSecret<fixed_size + most_i_id + tag_size> plain(opaque.subspan(header_size));
  const Bytes view = plain.bytes();
  const MutableBytes sealed(const_cast<std::uint8_t*>(view.data()), view.size());  // ours
  if (!aead.open(opaque.subspan(name_size, nonce_size), opaque.first(name_size), sealed)) return std::nullopt;
  PacContents contents;
  std::ranges::copy(sealed.first(pac_key_size), contents.key.begin());
  std::uint64_t expires = 0;
  for (const std::uint8_t octet : sealed.subspan(pac_key_size, 8)) expires = expires << 8 | octet;
  contents.expires = TimePoint(std::chrono::seconds(static_cast<std::int64_t>(expires)));
  if (now >= contents.expires) return std::nullopt;
  const Bytes i_id = sealed.subspan(fixed_size, sealed.size() - fixed_size - tag_size);
  contents.i_id.assign(i_id.begin(), i_id.end());
  return contents;
}

}  // namespace sesame::eap_fast
