// Certificates of peers that were found trusted, as libcrypto's objects: to decode one is a fifth of a
// handshake by ECDSA, and who comes back shows the same octets.
#pragma once

#include <sesame/bytes.h>

#include <array>
#include <mutex>
#include <vector>

#include "certificate/handles.h"

namespace sesame::certificate {

/// Of one context, by whose library context all of them were decoded. Only what a trust anchor vouches for is
/// kept, so that a stranger can neither fill it nor push anything out; to be kept is no verdict: each
/// handshake judges anew. Bounded: 64 certificates of 4 KiB at most. Safe for concurrent calls.
class KnownCertificates {
 public:
  /// What `der` decodes to, counted once more; empty: it is not here.
  X509Handle find(Bytes der) noexcept;
  /// `certificate` is what `der` decodes to.
  void keep(Bytes der, X509* certificate);

 private:
  static constexpr std::size_t sets = 16, ways = 4, most_octets = 4096;
  struct Entry {
    std::vector<std::uint8_t> der;
    X509Handle certificate;
  };
  struct Set {
    std::array<Entry, ways> entries;
    std::size_t oldest = 0;
  };
  Set& set_of(Bytes der) noexcept;

  std::mutex mutex_;
  std::array<Set, sets> sets_;
};

}  // namespace sesame::certificate
