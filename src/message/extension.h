#pragma once

#include "extension/extension_type.h"
#include "wire/codec.h"

namespace sesame::message {

struct Extension {  // RFC 8446 section 4.2
  extension::ExtensionType extension_type{};
  wire::opaque<0, 0xffff> extension_data;
  static constexpr auto fields(auto& m) { return std::tie(m.extension_type, m.extension_data); }
};

using Random = std::array<std::uint8_t, 32>;

inline constexpr std::uint16_t legacy_version_tls12 = 0x0303;
inline constexpr std::uint16_t legacy_version_ssl30 = 0x0300;  ///< appendix D.5: refused wherever it stands

}  // namespace sesame::message
