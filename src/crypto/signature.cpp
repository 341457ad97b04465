#include "crypto/signature.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <string_view>

#include "crypto/error_queue.h"
#include "crypto/provider.h"
#include "crypto/provider_functions.h"

namespace sesame::crypto {
namespace {

enum class KeyKind : std::uint8_t { other, rsa, rsa_pss, ec, ed25519, ed448 };
enum class Digest : std::uint8_t { none, sha256, sha384, sha512 };

struct Row {
  SignatureScheme scheme;
  KeyKind kind;
  Digest digest;
  int curve;  ///< NID; 0: no curve
};

// The schemes of a CertificateVerify (RFC 8446 section 4.2.3), best first.
constexpr Row rows[] = {
    {SignatureScheme::ecdsa_secp256r1_sha256, KeyKind::ec, Digest::sha256, NID_X9_62_prime256v1},
    {SignatureScheme::ed25519, KeyKind::ed25519, Digest::none, 0},
    {SignatureScheme::ecdsa_secp384r1_sha384, KeyKind::ec, Digest::sha384, NID_secp384r1},
    {SignatureScheme::ecdsa_secp521r1_sha512, KeyKind::ec, Digest::sha512, NID_secp521r1},
    {SignatureScheme::ed448, KeyKind::ed448, Digest::none, 0},
    {SignatureScheme::rsa_pss_pss_sha256, KeyKind::rsa_pss, Digest::sha256, 0},
    {SignatureScheme::rsa_pss_rsae_sha256, KeyKind::rsa, Digest::sha256, 0},
    {SignatureScheme::rsa_pss_pss_sha384, KeyKind::rsa_pss, Digest::sha384, 0},
    {SignatureScheme::rsa_pss_rsae_sha384, KeyKind::rsa, Digest::sha384, 0},
    {SignatureScheme::rsa_pss_pss_sha512, KeyKind::rsa_pss, Digest::sha512, 0},
    {SignatureScheme::rsa_pss_rsae_sha512, KeyKind::rsa, Digest::sha512, 0},
};

const Row* row_of(SignatureScheme scheme) noexcept {
  for (const Row& row : rows) {
    if (row.scheme == scheme) return &row;
  }
  return nullptr;
}

bool is_rsa(const Row& row) noexcept { return row.kind == KeyKind::rsa || row.kind == KeyKind::rsa_pss; }

constexpr int size_of(Digest digest) noexcept {
  return digest == Digest::sha256 ? 32 : digest == Digest::sha384 ? 48 : digest == Digest::sha512 ? 64 : 0;
}

const char* name_of(Digest digest) noexcept {
  switch (digest) {
    case Digest::sha256:
      return "SHA2-256";
    case Digest::sha384:
      return "SHA2-384";
    case Digest::sha512:
      return "SHA2-512";
    case Digest::none:
      break;
  }
  return nullptr;
}

KeyKind kind_of(EVP_PKEY* key) noexcept {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return KeyKind::rsa;
    case EVP_PKEY_RSA_PSS:
      return KeyKind::rsa_pss;
    case EVP_PKEY_EC:
      return KeyKind::ec;
    case EVP_PKEY_ED25519:
      return KeyKind::ed25519;
    case EVP_PKEY_ED448:
      return KeyKind::ed448;
    default:
      return KeyKind::other;
  }
}

/// NID of the curve; NID_undef for one without a name.
int curve_of(EVP_PKEY* key) noexcept {
  char name[64];
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name, sizeof name, &size) != 1) return NID_undef;
  const int nid = OBJ_sn2nid(name);
  return nid != NID_undef ? nid : EC_curve_nist2nid(name);
}

/// What the parameters in an RSASSA-PSS key allow (RFC 8446 section 4.2.3: "the corresponding hash algorithm
/// MUST be the one in the parameters, if present"), salt length included.
bool parameters_allow(EVP_PKEY* key, Digest digest) noexcept {
  char name[32];
  if (EVP_PKEY_get_default_digest_name(key, name, sizeof name) != 2) return true;  // 2: it is mandatory
  const std::string_view short_name = name, long_name = name_of(digest);
  if (short_name != long_name &&
      !(short_name.starts_with("SHA") && short_name.substr(3) == long_name.substr(5))) {
    return false;
  }
  int salt = 0;
  if (EVP_PKEY_get_int_param(key, OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &salt) != 1) return true;
  return salt <= size_of(digest);
}

