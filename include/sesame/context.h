// What many connections share: the policy, the keys, and the algorithms, fetched once.
#pragma once

#include <sesame/bytes.h>
#include <sesame/certificate.h>
#include <sesame/credential.h>
#include <sesame/detail/small_secret.h>
#include <sesame/error.h>
#include <sesame/psk_source.h>
#include <sesame/session.h>
#include <sesame/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// libcrypto's library context, of <openssl/types.h>.
struct ossl_lib_ctx_st;

namespace sesame {

/// Which alert a server gives a client whose identity it does not know.
enum class UnknownIdentityAlert : std::uint8_t {
  decrypt_error,         ///< the same as for a wrong key: who probes does not learn which identities exist
  unknown_psk_identity,  ///< says so (RFC 8446 section 6.2)
};

class Context;

/// Whether a server wants the client's certificate in the handshake. A client that authenticates by a key
/// shows none (RFC 8446 section 4.3.2), unless both go together (RFC 8773).
enum class ClientCertificates : std::uint8_t {
  none,
  request,  ///< a client that has none goes on without: Authentication::anonymous
  require,  ///< a client that has none is refused (certificate_required)
};

/// Whether a certificate and an external key go together (RFC 8773): the certificate authenticates, and what
/// was recorded cannot be read without the key, whatever becomes of Diffie-Hellman.
enum class CertWithExternPsk : std::uint8_t {
  off,
  allow,    ///< client: offers it; server: takes it where a client offers it
  require,  ///< nothing else is done: neither a certificate alone nor a key alone
};

/// What a ClientHello says, before anything is chosen. The views are valid during the call, or, where the
/// answer was later(), until Connection::supply_context().
struct ClientHelloInfo {
  std::string_view server_name;        ///< empty: the client sent none
  std::vector<std::string_view> alpn;  ///< as offered
  std::vector<SignatureScheme> signature_schemes;
  std::vector<CipherSuite> cipher_suites;
};

/// What a select function answers: another Context for this connection, or "later"; without a call the
/// connection stays with its own.
class ContextChoice {
 public:
  /// From here on the connection is this one's, as if it had been made with it.
  void use(std::shared_ptr<const Context> context) { context_ = std::move(context); }
  /// The answer comes by Connection::supply_context; until then the connection waits for Wait::context.
  void later() { later_ = true; }
  /// The client gets this alert (unrecognized_name and the like), and the handshake ends.
  void refuse(Alert alert) { refusal_ = alert; }

  const std::shared_ptr<const Context>& context() const noexcept { return context_; }
  bool is_later() const noexcept { return later_; }
  std::optional<Alert> refusal() const noexcept { return refusal_; }

 private:
  std::shared_ptr<const Context> context_;
  std::optional<Alert> refusal_;
  bool later_ = false;
};

// ---- TLS 1.2 and below ----

/// What ContextOptions::cipher_suites is by default: of TLS 1.3 what RFC 8446 section 9.1 names, of TLS 1.2
/// the AEADs that have forward secrecy, by certificates and by keys.
std::vector<CipherSuite> default_cipher_suites();
/// Every suite of a key exchange that encrypts, to be appended to others: for example those of
/// KeyExchangeMethod::psk, which embedded devices speak, and which have no forward secrecy.
std::vector<CipherSuite> cipher_suites_of(KeyExchangeMethod method);
/// The suite of that name in the IANA registry; nullopt: it is not known here.
std::optional<CipherSuite> find_cipher_suite(std::string_view name) noexcept;

/// What a client is asked when it sends its ClientKeyExchange in TLS 1.2 or below (RFC 4279 section 2). The
/// views are valid during the call; Connection::pending_psk_hint() gives one whose views are valid until the
/// answer.
struct PskHintQuery {
  std::optional<Bytes> hint;          ///< the server's psk_identity_hint; nullopt: it sent none
  std::string_view server_name = {};  ///< ClientOptions::server_name
  CipherSuite cipher_suite = {};      ///< the server's choice
  ProtocolVersion version = {};
  TimePoint now = {};
};

/// What a client answers: one key, or "later", or nothing, which ends the handshake.
class PskHintAnswer {
 public:
  /// The key, and the identity that is sent with it. Its usage has to allow TLS 1.2.
  void use(const Credential& credential) { credential_ = credential; }
  /// The answer comes by Connection::supply_psk; until then the connection waits for Wait::psk_lookup.
  void later() { later_ = true; }

  const std::optional<Credential>& credential() const noexcept { return credential_; }
  bool is_later() const noexcept { return later_; }

