#include "support/certificate_case.h"

namespace sesame::test {

using record::ContentType;
using Type = ScriptExtensions::Type;

// ---- a server ----

CertificateServer::CertificateServer() : certificate(ScriptCertificate::of(issued)) {
  options.certificates = {server_certificate().certified_key()};
  options.verification = trusting();
  keys.clear();
  client.want_certificates();
}

void CertificateServer::ask(ClientCertificates how) { options.client_certificates = how; }

Octets CertificateServer::certificate_verify() const {
  return signed_verify(client, Side::client, issued, SignatureScheme::ecdsa_secp256r1_sha256);
}

void CertificateServer::up_to_wait_cert() {
  ask(options.client_certificates == ClientCertificates::none ? ClientCertificates::require
                                                              : options.client_certificates);
  say_hello();
  ASSERT_TRUE(client.take_server_flight());
  ASSERT_FALSE(client.certificate_request.empty());
}

void CertificateServer::up_to_wait_cv() {
  up_to_wait_cert();
  send_certificate();
  exchange();
}

void CertificateServer::up_to_certified() {
  up_to_wait_cv();
  send_certificate_verify();
  exchange();
}

void CertificateServer::offer_late_authentication() { client.extensions[Type::post_handshake_auth]; }

void CertificateServer::up_to_asked(bool require) {
  offer_late_authentication();
  up_to_connected();
  ASSERT_TRUE(subject().connection.request_certificate(require));
  exchange();
  client.certificate_request = client.next_message();
  ASSERT_FALSE(client.certificate_request.empty());
  // certificate_request_context is the first field.
  const auto context = client.certificate_request.begin() + 5;
  certificate.context = Octets(context, context + client.certificate_request[4]);
  append(client.transcript, client.certificate_request);
}

void CertificateServer::up_to_post_wait_cv() {
  up_to_asked();
  send_certificate();
  exchange();
}

void CertificateServer::up_to_post_wait_finished() {
  up_to_post_wait_cv();
  send_certificate_verify();
  exchange();
}

void CertificateServer::give_tickets() {
  if (!options.tickets.issuer) options.tickets.issuer = std::make_shared<TicketKeys>();
  if (!options.early_data.guard)
    options.early_data = {.limit = 1000, .guard = std::make_shared<ReplayGuard>()};
}

void CertificateServer::offer_ticket() {
  give_tickets();
  CertificateServer before;
  before.options = options;
  before.keys = keys;
  before.client.extensions[Type::psk_key_exchange_modes] = vec8(u8(1));
  before.up_to_connected();
  const auto ticket = before.client.take_ticket();
  ASSERT_TRUE(ticket);
  client.keys = {*ticket};
  client.extensions[Type::psk_key_exchange_modes] = vec8(u8(1));
  client.extensions.erase(Type::signature_algorithms);
}

void CertificateServer::offer_early_data() {
  offer_ticket();
  client.extensions[Type::early_data];
}

void CertificateServer::up_to_wait_eoed() {
  offer_early_data();
  client.send_client_hello();
  client.begin_early_data();
  exchange();
  ASSERT_TRUE(client.take_server_flight());
}

// ---- a client ----

CertificateClient::CertificateClient() {
  options.verification = trusting();
  keys.clear();
  client_options = {.server_name = "server.example"};
  server.by_key = false;
}

void CertificateClient::up_to_wait_cert_cr() {
  up_to_wait_ee();
  say_encrypted_extensions();
}

void CertificateClient::up_to_wait_cert() {
  up_to_wait_cert_cr();
  server.send_certificate_request();
  exchange();
}

void CertificateClient::up_to_wait_cv() {
  up_to_wait_cert_cr();
  server.send_certificate();
  exchange();
}

void CertificateClient::up_to_wait_finished() {
  up_to_wait_cv();
  server.send_certificate_verify();
  exchange();
}

void CertificateClient::up_to_connected() {
  up_to_wait_finished();
  server.send_finished();
  exchange();
  ASSERT_TRUE(server.take_finished());
  ASSERT_TRUE(connected());
}

void CertificateClient::hold_session() {
  options.session_store = store;
  CertificateClient before;
  before.options = options;
  before.server.ticket = first_ticket;
  before.up_to_connected();
  before.server.put_record(ContentType::handshake, before.server.ticket.message());
  before.exchange();
  ASSERT_EQ(store->size(), 1u);
  server.key = before.server.ticket_key();
  server.by_key = true;
}

void CertificateClient::hold_early_session() {
  first_ticket.extensions[Type::early_data] = u32(1000);
  hold_session();
  server.early_key = server.key;
  client_options.early_data = true;
}

namespace {

class Later final : public Signer {
 public:
  void sign(const SignatureQuery&, SignatureAnswer& answer) override { answer.later(); }
};

}  // namespace

CertifiedKey signing_later(const Issued& issued) {
  X509* const chain[] = {issued.certificate.get()};
  return *CertifiedKey::from_signer(chain, std::make_shared<Later>());
}

}  // namespace sesame::test
