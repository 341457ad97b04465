#pragma once

#include "wire/codec.h"

namespace sesame::message {

enum class KeyUpdateRequest : std::uint8_t { update_not_requested = 0, update_requested = 1 };

struct KeyUpdate {  // RFC 8446 section 4.6.3
  KeyUpdateRequest request_update{};
  static constexpr auto fields(auto& m) { return std::tie(m.request_update); }
};

}  // namespace sesame::message
