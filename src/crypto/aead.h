// The AEADs of TLS 1.3 (RFC 8446 section 5.2, RFC 5116), with a context that is keyed anew rather than made anew.
#pragma once

#include <openssl/evp.h>

#include <sesame/bytes.h>
#include <sesame/error.h>

namespace sesame::crypto {

enum class AeadId : std::uint8_t { aes_128_gcm, aes_256_gcm, chacha20_poly1305, aes_128_ccm, aes_128_ccm_8 };
inline constexpr std::size_t aead_count = 5;
inline constexpr std::size_t aead_nonce_size = 12;
inline constexpr std::size_t max_aead_tag_size = 16;

/// One AEAD, as a provider has it. Lives in a Provider.
class AeadAlgorithm {
 public:
  std::size_t key_size() const noexcept { return key_size_; }
  std::size_t tag_size() const noexcept { return tag_size_; }
  const EVP_CIPHER* evp() const noexcept { return evp_; }
  bool is_ccm() const noexcept { return is_ccm_; }

 private:
  friend class Provider;
  EVP_CIPHER* evp_ = nullptr;  // owned by the Provider; nullptr: not available
  std::uint8_t key_size_ = 0;
  std::uint8_t tag_size_ = 0;
  bool is_ccm_ = false;
};

/// An AEAD with a key, for one direction. Two allocations inside libcrypto when it is first keyed, none when it is keyed
/// again for the same algorithm.
class Aead {
 public:
  enum class Direction : std::uint8_t { seal, open };

  Aead() noexcept = default;
  Aead(Aead&& other) noexcept : context_(other.context_), algorithm_(other.algorithm_) { other.context_ = nullptr; }
  Aead& operator=(Aead&& other) noexcept;
  ~Aead() { clear(); }

  /// Error: internal_error.
  Expected<> set_key(const AeadAlgorithm& algorithm, Direction direction, Bytes key);
  bool keyed() const noexcept { return context_ != nullptr; }
  const AeadAlgorithm& algorithm() const noexcept { return *algorithm_; }
  void clear() noexcept;  ///< frees the context and the key in it

  /// Seals `content` followed by `tail` into `out`, which has room for both and the tag. `content` may be at `out`.
  bool seal(Bytes nonce, Bytes additional_data, Bytes content, Bytes tail, std::uint8_t* out) noexcept;
  /// Opens `sealed`, tag included, in place. False: it is not authentic, and what stands there is not to be used.
  bool open(Bytes nonce, Bytes additional_data, MutableBytes sealed) noexcept;

 private:
  EVP_CIPHER_CTX* context_ = nullptr;
  const AeadAlgorithm* algorithm_ = nullptr;
};

}  // namespace sesame::crypto
