// What a scripted server of TLS 1.2, 1.1 or 1.0 says.
#pragma once

#include "crypto/key_exchange.h"
#include "support/identities.h"
#include "support/script12_peer.h"

namespace sesame::test {

class Script12Server : public Script12Peer {
 public:
  explicit Script12Server(CipherSuite suite = CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256,
                          unsigned version = 0x0303);

  ScriptKey key;
  const Issued* issued =
      nullptr;  ///< the certificate that it shows; by the key exchange if a test says nothing
  std::size_t fragment = record::max_plaintext;  ///< octets of a message that go into one record

  /// Expects a ClientHello, and makes the answer to it: every extension that the client offers and the suite
  /// has a use for.
  bool take_client_hello();
  Octets client_hello;  ///< the last one, as it came
  Octets offered_session_id;
  std::vector<unsigned> offered_suites;
  ScriptExtensions client_extensions;

  // ---- the ServerHello: right as it stands once a ClientHello was taken, and to be spoiled ----

  std::optional<unsigned> hello_version;   ///< in place of version
  std::optional<CipherSuite> hello_suite;  ///< in place of suite
  Octets random = repeat(32, 0x5a);
  unsigned compression_method = 0;
  ScriptExtensions extensions;
  bool has_extensions = true;  ///< false: not even the length of the block
  bool takes_extended_master_secret = true;
  bool takes_encrypt_then_mac = true;
  bool gives_ticket = false;  ///< a SessionTicket extension, and a NewSessionTicket

  Octets server_hello() const;
  void send_server_hello() { send_server_hello(server_hello()); }
  void send_server_hello(const Octets& hello);

  // ---- the flight ----

  std::optional<std::string> hint;  ///< sent in a ServerKeyExchange
  unsigned curve = 0x001d;
  Octets dh_p = prime_of_bits(2048), dh_g = {2};
  /// ServerDHParams, ServerECDHParams; empty where the exchange has none.
  Octets parameters();
  std::optional<unsigned> scheme;  ///< that it signs by; the key's usual one otherwise
  /// The ServerKeyExchange with these parameters, with hint and signature as the exchange has them.
  Octets server_key_exchange(const Octets& parameters) const;
  /// Whether the exchange has one at all: of PSK and RSA_PSK only with a hint.
  bool has_key_exchange() const;
  bool asks_for_certificate = false;
  Octets certificate_request() const;
  void put(const Octets& message) { put_message(message, fragment); }
  void send_certificate() { put(certificate12(issued->chain())); }
  void send_key_exchange() { put(server_key_exchange(parameters())); }
  void send_done() { put(message(HandshakeType::server_hello_done, {})); }
  void send_flight();

  // ---- the client's answer ----

  /// [Certificate,] ClientKeyExchange[, CertificateVerify], ChangeCipherSpec, Finished.
  bool take_client_flight();
  std::string client_identity;
  Octets client_certificate;  ///< as it came

  // ---- the end ----

  Octets ticket = repeat(60, 0x71);
  Octets new_session_ticket() const {
    return message(HandshakeType::new_session_ticket, join({u32(3600), vec16(ticket)}));
  }
  /// [NewSessionTicket,] ChangeCipherSpec, Finished.
  void send_finish();
  /// Goes on by the secret of a session: what follows is send_finish(), take_finished12().
  void resume(const Octets& session_master);

  /// For a handshake within the connection.
  void renew();

 private:
  bool take_client_key_exchange(const Octets& message);
  std::optional<crypto::KeyExchange> own_share_;
  Octets exponent_ = repeat(32, 0x3d);
};

/// The certificate that goes with a key exchange; nullptr: none does.
const Issued* certificate_for(KeyExchangeMethod method);

}  // namespace sesame::test
