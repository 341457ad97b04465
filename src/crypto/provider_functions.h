// Functions of a libcrypto provider (provider-cipher(7), provider-keyexch(7)) for the operations that decide
// the speed.
//
// EVP finds an algorithm by name, checks and counts around every call of them; for short records and for
// x25519 that is as much as the work itself (docs/decisions.md has the figures). Where the fetched algorithm
// is the default provider's, its functions are called directly: the ones that EVP would call. Any other
// provider is asked through EVP, and so is every algorithm that is not worth it.
#pragma once

#include <openssl/core_dispatch.h>
#include <openssl/provider.h>

#include <string_view>

namespace sesame::crypto {

inline bool is_default_provider(const OSSL_PROVIDER* provider) noexcept {
  return provider && std::string_view(OSSL_PROVIDER_get0_name(provider)) == "default";
}

/// What `provider` has for an operation and an algorithm; nullptr if it has none. Static data of the
/// provider. `name` is the one that the provider lists first.
inline const OSSL_DISPATCH* provider_functions(const OSSL_PROVIDER* provider, int operation,
                                               std::string_view name) noexcept {
  int must_not_be_kept = 0;
  const OSSL_ALGORITHM* row = OSSL_PROVIDER_query_operation(provider, operation, &must_not_be_kept);
  if (must_not_be_kept) return nullptr;
  for (; row && row->algorithm_names; ++row) {
    const std::string_view names = row->algorithm_names;
    if (names.substr(0, names.find(':')) == name) return row->implementation;
  }
  return nullptr;
}

/// Sets `out` if the function is there. The type of `out` has to be the one that core_dispatch.h gives for
/// `id`.
template <class Function>
void find_function(const OSSL_DISPATCH* functions, int id, Function*& out) noexcept {
  for (; functions && functions->function_id != 0; ++functions) {
    if (functions->function_id == id) out = reinterpret_cast<Function*>(functions->function);
  }
}

}  // namespace sesame::crypto
