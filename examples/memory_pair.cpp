// Two connections without a socket: octets are carried from one to the other by hand. So TLS runs over
// anything: a serial line, a queue, a test.
#include <sesame/sesame.h>

#include <iostream>
#include <vector>

using sesame::Connection;

// Carries what `from` has to say to `to`. Gives the application data that comes of it.
std::string carry(Connection& from, Connection& to) {
  std::vector<std::uint8_t> octets(from.output().begin(), from.output().end());
  from.output_sent(octets.size());
  std::string data;
  for (sesame::MutableBytes rest = octets; !rest.empty();) {
    const auto received = to.receive(rest);
    if (!received) {
      std::cerr << received.error().message() << '\n';
      break;
    }
    data += sesame::as_text(received->data);
    rest = rest.subspan(received->consumed);
  }
  return data;
}

int main() {
  const auto key = sesame::Credential::create(
      {.identity = sesame::as_bytes("alice"), .key = sesame::as_bytes("0123456789abcdef0123456789abcdef")});
  const auto keys = sesame::make_psk_source([&](const sesame::PskQuery& query, sesame::PskAnswer& answer) {
    if (sesame::as_text(query.identity) == "alice") answer.add(*key);
  });
  auto client = Connection::client(sesame::Context::create({.credentials = {*key}}).value()).value();
  auto server = Connection::server(sesame::Context::create({.psk_source = keys}).value()).value();

  while (!client.output().empty() || !server.output().empty()) {
    carry(client, server);
    carry(server, client);
  }
  std::cout << "client " << client.state() << ", server " << server.state() << '\n';

  if (!client.send(sesame::as_bytes("over hill and dale"))) return 1;
  const std::string data = carry(client, server);
  std::cout << data << '\n';
  return data == "over hill and dale" ? 0 : 1;
}
