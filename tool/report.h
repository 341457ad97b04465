// What a connection came to, as text and as JSON: what was negotiated, and why something failed.
#pragma once

#include <sesame/connection.h>
#include <sesame/error.h>

#include <string>
#include <string_view>
#include <system_error>

#include "text.h"

namespace sesame::tool {

/// How the keys were agreed on: the mode of TLS 1.3 ("psk_dhe_ke", or "certificate"), or the key exchange of
/// the suite below it ("ECDHE_PSK").
std::string_view key_exchange_text(const Connection& connection);
/// "TLS 1.3 TLS_AES_128_GCM_SHA256 psk_dhe_ke x25519", with ALPN and server name where there are some.
std::string negotiated_text(const Connection& connection);
/// Who the client is, to be put behind something: " identity=\"alice\""; empty: not known.
std::string peer_text(const Connection& connection);
/// The same as members of `json`.
void add_negotiated(Json& json, const Connection& connection);

/// The members reason, alert, alert_from, state, handshake_message, message and advice.
void add_error(Json& json, const Error& error);
/// The same for a failure that is the system's, not TLS's.
void add_error(Json& json, const std::error_code& error, std::string_view advice);

/// What a failure of the system's can mean, and what to do.
std::string_view network_advice(const std::error_code& error);

/// Prints "sesame: MESSAGE" and "  what to do: ADVICE" to the standard error.
void complain(std::string_view message, std::string_view advice = {});
void complain(const Error& error, std::string_view about = {});
void warn(std::string_view message);

}  // namespace sesame::tool
