// The key schedule of TLS 1.3 (RFC 8446 section 7.1) as stages that consume each other: a secret dies when
// the next begins, and nothing can be derived from the wrong one.
//
//             0
//             |
//             v
//   PSK ->  HKDF-Extract = Early Secret            EarlyStage
//             |
//             +-----> Derive-Secret(., "ext binder" | "res binder", "") = binder_key      (psk/secrets.h)
//             +-----> Derive-Secret(., "c e traffic", ClientHello)
//             +-----> Derive-Secret(., "e exp master", ClientHello)
//             v
//       Derive-Secret(., "derived", "")
//             |
//             v
//   (EC)DHE -> HKDF-Extract = Handshake Secret     HandshakeStage
//             |
//             +-----> Derive-Secret(., "c hs traffic", ClientHello...ServerHello)
//             +-----> Derive-Secret(., "s hs traffic", ClientHello...ServerHello)
//             v
//       Derive-Secret(., "derived", "")
//             |
//             v
//   0 -> HKDF-Extract = Master Secret              MasterStage
//             |
//             +-----> Derive-Secret(., "c ap traffic", ClientHello...server Finished)
//             +-----> Derive-Secret(., "s ap traffic", ClientHello...server Finished)
//             +-----> Derive-Secret(., "exp master", ClientHello...server Finished)
//             +-----> Derive-Secret(., "res master", ClientHello...client Finished)
//
// In psk_ke (EC)DHE is 0, and the whole left column is the key's own: psk::PskSecrets has it ready.
#pragma once

#include <optional>

#include "psk/secrets.h"
#include "secret/hkdf.h"
#include "secret/secret_bytes.h"

namespace sesame::secret {

class MasterStage {
 public:
  MasterStage(MasterStage&&) noexcept = default;
  MasterStage& operator=(MasterStage&&) noexcept = default;
  SecretBytes client_application_traffic(Bytes transcript_hash) const noexcept;
  SecretBytes server_application_traffic(Bytes transcript_hash) const noexcept;
  SecretBytes exporter(Bytes transcript_hash) const noexcept;
  SecretBytes resumption(Bytes transcript_hash) const noexcept;

 private:
  friend class HandshakeStage;
  explicit MasterStage(crypto::HmacKey secret) noexcept : secret_(std::move(secret)) {}
  crypto::HmacKey secret_;
};

class HandshakeStage {
 public:
  HandshakeStage(HandshakeStage&&) noexcept = default;
  HandshakeStage& operator=(HandshakeStage&&) noexcept = default;
  SecretBytes client_handshake_traffic(Bytes transcript_hash) const noexcept;
  SecretBytes server_handshake_traffic(Bytes transcript_hash) const noexcept;
  [[nodiscard]] MasterStage master() && noexcept;

 private:
  friend class EarlyStage;
  HandshakeStage(crypto::HmacKey secret, crypto::HmacKey master) noexcept
      : secret_(std::move(secret)), master_(std::move(master)) {}
  crypto::HmacKey secret_;
  crypto::HmacKey master_;  // known already in psk_ke; empty otherwise
};

class EarlyStage {
 public:
  /// Takes the key's secrets over.
  explicit EarlyStage(psk::PskSecrets secrets) noexcept : secrets_(std::move(secrets)) {}
  EarlyStage(EarlyStage&&) noexcept = default;
  EarlyStage& operator=(EarlyStage&&) noexcept = default;

  HashAlgorithm hash() const noexcept { return secrets_.hash(); }
  SecretBytes client_early_traffic(Bytes transcript_hash) const noexcept;
  SecretBytes early_exporter(Bytes transcript_hash) const noexcept;
  [[nodiscard]] HandshakeStage psk_ke() && noexcept;
  [[nodiscard]] HandshakeStage with_shared_secret(Bytes shared_secret) && noexcept;

 private:
  psk::PskSecrets secrets_;
};

/// Section 7.3. The traffic secret as a key, so that what is derived from it keys it once.
struct TrafficKeys {
  BasicSecret<32> key;
  BasicSecret<12> iv;
};
TrafficKeys traffic_keys(const crypto::HmacKey& traffic_secret, std::size_t key_size) noexcept;

/// The verify_data of a Finished (section 4.4.4) by the sender's handshake traffic secret.
crypto::HashValue finished_verify_data(const crypto::HmacKey& traffic_secret, Bytes transcript_hash) noexcept;

/// Section 7.2: the next application traffic secret.
SecretBytes next_traffic_secret(const crypto::HmacKey& traffic_secret) noexcept;

/// Section 7.5. `out` of at most 255 hashes, `label` of at most 249 octets.
void export_keying_material(const crypto::Hash& hash, Bytes exporter_secret, std::string_view label,
                            Bytes context, MutableBytes out) noexcept;

}  // namespace sesame::secret
