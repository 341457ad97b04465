// The server of TLS 1.2 and below: RFC 5246 section 7.3, RFC 4851 section 3.2.2.
#pragma once

#include <sesame/connection.h>

#include <memory>
#include <span>
#include <vector>

#include "crypto/finite_field.h"
#include "crypto/key_exchange.h"
#include "psk/credential_body.h"
#include "session/session_body.h"
#include "tls12/authentication.h"
#include "tls12/common.h"
#include "tls12/key_schedule.h"
#include "tls12/negotiate.h"

namespace sesame::tls12 {

/// Where the flow of RFC 5246 section 7.3 stands. NEGOTIATED, RECVD_CKE and VERIFYING have no row: in them
/// the application owes an answer (a signature, a key, a verdict), and nothing is read until it has come.
/// While a connection renegotiates they are passed through again.
enum class ServerState : std::uint8_t {
  START,
  NEGOTIATED,
  WAIT_CERT,
  WAIT_CKE,
  RECVD_CKE,
  WAIT_CV,
  VERIFYING,
  WAIT_CCS,
  WAIT_FINISHED,
  CONNECTED,
};
std::string_view name(ServerState state) noexcept;

/// What the guards of the server's table speak of.
enum ServerFact : handshake::Facts {
  is_abbreviated = 1,      ///< a session was resumed, or a session secret given: no key exchange
  showed_certificate = 2,  ///< the client did, and has to prove that it holds the key
  may_renegotiate = 4,     ///< this side asked for it, or lets the client (RFC 5746)
};

/// One key that the client may hold, and what comes of it. Both of an identity's are always computed.
struct ServerKeys {
  MasterSecret master;
  KeyBlock block;
  bool usable = false;  ///< false: nobody has this key
};

/// What is freed when the handshake is done.
struct ServerHandshake {
  TimePoint now;
  std::uint16_t offered_version = 0;  ///< legacy_version, which the premaster secret of RSA has in it
  Negotiated negotiated;
  message::Random client_random, server_random;
  std::string server_name;
  std::array<std::uint8_t, 32> session_id;
  std::uint8_t session_id_size = 0;
  transcript::HandshakeHash hash;

  std::optional<Session> session;  ///< that is resumed
  bool by_secret = false;          ///< a session secret was given
  bool keeps_session = false;      ///< by session_id
  bool gives_ticket = false;       ///< the ServerHello says so (RFC 5077 section 3.2)
  bool abbreviated() const noexcept { return session || by_secret; }

  OwnCertificate own;
  wire::Buffer parameters;  ///< of ServerKeyExchange, until they are sent
  std::optional<crypto::KeyExchange> ecdhe;
  std::optional<crypto::FiniteFieldExchange> dhe;

  std::vector<std::uint8_t> client_key_exchange;  ///< kept while the key is owed
  psk::AnswerBody answer;
  std::string psk_identity;
  std::optional<Error> refusal;  ///< why no key of the identity is usable
  std::array<ServerKeys, 2> keys;
  std::uint8_t key_count = 0;
  bool older_key = false;
  const ServerKeys& chosen() const noexcept { return keys[older_key ? 1 : 0]; }

  certificate::Peer peer;  ///< the client's certificate
  std::optional<SignatureScheme> peer_scheme;
  certificate::VerdictBody verdict;

  VerifyData client_finished{}, server_finished{};
};

class Server {
 public:
  using State = ServerState;
  using Edge = handshake::Edge<Server, State>;

  /// `options` are the connection's, nullptr if there are none; they live as long as it.
  Server(const Endpoint& endpoint, const ServerOptions* options) : endpoint_(endpoint), options_(options) {}

  Expected<> on_message(const handshake::Incoming& message);
  static std::span<const Edge> edges() noexcept;
  handshake::Facts facts() const noexcept;
  bool expects(message::HandshakeType type) const noexcept {
    return handshake::has_edge(edges(), state_, type, facts());
  }

