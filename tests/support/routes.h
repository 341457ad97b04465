// Providers whose algorithms take a chosen route: straight to libcrypto's functions, or through EVP.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/provider.h"

namespace sesame::crypto {

// Providers are made without const, so that these may change them.
struct HashTestAccess {
  static void use_evp(const Hash& hash) { const_cast<Hash&>(hash).low_level_ = false; }
};
struct AeadTestAccess {
  static void use_evp(const AeadAlgorithm& aead) { const_cast<AeadAlgorithm&>(aead).direct_ = false; }
};
struct CbcTestAccess {
  static void use_evp(const CbcAlgorithm& cbc) { const_cast<CbcAlgorithm&>(cbc).direct_ = false; }
  static void open_records(const CbcAlgorithm& cbc, bool yes) {
    const_cast<CbcAlgorithm&>(cbc).opens_records_ = yes;
  }
};
struct MacTestAccess {
  static void use_evp(const MacAlgorithm& mac) { const_cast<MacAlgorithm&>(mac).low_level_ = false; }
  /// Returns what was there.
  static EVP_MAC_CTX* hide_length_by(const MacAlgorithm& mac, EVP_MAC_CTX* context) {
    return std::exchange(const_cast<MacAlgorithm&>(mac).of_hidden_length_, context);
  }
};

struct X25519TestAccess {
  static void use_evp(const X25519& x25519) { const_cast<X25519&>(x25519).usable_ = false; }
  static void compute_share_by_derivation(const X25519& x25519, bool yes) {
    const_cast<X25519&>(x25519).share_by_derivation_ = yes;
  }
};

}  // namespace sesame::crypto

namespace sesame::test {

enum class Route { direct, evp };

inline std::string route_name(const testing::TestParamInfo<Route>& info) {
  return info.param == Route::direct ? "Direct" : "Evp";
}

inline std::shared_ptr<const crypto::Provider> provider_by(Route route) {
  Expected<std::shared_ptr<const crypto::Provider>> made = crypto::Provider::create(nullptr, {});
  EXPECT_TRUE(made);
  for (HashAlgorithm algorithm : {HashAlgorithm::sha256, HashAlgorithm::sha384}) {
    const crypto::Hash& hash = (*made)->hash(algorithm);
    EXPECT_TRUE(hash.is_low_level()) << "the default provider's digest is computed directly";
    if (route == Route::evp) crypto::HashTestAccess::use_evp(hash);
  }
  for (std::size_t i = 0; i < crypto::aead_count; ++i) {
    const crypto::AeadAlgorithm* aead = (*made)->aead(static_cast<crypto::AeadId>(i));
    if (!aead) continue;
    EXPECT_TRUE(aead->is_direct()) << "the default provider's ciphers are called directly";
    if (route == Route::evp) crypto::AeadTestAccess::use_evp(*aead);
  }
  for (std::size_t i = 0; i < crypto::cbc_count; ++i) {
    const crypto::CbcAlgorithm* cbc = (*made)->cbc(static_cast<crypto::CbcId>(i));
    if (!cbc) continue;
    EXPECT_TRUE(cbc->is_direct()) << "as are these";
    if (route == Route::evp) crypto::CbcTestAccess::use_evp(*cbc);
  }
  for (const crypto::MacId id : {crypto::MacId::md5, crypto::MacId::sha1}) {
    const crypto::MacAlgorithm* mac = (*made)->mac(id);
    if (!mac) continue;
    EXPECT_TRUE(mac->is_low_level()) << "and these";
    if (route == Route::evp) crypto::MacTestAccess::use_evp(*mac);
  }
  EXPECT_TRUE((*made)->x25519().usable()) << "the default provider's x25519 is called directly";
  if (route == Route::evp) crypto::X25519TestAccess::use_evp((*made)->x25519());
  return *made;
}

}  // namespace sesame::test
