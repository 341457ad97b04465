// The steps of an AEAD by each of its two routes. For aead.cpp alone.
//
// A message is: begin, CCM only: length, additional data, content, end. The provider's parameters of 3.0 are
// used rather than EVP_CIPHER_CTX_ctrl, which makes the same of its arguments first.
#pragma once

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "crypto/aead.h"

namespace sesame::crypto {

/// The tag as a parameter: to be read from there, or written there. A provider does not write to what it is
/// given.
inline OSSL_PARAM tag_parameter(const std::uint8_t* tag, std::size_t size) noexcept {
  return {OSSL_CIPHER_PARAM_AEAD_TAG, OSSL_PARAM_OCTET_STRING, const_cast<std::uint8_t*>(tag), size,
          OSSL_PARAM_UNMODIFIED};
}

inline constexpr OSSL_PARAM end_of_parameters = {nullptr, 0, nullptr, 0, 0};

/// CCM has to know the sizes of nonce and tag before it has a key (RFC 5116 section 5.3: L = 3 goes with 12
/// octets).
struct CcmSizes {
  explicit CcmSizes(const AeadAlgorithm& algorithm) noexcept
      : parameters{OSSL_PARAM_construct_size_t(OSSL_CIPHER_PARAM_IVLEN, &nonce_size),
                   tag_parameter(nullptr, algorithm.tag_size()), end_of_parameters} {}
  CcmSizes(const CcmSizes&) = delete;
  CcmSizes& operator=(const CcmSizes&) = delete;
  std::size_t nonce_size = aead_nonce_size;
  OSSL_PARAM parameters[3];
};

class DirectRoute {
 public:
  DirectRoute(const AeadAlgorithm& algorithm, void* context) noexcept
      : functions_(algorithm.functions()), context_(context) {}

  static void* make(const AeadAlgorithm& algorithm) noexcept {
    return algorithm.functions().new_context(algorithm.functions().provider_context);
  }
  void free() noexcept { functions_.free_context(context_); }
  bool set_ccm_sizes(const AeadAlgorithm& algorithm) noexcept {
    return functions_.set_context_parameters(context_, CcmSizes(algorithm).parameters) == 1;
  }
  bool set_key(bool sealing, Bytes key) noexcept {
    const auto init = sealing ? functions_.encrypt_init : functions_.decrypt_init;
    return init(context_, key.data(), key.size(), nullptr, 0, nullptr) == 1;
  }
  bool begin_sealing(Bytes nonce) noexcept {
    return functions_.encrypt_init(context_, nullptr, 0, nonce.data(), nonce.size(), nullptr) == 1;
  }
  bool begin_opening(Bytes nonce, Bytes tag) noexcept {
    const OSSL_PARAM parameters[] = {tag_parameter(tag.data(), tag.size()), end_of_parameters};
    return functions_.decrypt_init(context_, nullptr, 0, nonce.data(), nonce.size(), parameters) == 1;
  }
  bool length(std::size_t size) noexcept {
    std::size_t written = 0;
    return functions_.update(context_, nullptr, &written, size, nullptr, size) == 1;
  }
  bool update(std::uint8_t* out, Bytes in) noexcept {
    std::size_t written = 0;
    return functions_.update(context_, out, &written, in.size(), in.data(), in.size()) == 1;
  }
  bool end(std::uint8_t* out) noexcept {
    std::size_t written = 0;
    return functions_.final(context_, out, &written, max_aead_tag_size) == 1;
  }
  bool read_tag(MutableBytes tag) noexcept {
    OSSL_PARAM parameters[] = {tag_parameter(tag.data(), tag.size()), end_of_parameters};
    return functions_.get_context_parameters(context_, parameters) == 1;
  }

 private:
  const CipherFunctions& functions_;
  void* context_;
};

class EvpRoute {
 public:
  EvpRoute(const AeadAlgorithm&, void* context) noexcept : context_(static_cast<EVP_CIPHER_CTX*>(context)) {}

  static void* make(const AeadAlgorithm& algorithm) noexcept {
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    if (context && EVP_EncryptInit_ex2(context, algorithm.evp(), nullptr, nullptr, nullptr) == 1)
      return context;
    EVP_CIPHER_CTX_free(context);
    return nullptr;
  }
  void free() noexcept { EVP_CIPHER_CTX_free(context_); }
  bool set_ccm_sizes(const AeadAlgorithm& algorithm) noexcept {
    return EVP_CIPHER_CTX_set_params(context_, CcmSizes(algorithm).parameters) == 1;
  }
  bool set_key(bool sealing, Bytes key) noexcept {
    return EVP_CipherInit_ex2(context_, nullptr, key.data(), nullptr, sealing, nullptr) == 1;
  }
  bool begin_sealing(Bytes nonce) noexcept {
    return EVP_EncryptInit_ex2(context_, nullptr, nullptr, nonce.data(), nullptr) == 1;
  }
  bool begin_opening(Bytes nonce, Bytes tag) noexcept {
    const OSSL_PARAM parameters[] = {tag_parameter(tag.data(), tag.size()), end_of_parameters};
    return EVP_DecryptInit_ex2(context_, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
           EVP_CIPHER_CTX_set_params(context_, parameters) == 1;
  }
  bool length(std::size_t size) noexcept {
    int written = 0;
    return EVP_CipherUpdate(context_, nullptr, &written, nullptr, static_cast<int>(size)) == 1;
  }
  bool update(std::uint8_t* out, Bytes in) noexcept {
    int written = 0;
    return EVP_CipherUpdate(context_, out, &written, in.data(), static_cast<int>(in.size())) == 1;
  }
  bool end(std::uint8_t* out) noexcept {
    int written = 0;
    return EVP_CipherFinal_ex(context_, out, &written) == 1;
  }
  bool read_tag(MutableBytes tag) noexcept {
    OSSL_PARAM parameters[] = {tag_parameter(tag.data(), tag.size()), end_of_parameters};
    return EVP_CIPHER_CTX_get_params(context_, parameters) == 1;
  }

 private:
  EVP_CIPHER_CTX* context_;
};

}  // namespace sesame::crypto
