// Compression of Certificate messages (RFC 8879).
#pragma once

#include <sesame/error.h>
#include <sesame/types.h>

#include <vector>

#include "wire/buffer.h"

namespace sesame::certificate {

/// Whether this build has the library.
bool has_compression(CertificateCompressionAlgorithm algorithm) noexcept;

/// The body of a Certificate message, compressed. Empty: it did not get shorter, or could not be done.
std::vector<std::uint8_t> compress(CertificateCompressionAlgorithm algorithm, Bytes message);

/// Expands to exactly `size` octets, which the caller has held against its bounds: memory grows with what
/// really comes out, never with what was declared. Error: certificate_compression_wrong (not well formed, of
/// another size, octets behind the end, an algorithm that is not there).
Expected<std::vector<std::uint8_t>> expand(CertificateCompressionAlgorithm algorithm, Bytes compressed,
                                           std::size_t size);

}  // namespace sesame::certificate
