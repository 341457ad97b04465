// A server with a certificate and a client that verifies it; the second connection resumes the first one's
// session and says something before the server has answered.
//   certificates server.pem server.key authority.pem NAME
#include <sesame/sesame.h>

#include <iostream>

#include "handshake.h"

using sesame::Connection;

int main(int argc, char** argv) {
  if (argc != 5) return std::cerr << "certificates server.pem server.key authority.pem NAME\n", 2;
  const auto certificate = sesame::CertifiedKey::from_files(argv[1], argv[2]);
  const auto trust = sesame::TrustStore::from_file(argv[3]);
  if (!certificate || !trust) return std::cerr << "the files cannot be used\n", 1;

  sesame::ContextOptions server_options{.certificates = {*certificate}};
  server_options.tickets.issuer = std::make_shared<sesame::TicketKeys>();
  server_options.early_data = {.limit = 1000, .guard = std::make_shared<sesame::ReplayGuard>()};
  sesame::ContextOptions client_options{.verification = sesame::VerificationOptions{.trust = *trust}};
  client_options.session_store = std::make_shared<sesame::MemorySessionStore>();
  const auto server_context = sesame::Context::create(server_options).value();
  const auto client_context = sesame::Context::create(client_options).value();

  for (const bool again : {false, true}) {
    sesame::ClientOptions options{.server_name = argv[4]};
    options.early_data = again;
    auto client = Connection::client(client_context, options).value();
    auto server = Connection::server(server_context).value();
    if (again && !client.send_early(sesame::as_bytes("early"))) return 1;
    if (!example::shake_hands(client, server)) {
      if (const auto* error = client.error())
        std::cerr << error->message() << '\n' << error->advice() << '\n';
      return 1;
    }
    std::cout << (client.resumed() ? "resumed: " : "verified: ") << name(client.authentication()) << ", "
              << client.peer_certificates()[0].size() << " octets of certificate\n";
    const bool accepted = client.early_data_status() == sesame::EarlyDataStatus::accepted;
    if (client.resumed() != again || accepted != again) return 1;
  }
  return 0;
}
