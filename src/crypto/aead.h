// The AEADs of TLS 1.3 and 1.2 (RFC 8446 section 5.2, RFC 5246 section 6.2.3.3, RFC 5116), with a context
// that is keyed anew rather than made anew.
//
// Two routes, as provider_functions.h says: by the default provider's functions, or by EVP. A record of 64
// octets is sealed and opened in 270 ns by the one and in 460 by the other.
#pragma once

#include <openssl/core_dispatch.h>
#include <openssl/evp.h>
#include <sesame/bytes.h>
#include <sesame/error.h>

namespace sesame::crypto {

enum class AeadId : std::uint8_t {
  aes_128_gcm,
  aes_256_gcm,
  chacha20_poly1305,
  aes_128_ccm,
  aes_128_ccm_8,
  aes_256_ccm,    // this and what follows: TLS 1.2 only
  aes_256_ccm_8,  // RFC 6655
  aria_128_gcm,   // RFC 6209
  aria_256_gcm,
};
inline constexpr std::size_t aead_count = 9;
inline constexpr std::size_t aead_nonce_size = 12;
inline constexpr std::size_t max_aead_tag_size = 16;

/// What the default provider has for a cipher. All or none are set.
struct CipherFunctions {
  void* provider_context = nullptr;
  OSSL_FUNC_cipher_newctx_fn* new_context = nullptr;
  OSSL_FUNC_cipher_freectx_fn* free_context = nullptr;
  OSSL_FUNC_cipher_encrypt_init_fn* encrypt_init = nullptr;
  OSSL_FUNC_cipher_decrypt_init_fn* decrypt_init = nullptr;
  OSSL_FUNC_cipher_update_fn* update = nullptr;
  OSSL_FUNC_cipher_final_fn* final = nullptr;
  OSSL_FUNC_cipher_get_ctx_params_fn* get_context_parameters = nullptr;
  OSSL_FUNC_cipher_set_ctx_params_fn* set_context_parameters = nullptr;
};

/// Finds them. False: the cipher is not the default provider's, or not all are there.
bool find_cipher_functions(const EVP_CIPHER* cipher, CipherFunctions& functions) noexcept;

/// One AEAD, as a provider has it. Lives in a Provider.
class AeadAlgorithm {
 public:
  std::size_t key_size() const noexcept { return key_size_; }
  std::size_t tag_size() const noexcept { return tag_size_; }
  const EVP_CIPHER* evp() const noexcept { return evp_; }
  bool is_ccm() const noexcept { return is_ccm_; }
  bool is_chacha20_poly1305() const noexcept { return is_chacha20_poly1305_; }
  bool is_direct() const noexcept { return direct_; }
  const CipherFunctions& functions() const noexcept { return functions_; }  ///< if it is direct

 private:
  friend class Provider;
  friend struct AeadTestAccess;
  void find_functions() noexcept { direct_ = find_cipher_functions(evp_, functions_); }

  EVP_CIPHER* evp_ = nullptr;  // owned by the Provider; nullptr: not available
  std::uint8_t key_size_ = 0;
  std::uint8_t tag_size_ = 0;
  bool is_ccm_ = false;
  bool is_chacha20_poly1305_ = false;
  bool direct_ = false;
  CipherFunctions functions_;
};

/// An AEAD with a key, for one direction. One allocation inside libcrypto when it is first keyed (two by
/// EVP), none when it is keyed again for the same algorithm.
class Aead {
 public:
  enum class Direction : std::uint8_t { seal, open };

  Aead() noexcept = default;
  Aead(Aead&& other) noexcept : context_(other.context_), algorithm_(other.algorithm_) {
    other.context_ = nullptr;
  }
  Aead& operator=(Aead&& other) noexcept;
  ~Aead() { clear(); }

  /// Error: internal_error; it is then not keyed.
  Expected<> set_key(const AeadAlgorithm& algorithm, Direction direction, Bytes key);
  bool keyed() const noexcept { return context_ != nullptr; }
  const AeadAlgorithm& algorithm() const noexcept { return *algorithm_; }
  void clear() noexcept;  ///< frees the context and cleanses the key in it

  /// Seals `content` followed by `tail` into `out`, which has room for both and the tag. `content` may be at
  /// `out`, and must not overlap it otherwise; `tail` must not overlap it. All three together have less than
  /// 2^31 octets.
  bool seal(Bytes nonce, Bytes additional_data, Bytes content, Bytes tail, std::uint8_t* out) noexcept;
  /// Opens `sealed`, tag included, in place. False: it is not authentic, and what stood there is wiped.
  bool open(Bytes nonce, Bytes additional_data, MutableBytes sealed) noexcept;

 private:
  void* context_ = nullptr;  // of the algorithm's route: the provider's, or an EVP_CIPHER_CTX
  const AeadAlgorithm* algorithm_ = nullptr;
};

}  // namespace sesame::crypto