 private:
  std::optional<Credential> credential_;
  bool later_ = false;
};

/// What to do when the peer wants to renegotiate (RFC 5746): a server with a ClientHello within a connection,
/// a client with a HelloRequest. This side's own Connection::renegotiate() needs no option.
enum class Renegotiation : std::uint8_t {
  refuse,  ///< no_renegotiation is sent, the connection goes on
  allow,   ///< with a peer that has secure renegotiation, Limits::renegotiations times
};

/// What a provider of session secrets is asked (RFC 4851 section 3.2.2): by a client on ServerHello, by a
/// server on ClientHello. The views are valid during the call.
struct SessionSecretQuery {
  Side side;                            ///< this one
  ProtocolVersion version;              ///< never TLS 1.3, which has nothing of this
  std::optional<Bytes> session_ticket;  ///< the body of the SessionTicket extension; nullopt: none was sent
  std::span<const CipherSuite> cipher_suites;  ///< server: the client's, in its order; client: the chosen one
  Bytes client_random;                         ///< 32 octets
  Bytes server_random;                         ///< 32 octets
};

/// What it answers: a master secret, or nothing. Nothing ends the handshake on a client (internal_error); on
/// a server a full handshake goes on.
class SessionSecretAnswer {
 public:
  static constexpr std::size_t max_size = 512;  ///< octets

  /// 1..512 octets, stored as given; 48 are a master secret as RFC 5246 has it. Any other size is as good as
  /// no answer.
  void give(Bytes master_secret) noexcept {
    secret_.clear();
    if (master_secret.size() <= max_size) secret_.assign(master_secret);
  }
  /// Server: the suite to go on with, one of the client's that this side has; nullopt: the usual choice.
  /// Client: the suite that the session is said to have; it does not change what the server chose.
  void use_suite(CipherSuite suite) noexcept { suite_ = suite; }

  Bytes secret() const noexcept { return secret_.bytes(); }
  std::optional<CipherSuite> suite() const noexcept { return suite_; }

 private:
  detail::SmallSecret<max_size> secret_;
  std::optional<CipherSuite> suite_;
};

/// It must not throw.
using SessionSecretProvider =
    std::function<void(const SessionSecretQuery& query, SessionSecretAnswer& answer)>;

/// A server's tickets (RFC 8446 section 4.6.1, RFC 5077), and session identifiers of TLS 1.2, where the
/// issuer is a SessionCache.
struct TicketOptions {
  std::shared_ptr<TicketIssuer> issuer = {};  ///< empty: neither given nor taken
  unsigned count = 2;                   ///< given behind the handshake; 0: only by Connection::send_ticket
  std::chrono::seconds lifetime{7200};  ///< at most max_ticket_lifetime
  /// After an external key alone: a ticket saves nothing there, and outlives the key's removal.
  bool after_external_psk = false;
};

/// Early data (RFC 8446 section 2.3): it arrives a round trip sooner, has no forward secrecy, and may be
/// replayed by anybody who recorded it. Off unless it is asked for on both sides.
struct EarlyDataOptions {
  /// Server: octets that it takes with a ticket; what an external key allows stands with the key. 0: none.
  std::uint32_t limit = 0;
  /// Server: without one no early data is taken.
  std::shared_ptr<ReplayGuard> guard = {};
};

/// How much padding a protected record gets (RFC 8446 section 5.4).
struct PaddingPolicy {
  std::size_t block =
      0;  ///< content is padded to a multiple of this many octets, within the record; 0 or 1: not at all
};

/// Bounds on what a peer can make a connection do or hold.
struct Limits {
  std::size_t handshake_message =
      131'396;  ///< octets of one handshake message: a ClientHello can have no more
  std::size_t handshake_octets = 300'000;  ///< octets of all handshake messages until the handshake is done
  unsigned empty_records = 32;             ///< in a row
  unsigned warnings = 5;                   ///< warning alerts in a row
  unsigned key_updates = 32;               ///< without application data between them
  unsigned tickets = 64;                   ///< NewSessionTicket messages of a connection
  unsigned psk_identities = 64;  ///< identities of a ClientHello that a server looks up; more are passed over
  unsigned change_cipher_specs = 8;  ///< of one handshake
  std::size_t certificate_message =
      65'536;  ///< octets of a Certificate message, also when it is expanded (RFC 8879)
  /// Octets of one message after the handshake other than a Certificate: a CertificateRequest, or a
  /// NewSessionTicket with a ticket of 32 KiB.
  std::size_t post_handshake_message = 34'816;
  unsigned renegotiations = 3;         ///< handshakes within a connection that the peer asked for
  unsigned certificate_requests = 16;  ///< CertificateRequests after the handshake that a client answers
  std::size_t early_data =
      32'768;  ///< octets of records of early data that a server passes over, as it takes none
  /// Records under one key before this side updates its keys by itself; 0: what the cipher allows (RFC 8446
  /// section 5.5: 2^24.5 for AES-GCM; half of that is used).
  std::uint64_t records_per_key = 0;
};

/// What a Context is made from. Every default is one that is safe to keep.
struct ContextOptions {
  /// The versions that are spoken. TLS 1.0 and 1.1 are for old devices only (RFC 8996): they have to be asked
  /// for.
  ProtocolVersion min_version = ProtocolVersion::tls12;
  ProtocolVersion max_version = ProtocolVersion::tls13;

