#include "support/script12_client.h"

#include <openssl/evp.h>

#include "crypto/signature.h"

namespace sesame::test {

using enum KeyExchangeMethod;

Script12Client::Script12Client(CipherSuite offered, unsigned highest)
    : Script12Peer(Side::client), legacy_version(highest) {
  suite = offered;
  version = highest;
  cipher_suites = {static_cast<unsigned>(offered), 0x00ff};
  extensions[Type::extended_master_secret];
  extensions[Type::encrypt_then_mac];
  const KeyExchangeMethod method = parts().key_exchange;
  if (policy::uses_ecdhe(method)) {
    extensions[Type::supported_groups] = vec16(join({u16(0x001d), u16(0x0017)}));
    extensions[Type::ec_point_formats] = vec8({0});
  }
  if (policy::shows_certificate(method) && highest >= 0x0303) {
    extensions[Type::signature_algorithms] =
        vec16(join({u16(0x0403), u16(0x0807), u16(0x0804), u16(0x0401), u16(0x0201), u16(0x0203)}));
  }
}

Octets Script12Client::client_hello() const {
  Octets suites;
  for (const unsigned s : cipher_suites) append(suites, u16(s));
  Octets body =
      join({u16(legacy_version), random, vec8(offered_session_id), vec16(suites), vec8(compression_methods)});
  if (has_extensions) append(body, vec16(extensions.encoded()));
  return message(HandshakeType::client_hello, body);
}

void Script12Client::send_client_hello(const Octets& hello, std::size_t fragment) {
  client_random = random;
  transcript.clear();
  // RFC 5246 appendix E.1: the first record may have any version of TLS.
  if (!write12.active() && !record_version) record_version = 0x0301;
  put_message(hello, fragment);
  if (!write12.active() && record_version == 0x0301u) record_version.reset();
}

void Script12Client::offer(const Script12Session& session) {
  session_master_ = session.master;
  cipher_suites[0] = static_cast<unsigned>(session.suite);
  if (session.ticket.empty()) {
    offered_session_id = session.id;
  } else {
    extensions[Type::session_ticket] = session.ticket;
    offered_session_id = repeat(32, 0x1d);
  }
}

void Script12Client::renew() {
  for (std::uint8_t& octet : random) ++octet;
  offered_session_id.clear();
  session_master_.clear();
  std::erase(cipher_suites, 0x00ffu);
  extensions[Type::renegotiation_info] = vec8(client_verify_data);
  certificate = certificate_status = server_key_exchange = certificate_request = {};
}

bool Script12Client::take_server_hello() {
  server_hello = next_message();
  if (server_hello.empty() || server_hello[0] != 2) return false;
  append(transcript, server_hello);
  Walk walk(Bytes(server_hello).subspan(4));
  version = static_cast<unsigned>(walk.uint(2));
  server_random = walk.take(32);
  session_id = walk.vec(1);
  suite = static_cast<CipherSuite>(walk.uint(2));
  walk.uint(1);
  server_extensions = {};
  if (!walk.empty()) server_extensions = extensions_of(walk.vec(2));
  if (!walk.ok() || !walk.empty()) return false;
  extended_master_secret = has(server_extensions, Type::extended_master_secret);
  encrypt_then_mac = has(server_extensions, Type::encrypt_then_mac);
  resumed = !session_master_.empty() && session_id == offered_session_id;
  if (resumed) master = session_master_;
  if (session_secret) {
    master = *session_secret;
    resumed = true;
  }
  if (resumed) make_keys();
  return true;
}

bool Script12Client::take_key_exchange(const Octets& whole) {
  const KeyExchangeMethod method = parts().key_exchange;
  Walk walk(Bytes(whole).subspan(4));
  if (policy::uses_psk(method)) hint = std::string(as_text(walk.vec(2)));
  const Bytes begin = walk.rest();
  if (policy::uses_dhe(method)) {
    dh_p = walk.vec(2);
    dh_g = walk.vec(2);
    dh_Ys = walk.vec(2);
  }
  if (policy::uses_ecdhe(method)) {
    EXPECT_EQ(walk.uint(1), 3u);
    curve = static_cast<unsigned>(walk.uint(2));
    server_point = walk.vec(1);
  }
  if (policy::is_signed(method)) {
    const Octets parameters = octets_of(begin.first(begin.size() - walk.rest().size()));
    const unsigned scheme = version >= 0x0303 ? static_cast<unsigned>(walk.uint(2)) : 0;
    const Octets signature = walk.vec(2);
    const crypto::KeyHandle public_key(public_key_of_certificate(leaf));
    const Octets input = signed_parameters(parameters);
    EXPECT_TRUE(version >= 0x0303 ? verify12(public_key.get(), scheme, input, signature)
                                  : verify10(public_key.get(), input, signature));
  }
  return walk.ok() && walk.empty();
}

bool Script12Client::take_server_flight() {
  if (!take_server_hello()) return false;
  if (resumed) return take_server_finish();
  while (true) {
    const Octets next = next_message();
    if (next.empty()) return false;
    append(transcript, next);
    switch (next[0]) {
      case 11: {
        certificate = next;
        Walk walk(Bytes(next).subspan(4));
        walk.uint(3);
        leaf = walk.vec(3);
        break;
      }
      case 22:
        certificate_status = next;
        break;
      case 12:
        server_key_exchange = next;
        if (!take_key_exchange(next)) return false;
        break;
      case 13:
        certificate_request = next;
        break;
      case 14:
        return next.size() == 4;
      default:
        return false;
    }
  }
}

bool Script12Client::take_server_finish() {
  Octets next = next_message();
  if (next.empty()) return false;
  if (next[0] == 4) {
    append(transcript, next);
    Walk walk(Bytes(next).subspan(4));
    ticket_lifetime = static_cast<std::uint32_t>(walk.uint(4));
    session_ticket = walk.vec(2);
    if (!walk.ok() || !walk.empty()) return false;
    next = next_message();
  }
  const Octets expected = verify_data(Side::server);
  if (next != message(HandshakeType::finished, expected)) return false;
  append(transcript, next);
  server_verify_data = expected;
  return true;
}

Octets Script12Client::exchange_value_of_ecdhe() {
  auto own = crypto::KeyExchange::generate(provider(), static_cast<NamedGroup>(curve));
  EXPECT_TRUE(own);
  Octets share(crypto::key_share_size(own->group(), Side::client));
  EXPECT_TRUE(own->write_share(share));
  secret::SharedSecret shared;
  EXPECT_TRUE(own->finish(server_point, shared));
  premaster = octets_of(shared.bytes());
  return share;
}

Octets Script12Client::client_key_exchange() {
  const KeyExchangeMethod method = parts().key_exchange;
  Octets body, value;
  if (policy::uses_psk(method)) body = identity();
  if (policy::uses_dhe(method)) {
    const Octets exponent = repeat(32, 0x5b);
    value = power(dh_g, exponent, dh_p);
    premaster = power(dh_Ys, exponent, dh_p);
    append(body, vec16(exchange_value.value_or(value)));
  } else if (policy::uses_ecdhe(method)) {
    value = exchange_value_of_ecdhe();
    append(body, vec8(exchange_value.value_or(value)));
  } else if (policy::uses_rsa_transport(method)) {
    premaster = join({u16(premaster_version.value_or(legacy_version)), repeat(46, 0x9e)});
    const crypto::KeyHandle public_key(public_key_of_certificate(leaf));
    value = rsa_encrypt(public_key.get(), premaster);
    append(body, vec16(exchange_value.value_or(value)));
  } else {
    premaster = Octets(key.key.size());
  }
  if (policy::uses_psk(method)) premaster = psk_premaster(premaster, key.key);
  return message(HandshakeType::client_key_exchange, body);
}

void Script12Client::send_client_key_exchange(const Octets& exchange) {
  put_message(exchange);
  make_master();
  make_keys();
}

void Script12Client::send_certificate() {
  put_message(certificate12(issued ? issued->chain() : std::vector<Octets>()));
}

Octets Script12Client::certificate_verify() const {
  EVP_PKEY* const own = issued->key.get();
  return message(HandshakeType::certificate_verify, digitally_signed(own, usual_scheme(own), transcript));
}

void Script12Client::send_flight() {
  if (!resumed) {
    const bool asked = !certificate_request.empty();
    if (asked) send_certificate();
    send_client_key_exchange();
    if (asked && issued) send_certificate_verify();
  }
  send_finish();
}

}  // namespace sesame::test
