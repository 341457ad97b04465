// The client of TLS 1.2 and below: RFC 5246 section 7.3, RFC 4851 section 3.2.2.
#pragma once

#include <sesame/connection.h>

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "handshake/client_start.h"
#include "message/server_hello.h"
#include "message/tls12.h"
#include "record/record.h"
#include "tls12/authentication.h"
#include "tls12/common.h"
#include "tls12/key_schedule.h"
#include "transcript/handshake_hash.h"

namespace sesame::tls12 {

/// RFC 5246 names no states: these are called after the message that is waited for, as in RFC 8446 appendix
/// A. WAIT_SKE is any place behind the Certificate, WAIT_CR behind the ServerKeyExchange; what of the flight
/// may be left out, and when, the facts below say. VERIFYING, AWAITING_PSK and SIGNING have no row: the
/// application owes an answer, and nothing is read until it has come.
enum class ClientState : std::uint8_t {
  START,
  WAIT_SH,
  WAIT_CERT,
  WAIT_SKE,
  WAIT_CR,
  WAIT_SHD,
  VERIFYING,
  AWAITING_PSK,
  SIGNING,
  WAIT_CCS,
  WAIT_FINISHED,
  CONNECTED,
};
std::string_view name(ClientState state) noexcept;

/// What rows are guarded by.
struct ClientFact {
  static constexpr handshake::Facts takes_parameters = 1,  ///< a ServerKeyExchange may come
      needs_parameters = 2,                                ///< and has to
      may_be_asked = 4,                                    ///< for a certificate
      status_due = 8,   ///< a CertificateStatus was announced, and may come
      ticket_due = 16,  ///< a NewSessionTicket was announced, and has to come
      secret_due = 32;  ///< the next message says whether the session secret is used
};

/// What is freed when the handshake is done.
struct ClientHandshake : handshake::ClientStart {
  bool offered_tls13 = false;  // in the same ClientHello
  const policy::Suite* suite = nullptr;
  transcript::HandshakeHash hash;
  /// Of a renegotiation, until it is done: what was established before holds until then.
  std::unique_ptr<handshake::Below13> renewed;
  const std::string* alpn = nullptr;
  std::optional<NamedGroup> group;
  std::uint16_t sent_limit = record::max_plaintext;  // of records under the new keys
  std::uint16_t received_limit = record::max_plaintext;

  bool resumes = false;  // below->session
  bool by_secret = false;
  MasterSecret secret;  // a session secret, until the server has shown whether it has it
  MasterSecret master;
  KeyBlock keys;

  bool status_announced = false;
  bool ticket_due = false;
  std::uint32_t ticket_lifetime = 0;  // seconds, as the server hints
  std::vector<std::uint8_t> ticket;

  certificate::Peer peer;
  std::optional<SignatureScheme> peer_scheme;
  certificate::VerdictBody verdict;
  secret::SharedSecret shared;             // of Diffie-Hellman
  std::vector<std::uint8_t> public_value;  // this side's, as it stands in ClientKeyExchange
  std::optional<Credential> key;
  bool certificate_requested = false;
  bool flight_sent = false;
  OwnCertificate own;
  std::uint32_t hello_requests = 0;  // that came within this handshake
};

/// What another handshake within the connection needs of the first one.
struct ClientRenewal {
  std::string verify_name;
  std::vector<Credential> credentials;  // from ClientOptions; empty: the context's are used
  bool encrypt_then_mac = false;        // some handshake had it: none may go back (RFC 7366 section 3.1)
};

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
  handshake::Facts facts() const noexcept;
  bool expects(message::HandshakeType type) const noexcept {
    return handshake::has_edge(edges(), state_, type, facts());
  }

  /// The application owes a verdict, a key, a signature: nothing is read until it has come.
  bool is_suspended() const noexcept {
    return state_ == State::VERIFYING || state_ == State::AWAITING_PSK || state_ == State::SIGNING;
  }
  bool awaits_verdict() const noexcept { return awaits(State::VERIFYING); }
  bool awaits_psk() const noexcept { return awaits(State::AWAITING_PSK); }
  std::optional<PskHintQuery> pending_psk_hint() const;
  /// The first counts; none: the handshake ends. Errors: nothing_pending, psk_not_supplied, psk_wrong_usage
  /// and the others of a key that does not fit.
  Expected<> supply_psk(std::span<const Credential> credentials);
  std::optional<SignatureQuery> pending_signature() const;
  Expected<> supply_signature(Bytes signature);
  Expected<> supply_verdict(std::optional<Alert> refusal);

