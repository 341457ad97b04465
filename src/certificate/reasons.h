// What libcrypto says of a chain, as a Reason.
#pragma once

#include <sesame/error.h>

namespace sesame::certificate {

/// For an X509_V_ERR_ value; certificate_not_trusted for one that has no better Reason.
Reason reason_of(int verify_error) noexcept;

}  // namespace sesame::certificate
