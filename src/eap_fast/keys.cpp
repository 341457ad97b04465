// What belongs in this room: EAP-FAST (RFC 4851) and its PACs (RFC 5422) as far as they are arithmetic and
// TLVs. It knows no handshake; sesame/eap_fast.h is all of it. Here: the keys.
#include <sesame/eap_fast.h>

#include <algorithm>

#include "crypto/legacy_hmac.h"
#include "secret/prf.h"
#include "secret/secret_bytes.h"

namespace sesame::eap_fast {

using crypto::LegacyHash;

namespace {

constexpr std::size_t sha1_size = 20;
using SessionKeySeed = secret::BasicSecret<session_key_seed_size>;

std::unexpected<Error> invalid(const char* what) { return fail(Reason::invalid_argument, what); }

}  // namespace

Expected<> t_prf(Bytes key, std::string_view label, Bytes seed, MutableBytes out) {
  if (out.size() > 255 * sha1_size) return invalid("T-PRF gives at most 5,100 octets");
  // S = label + 0x00 + seed; Tn = HMAC-SHA1(key, Tn-1 + S + outputlength + 0xnn)
  constexpr std::uint8_t zero = 0;
  const std::uint8_t size[] = {static_cast<std::uint8_t>(out.size() >> 8),
                               static_cast<std::uint8_t>(out.size())};
  secret::SecretBytes block;
  for (std::uint8_t n = 1; !out.empty(); ++n) {
    secret::SecretBytes next;
    auto ok = crypto::legacy_hmac(LegacyHash::sha1, key,
                                  {block.bytes(), as_bytes(label), {&zero, 1}, seed, size, {&n, 1}},
                                  next.resize(sha1_size));
    if (!ok) return ok;
    block = std::move(next);
    const std::size_t part = std::min(out.size(), sha1_size);
    std::copy_n(block.bytes().begin(), part, out.begin());
    out = out.subspan(part);
  }
  return {};
}

Expected<> master_secret(Bytes pac_key, Bytes server_random, Bytes client_random, MutableBytes out) {
  if (pac_key.size() != pac_key_size) return invalid("a PAC-Key has 32 octets");
  if (server_random.size() != random_size || client_random.size() != random_size)
    return invalid("a random has 32 octets");
  if (out.size() != master_secret_size) return invalid("a master secret has 48 octets");
  std::array<std::uint8_t, 2 * random_size> seed;
  std::ranges::copy(client_random, std::ranges::copy(server_random, seed.begin()).out);
  return t_prf(pac_key, "PAC to master secret label hash", seed, out);
}

Expected<> session_key_seed(KeyExpansion expansion, Bytes master_secret, Bytes server_random,
                            Bytes client_random, std::size_t key_block_size, MutableBytes out) {
  // The largest key block of a suite: two MAC keys of SHA-384, two AES-256 keys, two IVs.
  constexpr std::size_t largest_key_block = std::size_t{2} * (48 + 32 + 16);
  if (master_secret.empty()) return invalid("the master secret is empty");
  if (server_random.size() != random_size || client_random.size() != random_size)
    return invalid("a random has 32 octets");
  if (key_block_size > largest_key_block) return invalid("no suite has a key block of over 192 octets");
  if (out.size() != session_key_seed_size) return invalid("a session_key_seed has 40 octets");
  const auto& provider = crypto::Provider::system();
  if (!provider) return std::unexpected(provider.error());
  const secret::Prf which = expansion == KeyExpansion::tls10_and_tls11 ? secret::Prf::md5_sha1
                            : expansion == KeyExpansion::tls12_sha256  ? secret::Prf::sha256
                                                                       : secret::Prf::sha384;
  secret::BasicSecret<largest_key_block + session_key_seed_size> block;
  const MutableBytes room = block.resize(key_block_size + session_key_seed_size);
  auto ok =
      secret::prf(**provider, which, master_secret, "key expansion", {server_random, client_random}, room);
  if (ok) std::ranges::copy(room.last(session_key_seed_size), out.begin());
  return ok;
}

// ---- compound keys ----

struct CompoundKeys::Keys {
  SessionKeySeed s_imck;
  secret::BasicSecret<sha1_size> cmk;
  unsigned methods = 0;
};

CompoundKeys::CompoundKeys(std::unique_ptr<Keys> keys) noexcept : keys_(std::move(keys)) {}
CompoundKeys::CompoundKeys(CompoundKeys&&) noexcept = default;
CompoundKeys& CompoundKeys::operator=(CompoundKeys&&) noexcept = default;
CompoundKeys::~CompoundKeys() = default;

Expected<CompoundKeys> CompoundKeys::create(Bytes session_key_seed) {
  if (session_key_seed.size() != session_key_seed_size) return invalid("a session_key_seed has 40 octets");
  auto keys = std::make_unique<Keys>();
  keys->s_imck.assign(session_key_seed);
  return CompoundKeys(std::move(keys));
}

// Section 5.2.
Expected<> CompoundKeys::add(Bytes msk) {
  constexpr std::size_t counted = 32;
  secret::BasicSecret<counted> inner;
  const MutableBytes room = inner.resize(counted);
  std::ranges::fill(room, std::uint8_t{0});
  std::ranges::copy(msk.first(std::min(msk.size(), counted)), room.begin());
  secret::BasicSecret<session_key_seed_size + sha1_size> imck;
  const MutableBytes next = imck.resize(session_key_seed_size + sha1_size);
  auto ok = t_prf(keys_->s_imck.bytes(), "Inner Methods Compound Keys", inner.bytes(), next);
  if (!ok) return ok;
  keys_->s_imck.assign(next.first(session_key_seed_size));
  keys_->cmk.assign(next.last(sha1_size));
  ++keys_->methods;
  return {};
}

unsigned CompoundKeys::methods() const noexcept { return keys_->methods; }

// Section 5.3. The TLV is that of section 4.2.8: header 4, Reserved 1, Version 1, Received Version 1, SubType
// 1, Nonce 32, Compound MAC 20.
Expected<> CompoundKeys::compound_mac(Bytes crypto_binding_tlv, MutableBytes out) const {
  constexpr std::size_t tlv_size = 60;
  constexpr std::uint8_t zeros[compound_mac_size] = {};
  if (crypto_binding_tlv.size() != tlv_size) return invalid("a Crypto-Binding TLV has 60 octets");
  if (out.size() != compound_mac_size) return invalid("a Compound MAC has 20 octets");
  if (keys_->methods == 0) return invalid("no inner method was added");
  return crypto::legacy_hmac(LegacyHash::sha1, keys_->cmk.bytes(),
                             {crypto_binding_tlv.first(tlv_size - compound_mac_size), zeros}, out);
}

Expected<bool> CompoundKeys::verify(Bytes crypto_binding_tlv) const {
  std::array<std::uint8_t, compound_mac_size> expected;
  if (auto ok = compound_mac(crypto_binding_tlv, expected); !ok)
    return std::unexpected(std::move(ok.error()));
  return secret::equal_in_constant_time(expected, crypto_binding_tlv.last(compound_mac_size));
}

Expected<> CompoundKeys::msk(MutableBytes out) const {
  if (out.size() != session_key_size) return invalid("an MSK has 64 octets");
  return t_prf(keys_->s_imck.bytes(), "Session Key Generating Function", {}, out);
}

Expected<> CompoundKeys::emsk(MutableBytes out) const {
  if (out.size() != session_key_size) return invalid("an EMSK has 64 octets");
  return t_prf(keys_->s_imck.bytes(), "Extended Session Key Generating Function", {}, out);
}

}  // namespace sesame::eap_fast