  /// In order of preference, those of TLS 1.3 among themselves and those of TLS 1.2 and below. A client
  /// leaves out the suites that could not work: whose hash none of its keys has, whose key exchange needs a
  /// key or a certificate that it does not take.
  std::vector<CipherSuite> cipher_suites = default_cipher_suites();
  /// In order of preference. A client makes a key share for the first one. Groups that libcrypto lacks are
  /// left out.
  std::vector<NamedGroup> groups = {
      NamedGroup::x25519,    NamedGroup::X25519MLKEM768, NamedGroup::secp256r1, NamedGroup::x448,
      NamedGroup::secp384r1, NamedGroup::secp521r1,      NamedGroup::ffdhe2048, NamedGroup::ffdhe3072,
  };
  /// The client makes a key share for each of the first `key_shares` groups; 0: none, so that the server
  /// chooses by a HelloRetryRequest (RFC 8446 section 4.2.8).
  unsigned key_shares = 1;
  /// In order of preference. psk_ke has to be asked for: it has no forward secrecy.
  std::vector<PskKeyExchangeMode> psk_modes = {PskKeyExchangeMode::psk_dhe_ke};

  /// Client: the keys that it offers, in this order.
  std::vector<Credential> credentials = {};
  /// Server: where it looks keys up.
  std::shared_ptr<PskSource> psk_source = {};
  UnknownIdentityAlert unknown_identity_alert = UnknownIdentityAlert::decrypt_error;

  // ---- TLS 1.2 and below ----

  /// Client: asked for the key, with the server's hint. Empty: the first of `credentials` that is for TLS 1.2
  /// and fits. It must not throw.
  std::function<void(const PskHintQuery& query, PskHintAnswer& answer)> select_psk = {};
  /// Server: sent as psk_identity_hint (RFC 4279 section 5.2), at most 65535 octets; nullopt: none.
  std::optional<std::string> psk_identity_hint = {};
  Renegotiation renegotiation = Renegotiation::refuse;
  /// Client: a server that does not know RFC 5746 is refused, since it may have renegotiated with somebody
  /// else.
  bool require_renegotiation_info = true;
  /// A peer without RFC 7627 is refused. Otherwise it is taken, and tls-unique and resumption are weaker.
  bool require_extended_master_secret = false;
  bool encrypt_then_mac = true;  ///< RFC 7366: offered, or taken, with CBC suites
  /// Bits of a Diffie-Hellman prime that a client takes of a server; over 8192 it takes none.
  unsigned min_dh_bits = 2048;

  // ---- certificates ----

