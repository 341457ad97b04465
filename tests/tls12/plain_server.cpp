#include "tls12/plain_server.h"

#include "message/client_hello.h"

namespace sesame::test {

Credential make_tls12_credential(std::string_view identity, std::string_view key) {
  return *Credential::create(
      {.identity = as_bytes(identity), .key = as_bytes(key), .usage = PskUsage::tls12});
}

PlainServer::PlainServer() {
  options.max_version = ProtocolVersion::tls12;
  options.cipher_suites = {CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256,
                           CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA,
                           CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256};
  options.credentials = {make_tls12_credential()};
  extensions.add(Type::renegotiation_info, {0});
  extensions.add(Type::extended_master_secret);
}

End& PlainServer::client() {
  if (client_) return *client_;
  auto context = Context::create(options);
  EXPECT_TRUE(context) << context.error().message();
  context_ = *context;
  auto made = Connection::client(context_, client_options);
  EXPECT_TRUE(made) << made.error().message();
  client_.emplace(std::move(*made));
  take_client_hello();
  return *client_;
}

bool PlainServer::ClientHello::has(Type type) const {
  return std::ranges::any_of(extensions.list,
                             [&](const auto& e) { return e.type == static_cast<unsigned>(type); });
}

Octets PlainServer::ClientHello::operator[](Type type) const {
  for (const auto& e : extensions.list) {
    if (e.type == static_cast<unsigned>(type)) return e.data;
  }
  return {};
}

void PlainServer::take_client_hello() {
  const Octets octets = octets_of(client_->connection.output());
  client_->connection.output_sent(octets.size());
  ASSERT_GT(octets.size(), 9u);
  const auto hello = wire::decode<message::ClientHello>(Bytes(octets).subspan(9));
  ASSERT_TRUE(hello);
  client_hello_.record_version = static_cast<unsigned>(octets[1] << 8 | octets[2]);
  client_hello_.version = hello->legacy_version;
  client_hello_.random.assign(hello->random.begin(), hello->random.end());
  client_hello_.session_id = octets_of(hello->legacy_session_id.data);
  hello->cipher_suites.for_each(
      [&](CipherSuite id) { client_hello_.cipher_suites.push_back(static_cast<unsigned>(id)); });
  hello->extensions.for_each([&](const message::Extension& e) {
    client_hello_.extensions.add(e.extension_type, octets_of(e.extension_data.data));
  });
}

Octets PlainServer::server_hello() const {
  return message(HandshakeType::server_hello,
                 join({u16(version), random, vec8(session_id), u16(static_cast<unsigned>(suite)),
                       u8(compression_method), vec16(extensions.encoded())}));
}

void PlainServer::put(unsigned type, const Octets& content) {
  client().receive(join({u8(type), u16(version), vec16(content)}));
}

std::vector<Octets> PlainServer::take_messages() {
  const Octets octets = octets_of(connection().output());
  connection().output_sent(octets.size());
  Octets messages;
  for (Bytes rest = octets; rest.size() >= 5 && rest[0] == 22;) {
    const auto size = static_cast<std::size_t>(rest[3] << 8 | rest[4]);
    append(messages, rest.subspan(5, size));
    rest = rest.subspan(5 + size);
  }
  std::vector<Octets> out;
  for (Bytes rest = messages; rest.size() >= 4;) {
    const std::size_t size = 4 + static_cast<std::size_t>(rest[1] << 16 | rest[2] << 8 | rest[3]);
    out.push_back(octets_of(rest.first(size)));
    rest = rest.subspan(size);
  }
  return out;
}

Reason PlainServer::reason() {
  EXPECT_TRUE(client().failure) << "it did not fail: " << state();
  return client().failure ? client().failure->reason() : Reason::invalid_argument;
}

Alert PlainServer::alert() {
  EXPECT_TRUE(client().failure);
  return client().failure ? client().failure->alert() : Alert::none;
}

}  // namespace sesame::test
