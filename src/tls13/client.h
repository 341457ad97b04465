// The client of TLS 1.3: RFC 8446 appendix A.1.
#pragma once

#include <sesame/connection.h>

#include <memory>
#include <span>
#include <vector>

#include "crypto/key_exchange.h"
#include "extension/table.h"
#include "handshake/client_start.h"
#include "message/server_hello.h"
#include "psk/offers.h"
#include "session/session_body.h"
#include "tls13/authentication.h"
#include "tls13/common.h"

namespace sesame::tls13 {

/// The states of appendix A.1, and two that have no row: in VERIFYING and SIGNING the application owes an
/// answer, and nothing is read until it has come.
enum class ClientState : std::uint8_t {
  START,
  WAIT_SH,
  WAIT_EE,
  WAIT_CERT_CR,
  WAIT_CERT,
  WAIT_CV,
  VERIFYING,
  WAIT_FINISHED,
  SIGNING,
  CONNECTED,
};
std::string_view name(ClientState state) noexcept;

/// One pre-shared key as it is offered: a session's, or an external one.
struct OfferedPsk {
  const session::SessionBody* session = nullptr;
  const Credential* credential = nullptr;
  HashAlgorithm hash{};
};

/// What is freed when the handshake is done.
struct ClientHandshake : handshake::ClientStart {
  std::optional<Session> session;              // to resume
  psk::PskSecrets session_secrets;             // of it
  bool offers_extern_psk = false;              // together with an external key (RFC 8773)
  bool by_certificate = false;                 // it does
  const policy::Suite* early_suite = nullptr;  // set: early data is offered
  std::string_view early_alpn;
  std::vector<crypto::KeyExchange> shares;  // none in psk_ke: no allocation
  std::vector<std::uint8_t> cookie;
  std::optional<NamedGroup> retry_group;
  const policy::Suite* retry_suite = nullptr;  // set: there was a HelloRetryRequest
  transcript::Transcript transcript;
  OfferedPsk chosen;  // by the server; neither: it chose none
  std::size_t chosen_index = 0;
  crypto::HmacKey client_traffic;  // handshake traffic secrets, as keys
  crypto::HmacKey server_traffic;
  std::optional<secret::HandshakeStage> stage;
  std::optional<secret::MasterStage> master;
  CertificateType server_type = CertificateType::x509;
  CertificateType client_type = CertificateType::x509;
  certificate::Peer peer;
  SignatureScheme peer_scheme{};
  certificate::VerdictBody verdict;
  bool certificate_requested = false;
  OwnCertificate own;
};

/// An answer to a CertificateRequest after the handshake, while its signature is made elsewhere. Its messages
/// stand together (section 4.6.2), so that they wait here.
struct ClientPostHandshake {
  transcript::Transcript transcript;
  wire::Buffer messages;
  OwnCertificate own;
};

class Client {
 public:
  using State = ClientState;
  using Edge = handshake::Edge<Client, State>;

  explicit Client(const Endpoint& endpoint) : endpoint_(endpoint) {}

  /// START: sends the ClientHello. False: nothing can be offered for TLS 1.3, and nothing was sent; the
  /// machine of TLS 1.2 begins with take_start(). Errors: as Connection::client.
  Expected<bool> start(const ClientOptions& options);
  /// The server may choose TLS 1.2 or below now: the ServerHello decides who handles it.
  bool hands_down() const noexcept {
    return state_ == State::WAIT_SH && handshake_->below && !handshake_->retry_suite &&
           !handshake_->early_suite;
  }
  handshake::ClientStart take_start() noexcept { return std::move(*handshake_); }
  /// Any message of the handshake or after it.
  Expected<> on_message(const handshake::Incoming& message);
  static std::span<const Edge> edges() noexcept;
  /// Before any of the message is kept: a CertificateRequest that nothing was offered for is not gathered.
  bool expects(message::HandshakeType type) const noexcept {
    if (state_ == State::CONNECTED && type == message::HandshakeType::certificate_request)
      return may_be_asked_late();
    return handshake::has_edge(edges(), state_, type);
  }

  /// The application owes a verdict, a signature: nothing is read until it has come.
  bool is_suspended() const noexcept { return state_ == State::VERIFYING || state_ == State::SIGNING; }
  bool awaits_verdict() const noexcept { return state_ == State::VERIFYING; }
  std::optional<SignatureQuery> pending_signature() const;
  Expected<> supply_signature(Bytes signature);
  Expected<> supply_verdict(std::optional<Alert> refusal);

