// What a scripted client of TLS 1.2, 1.1 or 1.0 says.
#pragma once

#include "crypto/key_exchange.h"
#include "support/identities.h"
#include "support/script12_peer.h"

namespace sesame::test {

class Script12Client : public Script12Peer {
 public:
  /// Offers this suite alone, and the signalling value of RFC 5746; extended_master_secret and
  /// encrypt_then_mac too.
  explicit Script12Client(CipherSuite suite = CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256,
                          unsigned version = 0x0303);

  // ---- the ClientHello: right as it stands, and to be spoiled ----

  unsigned legacy_version;
  Octets random = repeat(32, 0xc1);
  Octets offered_session_id;
  std::vector<unsigned> cipher_suites;
  Octets compression_methods = {0};
  ScriptExtensions extensions;
  bool has_extensions = true;  ///< false: not even the length of the block
  ScriptKey key;

  Octets client_hello() const;
  void send_client_hello(std::size_t fragment = record::max_plaintext) {
    send_client_hello(client_hello(), fragment);
  }
  void send_client_hello(const Octets& hello, std::size_t fragment = record::max_plaintext);
  /// By its ticket, if it has one, or by its identifier.
  void offer(const Script12Session& session);
  /// For a handshake within the connection: another random, renegotiation_info in place of the signalling
  /// value.
  void renew();

  // ---- what the server says ----

  bool take_server_hello();
  /// From ServerHello to ServerHelloDone; to Finished, if the session that was offered is resumed.
  bool take_server_flight();
  /// [NewSessionTicket,] ChangeCipherSpec, Finished.
  bool take_server_finish();
  bool resumed = false;  ///< the server echoed the session's identifier
  /// The next handshake is an abbreviated one by this, whatever the session identifiers say (RFC 4851).
  std::optional<Octets> session_secret;
  Octets server_hello, certificate, certificate_status, server_key_exchange,
      certificate_request;  ///< as they came
  ScriptExtensions server_extensions;
  std::optional<std::string> hint;
  Octets dh_p, dh_g, dh_Ys;  ///< of ServerKeyExchange
  unsigned curve = 0;        ///< likewise
  Octets server_point;       ///< likewise
  Octets leaf;               ///< DER of the server's certificate
  std::uint32_t ticket_lifetime = 0;

  // ---- the rest of what the client says ----

  /// Computes the premaster secret, and what goes with it.
  Octets client_key_exchange();
  Octets identity() const { return vec16(text(key.identity)); }
  /// In place of Yc, the point, or the encrypted premaster secret, which are right otherwise.
  std::optional<Octets> exchange_value;
  std::optional<unsigned> premaster_version;  ///< in place of legacy_version, in an RSA premaster secret
  void send_client_key_exchange() { send_client_key_exchange(client_key_exchange()); }
  void send_client_key_exchange(const Octets& message);  ///< then: master secret and keys
  const Issued* issued = nullptr;                        ///< the client's certificate, if it has one
  void send_certificate();                               ///< an empty one without
  Octets certificate_verify() const;
  void send_certificate_verify() { put_message(certificate_verify()); }
  /// What answers the flight: [Certificate,] ClientKeyExchange[, CertificateVerify], ChangeCipherSpec,
  /// Finished; in an abbreviated handshake the last two.
  void send_flight();
  void send_finish() {
    change_keys();
    send_finished12();
  }

 private:
  bool take_key_exchange(const Octets& message);
  Octets session_master_;
  Octets exchange_value_of_ecdhe();
};

}  // namespace sesame::test
