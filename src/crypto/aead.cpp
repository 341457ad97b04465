#include "crypto/aead.h"

#include <cstring>
#include <utility>

namespace sesame::crypto {

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
  if (key.size() != algorithm.key_size()) return fail(Reason::internal_error, "an AEAD key of the wrong size");
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
  const int content_size = static_cast<int>(content.size());
  const int tail_size = static_cast<int>(tail.size());
  const int tag_size = static_cast<int>(algorithm_->tag_size());
  if (EVP_EncryptInit_ex2(context_, nullptr, nullptr, nonce.data(), nullptr) != 1) return false;
  if (algorithm_->is_ccm()) {
    // libcrypto's CCM takes its message in one piece, so content and tail have to stand together first.
    const int size = content_size + tail_size;
    if (content.data() != out && content_size > 0) std::memmove(out, content.data(), content.size());
    if (tail_size > 0) std::memcpy(out + content_size, tail.data(), tail.size());
    return EVP_EncryptUpdate(context_, nullptr, &n, nullptr, size) == 1 &&
           EVP_EncryptUpdate(context_, nullptr, &n, additional_data.data(),
                             static_cast<int>(additional_data.size())) == 1 &&
           EVP_EncryptUpdate(context_, out, &n, out, size) == 1 &&
           EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_GET_TAG, tag_size, out + size) == 1;
  }
  return EVP_EncryptUpdate(context_, nullptr, &n, additional_data.data(),
                           static_cast<int>(additional_data.size())) == 1 &&
         (content_size == 0 || EVP_EncryptUpdate(context_, out, &n, content.data(), content_size) == 1) &&
         (tail_size == 0 || EVP_EncryptUpdate(context_, out + content_size, &n, tail.data(), tail_size) == 1) &&
         EVP_EncryptFinal_ex(context_, out + content_size + tail_size, &n) == 1 &&
         EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_GET_TAG, tag_size, out + content_size + tail_size) == 1;
}

bool Aead::open(Bytes nonce, Bytes additional_data, MutableBytes sealed) noexcept {
  const std::size_t tag_size = algorithm_->tag_size();
  if (sealed.size() < tag_size) return false;
  const int size = static_cast<int>(sealed.size() - tag_size);
  int n = 0;
  if (algorithm_->is_ccm()) {
    // The tag goes first, and so do the sizes; one EVP_DecryptUpdate opens and checks.
    return EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag_size), sealed.data() + size) ==
               1 &&
           EVP_DecryptInit_ex2(context_, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
           EVP_DecryptUpdate(context_, nullptr, &n, nullptr, size) == 1 &&
           EVP_DecryptUpdate(context_, nullptr, &n, additional_data.data(),
                             static_cast<int>(additional_data.size())) == 1 &&
           EVP_DecryptUpdate(context_, sealed.data(), &n, sealed.data(), size) == 1;
  }
  return EVP_DecryptInit_ex2(context_, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
         EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag_size), sealed.data() + size) == 1 &&
         EVP_DecryptUpdate(context_, nullptr, &n, additional_data.data(),
                           static_cast<int>(additional_data.size())) == 1 &&
         (size == 0 || EVP_DecryptUpdate(context_, sealed.data(), &n, sealed.data(), size) == 1) &&
         EVP_DecryptFinal_ex(context_, sealed.data() + size, &n) == 1;
}

}  // namespace sesame::crypto
