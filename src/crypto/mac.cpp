#include "crypto/mac.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "crypto/provider_functions.h"

namespace sesame::crypto {

void MacAlgorithm::find(MacId id, const EVP_MD* evp, const Hash* sha2, const EVP_MAC* hmac,
                        const char* property_query) {
  id_ = id;
  evp_ = evp;
  sha2_ = sha2;
  if (!evp) return;
  low_level_ = !sha2 && is_default_provider(EVP_MD_get0_provider(evp));
  if (!hmac || !OSSL_PARAM_locate_const(EVP_MAC_settable_ctx_params(hmac), OSSL_MAC_PARAM_TLS_DATA_SIZE))
    return;
  // Here the hash is looked up by its name, once.
  OSSL_PARAM parameters[3] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(EVP_MD_get0_name(evp)), 0)};
  std::size_t n = 1;
  if (property_query) {
    parameters[n++] =
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_PROPERTIES, const_cast<char*>(property_query), 0);
  }
  parameters[n] = OSSL_PARAM_construct_end();
  constexpr std::uint8_t some_key[max_mac_size] = {};
  EVP_MAC_CTX* context = EVP_MAC_CTX_new(const_cast<EVP_MAC*>(hmac));
  if (context && EVP_MAC_init(context, some_key, sizeof some_key, parameters) == 1) {
    of_hidden_length_ = context;
  } else {
    EVP_MAC_CTX_free(context);
  }
}

}  // namespace sesame::crypto
