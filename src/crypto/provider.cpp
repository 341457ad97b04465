#include "crypto/provider.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "crypto/error_queue.h"
#include "crypto/group_table.h"
#include "crypto/provider_functions.h"

namespace sesame::crypto {
namespace {

struct AeadRow {
  const char* name;
  std::uint8_t key_size, tag_size;
  bool is_ccm;
};

// In the order of AeadId. RFC 8446 appendix B.4, RFC 5116, RFC 6655 section 6.1 for the tag of 8 octets, RFC
// 6209.
constexpr AeadRow aead_rows[aead_count] = {
    {"AES-128-GCM", 16, 16, false}, {"AES-256-GCM", 32, 16, false},  {"ChaCha20-Poly1305", 32, 16, false},
    {"AES-128-CCM", 16, 16, true},  {"AES-128-CCM", 16, 8, true},    {"AES-256-CCM", 32, 16, true},
    {"AES-256-CCM", 32, 8, true},   {"ARIA-128-GCM", 16, 16, false}, {"ARIA-256-GCM", 32, 16, false},
};

}  // namespace

Provider::Provider(ossl_lib_ctx_st* library_context, std::string property_query)
    : library_context_(library_context), property_query_(std::move(property_query)) {}

Expected<std::shared_ptr<const Provider>> Provider::create(ossl_lib_ctx_st* library_context,
                                                           const std::string& property_query) {
  const ErrorQueueMark mark;  // an algorithm that is not there leaves an error
  std::shared_ptr<Provider> provider(new Provider(library_context, property_query));
  const auto fetch_hash = [&](const char* name, HashAlgorithm algorithm, Hash& hash) {
    hash.algorithm_ = algorithm;
    hash.evp_ = EVP_MD_fetch(library_context, name, provider->property_query());
    hash.low_level_ = hash.evp_ && is_default_provider(EVP_MD_get0_provider(hash.evp_));
    return hash.evp_ != nullptr;
  };
  if (!fetch_hash("SHA2-256", HashAlgorithm::sha256, provider->sha256_) ||
      !fetch_hash("SHA2-384", HashAlgorithm::sha384, provider->sha384_)) {
    return fail(Reason::algorithm_unavailable,
                "libcrypto has no SHA-256 and SHA-384 for this library context");
  }
  provider->sha512_ = EVP_MD_fetch(library_context, "SHA2-512", provider->property_query());
  for (std::size_t i = 0; i < aead_count; ++i) {
    AeadAlgorithm& aead = provider->aeads_[i];
    aead.evp_ = EVP_CIPHER_fetch(library_context, aead_rows[i].name, provider->property_query());
    aead.key_size_ = aead_rows[i].key_size;
    aead.tag_size_ = aead_rows[i].tag_size;
    aead.is_ccm_ = aead_rows[i].is_ccm;
    aead.is_chacha20_poly1305_ = i == static_cast<std::size_t>(AeadId::chacha20_poly1305);
    if (aead.evp_) aead.find_functions();
  }
  provider->fetch_below_tls13();
  provider->x25519_.find(*provider);
  provider->groups_ = available_groups(*provider);
  return provider;
}

const Expected<std::shared_ptr<const Provider>>& Provider::system() {
  // Never destroyed: credentials and connections of other static objects may still refer to it at exit.
  static const auto* const kept = new Expected<std::shared_ptr<const Provider>>(create(nullptr, {}));
  return *kept;
}

Provider::~Provider() {
  EVP_MD_free(sha256_.evp_);
  EVP_MD_free(sha384_.evp_);
  EVP_MD_free(sha512_);
  for (AeadAlgorithm& aead : aeads_) EVP_CIPHER_free(aead.evp_);
  for (CbcAlgorithm& cbc : cbcs_) EVP_CIPHER_free(cbc.evp_);
  for (MacAlgorithm& mac : macs_) EVP_MAC_CTX_free(mac.of_hidden_length_);
  for (EVP_MD* md : {md5_, sha1_, md5_sha1_}) EVP_MD_free(md);
}

const AeadAlgorithm* Provider::aead(AeadId id) const noexcept {
  const AeadAlgorithm& aead = aeads_[static_cast<std::size_t>(id)];
  return aead.evp_ ? &aead : nullptr;
}

// What only TLS 1.2 and below need: any of it may be missing.
void Provider::fetch_below_tls13() {
  constexpr struct {
    const char* name;
    std::uint8_t key_size;
  } rows[cbc_count] = {
      {"AES-128-CBC", 16}, {"AES-256-CBC", 32}, {"CAMELLIA-128-CBC", 16}, {"CAMELLIA-256-CBC", 32}};
  for (std::size_t i = 0; i < cbc_count; ++i) {
    cbcs_[i].evp_ = EVP_CIPHER_fetch(library_context_, rows[i].name, this->property_query());
    cbcs_[i].key_size_ = rows[i].key_size;
    if (cbcs_[i].evp_) cbcs_[i].find(*this);
  }
  md5_ = EVP_MD_fetch(library_context_, "MD5", this->property_query());
  sha1_ = EVP_MD_fetch(library_context_, "SHA1", this->property_query());
  md5_sha1_ = EVP_MD_fetch(library_context_, "MD5-SHA1", this->property_query());
  EVP_MAC* const hmac = EVP_MAC_fetch(library_context_, "HMAC", this->property_query());
  for (const MacId id : {MacId::md5, MacId::sha1, MacId::sha256, MacId::sha384}) {
    const Hash* const sha2 = id == MacId::sha256 ? &sha256_ : id == MacId::sha384 ? &sha384_ : nullptr;
    macs_[static_cast<std::size_t>(id)].find(id, digest(id), sha2, hmac, this->property_query());
  }
  EVP_MAC_free(hmac);
}

const MacAlgorithm* Provider::mac(MacId id) const noexcept {
  const MacAlgorithm& mac = macs_[static_cast<std::size_t>(id)];
  return mac.evp_ ? &mac : nullptr;
}

const CbcAlgorithm* Provider::cbc(CbcId id) const noexcept {
  const CbcAlgorithm& cbc = cbcs_[static_cast<std::size_t>(id)];
  return cbc.evp_ ? &cbc : nullptr;
}

const EVP_MD* Provider::digest(MacId mac) const noexcept {
  switch (mac) {
    case MacId::md5:
      return md5_;
    case MacId::sha1:
      return sha1_;
    case MacId::sha256:
      return sha256_.evp();
    case MacId::sha384:
      return sha384_.evp();
    case MacId::none:
      break;
  }
  return nullptr;
}

bool Provider::has_group(NamedGroup group) const noexcept {
  const int row = group_row(group);
  return row >= 0 && (groups_ >> row & 1) != 0;
}

Expected<> Provider::random(MutableBytes out) const {
  if (RAND_bytes_ex(library_context_, out.data(), out.size(), 0) == 1) return {};
  return fail(Reason::internal_error, "libcrypto has no random octets");
}

}  // namespace sesame::crypto
