#include "support/script_client.h"

#include "message/encrypted_extensions.h"
#include "message/new_session_ticket.h"
#include "message/server_hello.h"

namespace sesame::test {

namespace {

std::size_t hash_size(HashAlgorithm hash) { return hash == HashAlgorithm::sha256 ? 32 : 48; }

}  // namespace

ScriptClient::ScriptClient(std::vector<NamedGroup> groups, std::vector<ScriptKey> offered)
    : keys(std::move(offered)) {
  extensions[Type::supported_versions] = vec8(u16(0x0304));
  extensions[Type::psk_key_exchange_modes] = vec8(u8(groups.empty() ? 0 : 1));
  if (groups.empty()) return;
  Octets list, entries;
  for (const NamedGroup group : groups) {
    shares.push_back(std::move(*crypto::KeyExchange::generate(provider(), group)));
    append(list, u16(static_cast<unsigned>(group)));
    append(entries, share(shares.size() - 1));
  }
  extensions[Type::supported_groups] = vec16(list);
  extensions[Type::key_share] = vec16(entries);
}

void ScriptClient::want_certificates() {
  keys.clear();
  extensions.erase(Type::psk_key_exchange_modes);
  // ecdsa_secp256r1_sha256, ed25519, rsa_pss_rsae_sha256
  extensions[Type::signature_algorithms] = vec16(join({u16(0x0403), u16(0x0807), u16(0x0804)}));
}

Octets ScriptClient::share(std::size_t i) const {
  Octets octets(crypto::key_share_size(shares[i].group(), Side::client));
  EXPECT_TRUE(shares[i].write_share(octets));
  return join({u16(static_cast<unsigned>(shares[i].group())), vec16(octets)});
}

Octets ScriptClient::identities() const {
  Octets list;
  for (const ScriptKey& key : keys)
    append(list, join({vec16(text(key.identity)), u32(key.obfuscated_ticket_age)}));
  return vec16(list);
}

Octets ScriptClient::empty_binders() const {
  Octets list;
  for (const ScriptKey& key : keys) append(list, vec8(Octets(hash_size(key.hash))));
  return vec16(list);
}

Octets ScriptClient::client_hello() const {
  Octets suites;
  for (const unsigned s : cipher_suites) append(suites, u16(s));
  ScriptExtensions all = extensions;
  const bool own = !pre_shared_key && !keys.empty();
  if (own) all.add(Type::pre_shared_key, join({identities(), empty_binders()}));
  if (pre_shared_key) all.add(Type::pre_shared_key, *pre_shared_key);
  Octets hello = message(HandshakeType::client_hello,
                         join({u16(legacy_version), random, vec8(legacy_session_id), vec16(suites),
                               vec8(compression_methods), vec16(all.encoded())}));
  if (own) sign(hello);
  return hello;
}

void ScriptClient::sign(Octets& hello) const {
  const std::size_t binders_size = empty_binders().size();
  Octets signed_part = transcript;
  append(signed_part, Bytes(hello).first(hello.size() - binders_size));
  std::size_t at = hello.size() - binders_size + 2;
  for (const ScriptKey& key : keys) {
    const crypto::HashValue so_far = crypto::hash_of(provider().hash(key.hash), {signed_part});
    const crypto::HashValue binder = derive(key).binder.mac({so_far.bytes()});
    std::ranges::copy(binder.bytes(), hello.begin() + static_cast<long>(at + 1));
    at += 1 + binder.size();
  }
}

void ScriptClient::put_plain_message(Bytes message, std::size_t fragment) {
  EXPECT_FALSE(write.active());
  put_message(message, fragment);
}

void ScriptClient::send_client_hello(std::size_t fragment) { put_plain_message(client_hello(), fragment); }

Octets extension_of_server_hello(Bytes server_hello, extension::ExtensionType type) {
  const auto hello = wire::decode<message::ServerHello>(server_hello.subspan(4));
  Octets out;
  if (!hello) return out;
  hello->extensions.for_each([&](const message::Extension& e) {
    if (e.extension_type == type) out = octets_of(e.extension_data.data);
  });
  return out;
}

void replace_by_message_hash(ScriptPeer& peer) {
  peer.transcript = ScriptPeer::message(message::HandshakeType::message_hash,
                                        octets_of(peer.hash(peer.transcript).bytes()));
}

bool ScriptClient::take_hello_retry_request() {
  const Octets request = next_message();
  const auto hello = request.empty() ? std::unexpected(wire::Fault::truncated)
                                     : wire::decode<message::ServerHello>(Bytes(request).subspan(4));
  if (!hello || hello->random != message::hello_retry_request_random) return false;
  suite = hello->cipher_suite;
  replace_by_message_hash(*this);
  append(transcript, request);
  if (const Octets group = extension_of_server_hello(request, Type::key_share); !group.empty()) {
    shares.clear();
    shares.push_back(std::move(
        *crypto::KeyExchange::generate(provider(), static_cast<NamedGroup>(group[0] << 8 | group[1]))));
    extensions[Type::key_share] = vec16(share(0));
  }
  const Octets cookie = extension_of_server_hello(request, Type::cookie);
  if (!cookie.empty()) extensions[Type::cookie] = cookie;
  return true;
}

bool ScriptClient::take_server_flight() {
  server_hello = next_message();
  const auto hello = server_hello.empty()
                         ? std::unexpected(wire::Fault::truncated)
                         : wire::decode<message::ServerHello>(Bytes(server_hello).subspan(4));
  if (!hello || server_hello[0] != static_cast<unsigned>(HandshakeType::server_hello)) return false;
  suite = hello->cipher_suite;
  append(transcript, server_hello);
  const Octets selected = extension_of_server_hello(server_hello, Type::pre_shared_key);
  const Octets entry = extension_of_server_hello(server_hello, Type::key_share);
  if (!selected.empty() && selected.size() != 2) return false;
  secret::SharedSecret shared_secret;
  if (!entry.empty()) {
    const auto group = static_cast<NamedGroup>(entry[0] << 8 | entry[1]);
    const auto ours = std::ranges::find(shares, group, &crypto::KeyExchange::group);
    if (ours == shares.end() || !ours->finish(Bytes(entry).subspan(4), shared_secret)) return false;
  }
  const auto secret = entry.empty() ? std::nullopt : std::optional<Bytes>(shared_secret.bytes());
  set_handshake_keys(selected.empty() ? without_psk() : derive(keys.at(selected[0] * 256u + selected[1])),
                     secret, Side::client);
  use_read_secret(peer_handshake_secret);
  for (auto type = HandshakeType::client_hello; type != HandshakeType::finished;) {
    const Octets next = next_message();
    if (next.empty()) return false;
    type = static_cast<HandshakeType>(next[0]);
    if (type == HandshakeType::encrypted_extensions) encrypted_extensions = next;
    if (type == HandshakeType::certificate_request) certificate_request = next;
    if (type == HandshakeType::finished) {
      EXPECT_EQ(next, finished_by(peer_handshake_secret));
    }
    append(transcript, next);
  }
  if (encrypted_extensions.empty()) return false;
  const auto encrypted = wire::decode<message::EncryptedExtensions>(Bytes(encrypted_extensions).subspan(4));
  encrypted->extensions.for_each([&](const message::Extension& e) {
    early_accepted_ = early_accepted_ || e.extension_type == Type::early_data;
  });
  make_application_secrets(Side::client);
  use_read_secret(peer_application_secret);
  if (!early_accepted_) use_write_secret(own_handshake_secret);
  return true;
}

void ScriptClient::begin_early_data() { use_write_secret(early_secret(keys.at(0))); }

void ScriptClient::end_early_data() {
  put_message(message(HandshakeType::end_of_early_data, {}));
  use_write_secret(own_handshake_secret);
}

std::optional<ScriptKey> ScriptClient::take_ticket() {
  const Octets next = next_message();
  if (next.empty() || next[0] != static_cast<unsigned>(HandshakeType::new_session_ticket))
    return std::nullopt;
  const auto ticket = wire::decode<message::NewSessionTicket>(Bytes(next).subspan(4));
  if (!ticket) return std::nullopt;
  return ScriptKey{std::string(as_text(ticket->ticket.data)),
                   key_of_ticket(octets_of(ticket->ticket_nonce.data)), policy::hash_of(suite),
                   ticket->ticket_age_add, true};
}

void ScriptClient::send_finished() {
  put_message(finished());
  use_write_secret(own_application_secret);
}

}  // namespace sesame::test
