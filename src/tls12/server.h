// The server of TLS 1.2 and below: RFC 5246 section 7.3, RFC 4851 section 3.2.2.
#pragma once

#include <sesame/connection.h>

#include <memory>
#include <span>

#include "tls12/common.h"

namespace sesame::tls12 {

enum class ServerState : std::uint8_t { START, CONNECTED };
std::string_view name(ServerState state) noexcept;

class Server {
 public:
  using State = ServerState;
  using Edge = handshake::Edge<Server, State>;

  /// `options` are the connection's, nullptr if there are none; they live as long as it.
  Server(const Endpoint& endpoint, const ServerOptions* options) : endpoint_(endpoint), options_(options) {}

  Expected<> on_message(const handshake::Incoming& message);
  static std::span<const Edge> edges() noexcept;
  handshake::Facts facts() const noexcept { return 0; }
  bool expects(message::HandshakeType type) const noexcept {
    return handshake::has_edge(edges(), state_, type, facts());
  }

  bool is_suspended() const noexcept { return false; }
  bool awaits_psk() const noexcept { return false; }
  std::optional<PskQuery> pending_psk() const { return std::nullopt; }
  Expected<> supply_psk(std::span<const Credential> credentials);
  bool awaits_verdict() const noexcept { return false; }
  Expected<> supply_verdict(std::optional<Alert> refusal);
  std::optional<SignatureQuery> pending_signature() const { return std::nullopt; }
  Expected<> supply_signature(Bytes signature);

  Expected<> renegotiate();
  bool takes_application_data() const noexcept { return connected(); }

  void abandon() noexcept {}
  State state() const noexcept { return state_; }
  bool connected() const noexcept { return state_ == State::CONNECTED; }
  Endpoint& endpoint() noexcept { return endpoint_; }
  const Endpoint& endpoint() const noexcept { return endpoint_; }

 private:
  Endpoint endpoint_;
  const ServerOptions* options_;
  State state_ = State::START;
};

}  // namespace sesame::tls12
