// HMAC by SHA-1 and MD5: what TLS before 1.2 and EAP-FAST derive keys with. Through EVP alone: nobody derives
// them by the thousand.
#pragma once

#include <sesame/bytes.h>
#include <sesame/error.h>

#include <initializer_list>

namespace sesame::crypto {

enum class LegacyHash : std::uint8_t { md5, sha1 };

constexpr std::size_t size_of(LegacyHash hash) noexcept { return hash == LegacyHash::md5 ? 16 : 20; }

/// The MAC over the parts one after the other; `out` has size_of(hash) octets. Error: algorithm_unavailable
/// (a FIPS provider has no MD5).
Expected<> legacy_hmac(LegacyHash hash, Bytes key, std::initializer_list<Bytes> parts, MutableBytes out);

}  // namespace sesame::crypto
