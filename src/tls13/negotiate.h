// What a server makes of a ClientHello: a row of steps that each read the Offer and fill one part of
// Negotiated.
//
// In the order of the steps: version, protocol, key, suite, mode and group, certificate, early data. The key
// comes before the suite, and the suites are filtered by its hash: the other order is how a SHA-256 key fails
// because a SHA-384 suite is preferred.
#pragma once

#include <optional>
#include <string_view>

#include "certificate/certified_key.h"
#include "extension/key_share.h"
#include "extension/pre_shared_key.h"
#include "extension/table.h"
#include "handshake/hello.h"
#include "policy/settings.h"
#include "psk/credential_body.h"
#include "session/session_body.h"
#include "transcript/transcript.h"

namespace sesame::tls13 {

/// A ClientHello of TLS 1.3.
struct Offer : handshake::Hello {
  wire::list<PskKeyExchangeMode, 1, 255> modes;
  wire::list<NamedGroup, 2, 0xffff> groups;  ///< empty: none offered
  wire::list<extension::KeyShareEntry, 0, 0xffff> client_shares;
  extension::OfferedPsks psks;
  bool has_psks = false;
  Bytes truncated;  ///< the message without its binders (section 4.2.11.2); all of it where there are none
};

/// Errors: malformed_message, trailing_octets, no_common_version, compression_not_null, extension_missing,
/// psk_binder_count, key_share_invalid (two shares for a group), and those of Extensions::parse.
Expected<Offer> read_offer(Bytes client_hello);

/// What is chosen. Pointers are into the settings.
struct Negotiated {
  const std::string* alpn = nullptr;
  std::size_t selected_identity = 0;
  std::optional<Session> session;  ///< the ticket's that was chosen; otherwise the key is external
  Bytes identity;                  ///< of the chosen key, as the source knows it
  Bytes binder;
  std::uint32_t obfuscated_ticket_age = 0;
  ExternalEarlyData external_early_data;
  std::optional<TimePoint> not_before, not_after;  ///< of an external key
  bool older_key = false;
  bool by_server_name = false;             ///< the key is bound to the name, so the name was used
  std::optional<psk::PskSecrets> secrets;  ///< nullopt: no pre-shared key
  bool by_certificate = false;             ///< this side shows a certificate; with secrets: RFC 8773
  certificate::Chosen certificate;
  bool staple = false;
  std::optional<CertificateCompressionAlgorithm> compression;
  /// RFC 7250: what the client is told; nullopt: nothing, which means X.509.
  std::optional<CertificateType> server_type, client_type;
  std::uint32_t early_data = 0;  ///< octets that are accepted; 0: none
  const policy::Suite* suite = nullptr;
  PskKeyExchangeMode mode{};
  std::optional<NamedGroup> group;
  Bytes peer_share;  ///< empty with a group: a HelloRetryRequest has to ask for it
  handshake::RecordLimits limits;
};

/// How far the look-up of the client's identities has come: it may be left and taken up again.
struct PskLookup {
  std::size_t next = 0;  ///< the identity to ask for
  bool pending = false;  ///< the source said "later" to it
  psk::AnswerBody answer;
  std::optional<Error> refusal;  ///< why the keys that were found could not be used
  std::size_t unknown = 0;       ///< identities that no source knew
  std::size_t binders = 0;       ///< that were computed, of unknown identities too
  bool mismatch = false;         ///< there was a key, by which the binder does not validate
  std::size_t failed = 0;        ///< that identity, if there was; and the hash of its key
  HashAlgorithm failed_hash = HashAlgorithm::sha256;
  /// What a ticket held: an issuer may give it once only, and the second ClientHello has the ticket again.
  std::vector<std::uint8_t> ticket;
  std::optional<Session> session;
  bool has_hash[2] = {false, false};  ///< of the truncated ClientHello
  crypto::HashValue hash[2];

  /// For the next ClientHello: everything is asked again.
  void reset() noexcept {
    next = unknown = binders = 0;
    pending = mismatch = has_hash[0] = has_hash[1] = false;
    failed = 0;
    answer.clear();
    refusal.reset();
  }
};

/// What a source is asked for an identity of the ClientHello. The views are of the offer.
PskQuery make_query(const Offer& offer, Bytes identity, TimePoint now);

enum class PskChoice : std::uint8_t { chosen, none, later };

/// Opens tickets, and asks the source for one identity after another, until one has a key that can be used,
/// and checks its binder. Hashes are begun in `transcript` as they are needed, with the truncated ClientHello
/// in them. Where none can be used, psk_failure() says why; a server that has keys only gives that as the
/// error itself. For such a server an unknown identity takes the time of a wrong key, as far as its source
/// lets it: docs/timing.md. Errors: no_common_suite, psk_binder_mismatch.
Expected<PskChoice> choose_psk(const policy::Settings& settings, const Offer& offer, TimePoint now,
                               const policy::Suite* fixed_suite, transcript::Transcript& transcript,
                               PskLookup& lookup, Negotiated& out);
/// Why the handshake cannot go on without a key: psk_binder_mismatch, psk_identity_unknown,
/// psk_hash_mismatch, psk_expired, psk_not_yet_valid, psk_wrong_usage.
Error psk_failure(const policy::Settings& settings, const Offer& offer, PskLookup& lookup);

/// The hash of the transcript up to the truncated ClientHello, begun if it was not.
const crypto::HashValue& truncated_hash(const policy::Settings& settings, const Offer& offer,
                                        HashAlgorithm algorithm, transcript::Transcript& transcript,
                                        PskLookup& lookup);

/// Error: no_common_suite.
Expected<> choose_suite(const policy::Settings& settings, const Offer& offer, const policy::Suite* fixed,
                        Negotiated& out);

/// Errors: psk_mode_mismatch, no_common_group.
Expected<> choose_mode_and_group(const policy::Settings& settings, const Offer& offer, Negotiated& out);

/// Whether a handshake by a certificate of this side is possible at all: it has one, and the client has what
/// section 9.2 asks of it.
bool can_use_certificate(const policy::Settings& settings, const Offer& offer) noexcept;
/// The certificate, how it is sent, and of what type both sides' are. Errors: no_certificate_usable,
/// no_common_signature_scheme, no_common_certificate_type, extension_missing, malformed_message.
Expected<> choose_certificate(const policy::Settings& settings, const Offer& offer, Negotiated& out);
/// Whether a certificate and the external key go together (RFC 8773). Errors: extension_misplaced,
/// certificate_with_psk_required.
Expected<> choose_cert_with_extern_psk(const policy::Settings& settings, const Offer& offer, Negotiated& out);
/// Whether early data is accepted (section 4.2.10): records the ClientHello if it is.
void choose_early_data(const policy::Settings& settings, const Offer& offer, TimePoint now, Negotiated& out);

}  // namespace sesame::tls13
