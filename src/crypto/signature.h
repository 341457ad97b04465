// Signatures as TLS makes them: 1.3 (RFC 8446 sections 4.2.3 and 4.4.3), 1.2 (RFC 5246 section 4.7) and below
// (RFC 4346 section 4.7).
#pragma once

#include <openssl/types.h>
#include <sesame/bytes.h>
#include <sesame/error.h>
#include <sesame/types.h>

#include <memory>
#include <span>
#include <vector>

namespace sesame::crypto {

class Provider;

struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept;
};
/// One reference to a key of libcrypto.
using KeyHandle = std::unique_ptr<EVP_PKEY, FreeKey>;
KeyHandle share(EVP_PKEY* key) noexcept;  ///< one reference more
/// From a SubjectPublicKeyInfo (DER); empty: it is none, or of a kind that libcrypto does not have.
KeyHandle read_public_key(const Provider& provider, Bytes subject_public_key_info) noexcept;
std::vector<std::uint8_t> subject_public_key_info(EVP_PKEY* key);

/// Whether a key like this one makes signatures of `scheme` in a CertificateVerify of TLS 1.3: the kind of
/// key, for ECDSA its curve, and that an RSA key is large enough for PSS with the hash.
bool fits(SignatureScheme scheme, EVP_PKEY* key) noexcept;
/// All schemes of TLS 1.3 that fit, best first.
std::vector<SignatureScheme> schemes_of(EVP_PKEY* key);
/// Whether TLS 1.3 allows it in a CertificateVerify at all (section 4.2.3: no PKCS #1 v1.5, no SHA-1).
bool is_for_certificate_verify(SignatureScheme scheme) noexcept;

// ---- TLS 1.2 and below ----

/// Of which kind the keys are that the suites of TLS 1.2 and below speak of.
enum class SignatureKind : std::uint8_t { other, rsa, ecdsa };
/// ecdsa for EC, Ed25519 and Ed448 keys (RFC 8422 section 5.10), rsa for RSA and RSASSA-PSS ones.
SignatureKind signature_kind(EVP_PKEY* key) noexcept;

/// Whether a key like this one makes signatures of `scheme` in TLS 1.2 (RFC 5246 section 7.4.1.4.1, RFC 8446
/// section 4.2.3): PKCS #1 v1.5 and SHA-1 too, and ECDSA with any curve and hash.
bool fits_tls12(SignatureScheme scheme, EVP_PKEY* key) noexcept;
/// All schemes of TLS 1.2 that fit, best first; SHA-1 last.
std::vector<SignatureScheme> schemes_of_tls12(EVP_PKEY* key);
/// Signs and verifies by the rules of TLS 1.2. Errors: as sign and verify.
Expected<std::vector<std::uint8_t>> sign_tls12(const Provider& provider, EVP_PKEY* private_key,
                                               SignatureScheme scheme, Bytes input);
Expected<> verify_tls12(const Provider& provider, EVP_PKEY* public_key, SignatureScheme scheme, Bytes input,
                        Bytes signature);
/// The same in TLS 1.0 and 1.1, where the key says how: RSA signs MD5 and SHA-1 (RFC 4346 section 4.7), ECDSA
/// SHA-1 (RFC 8422 section 5.4). Errors: as sign and verify; signature_scheme_not_offered for other keys.
Expected<std::vector<std::uint8_t>> sign_tls10(const Provider& provider, EVP_PKEY* private_key, Bytes input);
Expected<> verify_tls10(const Provider& provider, EVP_PKEY* public_key, Bytes input, Bytes signature);

// ---- TLS 1.3 ----

/// Errors: signature_failed.
Expected<std::vector<std::uint8_t>> sign(const Provider& provider, EVP_PKEY* private_key,
                                         SignatureScheme scheme, Bytes input);
/// Errors: signature_invalid; signature_scheme_not_offered for a scheme that does not fit the key.
Expected<> verify(const Provider& provider, EVP_PKEY* public_key, SignatureScheme scheme, Bytes input,
                  Bytes signature);

}  // namespace sesame::crypto
