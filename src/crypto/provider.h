// What belongs in this room: RAII over libcrypto. Hash, HMAC, AEAD, key exchange, random, and nothing of TLS.
//
// A Provider holds every algorithm that TLS needs, fetched once for a (library context, property query):
// nothing is looked up by name in a handshake. This folder is the only one that includes EVP headers.
#pragma once

#include <sesame/bytes.h>
#include <sesame/error.h>
#include <sesame/types.h>

#include <memory>
#include <string>

#include "crypto/aead.h"
#include "crypto/cbc.h"
#include "crypto/hash.h"
#include "crypto/mac.h"
#include "crypto/x25519.h"

struct ossl_lib_ctx_st;

namespace sesame::crypto {

class Provider {
 public:
  /// Errors: algorithm_unavailable (without SHA-256 and SHA-384 there is no TLS 1.3).
  static Expected<std::shared_ptr<const Provider>> create(ossl_lib_ctx_st* library_context,
                                                          const std::string& property_query);
  /// The one of libcrypto's default context without a property query, made at the first call and kept.
  static const Expected<std::shared_ptr<const Provider>>& system();

  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;
  ~Provider();

  const Hash& hash(HashAlgorithm algorithm) const noexcept {
    return algorithm == HashAlgorithm::sha256 ? sha256_ : sha384_;
  }
  /// For signatures, which alone need it; nullptr where libcrypto lacks it.
  const EVP_MD* sha512() const noexcept { return sha512_; }
  /// nullptr where libcrypto lacks it.
  const AeadAlgorithm* aead(AeadId id) const noexcept;
  /// For TLS 1.2 and below; nullptr where libcrypto lacks it.
  const CbcAlgorithm* cbc(CbcId id) const noexcept;
  const EVP_MD* digest(MacId mac) const noexcept;
  const MacAlgorithm* mac(MacId id) const noexcept;
  bool has_mac(MacId mac) const noexcept { return digest(mac) != nullptr; }
  /// MD5 and SHA-1 one behind the other: what TLS 1.0 and 1.1 sign by RSA (RFC 4346 section 4.7).
  const EVP_MD* md5_sha1() const noexcept { return md5_sha1_; }
  /// TLS 1.0 and 1.1 need both MD5 and SHA-1.
  bool has_tls10() const noexcept { return md5_ && sha1_ && md5_sha1_; }
  /// Not usable where x25519 has to go through EVP, or is not there at all: has_group says so.
  const X25519& x25519() const noexcept { return x25519_; }
  bool has_group(NamedGroup group) const noexcept;
  /// Fills `out` with random octets that are secret until they are sent. Error: internal_error.
  Expected<> random(MutableBytes out) const;

  ossl_lib_ctx_st* library_context() const noexcept { return library_context_; }
  const char* property_query() const noexcept {
    return property_query_.empty() ? nullptr : property_query_.c_str();
  }

 private:
  Provider(ossl_lib_ctx_st* library_context, std::string property_query);
  void fetch_below_tls13();

  ossl_lib_ctx_st* library_context_;
  std::string property_query_;
  Hash sha256_;
  Hash sha384_;
  EVP_MD* sha512_ = nullptr;
  AeadAlgorithm aeads_[aead_count];
  CbcAlgorithm cbcs_[cbc_count];
  MacAlgorithm macs_[mac_count];
  EVP_MD *md5_ = nullptr, *sha1_ = nullptr, *md5_sha1_ = nullptr;
  X25519 x25519_;
  std::uint32_t groups_ = 0;  // bit i: group_rows()[i] can be used
};

}  // namespace sesame::crypto
