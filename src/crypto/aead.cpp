#include "crypto/aead.h"

#include <cassert>
#include <cstring>
#include <utility>

#include "crypto/aead_routes.h"
#include "crypto/error_queue.h"
#include "crypto/provider_functions.h"
#include "secret/secret_bytes.h"

namespace sesame::crypto {
namespace {

/// Calls `step` with the route of `algorithm` over `context`.
template <class Step>
auto by_route(const AeadAlgorithm& algorithm, void* context, Step step) noexcept {
  return algorithm.is_direct() ? step(DirectRoute(algorithm, context)) : step(EvpRoute(algorithm, context));
}

}  // namespace

bool find_cipher_functions(const EVP_CIPHER* cipher, CipherFunctions& f) noexcept {
  const OSSL_PROVIDER* provider = EVP_CIPHER_get0_provider(cipher);
  if (!is_default_provider(provider)) return false;
  const OSSL_DISPATCH* row = provider_functions(provider, OSSL_OP_CIPHER, EVP_CIPHER_get0_name(cipher));
  find_function(row, OSSL_FUNC_CIPHER_NEWCTX, f.new_context);
  find_function(row, OSSL_FUNC_CIPHER_FREECTX, f.free_context);
  find_function(row, OSSL_FUNC_CIPHER_ENCRYPT_INIT, f.encrypt_init);
  find_function(row, OSSL_FUNC_CIPHER_DECRYPT_INIT, f.decrypt_init);
  find_function(row, OSSL_FUNC_CIPHER_UPDATE, f.update);
  find_function(row, OSSL_FUNC_CIPHER_FINAL, f.final);
  find_function(row, OSSL_FUNC_CIPHER_GET_CTX_PARAMS, f.get_context_parameters);
  find_function(row, OSSL_FUNC_CIPHER_SET_CTX_PARAMS, f.set_context_parameters);
  f.provider_context = OSSL_PROVIDER_get0_provider_ctx(provider);
  return f.new_context && f.free_context && f.encrypt_init && f.decrypt_init && f.update && f.final &&
         f.get_context_parameters && f.set_context_parameters;
}

Aead& Aead::operator=(Aead&& other) noexcept {
  if (this == &other) return *this;
  clear();
  context_ = std::exchange(other.context_, nullptr);
  algorithm_ = other.algorithm_;
  return *this;
}

void Aead::clear() noexcept {
  if (!context_) return;
  by_route(*algorithm_, context_, [](auto route) { route.free(); });
  context_ = nullptr;
}

Expected<> Aead::set_key(const AeadAlgorithm& algorithm, Direction direction, Bytes key) {
  if (key.size() != algorithm.key_size()) {
    clear();
    return fail(Reason::internal_error, "an AEAD key of the wrong size");
  }
  bool fresh = false;
  if (context_ && algorithm_ != &algorithm) clear();
  if (!context_) {
    fresh = true;
    algorithm_ = &algorithm;
    context_ = algorithm.is_direct() ? DirectRoute::make(algorithm) : EvpRoute::make(algorithm);
    if (!context_) return fail(Reason::internal_error, "libcrypto did not make an AEAD context");
  }
  const bool ok = by_route(algorithm, context_, [&](auto route) {
    return (!fresh || !algorithm.is_ccm() || route.set_ccm_sizes(algorithm)) &&
           route.set_key(direction == Direction::seal, key);
  });
  if (ok) return {};
  clear();
  return fail(Reason::internal_error, "libcrypto did not take an AEAD key");
}

bool Aead::seal(Bytes nonce, Bytes additional_data, Bytes content, Bytes tail, std::uint8_t* out) noexcept {
  assert(context_ && nonce.size() == aead_nonce_size);
  const bool ccm = algorithm_->is_ccm();
  const Bytes whole(out, content.size() + tail.size());
  if (ccm) {
    // libcrypto's CCM takes a message in one piece, so content and tail have to stand together first.
    if (content.data() != out && !content.empty()) std::memcpy(out, content.data(), content.size());
    if (!tail.empty()) std::memcpy(out + content.size(), tail.data(), tail.size());
    content = whole;
    tail = {};
  }
  std::uint8_t* const end = out + whole.size();
  return by_route(*algorithm_, context_, [&](auto route) {
    return route.begin_sealing(nonce) && (!ccm || route.length(whole.size())) &&
           (additional_data.empty() || route.update(nullptr, additional_data)) &&
           ((content.empty() && !ccm) || route.update(out, content)) &&
           (tail.empty() || route.update(out + content.size(), tail)) && (ccm || route.end(end)) &&
           route.read_tag({end, algorithm_->tag_size()});
  });
}

bool Aead::open(Bytes nonce, Bytes additional_data, MutableBytes sealed) noexcept {
  assert(context_ && nonce.size() == aead_nonce_size);
  const std::size_t tag_size = algorithm_->tag_size();
  if (sealed.size() < tag_size) return false;
  const MutableBytes content = sealed.first(sealed.size() - tag_size);
  const Bytes tag = sealed.last(tag_size);
  const bool authentic = by_route(*algorithm_, context_, [&](auto route) {
    if (!route.begin_opening(nonce, tag)) return false;
    if (algorithm_->is_ccm()) {
      // One step opens and checks. Where the tag is wrong it leaves an error, which the others do not.
      const ErrorQueueMark mark;
      return route.length(content.size()) &&
             (additional_data.empty() || route.update(nullptr, additional_data)) &&
             route.update(content.data(), content);
    }
    return (additional_data.empty() || route.update(nullptr, additional_data)) &&
           (content.empty() || route.update(content.data(), content)) &&
           route.end(sealed.data() + content.size());
  });
  if (!authentic) secret::wipe(content.data(), content.size());
  return authentic;
}

}  // namespace sesame::crypto
