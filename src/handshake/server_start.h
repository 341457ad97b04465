// A server until it knows which version it speaks: the ClientHello is read, the application chooses a
// context, and the version is chosen. The machine of that version then gets the same message.
#pragma once

#include <sesame/context.h>

#include <optional>
#include <vector>

#include "handshake/edges.h"
#include "handshake/endpoint.h"

namespace sesame::handshake {

/// RFC 8446 appendix A.2. In RECVD_CH the application owes a context, and nothing is read.
enum class ServerStartState : std::uint8_t { START, RECVD_CH };

class ServerStart {
 public:
  explicit ServerStart(const Endpoint& endpoint) : endpoint_(endpoint) {}

  /// nullopt: the context comes later, and the octets are kept. Errors: those of read_hello, choose_version,
  /// read_server_name; context_refused, unexpected_message.
  Expected<std::optional<ProtocolVersion>> on_message(const Incoming& message);
  bool expects(message::HandshakeType type) const noexcept {
    return state_ == ServerStartState::START && type == message::HandshakeType::client_hello;
  }

  bool is_suspended() const noexcept { return state_ == ServerStartState::RECVD_CH; }
  bool awaits_context() const noexcept { return is_suspended(); }
  std::optional<ClientHelloInfo> pending_context() const;
  /// The version; the ClientHello that was kept is in client_hello().
  Expected<ProtocolVersion> supply_context(std::shared_ptr<const Context> context);
  /// To be taken before the machine of the version is made.
  std::vector<std::uint8_t> take_client_hello() noexcept { return std::move(client_hello_); }
  bool ends_record() const noexcept { return ends_record_; }

  void abandon() noexcept { client_hello_.clear(); }
  ServerStartState state() const noexcept { return state_; }
  Endpoint& endpoint() noexcept { return endpoint_; }
  const Endpoint& endpoint() const noexcept { return endpoint_; }

 private:
  Expected<std::optional<ProtocolVersion>> read(const Incoming& message);

  Endpoint endpoint_;
  std::vector<std::uint8_t> client_hello_;  // while the context is owed
  bool ends_record_ = true;
  ServerStartState state_ = ServerStartState::START;
};

std::string_view name(ServerStartState state) noexcept;

}  // namespace sesame::handshake
