// Key exchanges with chosen private keys, and by chosen routes.
#pragma once

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "crypto/group_table.h"
#include "crypto/key_exchange.h"
#include "crypto/provider.h"
#include "support/hex.h"

namespace sesame::crypto {

struct KeyExchangeTestAccess {
  /// For the secp and ffdhe groups. `share` belongs to `private_key`.
  static KeyExchange with_private_key(const Provider& provider, NamedGroup group, Bytes private_key,
                                      Bytes share) {
    const GroupRow& row = group_rows()[static_cast<std::size_t>(group_row(group))];
    OSSL_PARAM_BLD* builder = OSSL_PARAM_BLD_new();
    BIGNUM* number = BN_bin2bn(private_key.data(), static_cast<int>(private_key.size()), nullptr);
    BIGNUM* y = BN_bin2bn(share.data(), static_cast<int>(share.size()), nullptr);
    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, row.name, 0);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, number);
    if (row.kind == GroupKind::finite_field) {
      OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PUB_KEY, y);
    } else {
      OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, share.data(), share.size());
    }
    OSSL_PARAM* parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, row.key_type, nullptr);
    EVP_PKEY* key = nullptr;
    EXPECT_EQ(EVP_PKEY_fromdata_init(context), 1);
    EXPECT_EQ(EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters), 1);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    BN_free(number);
    BN_free(y);
    return KeyExchange(provider, group, KeyExchange::Key(key));
  }
};

}  // namespace sesame::crypto

namespace sesame::test {

inline crypto::Randomness always(Octets octets) {
  return [octets](MutableBytes out) {
    EXPECT_EQ(out.size(), octets.size());
    std::copy(octets.begin(), octets.end(), out.begin());
  };
}

inline Octets share_of(const crypto::KeyExchange& key, Side side = Side::client) {
  Octets share(crypto::key_share_size(key.group(), side));
  EXPECT_TRUE(key.write_share(share));
  return share;
}

}  // namespace sesame::test
