#pragma once

#include <sesame/types.h>

#include "wire/codec.h"

namespace sesame::message {

struct CertificateVerify {  // RFC 8446 section 4.4.3
  SignatureScheme algorithm{};
  wire::opaque<0, 0xffff> signature;
  static constexpr auto fields(auto& m) { return std::tie(m.algorithm, m.signature); }
};

}  // namespace sesame::message
