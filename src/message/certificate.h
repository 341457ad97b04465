#pragma once

#include <sesame/types.h>

#include "message/extension.h"

namespace sesame::message {

struct CertificateEntry {  // RFC 8446 section 4.4.2
  wire::opaque<1, 0xffffff> cert_data;
  wire::list<Extension, 0, 0xffff> extensions;
  static constexpr auto fields(auto& m) { return std::tie(m.cert_data, m.extensions); }
};

struct Certificate {
  wire::opaque<0, 255> certificate_request_context;
  wire::list<CertificateEntry, 0, 0xffffff> certificate_list;
  static constexpr auto fields(auto& m) {
    return std::tie(m.certificate_request_context, m.certificate_list);
  }
};

struct CompressedCertificate {  // RFC 8879 section 4
  CertificateCompressionAlgorithm algorithm{};
  std::array<std::uint8_t, 3> uncompressed_length{};
  wire::opaque<1, 0xffffff> compressed_certificate_message;
  static constexpr auto fields(auto& m) {
    return std::tie(m.algorithm, m.uncompressed_length, m.compressed_certificate_message);
  }
};

}  // namespace sesame::message
