#include "crypto/mac_key.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <cassert>

#include "crypto/error_queue.h"

namespace sesame::crypto {

Expected<> MacKey::set(const MacAlgorithm& algorithm, Bytes key) {
  clear();
  if (algorithm.sha2()) {
    key_.emplace<HmacKey>(*algorithm.sha2(), key);
    return {};
  }
  const LegacyHash hash = algorithm.id() == MacId::md5 ? LegacyHash::md5 : LegacyHash::sha1;
  auto made = LegacyHmacKey::create(algorithm.evp(), algorithm.is_low_level(), hash, key);
  if (!made) return std::unexpected(std::move(made.error()));
  key_.emplace<LegacyHmacKey>(std::move(*made));
  return {};
}

bool MacKey::mac(std::initializer_list<Bytes> parts, MutableBytes out) const noexcept {
  if (const auto* sha2 = std::get_if<HmacKey>(&key_)) {
    sha2->mac(parts, out);
    return true;
  }
  const auto* legacy = std::get_if<LegacyHmacKey>(&key_);
  return legacy && legacy->mac(parts, out);
}

Expected<> HiddenLengthMac::set_key(const MacAlgorithm& algorithm, Bytes key) {
  clear();
  if (!algorithm.of_hidden_length())
    return fail(Reason::algorithm_unavailable, "libcrypto's HMAC cannot hide the length of a record");
  algorithm_ = &algorithm;
  key_.assign(key);
  return {};
}

void HiddenLengthMac::clear() noexcept {
  if (!algorithm_) return;
  EVP_MAC_CTX_free(context_);
  context_ = nullptr;
  key_.clear();
  algorithm_ = nullptr;
}

bool HiddenLengthMac::mac(Bytes header, Bytes octets, std::size_t size, std::uint8_t* out) noexcept {
  assert(header.size() == header_size);
  const ErrorQueueMark mark;
  if (!context_) {
    context_ = EVP_MAC_CTX_dup(algorithm_->of_hidden_length());
    if (!context_ || EVP_MAC_init(context_, key_.bytes().data(), key_.size(), nullptr) != 1) {
      EVP_MAC_CTX_free(context_);
      context_ = nullptr;
      return false;
    }
    key_.clear();
  }
  EVP_MAC_CTX* const work = EVP_MAC_CTX_dup(context_);
  std::size_t public_size = octets.size(), written = 0;
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_TLS_DATA_SIZE, &public_size),
                                   OSSL_PARAM_construct_end()};
  const bool ok = work && EVP_MAC_CTX_set_params(work, parameters) == 1 &&
                  EVP_MAC_update(work, header.data(), header.size()) == 1 &&
                  EVP_MAC_update(work, octets.data(), size) == 1 &&
                  EVP_MAC_final(work, out, &written, algorithm_->size()) == 1 &&
                  written == algorithm_->size();
  EVP_MAC_CTX_free(work);
  return ok;
}

}  // namespace sesame::crypto
