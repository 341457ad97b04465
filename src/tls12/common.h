// What belongs in this room: TLS 1.2 (RFC 5246), 1.1 (RFC 4346) and 1.0 (RFC 2246), client, server and what
// both share. Here: what both share.
#pragma once

#include "handshake/edges.h"
#include "handshake/endpoint.h"
#include "handshake/write.h"

namespace sesame::tls12 {

using handshake::Endpoint;
using handshake::log_secret;
using handshake::malformed;
using handshake::rewrite_extensions;
using handshake::write_extension;
using handshake::write_message;

}  // namespace sesame::tls12
