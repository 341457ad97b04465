#include "support/script12_peer.h"

#include <openssl/evp.h>

namespace sesame::test {

// ---- records ----

void Script12Peer::put_raw(unsigned type, Bytes fragment) {
  append(out, join({u8(type), u16(record_version.value_or(version)), u16(fragment.size())}));
  append(out, fragment);
}

void Script12Peer::put_record(ContentType type, Bytes content, std::size_t) {
  const auto number = static_cast<unsigned>(type);
  if (!write12.active()) return put_raw(number, content);
  put_raw(number, write12.seal(number, record_version.value_or(version), content));
}

std::optional<ScriptPeer::Record> Script12Peer::next_record() {
  if (in_.size() < record::header_size) return std::nullopt;
  const record::Header header = record::Header::read(in_);
  const std::size_t size = record::header_size + header.length;
  if (in_.size() < size) return std::nullopt;
  Record record{header.type, octets_of(Bytes(in_).subspan(record::header_size, header.length)), false, size};
  if (read12.active()) {
    auto opened = read12.open(static_cast<unsigned>(header.type), header.version, record.content);
    if (!opened) return std::nullopt;
    record.content = std::move(*opened);
    record.was_protected = true;
  }
  if (record.type == ContentType::change_cipher_spec) {
    ++change_cipher_specs_taken;
    if (std::exchange(read_is_due_, false)) use_read_keys();
  }
  in_.erase(in_.begin(), in_.begin() + static_cast<long>(size));
  return record;
}

// ---- secrets ----

Octets Script12Peer::prf(Bytes secret, std::string_view label, Bytes seed, std::size_t size) const {
  return prf12(version, parts().prf, secret, label, seed, size);
}

// RFC 5246 section 7.4.9; RFC 4346 section 7.4.9.
Octets Script12Peer::transcript_hash() const {
  if (version >= 0x0303) return digest(parts().prf, transcript);
  return join({digest("MD5", transcript), digest("SHA1", transcript)});
}

void Script12Peer::make_master() {
  master = extended_master_secret ? prf(premaster, "extended master secret", transcript_hash(), 48)
                                  : prf(premaster, "master secret", join({client_random, server_random}), 48);
}

void Script12Peer::make_keys() {
  auto [client, server] = key_block_of(parts(), version, master, client_random, server_random);
  next_write_ = side == Side::client ? client : server;
  next_read_ = side == Side::client ? server : client;
  read_is_due_ = true;
}

void Script12Peer::use_write_keys() { write12.set(parts(), version, encrypt_then_mac, next_write_); }
void Script12Peer::use_read_keys() { read12.set(parts(), version, encrypt_then_mac, next_read_); }

Octets Script12Peer::verify_data(Side sender) const {
  return prf(master, sender == Side::client ? "client finished" : "server finished", transcript_hash(), 12);
}

void Script12Peer::change_keys(const Octets& content) {
  put_record(ContentType::change_cipher_spec, content);
  use_write_keys();
}

void Script12Peer::send_finished12() {
  (side == Side::client ? client_verify_data : server_verify_data) = verify_data(side);
  put_message(finished12());
}

bool Script12Peer::take_finished12() {
  const Octets finished = next_message();
  const Side other = side == Side::client ? Side::server : Side::client;
  const Octets expected = verify_data(other);
  if (finished != message(HandshakeType::finished, expected)) return false;
  append(transcript, finished);
  (other == Side::client ? client_verify_data : server_verify_data) = expected;
  return true;
}

Octets Script12Peer::digitally_signed(EVP_PKEY* key, unsigned scheme, const Octets& input) const {
  if (version >= 0x0303) return join({u16(scheme), vec16(sign12(key, scheme, input))});
  return vec16(sign10(key, input));
}

unsigned usual_scheme(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA")) return 0x0401;
  if (EVP_PKEY_is_a(key, "RSA-PSS")) return 0x0809;
  if (EVP_PKEY_is_a(key, "ED25519")) return 0x0807;
  if (EVP_PKEY_is_a(key, "ED448")) return 0x0808;
  return EVP_PKEY_get_bits(key) == 384 ? 0x0503 : EVP_PKEY_get_bits(key) == 521 ? 0x0603 : 0x0403;
}

Octets certificate12(const std::vector<Octets>& chain) {
  Octets list;
  for (const Octets& certificate : chain) append(list, vec24(certificate));
  return ScriptPeer::message(message::HandshakeType::certificate, vec24(list));
}

ScriptExtensions extensions_of(Bytes block) {
  ScriptExtensions out;
  Walk walk(block);
  while (walk.ok() && !walk.empty()) {
    const auto type = static_cast<unsigned>(walk.uint(2));
    out.add(type, walk.vec(2));
  }
  return out;
}

bool has(const ScriptExtensions& extensions, extension::ExtensionType type) {
  return std::any_of(extensions.list.begin(), extensions.list.end(),
                     [&](const ScriptExtension& e) { return e.type == static_cast<unsigned>(type); });
}

}  // namespace sesame::test
