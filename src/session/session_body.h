// What belongs in this room: sessions, the tickets that name or hold them, where they are kept, and the
// record of early data. Nothing of a handshake.
#pragma once

#include <sesame/session.h>

#include <string>

#include "secret/secret_bytes.h"

namespace sesame::session {

/// The inside of a Session, on either side. Immutable once it is shared.
struct SessionBody {
  ProtocolVersion version = ProtocolVersion::tls13;
  CipherSuite cipher_suite{};
  /// HKDF-Expand-Label(resumption_master_secret, "resumption", ticket_nonce, Hash.length): RFC 8446 section
  /// 4.6.1. In TLS 1.2 and below the master secret, of 48 octets.
  secret::SecretBytes psk;
  TimePoint issued;         ///< when the ticket was made (server) or came (client)
  TimePoint authenticated;  ///< when the handshake was that it goes back to: no resumption extends it
  std::chrono::seconds lifetime{0};  ///< from `issued` on
  std::uint32_t age_add = 0;
  std::uint32_t max_early_data = 0;
  Authentication authentication = Authentication::none;
  CertificateType peer_type = CertificateType::x509;
  std::string server_name;
  std::string alpn;
  std::string psk_identity;
  std::vector<std::vector<std::uint8_t>> peer_chain;  ///< DER
  std::vector<std::uint8_t> ticket;                   ///< client only

  // TLS 1.2 and below.
  std::vector<std::uint8_t> session_id;  ///< client: by which the server knows it; empty: by the ticket
  bool extended_master_secret = false;   ///< RFC 7627 section 5.3
  bool encrypt_then_mac = false;         ///< RFC 7366 section 3.1
};

struct SessionAccess {
  static const SessionBody& body(const Session& session) noexcept { return *session.body_; }
  static Session make(SessionBody&& body) {
    return Session(std::make_shared<const SessionBody>(std::move(body)));
  }
};

}  // namespace sesame::session
