#include "support/case.h"

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

namespace {

// What came behind the last octets that the script took: the alerts, and how many records of another kind
// behind one.
struct Last {
  std::vector<Octets> alerts;
  int behind_alert = 0;
};

Last drain(ScriptPeer& peer) {
  Last last;
  while (const auto record = peer.next_record()) {
    if (record->type == record::ContentType::alert) {
      // Below TLS 1.3 the connection goes on behind a warning that it does not renegotiate.
      if (record->content == Octets{1, 100}) continue;
      last.alerts.push_back(record->content);
    } else if (!last.alerts.empty()) {
      ++last.behind_alert;
    }
  }
  EXPECT_FALSE(peer.has_more()) << "octets that are no record, or that do not open";
  return last;
}

void expect_same(const Expected<>& got, Reason reason, std::string_view call) {
  ASSERT_FALSE(got) << call;
  EXPECT_EQ(name(got.error().reason()), name(reason)) << call;
}

}  // namespace

void expect_told(Case& c, Alert alert) {
  const Last last = drain(c.peer());
  EXPECT_EQ(last.behind_alert, 0);
  if (alert == Alert::none) {
    EXPECT_TRUE(last.alerts.empty());
  } else {
    ASSERT_EQ(last.alerts.size(), 1u);
    EXPECT_EQ(last.alerts[0], join({u8(2), u8(static_cast<unsigned>(alert))}));
  }
}

void expect_dead(Case& c) {
  Connection& connection = c.subject().connection;
  ASSERT_NE(connection.error(), nullptr);
  const Reason reason = connection.error()->reason();
  EXPECT_EQ(connection.wait(), Wait::closed);
  EXPECT_FALSE(connection.pending_psk());
  Octets input = repeat(100, 22), room(1000);
  const auto received = connection.receive(input);
  ASSERT_FALSE(received);
  EXPECT_EQ(name(received.error().reason()), name(reason));
  expect_same(connection.send(input), reason, "send");
  const auto sealed = connection.seal(input, room);
  ASSERT_FALSE(sealed);
  EXPECT_EQ(name(sealed.error().reason()), name(reason));
  expect_same(connection.update_keys(), reason, "update_keys");
  expect_same(connection.supply_psk({}), reason, "supply_psk");
  expect_same(connection.close(), reason, "close");
  expect_same(connection.transport_closed(), reason, "transport_closed");
  EXPECT_TRUE(connection.read_closed() && connection.write_closed());
  EXPECT_FALSE(connection.export_keying_material("label", {}, room));
  EXPECT_TRUE(connection.output().empty());
  EXPECT_FALSE(connection.error()->message().empty());
  EXPECT_FALSE(connection.error()->state().empty());
}

}  // namespace sesame::test
