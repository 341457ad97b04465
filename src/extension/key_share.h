// key_share (RFC 8446 section 4.2.8).
#pragma once

#include <sesame/types.h>

#include "wire/codec.h"

namespace sesame::extension {

struct KeyShareEntry {
  NamedGroup group{};
  wire::opaque<1, 0xffff> key_exchange;
  static constexpr auto fields(auto& m) { return std::tie(m.group, m.key_exchange); }
};
struct KeyShareClientHello {
  wire::list<KeyShareEntry, 0, 0xffff> client_shares;
  static constexpr auto fields(auto& m) { return std::tie(m.client_shares); }
};
struct KeyShareHelloRetryRequest {
  NamedGroup selected_group{};
  static constexpr auto fields(auto& m) { return std::tie(m.selected_group); }
};
struct KeyShareServerHello {
  KeyShareEntry server_share;
  static constexpr auto fields(auto& m) { return std::tie(m.server_share); }
};

}  // namespace sesame::extension
