// What many connections share: the policy, the keys, and the algorithms, fetched once.
#pragma once

#include <sesame/bytes.h>
#include <sesame/credential.h>
#include <sesame/error.h>
#include <sesame/psk_source.h>
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
