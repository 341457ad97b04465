#pragma once

#include "message/extension.h"

namespace sesame::message {

struct EncryptedExtensions {  // RFC 8446 section 4.3.1
  wire::list<Extension, 0, 0xffff> extensions;
  static constexpr auto fields(auto& m) { return std::tie(m.extensions); }
};

}  // namespace sesame::message
