#include "hostile/case.h"

namespace sesame::test {

End& Case::subject() {
  if (!subject_) subject_.emplace(make());
  return *subject_;
}

void Case::exchange() {
  End& end = subject();
  const Octets octets = std::exchange(peer().out, {});
  if (!octets.empty()) end.receive(octets);
  const Octets answer = octets_of(end.connection.output());
  end.connection.output_sent(answer.size());
  peer().take(answer);
}

void Case::transport_closes() {
  exchange();
  auto ok = subject().connection.transport_closed();
  if (!ok && !subject().failure) subject().failure = ok.error();
}

// ---- against a server ----

AgainstServer::AgainstServer() {
  options.psk_modes = {PskKeyExchangeMode::psk_dhe_ke, PskKeyExchangeMode::psk_ke};
  keys = {make_credential(), make_credential("anna", default_key, HashAlgorithm::sha384)};
}

Connection AgainstServer::make() {
  context_ = server_context(options, keys);
  return std::move(*Connection::server(context_));
}

void AgainstServer::say_hello() { say_hello(client.client_hello()); }

void AgainstServer::say_hello(Octets hello) {
  client.send_client_hello(std::move(hello));
  exchange();
}

void AgainstServer::up_to_retry() {
  say_hello();
  ASSERT_TRUE(client.take_hello_retry_request());
}

void AgainstServer::up_to_wait_finished() {
  say_hello();
  ASSERT_TRUE(client.take_server_flight());
}

void AgainstServer::up_to_connected() {
  up_to_wait_finished();
  client.send_finished();
  exchange();
  ASSERT_TRUE(connected());
}

// ---- against a client ----

AgainstClient::AgainstClient() {
  options.psk_modes = {PskKeyExchangeMode::psk_dhe_ke, PskKeyExchangeMode::psk_ke};
  keys = {make_credential()};
}

Connection AgainstClient::make() {
  context_ = client_context(options, keys);
  return std::move(*Connection::client(context_, client_options));
}

void AgainstClient::up_to_hello() {
  exchange();
  ASSERT_TRUE(server.take_client_hello());
}

void AgainstClient::up_to_retried() {
  up_to_hello();
  server.retry_extensions[ScriptServer::Type::key_share] = u16(static_cast<unsigned>(NamedGroup::secp256r1));
  server.send_hello_retry_request();
  exchange();
  ASSERT_TRUE(server.take_client_hello());
}

void AgainstClient::say_hello() {
  server.send_server_hello();
  exchange();
}

void AgainstClient::up_to_wait_ee() {
  up_to_hello();
  say_hello();
}

void AgainstClient::say_encrypted_extensions() {
  server.send_encrypted_extensions();
  exchange();
}

void AgainstClient::up_to_wait_finished() {
  up_to_wait_ee();
  say_encrypted_extensions();
}

void AgainstClient::up_to_connected() {
  up_to_wait_finished();
  server.send_finished();
  exchange();
  ASSERT_TRUE(server.take_finished());
  ASSERT_TRUE(connected());
}

}  // namespace sesame::test
