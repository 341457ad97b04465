#include "error/table.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>

#include <algorithm>

namespace sesame::error {
namespace {

using enum Alert;

// The identifier is written once, so that name(Reason) cannot differ from it.
#define SESAME_ROW(reason, ...) \
  Row { Reason::reason, #reason, __VA_ARGS__ }

// Natively, all that a client could find out about an identity without its key gets the same alert,
// decrypt_error: whether it exists, whether it is valid now, for which hash and for what it may be used (RFC
// 8446 section 4.2.11, appendix E.6 and RFC 9257 section 8). The engine sets another alert where the side or
// the message asks for one.
constexpr Row table[] = {
    // ---- The call was wrong ----
    SESAME_ROW(invalid_argument, none, none, ERR_R_PASSED_INVALID_ARGUMENT,
               "An argument has a value that is not allowed",
               "Correct the call: the detail says which argument it is."),
    SESAME_ROW(identity_empty, none, none, SSL_R_BAD_PSK_IDENTITY,
               "The identity of a pre-shared key is empty",
               "Give the key an identity of at least one octet."),
    SESAME_ROW(
        identity_too_long, none, none, SSL_R_DATA_LENGTH_TOO_LONG,
        "The identity is longer than TLS can carry",
        "Use a shorter identity: a ClientHello has room for about 65,400 octets of identities in all."),
    SESAME_ROW(key_empty, none, none, SSL_R_BAD_PSK, "A pre-shared key is empty",
               "Give a key, best of 32 random octets; `sesame keygen` makes one."),
    SESAME_ROW(key_too_long, none, none, SSL_R_DATA_LENGTH_TOO_LONG,
               "A pre-shared key has more than 4096 octets",
               "Use a shorter key: 32 random octets are enough for any cipher suite."),
    SESAME_ROW(duplicate_identity, none, none, SSL_R_BAD_PSK_IDENTITY, "The identity has a key already",
               "Use another identity, or rotate the key if the new one is to replace the old one."),
    SESAME_ROW(identity_not_in_keyring, none, none, SSL_R_PSK_IDENTITY_NOT_FOUND,
               "The keyring has no such identity",
               "Check the identity for a typing error, or add a key for it first."),
    SESAME_ROW(two_keys_already, none, none, SSL_R_BAD_PSK, "The identity has two keys already",
               "Retire the older key before the next rotation."),
    SESAME_ROW(no_credential_usable, none, none, SSL_R_BAD_PSK, "No pre-shared key can be used now",
               "Give at least one key that is valid now and whose hash a configured cipher suite has."),
    SESAME_ROW(no_suite_configured, none, none, SSL_R_NO_CIPHERS_AVAILABLE, "No cipher suite can be used",
               "Configure at least one cipher suite that libcrypto has."),
    SESAME_ROW(no_group_configured, none, none, SSL_R_NO_SUITABLE_GROUPS,
               "psk_dhe_ke is on but no group can be used",
               "Configure at least one group that libcrypto has, for example x25519, or allow psk_ke only."),
    SESAME_ROW(algorithm_unavailable, none, none, SSL_R_LIBRARY_HAS_NO_CIPHERS,
               "libcrypto does not have an algorithm that is needed",
               "Check which providers libcrypto loads (openssl.cnf), and the property query if one is set."),
    SESAME_ROW(not_connected, none, none, SSL_R_UNINITIALIZED, "The handshake is not done",
               "Complete the handshake first: go on until Connection::handshake_done()."),
    SESAME_ROW(write_closed, none, none, SSL_R_PROTOCOL_IS_SHUTDOWN,
               "This side has closed the connection for writing", "Send everything before close()."),
    SESAME_ROW(
        buffer_too_small, none, none, SSL_R_LENGTH_TOO_SHORT, "The buffer is too small",
        "Give a buffer with room for a record header, the tag and at least one octet: see sealed_size()."),
    SESAME_ROW(exporter_not_ready, none, none, SSL_R_UNINITIALIZED,
               "Keying material cannot be exported before the handshake is done",
               "Complete the handshake first: go on until Connection::handshake_done()."),
    SESAME_ROW(nothing_pending, none, none, ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED,
               "No key look-up is waiting for an answer",
               "Call supply_psk() only while Connection::wait() is Wait::psk_lookup, and once."),
    SESAME_ROW(file_unreadable, none, none, ERR_R_SYS_LIB, "The file cannot be read",
               "Check the path, and that the file's owner and mode let this program read it."),
    SESAME_ROW(file_syntax, none, none, SSL_R_BAD_DATA,
               "The key file has a line that is not `identity:hexkey`",
               "Correct the line. `sesame keygen` writes lines of the right form."),
    SESAME_ROW(file_exists, none, none, ERR_R_SYS_LIB, "The file exists already",
               "Choose another name, or move the old file away: it may hold the only copy of a key."),

    // ---- The shared keys did not fit ----
    SESAME_ROW(psk_identity_unknown, decrypt_error, handshake_failure, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
               "The client offered no identity that this server knows",
               "Add a key for the identity on the server, or correct the identity that the client is given."),
    SESAME_ROW(
        psk_binder_mismatch, decrypt_error, illegal_parameter, SSL_R_BINDER_DOES_NOT_VERIFY,
        "The binder does not match: the two sides hold different keys for this identity",
        "Give both sides the same key, and check that both take it as hexadecimal and for the same hash."),
    SESAME_ROW(psk_hash_mismatch, decrypt_error, handshake_failure, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
               "The pre-shared key is bound to a hash that no offered cipher suite has",
               "Offer a suite with the key's hash (TLS_AES_256_GCM_SHA384 for SHA-384, the others for "
               "SHA-256), or bind the "
               "key to the other hash on both sides."),
    SESAME_ROW(psk_not_offered, handshake_failure, handshake_failure, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
               "The client offered no pre-shared key, and this server has no other way to authenticate",
               "Configure a pre-shared key for TLS 1.3 on the client."),
    SESAME_ROW(psk_mode_mismatch, handshake_failure, handshake_failure, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
               "The two sides have no key-exchange mode for pre-shared keys in common",
               "Allow psk_dhe_ke on both sides; psk_ke, which has no forward secrecy, only if a side cannot "
               "do that."),
    SESAME_ROW(psk_not_yet_valid, decrypt_error, handshake_failure, SSL_R_BAD_PSK,
               "The pre-shared key is not valid yet",
               "Wait until the key's not_before time, and check the clock of this machine."),
    SESAME_ROW(psk_expired, decrypt_error, handshake_failure, SSL_R_BAD_PSK, "The pre-shared key has expired",
               "Give both sides a new key, and check the clock of this machine."),
    SESAME_ROW(psk_wrong_usage, decrypt_error, handshake_failure, SSL_R_BAD_PSK,
               "The pre-shared key may not be used for this",
               "Use a key that is meant for this version, protocol and server name, or make one: one key, "
               "one role."),
    SESAME_ROW(psk_not_selected, handshake_failure, handshake_failure, SSL_R_BAD_PSK,
               "The server accepted none of the pre-shared keys that were offered",
               "Check that the server knows the identity and has pre-shared keys for TLS 1.3 switched on."),
    SESAME_ROW(psk_lookup_failed, internal_error, internal_error, SSL_R_BAD_EXTENSION,
               "The look-up of the pre-shared key failed",
               "See what the key source of this server reported: a database or a callback did not answer."),

    // ---- The two sides have nothing in common ----
    SESAME_ROW(no_common_version, protocol_version, protocol_version, SSL_R_UNSUPPORTED_PROTOCOL,
               "The two sides have no TLS version in common", "Switch TLS 1.3 on at both sides."),
    SESAME_ROW(no_common_suite, handshake_failure, handshake_failure, SSL_R_NO_SHARED_CIPHER,
               "The two sides have no cipher suite in common",
               "Allow the same TLS 1.3 suite on both sides, for example TLS_AES_128_GCM_SHA256."),
    SESAME_ROW(no_common_group, handshake_failure, handshake_failure, SSL_R_NO_SUITABLE_KEY_SHARE,
               "The two sides have no key-exchange group in common",
               "Allow the same group on both sides, for example x25519 or secp256r1."),
    SESAME_ROW(no_common_alpn, no_application_protocol, no_application_protocol,
               SSL_R_NO_APPLICATION_PROTOCOL, "The two sides have no application protocol (ALPN) in common",
               "Configure the same ALPN protocol on both sides, or none on one of them."),

    // ---- The peer broke the protocol ----
    SESAME_ROW(unexpected_message, unexpected_message, unexpected_message, SSL_R_UNEXPECTED_MESSAGE,
               "The peer sent a handshake message that does not belong here",
               "The peer's TLS is at fault, or something on the way altered the octets: report it to who "
               "maintains it."),
    SESAME_ROW(
        unexpected_record, unexpected_message, unexpected_message, SSL_R_UNEXPECTED_RECORD,
        "The peer sent a record of a type that does not belong here",
        "Check that the peer speaks TLS at once on this port, without STARTTLS or a proxy header before it."),
    SESAME_ROW(malformed_message, decode_error, decode_error, SSL_R_LENGTH_MISMATCH,
               "The peer sent a message that cannot be decoded",
               "The peer's TLS is at fault, or something on the way altered the octets: report it to who "
               "maintains it."),
    SESAME_ROW(
        message_too_long, decode_error, illegal_parameter, SSL_R_EXCESSIVE_MESSAGE_SIZE,
        "The peer sent a handshake message longer than the limit",
        "Raise Limits::handshake_message if such a message is to be expected; otherwise suspect the peer."),
    SESAME_ROW(trailing_octets, decode_error, decode_error, SSL_R_EXTRA_DATA_IN_MESSAGE,
               "The peer sent a message with octets behind its end",
               "The peer's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(record_too_long, record_overflow, record_overflow, SSL_R_PACKET_LENGTH_TOO_LONG,
               "The peer sent a record longer than TLS or the record size limit allows",
               "Check that the peer speaks TLS on this port; if it does, its TLS is at fault."),
    SESAME_ROW(record_version_wrong, protocol_version, protocol_version, SSL_R_WRONG_VERSION_NUMBER,
               "What the peer sent is not a TLS record",
               "Check host and port: the peer speaks another protocol there (plain HTTP, for example)."),
    SESAME_ROW(
        record_unprotected, unexpected_message, unexpected_message, SSL_R_BAD_RECORD_TYPE,
        "The peer sent an unprotected record where only protected ones are allowed",
        "The peer's TLS is at fault, or somebody injects records: report it to who maintains the network."),
    SESAME_ROW(record_mac_wrong, bad_record_mac, bad_record_mac, SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC,
               "A record is not authentic",
               "Something on the way altered the octets, or the two sides derived different keys: try again, "
               "then suspect "
               "the network."),
    SESAME_ROW(record_content_empty, unexpected_message, unexpected_message, SSL_R_BAD_LENGTH,
               "The peer sent a record without content or content type",
               "The peer's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(message_across_key_change, unexpected_message, unexpected_message,
               SSL_R_NOT_ON_RECORD_BOUNDARY, "The peer sent a message that spans a change of keys",
               "The peer's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(finished_mismatch, decrypt_error, decrypt_error, SSL_R_DIGEST_CHECK_FAILED,
               "The peer's Finished does not match the handshake as this side saw it",
               "Something on the way altered the handshake: suspect a middlebox or an attack."),
    SESAME_ROW(extension_missing, missing_extension, missing_extension,
               SSL_R_MISSING_SUPPORTED_GROUPS_EXTENSION, "The peer left out an extension that it has to send",
               "The peer's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(extension_duplicate, illegal_parameter, illegal_parameter, SSL_R_BAD_EXTENSION,
               "The peer sent an extension twice in one message",
               "The peer's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(extension_unsolicited, unsupported_extension, unsupported_extension,
               SSL_R_UNSOLICITED_EXTENSION, "The peer answered with an extension that this side did not send",
               "The peer's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(extension_misplaced, illegal_parameter, illegal_parameter, SSL_R_BAD_EXTENSION,
               "The peer sent an extension in a message where it is not allowed",
               "The peer's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(psk_extension_not_last, illegal_parameter, illegal_parameter, SSL_R_BAD_EXTENSION,
               "The client's pre_shared_key is not its last extension",
               "The client's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(psk_binder_count, illegal_parameter, decode_error, SSL_R_BAD_EXTENSION,
               "The client sent more or fewer binders than identities",
               "The client's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(psk_selected_out_of_range, illegal_parameter, illegal_parameter, SSL_R_BAD_PSK_IDENTITY,
               "The server selected a pre-shared key that was not offered",
               "The server's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(key_share_wrong_group, illegal_parameter, illegal_parameter, SSL_R_BAD_KEY_SHARE,
               "The peer sent a key share for a group that was not agreed on",
               "The peer's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(key_share_invalid, illegal_parameter, illegal_parameter, SSL_R_BAD_ECPOINT,
               "The peer sent a key share that is no value of its group",
               "The peer's TLS is at fault, or somebody probes this side: report it to who maintains it."),
    SESAME_ROW(suite_not_offered, illegal_parameter, illegal_parameter, SSL_R_WRONG_CIPHER_RETURNED,
               "The server chose a cipher suite that was not offered",
               "The server's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(suite_changed, illegal_parameter, illegal_parameter, SSL_R_WRONG_CIPHER_RETURNED,
               "The cipher suite is not the one of the HelloRetryRequest",
               "The peer's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(session_id_mismatch, illegal_parameter, illegal_parameter, SSL_R_INVALID_SESSION_ID,
               "The server did not echo the session identifier",
               "The server's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(compression_not_null, illegal_parameter, illegal_parameter,
               SSL_R_INVALID_COMPRESSION_ALGORITHM,
               "The peer asks for compression, which TLS 1.3 does not have",
               "The peer's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(retry_twice, unexpected_message, unexpected_message, SSL_R_UNEXPECTED_MESSAGE,
               "The server sent a second HelloRetryRequest",
               "The server's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(retry_changes_nothing, illegal_parameter, illegal_parameter, SSL_R_NO_CHANGE_FOLLOWING_HRR,
               "The server sent a HelloRetryRequest that would change nothing",
               "The server's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(retry_hello_changed, illegal_parameter, illegal_parameter, SSL_R_BAD_KEY_SHARE,
               "The client's second ClientHello differs from the first where it may not",
               "The client's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(cookie_mismatch, illegal_parameter, illegal_parameter, SSL_R_COOKIE_MISMATCH,
               "The client did not bring back the cookie that it was given",
               "The client's TLS is at fault, or the connection moved to another server between the two "
               "ClientHellos."),
    SESAME_ROW(downgrade_detected, illegal_parameter, illegal_parameter, SSL_R_INAPPROPRIATE_FALLBACK,
               "Somebody made the two sides agree on an older version than both know",
               "Suspect an attack, or a middlebox that rewrites TLS, on the way between the two."),
    SESAME_ROW(legacy_version_wrong, illegal_parameter, protocol_version, SSL_R_BAD_LEGACY_VERSION,
               "The peer's legacy_version is not the one that TLS 1.3 prescribes",
               "The peer's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(alpn_not_offered, illegal_parameter, decode_error, SSL_R_BAD_EXTENSION,
               "The server chose an application protocol (ALPN) that was not offered",
               "The server's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(record_size_limit_invalid, illegal_parameter, illegal_parameter, SSL_R_BAD_EXTENSION,
               "The peer's record_size_limit is not between 64 and the largest record",
               "Configure a record size limit of at least 64 octets at the peer."),
    SESAME_ROW(max_fragment_length_mismatch, illegal_parameter, illegal_parameter,
               SSL_R_SSL3_EXT_INVALID_MAX_FRAGMENT_LENGTH,
               "The peer's max_fragment_length is not a value that is allowed here",
               "The peer's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(
        too_many_empty_records, unexpected_message, unexpected_message, SSL_R_RECORD_TOO_SMALL,
        "The peer sent too many empty records in a row",
        "Suspect the peer: empty records cost work and carry nothing. Limits::empty_records is the bound."),
    SESAME_ROW(too_many_warnings, unexpected_message, unexpected_message, SSL_R_TOO_MANY_WARN_ALERTS,
               "The peer sent too many warning alerts in a row",
               "Suspect the peer: such alerts cost work and carry nothing. Limits::warnings is the bound."),
    SESAME_ROW(too_many_key_updates, unexpected_message, illegal_parameter, SSL_R_TOO_MANY_KEY_UPDATES,
               "The peer updated its keys too often without sending data",
               "Suspect the peer: each update costs work. Limits::key_updates is the bound."),
    SESAME_ROW(too_many_tickets, unexpected_message, unexpected_message, SSL_R_UNEXPECTED_MESSAGE,
               "The server sent too many session tickets",
               "Configure fewer tickets at the server, or raise Limits::tickets."),
    SESAME_ROW(too_much_handshake, unexpected_message, illegal_parameter, SSL_R_EXCESSIVE_MESSAGE_SIZE,
               "The peer's handshake messages are longer in all than the limit",
               "Raise Limits::handshake_octets if so much is to be expected; otherwise suspect the peer."),
    SESAME_ROW(change_cipher_spec_wrong, unexpected_message, illegal_parameter, SSL_R_INVALID_CCS_MESSAGE,
               "The peer sent a ChangeCipherSpec that is malformed, misplaced or one too many",
               "The peer's TLS is at fault, or a middlebox on the way: report it to who maintains it."),
    SESAME_ROW(key_update_invalid, illegal_parameter, illegal_parameter, SSL_R_BAD_KEY_UPDATE,
               "The peer sent a KeyUpdate with a value that is not defined",
               "The peer's TLS is at fault: report it to who maintains it."),
    SESAME_ROW(alert_malformed, decode_error, unexpected_message, SSL_R_INVALID_ALERT,
               "The peer sent an alert that is malformed",
               "The peer's TLS is at fault: report it to who maintains it."),

    // ---- How it ended ----
    SESAME_ROW(alert_received, none, none, openssl_alert_reason_offset,
               "The peer ended the connection with an alert",
               "See the log of the peer: it knows the precise reason."),
    SESAME_ROW(
        truncated, none, decode_error, SSL_R_UNEXPECTED_EOF_WHILE_READING,
        "The transport ended without close_notify: what was received may be incomplete",
        "See whether the peer crashed or closes without close_notify; do not take the data for whole."),
    SESAME_ROW(sequence_exhausted, internal_error, internal_error, ERR_R_INTERNAL_ERROR,
               "No more records can be protected under these keys",
               "Update the keys in time, or open a new connection."),
    SESAME_ROW(internal_error, internal_error, internal_error, ERR_R_INTERNAL_ERROR,
               "Something inside this library failed", "Report it to who maintains Sesame, with the detail."),
};
#undef SESAME_ROW

constexpr bool is_complete() {
  for (std::size_t i = 0; i < std::size(table); ++i) {
    const Row& row = table[i];
    if (row.reason != static_cast<Reason>(i) || row.openssl_reason == 0) return false;
    if (row.sentence.empty() || row.sentence.back() == '.' || !row.advice.ends_with('.')) return false;
  }
  return std::size(table) == static_cast<std::size_t>(Reason::internal_error) + 1;
}
static_assert(is_complete(), "each Reason has its row, in the order of the enumeration");

}  // namespace

const Row& row(Reason reason) noexcept {
  return table[std::min(static_cast<std::size_t>(reason), std::size(table) - 1)];
}

std::span<const Row> rows() noexcept { return table; }

}  // namespace sesame::error
