// Random octets that are sent in the clear: the randoms and the session identifier of a hello, and the IVs of
// CBC records.
//
// libcrypto 3.0 takes 0.7 microseconds for a call, whether for 32 octets or for 500, which is a tenth of a
// psk_ke handshake. So a thread draws a block at a time and hands it out. Only values that everybody will see
// come from here: private keys and cookies are drawn from libcrypto one by one. The block lies in a page that
// the kernel clears in a child process, so that parent and child never hand out the same octets; where the
// kernel cannot do that, nothing is kept.
#pragma once

#include <sesame/bytes.h>
#include <sesame/error.h>

namespace sesame::crypto {

class Provider;

/// Fills `out`. Error: internal_error.
Expected<> public_random(const Provider& provider, MutableBytes out);

}  // namespace sesame::crypto
