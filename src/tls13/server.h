// The server of TLS 1.3: RFC 8446 appendix A.2.
#pragma once

#include <memory>
#include <vector>

#include "extension/table.h"
#include "message/client_hello.h"
#include "psk/credential_body.h"
#include "tls13/common.h"
#include "tls13/negotiate.h"

namespace sesame::tls13 {

/// The states of appendix A.2. WAIT_EOED, WAIT_FLIGHT2, WAIT_CERT and WAIT_CV get their rows with early data
/// and certificates; NEGOTIATED is passed through within a handler.
enum class ServerState : std::uint8_t {
  START,
  RECVD_CH,
  NEGOTIATED,
  WAIT_EOED,
  WAIT_FLIGHT2,
  WAIT_CERT,
  WAIT_CV,
  WAIT_FINISHED,
  CONNECTED,
};
std::string_view name(ServerState state) noexcept;

/// What the second ClientHello is held against (section 4.1.2).
struct Retry {
  const policy::Suite* suite = nullptr;
  std::optional<NamedGroup> group;  // nullopt: only the cookie was missing
  std::vector<std::uint8_t> cookie;
  message::Random random;
  crypto::HashValue session_id_and_suites;  // SHA-256
};

/// What is freed when the handshake is done.
struct ServerHandshake {
  TimePoint now;
  message::Random client_random;
  std::optional<Retry> retry;
  PskLookup lookup;
  std::vector<std::uint8_t> client_hello;  // kept while a look-up is pending
  transcript::Transcript transcript;
  crypto::HmacKey client_traffic;     // handshake traffic secret, as a key
  crypto::HashValue server_finished;  // the transcript hash up to the server's Finished
  secret::SecretBytes read_secret;    // the client's application traffic secret, until it is used
};

class Server {
 public:
  using State = ServerState;
  using Edge = handshake::Edge<Server, State>;

  explicit Server(const Endpoint& endpoint) : endpoint_(endpoint) {}

  Expected<> on_message(const handshake::Incoming& message);
  static std::span<const Edge> edges() noexcept;
  bool expects(message::HandshakeType type) const noexcept {
    return handshake::has_edge(edges(), state_, type);
  }

  /// RECVD_CH: the source answers later. The query's views are valid until supply_psk.
  bool awaits_psk() const noexcept { return state_ == State::RECVD_CH && handshake_; }
  std::optional<PskQuery> pending_psk() const;
  Expected<> supply_psk(std::span<const Credential> credentials);

  /// Frees, and wipes, what the handshake holds: nothing more will come.
  void abandon() noexcept { handshake_.reset(); }

  State state() const noexcept { return state_; }
  bool connected() const noexcept { return state_ == State::CONNECTED; }
  Endpoint& endpoint() noexcept { return endpoint_; }

 private:
  friend struct ServerTestAccess;
  static Expected<State> on_client_hello(Server& server, const handshake::Incoming& message);
  static Expected<State> on_finished(Server& server, const handshake::Incoming& message);
  static Expected<State> on_key_update(Server& server, const handshake::Incoming& message);

  Expected<State> negotiate(Bytes client_hello);
  Expected<> check_second_client_hello(const Offer& offer) const;
  Expected<State> send_hello_retry_request(const Offer& offer, const Negotiated& negotiated);
  Expected<State> send_flight(const Offer& offer, Negotiated& negotiated);
  Expected<secret::HandshakeStage> send_server_hello(const Offer& offer, Negotiated& negotiated);
  Expected<> send_encrypted_extensions(const Offer& offer, const Negotiated& negotiated);
  void keep(const Offer& offer, const Negotiated& negotiated);

  Endpoint endpoint_;
  std::unique_ptr<ServerHandshake> handshake_;
  State state_ = State::START;
};

}  // namespace sesame::tls13
