// What TLS 1.2 and below derive (RFC 5246 sections 6.3 and 8.1, RFC 7627 section 4).
//
//   premaster secret
//     |
//     |   PRF(., "master secret", client_random + server_random)
//     |   PRF(., "extended master secret", session_hash)               RFC 7627
//     v
//   master secret                                                      MasterSecret
//     |
//     +--> PRF(., "key expansion", server_random + client_random)      KeyBlock
//     +--> PRF(., "client finished" | "server finished", Hash(handshake_messages))[0..11]
//     +--> exporters                                                   export.h
#pragma once

#include <array>

#include "message/extension.h"
#include "record/block_keys.h"
#include "secret/prf.h"
#include "secret/secret_buffer.h"

namespace sesame::tls12 {

inline constexpr std::size_t master_secret_size = 48;
using VerifyData = std::array<std::uint8_t, 12>;

/// The master secret, keyed once for all that is derived from it. Wiped when it goes.
class MasterSecret {
 public:
  MasterSecret() noexcept = default;
  /// RFC 5246 section 8.1.
  static Expected<MasterSecret> derive(const crypto::Provider& provider, const secret::PrfKey& premaster,
                                       const message::Random& client_random,
                                       const message::Random& server_random);
  /// RFC 7627 section 4: `session_hash` of all messages up to and with ClientKeyExchange.
  static Expected<MasterSecret> derive_extended(const crypto::Provider& provider,
                                                const secret::PrfKey& premaster, Bytes session_hash);
  /// Of a session, or a session secret provider's: 1 to 512 octets, as given.
  static Expected<MasterSecret> of(const crypto::Provider& provider, secret::Prf which, Bytes octets);

  bool empty() const noexcept { return octets_.empty(); }
  Bytes bytes() const noexcept { return octets_.bytes(); }
  const secret::PrfKey& key() const noexcept { return key_; }

  /// RFC 5246 section 7.4.9.
  Expected<VerifyData> verify_data(Side sender, Bytes handshake_hash) const;

 private:
  secret::BasicSecret<512> octets_;
  secret::PrfKey key_;
};

/// RFC 5246 section 6.3: both sides' keys. Wiped when it goes.
class KeyBlock {
 public:
  static Expected<KeyBlock> derive(const MasterSecret& master, const policy::Suite& suite,
                                   ProtocolVersion version, bool encrypt_then_mac,
                                   const message::Random& client_random,
                                   const message::Random& server_random);
  /// Views of the block, for what `writer` sends.
  record::BlockKeys keys_of(Side writer) const noexcept;

 private:
  const policy::Suite* suite_ = nullptr;
  ProtocolVersion version_{};
  bool encrypt_then_mac_ = false;
  secret::BasicSecret<224> octets_;  // two of: 48 of a MAC key, 32 of a key, 16 of an IV, and a little more
};

// ---- premaster secrets ----

/// RFC 4279 section 2: uint16 length, other_secret, uint16 length, psk. `other_secret` is as many zeros as
/// the key has octets for plain PSK, the Diffie-Hellman secret for DHE_PSK and ECDHE_PSK, the 48 octets of
/// RSA_PSK.
secret::SecretBuffer psk_premaster(Bytes other_secret, Bytes psk);
/// The same for plain PSK.
secret::SecretBuffer plain_psk_premaster(Bytes psk);

}  // namespace sesame::tls12
