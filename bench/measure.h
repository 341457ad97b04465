// One function for each thing that is measured; each appends its rows.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "peer.h"
#include "report.h"

namespace bench {

/// Handshakes by keys of both modes, and the ceiling of the cryptography.
void measure_handshakes(std::vector<Row>& rows, const RoundOptions& options);

/// Handshakes by an ECDSA P-256 certificate, and resumptions of them by a ticket (psk_dhe_ke).
void measure_certificates(std::vector<Row>& rows, const RoundOptions& options);

/// Heap blocks of a pair, and octets of heap that an idle connection keeps on each side.
void measure_heap(std::vector<Row>& rows);

/// Records of 64 octets and of 16 KiB, Sesame, libssl and the bare AEAD in turns.
void measure_records(std::vector<Row>& rows, const RoundOptions& options);

/// All of that in TLS 1.2, and session secrets (RFC 4851) in 1.2 and 1.0.
void measure_tls12(std::vector<Row>& rows, const RoundOptions& options);

/// Handshakes of identities chosen at random, with `small` and with `large` of them in the keyring, in turns.
void measure_keyring(std::vector<Row>& rows, const RoundOptions& options, std::size_t small,
                     std::size_t large);

// ---- what they are made of: Sesame and libssl in turns ----

std::optional<Row::Goal> at_least(std::optional<double> goal);
std::optional<Row::Goal> at_most(std::optional<double> goal);

struct HandshakeRow {
  std::string id;
  std::string what;
  Setting setting;
  std::optional<double> goal = {};          ///< times libssl's rate
  std::function<void()> ceiling = nullptr;  ///< the cryptography of one; empty: not measured
};
void measure_handshake(std::vector<Row>& rows, const RoundOptions& options, const HandshakeRow& row);

struct HeapGoals {
  std::optional<double> blocks = {};  ///< of a pair
  std::optional<double> octets = {};  ///< of an idle side
};
void measure_heap_of(std::vector<Row>& rows, const std::string& id, const Setting& setting,
                     const HeapGoals& goals);

struct RecordRow {
  std::string id;
  std::string what;
  Setting setting;
  std::size_t size;                 ///< octets of content
  std::optional<double> goal = {};  ///< times libssl's rate
  bool beside_bare_aead = false;
  std::optional<double> goal_of_bare = {};
};
void measure_record(std::vector<Row>& rows, const RoundOptions& options, const RecordRow& row);

}  // namespace bench
