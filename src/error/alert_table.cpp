#include <algorithm>

#include "error/table.h"

namespace sesame::error {
namespace {

#define SESAME_ROW(alert, ...) \
  AlertRow { Alert::alert, #alert, __VA_ARGS__ }

constexpr std::string_view ask_peer = "See the log of the peer: it knows the precise reason.";
constexpr std::string_view no_certificates =
    "Check that the peer is configured for pre-shared keys and not for certificates.";

// What the common stacks mean by their alerts, tried with OpenSSL 3.0 and GnuTLS 3.7: OpenSSL sends
// illegal_parameter for a binder that does not match, and handshake_failure for an identity that it does not
// know where it has no certificate to go on with; GnuTLS sends illegal_parameter for both.
constexpr AlertRow table[] = {
    SESAME_ROW(close_notify, "it has nothing more to send",
               "Nothing is wrong: the peer closed the connection."),
    SESAME_ROW(unexpected_message, "it got a message that it did not expect",
               "Check that both ends speak TLS 1.3 at this point; if they do, one of the two is at fault."),
    SESAME_ROW(bad_record_mac, "it got a record that is not authentic",
               "With TLS 1.2 and shared keys: give both sides the same key. Otherwise suspect the network."),
    SESAME_ROW(record_overflow, "it got a record longer than it accepts",
               "Check that the port is the right one, and set a smaller record size."),
    SESAME_ROW(handshake_failure,
               "it found nothing that both sides accept. An OpenSSL 3 server says this for an identity that "
               "it does not "
               "know, any server where cipher suite, group or key-exchange mode is not shared",
               "Check the identity on the server first; then allow the same cipher suite, group and psk_ke "
               "or psk_dhe_ke on "
               "both sides."),
    SESAME_ROW(bad_certificate, "it did not accept a certificate", no_certificates),
    SESAME_ROW(unsupported_certificate, "it does not support the type of a certificate", no_certificates),
    SESAME_ROW(certificate_revoked, "a certificate was revoked", no_certificates),
    SESAME_ROW(certificate_expired, "a certificate has expired", no_certificates),
    SESAME_ROW(certificate_unknown, "it did not accept a certificate", no_certificates),
    SESAME_ROW(illegal_parameter,
               "a value in the handshake is not allowed. An OpenSSL server says this where the binder does "
               "not match, "
               "which means that the keys differ; a GnuTLS server also where it does not know the identity",
               "Give both sides the same key for the identity, and check that both take it as hexadecimal "
               "and for the same "
               "hash (OpenSSL's -psk is always SHA-256)."),
    SESAME_ROW(unknown_ca, "it does not know who issued a certificate", no_certificates),
    SESAME_ROW(access_denied, "it knows who this is and refuses", "Ask who runs the peer for access."),
    SESAME_ROW(decode_error, "it could not decode a message",
               "Check that both ends speak TLS 1.3; an identity or key longer than the peer supports can "
               "also cause it."),
    SESAME_ROW(decrypt_error, "it does not know the identity, or holds a different key for it",
               "Check the identity and the key on both sides, and that both bind the key to the same hash."),
    SESAME_ROW(protocol_version, "it does not speak the TLS version that was offered",
               "Switch TLS 1.3 on at the peer; if it has TLS 1.2 only, it has to be updated."),
    SESAME_ROW(
        insufficient_security, "it asks for stronger algorithms than were offered",
        "Allow stronger cipher suites and groups, psk_dhe_ke rather than psk_ke, and use a longer key."),
    SESAME_ROW(internal_error,
               "it failed for a reason of its own, for example that its key look-up did not answer",
               ask_peer),
    SESAME_ROW(inappropriate_fallback, "an older version was offered than both sides know",
               "Let the client offer its newest version, and suspect the network if it did."),
    SESAME_ROW(user_canceled, "the handshake was given up there", "Try again, or ask who runs the peer."),
    SESAME_ROW(no_renegotiation, "it does not renegotiate",
               "Go on with the connection as it is, or open a new one: most servers refuse to renegotiate."),
    SESAME_ROW(
        missing_extension,
        "an extension that it needs was not sent. A server of OpenSSL says this as well where it does not "
        "know the identity or does not allow the key-exchange mode, and then misses what certificates need",
        "Check that the peer has this identity, that pre-shared keys for TLS 1.3 are switched on there, and "
        "that both sides allow the same key-exchange mode (psk_ke or psk_dhe_ke)."),
    SESAME_ROW(unsupported_extension, "it got an extension that it had not asked for", ask_peer),
    SESAME_ROW(unrecognized_name, "it does not know the server name that was asked for",
               "Check the server name, and which names the server is configured for."),
    SESAME_ROW(bad_certificate_status_response, "it did not accept the status of a certificate",
               no_certificates),
    SESAME_ROW(unknown_psk_identity, "it does not know the identity",
               "Add a key for the identity at the peer, or correct the identity on this side."),
    SESAME_ROW(certificate_required, "it wants a certificate", no_certificates),
    SESAME_ROW(no_application_protocol,
               "it accepts none of the application protocols (ALPN) that were offered",
               "Configure the same ALPN protocol on both sides, or none on one of them."),
};
#undef SESAME_ROW

static_assert(std::ranges::is_sorted(table, {}, &AlertRow::alert) &&
              std::ranges::adjacent_find(table, {}, &AlertRow::alert) == std::end(table));

}  // namespace

const AlertRow* alert_row(Alert alert) noexcept {
  const AlertRow* found = std::ranges::lower_bound(table, alert, {}, &AlertRow::alert);
  return found != std::end(table) && found->alert == alert ? found : nullptr;
}

std::span<const AlertRow> alert_rows() noexcept { return table; }

}  // namespace sesame::error
