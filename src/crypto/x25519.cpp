#include "crypto/x25519.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "crypto/provider.h"
#include "crypto/provider_functions.h"

namespace sesame::crypto {
namespace {

constexpr std::uint8_t base_point[X25519::size] = {9};  // RFC 7748 section 6.1

// OSSL_PARAM has no pointer to const; an import only reads.
OSSL_PARAM octets(const char* key, Bytes value) noexcept {
  return OSSL_PARAM_construct_octet_string(key, const_cast<std::uint8_t*>(value.data()), value.size());
}

bool derivation_is_faster() noexcept {
#if defined(__x86_64__)
  return __builtin_cpu_supports("adx") && __builtin_cpu_supports("bmi2");
#else
  return false;
#endif
}

}  // namespace

X25519::~X25519() {
  if (base_point_) free_key_(base_point_);
  EVP_KEYMGMT_free(key_type_);
}

void X25519::find(const Provider& provider) noexcept {
  key_type_ = EVP_KEYMGMT_fetch(provider.library_context(), "X25519", provider.property_query());
  if (!key_type_) return;
  const OSSL_PROVIDER* implementer = EVP_KEYMGMT_get0_provider(key_type_);
  if (!is_default_provider(implementer)) return;

  const OSSL_DISPATCH* keys = provider_functions(implementer, OSSL_OP_KEYMGMT, "X25519");
  find_function(keys, OSSL_FUNC_KEYMGMT_NEW, new_key_);
  find_function(keys, OSSL_FUNC_KEYMGMT_FREE, free_key_);
  find_function(keys, OSSL_FUNC_KEYMGMT_IMPORT, import_);
  find_function(keys, OSSL_FUNC_KEYMGMT_GET_PARAMS, get_params_);
  const OSSL_DISPATCH* exchange = provider_functions(implementer, OSSL_OP_KEYEXCH, "X25519");
  find_function(exchange, OSSL_FUNC_KEYEXCH_NEWCTX, new_context_);
  find_function(exchange, OSSL_FUNC_KEYEXCH_FREECTX, free_context_);
  find_function(exchange, OSSL_FUNC_KEYEXCH_INIT, init_);
  find_function(exchange, OSSL_FUNC_KEYEXCH_SET_PEER, set_peer_);
  find_function(exchange, OSSL_FUNC_KEYEXCH_DERIVE, derive_);
  if (!new_key_ || !free_key_ || !import_ || !get_params_ || !new_context_ || !free_context_ || !init_ ||
      !set_peer_ || !derive_) {
    return;
  }
  provider_context_ = OSSL_PROVIDER_get0_provider_ctx(implementer);
  share_by_derivation_ = derivation_is_faster();
  base_point_ = import_key({}, base_point);
  usable_ = base_point_ != nullptr;
}

void* X25519::import_key(Bytes private_key, Bytes share) const noexcept {
  OSSL_PARAM parameters[3];
  OSSL_PARAM* end = parameters;
  int selection = 0;
  if (!private_key.empty()) {
    *end++ = octets(OSSL_PKEY_PARAM_PRIV_KEY, private_key);
    selection |= OSSL_KEYMGMT_SELECT_PRIVATE_KEY;
  }
  if (!share.empty()) {
    *end++ = octets(OSSL_PKEY_PARAM_PUB_KEY, share);
    selection |= OSSL_KEYMGMT_SELECT_PUBLIC_KEY;
  }
  *end = OSSL_PARAM_construct_end();
  void* key = new_key_(provider_context_);
  if (key && import_(key, selection, parameters) == 1) return key;
  if (key) free_key_(key);
  return nullptr;
}

X25519::PrivateKey X25519::make(Bytes private_key, MutableBytes share) const noexcept {
  // A private key alone makes libcrypto compute the public one. Where this class does so, the base point
  // stands in for it: a derivation does not look at the public half of its own key.
  void* key = import_key(private_key, share_by_derivation_ ? Bytes(base_point) : Bytes{});
  if (!key) return no_key();
  PrivateKey own(new_context_(provider_context_), free_context_);
  bool ok = own && init_(own.get(), key, nullptr) == 1;
  if (ok && share_by_derivation_) {
    std::size_t written = 0;
    ok = set_peer_(own.get(), base_point_) == 1 && derive_(own.get(), share.data(), &written, size) == 1 &&
         written == size;
  } else if (ok) {
    OSSL_PARAM wanted[] = {octets(OSSL_PKEY_PARAM_PUB_KEY, share), OSSL_PARAM_construct_end()};
    ok = get_params_(key, wanted) == 1 && OSSL_PARAM_modified(wanted) && wanted[0].return_size == size;
  }
  free_key_(key);  // the context has counted itself in
  return ok ? std::move(own) : no_key();
}

bool X25519::derive(const PrivateKey& own, Bytes peer_share, MutableBytes secret) const noexcept {
  void* peer = import_key({}, peer_share);
  std::size_t written = 0;
  const bool ok = peer && set_peer_(own.get(), peer) == 1 &&
                  derive_(own.get(), secret.data(), &written, size) == 1 && written == size;
  if (peer) free_key_(peer);
  return ok;
}

}  // namespace sesame::crypto
