// Handshake messages on their way out, the same in every version.
#pragma once

#include <string_view>
#include <utility>

#include "handshake/port.h"
#include "message/extension.h"
#include "message/handshake_type.h"
#include "policy/settings.h"

namespace sesame::handshake {

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
Expected<MutableBytes> write_message(MessagePort& port, message::HandshakeType type, Body&& body) {
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

/// A line of the SSLKEYLOGFILE format, if anybody wants it.
void log_secret(const policy::Settings& settings, std::string_view label,
                const message::Random& client_random, Bytes secret);

/// The error for a message whose form is wrong.
std::unexpected<Error> malformed(wire::Fault fault, message::HandshakeType type);

}  // namespace sesame::handshake
