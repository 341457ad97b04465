// x25519 without the detours of EVP, because it decides how fast psk_dhe_ke is.
//
// An exchange is four multiplications, 124 microseconds; EVP adds 31 (docs/decisions.md has the figures). See
// provider_functions.h for the way around it.
#pragma once

#include <openssl/core_dispatch.h>
#include <openssl/evp.h>
#include <sesame/bytes.h>

#include <array>
#include <memory>

namespace sesame::crypto {

class Provider;

class X25519 {
 public:
  static constexpr std::size_t size = 32;  ///< octets of a share and of the secret

  /// A private key in libcrypto's memory, which cleanses it when it is freed; inside libcrypto's exchange
  /// context.
  using PrivateKey = std::unique_ptr<void, OSSL_FUNC_keyexch_freectx_fn*>;
  static PrivateKey no_key() noexcept { return {nullptr, nullptr}; }

  X25519() noexcept = default;
  X25519(const X25519&) = delete;
  X25519& operator=(const X25519&) = delete;
  ~X25519();

  /// Usable from now on, if this route is open.
  void find(const Provider& provider) noexcept;
  bool usable() const noexcept { return usable_; }

  /// The key whose octets are `private_key`, of `size` octets, and its share. nullptr: out of memory.
  PrivateKey make(Bytes private_key, MutableBytes share) const noexcept;
  /// X25519(own, peer_share), RFC 7748 section 5; all of `size` octets. False: peer_share is of small order,
  /// so that the result is zero (section 6.1), or there is no memory.
  bool derive(const PrivateKey& own, Bytes peer_share, MutableBytes secret) const noexcept;

 private:
  friend struct X25519TestAccess;
  void* import_key(Bytes private_key, Bytes share) const noexcept;

  // Where libcrypto's multiplication uses ADX, as its derivation does and its key generation does not, the
  // share is computed by a derivation with the base point, which is how RFC 7748 section 6.1 defines it: 31
  // microseconds for 35.
  bool share_by_derivation_ = false;
  bool usable_ = false;
  EVP_KEYMGMT* key_type_ = nullptr;  // owned; keeps the provider loaded
  void* provider_context_ = nullptr;
  void* base_point_ = nullptr;  // owned; shared by all threads, which only read it
  OSSL_FUNC_keymgmt_new_fn* new_key_ = nullptr;
  OSSL_FUNC_keymgmt_free_fn* free_key_ = nullptr;
  OSSL_FUNC_keymgmt_import_fn* import_ = nullptr;
  OSSL_FUNC_keymgmt_get_params_fn* get_params_ = nullptr;
  OSSL_FUNC_keyexch_newctx_fn* new_context_ = nullptr;
  OSSL_FUNC_keyexch_freectx_fn* free_context_ = nullptr;
  OSSL_FUNC_keyexch_init_fn* init_ = nullptr;
  OSSL_FUNC_keyexch_set_peer_fn* set_peer_ = nullptr;
  OSSL_FUNC_keyexch_derive_fn* derive_ = nullptr;
};

}  // namespace sesame::crypto
