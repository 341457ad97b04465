#include <sesame/session.h>

#include "session/serialize.h"
#include "session/session_body.h"

namespace sesame {

ProtocolVersion Session::version() const noexcept { return body_->version; }
CipherSuite Session::cipher_suite() const noexcept { return body_->cipher_suite; }
std::string_view Session::server_name() const noexcept { return body_->server_name; }
std::string_view Session::alpn() const noexcept { return body_->alpn; }
Authentication Session::authentication() const noexcept { return body_->authentication; }
Bytes Session::psk_identity() const noexcept { return as_bytes(body_->psk_identity); }
std::vector<Bytes> Session::peer_certificates() const {
  return {body_->peer_chain.begin(), body_->peer_chain.end()};
}
TimePoint Session::issued() const noexcept { return body_->issued; }
TimePoint Session::expires() const noexcept { return body_->issued + body_->lifetime; }
std::uint32_t Session::max_early_data() const noexcept { return body_->max_early_data; }
Bytes Session::ticket() const noexcept { return body_->ticket; }

std::vector<std::uint8_t> Session::serialize() const {
  const session::SerializedSession serialized(*body_);
  return {serialized.bytes().begin(), serialized.bytes().end()};
}

Expected<Session> Session::deserialize(Bytes octets) { return session::deserialize(octets); }

}  // namespace sesame
