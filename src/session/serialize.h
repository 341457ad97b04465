// Sessions as octets: what Session::serialize gives, and what a ticket holds.
#pragma once

#include <sesame/session.h>

#include "session/session_body.h"
#include "wire/buffer.h"

namespace sesame::session {

/// A session on its way in or out: it holds a secret, and is wiped.
class SerializedSession {
 public:
  /// Empty if a field of the session is too long, which none from a handshake is.
  explicit SerializedSession(const SessionBody& body);
  SerializedSession(const SerializedSession&) = delete;
  SerializedSession& operator=(const SerializedSession&) = delete;
  ~SerializedSession();
  Bytes bytes() const noexcept { return buffer_.bytes(); }

 private:
  wire::Buffer buffer_;
  std::size_t reserved_;
};

/// Error: session_malformed.
Expected<Session> deserialize(Bytes octets);

}  // namespace sesame::session
