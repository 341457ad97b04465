// pre_shared_key (RFC 8446 section 4.2.11).
#pragma once

#include "wire/codec.h"

namespace sesame::extension {

struct PskIdentity {
  wire::opaque<1, 0xffff> identity;
  std::uint32_t obfuscated_ticket_age = 0;  ///< 0 for an external PSK; a server ignores it there
  static constexpr auto fields(auto& m) { return std::tie(m.identity, m.obfuscated_ticket_age); }
};
using PskBinderEntry = wire::opaque<32, 255>;
struct OfferedPsks {
  wire::list<PskIdentity, 7, 0xffff> identities;
  wire::list<PskBinderEntry, 33, 0xffff> binders;
  static constexpr auto fields(auto& m) { return std::tie(m.identities, m.binders); }
};
struct SelectedPsk {
  std::uint16_t selected_identity = 0;
  static constexpr auto fields(auto& m) { return std::tie(m.selected_identity); }
};

}  // namespace sesame::extension
