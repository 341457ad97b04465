// What belongs in this room: TLS 1.3 (RFC 8446), client, server and what both share. Here: what both share.
#pragma once

#include <string_view>

#include "handshake/edges.h"
#include "handshake/established.h"
#include "handshake/port.h"
#include "message/extension.h"
#include "policy/settings.h"
#include "secret/key_schedule.h"
#include "transcript/transcript.h"

namespace sesame::tls13 {

inline constexpr std::uint16_t version = 0x0304;

/// What either side of a connection holds for as long as it lives.
struct Endpoint {
  const policy::Settings* settings;  // of the context, which a select function may have switched
  handshake::MessagePort& port;
  handshake::Established& established;
  bool write_closed = false;  ///< close_notify was sent: nothing may follow it
  /// The peer asked for a KeyUpdate and has not got it: it goes out before the next application data
  /// (section 4.6.3).
  bool key_update_owed = false;
  // Counted, because a peer can repeat them for ever.
  std::uint32_t key_updates = 0;  ///< received without application data between them
  std::uint32_t tickets = 0;
  std::uint32_t certificate_requests = 0;  ///< after the handshake
};

/// Composes a handshake message where its record will stand: `body` writes what is behind the header. Returns
/// the whole message, valid until the next one. Error: malformed_message if a field does not fit its bounds.
template <class Body>
Expected<MutableBytes> write_message(wire::Buffer& out, message::HandshakeType type, Body&& body) {
  const std::size_t at = out.size();
  wire::Writer w(out);
  w.uint(static_cast<std::uint32_t>(type), 1);
  w.prefixed(3, [&] { body(w); });
  if (!w.ok()) return fail(Reason::malformed_message, "a field is longer than its bounds allow");
  return out.from(at);
}
template <class Body>
Expected<MutableBytes> write_message(handshake::MessagePort& port, message::HandshakeType type, Body&& body) {
  return write_message(port.messages(), type, std::forward<Body>(body));
}

/// An extension whose extension_data `body` writes.
template <class Body>
void write_extension(wire::Writer& w, extension::ExtensionType type, Body&& body) {
  w.uint(static_cast<std::uint32_t>(type), 2);
  w.prefixed(2, std::forward<Body>(body));
}

/// For replays: the block of extensions that begins at `begin`, as the application wants it.
void rewrite_extensions(const policy::Settings& settings, message::HandshakeType type, wire::Writer& w,
                        std::size_t begin);

/// Writes a Finished (section 4.4.4) and adds it to the transcript.
Expected<> write_finished(wire::Buffer& out, transcript::Transcript& transcript,
                          const crypto::HmacKey& traffic_secret, Bytes transcript_hash);

/// Compares the peer's Finished in constant time. Error: finished_mismatch, malformed_message for a wrong
/// size.
Expected<> check_finished(const handshake::Incoming& message, const crypto::HmacKey& traffic_secret,
                          Bytes transcript_hash);

/// A line of the SSLKEYLOGFILE format, if anybody wants it.
void log_secret(const policy::Settings& settings, std::string_view label,
                const message::Random& client_random, Bytes secret);

/// Section 4.6.3.
Expected<> send_key_update(Endpoint& endpoint, bool request_peer);
Expected<> on_key_update(Endpoint& endpoint, const handshake::Incoming& message);

/// The error for a message whose form is wrong.
std::unexpected<Error> malformed(wire::Fault fault, message::HandshakeType type);

}  // namespace sesame::tls13