  /// Errors: renegotiation_unavailable; the connection goes on.
  Expected<> renegotiate();
  /// The server does not want to (RFC 5246 section 7.2.2): where this side had asked, all stays as it was.
  void on_no_renegotiation() noexcept;
  /// Between the handshake's ChangeCipherSpec and its Finished, and before the first handshake is done, there
  /// is no application data.
  bool takes_application_data() const noexcept { return connected_ && state_ != State::WAIT_FINISHED; }

  /// Frees, and wipes, what the handshake holds: nothing more will come.
  void abandon() noexcept {
    handshake_.reset();
    renewal_.reset();
  }
  State state() const noexcept { return state_; }
  /// The first handshake is done; it stays so while another one goes on within the connection.
  bool connected() const noexcept { return connected_; }
  Endpoint& endpoint() noexcept { return endpoint_; }
  const Endpoint& endpoint() const noexcept { return endpoint_; }

 private:
  friend struct ClientTestAccess;
  static Expected<State> on_server_hello(Client& client, const handshake::Incoming& message);
  static Expected<State> on_certificate(Client& client, const handshake::Incoming& message);
  static Expected<State> on_certificate_status(Client& client, const handshake::Incoming& message);
  static Expected<State> on_server_key_exchange(Client& client, const handshake::Incoming& message);
  static Expected<State> on_certificate_request(Client& client, const handshake::Incoming& message);
  static Expected<State> on_server_hello_done(Client& client, const handshake::Incoming& message);
  static Expected<State> on_session_secret_used(Client& client, const handshake::Incoming& message);
  static Expected<State> on_new_session_ticket(Client& client, const handshake::Incoming& message);
  static Expected<State> on_change_cipher_spec(Client& client, const handshake::Incoming& message);
  static Expected<State> on_finished(Client& client, const handshake::Incoming& message);
  static Expected<State> on_hello_request(Client& client, const handshake::Incoming& message);
  static Expected<State> on_late_hello_request(Client& client, const handshake::Incoming& message);

  /// Not behind abandon().
  bool awaits(State state) const noexcept { return state_ == state && handshake_; }
  handshake::Below13& below() const noexcept {
    return handshake_->renewed ? *handshake_->renewed : *endpoint_.established.below;
  }

  // client_hello.cpp: what is offered, once more as well
  Expected<> offer();
  Expected<> send_client_hello();
  void write_extensions(wire::Writer& w);
  bool may_renegotiate() const noexcept;
  Expected<> begin_renegotiation();

  // client_server_hello.cpp
  Expected<> check_version(const message::ServerHello& hello) const;
  Expected<> check_suite(const message::ServerHello& hello);
  Expected<> check_extensions(const message::ServerHello& hello, bool resumes);
  Expected<> check_renegotiation_info(const extension::Extensions& extensions);
  Expected<> check_alpn(const extension::Extensions& extensions);
  Expected<> check_record_limits(const extension::Extensions& extensions);
  Expected<> check_certificate_types(const extension::Extensions& extensions) const;
  Expected<> check_unchanged(bool resumes) const;
  Expected<bool> is_resumed(const message::ServerHello& hello) const;
  bool offers_session_secret() const noexcept;
  Expected<> ask_for_session_secret();
  Expected<State> resume();

  // client_certificate.cpp
  Expected<bool> judge_server();  // false: the verdict comes later
  void choose_certificate(const message::CertificateRequest12& request);

  // client_key_exchange.cpp
  Expected<bool> choose_key();  // false: it comes later
  Expected<> use_key(const Credential& credential);
  PskHintQuery hint_query() const noexcept;
  Expected<> read_ecdh_parameters(wire::Reader& r);
  Expected<> read_dh_parameters(wire::Reader& r);
  Expected<> send_client_key_exchange();
  Expected<secret::PrfKey> premaster(Bytes other_secret) const;

  // client_finished.cpp
  Expected<State> go_on_judged();
  Expected<State> send_flight();
  Expected<State> finish_flight();
  Expected<> make_keys();
  Expected<> read_with_new_keys();
  Expected<> send_finished();
  void establish();
  void keep_session();

  Endpoint endpoint_;
  std::unique_ptr<ClientHandshake> handshake_;
  std::unique_ptr<ClientRenewal> renewal_;  // where there may be another handshake
  State state_ = State::START;
  bool connected_ = false;
};

}  // namespace sesame::tls12
