#include "crypto/signature.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include <algorithm>

#include "crypto/error_queue.h"
#include "crypto/provider.h"
#include "crypto/signature_operation.h"

namespace sesame::crypto {
namespace {

using Row = SignatureRow;
using enum RsaPadding;
using Digest = SignatureDigest;

// The schemes of a CertificateVerify of TLS 1.3 (RFC 8446 section 4.2.3), best first.
constexpr Row rows13[] = {
    {SignatureScheme::ecdsa_secp256r1_sha256, KeyKind::ec, none, Digest::sha256, NID_X9_62_prime256v1},
    {SignatureScheme::ed25519, KeyKind::ed25519, none, Digest::none, 0},
    {SignatureScheme::ecdsa_secp384r1_sha384, KeyKind::ec, none, Digest::sha384, NID_secp384r1},
    {SignatureScheme::ecdsa_secp521r1_sha512, KeyKind::ec, none, Digest::sha512, NID_secp521r1},
    {SignatureScheme::ed448, KeyKind::ed448, none, Digest::none, 0},
    {SignatureScheme::rsa_pss_pss_sha256, KeyKind::rsa_pss, pss, Digest::sha256, 0},
    {SignatureScheme::rsa_pss_rsae_sha256, KeyKind::rsa, pss, Digest::sha256, 0},
    {SignatureScheme::rsa_pss_pss_sha384, KeyKind::rsa_pss, pss, Digest::sha384, 0},
    {SignatureScheme::rsa_pss_rsae_sha384, KeyKind::rsa, pss, Digest::sha384, 0},
    {SignatureScheme::rsa_pss_pss_sha512, KeyKind::rsa_pss, pss, Digest::sha512, 0},
    {SignatureScheme::rsa_pss_rsae_sha512, KeyKind::rsa, pss, Digest::sha512, 0},
};

// What TLS 1.2 has beside them, or has otherwise, best first: an ECDSA code point says the hash and leaves
// the curve open (RFC 5246 section 7.4.1.4.1, RFC 8446 section 4.2.3).
constexpr Row rows12[] = {
    {SignatureScheme::ecdsa_secp256r1_sha256, KeyKind::ec, none, Digest::sha256, 0},
    {SignatureScheme::ecdsa_secp384r1_sha384, KeyKind::ec, none, Digest::sha384, 0},
    {SignatureScheme::ecdsa_secp521r1_sha512, KeyKind::ec, none, Digest::sha512, 0},
    {SignatureScheme::rsa_pkcs1_sha256, KeyKind::rsa, pkcs1, Digest::sha256, 0},
    {SignatureScheme::rsa_pkcs1_sha384, KeyKind::rsa, pkcs1, Digest::sha384, 0},
    {SignatureScheme::rsa_pkcs1_sha512, KeyKind::rsa, pkcs1, Digest::sha512, 0},
    {SignatureScheme::ecdsa_sha1, KeyKind::ec, none, Digest::sha1, 0},
    {SignatureScheme::rsa_pkcs1_sha1, KeyKind::rsa, pkcs1, Digest::sha1, 0},
};

// Below TLS 1.2 the key says how: RFC 4346 section 4.7, RFC 8422 section 5.4.
constexpr Row rows10[] = {
    {SignatureScheme{}, KeyKind::rsa, pkcs1, Digest::md5_sha1, 0},
    {SignatureScheme{}, KeyKind::ec, none, Digest::sha1, 0},
};

const Row* find(std::span<const Row> rows, SignatureScheme scheme) noexcept {
  const auto at = std::ranges::find(rows, scheme, &Row::scheme);
  return at == rows.end() ? nullptr : &*at;
}
const Row* row_of_tls13(SignatureScheme scheme) noexcept { return find(rows13, scheme); }
const Row* row_of_tls12(SignatureScheme scheme) noexcept {
  const Row* const row = find(rows12, scheme);
  return row ? row : find(rows13, scheme);
}
/// nullptr: TLS 1.0 and 1.1 have no signature by such a key.
const Row* row_of_tls10(EVP_PKEY* key) noexcept {
  if (!key) return nullptr;
  for (const Row& row : rows10) {
    if (fits(row, key)) return &row;
  }
  return nullptr;
}

Expected<std::vector<std::uint8_t>> sign_if_it_fits(const Provider& provider, EVP_PKEY* private_key,
                                                    const Row* row, SignatureScheme scheme, Bytes input) {
  if (!row || !private_key || !fits(*row, private_key)) {
    return fail(Reason::signature_failed, "the private key does not fit " + std::string(name(scheme)));
  }
  return sign_by(provider, private_key, *row, input);
}

Expected<> verify_if_it_fits(const Provider& provider, EVP_PKEY* public_key, const Row* row,
                             SignatureScheme scheme, Bytes input, Bytes signature) {
  if (!row || !public_key || !fits(*row, public_key)) {
    return fail(Reason::signature_scheme_not_offered,
                "the key of the peer does not sign by " + std::string(name(scheme)));
  }
  return verify_by(provider, public_key, *row, input, signature, name(scheme));
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

// ---- TLS 1.3 ----

bool fits(SignatureScheme scheme, EVP_PKEY* key) noexcept {
  const ErrorQueueMark mark;
  const Row* const row = row_of_tls13(scheme);
  return row && key && fits(*row, key);
}

std::vector<SignatureScheme> schemes_of(EVP_PKEY* key) {
  const ErrorQueueMark mark;
  std::vector<SignatureScheme> out;
  for (const Row& row : rows13) {
    if (key && fits(row, key)) out.push_back(row.scheme);
  }
  return out;
}

bool is_for_certificate_verify(SignatureScheme scheme) noexcept { return row_of_tls13(scheme) != nullptr; }

Expected<std::vector<std::uint8_t>> sign(const Provider& provider, EVP_PKEY* private_key,
                                         SignatureScheme scheme, Bytes input) {
  const ErrorQueueMark mark;
  return sign_if_it_fits(provider, private_key, row_of_tls13(scheme), scheme, input);
}

Expected<> verify(const Provider& provider, EVP_PKEY* public_key, SignatureScheme scheme, Bytes input,
                  Bytes signature) {
  const ErrorQueueMark mark;
  return verify_if_it_fits(provider, public_key, row_of_tls13(scheme), scheme, input, signature);
}

// ---- TLS 1.2 and below ----

SignatureKind signature_kind(EVP_PKEY* key) noexcept {
  if (!key) return SignatureKind::other;
  switch (kind_of(key)) {
    case KeyKind::rsa:
    case KeyKind::rsa_pss:
      return SignatureKind::rsa;
    case KeyKind::ec:
    case KeyKind::ed25519:
    case KeyKind::ed448:
      return SignatureKind::ecdsa;
    case KeyKind::other:
      break;
  }
  return SignatureKind::other;
}

bool fits_tls12(SignatureScheme scheme, EVP_PKEY* key) noexcept {
  const ErrorQueueMark mark;
  const Row* const row = row_of_tls12(scheme);
  return row && key && fits(*row, key);
}

std::vector<SignatureScheme> schemes_of_tls12(EVP_PKEY* key) {
  // The hash that goes with the curve is the best one here too.
  std::vector<SignatureScheme> out = schemes_of(key);
  const ErrorQueueMark mark;
  for (const Row& row : rows12) {
    if (key && fits(row, key) && std::ranges::find(out, row.scheme) == out.end()) out.push_back(row.scheme);
  }
  return out;
}

Expected<std::vector<std::uint8_t>> sign_tls12(const Provider& provider, EVP_PKEY* private_key,
                                               SignatureScheme scheme, Bytes input) {
  const ErrorQueueMark mark;
  return sign_if_it_fits(provider, private_key, row_of_tls12(scheme), scheme, input);
}

Expected<> verify_tls12(const Provider& provider, EVP_PKEY* public_key, SignatureScheme scheme, Bytes input,
                        Bytes signature) {
  const ErrorQueueMark mark;
  return verify_if_it_fits(provider, public_key, row_of_tls12(scheme), scheme, input, signature);
}

Expected<std::vector<std::uint8_t>> sign_tls10(const Provider& provider, EVP_PKEY* private_key, Bytes input) {
  const ErrorQueueMark mark;
  const Row* const row = row_of_tls10(private_key);
  if (!row) {
    return fail(Reason::signature_scheme_not_offered,
                "TLS 1.0 and 1.1 have no signature by a key of this kind");
  }
  return sign_by(provider, private_key, *row, input);
}

Expected<> verify_tls10(const Provider& provider, EVP_PKEY* public_key, Bytes input, Bytes signature) {
  const ErrorQueueMark mark;
  const Row* const row = row_of_tls10(public_key);
  if (!row) {
    return fail(Reason::signature_scheme_not_offered,
                "TLS 1.0 and 1.1 have no signature by a key of the kind of the peer's");
  }
  return verify_by(provider, public_key, *row, input, signature,
                   row->kind == KeyKind::rsa ? "RSA with MD5 and SHA-1" : "ECDSA with SHA-1");
}

}  // namespace sesame::crypto