bool fits(const Row& row, EVP_PKEY* key) noexcept {
  if (kind_of(key) != row.kind) return false;
  switch (row.kind) {
    case KeyKind::ec:
      return curve_of(key) == row.curve;
    case KeyKind::rsa:
    case KeyKind::rsa_pss: {
      // RFC 8017 section 9.1.1: emLen of at least hLen + sLen + 2 octets, for a modulus of emBits + 1 bits.
      const int octets = (EVP_PKEY_get_bits(key) - 1 + 7) / 8;
      if (octets < 2 * size_of(row.digest) + 2) return false;
      return row.kind == KeyKind::rsa || parameters_allow(key, row.digest);
    }
    default:
      return true;
  }
}

struct FreePkeyContext {
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
};
struct FreeDigestContext {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, FreePkeyContext>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeDigestContext>;

/// RFC 8446 section 4.2.3: the salt is as long as the digest, and MGF1 has the same hash.
struct PssParameters {
  explicit PssParameters(Digest digest) noexcept {
    char* const name = const_cast<char*>(name_of(digest));  // not written to: OSSL_PARAM(3)
    values[0] = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, name, 0);
    values[1] = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PAD_MODE, &padding);
    values[2] = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, name, 0);
    values[3] = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &salt);
    values[4] = OSSL_PARAM_construct_end();
  }
  PssParameters(const PssParameters&) = delete;
  PssParameters& operator=(const PssParameters&) = delete;

  int padding = RSA_PKCS1_PSS_PADDING;
  int salt = RSA_PSS_SALTLEN_DIGEST;
  OSSL_PARAM values[5];
};

/// Hashing first and signing the digest spares what EVP_DigestSign does around it: 22 in place of 32
/// microseconds for ECDSA P-256 with libcrypto 3.0. Keys of any other provider may want to hash themselves.
bool can_be_prehashed(const Row& row, EVP_PKEY* key) noexcept {
  return row.digest != Digest::none && is_default_provider(EVP_PKEY_get0_provider(key));
}

/// The digest of `input` into `out`; its size, 0 for a failure.
std::size_t hash_input(const Provider& provider, Digest digest, Bytes input,
                       std::uint8_t (&out)[EVP_MAX_MD_SIZE]) noexcept {
  if (digest == Digest::sha512) {
    unsigned size = 0;
    return provider.sha512() &&
                   EVP_Digest(input.data(), input.size(), out, &size, provider.sha512(), nullptr) == 1
               ? size
               : 0;
  }
  const HashAlgorithm algorithm = digest == Digest::sha256 ? HashAlgorithm::sha256 : HashAlgorithm::sha384;
  const HashValue value = hash_of(provider.hash(algorithm), {input});
  std::ranges::copy(value.bytes(), out);
  return value.size();
}

PkeyContext context_for(const Provider& provider, EVP_PKEY* key) noexcept {
  return PkeyContext(EVP_PKEY_CTX_new_from_pkey(provider.library_context(), key, provider.property_query()));
}

bool sign_digest(const Provider& provider, EVP_PKEY* key, const Row& row, Bytes input, std::uint8_t* out,
                 std::size_t& size) noexcept {
  std::uint8_t digest[EVP_MAX_MD_SIZE];
  const std::size_t digest_size = hash_input(provider, row.digest, input, digest);
  const PkeyContext context = context_for(provider, key);
  const PssParameters pss(row.digest);
  return digest_size != 0 && context &&
         EVP_PKEY_sign_init_ex(context.get(), is_rsa(row) ? pss.values : nullptr) == 1 &&
         EVP_PKEY_sign(context.get(), out, &size, digest, digest_size) == 1;
}

bool verify_digest(const Provider& provider, EVP_PKEY* key, const Row& row, Bytes input,
                   Bytes signature) noexcept {
  std::uint8_t digest[EVP_MAX_MD_SIZE];
  const std::size_t digest_size = hash_input(provider, row.digest, input, digest);
  const PkeyContext context = context_for(provider, key);
  const PssParameters pss(row.digest);
  return digest_size != 0 && context &&
         EVP_PKEY_verify_init_ex(context.get(), is_rsa(row) ? pss.values : nullptr) == 1 &&
         EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest, digest_size) == 1;
}

