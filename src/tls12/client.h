// The client of TLS 1.2 and below: RFC 5246 section 7.3, RFC 4851 section 3.2.2.
#pragma once

#include <sesame/connection.h>

#include <memory>
#include <span>

#include "handshake/client_start.h"
#include "tls12/common.h"

namespace sesame::tls12 {

enum class ClientState : std::uint8_t { START, WAIT_SH, CONNECTED };
std::string_view name(ClientState state) noexcept;

class Client {
 public:
  using State = ClientState;
  using Edge = handshake::Edge<Client, State>;

  explicit Client(const Endpoint& endpoint) : endpoint_(endpoint) {}

  /// START: sends the ClientHello. Errors: as Connection::client.
  Expected<> start(const ClientOptions& options);
  /// The same with what the machine of TLS 1.3 has prepared, which had nothing to offer of its own.
  Expected<> start(handshake::ClientStart&& start);
  /// The ClientHello was sent by the machine of TLS 1.3: a ServerHello of these versions comes next.
  void take_over(handshake::ClientStart&& start);

  Expected<> on_message(const handshake::Incoming& message);
  static std::span<const Edge> edges() noexcept;
  handshake::Facts facts() const noexcept { return 0; }
  bool expects(message::HandshakeType type) const noexcept {
    return handshake::has_edge(edges(), state_, type, facts());
  }

  bool is_suspended() const noexcept { return false; }
  bool awaits_verdict() const noexcept { return false; }
  bool awaits_psk() const noexcept { return false; }
  std::optional<PskHintQuery> pending_psk_hint() const { return std::nullopt; }
  Expected<> supply_psk(std::span<const Credential> credentials);
  std::optional<SignatureQuery> pending_signature() const { return std::nullopt; }
  Expected<> supply_signature(Bytes signature);
  Expected<> supply_verdict(std::optional<Alert> refusal);

  Expected<> renegotiate();
  /// Between the handshake's ChangeCipherSpec and its Finished, and before the first handshake is done, there
  /// is no application data.
  bool takes_application_data() const noexcept { return connected(); }

  void abandon() noexcept {}
  State state() const noexcept { return state_; }
  /// The first handshake is done; it stays so while another one goes on within the connection.
  bool connected() const noexcept { return state_ == State::CONNECTED; }
  Endpoint& endpoint() noexcept { return endpoint_; }
  const Endpoint& endpoint() const noexcept { return endpoint_; }

 private:
  Endpoint endpoint_;
  State state_ = State::START;
};

}  // namespace sesame::tls12