  bool is_suspended() const noexcept {
    return state_ == State::NEGOTIATED || state_ == State::RECVD_CKE || state_ == State::VERIFYING;
  }
  /// RECVD_CKE: the source answers later. The query's views are valid until supply_psk.
  bool awaits_psk() const noexcept { return state_ == State::RECVD_CKE && handshake_; }
  std::optional<PskQuery> pending_psk() const;
  Expected<> supply_psk(std::span<const Credential> credentials);
  bool awaits_verdict() const noexcept { return state_ == State::VERIFYING; }
  Expected<> supply_verdict(std::optional<Alert> refusal);
  std::optional<SignatureQuery> pending_signature() const;
  Expected<> supply_signature(Bytes signature);

  /// Sends a HelloRequest (RFC 5246 section 7.4.1.1). Error: renegotiation_unavailable.
  Expected<> renegotiate();
  /// Between the client's ChangeCipherSpec and its Finished, and before the first handshake is done, there is
  /// no application data.
  bool takes_application_data() const noexcept { return connected_ && state_ != State::WAIT_FINISHED; }

  /// The first record under the client's new keys does not open: what that means where a shared key made
  /// them. The peer gets bad_record_mac, whatever was wrong.
  Error explain(Error record_mac_wrong) const;
  /// The connection failed: its session is resumed no more (RFC 5246 section 7.2.2).
  void forget_session() noexcept;

  /// Frees, and wipes, what the handshake holds: nothing more will come.
  void abandon() noexcept { handshake_.reset(); }
  State state() const noexcept { return state_; }
  /// The first handshake is done; it stays so while another one goes on within the connection.
  bool connected() const noexcept { return connected_; }
  Endpoint& endpoint() noexcept { return endpoint_; }
  const Endpoint& endpoint() const noexcept { return endpoint_; }

 private:
  friend struct ServerTestAccess;
  static Expected<State> on_client_hello(Server& server, const handshake::Incoming& message);
  static Expected<State> on_unwanted_client_hello(Server& server, const handshake::Incoming& message);
  static Expected<State> on_certificate(Server& server, const handshake::Incoming& message);
  static Expected<State> on_client_key_exchange(Server& server, const handshake::Incoming& message);
  static Expected<State> on_certificate_verify(Server& server, const handshake::Incoming& message);
  static Expected<State> on_change_cipher_spec(Server& server, const handshake::Incoming& message);
  static Expected<State> on_finished(Server& server, const handshake::Incoming& message);
  static Expected<State> on_last_finished(Server& server, const handshake::Incoming& message);

  // server.cpp
  Expected<> count_renegotiation();
  bool renegotiates() const noexcept { return connected_; }
  const SessionSecretProvider* provider() const noexcept;

  // server_hello.cpp
  Expected<> begin(const Offer& offer);
  Expected<> show_session_ticket(const Offer& offer);
  Expected<> find_session(const Offer& offer);
  Expected<> ask_for_secret(const Offer& offer);
  Expected<> negotiate(const Offer& offer);
  Expected<> decide_session(const Offer& offer);
  Expected<> send_server_hello(const Offer& offer);
  void write_extensions(const Offer& offer, wire::Writer& w);

  // server_flight.cpp
  Expected<State> send_flight();
  Expected<> make_parameters();
  Expected<State> finish_flight();
  Expected<> send_server_key_exchange();
  Expected<> send_certificate_request();

  // server_key.cpp
  Expected<State> derive(const handshake::Incoming& message);
  Expected<> derive_by_psk(Bytes other_secret);
  Expected<> derive_keys(const secret::PrfKey& premaster, bool usable);
  Expected<> set_master(MasterSecret master, bool usable);
  std::optional<Error> refusal(const psk::Candidate& candidate) const;
  PskQuery make_query(Bytes identity) const;

  // server_finished.cpp
  Expected<> check_finished(const handshake::Incoming& message);
  Expected<> send_finished();
  Expected<> send_abbreviated_flight();
  Expected<> give_ticket();
  void establish();

  ProtocolVersion version() const noexcept { return endpoint_.established.version; }
  secret::Prf prf() const noexcept { return secret::prf_of(version(), handshake_->negotiated.suite->hash); }

  Endpoint endpoint_;
  const ServerOptions* options_;
  std::unique_ptr<ServerHandshake> handshake_;
  std::unique_ptr<SessionSecretProvider> installed_;  // by on_session_ticket, in place of the options'
  State state_ = State::START;
  bool connected_ = false;
  bool asked_ = false;  // by a HelloRequest that is not answered yet
};

}  // namespace sesame::tls12
