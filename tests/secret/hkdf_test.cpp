#include "secret/hkdf.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "psk/secrets.h"
#include "secret/key_schedule.h"
#include "support/hex.h"
#include "support/routes.h"

namespace sesame::secret {
namespace {

using crypto::Hash;
using crypto::HmacKey;
using test::from_hex;
using test::Octets;
using test::Route;
using test::to_hex;

/// libcrypto's HKDF-Extract or HKDF-Expand.
Octets by_libcrypto(const Hash& hash, int mode, Bytes key, Bytes salt, Bytes info, std::size_t size) {
  EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  EVP_KDF_CTX* context = EVP_KDF_CTX_new(kdf);
  std::string digest = hash.algorithm() == HashAlgorithm::sha256 ? "SHA256" : "SHA384";
  std::vector<OSSL_PARAM> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode)};
  const auto add = [&](const char* name, Bytes value) {
    if (value.empty()) return;
    parameters.push_back(
        OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(value.data()), value.size()));
  };
  add(OSSL_KDF_PARAM_KEY, key);
  add(OSSL_KDF_PARAM_SALT, salt);
  add(OSSL_KDF_PARAM_INFO, info);
  parameters.push_back(OSSL_PARAM_construct_end());
  Octets out(size);
  EXPECT_EQ(EVP_KDF_derive(context, out.data(), out.size(), parameters.data()), 1);
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  return out;
}

/// HkdfLabel of RFC 8446 section 7.1.
Octets hkdf_label(std::size_t size, const std::string& label, Bytes context) {
  Octets out = {static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size),
                static_cast<std::uint8_t>(label.size() + 6)};
  for (char c : "tls13 " + label) out.push_back(static_cast<std::uint8_t>(c));
  out.push_back(static_cast<std::uint8_t>(context.size()));
  out.insert(out.end(), context.begin(), context.end());
  return out;
}

Octets expand(const Hash& hash, Bytes secret, const std::string& label, Bytes context, std::size_t size) {
  return by_libcrypto(hash, EVP_KDF_HKDF_MODE_EXPAND_ONLY, secret, {}, hkdf_label(size, label, context),
                      size);
}
Octets extract(const Hash& hash, Bytes salt, Bytes ikm) {
  return by_libcrypto(hash, EVP_KDF_HKDF_MODE_EXTRACT_ONLY, ikm, salt, {}, hash.size());
}

class Hkdf : public testing::TestWithParam<Route> {
 protected:
  std::shared_ptr<const crypto::Provider> provider_ = test::provider_by(GetParam());
  const Hash& sha256_ = provider_->hash(HashAlgorithm::sha256);
  const Hash& sha384_ = provider_->hash(HashAlgorithm::sha384);
};
INSTANTIATE_TEST_SUITE_P(Routes, Hkdf, testing::Values(Route::direct, Route::evp), test::route_name);

