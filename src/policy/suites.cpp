#include "policy/suites.h"

#include <array>

namespace sesame::policy {
namespace {

struct Row {
  CipherSuite id;
  HashAlgorithm hash;
  crypto::AeadId aead;
  std::uint64_t records_per_key;
};

// RFC 8446 section 5.5: 2^24.5 full records for AES-GCM; half of that leaves room for a slow peer.
// ChaCha20-Poly1305 has no limit short of the sequence number. For CCM RFC 9147 section 4.5.3 has 2^23
// records, for CCM_8 no safe figure at all: its limit is on forgeries, and a failed record ends the
// connection.
constexpr std::uint64_t gcm_limit = std::uint64_t{1} << 23;
constexpr std::uint64_t ccm_limit = std::uint64_t{1} << 22;
constexpr std::uint64_t chacha_limit = std::uint64_t{1} << 62;

constexpr auto suites = std::to_array<Row>({
    {CipherSuite::TLS_AES_128_GCM_SHA256, HashAlgorithm::sha256, crypto::AeadId::aes_128_gcm, gcm_limit},
    {CipherSuite::TLS_AES_256_GCM_SHA384, HashAlgorithm::sha384, crypto::AeadId::aes_256_gcm, gcm_limit},
    {CipherSuite::TLS_CHACHA20_POLY1305_SHA256, HashAlgorithm::sha256, crypto::AeadId::chacha20_poly1305,
     chacha_limit},
    {CipherSuite::TLS_AES_128_CCM_SHA256, HashAlgorithm::sha256, crypto::AeadId::aes_128_ccm, ccm_limit},
    {CipherSuite::TLS_AES_128_CCM_8_SHA256, HashAlgorithm::sha256, crypto::AeadId::aes_128_ccm_8, ccm_limit},
});

}  // namespace

std::optional<Suite> find_suite(const crypto::Provider& provider, CipherSuite id) noexcept {
  for (const Row& row : suites) {
    if (row.id != id) continue;
    const crypto::AeadAlgorithm* aead = provider.aead(row.aead);
    if (!aead) return std::nullopt;
    return Suite{row.id, row.hash, aead, row.records_per_key};
  }
  return std::nullopt;
}

HashAlgorithm hash_of(CipherSuite id) noexcept {
  return id == CipherSuite::TLS_AES_256_GCM_SHA384 ? HashAlgorithm::sha384 : HashAlgorithm::sha256;
}

}  // namespace sesame::policy
