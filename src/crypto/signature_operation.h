// One signature by libcrypto: which key, which padding, which hash. What a version of TLS allows is
// signature.cpp's.
#pragma once

#include <sesame/bytes.h>
#include <sesame/error.h>
#include <sesame/types.h>

#include <string_view>
#include <vector>

#include "crypto/signature.h"

namespace sesame::crypto {

enum class KeyKind : std::uint8_t { other, rsa, rsa_pss, ec, ed25519, ed448 };
enum class RsaPadding : std::uint8_t { none, pkcs1, pss };
/// md5_sha1: both, one behind the other, which PKCS #1 v1.5 signs without a DigestInfo (RFC 4346
/// section 4.7).
enum class SignatureDigest : std::uint8_t { none, md5_sha1, sha1, sha256, sha384, sha512 };

struct SignatureRow {
  SignatureScheme scheme;  ///< {}: it has none, in TLS 1.0 and 1.1
  KeyKind kind;
  RsaPadding padding;
  SignatureDigest digest;
  int curve;  ///< NID; 0: any, or no curve
};

KeyKind kind_of(EVP_PKEY* key) noexcept;

/// Whether the key is of the kind, on the curve, and large enough. Leaves errors in libcrypto's queue.
bool fits(const SignatureRow& row, EVP_PKEY* key) noexcept;

/// By a key that fits. `what` names the signature in an error. Errors: signature_failed; signature_invalid.
Expected<std::vector<std::uint8_t>> sign_by(const Provider& provider, EVP_PKEY* private_key,
                                            const SignatureRow& row, Bytes input);
Expected<> verify_by(const Provider& provider, EVP_PKEY* public_key, const SignatureRow& row, Bytes input,
                     Bytes signature, std::string_view what);

}  // namespace sesame::crypto
