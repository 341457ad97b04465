// What many connections share: the policy, the keys, and the algorithms, fetched once.
#pragma once

#include <sesame/bytes.h>
#include <sesame/certificate.h>
#include <sesame/credential.h>
#include <sesame/error.h>
#include <sesame/psk_source.h>
#include <sesame/session.h>
#include <sesame/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
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

/// A server's tickets (RFC 8446 section 4.6.1).
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
  unsigned certificate_requests = 16;  ///< CertificateRequests after the handshake that a client answers
  std::size_t early_data =
      32'768;  ///< octets of records of early data that a server passes over, as it takes none
  /// Records under one key before this side updates its keys by itself; 0: what the cipher allows (RFC 8446
  /// section 5.5: 2^24.5 for AES-GCM; half of that is used).
  std::uint64_t records_per_key = 0;
};

/// What a Context is made from. Every default is one that is safe to keep.
struct ContextOptions {
  /// In order of preference. A client leaves out the suites whose hash none of its keys has.
  std::vector<CipherSuite> cipher_suites = {
      CipherSuite::TLS_AES_128_GCM_SHA256,
      CipherSuite::TLS_CHACHA20_POLY1305_SHA256,
      CipherSuite::TLS_AES_256_GCM_SHA384,
  };
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
