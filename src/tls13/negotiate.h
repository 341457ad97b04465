// What a server makes of a ClientHello: a row of steps that each read the Offer and fill one part of
// Negotiated.
//
// In the order of the steps: version, protocol, key, suite, mode and group. The key comes before the suite,
// and the suites are filtered by its hash: the other order is how a SHA-256 key fails because a SHA-384 suite
// is preferred.
#pragma once

#include <optional>
#include <string_view>

#include "extension/key_share.h"
#include "extension/pre_shared_key.h"
#include "extension/table.h"
#include "message/client_hello.h"
#include "policy/settings.h"
#include "psk/credential_body.h"
#include "transcript/transcript.h"

namespace sesame::tls13 {

/// A ClientHello, decoded and checked for form. Views of the message.
struct Offer {
  Bytes whole;  ///< the message with its header
  message::ClientHello hello;
  extension::Extensions extensions;
  std::string_view server_name;
  wire::list<PskKeyExchangeMode, 1, 255> modes;
  wire::list<NamedGroup, 2, 0xffff> groups;  ///< empty: none offered
  wire::list<extension::KeyShareEntry, 0, 0xffff> client_shares;
  extension::OfferedPsks psks;
  Bytes truncated;  ///< the message without its binders (section 4.2.11.2)
};

/// Errors: malformed_message, trailing_octets, no_common_version, compression_not_null, extension_missing,
/// psk_not_offered, psk_binder_count, key_share_invalid (two shares for a group), and those of
/// Extensions::parse.
Expected<Offer> read_offer(Bytes client_hello);

/// What is chosen. Pointers are into the settings.
struct Negotiated {
  const std::string* alpn = nullptr;
  std::size_t selected_identity = 0;
  bool older_key = false;
  bool by_server_name = false;  ///< the key is bound to the name, so the name was used
  std::optional<psk::PskSecrets> secrets;
  const policy::Suite* suite = nullptr;
  PskKeyExchangeMode mode{};
  std::optional<NamedGroup> group;
  Bytes peer_share;  ///< empty with a group: a HelloRetryRequest has to ask for it
  /// How records are limited: by record_size_limit (RFC 8449), by max_fragment_length (RFC 6066), or not at
  /// all.
  enum class LimitBy : std::uint8_t { nothing, record_size_limit, max_fragment_length };
  LimitBy limit_by = LimitBy::nothing;
  std::uint16_t sent_limit = 0;  ///< octets of content, if anything limits it
  std::uint16_t received_limit = 0;
};

/// How far the look-up of the client's identities has come: it may be left and taken up again.
struct PskLookup {
  std::size_t next = 0;  ///< the identity to ask for
  bool pending = false;  ///< the source said "later" to it
  psk::AnswerBody answer;
  std::optional<Error> refusal;       ///< why the keys that were found could not be used
  std::size_t unknown = 0;            ///< identities that no source knew
  bool has_hash[2] = {false, false};  ///< of the truncated ClientHello
  crypto::HashValue hash[2];

  /// For the next ClientHello: everything is asked again.
  void reset() noexcept {
    next = unknown = 0;
    pending = has_hash[0] = has_hash[1] = false;
    answer.clear();
    refusal.reset();
  }
};

/// Error: no_common_alpn.
Expected<> choose_alpn(const policy::Settings& settings, const Offer& offer, Negotiated& out);

/// Errors: malformed_message, record_size_limit_invalid, max_fragment_length_mismatch.
Expected<> choose_record_limits(const policy::Settings& settings, const Offer& offer, Negotiated& out);

/// Asks the source for one identity after another until one has a key that can be used, and checks its
/// binder. True: a key was chosen; false: the source answers later. Hashes are begun in `transcript` as they
/// are needed, with the truncated ClientHello in them. Errors: no_common_suite, psk_identity_unknown,
/// psk_binder_mismatch, psk_hash_mismatch, psk_expired, psk_not_yet_valid, psk_wrong_usage.
Expected<bool> choose_psk(const policy::Settings& settings, const Offer& offer, TimePoint now,
                          const policy::Suite* fixed_suite, transcript::Transcript& transcript,
                          PskLookup& lookup, Negotiated& out);

/// Error: no_common_suite.
Expected<> choose_suite(const policy::Settings& settings, const Offer& offer, const policy::Suite* fixed,
                        Negotiated& out);

/// Errors: psk_mode_mismatch, no_common_group.
Expected<> choose_mode_and_group(const policy::Settings& settings, const Offer& offer, Negotiated& out);

}  // namespace sesame::tls13