// RFC 5869 appendix A.1 to A.3.
TEST_P(Hkdf, ExtractsAsRfc5869Says) {
  EXPECT_EQ(
      to_hex(
          hkdf_extract(HmacKey(sha256_, from_hex("000102030405060708090a0b0c")), Octets(22, 0x0b)).bytes()),
      "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
  Octets ikm(80), salt(80);
  for (std::size_t i = 0; i < 80; ++i) {
    ikm[i] = static_cast<std::uint8_t>(i);
    salt[i] = static_cast<std::uint8_t>(0x60 + i);
  }
  EXPECT_EQ(to_hex(hkdf_extract(HmacKey(sha256_, salt), ikm).bytes()),
            "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244");
  EXPECT_EQ(to_hex(hkdf_extract(HmacKey(sha256_, {}), Octets(22, 0x0b)).bytes()),
            "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04");
}

TEST_P(Hkdf, ExpandsToEverySizeAsLibcryptoDoes) {
  for (const Hash* hash : {&sha256_, &sha384_}) {
    const Octets secret(hash->size(), 0x42);
    const HmacKey key(*hash, secret);
    std::vector<std::size_t> sizes = {hash->size() * 254 + 1, hash->size() * 255};
    for (std::size_t size = 1; size <= 200; ++size) sizes.push_back(size);
    for (std::size_t size : sizes) {
      Octets out(size);
      hkdf_expand_label(key, "label", as_bytes("context"), out);
      ASSERT_EQ(to_hex(out), to_hex(expand(*hash, secret, "label", as_bytes("context"), size))) << size;
    }
  }
}

TEST_P(Hkdf, TakesEveryLabelAndContext) {
  for (const Hash* hash : {&sha256_, &sha384_}) {
    const Octets secret(hash->size(), 0x43);
    const HmacKey key(*hash, secret);
    for (std::size_t label_size : {1, 2, 12, 18, 19, 100, 249}) {
      for (std::size_t context_size : {0, 1, 32, 48, 255}) {
        const std::string label(label_size, 'l');
        const Octets context(context_size, 0x99);
        Octets out(hash->size());
        hkdf_expand_label(key, label, context, out);
        ASSERT_EQ(to_hex(out), to_hex(expand(*hash, secret, label, context, out.size())))
            << label_size << " " << context_size;
        EXPECT_EQ(to_hex(derive_secret(key, label, context).bytes()), to_hex(out));
      }
    }
  }
}

TEST_P(Hkdf, KnowsTheHashOfNothing) {
  for (const Hash* hash : {&sha256_, &sha384_}) {
    EXPECT_EQ(to_hex(empty_hash(*hash)), to_hex(crypto::hash_of(*hash, {}).bytes()));
  }
}

// RFC 8446 section 7.1, the left column, for keys of any size and both kinds.
TEST_P(Hkdf, DerivesWhatDependsOnThePreSharedKeyAlone) {
  for (const Hash* hash : {&sha256_, &sha384_}) {
    const Octets zeros(hash->size()), message = {1, 2, 3};
    for (std::size_t size : {1, 16, 32, 48, 64, 65, 128, 129, 4096}) {
      for (psk::PskKind kind : {psk::PskKind::external, psk::PskKind::resumption}) {
        const Octets key(size, 0x17);
        const psk::PskSecrets secrets = psk::derive_psk_secrets(*hash, key, kind);
        const auto same = [&](const HmacKey& ours, const Octets& theirs) {
          EXPECT_EQ(to_hex(ours.mac({message}).bytes()),
                    to_hex(HmacKey(*hash, theirs).mac({message}).bytes()))
              << size;
        };
        const Bytes nothing = empty_hash(*hash);
        const Octets early = extract(*hash, zeros, key);
        const Octets binder_key =
            expand(*hash, early, kind == psk::PskKind::external ? "ext binder" : "res binder", nothing,
                   hash->size());
        const Octets derived = expand(*hash, early, "derived", nothing, hash->size());
        const Octets handshake = extract(*hash, derived, zeros);
        const Octets master =
            extract(*hash, expand(*hash, handshake, "derived", nothing, hash->size()), zeros);
        same(secrets.early, early);
        same(secrets.binder, expand(*hash, binder_key, "finished", {}, hash->size()));
        same(secrets.derived, derived);
        same(secrets.handshake_ke, handshake);
        same(secrets.master_ke, master);
        EXPECT_EQ(secrets.hash(), hash->algorithm());
        same(secrets.copy().master_ke, master);
      }
    }
  }
}

// In psk_ke the kept secrets give what the schedule gives with a zero for (EC)DHE.
TEST_P(Hkdf, GivesPskKeTheSecretsOfAZeroSharedSecret) {
  for (const Hash* hash : {&sha256_, &sha384_}) {
    const Octets zeros(hash->size()), transcript(hash->size(), 0x31);
    psk::PskSecrets secrets = psk::derive_psk_secrets(*hash, as_bytes("key"), psk::PskKind::external);
    HandshakeStage computed = EarlyStage(secrets.copy()).with_shared_secret(zeros);
    HandshakeStage kept = EarlyStage(std::move(secrets)).psk_ke();
    EXPECT_EQ(to_hex(kept.client_handshake_traffic(transcript).bytes()),
              to_hex(computed.client_handshake_traffic(transcript).bytes()));
    EXPECT_EQ(to_hex(kept.server_handshake_traffic(transcript).bytes()),
              to_hex(computed.server_handshake_traffic(transcript).bytes()));
    const MasterStage kept_master = std::move(kept).master(), computed_master = std::move(computed).master();
    EXPECT_EQ(to_hex(kept_master.client_application_traffic(transcript).bytes()),
              to_hex(computed_master.client_application_traffic(transcript).bytes()));
    EXPECT_EQ(to_hex(kept_master.exporter(transcript).bytes()),
              to_hex(computed_master.exporter(transcript).bytes()));
  }
}

// RFC 8446 sections 7.2 and 7.5, which RFC 8448 has no values for.
TEST_P(Hkdf, UpdatesTrafficSecretsAndExports) {
  for (const Hash* hash : {&sha256_, &sha384_}) {
    const Octets secret(hash->size(), 0x77);
    EXPECT_EQ(to_hex(next_traffic_secret(HmacKey(*hash, secret)).bytes()),
              to_hex(expand(*hash, secret, "traffic upd", {}, hash->size())));
    for (std::size_t size : {1, 32, 100}) {
      Octets out(size);
      export_keying_material(*hash, secret, "EXPORTER-test", as_bytes("context"), out);
      const Octets derived = expand(*hash, secret, "EXPORTER-test", empty_hash(*hash), hash->size());
      const crypto::HashValue context = crypto::hash_of(*hash, {as_bytes("context")});
      EXPECT_EQ(to_hex(out), to_hex(expand(*hash, derived, "exporter", context.bytes(), size)));
    }
  }
}

}  // namespace
}  // namespace sesame::secret
