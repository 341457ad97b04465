// Signatures as TLS 1.3 makes them (RFC 8446 sections 4.2.3 and 4.4.3).
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

/// Errors: signature_failed.
Expected<std::vector<std::uint8_t>> sign(const Provider& provider, EVP_PKEY* private_key,
                                         SignatureScheme scheme, Bytes input);
/// Errors: signature_invalid; signature_scheme_not_offered for a scheme that does not fit the key.
Expected<> verify(const Provider& provider, EVP_PKEY* public_key, SignatureScheme scheme, Bytes input,
                  Bytes signature);

}  // namespace sesame::crypto
