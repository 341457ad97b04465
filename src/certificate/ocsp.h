// Stapled OCSP responses (RFC 6960, RFC 6066 section 8, RFC 8446 section 4.4.2.1).
#pragma once

#include <sesame/credential.h>
#include <sesame/error.h>

#include "certificate/handles.h"
#include "crypto/provider.h"

namespace sesame::certificate {

/// What the clocks of responder and verifier may differ by.
inline constexpr std::chrono::seconds ocsp_leeway{300};
/// How long a response without nextUpdate counts from thisUpdate on. RFC 6960 section 4.2.2.1 has it that
/// newer information is available all the time then.
inline constexpr std::chrono::seconds ocsp_default_validity{24 * 3600};

struct OcspQuestion {
  X509* certificate;  ///< whose status it is about
  X509* issuer;       ///< of the certificate; nullptr: not known
  int security_level;
  TimePoint now;
};

/// The response says that the certificate is good: it is signed by the issuer, or by a responder that the
/// issuer itself has delegated it to, it is in date, and it is about this certificate. Errors:
/// ocsp_response_invalid, certificate_revoked.
Expected<> check_ocsp(const crypto::Provider& provider, const OcspQuestion& question, Bytes response);

}  // namespace sesame::certificate
