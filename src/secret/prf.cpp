#include "secret/prf.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "secret/secret_bytes.h"

namespace sesame::secret {
namespace {

constexpr std::size_t max_seed_parts = 6;

/// Label and seed, which every block is computed over: in one piece where they are short, as in all uses that
/// count, so that a MAC has two parts; in the caller's pieces otherwise. They are not secret: a label and
/// what was sent in the clear.
class LabelAndSeed {
 public:
  LabelAndSeed(std::string_view label, std::initializer_list<Bytes> seed) noexcept {
    assert(seed.size() <= max_seed_parts);
    std::size_t size = label.size();
    for (const Bytes part : seed) size += part.size();
    if (size > sizeof joined_) {
      parts_[0] = as_bytes(label);
      std::ranges::copy(seed, parts_.begin() + 1);
      return;
    }
    std::uint8_t* end = std::ranges::copy(label, joined_).out;
    for (const Bytes part : seed) end = std::ranges::copy(part, end).out;
    parts_[0] = {joined_, size};
    is_joined_ = true;
  }
  LabelAndSeed(const LabelAndSeed&) = delete;
  LabelAndSeed& operator=(const LabelAndSeed&) = delete;

  /// HMAC(secret, first + label + seed).
  template <class Mac>
  Expected<> mac(const Mac& mac, Bytes first, MutableBytes out) const {
    if (is_joined_) return mac({first, parts_[0]}, out);
    return mac({first, parts_[0], parts_[1], parts_[2], parts_[3], parts_[4], parts_[5], parts_[6]}, out);
  }

 private:
  std::array<Bytes, 1 + max_seed_parts> parts_;
  bool is_joined_ = false;
  std::uint8_t joined_[128];  // only what parts_[0] says is ever read
};

// RFC 5246 section 5:
//   P_hash(secret, seed) = HMAC_hash(secret, A(1) + seed) + HMAC_hash(secret, A(2) + seed) + ...
//   A(0) = seed, A(i) = HMAC_hash(secret, A(i-1))
// `mac(parts, block)` is the HMAC under the secret, of `size` octets; `take(block, out)` puts the beginning
// of a block where it belongs.
template <class Mac, class Take>
Expected<> p_hash(std::size_t size, const LabelAndSeed& seed, MutableBytes out, const Mac& mac,
                  const Take& take) {
  if (out.empty()) return {};
  SecretBytes a, block;
  auto ok = seed.mac(mac, {}, a.resize(size));
  while (ok) {
    ok = seed.mac(mac, a.bytes(), block.resize(size));
    if (!ok) break;
    const std::size_t n = std::min(size, out.size());
    take(block.bytes().first(n), out);
    out = out.subspan(n);
    if (out.empty()) break;
    SecretBytes next;
    ok = mac({a.bytes()}, next.resize(size));
    a = std::move(next);
  }
  return ok;
}

}  // namespace

Expected<PrfKey> PrfKey::create(const crypto::Provider& provider, Prf which, Bytes secret) {
  if (which != Prf::md5_sha1) {
    return PrfKey(which, crypto::HmacKey(provider.hash(which == Prf::sha256 ? HashAlgorithm::sha256
                                                                            : HashAlgorithm::sha384),
                                         secret));
  }
  // RFC 2246 section 5: an octet that both halves share where the length is odd.
  const std::size_t half = (secret.size() + 1) / 2;
  Expected<crypto::LegacyHmacKey> md5 =
      crypto::LegacyHmacKey::create(provider, crypto::LegacyHash::md5, secret.first(half));
  if (!md5) return std::unexpected(std::move(md5.error()));
  Expected<crypto::LegacyHmacKey> sha1 =
      crypto::LegacyHmacKey::create(provider, crypto::LegacyHash::sha1, secret.last(half));
  if (!sha1) return std::unexpected(std::move(sha1.error()));
  PrfKey made;
  made.md5_ = std::move(*md5);
  made.sha1_ = std::move(*sha1);
  made.which_ = which;
  return made;
}

Expected<> PrfKey::expand(std::string_view label, std::initializer_list<Bytes> seed, MutableBytes out) const {
  const LabelAndSeed label_and_seed(label, seed);
  const auto copy = [](Bytes block, MutableBytes to) { std::ranges::copy(block, to.begin()); };
  if (which_ != Prf::md5_sha1) {
    const auto mac = [this](std::initializer_list<Bytes> parts, MutableBytes block) -> Expected<> {
      hmac_.mac(parts, block);
      return {};
    };
    return p_hash(hmac_.hash().size(), label_and_seed, out, mac, copy);
  }
  // RFC 2246 section 5: PRF(secret, label, seed) = P_MD5(S1, label + seed) XOR P_SHA-1(S2, label + seed).
  const auto by = [](const crypto::LegacyHmacKey& key) {
    return [&key](std::initializer_list<Bytes> parts, MutableBytes block) { return key.mac(parts, block); };
  };
  const auto exclusive_or = [](Bytes block, MutableBytes to) {
    for (std::size_t i = 0; i < block.size(); ++i) to[i] ^= block[i];
  };
  auto ok = p_hash(crypto::size_of(crypto::LegacyHash::md5), label_and_seed, out, by(md5_), copy);
  if (!ok) return ok;
  return p_hash(crypto::size_of(crypto::LegacyHash::sha1), label_and_seed, out, by(sha1_), exclusive_or);
}

Expected<> prf(const crypto::Provider& provider, Prf which, Bytes secret, std::string_view label,
               std::initializer_list<Bytes> seed, MutableBytes out) {
  const Expected<PrfKey> key = PrfKey::create(provider, which, secret);
  if (!key) return std::unexpected(key.error());
  return key->expand(label, seed, out);
}

}  // namespace sesame::secret
