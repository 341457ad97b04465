// What the cryptography alone costs, with libcrypto and nothing around it: no messages, no records, no
// connections.
#pragma once

#include <openssl/evp.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "crypto/provider.h"
#include "peer.h"
#include "psk/secrets.h"

namespace bench {

/// AES-128-GCM of libcrypto by EVP, keyed once: seals and opens as a record has it, 5 octets of additional
/// data and a nonce of 12 that counts.
class BareAead {
 public:
  BareAead();
  /// Seals `size` octets of `data` into `record`, which has room for 16 more, and opens them there.
  void transfer(const std::uint8_t* data, std::size_t size, std::uint8_t* record) noexcept;

 private:
  struct Free {
    void operator()(EVP_CIPHER_CTX* c) const noexcept { EVP_CIPHER_CTX_free(c); }
  };
  std::unique_ptr<EVP_CIPHER_CTX, Free> seal_;
  std::unique_ptr<EVP_CIPHER_CTX, Free> open_;
  std::uint64_t sequence_ = 0;
};

/// All hashes, HMACs, key derivations, AEAD operations and random octets of both sides of one handshake with
/// SHA-256 and AES-128-GCM, in their order and of the sizes that this library's messages have; what depends
/// on the key alone was derived before.
class HandshakeCeiling {
 public:
  explicit HandshakeCeiling(Mode mode);
  void handshake() noexcept;

 private:
  std::shared_ptr<const sesame::crypto::Provider> provider_;
  sesame::psk::PskSecrets secrets_;
  Mode mode_;
};

/// The same of PSK-AES128-GCM-SHA256 in TLS 1.2, with extended master secret.
class Tls12Ceiling {
 public:
  Tls12Ceiling();
  void handshake() noexcept;

 private:
  std::shared_ptr<const sesame::crypto::Provider> provider_;
  sesame::crypto::HmacKey premaster_;  // depends on the key alone
};

}  // namespace bench
