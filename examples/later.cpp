// The server's keys are in a database that takes its time. The source answers "later"; the stream asks again,
// and nobody waits meanwhile but this one client.
#include <sesame/asio.h>
#include <sesame/sesame.h>

#include <asio.hpp>
#include <asio/local/connect_pair.hpp>
#include <iostream>
#include <thread>

using Socket = asio::local::stream_protocol::socket;

sesame::Credential key_of(std::string_view identity) {
  return sesame::Credential::create({.identity = sesame::as_bytes(identity),
                                     .key = sesame::as_bytes("a key that the database has, 32.")})
      .value();
}

int main() {
  asio::io_context io;
  asio::thread_pool database(1);

  const auto later = sesame::make_psk_source([](const auto&, sesame::PskAnswer& answer) { answer.later(); });
  const auto server_context = sesame::Context::create({.psk_source = later}).value();
  const auto client_context = sesame::Context::create({.credentials = {key_of("alice")}}).value();

  sesame::AsioStream<Socket> server(Socket(io), sesame::Connection::server(server_context).value());
  sesame::AsioStream<Socket> client(Socket(io), sesame::Connection::client(client_context).value());
  asio::local::connect_pair(server.next_layer(), client.next_layer());

  server.set_psk_lookup([&](const sesame::PskQuery& query, sesame::PskReply reply) {
    // The query is valid now only: the identity is copied.
    asio::post(database, [identity = std::string(sesame::as_text(query.identity)), reply = std::move(reply)] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      std::cout << "the database found " << identity << std::endl;
      reply({key_of(identity)});
    });
  });

  int connected = 0;
  const auto count = [&](std::error_code error) { connected += error ? 0 : 1; };
  server.async_handshake(count);
  client.async_handshake(count);
  io.run();
  database.join();
  std::cout << connected << " sides are connected\n";
  return connected == 2 ? 0 : 1;
}
