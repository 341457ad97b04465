// Both sides of a connection derive the same secret from it (RFC 8446 section 7.5), for a protocol of their
// own: to bind a password to the connection, or to key a second channel.
#include <sesame/sesame.h>

#include <array>
#include <iostream>

#include "handshake.h"

int main() {
  const auto key = sesame::Credential::create({.identity = sesame::as_bytes("alice"),
                                               .key = sesame::as_bytes("0123456789abcdef0123456789abcdef")})
                       .value();
  const auto source =
      sesame::make_psk_source([&](const auto&, sesame::PskAnswer& answer) { answer.add(key); });
  auto client = sesame::Connection::client(sesame::Context::create({.credentials = {key}}).value()).value();
  auto server = sesame::Connection::server(sesame::Context::create({.psk_source = source}).value()).value();
  if (!example::shake_hands(client, server)) return 1;

  const std::string_view label = "EXPERIMENTAL-sesame-example";
  const auto context = sesame::as_bytes("channel 2");
  std::array<std::uint8_t, 32> at_client;
  std::array<std::uint8_t, 32> at_server;
  if (!client.export_keying_material(label, context, at_client)) return 1;
  if (!server.export_keying_material(label, context, at_server)) return 1;

  // Another label, or another context, gives something else altogether.
  std::array<std::uint8_t, 32> other;
  if (!client.export_keying_material(label, sesame::as_bytes("channel 3"), other)) return 1;

  std::cout << "the same on both sides: " << (at_client == at_server ? "yes" : "no") << '\n'
            << "another for another channel: " << (at_client != other ? "yes" : "no") << '\n';
  return at_client == at_server && at_client != other ? 0 : 1;
}