/// Through the setters, which also reach keys of an ENGINE.
bool set_pss(const Row& row, EVP_PKEY_CTX* context) noexcept {
  return !is_rsa(row) || (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
                          EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
}

bool sign_message(const Provider& provider, EVP_PKEY* key, const Row& row, Bytes input, std::uint8_t* out,
                  std::size_t& size) noexcept {
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;  // belongs to `context`
  return context &&
         EVP_DigestSignInit_ex(context.get(), &key_context, name_of(row.digest), provider.library_context(),
                               provider.property_query(), key, nullptr) == 1 &&
         set_pss(row, key_context) &&
         EVP_DigestSign(context.get(), out, &size, input.data(), input.size()) == 1;
}

bool verify_message(const Provider& provider, EVP_PKEY* key, const Row& row, Bytes input,
                    Bytes signature) noexcept {
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;  // belongs to `context`
  return context &&
         EVP_DigestVerifyInit_ex(context.get(), &key_context, name_of(row.digest), provider.library_context(),
                                 provider.property_query(), key, nullptr) == 1 &&
         set_pss(row, key_context) &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), input.data(), input.size()) == 1;
}

}  // namespace

void FreeKey::operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }

KeyHandle share(EVP_PKEY* key) noexcept {
  return KeyHandle(key && EVP_PKEY_up_ref(key) == 1 ? key : nullptr);
}

KeyHandle read_public_key(const Provider& provider, Bytes subject_public_key_info) noexcept {
  const ErrorQueueMark mark;
  const unsigned char* at = subject_public_key_info.data();
  KeyHandle key(d2i_PUBKEY_ex(nullptr, &at, static_cast<long>(subject_public_key_info.size()),
                              provider.library_context(), provider.property_query()));
  if (key && at != subject_public_key_info.data() + subject_public_key_info.size()) key.reset();
  return key;
}

std::vector<std::uint8_t> subject_public_key_info(EVP_PKEY* key) {
  const ErrorQueueMark mark;
  const int size = i2d_PUBKEY(key, nullptr);
  if (size <= 0) return {};
  std::vector<std::uint8_t> out(static_cast<std::size_t>(size));
  unsigned char* at = out.data();
  if (i2d_PUBKEY(key, &at) != size) out.clear();
  return out;
}

bool fits(SignatureScheme scheme, EVP_PKEY* key) noexcept {
  const ErrorQueueMark mark;
  const Row* const row = row_of(scheme);
  return row && key && fits(*row, key);
}

std::vector<SignatureScheme> schemes_of(EVP_PKEY* key) {
  const ErrorQueueMark mark;
  std::vector<SignatureScheme> out;
  for (const Row& row : rows) {
    if (key && fits(row, key)) out.push_back(row.scheme);
  }
  return out;
}

bool is_for_certificate_verify(SignatureScheme scheme) noexcept { return row_of(scheme) != nullptr; }

Expected<std::vector<std::uint8_t>> sign(const Provider& provider, EVP_PKEY* private_key,
                                         SignatureScheme scheme, Bytes input) {
  const ErrorQueueMark mark;
  const Row* const row = row_of(scheme);
  if (!row || !private_key || !fits(*row, private_key)) {
    return fail(Reason::signature_failed, "the private key does not fit " + std::string(name(scheme)));
  }
  const int largest = EVP_PKEY_get_size(private_key);
  if (largest <= 0) return fail(Reason::signature_failed, "libcrypto does not know the size of a signature");
  std::vector<std::uint8_t> out(static_cast<std::size_t>(largest));
  std::size_t size = out.size();
  const bool done = can_be_prehashed(*row, private_key)
                        ? sign_digest(provider, private_key, *row, input, out.data(), size)
                        : sign_message(provider, private_key, *row, input, out.data(), size);
  if (!done || size == 0 || size > out.size()) return fail(Reason::signature_failed);
  out.resize(size);
  return out;
}

Expected<> verify(const Provider& provider, EVP_PKEY* public_key, SignatureScheme scheme, Bytes input,
                  Bytes signature) {
  const ErrorQueueMark mark;
  const Row* const row = row_of(scheme);
  if (!row || !public_key || !fits(*row, public_key)) {
    return fail(Reason::signature_scheme_not_offered,
                "the key of the peer does not sign by " + std::string(name(scheme)));
  }
  const bool valid = can_be_prehashed(*row, public_key)
                         ? verify_digest(provider, public_key, *row, input, signature)
                         : verify_message(provider, public_key, *row, input, signature);
  if (!valid) return fail(Reason::signature_invalid, std::string(name(scheme)));
  return {};
}

}  // namespace sesame::crypto
