// One TLS connection, without a socket: octets of the peer go in, octets for the peer come out.
//
//   client                                      loop, both sides
//   ------                                      ----------------
//   auto c = Connection::client(context, {...}) while (!c.output().empty()) c.output_sent(write(c.output()));
//                                               read into a buffer; then c.receive(buffer) until it wants
//                                               more
//
// What outlives the handshake, and for what:
//   traffic secrets of both directions (key update), exporter secret (exporters), the negotiated values, the
//   identity (Connection::psk_identity), the AEAD contexts. All else is freed when the handshake is done.
#pragma once

#include <sesame/bytes.h>
#include <sesame/context.h>
#include <sesame/error.h>
#include <sesame/types.h>

#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace sesame {

namespace engine {
class ConnectionBody;
}

struct ClientOptions {
  /// The server's name (RFC 6066 section 3), sent if it is a DNS name; an address or empty: not sent. A
  /// server's certificate has to be for this name or address. Empty: any name will do, which is right only
  /// where VerificationOptions says otherwise who the peer may be.
  std::string_view server_name = {};
  /// The name to verify, where it is another one than server_name; nullopt: server_name.
  std::optional<std::string_view> verify_name = {};
  /// A session to resume; nullopt: one of the context's store for `session_key`, if there is one.
  std::optional<Session> session = {};
  /// Under which the context's store keeps sessions; empty: server_name, and where that is empty too, none.
  std::string_view session_key = {};
  /// Early data will be sent by send_early(), if the session or the first key allows it.
  bool early_data = false;
  /// Keys to offer in place of the context's, so that they can change without a new context; nullopt: the
  /// context's.
  std::optional<std::span<const Credential>> credentials = {};

  // EAP-FAST (RFC 4851), TLS 1.2 and below; where the server chooses TLS 1.3 nothing of it is used.

  /// Sent as it is in the SessionTicket extension, at most 65535 octets: a PAC-Opaque with its header
  /// (eap_fast::encode_pac_opaque). nullopt: the ticket of the session, or an empty one.
  std::optional<Bytes> session_ticket = {};
  /// Asked on ServerHello, if session_ticket was sent.
  SessionSecretProvider session_secret = {};
};

/// What a server makes of a SessionTicket extension before anything else does: nothing, or one of these.
class SessionTicketAnswer {
 public:
  /// From here on this provider is the connection's.
  void use_provider(SessionSecretProvider provider) { provider_ = std::move(provider); }
  /// The handshake ends (internal_error).
  void refuse() { refused_ = true; }

  SessionSecretProvider& provider() noexcept { return provider_; }
  bool is_refused() const noexcept { return refused_; }

 private:
  SessionSecretProvider provider_;
  bool refused_ = false;
};

struct ServerOptions {
  /// EAP-FAST (RFC 4851), TLS 1.2 and below: asked on every ClientHello that resumes nothing, with a
  /// SessionTicket extension or without. While there is one, tickets are neither opened nor given.
  SessionSecretProvider session_secret = {};
  /// Given the body of the SessionTicket extension, an empty one too, before session_secret is looked at. It
  /// must not throw.
  std::function<void(Bytes session_ticket, SessionTicketAnswer& answer)> on_session_ticket = {};
};

/// What Connection::receive did.
struct Received {
  std::size_t consumed =
      0;  ///< octets of the input that are done with; the rest has to come again, with more behind it
  MutableBytes data;   ///< application data, decrypted in place: a part of the consumed input. Empty: none
  bool early = false;  ///< server: it is early data, which may be a replay
};

/// What became of a client's early data.
enum class EarlyDataStatus : std::uint8_t {
  none,     ///< it was not offered
  offered,  ///< the server has not answered yet
  accepted,
  rejected,  ///< the server took none of it: send it again, if it matters
};

/// What Connection::seal did.
struct Sealed {
  std::size_t consumed = 0;  ///< octets of data that are in the records
  std::size_t written = 0;   ///< octets of records
};

/// Not safe for concurrent calls; different connections are independent. A moved-from connection may only be
/// assigned to or destroyed.
class Connection {
 public:
  /// The ClientHello is in output() at once. Errors: no_credential_usable (none at all, none valid now, or
  /// none whose hash a configured suite has), identity_too_long (the identities do not fit a ClientHello).
  static Expected<Connection> client(std::shared_ptr<const Context> context,
                                     const ClientOptions& options = {});
  /// Errors: invalid_argument (the context has neither a psk_source nor certificates nor a select function).
  static Expected<Connection> server(std::shared_ptr<const Context> context, ServerOptions options = {});

  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  // ---- from the peer ----

