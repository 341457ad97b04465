#pragma once

#include "message/extension.h"

namespace sesame::message {

struct CertificateRequest {  // RFC 8446 section 4.3.2
  wire::opaque<0, 255> certificate_request_context;
  wire::list<Extension, 0, 0xffff> extensions;
  static constexpr auto fields(auto& m) { return std::tie(m.certificate_request_context, m.extensions); }
};

}  // namespace sesame::message
