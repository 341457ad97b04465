#include "support/script_server.h"

#include "extension/key_share.h"
#include "message/client_hello.h"
#include "message/server_hello.h"

namespace sesame::test {

bool ScriptServer::take_client_hello() {
  client_hello = next_message();
  const auto hello = client_hello.empty()
                         ? std::unexpected(wire::Fault::truncated)
                         : wire::decode<message::ClientHello>(Bytes(client_hello).subspan(4));
  if (!hello) return false;
  append(transcript, client_hello);
  if (early_key) use_read_secret(early_secret(*early_key));
  legacy_session_id_echo = octets_of(hello->legacy_session_id.data);
  extensions = retry_extensions = {};
  extensions[Type::supported_versions] = retry_extensions[Type::supported_versions] = u16(0x0304);
  shared_secret_.reset();
  hello->extensions.for_each([&](const message::Extension& e) {
    if (e.extension_type != Type::key_share) return;
    const auto offered = wire::decode<extension::KeyShareClientHello>(e.extension_data.data);
    if (!offered) return;
    offered->client_shares.for_each([&](const extension::KeyShareEntry& entry) {
      if (shared_secret_) return;
      Octets share(crypto::key_share_size(entry.group, Side::server));
      secret::SharedSecret agreed;
      EXPECT_TRUE(crypto::respond(provider(), entry.group, entry.key_exchange.data, share, agreed));
      shared_secret_ = octets_of(agreed.bytes());
      extensions[Type::key_share] = join({u16(static_cast<unsigned>(entry.group)), vec16(share)});
    });
  });
  if (by_key) extensions[Type::pre_shared_key] = u16(0);
  return true;
}

void ScriptServer::choose_psk_ke() {
  extensions.erase(Type::key_share);
  shared_secret_.reset();
}

Octets ScriptServer::hello(Bytes hello_random, const ScriptExtensions& with) const {
  return message(HandshakeType::server_hello,
                 join({u16(legacy_version), octets_of(hello_random), vec8(legacy_session_id_echo),
                       u16(static_cast<unsigned>(suite)), u8(compression_method), vec16(with.encoded())}));
}

Octets ScriptServer::server_hello() const { return hello(random, extensions); }
Octets ScriptServer::hello_retry_request() const {
  return hello(message::hello_retry_request_random, retry_extensions);
}

void ScriptServer::send_server_hello(Octets server_hello) {
  put_message(server_hello, fragment);
  const auto secret = shared_secret_ ? std::optional<Bytes>(*shared_secret_) : std::nullopt;
  set_handshake_keys(by_key ? derive(key) : without_psk(), secret, Side::server);
  use_write_secret(own_handshake_secret);
  if (!early_key) use_read_secret(peer_handshake_secret);
}

void ScriptServer::send_hello_retry_request() {
  early_key.reset();
  replace_by_message_hash(*this);
  put_message(hello_retry_request());
}

void ScriptServer::send_encrypted_extensions() {
  put_message(message(HandshakeType::encrypted_extensions, vec16(encrypted_extensions.encoded())), fragment);
}

void ScriptServer::send_finished() {
  put_message(finished(), fragment);
  make_application_secrets(Side::server);
  use_write_secret(own_application_secret);
}

void ScriptServer::send_flight() {
  send_server_hello();
  send_encrypted_extensions();
  send_finished();
}

Octets ScriptServer::certificate_verify() const {
  return signed_verify(*this, Side::server, server_certificate(), SignatureScheme::ecdsa_secp256r1_sha256);
}

void ScriptServer::send_certificate_flight() {
  send_server_hello();
  send_encrypted_extensions();
  send_certificate();
  send_certificate_verify();
  send_finished();
}

ScriptKey ScriptServer::ticket_key() const {
  return {std::string(as_text(ticket.ticket)), key_of_ticket(ticket.nonce), policy::hash_of(suite), 0, true};
}

bool ScriptServer::take_finished() {
  const Octets finished = next_message();
  if (finished.empty() || finished[0] != static_cast<unsigned>(HandshakeType::finished)) return false;
  EXPECT_EQ(finished, finished_by(peer_handshake_secret));
  append(transcript, finished);
  use_read_secret(peer_application_secret);
  return true;
}

}  // namespace sesame::test
