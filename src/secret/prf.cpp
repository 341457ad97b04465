#include "secret/prf.h"

#include <algorithm>
#include <array>
#include <vector>

#include "crypto/legacy_hmac.h"
#include "secret/secret_bytes.h"

namespace sesame::secret {
namespace {

// RFC 5246 section 5:
//   P_hash(secret, seed) = HMAC_hash(secret, A(1) + seed) + HMAC_hash(secret, A(2) + seed) + ...
//   A(0) = seed, A(i) = HMAC_hash(secret, A(i-1))
// `mac(parts, out)` is the HMAC under the secret; what comes is XORed into `out`, which the caller has
// zeroed.
template <class Mac>
Expected<> xor_p_hash(std::size_t size, Bytes label_and_seed, MutableBytes out, Mac mac) {
  SecretBytes a, block;
  if (auto ok = mac({label_and_seed}, a.resize(size)); !ok) return ok;
  while (!out.empty()) {
    if (auto ok = mac({a.bytes(), label_and_seed}, block.resize(size)); !ok) return ok;
    const std::size_t n = std::min(size, out.size());
    for (std::size_t i = 0; i < n; ++i) out[i] ^= block.bytes()[i];
    out = out.subspan(n);
    SecretBytes next;
    if (auto ok = mac({a.bytes()}, next.resize(size)); !ok) return ok;
    a = std::move(next);
  }
  return {};
}

}  // namespace

Expected<> prf(const crypto::Provider& provider, Prf which, Bytes secret, std::string_view label,
               std::initializer_list<Bytes> seed, MutableBytes out) {
  // Not secret: a label and what was sent in the clear, in all of its uses.
  std::vector<std::uint8_t> label_and_seed(label.begin(), label.end());
  for (const Bytes part : seed) label_and_seed.insert(label_and_seed.end(), part.begin(), part.end());
  std::ranges::fill(out, std::uint8_t{0});
  if (which == Prf::md5_sha1) {
    // RFC 2246 section 5: an octet that both halves share where the length is odd.
    const std::size_t half = (secret.size() + 1) / 2;
    for (const crypto::LegacyHash hash : {crypto::LegacyHash::md5, crypto::LegacyHash::sha1}) {
      const Bytes key = hash == crypto::LegacyHash::md5 ? secret.first(half) : secret.last(half);
      auto ok = xor_p_hash(crypto::size_of(hash), label_and_seed, out,
                           [&](std::initializer_list<Bytes> parts, MutableBytes block) {
                             return crypto::legacy_hmac(hash, key, parts, block);
                           });
      if (!ok) return ok;
    }
    return {};
  }
  const crypto::Hash& hash =
      provider.hash(which == Prf::sha256 ? HashAlgorithm::sha256 : HashAlgorithm::sha384);
  const crypto::HmacKey key(hash, secret);
  return xor_p_hash(hash.size(), label_and_seed, out,
                    [&](std::initializer_list<Bytes> parts, MutableBytes block) -> Expected<> {
                      key.mac(parts, block);
                      return {};
                    });
}

}  // namespace sesame::secret
