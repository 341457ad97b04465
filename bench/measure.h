// One function for each thing that is measured; each appends its rows.
#pragma once

#include <cstddef>
#include <vector>

#include "report.h"

namespace bench {

/// Handshakes of both modes, Sesame and libssl in turns, and the ceiling of the cryptography.
void measure_handshakes(std::vector<Row>& rows, const RoundOptions& options);

/// Handshakes by an ECDSA P-256 certificate that one authority issued, and resumptions of them by a ticket
/// (psk_dhe_ke), Sesame and libssl in turns.
void measure_certificates(std::vector<Row>& rows, const RoundOptions& options);

/// Heap blocks of a pair, and octets of heap that an idle connection keeps on each side.
void measure_heap(std::vector<Row>& rows);

/// Records of 64 octets and of 16 KiB, Sesame, libssl and the bare AEAD in turns.
void measure_records(std::vector<Row>& rows, const RoundOptions& options);

/// Handshakes of identities chosen at random, with `small` and with `large` of them in the keyring, in turns.
void measure_keyring(std::vector<Row>& rows, const RoundOptions& options, std::size_t small,
                     std::size_t large);

}  // namespace bench
