#include "policy/suites.h"

#include <sesame/context.h>

#include <array>

namespace sesame {
namespace policy {
namespace {

enum class Cipher : std::uint8_t {
  aes_128_gcm,
  aes_256_gcm,
  chacha20_poly1305,
  aes_128_ccm,
  aes_128_ccm_8,
  aes_256_ccm,
  aes_256_ccm_8,
  aria_128_gcm,
  aria_256_gcm,
  aes_128_cbc,
  aes_256_cbc,
  camellia_128_cbc,
  camellia_256_cbc,
  null,
};

struct Row {
  CipherSuite id;
  std::string_view name;
  KeyExchangeMethod key_exchange;
  Cipher cipher;
  crypto::MacId mac;
  HashAlgorithm hash;
  ProtocolVersion lowest;
};

#define SESAME_SUITE(id, key_exchange, cipher, mac, hash, lowest)                              \
  Row {                                                                                        \
    CipherSuite::id, #id, KeyExchangeMethod::key_exchange, Cipher::cipher, crypto::MacId::mac, \
        HashAlgorithm::hash, ProtocolVersion::lowest                                           \
  }

// The registry, as far as libcrypto 3.0 has the algorithms. What authenticates by DSA or SRP is left out.
constexpr auto suites = std::to_array<Row>({
    // ---- TLS 1.3: RFC 8446 appendix B.4 ----
    SESAME_SUITE(TLS_AES_128_GCM_SHA256, any, aes_128_gcm, none, sha256, tls13),
    SESAME_SUITE(TLS_AES_256_GCM_SHA384, any, aes_256_gcm, none, sha384, tls13),
    SESAME_SUITE(TLS_CHACHA20_POLY1305_SHA256, any, chacha20_poly1305, none, sha256, tls13),
    SESAME_SUITE(TLS_AES_128_CCM_SHA256, any, aes_128_ccm, none, sha256, tls13),
    SESAME_SUITE(TLS_AES_128_CCM_8_SHA256, any, aes_128_ccm_8, none, sha256, tls13),
    // ---- PSK ----
    SESAME_SUITE(TLS_PSK_WITH_NULL_SHA, psk, null, sha1, sha256, tls10),
    SESAME_SUITE(TLS_PSK_WITH_AES_128_CBC_SHA, psk, aes_128_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_PSK_WITH_AES_256_CBC_SHA, psk, aes_256_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_PSK_WITH_AES_128_GCM_SHA256, psk, aes_128_gcm, none, sha256, tls12),
    SESAME_SUITE(TLS_PSK_WITH_AES_256_GCM_SHA384, psk, aes_256_gcm, none, sha384, tls12),
    SESAME_SUITE(TLS_PSK_WITH_AES_128_CBC_SHA256, psk, aes_128_cbc, sha256, sha256, tls10),
    SESAME_SUITE(TLS_PSK_WITH_AES_256_CBC_SHA384, psk, aes_256_cbc, sha384, sha384, tls10),
    SESAME_SUITE(TLS_PSK_WITH_NULL_SHA256, psk, null, sha256, sha256, tls10),
    SESAME_SUITE(TLS_PSK_WITH_NULL_SHA384, psk, null, sha384, sha384, tls10),
    SESAME_SUITE(TLS_PSK_WITH_ARIA_128_GCM_SHA256, psk, aria_128_gcm, none, sha256, tls12),
    SESAME_SUITE(TLS_PSK_WITH_ARIA_256_GCM_SHA384, psk, aria_256_gcm, none, sha384, tls12),
    SESAME_SUITE(TLS_PSK_WITH_CAMELLIA_128_CBC_SHA256, psk, camellia_128_cbc, sha256, sha256, tls10),
    SESAME_SUITE(TLS_PSK_WITH_CAMELLIA_256_CBC_SHA384, psk, camellia_256_cbc, sha384, sha384, tls10),
    SESAME_SUITE(TLS_PSK_WITH_AES_128_CCM, psk, aes_128_ccm, none, sha256, tls12),
    SESAME_SUITE(TLS_PSK_WITH_AES_256_CCM, psk, aes_256_ccm, none, sha256, tls12),
    SESAME_SUITE(TLS_PSK_WITH_AES_128_CCM_8, psk, aes_128_ccm_8, none, sha256, tls12),
    SESAME_SUITE(TLS_PSK_WITH_AES_256_CCM_8, psk, aes_256_ccm_8, none, sha256, tls12),
    SESAME_SUITE(TLS_PSK_WITH_CHACHA20_POLY1305_SHA256, psk, chacha20_poly1305, none, sha256, tls12),
    // ---- DHE_PSK ----
    SESAME_SUITE(TLS_DHE_PSK_WITH_NULL_SHA, dhe_psk, null, sha1, sha256, tls10),
    SESAME_SUITE(TLS_DHE_PSK_WITH_AES_128_CBC_SHA, dhe_psk, aes_128_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_DHE_PSK_WITH_AES_256_CBC_SHA, dhe_psk, aes_256_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_DHE_PSK_WITH_AES_128_GCM_SHA256, dhe_psk, aes_128_gcm, none, sha256, tls12),
    SESAME_SUITE(TLS_DHE_PSK_WITH_AES_256_GCM_SHA384, dhe_psk, aes_256_gcm, none, sha384, tls12),
    SESAME_SUITE(TLS_DHE_PSK_WITH_AES_128_CBC_SHA256, dhe_psk, aes_128_cbc, sha256, sha256, tls10),
    SESAME_SUITE(TLS_DHE_PSK_WITH_AES_256_CBC_SHA384, dhe_psk, aes_256_cbc, sha384, sha384, tls10),
    SESAME_SUITE(TLS_DHE_PSK_WITH_NULL_SHA256, dhe_psk, null, sha256, sha256, tls10),
    SESAME_SUITE(TLS_DHE_PSK_WITH_NULL_SHA384, dhe_psk, null, sha384, sha384, tls10),
    SESAME_SUITE(TLS_DHE_PSK_WITH_ARIA_128_GCM_SHA256, dhe_psk, aria_128_gcm, none, sha256, tls12),
    SESAME_SUITE(TLS_DHE_PSK_WITH_ARIA_256_GCM_SHA384, dhe_psk, aria_256_gcm, none, sha384, tls12),
    SESAME_SUITE(TLS_DHE_PSK_WITH_CAMELLIA_128_CBC_SHA256, dhe_psk, camellia_128_cbc, sha256, sha256, tls10),
    SESAME_SUITE(TLS_DHE_PSK_WITH_CAMELLIA_256_CBC_SHA384, dhe_psk, camellia_256_cbc, sha384, sha384, tls10),
    SESAME_SUITE(TLS_DHE_PSK_WITH_AES_128_CCM, dhe_psk, aes_128_ccm, none, sha256, tls12),
    SESAME_SUITE(TLS_DHE_PSK_WITH_AES_256_CCM, dhe_psk, aes_256_ccm, none, sha256, tls12),
    SESAME_SUITE(TLS_PSK_DHE_WITH_AES_128_CCM_8, dhe_psk, aes_128_ccm_8, none, sha256, tls12),
    SESAME_SUITE(TLS_PSK_DHE_WITH_AES_256_CCM_8, dhe_psk, aes_256_ccm_8, none, sha256, tls12),
    SESAME_SUITE(TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256, dhe_psk, chacha20_poly1305, none, sha256, tls12),
    // ---- ECDHE_PSK ----
    SESAME_SUITE(TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA, ecdhe_psk, aes_128_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA, ecdhe_psk, aes_256_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256, ecdhe_psk, aes_128_cbc, sha256, sha256, tls10),
    SESAME_SUITE(TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384, ecdhe_psk, aes_256_cbc, sha384, sha384, tls10),
    SESAME_SUITE(TLS_ECDHE_PSK_WITH_NULL_SHA, ecdhe_psk, null, sha1, sha256, tls10),
    SESAME_SUITE(TLS_ECDHE_PSK_WITH_NULL_SHA256, ecdhe_psk, null, sha256, sha256, tls10),
    SESAME_SUITE(TLS_ECDHE_PSK_WITH_NULL_SHA384, ecdhe_psk, null, sha384, sha384, tls10),
    SESAME_SUITE(TLS_ECDHE_PSK_WITH_CAMELLIA_128_CBC_SHA256, ecdhe_psk, camellia_128_cbc, sha256, sha256,
                 tls10),
    SESAME_SUITE(TLS_ECDHE_PSK_WITH_CAMELLIA_256_CBC_SHA384, ecdhe_psk, camellia_256_cbc, sha384, sha384,
                 tls10),
    SESAME_SUITE(TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256, ecdhe_psk, chacha20_poly1305, none, sha256,
                 tls12),
    SESAME_SUITE(TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256, ecdhe_psk, aes_128_gcm, none, sha256, tls12),
    SESAME_SUITE(TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384, ecdhe_psk, aes_256_gcm, none, sha384, tls12),
    SESAME_SUITE(TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256, ecdhe_psk, aes_128_ccm_8, none, sha256, tls12),
    SESAME_SUITE(TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256, ecdhe_psk, aes_128_ccm, none, sha256, tls12),
    // ---- RSA_PSK ----
    SESAME_SUITE(TLS_RSA_PSK_WITH_NULL_SHA, rsa_psk, null, sha1, sha256, tls10),
    SESAME_SUITE(TLS_RSA_PSK_WITH_AES_128_CBC_SHA, rsa_psk, aes_128_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_RSA_PSK_WITH_AES_256_CBC_SHA, rsa_psk, aes_256_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_RSA_PSK_WITH_AES_128_GCM_SHA256, rsa_psk, aes_128_gcm, none, sha256, tls12),
    SESAME_SUITE(TLS_RSA_PSK_WITH_AES_256_GCM_SHA384, rsa_psk, aes_256_gcm, none, sha384, tls12),
    SESAME_SUITE(TLS_RSA_PSK_WITH_AES_128_CBC_SHA256, rsa_psk, aes_128_cbc, sha256, sha256, tls10),
    SESAME_SUITE(TLS_RSA_PSK_WITH_AES_256_CBC_SHA384, rsa_psk, aes_256_cbc, sha384, sha384, tls10),
    SESAME_SUITE(TLS_RSA_PSK_WITH_NULL_SHA256, rsa_psk, null, sha256, sha256, tls10),
    SESAME_SUITE(TLS_RSA_PSK_WITH_NULL_SHA384, rsa_psk, null, sha384, sha384, tls10),
    SESAME_SUITE(TLS_RSA_PSK_WITH_ARIA_128_GCM_SHA256, rsa_psk, aria_128_gcm, none, sha256, tls12),
    SESAME_SUITE(TLS_RSA_PSK_WITH_ARIA_256_GCM_SHA384, rsa_psk, aria_256_gcm, none, sha384, tls12),
    SESAME_SUITE(TLS_RSA_PSK_WITH_CAMELLIA_128_CBC_SHA256, rsa_psk, camellia_128_cbc, sha256, sha256, tls10),
    SESAME_SUITE(TLS_RSA_PSK_WITH_CAMELLIA_256_CBC_SHA384, rsa_psk, camellia_256_cbc, sha384, sha384, tls10),
    SESAME_SUITE(TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256, rsa_psk, chacha20_poly1305, none, sha256, tls12),
    // ---- ECDHE_ECDSA ----
    SESAME_SUITE(TLS_ECDHE_ECDSA_WITH_NULL_SHA, ecdhe_ecdsa, null, sha1, sha256, tls10),
    SESAME_SUITE(TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, ecdhe_ecdsa, aes_128_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, ecdhe_ecdsa, aes_256_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, ecdhe_ecdsa, aes_128_cbc, sha256, sha256, tls12),
    SESAME_SUITE(TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384, ecdhe_ecdsa, aes_256_cbc, sha384, sha384, tls12),
    SESAME_SUITE(TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, ecdhe_ecdsa, aes_128_gcm, none, sha256, tls12),
    SESAME_SUITE(TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, ecdhe_ecdsa, aes_256_gcm, none, sha384, tls12),
    SESAME_SUITE(TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256, ecdhe_ecdsa, aria_128_gcm, none, sha256, tls12),
    SESAME_SUITE(TLS_ECDHE_ECDSA_WITH_ARIA_256_GCM_SHA384, ecdhe_ecdsa, aria_256_gcm, none, sha384, tls12),
    SESAME_SUITE(TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256, ecdhe_ecdsa, camellia_128_cbc, sha256, sha256,
                 tls12),
    SESAME_SUITE(TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384, ecdhe_ecdsa, camellia_256_cbc, sha384, sha384,
                 tls12),
    SESAME_SUITE(TLS_ECDHE_ECDSA_WITH_AES_128_CCM, ecdhe_ecdsa, aes_128_ccm, none, sha256, tls12),
    SESAME_SUITE(TLS_ECDHE_ECDSA_WITH_AES_256_CCM, ecdhe_ecdsa, aes_256_ccm, none, sha256, tls12),
    SESAME_SUITE(TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, ecdhe_ecdsa, aes_128_ccm_8, none, sha256, tls12),
    SESAME_SUITE(TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8, ecdhe_ecdsa, aes_256_ccm_8, none, sha256, tls12),
    SESAME_SUITE(TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, ecdhe_ecdsa, chacha20_poly1305, none, sha256,
                 tls12),
    // ---- ECDHE_RSA ----
    SESAME_SUITE(TLS_ECDHE_RSA_WITH_NULL_SHA, ecdhe_rsa, null, sha1, sha256, tls10),
    SESAME_SUITE(TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, ecdhe_rsa, aes_128_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, ecdhe_rsa, aes_256_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, ecdhe_rsa, aes_128_cbc, sha256, sha256, tls12),
    SESAME_SUITE(TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384, ecdhe_rsa, aes_256_cbc, sha384, sha384, tls12),
    SESAME_SUITE(TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, ecdhe_rsa, aes_128_gcm, none, sha256, tls12),
    SESAME_SUITE(TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, ecdhe_rsa, aes_256_gcm, none, sha384, tls12),
    SESAME_SUITE(TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256, ecdhe_rsa, aria_128_gcm, none, sha256, tls12),
    SESAME_SUITE(TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384, ecdhe_rsa, aria_256_gcm, none, sha384, tls12),
    SESAME_SUITE(TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256, ecdhe_rsa, camellia_128_cbc, sha256, sha256,
                 tls12),
    SESAME_SUITE(TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384, ecdhe_rsa, camellia_256_cbc, sha384, sha384,
                 tls12),
    SESAME_SUITE(TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, ecdhe_rsa, chacha20_poly1305, none, sha256,
                 tls12),
    // ---- DHE_RSA ----
    SESAME_SUITE(TLS_DHE_RSA_WITH_AES_128_CBC_SHA, dhe_rsa, aes_128_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_DHE_RSA_WITH_AES_256_CBC_SHA, dhe_rsa, aes_256_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA, dhe_rsa, camellia_128_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_DHE_RSA_WITH_AES_128_CBC_SHA256, dhe_rsa, aes_128_cbc, sha256, sha256, tls12),
    SESAME_SUITE(TLS_DHE_RSA_WITH_AES_256_CBC_SHA256, dhe_rsa, aes_256_cbc, sha256, sha256, tls12),
    SESAME_SUITE(TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA, dhe_rsa, camellia_256_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, dhe_rsa, aes_128_gcm, none, sha256, tls12),
    SESAME_SUITE(TLS_DHE_RSA_WITH_AES_256_GCM_SHA384, dhe_rsa, aes_256_gcm, none, sha384, tls12),
    SESAME_SUITE(TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256, dhe_rsa, camellia_128_cbc, sha256, sha256, tls12),
    SESAME_SUITE(TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256, dhe_rsa, camellia_256_cbc, sha256, sha256, tls12),
    SESAME_SUITE(TLS_DHE_RSA_WITH_ARIA_128_GCM_SHA256, dhe_rsa, aria_128_gcm, none, sha256, tls12),
    SESAME_SUITE(TLS_DHE_RSA_WITH_ARIA_256_GCM_SHA384, dhe_rsa, aria_256_gcm, none, sha384, tls12),
    SESAME_SUITE(TLS_DHE_RSA_WITH_AES_128_CCM, dhe_rsa, aes_128_ccm, none, sha256, tls12),
    SESAME_SUITE(TLS_DHE_RSA_WITH_AES_256_CCM, dhe_rsa, aes_256_ccm, none, sha256, tls12),
    SESAME_SUITE(TLS_DHE_RSA_WITH_AES_128_CCM_8, dhe_rsa, aes_128_ccm_8, none, sha256, tls12),
    SESAME_SUITE(TLS_DHE_RSA_WITH_AES_256_CCM_8, dhe_rsa, aes_256_ccm_8, none, sha256, tls12),
    SESAME_SUITE(TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256, dhe_rsa, chacha20_poly1305, none, sha256, tls12),
    // ---- RSA key transport ----
    SESAME_SUITE(TLS_RSA_WITH_NULL_MD5, rsa, null, md5, sha256, tls10),
    SESAME_SUITE(TLS_RSA_WITH_NULL_SHA, rsa, null, sha1, sha256, tls10),
    SESAME_SUITE(TLS_RSA_WITH_AES_128_CBC_SHA, rsa, aes_128_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_RSA_WITH_AES_256_CBC_SHA, rsa, aes_256_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_RSA_WITH_NULL_SHA256, rsa, null, sha256, sha256, tls12),
    SESAME_SUITE(TLS_RSA_WITH_AES_128_CBC_SHA256, rsa, aes_128_cbc, sha256, sha256, tls12),
    SESAME_SUITE(TLS_RSA_WITH_AES_256_CBC_SHA256, rsa, aes_256_cbc, sha256, sha256, tls12),
    SESAME_SUITE(TLS_RSA_WITH_CAMELLIA_128_CBC_SHA, rsa, camellia_128_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_RSA_WITH_CAMELLIA_256_CBC_SHA, rsa, camellia_256_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_RSA_WITH_AES_128_GCM_SHA256, rsa, aes_128_gcm, none, sha256, tls12),
    SESAME_SUITE(TLS_RSA_WITH_AES_256_GCM_SHA384, rsa, aes_256_gcm, none, sha384, tls12),
    SESAME_SUITE(TLS_RSA_WITH_CAMELLIA_128_CBC_SHA256, rsa, camellia_128_cbc, sha256, sha256, tls12),
    SESAME_SUITE(TLS_RSA_WITH_CAMELLIA_256_CBC_SHA256, rsa, camellia_256_cbc, sha256, sha256, tls12),
    SESAME_SUITE(TLS_RSA_WITH_ARIA_128_GCM_SHA256, rsa, aria_128_gcm, none, sha256, tls12),
    SESAME_SUITE(TLS_RSA_WITH_ARIA_256_GCM_SHA384, rsa, aria_256_gcm, none, sha384, tls12),
    SESAME_SUITE(TLS_RSA_WITH_AES_128_CCM, rsa, aes_128_ccm, none, sha256, tls12),
    SESAME_SUITE(TLS_RSA_WITH_AES_256_CCM, rsa, aes_256_ccm, none, sha256, tls12),
    SESAME_SUITE(TLS_RSA_WITH_AES_128_CCM_8, rsa, aes_128_ccm_8, none, sha256, tls12),
    SESAME_SUITE(TLS_RSA_WITH_AES_256_CCM_8, rsa, aes_256_ccm_8, none, sha256, tls12),
    // ---- Anonymous ----
    SESAME_SUITE(TLS_DH_anon_WITH_AES_128_CBC_SHA, dh_anon, aes_128_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_DH_anon_WITH_AES_256_CBC_SHA, dh_anon, aes_256_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_DH_anon_WITH_CAMELLIA_128_CBC_SHA, dh_anon, camellia_128_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_DH_anon_WITH_AES_128_CBC_SHA256, dh_anon, aes_128_cbc, sha256, sha256, tls12),
    SESAME_SUITE(TLS_DH_anon_WITH_AES_256_CBC_SHA256, dh_anon, aes_256_cbc, sha256, sha256, tls12),
    SESAME_SUITE(TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA, dh_anon, camellia_256_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_DH_anon_WITH_AES_128_GCM_SHA256, dh_anon, aes_128_gcm, none, sha256, tls12),
    SESAME_SUITE(TLS_DH_anon_WITH_AES_256_GCM_SHA384, dh_anon, aes_256_gcm, none, sha384, tls12),
    SESAME_SUITE(TLS_DH_anon_WITH_CAMELLIA_128_CBC_SHA256, dh_anon, camellia_128_cbc, sha256, sha256, tls12),
    SESAME_SUITE(TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA256, dh_anon, camellia_256_cbc, sha256, sha256, tls12),
    SESAME_SUITE(TLS_ECDH_anon_WITH_NULL_SHA, ecdh_anon, null, sha1, sha256, tls10),
    SESAME_SUITE(TLS_ECDH_anon_WITH_AES_128_CBC_SHA, ecdh_anon, aes_128_cbc, sha1, sha256, tls10),
    SESAME_SUITE(TLS_ECDH_anon_WITH_AES_256_CBC_SHA, ecdh_anon, aes_256_cbc, sha1, sha256, tls10),
});

// RFC 8446 section 5.5: 2^24.5 full records for AES-GCM; half of that leaves room for a slow peer.
// ChaCha20-Poly1305 has no limit short of the sequence number. For CCM RFC 9147 section 4.5.3 has 2^23
// records, for CCM_8 no safe figure at all: its limit is on forgeries, and a failed record ends the
// connection. ARIA has AES's block size, and so its limits.
constexpr std::uint64_t gcm_limit = std::uint64_t{1} << 23;
constexpr std::uint64_t ccm_limit = std::uint64_t{1} << 22;
constexpr std::uint64_t no_limit = std::uint64_t{1} << 62;

struct AeadRow {
  crypto::AeadId id;
  std::uint64_t records_per_key;
};
// In the order of Cipher.
constexpr AeadRow aeads[] = {
    {crypto::AeadId::aes_128_gcm, gcm_limit},      {crypto::AeadId::aes_256_gcm, gcm_limit},
    {crypto::AeadId::chacha20_poly1305, no_limit}, {crypto::AeadId::aes_128_ccm, ccm_limit},
    {crypto::AeadId::aes_128_ccm_8, ccm_limit},    {crypto::AeadId::aes_256_ccm, ccm_limit},
    {crypto::AeadId::aes_256_ccm_8, ccm_limit},    {crypto::AeadId::aria_128_gcm, gcm_limit},
    {crypto::AeadId::aria_256_gcm, gcm_limit},
};
constexpr crypto::CbcId cbcs[] = {crypto::CbcId::aes_128, crypto::CbcId::aes_256, crypto::CbcId::camellia_128,
                                  crypto::CbcId::camellia_256};

const Row* row_of(CipherSuite id) noexcept {
  for (const Row& row : suites) {
    if (row.id == id) return &row;
  }
  return nullptr;
}

constexpr auto ids = [] {
  std::array<CipherSuite, suites.size()> out{};
  for (std::size_t i = 0; i < suites.size(); ++i) out[i] = suites[i].id;
  return out;
}();

}  // namespace

namespace {

ProtocolVersion highest_of(const Row& row) noexcept {
  return row.lowest == ProtocolVersion::tls13 ? ProtocolVersion::tls13 : ProtocolVersion::tls12;
}

}  // namespace

std::optional<Suite> find_suite(const crypto::Provider& provider, CipherSuite id) noexcept {
  const Row* const row = row_of(id);
  if (!row) return std::nullopt;
  Suite suite{.id = row->id, .hash = row->hash};
  const auto cipher = static_cast<std::size_t>(row->cipher);
  if (cipher < std::size(aeads)) {
    suite.aead = provider.aead(aeads[cipher].id);
    suite.records_per_key = aeads[cipher].records_per_key;
    if (!suite.aead) return std::nullopt;
  } else if (row->cipher != Cipher::null) {
    suite.cbc = provider.cbc(cbcs[cipher - std::size(aeads)]);
    if (!suite.cbc) return std::nullopt;
  }
  suite.key_exchange = row->key_exchange;
  suite.mac = row->mac;
  suite.hmac = provider.mac(suite.mac);
  if (suite.mac != crypto::MacId::none && !suite.hmac) return std::nullopt;
  suite.lowest = row->lowest;
  suite.highest = highest_of(*row);
  return suite;
}

HashAlgorithm hash_of(CipherSuite id) noexcept {
  const Row* const row = row_of(id);
  return row ? row->hash : HashAlgorithm::sha256;
}

std::optional<bool> is_tls13(CipherSuite id) noexcept {
  const Row* const row = row_of(id);
  if (!row) return std::nullopt;
  return row->lowest == ProtocolVersion::tls13;
}

bool is_for(CipherSuite id, ProtocolVersion version) noexcept {
  const Row* const row = row_of(id);
  return row && row->lowest <= version && version <= highest_of(*row);
}

std::span<const CipherSuite> all_suites() noexcept { return ids; }

}  // namespace policy

std::vector<CipherSuite> default_cipher_suites() {
  using enum CipherSuite;
  return {
      TLS_AES_128_GCM_SHA256,
      TLS_CHACHA20_POLY1305_SHA256,
      TLS_AES_256_GCM_SHA384,
      TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
      TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
      TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
      TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
      TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
      TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
      TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256,
      TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
      TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384,
      TLS_DHE_PSK_WITH_AES_128_GCM_SHA256,
      TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
      TLS_DHE_PSK_WITH_AES_256_GCM_SHA384,
  };
}

std::vector<CipherSuite> cipher_suites_of(KeyExchangeMethod method) {
  std::vector<CipherSuite> out;
  for (const policy::Row& row : policy::suites) {
    if (row.key_exchange == method && row.cipher != policy::Cipher::null) out.push_back(row.id);
  }
  return out;
}

std::optional<CipherSuite> find_cipher_suite(std::string_view name) noexcept {
  for (const policy::Row& row : policy::suites) {
    if (row.name == name) return row.id;
  }
  return std::nullopt;
}

std::string_view name(CipherSuite suite) noexcept {
  const policy::Row* const row = policy::row_of(suite);
  return row ? row->name : std::string_view("unknown");
}

}  // namespace sesame