  /// Takes octets from the peer, and opens records in place: the input is overwritten. It stops behind the
  /// first record of application data, so call it again with the rest; where it consumes nothing it needs
  /// wanted() octets. On an error the connection is dead, and the alert for the peer is in output().
  Expected<Received> receive(MutableBytes input);
  /// How many octets receive() needs at least to get on: the rest of a record's header, or header and record.
  std::size_t wanted(Bytes input) const noexcept;
  /// The transport came to its end. Error: truncated, unless the peer had said close_notify.
  Expected<> transport_closed();

  // ---- to the peer ----

  /// What has to be sent, valid until the next call that is not const.
  Bytes output() const noexcept;
  /// `size` octets of output() were sent.
  void output_sent(std::size_t size);
  /// Seals all of `data` into output(). Errors: not_connected, write_closed, or what killed the connection.
  Expected<> send(Bytes data);
  /// Seals straight into `into`, which must not overlap `data`: as much of `data` as fits. output() has to be
  /// empty, so that records keep their order. Errors: as send, buffer_too_small where not one octet of data
  /// fits.
  Expected<Sealed> seal(Bytes data, MutableBytes into);
  /// The octets that seal() writes for `size` octets of data. 0 before the handshake is done.
  std::size_t sealed_size(std::size_t size) const noexcept;
  /// Sends close_notify: nothing more can be sent, but all that the peer still sends can be received (RFC
  /// 8446 section 6.1). During the handshake it gives up (user_canceled is not sent). Twice is as good as
  /// once.
  Expected<> close();
  /// Updates this side's keys, and has the peer update its own if `request_peer` (RFC 8446 section 4.6.3).
  /// Keys are updated without this call before a cipher's limit.
  Expected<> update_keys(bool request_peer = false);

  /// Client: seals early data into output(), from the ClientHello on until the server has answered. Returns
  /// the octets taken, which early_data_room() bounds. Errors: early_data_unavailable.
  Expected<std::size_t> send_early(Bytes data);
  std::size_t early_data_room() const noexcept;  ///< octets that send_early still takes
  EarlyDataStatus early_data_status() const noexcept;
  /// Server: gives the client one more ticket. Errors: not_connected, write_closed, invalid_argument (the
  /// context has no issuer, or the client cannot resume).
  Expected<> send_ticket();
  /// Server: asks the client for a certificate after the handshake (RFC 8446 section 4.6.2). The answer is
  /// in peer_certificates() once post_handshake_auth_pending() is false; a client that has none leaves
  /// authentication() as it was, or is refused if `require`. Errors: not_connected, write_closed,
  /// post_handshake_auth_not_offered, invalid_argument (one is pending, or the context has no verification).
  Expected<> request_certificate(bool require = false);
  bool post_handshake_auth_pending() const noexcept;
  /// TLS 1.2 and below: a new handshake within the connection (RFC 5246 section 7.4.1.1, RFC 5746). A client
  /// sends a ClientHello, a server a HelloRequest. Application data goes on meanwhile, under the keys that
  /// are there. Errors: not_connected, write_closed, renegotiation_unavailable (TLS 1.3, or the peer does not
  /// have secure renegotiation).
  Expected<> renegotiate();

  // ---- waiting ----

  Wait wait() const noexcept;
  /// What the source answered "later" to, while wait() is Wait::psk_lookup; its views are valid until
  /// supply_psk.
  std::optional<PskQuery> pending_psk() const;
  /// Client, TLS 1.2 and below: what select_psk answered "later" to; its views are valid until supply_psk.
  std::optional<PskHintQuery> pending_psk_hint() const;
  /// The answer: no key (unknown), one, or two, the newest first; of a client the first counts. The handshake
  /// goes on at once; errors as of receive(). Error nothing_pending: nothing was asked.
  Expected<> supply_psk(std::span<const Credential> credentials);

  /// The answer to a select function that said "later"; nullptr: the connection's own context.
  Expected<> supply_context(std::shared_ptr<const Context> context);
  std::optional<ClientHelloInfo> pending_context() const;
  /// What a Signer answered "later" to, while wait() is Wait::signature; its views are valid until the
  /// answer.
  std::optional<SignatureQuery> pending_signature() const;
  /// An empty signature refuses: the handshake ends.
  Expected<> supply_signature(Bytes signature);
  /// The answer to a verify function that said "later": nullopt accepts, an alert refuses.
  Expected<> supply_verdict(std::optional<Alert> refusal);

