#include "crypto/aead.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <cstring>
#include <utility>

namespace sesame::crypto {
namespace {

constexpr std::size_t max_copied = 512;  // octets

// The tag as a parameter for EVP_CIPHER_CTX_get_params and _set_params. EVP_CIPHER_CTX_ctrl makes the same of
// its arguments, but takes some 20 ns for it on libcrypto 3.0: a tenth of sealing a short record.
struct TagParameter {
  TagParameter(std::uint8_t* tag, std::size_t size) noexcept
      : parameters{{OSSL_CIPHER_PARAM_AEAD_TAG, OSSL_PARAM_OCTET_STRING, tag, size, OSSL_PARAM_UNMODIFIED},
                   {nullptr, 0, nullptr, 0, 0}} {}
  OSSL_PARAM parameters[2];
};

}  // namespace

Aead& Aead::operator=(Aead&& other) noexcept {
  if (this == &other) return *this;
  clear();
  context_ = std::exchange(other.context_, nullptr);
  algorithm_ = other.algorithm_;
  return *this;
}

void Aead::clear() noexcept {
  EVP_CIPHER_CTX_free(context_);  // cleanses the key schedule
  context_ = nullptr;
}

Expected<> Aead::set_key(const AeadAlgorithm& algorithm, Direction direction, Bytes key) {
  if (key.size() != algorithm.key_size())
    return fail(Reason::internal_error, "an AEAD key of the wrong size");
  const int sealing = direction == Direction::seal;
  if (context_ && algorithm_ == &algorithm) {
    // The same algorithm: only the key is new, and nothing is allocated.
    if (EVP_CipherInit_ex2(context_, nullptr, key.data(), nullptr, sealing, nullptr) == 1) return {};
    return fail(Reason::internal_error, "libcrypto did not take an AEAD key");
  }
  clear();
  context_ = EVP_CIPHER_CTX_new();
  algorithm_ = &algorithm;
  const int nonce_size = static_cast<int>(aead_nonce_size);
  const int tag_size = static_cast<int>(algorithm.tag_size());
  // CCM has to know both sizes before the key; 12 is what the other AEADs begin with.
  const bool ok =
      context_ != nullptr &&
      (algorithm.is_ccm()
           ? EVP_CipherInit_ex2(context_, algorithm.evp(), nullptr, nullptr, sealing, nullptr) == 1 &&
                 EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_SET_IVLEN, nonce_size, nullptr) == 1 &&
                 EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_SET_TAG, tag_size, nullptr) == 1 &&
                 EVP_CipherInit_ex2(context_, nullptr, key.data(), nullptr, sealing, nullptr) == 1
           : EVP_CipherInit_ex2(context_, algorithm.evp(), key.data(), nullptr, sealing, nullptr) == 1);
  if (ok) return {};
  clear();
  return fail(Reason::internal_error, "libcrypto did not make an AEAD context");
}

bool Aead::seal(Bytes nonce, Bytes additional_data, Bytes content, Bytes tail, std::uint8_t* out) noexcept {
  int n = 0;
  int content_size = static_cast<int>(content.size());
  int tail_size = static_cast<int>(tail.size());
  std::uint8_t* const tag = out + content_size + tail_size;
  if (algorithm_->is_ccm() || content.data() == out || content.size() <= max_copied) {
    // Content and tail stand together and go in one call. CCM takes nothing else; for the others a copy of
    // this size costs less than a call.
    if (content.data() != out && content_size > 0) std::memmove(out, content.data(), content.size());
    if (tail_size > 0) std::memcpy(out + content_size, tail.data(), tail.size());
    content_size += std::exchange(tail_size, 0);
    content = {out, static_cast<std::size_t>(content_size)};
  }
  return EVP_EncryptInit_ex2(context_, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
         (!algorithm_->is_ccm() || EVP_EncryptUpdate(context_, nullptr, &n, nullptr, content_size) == 1) &&
         EVP_EncryptUpdate(context_, nullptr, &n, additional_data.data(),
                           static_cast<int>(additional_data.size())) == 1 &&
         (content_size == 0 || EVP_EncryptUpdate(context_, out, &n, content.data(), content_size) == 1) &&
         (tail_size == 0 ||
          EVP_EncryptUpdate(context_, out + content_size, &n, tail.data(), tail_size) == 1) &&
         (algorithm_->is_ccm() || EVP_EncryptFinal_ex(context_, tag, &n) == 1) &&
         EVP_CIPHER_CTX_get_params(context_, TagParameter(tag, algorithm_->tag_size()).parameters) == 1;
}

bool Aead::open(Bytes nonce, Bytes additional_data, MutableBytes sealed) noexcept {
  const std::size_t tag_size = algorithm_->tag_size();
  if (sealed.size() < tag_size) return false;
  const int size = static_cast<int>(sealed.size() - tag_size);
  int n = 0;
  const TagParameter tag(sealed.data() + size, tag_size);
  if (algorithm_->is_ccm()) {
    // The tag goes first, and so do the sizes; one EVP_DecryptUpdate opens and checks.
    return EVP_CIPHER_CTX_set_params(context_, tag.parameters) == 1 &&
           EVP_DecryptInit_ex2(context_, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
           EVP_DecryptUpdate(context_, nullptr, &n, nullptr, size) == 1 &&
           EVP_DecryptUpdate(context_, nullptr, &n, additional_data.data(),
                             static_cast<int>(additional_data.size())) == 1 &&
           EVP_DecryptUpdate(context_, sealed.data(), &n, sealed.data(), size) == 1;
  }
  return EVP_DecryptInit_ex2(context_, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
         EVP_CIPHER_CTX_set_params(context_, tag.parameters) == 1 &&
         EVP_DecryptUpdate(context_, nullptr, &n, additional_data.data(),
                           static_cast<int>(additional_data.size())) == 1 &&
         (size == 0 || EVP_DecryptUpdate(context_, sealed.data(), &n, sealed.data(), size) == 1) &&
         EVP_DecryptFinal_ex(context_, sealed.data() + size, &n) == 1;
}

}  // namespace sesame::crypto
