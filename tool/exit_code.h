// How the command ends, for scripts. The manual page lists the same.
#pragma once

namespace sesame::tool {

enum class ExitCode : int {
  ok = 0,
  usage = 1,      ///< the command line, or what it asks for, makes no sense
  key_file = 2,   ///< a key file cannot be read, parsed or written, or has no such key
  network = 3,    ///< a name does not resolve, nobody listens, an address is taken
  handshake = 4,  ///< the TLS handshake failed: wrong key, unknown identity, nothing in common, timed out
  broken = 5,  ///< the connection broke after the handshake: truncated, reset, a record that does not decrypt
  interrupted = 130,
};

}  // namespace sesame::tool