  // ---- state ----

  Side side() const noexcept;
  bool handshake_done() const noexcept;
  bool read_closed() const noexcept;   ///< the peer said close_notify
  bool write_closed() const noexcept;  ///< this side said close_notify
  /// What killed the connection; nullptr while it lives. Valid as long as the connection.
  const Error* error() const noexcept;
  /// The state of the handshake as RFC 8446 appendix A names it, e.g. "WAIT_SH".
  std::string_view state() const noexcept;

  // ---- what was negotiated; all of it once the handshake is done ----

  ProtocolVersion version() const noexcept;
  CipherSuite cipher_suite() const noexcept;
  PskKeyExchangeMode psk_mode() const noexcept;
  std::optional<NamedGroup> group() const noexcept;  ///< nullopt with psk_ke, or a prime of the server's own
  KeyExchangeMethod key_exchange() const noexcept;   ///< any in TLS 1.3
  bool retried() const noexcept;                     ///< there was a HelloRetryRequest
  std::string_view alpn() const noexcept;            ///< empty: none. Valid as long as the connection
  std::string_view server_name() const noexcept;     ///< what the client sent; empty: none
  Authentication authentication() const noexcept;
  /// This handshake resumed a session; authentication() is then what the session goes back to.
  bool resumed() const noexcept;
  /// The peer's chain, as it sent it or as the session has it: DER, the end entity first; for a raw public
  /// key its SubjectPublicKeyInfo. Valid as long as the connection.
  std::vector<Bytes> peer_certificates() const;
  CertificateType peer_certificate_type() const noexcept;
  std::optional<SignatureScheme> peer_signature_scheme() const noexcept;  ///< nullopt: nothing was signed
  Bytes peer_ocsp_response() const noexcept;                              ///< empty: nothing was stapled
  Bytes psk_identity() const noexcept;  ///< of the key that both sides hold; empty before
  /// TLS 1.2 and below, client: the server's hint; nullopt: it sent none. Valid as long as the connection.
  std::optional<Bytes> psk_identity_hint() const noexcept;
  /// Server: the older of two keys for the identity was the client's. When nobody uses it any more it can be
  /// retired.
  bool used_older_key() const noexcept;

  /// RFC 8446 section 7.5: fills `out`. `label` of 1..249 octets, `context` of any size. Both sides get the
  /// same. TLS 1.2 and below have that of RFC 5705, where an empty `context` is none. Errors:
  /// exporter_not_ready (the handshake is not done), invalid_argument (the label, or `out` over 255 hashes
  /// long; in TLS 1.2 and below also a label of TLS's own, or a context of over 65535 octets).
  Expected<> export_keying_material(std::string_view label, Bytes context, MutableBytes out) const;
  /// The same by the early_exporter_master_secret: known as soon as early data is offered (client) or
  /// accepted (server), and as replayable as that. Error: exporter_not_ready.
  Expected<> export_early_keying_material(std::string_view label, Bytes context, MutableBytes out) const;

  // ---- TLS 1.2 and below; in TLS 1.3, or before the handshake is done, empty or false ----

  bool extended_master_secret() const noexcept;  ///< RFC 7627
  bool encrypt_then_mac() const noexcept;        ///< RFC 7366
  bool secure_renegotiation() const noexcept;    ///< the peer has RFC 5746
  /// verify_data of the Finished that `sender` sent last, 12 octets. tls-unique (RFC 5929 section 3) is that
  /// of the first Finished of the last handshake: the client's in a full one, the server's where a session
  /// was resumed; only with extended_master_secret() it binds what is inside.
  Bytes finished(Side sender) const noexcept;
  Bytes client_random() const noexcept;  ///< 32 octets
  Bytes server_random() const noexcept;  ///< 32 octets
  /// Octets of the key block that the suite uses (RFC 5246 section 6.3): both MAC keys, both keys, both IVs.
  std::size_t key_block_size() const noexcept;
  /// The key block from its beginning, as long as `out`: what EAP-FAST takes its session_key_seed from (see
  /// eap_fast.h). The octets at its front are the keys of this connection. Errors: exporter_not_ready.
  Expected<> export_key_block(MutableBytes out) const;

 private:
  friend class engine::ConnectionBody;
  explicit Connection(std::unique_ptr<engine::ConnectionBody> body) noexcept;
  std::unique_ptr<engine::ConnectionBody> body_;
};

}  // namespace sesame
