// The RSA key transport of TLS 1.2 and below (RFC 5246 section 7.4.7.1), without an oracle.
#pragma once

#include <sesame/bytes.h>
#include <sesame/error.h>
#include <sesame/types.h>

#include <vector>

#include "crypto/signature.h"
#include "secret/secret_bytes.h"

namespace sesame::crypto {

class Provider;

inline constexpr std::size_t rsa_premaster_size = 48;  // octets: the client's version, then 46 random ones
using RsaPremaster = secret::BasicSecret<rsa_premaster_size>;

/// Client: a new premaster secret for the version that its ClientHello offered, and it encrypted. Errors:
/// certificate_key_unsuitable (no RSA key), internal_error.
Expected<std::vector<std::uint8_t>> encrypt_premaster(const Provider& provider, EVP_PKEY* public_key,
                                                      ProtocolVersion offered, RsaPremaster& premaster);

/// Server: always gives 48 octets, random ones where what was encrypted is not well formed or has another
/// version: neither the result nor the time tells (RSA_PKCS1_WITH_TLS_PADDING). `offered` is legacy_version
/// of the ClientHello. Error: internal_error, for reasons that are not the client's.
Expected<> decrypt_premaster(const Provider& provider, EVP_PKEY* private_key, ProtocolVersion offered,
                             Bytes encrypted, RsaPremaster& premaster);
/// Whether the key can decrypt: RSA, not RSASSA-PSS.
bool can_transport(EVP_PKEY* key) noexcept;

}  // namespace sesame::crypto
