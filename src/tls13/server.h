// The server of TLS 1.3: RFC 8446 appendix A.2.
#pragma once

#include <memory>
#include <vector>

#include "extension/table.h"
#include "message/client_hello.h"
#include "psk/credential_body.h"
#include "tls13/authentication.h"
#include "tls13/common.h"
#include "tls13/negotiate.h"

namespace sesame::tls13 {

/// The states of appendix A.2. RECVD_CH, NEGOTIATED and VERIFYING have no row: in them the application owes
/// an answer (a context or a key, a signature, a verdict), and nothing is read until it has come.
/// WAIT_FLIGHT2 is passed through within a handler. The POST_ states are those of authentication after the
/// handshake (section 4.6.2), whose messages stand together.
enum class ServerState : std::uint8_t {
  START,
  RECVD_CH,
  NEGOTIATED,
  WAIT_EOED,
  WAIT_FLIGHT2,
  WAIT_CERT,
  WAIT_CV,
  VERIFYING,
  WAIT_FINISHED,
  CONNECTED,
  POST_WAIT_CV,
  POST_VERIFYING,
  POST_WAIT_FINISHED,
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

/// A client's certificate while it is being judged.
struct ClientAuthentication {
  certificate::Peer peer;
  SignatureScheme scheme{};
  certificate::VerdictBody verdict;
};

/// What is freed when the handshake is done.
struct ServerHandshake {
  TimePoint now;
  message::Random client_random;
  std::optional<Retry> retry;
  PskLookup lookup;
  std::vector<std::uint8_t> client_hello;  // kept while an answer is owed
  transcript::Transcript transcript;
  crypto::HmacKey client_traffic;  // handshake traffic secrets, as keys
  crypto::HmacKey server_traffic;
  std::optional<secret::HandshakeStage> stage;
  std::optional<secret::MasterStage> master;
  secret::SecretBytes read_secret;  // the client's application traffic secret, until it is used
  OwnCertificate own;
  std::optional<Session> session;  // that was resumed
  bool by_certificate = false;
  bool by_extern_psk = false;
  bool early_data = false;
  bool certificate_requested = false;
  bool post_handshake_auth = false;  // the client offered it, and this side can judge what would come
  CertificateType client_type = CertificateType::x509;
  ClientAuthentication client;
};

/// An answer to request_certificate() while it is read.
struct ServerPostHandshake {
  transcript::Transcript transcript;
  ClientAuthentication client;
  TimePoint now;
};

class Server {
 public:
  using State = ServerState;
  using Edge = handshake::Edge<Server, State>;

  explicit Server(const Endpoint& endpoint) : endpoint_(endpoint) {}

  Expected<> on_message(const handshake::Incoming& message);
  static std::span<const Edge> edges() noexcept;
  /// Before any of the message is kept: a Certificate that nobody asked for is not gathered.
  bool expects(message::HandshakeType type) const noexcept {
    const bool is_late = state_ == State::CONNECTED && type != message::HandshakeType::key_update;
    return (!is_late || requested_) && handshake::has_edge(edges(), state_, type);
  }

  /// The application owes an answer: nothing is read until it has come.
  bool is_suspended() const noexcept {
    return (state_ == State::RECVD_CH && handshake_) || state_ == State::NEGOTIATED ||
           state_ == State::VERIFYING || state_ == State::POST_VERIFYING;
  }
  /// RECVD_CH: the source answers later. The query's views are valid until supply_psk.
  bool awaits_psk() const noexcept { return state_ == State::RECVD_CH && handshake_; }
  std::optional<PskQuery> pending_psk() const;
  Expected<> supply_psk(std::span<const Credential> credentials);
  bool awaits_verdict() const noexcept {
    return state_ == State::VERIFYING || state_ == State::POST_VERIFYING;
  }
  Expected<> supply_verdict(std::optional<Alert> refusal);
  std::optional<SignatureQuery> pending_signature() const;
  Expected<> supply_signature(Bytes signature);

  Expected<> send_ticket();
  Expected<> request_certificate(bool require);
  bool post_handshake_auth_pending() const noexcept { return post_ || requested_; }
  /// What comes now as application data is early data.
  bool reads_early_data() const noexcept { return state_ == State::WAIT_EOED; }
  /// Section 4.6.2: nothing comes between the messages of one answer to request_certificate().
  bool is_within_late_answer() const noexcept { return state_ > State::CONNECTED; }

  /// Frees, and wipes, what the handshake holds: nothing more will come.
  void abandon() noexcept {
    handshake_.reset();
    post_.reset();
    requested_.reset();
  }

  State state() const noexcept { return state_; }
  bool connected() const noexcept { return state_ >= State::CONNECTED; }
  Endpoint& endpoint() noexcept { return endpoint_; }
  const Endpoint& endpoint() const noexcept { return endpoint_; }

 private:
  friend struct ServerTestAccess;
  static Expected<State> on_client_hello(Server& server, const handshake::Incoming& message);
  static Expected<State> on_end_of_early_data(Server& server, const handshake::Incoming& message);
  static Expected<State> on_certificate(Server& server, const handshake::Incoming& message);
  static Expected<State> on_certificate_verify(Server& server, const handshake::Incoming& message);
  static Expected<State> on_finished(Server& server, const handshake::Incoming& message);
  static Expected<State> on_key_update(Server& server, const handshake::Incoming& message);
  static Expected<State> on_late_certificate(Server& server, const handshake::Incoming& message);
  static Expected<State> on_late_certificate_verify(Server& server, const handshake::Incoming& message);
  static Expected<State> on_late_finished(Server& server, const handshake::Incoming& message);

  // server.cpp
  Expected<State> negotiate(Bytes client_hello);
  Expected<> choose(const Offer& offer, Negotiated& negotiated, bool& later);
  Expected<> take_up_again();
  Expected<> check_second_client_hello(const Offer& offer) const;
  Expected<State> send_hello_retry_request(const Offer& offer, const Negotiated& negotiated);

  // server_flight.cpp
  Expected<State> send_flight(const Offer& offer, Negotiated& negotiated);
  Expected<secret::HandshakeStage> send_server_hello(const Offer& offer, Negotiated& negotiated,
                                                     secret::EarlyStage early);
  Expected<> send_encrypted_extensions(const Offer& offer, const Negotiated& negotiated);
  Expected<> send_certificate_request(wire::Buffer& out, transcript::Transcript& transcript, Bytes context);
  Expected<State> finish_flight();
  State next_flight() const noexcept;
  void keep(const Offer& offer, const Negotiated& negotiated);

  // server_certificate.cpp
  Expected<bool> judge_client(ClientAuthentication& client, TimePoint now);
  void accept_client(ClientAuthentication& client, TimePoint now);

  // server_session.cpp
  Expected<> give_tickets();
  Expected<> give_ticket();

  Endpoint endpoint_;
  std::unique_ptr<ServerHandshake> handshake_;
  std::unique_ptr<ServerPostHandshake> post_;
  std::unique_ptr<transcript::Transcript>
      requested_;  // up to and with a CertificateRequest after the handshake
  State state_ = State::START;
};

}  // namespace sesame::tls13
