#pragma once

#include "message/extension.h"

namespace sesame::message {

struct NewSessionTicket {             // RFC 8446 section 4.6.1
  std::uint32_t ticket_lifetime = 0;  ///< seconds, at most 604800
  std::uint32_t ticket_age_add = 0;
  wire::opaque<0, 255> ticket_nonce;
  wire::opaque<1, 0xffff> ticket;
  wire::list<Extension, 0, 0xfffe> extensions;
  static constexpr auto fields(auto& m) {
    return std::tie(m.ticket_lifetime, m.ticket_age_add, m.ticket_nonce, m.ticket, m.extensions);
  }
};

}  // namespace sesame::message