  /// What this side shows: a server chooses by what the client can verify and by the server name, the first
  /// that fits; a client by what the server asks for.
  std::vector<CertifiedKey> certificates = {};
  /// How the peer's certificate is judged. nullopt: none is asked for and none is taken: keys only.
  std::optional<VerificationOptions> verification = {};
  ClientCertificates client_certificates = ClientCertificates::none;  ///< server
  /// Client: lets the server ask for a certificate when the handshake is done (RFC 8446 section 4.6.2).
  bool post_handshake_auth = false;
  CertWithExternPsk cert_with_extern_psk = CertWithExternPsk::off;
  /// In order of preference: what this side verifies, and what it signs by.
  std::vector<SignatureScheme> signature_schemes = {
      SignatureScheme::ecdsa_secp256r1_sha256,
      SignatureScheme::ed25519,
      SignatureScheme::ecdsa_secp384r1_sha384,
      SignatureScheme::ecdsa_secp521r1_sha512,
      SignatureScheme::ed448,
      SignatureScheme::rsa_pss_pss_sha256,
      SignatureScheme::rsa_pss_rsae_sha256,
      SignatureScheme::rsa_pss_pss_sha384,
      SignatureScheme::rsa_pss_rsae_sha384,
      SignatureScheme::rsa_pss_pss_sha512,
      SignatureScheme::rsa_pss_rsae_sha512,
      SignatureScheme::rsa_pkcs1_sha256,
      SignatureScheme::rsa_pkcs1_sha384,
      SignatureScheme::rsa_pkcs1_sha512,
  };
  // In TLS 1.0 and 1.1 nothing is negotiated: RSA signs MD5 and SHA-1, ECDSA signs SHA-1 (RFC 4346 section
  // 4.7, RFC 8422 section 5.10).
  /// Distinguished names (DER) of the authorities that this side asks for (RFC 8446 section 4.2.4).
  std::vector<std::vector<std::uint8_t>> certificate_authorities = {};
  /// Client: asks for a stapled OCSP response; server: asks a client for one.
  bool request_ocsp_response = false;
  /// In order of preference (RFC 8879); what this build has no library for is left out. Empty: none.
  std::vector<CertificateCompressionAlgorithm> certificate_compression = {};
  /// In order of preference: what this side takes of the peer. raw_public_key needs
  /// VerificationOptions::raw_public_keys or its verify function.
  std::vector<CertificateType> peer_certificate_types = {CertificateType::x509};
  /// Server: asked for each ClientHello before anything is chosen. It must not throw.
  std::function<void(const ClientHelloInfo& hello, ContextChoice& choice)> select = {};

  // ---- sessions ----

  TicketOptions tickets = {};
  /// Client: where sessions are kept, and taken from for ClientOptions::session_key. Empty: nowhere.
  std::shared_ptr<SessionStore> session_store = {};
  /// Client: receives each session as its ticket comes; the store as well, if there is one.
  std::function<void(const Session& session)> on_session = {};
  EarlyDataOptions early_data = {};

  /// ALPN protocols (RFC 7301), each of 1..255 octets, in order of preference. A server that has some and
  /// shares none with a client that has some refuses it (no_application_protocol).
  std::vector<std::string> alpn = {};

  /// The largest record content that this side wants to receive (RFC 8449), 64..16384 octets; 0: does not
  /// say.
  std::size_t record_size_limit = 0;
  /// Client: asks for records of at most 512, 1024, 2048 or 4096 octets (RFC 6066 section 4); 0: does not
  /// ask.
  std::size_t max_fragment_length = 0;
  PaddingPolicy padding = {};
  Limits limits = {};

  /// RFC 8446 appendix D.4: a session identifier and a ChangeCipherSpec, for middleboxes that look for them.
  bool middlebox_compatibility = true;
  /// Server: every client has to come back with a cookie (RFC 8446 section 4.2.2).
  bool always_retry_with_cookie = false;

  /// Receives each secret as a line of the SSLKEYLOGFILE format, without a newline. Whoever reads it reads
  /// the traffic.
  std::function<void(std::string_view line)> key_log = {};
  /// The time; empty: the system's clock.
  std::function<TimePoint()> clock = {};
  /// Random octets; empty: libcrypto's generator. For replays in tests: a repeated value breaks all security.
  std::function<void(MutableBytes)> random = {};

  /// Sees, and may change, the extensions of a message before it is sent: `handshake_type` is that of RFC
  /// 8446 section 4, `extensions` what stands in the block. For replays in tests, byte for byte; what is
  /// asked for here is not known to the connection.
  std::function<void(std::uint8_t handshake_type, std::vector<std::uint8_t>& extensions)> rewrite_extensions =
      {};

  /// libcrypto's library context, which must outlive the Context, and the properties to fetch algorithms by.
  ossl_lib_ctx_st* library_context = nullptr;
  std::string property_query = {};
};

namespace engine {
struct ContextBody;
}

/// An immutable snapshot, shared by connections of any thread. What is live (a Keyring) is reached through
/// it.
class Context {
 public:
  /// Errors: no_suite_configured, no_group_configured (psk_dhe_ke without a group that libcrypto has),
  /// algorithm_unavailable, invalid_argument (the detail says which).
  static Expected<std::shared_ptr<const Context>> create(ContextOptions options);

  const ContextOptions& options() const noexcept;
  const engine::ContextBody& body() const noexcept { return *body_; }
  ~Context();

 private:
  explicit Context(std::unique_ptr<const engine::ContextBody> body) noexcept;
  std::unique_ptr<const engine::ContextBody> body_;
};

}  // namespace sesame
