// What a handshake leaves behind.
//
//   what                      outlives the handshake for
//   traffic secrets           key update (RFC 8446 section 7.2)
//   exporter secret           exporters (section 7.5)
//   negotiated values, peer   the application, which asks for them
//
// and, in one more allocation that only some connections make (Extras):
//
//   early exporter secret     exporters of early data (section 7.5)
//   resumption secret         tickets (section 4.6.1)
//   transcript, contexts      authentication after the handshake (section 4.6.2), where it was offered
//   the peer's chain          the application, tickets
//
// and, in TLS 1.2 and below, in another (Below13):
//
//   master secret, randoms    exporters (RFC 5705), sessions, EAP-FAST's key block (RFC 4851 section 5.1)
//   Finished of both sides    tls-unique (RFC 5929), renegotiation (RFC 5746)
#pragma once

#include <sesame/types.h>

#include <memory>
#include <optional>
#include <string>

#include "certificate/peer.h"
#include "message/extension.h"
#include "policy/suites.h"
#include "secret/secret_bytes.h"
#include "transcript/transcript.h"

namespace sesame::handshake {

struct Extras {
  certificate::Peer peer;  // empty chain: it showed none
  std::optional<SignatureScheme> peer_scheme;
  secret::SecretBytes resumption_secret;
  secret::SecretBytes early_exporter_secret;
  TimePoint authenticated;  // when the handshake was that this one goes back to
  /// Up to and with the client's Finished: the context of all later authentication (section 4.4.1).
  std::optional<transcript::Transcript> transcript;
  std::vector<std::uint8_t> certificate_request_context;  // server: of the request that is not answered yet
  bool certificate_required = false;
  bool client_can_resume = false;  // server: the client named a mode that a ticket could be used in
  std::uint32_t tickets_given = 0;
  std::string session_key;   // client: under which its store keeps sessions
  std::string session_name;  // client: whom its sessions are with, as it was to be verified
};

/// What a connection of TLS 1.2 or below keeps beside the rest.
struct Below13 {
  secret::BasicSecret<512> master_secret;  // 48 octets, unless a session secret provider gave another size
  message::Random client_random;
  message::Random server_random;
  std::array<std::uint8_t, 12> client_finished;  // verify_data
  std::array<std::uint8_t, 12> server_finished;
  std::vector<std::uint8_t> session_id;      // of the session that a client could resume by it
  std::optional<std::string> identity_hint;  // client
  std::optional<CipherSuite> session_suite;  // client: what a session secret provider said
  bool extended_master_secret = false;
  bool encrypt_then_mac = false;
  bool secure_renegotiation = false;  // the peer has RFC 5746
};

struct Established {
  ProtocolVersion version = ProtocolVersion::tls13;
  PskKeyExchangeMode psk_mode = PskKeyExchangeMode::psk_dhe_ke;
  Authentication authentication = Authentication::none;
  std::optional<NamedGroup> group;
  bool retried = false;
  bool resumed = false;
  bool used_older_key = false;
  const policy::Suite* suite = nullptr;  // of the context's settings
  const std::string* alpn = nullptr;     // likewise; nullptr: none
  std::string server_name;
  std::string psk_identity;

  secret::SecretBytes read_secret;  // client_ or server_application_traffic_secret_N
  secret::SecretBytes write_secret;
  secret::SecretBytes exporter_secret;

  std::unique_ptr<Below13> below;  // set in TLS 1.2 and below, from the handshake on
  std::unique_ptr<Extras> more;
  Extras& extras() {
    if (!more) more = std::make_unique<Extras>();
    return *more;
  }
};

}  // namespace sesame::handshake
