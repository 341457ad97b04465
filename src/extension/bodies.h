// The small extensions: what stands in extension_data.
#pragma once

#include <sesame/types.h>

#include "wire/codec.h"

namespace sesame::extension {

struct SupportedVersionsOffer {  // RFC 8446 section 4.2.1, in a ClientHello
  wire::list<std::uint16_t, 2, 254> versions;
  static constexpr auto fields(auto& m) { return std::tie(m.versions); }
};
struct SupportedVersionsChoice {  // in a ServerHello and a HelloRetryRequest
  std::uint16_t selected_version = 0;
  static constexpr auto fields(auto& m) { return std::tie(m.selected_version); }
};
struct Cookie {  // section 4.2.2
  wire::opaque<1, 0xffff> cookie;
  static constexpr auto fields(auto& m) { return std::tie(m.cookie); }
};
struct NamedGroupList {  // section 4.2.7
  wire::list<NamedGroup, 2, 0xffff> named_group_list;
  static constexpr auto fields(auto& m) { return std::tie(m.named_group_list); }
};
struct PskKeyExchangeModes {  // section 4.2.9
  wire::list<PskKeyExchangeMode, 1, 255> ke_modes;
  static constexpr auto fields(auto& m) { return std::tie(m.ke_modes); }
};
struct ProtocolNameList {  // RFC 7301 section 3.1
  wire::list<wire::opaque<1, 255>, 2, 0xffff> protocol_name_list;
  static constexpr auto fields(auto& m) { return std::tie(m.protocol_name_list); }
};
struct RecordSizeLimit {  // RFC 8449 section 4
  std::uint16_t record_size_limit = 0;
  static constexpr auto fields(auto& m) { return std::tie(m.record_size_limit); }
};
enum class MaxFragmentLengthCode : std::uint8_t {};
struct MaxFragmentLength {  // RFC 6066 section 4: 1 is 2^9, 2 is 2^10, 3 is 2^11, 4 is 2^12
  MaxFragmentLengthCode max_fragment_length{};
  static constexpr auto fields(auto& m) { return std::tie(m.max_fragment_length); }
};
enum class NameType : std::uint8_t { host_name = 0 };
struct ServerName {  // RFC 6066 section 3
  NameType name_type{};
  wire::opaque<1, 0xffff> host_name;
  static constexpr auto fields(auto& m) { return std::tie(m.name_type, m.host_name); }
};
struct ServerNameList {
  wire::list<ServerName, 1, 0xffff> server_name_list;
  static constexpr auto fields(auto& m) { return std::tie(m.server_name_list); }
};

struct SignatureSchemeList {  // section 4.2.3; signature_algorithms_cert as well
  wire::list<SignatureScheme, 2, 0xfffe> supported_signature_algorithms;
  static constexpr auto fields(auto& m) { return std::tie(m.supported_signature_algorithms); }
};
struct CertificateAuthorities {  // section 4.2.4
  wire::list<wire::opaque<1, 0xffff>, 3, 0xffff> authorities;
  static constexpr auto fields(auto& m) { return std::tie(m.authorities); }
};
struct CertificateTypeOffer {  // RFC 7250 section 3: in a ClientHello
  wire::list<CertificateType, 1, 255> certificate_types;
  static constexpr auto fields(auto& m) { return std::tie(m.certificate_types); }
};
struct CertificateTypeChoice {  // in EncryptedExtensions
  CertificateType certificate_type{};
  static constexpr auto fields(auto& m) { return std::tie(m.certificate_type); }
};
struct CertificateCompressionAlgorithms {  // RFC 8879 section 3
  wire::list<CertificateCompressionAlgorithm, 2, 254> algorithms;
  static constexpr auto fields(auto& m) { return std::tie(m.algorithms); }
};
enum class CertificateStatusType : std::uint8_t { ocsp = 1 };
struct CertificateStatusRequest {  // RFC 6066 section 8: in a ClientHello and a CertificateRequest
  CertificateStatusType status_type{};
  wire::opaque<0, 0xffff> responder_id_list;
  wire::opaque<0, 0xffff> request_extensions;
  static constexpr auto fields(auto& m) {
    return std::tie(m.status_type, m.responder_id_list, m.request_extensions);
  }
};
struct CertificateStatus {  // RFC 8446 section 4.4.2.1: in a CertificateEntry
  CertificateStatusType status_type{};
  wire::opaque<1, 0xffffff> response;
  static constexpr auto fields(auto& m) { return std::tie(m.status_type, m.response); }
};
struct EarlyDataIndication {  // section 4.2.10: in a NewSessionTicket
  std::uint32_t max_early_data_size = 0;
  static constexpr auto fields(auto& m) { return std::tie(m.max_early_data_size); }
};

// ---- TLS 1.2 and below ----

enum class EcPointFormat : std::uint8_t { uncompressed = 0 };
struct EcPointFormatList {  // RFC 8422 section 5.1.2
  wire::list<EcPointFormat, 1, 255> ec_point_format_list;
  static constexpr auto fields(auto& m) { return std::tie(m.ec_point_format_list); }
};
struct RenegotiationInfo {  // RFC 5746 section 3.2
  wire::opaque<0, 255> renegotiated_connection;
  static constexpr auto fields(auto& m) { return std::tie(m.renegotiated_connection); }
};

}  // namespace sesame::extension
