#include "support/script12_server.h"

#include <openssl/evp.h>

#include <algorithm>

#include "crypto/signature.h"

namespace sesame::test {

using enum KeyExchangeMethod;

const Issued* certificate_for(KeyExchangeMethod method) {
  if (!policy::shows_certificate(method)) return nullptr;
  return &server_certificate(method == ecdhe_ecdsa ? KeyType::p256 : KeyType::rsa2048);
}

Script12Server::Script12Server(CipherSuite chosen, unsigned own_version) : Script12Peer(Side::server) {
  suite = chosen;
  version = own_version;
  issued = certificate_for(parts().key_exchange);
  session_id = repeat(32, 0x1e);
}

bool Script12Server::take_client_hello() {
  client_hello = next_message();
  if (client_hello.empty() || client_hello[0] != 1) return false;
  transcript = client_hello;
  Walk walk(Bytes(client_hello).subspan(4));
  walk.uint(2);
  client_random = walk.take(32);
  offered_session_id = walk.vec(1);
  const Octets suites = walk.vec(2);
  walk.vec(1);
  client_extensions = {};
  if (!walk.empty()) client_extensions = extensions_of(walk.vec(2));
  if (!walk.ok() || !walk.empty()) return false;
  offered_suites.clear();
  for (std::size_t i = 0; i + 1 < suites.size(); i += 2)
    offered_suites.push_back(suites[i] * 256u + suites[i + 1]);
  extensions = {};
  const bool scsv = std::ranges::find(offered_suites, 0x00ffu) != offered_suites.end();
  if (scsv || has(client_extensions, Type::renegotiation_info))
    extensions[Type::renegotiation_info] = vec8(join({client_verify_data, server_verify_data}));
  extended_master_secret =
      takes_extended_master_secret && has(client_extensions, Type::extended_master_secret);
  if (extended_master_secret) extensions[Type::extended_master_secret];
  encrypt_then_mac = takes_encrypt_then_mac && has(client_extensions, Type::encrypt_then_mac) &&
                     parts().form == SuiteParts::Form::cbc;
  if (encrypt_then_mac) extensions[Type::encrypt_then_mac];
  if (gives_ticket && has(client_extensions, Type::session_ticket)) extensions[Type::session_ticket];
  return true;
}

Octets Script12Server::server_hello() const {
  Octets body = join({u16(hello_version.value_or(version)), random, vec8(session_id),
                      u16(static_cast<unsigned>(hello_suite.value_or(suite))), u8(compression_method)});
  if (has_extensions) append(body, vec16(extensions.encoded()));
  return message(HandshakeType::server_hello, body);
}

void Script12Server::send_server_hello(const Octets& hello) {
  server_random = random;
  put(hello);
}

Octets Script12Server::parameters() {
  const KeyExchangeMethod method = parts().key_exchange;
  if (policy::uses_dhe(method)) return join({vec16(dh_p), vec16(dh_g), vec16(power(dh_g, exponent_, dh_p))});
  if (!policy::uses_ecdhe(method)) return {};
  auto own = crypto::KeyExchange::generate(provider(), static_cast<NamedGroup>(curve));
  EXPECT_TRUE(own);
  own_share_ = std::move(*own);
  Octets share(crypto::key_share_size(own_share_->group(), Side::client));
  EXPECT_TRUE(own_share_->write_share(share));
  return join({u8(3), u16(curve), vec8(share)});
}

Octets Script12Server::server_key_exchange(const Octets& parameters) const {
  const KeyExchangeMethod method = parts().key_exchange;
  Octets body;
  if (policy::uses_psk(method)) body = vec16(text(hint.value_or("")));
  append(body, parameters);
  if (policy::is_signed(method)) {
    EVP_PKEY* const own = issued->key.get();
    append(body, digitally_signed(own, scheme.value_or(usual_scheme(own)), signed_parameters(parameters)));
  }
  return message(HandshakeType::server_key_exchange, body);
}

bool Script12Server::has_key_exchange() const {
  const KeyExchangeMethod method = parts().key_exchange;
  return policy::uses_dhe(method) || policy::uses_ecdhe(method) || (policy::uses_psk(method) && hint);
}

Octets Script12Server::certificate_request() const {
  Octets body = vec8({64, 1});
  if (version >= 0x0303) append(body, vec16(join({u16(0x0403), u16(0x0807), u16(0x0804), u16(0x0401)})));
  append(body, vec16({}));
  return message(HandshakeType::certificate_request, body);
}

void Script12Server::send_flight() {
  send_server_hello();
  if (issued) send_certificate();
  if (has_key_exchange()) send_key_exchange();
  if (asks_for_certificate) put(certificate_request());
  send_done();
}

bool Script12Server::take_client_key_exchange(const Octets& whole) {
  const KeyExchangeMethod method = parts().key_exchange;
  Walk walk(Bytes(whole).subspan(4));
  if (policy::uses_psk(method)) client_identity = std::string(as_text(walk.vec(2)));
  if (policy::uses_dhe(method)) {
    premaster = power(walk.vec(2), exponent_, dh_p);
  } else if (policy::uses_ecdhe(method)) {
    secret::SharedSecret shared;
    if (!own_share_ || !own_share_->finish(walk.vec(1), shared)) return false;
    premaster = octets_of(shared.bytes());
  } else if (policy::uses_rsa_transport(method)) {
    premaster = rsa_decrypt(issued->key.get(), walk.vec(2));
    if (premaster.size() != 48) return false;
  } else {
    premaster = Octets(key.key.size());
  }
  if (policy::uses_psk(method)) premaster = psk_premaster(premaster, key.key);
  return walk.ok() && walk.empty();
}

bool Script12Server::take_client_flight() {
  Octets next = next_message();
  if (next.empty()) return false;
  if (next[0] == 11) {
    client_certificate = next;
    append(transcript, next);
    next = next_message();
  }
  if (next.empty() || next[0] != 16 || !take_client_key_exchange(next)) return false;
  append(transcript, next);
  make_master();
  make_keys();
  if (client_certificate.size() > 7) {
    next = next_message();
    if (next.empty() || next[0] != 15) return false;
    Walk certificate(Bytes(client_certificate).subspan(7));
    const crypto::KeyHandle public_key(public_key_of_certificate(certificate.vec(3)));
    Walk walk(Bytes(next).subspan(4));
    const unsigned by = version >= 0x0303 ? static_cast<unsigned>(walk.uint(2)) : 0;
    const Octets signature = walk.vec(2);
    EXPECT_TRUE(walk.ok() && walk.empty());
    EXPECT_TRUE(version >= 0x0303 ? verify12(public_key.get(), by, transcript, signature)
                                  : verify10(public_key.get(), transcript, signature));
    append(transcript, next);
  }
  return take_finished12();
}

void Script12Server::send_finish() {
  if (has(extensions, Type::session_ticket)) {
    put(new_session_ticket());
    session_ticket = ticket;
  }
  change_keys();
  send_finished12();
}

void Script12Server::resume(const Octets& session_master) {
  master = session_master;
  make_keys();
}

void Script12Server::renew() {
  for (std::uint8_t& octet : random) ++octet;
  client_certificate.clear();
}

}  // namespace sesame::test
