// Connections under test that authenticate by certificates, resume sessions and take early data.
#pragma once

#include "support/case.h"
#include "support/identities.h"

namespace sesame::test {

/// A server that shows a certificate and knows no keys; the scripted client takes certificates.
class CertificateServer : public AgainstServer {
 public:
  CertificateServer();

  /// Asks the client for a certificate.
  void ask(ClientCertificates how = ClientCertificates::require);
  const Issued& issued = client_certificate();  ///< that the client shows
  ScriptCertificate certificate;                ///< of it, to be spoiled

  void send_certificate() { client.put_message(certificate.message()); }
  /// The right signature at this point.
  Octets certificate_verify() const;
  void send_certificate_verify() { client.put_message(certificate_verify()); }

  void up_to_wait_cert();
  void up_to_wait_cv();
  void up_to_certified();  ///< WAIT_FINISHED, behind the client's CertificateVerify

  // ---- after the handshake ----

  void offer_late_authentication();
  /// Connected, and the server's CertificateRequest was taken: the transcript ends with it.
  void up_to_asked(bool require = true);
  void up_to_post_wait_cv();
  void up_to_post_wait_finished();

  // ---- resumption ----

  /// The server gives tickets, and takes early data with them.
  void give_tickets();
  /// A ticket of another connection with the same context; the client offers it, and nothing else that
  /// would do.
  void offer_ticket();
  /// The same, with early data: the ClientHello is not sent yet.
  void offer_early_data();
  /// WAIT_EOED: the ClientHello was sent, and early data was accepted.
  void up_to_wait_eoed();
};

/// A client that takes certificates and has no keys; the scripted server shows one.
class CertificateClient : public AgainstClient {
 public:
  CertificateClient();

  void up_to_wait_cert_cr();
  void up_to_wait_cert();  ///< behind a CertificateRequest
  void up_to_wait_cv();
  void up_to_wait_finished();  ///< behind the server's CertificateVerify
  void up_to_connected();

  // ---- resumption ----

  std::shared_ptr<MemorySessionStore> store = std::make_shared<MemorySessionStore>();
  ScriptTicket first_ticket;  ///< that hold_session() gives it
  /// Has a session of another connection with the same server; the script knows its key and chooses it.
  void hold_session();
  /// The same, with early data. Of the session.
  void hold_early_session();
};

/// Keeps the certificate's key, and answers later.
CertifiedKey signing_later(const Issued& issued);

}  // namespace sesame::test
