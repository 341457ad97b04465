// The client of TLS 1.3: RFC 8446 appendix A.1.
#pragma once

#include <sesame/connection.h>

#include <memory>
#include <span>
#include <vector>

#include "crypto/key_exchange.h"
#include "extension/table.h"
#include "message/server_hello.h"
#include "tls13/common.h"

namespace sesame::tls13 {

/// The states of appendix A.1. WAIT_CERT_CR, WAIT_CERT and WAIT_CV get their rows with certificates.
enum class ClientState : std::uint8_t {
  START,
  WAIT_SH,
  WAIT_EE,
  WAIT_CERT_CR,
  WAIT_CERT,
  WAIT_CV,
  WAIT_FINISHED,
  CONNECTED,
};
std::string_view name(ClientState state) noexcept;

/// What is freed when the handshake is done.
struct ClientHandshake {
  TimePoint now;
  std::vector<Credential> own_credentials;  // from ClientOptions; empty: the context's are used
  std::span<const Credential> credentials;
  message::Random random;
  std::array<std::uint8_t, 32> session_id;
  std::uint8_t session_id_size = 0;
  extension::TypeSet requested;
  std::vector<crypto::KeyExchange> shares;  // none in psk_ke: no allocation
  std::vector<std::uint8_t> cookie;
  std::optional<NamedGroup> retry_group;
  const policy::Suite* retry_suite = nullptr;  // set: there was a HelloRetryRequest
  transcript::Transcript transcript;
  const Credential* credential = nullptr;  // the one that the server chose
  crypto::HmacKey client_traffic;          // handshake traffic secrets, as keys
  crypto::HmacKey server_traffic;
  std::optional<secret::HandshakeStage> stage;

  Bytes legacy_session_id() const noexcept { return {session_id.data(), session_id_size}; }
};

class Client {
 public:
  using State = ClientState;
  using Edge = handshake::Edge<Client, State>;

  explicit Client(const Endpoint& endpoint) : endpoint_(endpoint) {}

  /// START: sends the ClientHello. Errors: as Connection::client.
  Expected<> start(const ClientOptions& options);
  /// Any message of the handshake or after it.
  Expected<> on_message(const handshake::Incoming& message);
  static std::span<const Edge> edges() noexcept;
  bool expects(message::HandshakeType type) const noexcept {
    return handshake::has_edge(edges(), state_, type);
  }

  /// Frees, and wipes, what the handshake holds: nothing more will come.
  void abandon() noexcept { handshake_.reset(); }

  State state() const noexcept { return state_; }
  bool connected() const noexcept { return state_ == State::CONNECTED; }
  Endpoint& endpoint() noexcept { return endpoint_; }

 private:
  friend struct ClientTestAccess;
  static Expected<State> on_server_hello(Client& client, const handshake::Incoming& message);
  static Expected<State> on_encrypted_extensions(Client& client, const handshake::Incoming& message);
  static Expected<State> on_finished(Client& client, const handshake::Incoming& message);
  static Expected<State> on_new_session_ticket(Client& client, const handshake::Incoming& message);
  static Expected<State> on_key_update(Client& client, const handshake::Incoming& message);

  // client_hello.cpp
  Expected<> prepare(const ClientOptions& options);
  Expected<> send_client_hello();
  bool fits(const Credential& credential) const;  // this connection, as the context has it
  bool offers(const Credential& credential) const;
  bool offers(const policy::Suite& suite) const;
  void write_client_hello_extensions(wire::Writer& w);
  void write_pre_shared_key(wire::Writer& w);
  Expected<> write_binders(MutableBytes client_hello);
  const Credential* offered_credential(std::size_t selected_identity) const;

  // client.cpp
  Expected<const policy::Suite*> check_server_hello(const message::ServerHello& hello) const;
  Expected<State> on_hello_retry_request(const message::ServerHello& hello, const policy::Suite& suite,
                                         Bytes whole);
  Expected<secret::HandshakeStage> agree(const extension::Extensions& extensions, const policy::Suite& suite);

  Endpoint endpoint_;
  std::unique_ptr<ClientHandshake> handshake_;
  State state_ = State::START;
};

}  // namespace sesame::tls13
