// What a scripted server says.
#pragma once

#include "crypto/key_exchange.h"
#include "support/script_certificate.h"
#include "support/script_client.h"

namespace sesame::test {

class ScriptServer : public ScriptPeer {
 public:
  using Type = extension::ExtensionType;

  ScriptKey key;
  bool by_key = true;                            ///< false: it chooses no key, and shows a certificate
  std::size_t fragment = record::max_plaintext;  ///< octets of a message that go into one record

  /// Expects a ClientHello, and makes the answer to it: with the client's first share, or psk_ke if it has
  /// none.
  bool take_client_hello();
  Octets client_hello;  ///< the last one, as it came
  /// In place of psk_dhe_ke: no share in the ServerHello.
  void choose_psk_ke();

  // ---- the ServerHello: right as it stands once a ClientHello was taken, and to be spoiled ----

  unsigned legacy_version = 0x0303;
  Octets random = repeat(32, 0x5a);
  Octets legacy_session_id_echo;
  unsigned compression_method = 0;
  ScriptExtensions extensions;            ///< of the ServerHello
  ScriptExtensions retry_extensions;      ///< of a HelloRetryRequest: supported_versions
  ScriptExtensions encrypted_extensions;  ///< none

  Octets server_hello() const;
  Octets hello_retry_request() const;

  /// Then: writes and reads with the keys of the handshake.
  void send_server_hello() { send_server_hello(server_hello()); }
  void send_server_hello(Octets hello);
  void send_hello_retry_request();
  void send_encrypted_extensions();
  /// CertificateRequest (in the handshake), Certificate, CertificateVerify: right as they stand, and to be
  /// spoiled.
  ScriptCertificateRequest certificate_request;
  ScriptCertificate certificate;  ///< server_certificate()
  Octets certificate_verify() const;
  void send_certificate_request() { put_message(certificate_request.message(), fragment); }
  void send_certificate() { put_message(certificate.message(), fragment); }
  void send_certificate_verify() { put_message(certificate_verify(), fragment); }
  /// Then: writes with the application's keys.
  void send_finished();
  /// ServerHello to Finished.
  void send_flight();
  /// ServerHello to Finished, with the certificate.
  void send_certificate_flight();
  /// Expects the client's Finished. Then: reads with the application's keys, and the transcript ends with it.
  bool take_finished();

  // ---- early data, tickets ----

  /// The key by which the client sends early data; set: up to EndOfEarlyData it is read.
  std::optional<ScriptKey> early_key;

  ScriptTicket ticket;
  /// The key that goes with `ticket`, for the next connection.
  ScriptKey ticket_key() const;

 private:
  Octets hello(Bytes hello_random, const ScriptExtensions& with) const;
  std::optional<Octets> shared_secret_;
};

}  // namespace sesame::test
