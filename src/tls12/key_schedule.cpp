#include "tls12/key_schedule.h"

#include <algorithm>
#include <cassert>

namespace sesame::tls12 {
namespace {

constexpr std::size_t max_master_secret_size = 512;

Expected<MasterSecret> expand_master(const crypto::Provider& provider, const secret::PrfKey& premaster,
                                     std::string_view label, std::initializer_list<Bytes> seed) {
  secret::BasicSecret<master_secret_size> octets;
  if (auto ok = premaster.expand(label, seed, octets.resize(master_secret_size)); !ok)
    return std::unexpected(std::move(ok.error()));
  return MasterSecret::of(provider, premaster.which(), octets.bytes());
}

/// uint16 length, then `size` octets that the caller writes; `out` begins behind them afterwards.
MutableBytes begin_vector(MutableBytes& out, std::size_t size) noexcept {
  out[0] = static_cast<std::uint8_t>(size >> 8);
  out[1] = static_cast<std::uint8_t>(size);
  const MutableBytes room = out.subspan(2, size);
  out = out.subspan(2 + size);
  return room;
}

}  // namespace

Expected<MasterSecret> MasterSecret::derive(const crypto::Provider& provider, const secret::PrfKey& premaster,
                                            const message::Random& client_random,
                                            const message::Random& server_random) {
  return expand_master(provider, premaster, "master secret", {client_random, server_random});
}

Expected<MasterSecret> MasterSecret::derive_extended(const crypto::Provider& provider,
                                                     const secret::PrfKey& premaster, Bytes session_hash) {
  return expand_master(provider, premaster, "extended master secret", {session_hash});
}

Expected<MasterSecret> MasterSecret::of(const crypto::Provider& provider, secret::Prf which, Bytes octets) {
  if (octets.empty() || octets.size() > max_master_secret_size)
    return fail(Reason::internal_error, "a master secret has 1 to 512 octets");
  Expected<secret::PrfKey> key = secret::PrfKey::create(provider, which, octets);
  if (!key) return std::unexpected(std::move(key.error()));
  MasterSecret made;
  made.octets_.assign(octets);
  made.key_ = std::move(*key);
  return made;
}

Expected<VerifyData> MasterSecret::verify_data(Side sender, Bytes handshake_hash) const {
  VerifyData out;
  auto ok =
      key_.expand(sender == Side::client ? "client finished" : "server finished", {handshake_hash}, out);
  if (!ok) return std::unexpected(std::move(ok.error()));
  return out;
}

Expected<KeyBlock> KeyBlock::derive(const MasterSecret& master, const policy::Suite& suite,
                                    ProtocolVersion version, bool encrypt_then_mac,
                                    const message::Random& client_random,
                                    const message::Random& server_random) {
  KeyBlock made;
  const std::size_t size = record::block_sizes(suite, version).whole();
  if (size > made.octets_.capacity())
    return fail(Reason::internal_error, "the key block of the suite is too large");
  made.suite_ = &suite;
  made.version_ = version;
  made.encrypt_then_mac_ = encrypt_then_mac;
  // The randoms stand the other way round here.
  if (auto ok =
          master.key().expand("key expansion", {server_random, client_random}, made.octets_.resize(size));
      !ok)
    return std::unexpected(std::move(ok.error()));
  return made;
}

// Section 6.3: client_write_MAC_key, server_write_MAC_key, client_write_key, server_write_key,
// client_write_IV, server_write_IV.
record::BlockKeys KeyBlock::keys_of(Side writer) const noexcept {
  const record::BlockSizes sizes = record::block_sizes(*suite_, version_);
  Bytes rest = octets_.bytes();
  const auto pick = [&](std::size_t size) {
    const Bytes out = rest.subspan(writer == Side::client ? 0 : size, size);
    rest = rest.subspan(2 * size);
    return out;
  };
  const Bytes mac_key = pick(sizes.mac_key);
  const Bytes key = pick(sizes.key);
  const Bytes iv = pick(sizes.iv);
  return {*suite_, version_, encrypt_then_mac_, mac_key, key, iv};
}

secret::SecretBuffer psk_premaster(Bytes other_secret, Bytes psk) {
  assert(other_secret.size() <= 0xffff && psk.size() <= 0xffff);
  secret::SecretBuffer made(2 + other_secret.size() + 2 + psk.size());
  MutableBytes out = made.mutable_bytes();
  std::ranges::copy(other_secret, begin_vector(out, other_secret.size()).begin());
  std::ranges::copy(psk, begin_vector(out, psk.size()).begin());
  return made;
}

secret::SecretBuffer plain_psk_premaster(Bytes psk) {
  assert(psk.size() <= 0xffff);
  secret::SecretBuffer made(2 * (2 + psk.size()));
  MutableBytes out = made.mutable_bytes();
  std::ranges::fill(begin_vector(out, psk.size()), std::uint8_t{0});
  std::ranges::copy(psk, begin_vector(out, psk.size()).begin());
  return made;
}

}  // namespace sesame::tls12
