// The arithmetic of TLS 1.2, 1.1 and 1.0, written a second time from the standards by libcrypto alone: what a
// scripted peer computes is not what the library computes.
#pragma once

#include <openssl/types.h>
#include <sesame/types.h>

#include <functional>
#include <optional>
#include <string>

#include "support/octets.h"

namespace sesame::test {

Octets digest(const std::string& name, Bytes data);
Octets hmac(const std::string& digest_name, Bytes key, Bytes data);
/// RFC 5246 section 5 by `hash`; below TLS 1.2 RFC 2246 section 5.
Octets prf12(unsigned version, const std::string& hash, Bytes secret, std::string_view label, Bytes seed,
             std::size_t size);

/// What the name of a suite says.
struct SuiteParts {
  enum class Form { stream, cbc, gcm, ccm, chacha20_poly1305 };
  KeyExchangeMethod key_exchange{};
  Form form{};
  std::string cipher;  ///< as libcrypto names it; empty: none
  std::string mac;     ///< likewise; empty with an AEAD
  std::string prf;     ///< of TLS 1.2
  std::size_t mac_size = 0;
  std::size_t key_size = 0;
  std::size_t tag_size = 0;
};
SuiteParts parts_of(CipherSuite suite);

/// The keys of one direction (RFC 5246 section 6.3).
struct DirectionKeys {
  Octets mac_key, key, iv;
};
/// The client's first.
std::pair<DirectionKeys, DirectionKeys> key_block_of(const SuiteParts& parts, unsigned version, Bytes master,
                                                     Bytes client_random, Bytes server_random);

/// Protected fragments of one direction (RFC 5246 section 6.2.3).
class Protection12 {
 public:
  void set(const SuiteParts& parts, unsigned version, bool encrypt_then_mac, DirectionKeys keys);
  bool active() const noexcept { return active_; }
  const SuiteParts& parts() const noexcept { return parts_; }

  /// Of the next record only, with a CBC suite: changes what is encrypted, which is content, MAC and padding
  /// with its length, or without the MAC where that comes last.
  std::function<void(Octets&)> spoil_inner;

  Octets seal(unsigned type, unsigned version, Bytes content);
  /// nullopt: it does not open.
  std::optional<Octets> open(unsigned type, unsigned version, Bytes fragment);
  std::uint64_t sequence = 0;  ///< of the next record

 private:
  Octets header(unsigned type, unsigned version, std::size_t size) const;
  Octets seal_cbc(unsigned type, unsigned version, Bytes content);
  std::optional<Octets> open_cbc(unsigned type, unsigned version, Bytes fragment);
  Octets nonce(Bytes explicit_part) const;
  bool has_explicit_iv() const noexcept { return version_ > 0x0301; }

  SuiteParts parts_;
  DirectionKeys keys_;
  unsigned version_ = 0;
  bool encrypt_then_mac_ = false;
  bool active_ = false;
};

// ---- Diffie-Hellman in a prime field, of any numbers ----

/// base^exponent mod modulus, without leading zeros.
Octets power(Bytes base, Bytes exponent, Bytes modulus);
Octets prime_of_bits(unsigned bits);  ///< of RFC 3526: 1536, 2048, 3072, 4096, 6144, 8192
Octets minus(Bytes number, unsigned small);
Octets plus(Bytes number, unsigned small);

// ---- RSA and signatures ----

enum class RsaForm { pkcs1, raw };
/// raw: `plain` has as many octets as the modulus.
Octets rsa_encrypt(EVP_PKEY* key, Bytes plain, RsaForm form = RsaForm::pkcs1);
/// Empty: it is not well formed.
Octets rsa_decrypt(EVP_PKEY* key, Bytes encrypted);
std::size_t rsa_size(EVP_PKEY* key);             ///< octets of the modulus
EVP_PKEY* public_key_of_certificate(Bytes der);  ///< the caller's

/// A signature of TLS 1.2 by any of its schemes.
Octets sign12(EVP_PKEY* key, unsigned scheme, Bytes input);
/// Of TLS 1.1 and 1.0: RSA signs MD5 and SHA-1, others SHA-1.
Octets sign10(EVP_PKEY* key, Bytes input);
bool verify12(EVP_PKEY* key, unsigned scheme, Bytes input, Bytes signature);
bool verify10(EVP_PKEY* key, Bytes input, Bytes signature);

}  // namespace sesame::test
