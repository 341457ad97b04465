#include "support/script_peer.h"

#include <algorithm>

namespace sesame::test {

using crypto::Aead;
using crypto::HmacKey;

const crypto::Provider& ScriptPeer::provider() { return **crypto::Provider::system(); }

const policy::Suite& ScriptPeer::suite_row() const {
  static std::deque<policy::Suite> made;  // references to its elements stay valid
  for (const policy::Suite& row : made) {
    if (row.id == suite) return row;
  }
  return made.emplace_back(*policy::find_suite(provider(), suite));
}

crypto::HashValue ScriptPeer::hash(Bytes octets) const {
  return crypto::hash_of(provider().hash(policy::hash_of(suite)), {octets});
}

psk::PskSecrets ScriptPeer::derive(const ScriptKey& key) {
  return psk::derive_psk_secrets(provider().hash(key.hash), as_bytes(key.key),
                                 key.of_ticket ? psk::PskKind::resumption : psk::PskKind::external);
}

psk::PskSecrets ScriptPeer::without_psk() const {
  const crypto::Hash& h = provider().hash(policy::hash_of(suite));
  return psk::derive_psk_secrets(h, Octets(h.size()), psk::PskKind::external);
}

// ---- records ----

void ScriptPeer::put_plain(ContentType type, Bytes content, unsigned version) {
  append(out, join({u8(static_cast<unsigned>(type)), u16(version), u16(content.size())}));
  append(out, content);
}

void ScriptPeer::put_record(ContentType type, Bytes content, std::size_t padding) {
  if (!write.active()) return put_plain(type, content);
  const std::size_t at = out.size();
  const Octets copy = octets_of(content);
  out.resize(at + write.overhead() + copy.size() + padding);
  EXPECT_TRUE(write.seal(type, copy, padding, out.data() + at));
}

void ScriptPeer::put_message(Bytes message, std::size_t fragment) {
  append(transcript, message);
  put_late(message, fragment);
}

void ScriptPeer::put_late(Bytes message, std::size_t fragment) {
  for (Bytes rest = message; !rest.empty();) {
    const Bytes piece = rest.first(std::min(fragment, rest.size()));
    put_record(ContentType::handshake, piece);
    rest = rest.subspan(piece.size());
  }
}

void ScriptPeer::put_alert(unsigned level, unsigned description) {
  put_record(ContentType::alert, join({u8(level), u8(description)}));
}

void ScriptPeer::put_key_update(unsigned request, bool then_update) {
  put_record(ContentType::handshake, message(HandshakeType::key_update, u8(request)));
  if (!then_update) return;
  const crypto::Hash& h = provider().hash(policy::hash_of(suite));
  own_application_secret = octets_of(secret::next_traffic_secret(HmacKey(h, own_application_secret)).bytes());
  use_write_secret(own_application_secret);
}

void ScriptPeer::take_key_update() {
  const crypto::Hash& h = provider().hash(policy::hash_of(suite));
  peer_application_secret =
      octets_of(secret::next_traffic_secret(HmacKey(h, peer_application_secret)).bytes());
  use_read_secret(peer_application_secret);
}

std::optional<ScriptPeer::Record> ScriptPeer::next_record() {
  if (in_.size() < record::header_size) return std::nullopt;
  const record::Header header = record::Header::read(in_);
  const std::size_t size = record::header_size + header.length;
  if (in_.size() < size) return std::nullopt;
  Record out_record{header.type,
                    Octets(in_.begin() + record::header_size, in_.begin() + static_cast<long>(size)), false,
                    size};
  if (header.type == ContentType::application_data && read.active()) {
    auto opened = read.open(MutableBytes(in_).first(size));
    if (!opened) return std::nullopt;
    out_record = {opened->type, octets_of(opened->content), true, size};
  }
  in_.erase(in_.begin(), in_.begin() + static_cast<long>(size));
  return out_record;
}

Octets ScriptPeer::next_message() {
  const auto whole = [&] {
    if (messages_.size() < 4) return SIZE_MAX;
    return std::size_t{4} + (static_cast<std::size_t>(messages_[1]) << 16 | messages_[2] << 8 | messages_[3]);
  };
  while (messages_.size() < whole()) {
    const auto next = next_record();
    if (!next) return {};
    if (next->type == ContentType::change_cipher_spec) continue;
    EXPECT_EQ(next->type, ContentType::handshake);
    if (next->type != ContentType::handshake) return {};
    append(messages_, next->content);
  }
  const auto end = messages_.begin() + static_cast<long>(whole());
  Octets out_message(messages_.begin(), end);
  messages_.erase(messages_.begin(), end);
  return out_message;
}

// ---- keys ----

void ScriptPeer::set(record::Protection& protection, Aead::Direction direction, Bytes secret) const {
  const HmacKey key(provider().hash(policy::hash_of(suite)), secret);
  const secret::TrafficKeys keys = secret::traffic_keys(key, suite_row().aead->key_size());
  EXPECT_TRUE(protection.set_keys(*suite_row().aead, direction, keys.key.bytes(), keys.iv.bytes()));
}

void ScriptPeer::use_read_secret(Bytes secret) { set(read, Aead::Direction::open, secret); }
void ScriptPeer::use_write_secret(Bytes secret) { set(write, Aead::Direction::seal, secret); }

void ScriptPeer::set_handshake_keys(const psk::PskSecrets& secrets, std::optional<Bytes> shared_secret,
                                    Side own_side) {
  secret::EarlyStage early(secrets.copy());
  stage_ = shared_secret ? std::move(early).with_shared_secret(*shared_secret) : std::move(early).psk_ke();
  const crypto::HashValue so_far = hash(transcript);
  const Octets client = octets_of(stage_->client_handshake_traffic(so_far.bytes()).bytes());
  const Octets server = octets_of(stage_->server_handshake_traffic(so_far.bytes()).bytes());
  own_handshake_secret = own_side == Side::client ? client : server;
  peer_handshake_secret = own_side == Side::client ? server : client;
}

void ScriptPeer::make_application_secrets(Side own_side) {
  master_ = std::move(*stage_).master();
  const secret::MasterStage& master = *master_;
  const crypto::HashValue so_far = hash(transcript);
  const Octets client = octets_of(master.client_application_traffic(so_far.bytes()).bytes());
  const Octets server = octets_of(master.server_application_traffic(so_far.bytes()).bytes());
  own_application_secret = own_side == Side::client ? client : server;
  peer_application_secret = own_side == Side::client ? server : client;
}

Octets ScriptPeer::early_secret(const ScriptKey& key) const {
  return octets_of(secret::EarlyStage(derive(key)).client_early_traffic(hash(transcript).bytes()).bytes());
}

std::string ScriptPeer::key_of_ticket(const Octets& nonce) const {
  const crypto::Hash& h = provider().hash(policy::hash_of(suite));
  const secret::SecretBytes resumption = master_->resumption(hash(transcript).bytes());
  std::string key(h.size(), '\0');
  secret::hkdf_expand_label(HmacKey(h, resumption.bytes()), "resumption", nonce,
                            {reinterpret_cast<std::uint8_t*>(key.data()), key.size()});
  return key;
}

Octets ScriptPeer::finished_by(Bytes handshake_secret) const {
  const HmacKey key(provider().hash(policy::hash_of(suite)), handshake_secret);
  const crypto::HashValue verify_data = secret::finished_verify_data(key, hash(transcript).bytes());
  return message(HandshakeType::finished, octets_of(verify_data.bytes()));
}

}  // namespace sesame::test
