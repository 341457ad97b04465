// Why something failed: for the program (Reason), for the peer (Alert), and for a person (message, advice).
//
// The peer learns one alert. The local side always learns the precise reason, where in the handshake it
// happened, and what to do about it.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace sesame {

/// RFC 8446 section 6 and appendix B.2, RFC 5246 section 7.2.
enum class Alert : std::uint8_t {
  close_notify = 0,
  unexpected_message = 10,
  bad_record_mac = 20,
  record_overflow = 22,
  handshake_failure = 40,
  bad_certificate = 42,
  unsupported_certificate = 43,
  certificate_revoked = 44,
  certificate_expired = 45,
  certificate_unknown = 46,
  illegal_parameter = 47,
  unknown_ca = 48,
  access_denied = 49,
  decode_error = 50,
  decrypt_error = 51,
  protocol_version = 70,
  insufficient_security = 71,
  internal_error = 80,
  inappropriate_fallback = 86,
  user_canceled = 90,
  no_renegotiation =
      100,  ///< a warning of TLS 1.2 and below: the connection goes on (RFC 5246 section 7.2.2)
  missing_extension = 109,
  unsupported_extension = 110,
  unrecognized_name = 112,
  bad_certificate_status_response = 113,
  unknown_psk_identity = 115,
  certificate_required = 116,
  no_application_protocol = 120,
  none = 255,  ///< no alert was sent: nothing was wrong on the wire, or there is no peer to tell
};

/// The name in RFC 8446 appendix B.2; "unknown" for any other value.
std::string_view name(Alert alert) noexcept;

/// One value for each way of failing. The table in src/error/ has a row for each.
enum class Reason : std::uint16_t {
  // The call was wrong; the connection, if there is one, goes on.
  invalid_argument,
  identity_empty,
  identity_too_long,
  key_empty,
  key_too_long,
  duplicate_identity,
  identity_not_in_keyring,
  two_keys_already,
  no_credential_usable,
  no_suite_configured,
  no_group_configured,
  algorithm_unavailable,
  not_connected,
  write_closed,
  buffer_too_small,
  exporter_not_ready,
  nothing_pending,
  file_unreadable,
  file_syntax,
  file_exists,
  store_unavailable,
  store_busy,
  store_invalid,

  certificate_unreadable,
  private_key_unreadable,
  private_key_mismatch,
  certificate_chain_disordered,
  ocsp_response_malformed,
  session_malformed,
  early_data_unavailable,
  post_handshake_auth_not_offered,
  renegotiation_unavailable,

  // The shared keys did not fit.
  psk_identity_unknown,
  psk_binder_mismatch,
  psk_hash_mismatch,
  psk_not_offered,
  psk_mode_mismatch,
  psk_not_yet_valid,
  psk_expired,
  psk_wrong_usage,
  psk_not_selected,
  psk_lookup_failed,
  psk_key_mismatch,
  psk_not_supplied,
  session_secret_refused,
  session_ticket_refused,

  // The two sides have nothing in common.
  no_common_version,
  no_common_suite,
  no_common_group,
  no_common_alpn,

  no_common_signature_scheme,
  no_certificate_usable,
  no_common_certificate_type,
  inappropriate_fallback,
  extended_master_secret_missing,
  renegotiation_info_missing,
  dh_parameters_unsuitable,

  // The peer's certificate was not accepted.
  certificate_required,
  certificate_empty,
  certificate_malformed,
  certificate_expired,
  certificate_not_yet_valid,
  certificate_revoked,
  certificate_issuer_unknown,
  certificate_name_mismatch,
  certificate_purpose_wrong,
  certificate_key_unsuitable,
  certificate_not_trusted,
  certificate_refused,
  raw_public_key_unknown,
  revocation_unknown,
  ocsp_response_missing,
  ocsp_response_invalid,
  signature_invalid,
  signature_scheme_not_offered,
  signature_failed,
  certificate_with_psk_required,

  // The peer broke the protocol.
  unexpected_message,
  unexpected_record,
  malformed_message,
  message_too_long,
  trailing_octets,
  record_too_long,
  record_version_wrong,
  record_unprotected,
  record_mac_wrong,
  record_content_empty,
  message_across_key_change,
  finished_mismatch,
  extension_missing,
  extension_duplicate,
  extension_unsolicited,
  extension_misplaced,
  psk_extension_not_last,
  psk_binder_count,
  psk_selected_out_of_range,
  key_share_wrong_group,
  key_share_invalid,
  suite_not_offered,
  suite_changed,
  session_id_mismatch,
  compression_not_null,
  retry_twice,
  retry_changes_nothing,
  retry_hello_changed,
  cookie_mismatch,
  downgrade_detected,
  legacy_version_wrong,
  alpn_not_offered,
  record_size_limit_invalid,
  max_fragment_length_mismatch,
  too_many_empty_records,
  too_many_warnings,
  too_many_key_updates,
  too_many_tickets,
  too_many_certificate_requests,
  too_much_handshake,
  change_cipher_spec_wrong,
  key_update_invalid,
  alert_malformed,
  certificate_compression_wrong,
  certificate_too_long,
  certificate_context_wrong,
  early_data_too_long,
  early_data_not_offered,
  context_refused,
  renegotiation_info_wrong,
  renegotiation_changed,
  too_many_renegotiations,
  resumption_changed,
  point_format_missing,
  ec_curve_wrong,

  // How it ended.
  alert_received,
  truncated,
  sequence_exhausted,
  internal_error,
};

/// The identifier of the reason ("psk_binder_mismatch"), stable across releases: for scripts and logs.
std::string_view name(Reason reason) noexcept;

/// A failure. Cheap to move and to copy.
class Error {
 public:
  explicit Error(Reason reason);
  /// `detail` adds the values at hand to the sentence of the reason; it must not hold a secret.
  Error(Reason reason, std::string detail);

  Reason reason() const noexcept { return reason_; }

  /// The alert that was sent to the peer, or the one that it sent (`from_peer`); Alert::none if neither.
  Alert alert() const noexcept { return alert_; }
  bool from_peer() const noexcept { return from_peer_; }

  /// Where: the state of RFC 8446 appendix A, or of RFC 5246 section 7.3, and the message that it was about.
  /// Empty outside a handshake.
  std::string_view state() const noexcept { return state_; }
  std::string_view handshake_message() const noexcept { return message_; }

  /// The values at hand, e.g. the identity that is unknown. May be empty.
  std::string_view detail() const noexcept;

  /// One sentence or two for a person: what happened and where.
  std::string message() const;
  /// What to do about it. Never empty.
  std::string_view advice() const noexcept;

  // For the engine, which knows what is not known where the error arises.
  Error& with_alert(Alert alert) noexcept;
  Error& at(std::string_view state, std::string_view handshake_message) noexcept;  ///< static strings only
  static Error received(Alert alert);

 private:
  Reason reason_;
  Alert alert_;
  bool from_peer_ = false;
  std::string_view state_;
  std::string_view message_;
  std::shared_ptr<const std::string> detail_;
};

template <class T = void>
using Expected = std::expected<T, Error>;

/// For `return fail(Reason::...)` in a function that returns an Expected.
inline std::unexpected<Error> fail(Reason reason) { return std::unexpected<Error>(std::in_place, reason); }
inline std::unexpected<Error> fail(Reason reason, std::string detail) {
  return std::unexpected<Error>(std::in_place, reason, std::move(detail));
}

}  // namespace sesame