  /// Octets of early data that may still be sent; 0 as well once the server's Finished has come.
  std::size_t early_data_room() const noexcept { return early_room_; }
  void early_data_sent(std::size_t octets) noexcept { early_room_ -= static_cast<std::uint32_t>(octets); }
  EarlyDataStatus early_data_status() const noexcept { return early_status_; }

  /// Frees, and wipes, what the handshake holds: nothing more will come.
  void abandon() noexcept {
    handshake_.reset();
    post_.reset();
    early_room_ = 0;
  }

  State state() const noexcept { return state_; }
  bool connected() const noexcept { return state_ == State::CONNECTED; }
  Endpoint& endpoint() noexcept { return endpoint_; }
  const Endpoint& endpoint() const noexcept { return endpoint_; }

 private:
  friend struct ClientTestAccess;
  static Expected<State> on_server_hello(Client& client, const handshake::Incoming& message);
  static Expected<State> on_encrypted_extensions(Client& client, const handshake::Incoming& message);
  static Expected<State> on_certificate_request(Client& client, const handshake::Incoming& message);
  static Expected<State> on_certificate(Client& client, const handshake::Incoming& message);
  static Expected<State> on_certificate_verify(Client& client, const handshake::Incoming& message);
  static Expected<State> on_finished(Client& client, const handshake::Incoming& message);
  static Expected<State> on_new_session_ticket(Client& client, const handshake::Incoming& message);
  static Expected<State> on_key_update(Client& client, const handshake::Incoming& message);
  static Expected<State> on_late_certificate_request(Client& client, const handshake::Incoming& message);

  // client_offer.cpp: what is offered
  Expected<> prepare(const ClientOptions& options);
  void use_session(Session session);
  bool fits(const session::SessionBody& session) const;
  bool fits(const Credential& credential) const;  // this connection, as the context has it
  bool offers(HashAlgorithm hash) const noexcept {
    // Section 4.1.4: the second ClientHello leaves out the keys that do not fit the suite.
    return !handshake_->retry_suite || handshake_->retry_suite->hash == hash;
  }
  bool offers(const policy::Suite& suite) const;
  /// Calls f(OfferedPsk) in the order of the ClientHello; where f returns false the walk ends.
  template <class F>
  void for_each_offered(F&& f) const;
  OfferedPsk offered(std::size_t index) const;
  bool offers_psk() const { return offered(0).session || offered(0).credential; }
  Expected<> consider_early_data(const ClientOptions& options);

  // client_hello.cpp: how it is written
  Expected<> send_client_hello();
  void write_client_hello_extensions(wire::Writer& w);
  void write_pre_shared_key(wire::Writer& w);
  Expected<> write_binders(MutableBytes client_hello);
  Expected<> begin_early_data();

  // client.cpp
  Expected<const policy::Suite*> check_server_hello(const message::ServerHello& hello) const;
  Expected<State> on_hello_retry_request(const message::ServerHello& hello, const policy::Suite& suite,
                                         Bytes whole);
  Expected<secret::EarlyStage> choose_psk(const extension::Extensions& extensions,
                                          const policy::Suite& suite);
  Expected<secret::HandshakeStage> agree(const extension::Extensions& extensions, const policy::Suite& suite);
  Expected<> check_alpn(const extension::Extensions& extensions);
  Expected<> check_early_data(bool accepted);
  Expected<State> send_flight();
  Expected<State> finish_flight();
  void keep_session_secret();

  // client_certificate.cpp
  bool may_be_asked_late() const noexcept {
    const auto& more = endpoint_.established.more;
    return more && more->transcript && !post_;
  }
  Expected<> choose_certificate(const extension::Extensions& extensions, CertificateType type,
                                OwnCertificate& own) const;
  Expected<State> judge_server();
  Expected<> finish_late_answer();

  Endpoint endpoint_;
  std::unique_ptr<ClientHandshake> handshake_;
  std::unique_ptr<ClientPostHandshake> post_;
  State state_ = State::START;
  EarlyDataStatus early_status_ = EarlyDataStatus::none;
  std::uint32_t early_room_ = 0;
};

template <class F>
void Client::for_each_offered(F&& f) const {
  const ClientHandshake& h = *handshake_;
  if (h.session) {
    const session::SessionBody& body = session::SessionAccess::body(*h.session);
    const HashAlgorithm hash = policy::hash_of(body.cipher_suite);
    if (offers(hash) && !f(OfferedPsk{&body, nullptr, hash})) return;
  }
  psk::for_each_offer(h.credentials, endpoint_.settings->hashes, [&](const psk::KeyOffer& offer) {
    if (!fits(*offer.credential) || !offers(offer.hash)) return true;
    return f(OfferedPsk{nullptr, offer.credential, offer.hash});
  });
}

}  // namespace sesame::tls13
