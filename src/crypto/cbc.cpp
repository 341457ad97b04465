#include "crypto/cbc.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <cassert>

#include "crypto/error_queue.h"

namespace sesame::crypto {
namespace {

// The same calls by the provider's functions and by EVP.
class DirectRoute {
 public:
  DirectRoute(const CbcAlgorithm& algorithm, void* context) noexcept
      : functions_(algorithm.functions()), context_(context) {}
  static void* make(const CbcAlgorithm& algorithm) noexcept {
    return algorithm.functions().new_context(algorithm.functions().provider_context);
  }
  void free() noexcept { functions_.free_context(context_); }
  bool init(bool encrypting, Bytes key, Bytes iv, const OSSL_PARAM* parameters) noexcept {
    const auto init = encrypting ? functions_.encrypt_init : functions_.decrypt_init;
    return init(context_, key.data(), key.size(), iv.data(), iv.size(), parameters) == 1;
  }
  bool update(MutableBytes octets, std::size_t& written) noexcept {
    return functions_.update(context_, octets.data(), &written, octets.size(), octets.data(),
                             octets.size()) == 1;
  }
  bool read(OSSL_PARAM* parameters) noexcept {
    return functions_.get_context_parameters(context_, parameters) == 1;
  }

 private:
  const CipherFunctions& functions_;
  void* context_;
};

class EvpRoute {
 public:
  EvpRoute(const CbcAlgorithm&, void* context) noexcept : context_(static_cast<EVP_CIPHER_CTX*>(context)) {}
  static void* make(const CbcAlgorithm& algorithm) noexcept {
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    if (context && EVP_EncryptInit_ex2(context, algorithm.evp(), nullptr, nullptr, nullptr) == 1)
      return context;
    EVP_CIPHER_CTX_free(context);
    return nullptr;
  }
  void free() noexcept { EVP_CIPHER_CTX_free(context_); }
  bool init(bool encrypting, Bytes key, Bytes iv, const OSSL_PARAM* parameters) noexcept {
    return EVP_CipherInit_ex2(context_, nullptr, key.data(), iv.data(), encrypting, parameters) == 1;
  }
  bool update(MutableBytes octets, std::size_t& written) noexcept {
    int n = 0;
    const bool ok =
        EVP_CipherUpdate(context_, octets.data(), &n, octets.data(), static_cast<int>(octets.size())) == 1;
    written = static_cast<std::size_t>(n);
    return ok;
  }
  bool read(OSSL_PARAM* parameters) noexcept { return EVP_CIPHER_CTX_get_params(context_, parameters) == 1; }

 private:
  EVP_CIPHER_CTX* context_;
};

template <class Step>
auto by_route(const CbcAlgorithm& algorithm, void* context, Step step) noexcept {
  return algorithm.is_direct() ? step(DirectRoute(algorithm, context)) : step(EvpRoute(algorithm, context));
}

}  // namespace

void CbcAlgorithm::find(const Provider& provider) noexcept {
  provider_ = &provider;
  direct_ = find_cipher_functions(evp_, functions_);
  const OSSL_PARAM* const settable = EVP_CIPHER_settable_ctx_params(evp_);
  opens_records_ = settable && OSSL_PARAM_locate_const(settable, OSSL_CIPHER_PARAM_TLS_VERSION) &&
                   OSSL_PARAM_locate_const(settable, OSSL_CIPHER_PARAM_TLS_MAC_SIZE) &&
                   OSSL_PARAM_locate_const(EVP_CIPHER_gettable_ctx_params(evp_), OSSL_CIPHER_PARAM_TLS_MAC);
}

void Cbc::clear() noexcept {
  if (!context_) return;
  by_route(*algorithm_, context_, [](auto route) { route.free(); });
  context_ = nullptr;
}

Expected<> Cbc::set_key(const CbcAlgorithm& algorithm, Use use, Bytes key, Bytes iv, RecordForm form) {
  const bool opens = use == Use::open_records;
  if (key.size() != algorithm.key_size() || iv.size() != cbc_block_size) {
    clear();
    return fail(Reason::internal_error, "a CBC key or IV of the wrong size");
  }
  // Not another way instead: what takes padding off otherwise tells how much there was.
  if (opens && !algorithm.opens_records()) {
    clear();
    return fail(Reason::algorithm_unavailable, "libcrypto's cipher does not open CBC records");
  }
  // What a context was told of records it does not forget.
  if (context_ && (algorithm_ != &algorithm || opens != (use_ == Use::open_records))) clear();
  algorithm_ = &algorithm;
  use_ = use;
  mac_size_ = static_cast<std::uint8_t>(form.mac_size);
  if (!context_) context_ = algorithm.is_direct() ? DirectRoute::make(algorithm) : EvpRoute::make(algorithm);
  if (!context_) return fail(Reason::internal_error, "libcrypto did not make a CBC context");
  unsigned padding = 0, version = form.version;
  const OSSL_PARAM blocks[] = {OSSL_PARAM_construct_uint(OSSL_CIPHER_PARAM_PADDING, &padding),
                               OSSL_PARAM_construct_end()};
  const OSSL_PARAM records[] = {OSSL_PARAM_construct_uint(OSSL_CIPHER_PARAM_TLS_VERSION, &version),
                                OSSL_PARAM_construct_size_t(OSSL_CIPHER_PARAM_TLS_MAC_SIZE, &form.mac_size),
                                OSSL_PARAM_construct_end()};
  if (by_route(algorithm, context_, [&](auto route) {
        return route.init(use == Use::encrypt, key, iv, opens ? records : blocks);
      }))
    return {};
  clear();
  return fail(Reason::internal_error, "libcrypto did not take a CBC key");
}

bool Cbc::set_iv(Bytes iv) noexcept {
  assert(context_ && iv.size() == cbc_block_size);
  return by_route(*algorithm_, context_,
                  [&](auto route) { return route.init(use_ == Use::encrypt, {}, iv, nullptr); });
}

bool Cbc::process(MutableBytes blocks) noexcept {
  assert(context_ && use_ != Use::open_records && blocks.size() % cbc_block_size == 0);
  std::size_t written = 0;
  return by_route(*algorithm_, context_, [&](auto route) { return route.update(blocks, written); }) &&
         written == blocks.size();
}

bool Cbc::open_record(MutableBytes body, Inside& inside) noexcept {
  assert(context_ && use_ == Use::open_records);
  const ErrorQueueMark mark;
  void* mac = nullptr;
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_octet_ptr(OSSL_CIPHER_PARAM_TLS_MAC, &mac, mac_size_),
                             OSSL_PARAM_construct_end()};
  const bool ok = by_route(*algorithm_, context_, [&](auto route) {
    return route.update(body, inside.size) && route.read(parameters);
  });
  inside.mac = static_cast<const std::uint8_t*>(mac);
  return ok && mac;
}

}  // namespace sesame::crypto
