// What belongs in this room: TLS 1.3 (RFC 8446), client, server and what both share. Here: what both share.
#pragma once

#include <string_view>

#include "handshake/edges.h"
#include "handshake/endpoint.h"
#include "handshake/write.h"
#include "message/extension.h"
#include "policy/settings.h"
#include "secret/key_schedule.h"
#include "transcript/transcript.h"

namespace sesame::tls13 {

inline constexpr std::uint16_t version = 0x0304;

using handshake::Endpoint;
using handshake::log_secret;
using handshake::malformed;
using handshake::rewrite_extensions;
using handshake::write_extension;
using handshake::write_message;

/// Writes a Finished (section 4.4.4) and adds it to the transcript.
Expected<> write_finished(wire::Buffer& out, transcript::Transcript& transcript,
                          const crypto::HmacKey& traffic_secret, Bytes transcript_hash);

/// Compares the peer's Finished in constant time. Error: finished_mismatch, malformed_message for a wrong
/// size.
Expected<> check_finished(const handshake::Incoming& message, const crypto::HmacKey& traffic_secret,
                          Bytes transcript_hash);

/// Section 4.6.3.
Expected<> send_key_update(Endpoint& endpoint, bool request_peer);
Expected<> on_key_update(Endpoint& endpoint, const handshake::Incoming& message);

}  // namespace sesame::tls13
