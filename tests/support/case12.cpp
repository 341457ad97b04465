#include "support/case12.h"

namespace sesame::test {

using enum KeyExchangeMethod;

Credential credential12(std::string_view identity, std::string_view key, PskUsage usage) {
  auto credential =
      Credential::create({.identity = as_bytes(identity), .key = as_bytes(key), .usage = usage});
  EXPECT_TRUE(credential) << credential.error().message();
  return *credential;
}

const std::vector<Kind>& kinds() {
  using enum CipherSuite;
  static const std::vector<Kind> all = {
      {"psk", psk_suite},
      {"psk_cbc", TLS_PSK_WITH_AES_128_CBC_SHA},
      {"psk_cbc_sha384", TLS_PSK_WITH_AES_256_CBC_SHA384},
      {"psk_cbc_without_extensions", TLS_PSK_WITH_AES_128_CBC_SHA, 0x0303, false, false},
      {"psk_ccm_8", TLS_PSK_WITH_AES_128_CCM_8},
      {"psk_null", TLS_PSK_WITH_NULL_SHA256},
      {"dhe_psk", TLS_DHE_PSK_WITH_AES_128_GCM_SHA256},
      {"ecdhe_psk", TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256},
      {"rsa_psk", TLS_RSA_PSK_WITH_AES_128_GCM_SHA256},
      {"ecdhe_ecdsa", TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
      {"ecdhe_ecdsa_client_certificate", TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, 0x0303, true},
      {"ecdhe_rsa", TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384},
      {"dhe_rsa", TLS_DHE_RSA_WITH_AES_128_GCM_SHA256},
      {"rsa", TLS_RSA_WITH_AES_128_CBC_SHA},
      {"dh_anon", TLS_DH_anon_WITH_AES_128_CBC_SHA},
      {"psk_tls11", TLS_PSK_WITH_AES_128_CBC_SHA, 0x0302},
      {"psk_tls10", TLS_PSK_WITH_AES_128_CBC_SHA, 0x0301},
      {"psk_tls10_without_extensions", TLS_PSK_WITH_AES_128_CBC_SHA, 0x0301, false, false},
      {"ecdhe_ecdsa_tls10", TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, 0x0301, true},
      {"dhe_rsa_tls10", TLS_DHE_RSA_WITH_AES_128_CBC_SHA, 0x0301},
  };
  return all;
}

const Kind& kind(std::string_view name) {
  for (const Kind& k : kinds()) {
    if (k.name == name) return k;
  }
  ADD_FAILURE() << "no kind " << name;
  return kinds()[0];
}

namespace {

// What both sides have of it: the suite, the versions.
void set_up(ContextOptions& options, const Kind& kind, Above above) {
  options.cipher_suites = {kind.suite};
  if (above == Above::tls13)
    options.cipher_suites.insert(options.cipher_suites.begin(), CipherSuite::TLS_AES_128_GCM_SHA256);
  options.min_version = static_cast<ProtocolVersion>(kind.version);
  options.max_version = above == Above::tls13 ? ProtocolVersion::tls13 : options.min_version;
  options.encrypt_then_mac = kind.extensions;
}

}  // namespace

// ---- against a server ----

AgainstServer12::AgainstServer12(const Kind& kind, Above above)
    : client(kind.suite, kind.version), kind_(kind), above_(above) {
  set_up(options, kind, above);
  const KeyExchangeMethod method = client.parts().key_exchange;
  keys = {credential12()};
  if (const Issued* certificate = certificate_for(method))
    options.certificates = {certificate->certified_key()};
  if (kind.client_certificate) {
    options.client_certificates = ClientCertificates::require;
    options.verification = trusting();
    client.issued = &client_certificate();
  }
  if (!kind.extensions) client.has_extensions = false;
}

Connection AgainstServer12::make() {
  if (!context_) {
    if (policy::uses_psk(client.parts().key_exchange) || options.certificates.empty()) {
      context_ = server_context_of_both(options, keys);
    } else {
      context_ = Context::create(options).value();
    }
  }
  return std::move(*Connection::server(context_, server_options));
}

void AgainstServer12::say_hello(const Octets& hello) {
  client.send_client_hello(hello);
  exchange();
}

void AgainstServer12::up_to_done() {
  say_hello();
  ASSERT_TRUE(client.take_server_flight());
}

void AgainstServer12::up_to_exchange() {
  up_to_done();
  const bool asked = !client.certificate_request.empty();
  if (asked) client.send_certificate();
  client.send_client_key_exchange();
  if (asked && client.issued) client.send_certificate_verify();
  exchange();
}

void AgainstServer12::up_to_changed() {
  up_to_exchange();
  client.change_keys();
  exchange();
}

void AgainstServer12::up_to_connected() {
  up_to_done();
  client.send_flight();
  exchange();
  ASSERT_TRUE(client.resumed || client.take_server_finish());
  ASSERT_TRUE(connected());
}

void AgainstServer12::renegotiate() {
  client.renew();
  up_to_connected();
}

void AgainstServer12::hold_session() {
  AgainstServer12 before(kind_, above_);
  before.options = options;
  before.keys = keys;
  if (!dynamic_cast<SessionCache*>(options.tickets.issuer.get()))
    before.client.extensions[Script12Client::Type::session_ticket];
  before.up_to_connected();
  client.offer(before.client.session());
  context_ = before.context_;
}

// ---- against a client ----

AgainstClient12::AgainstClient12(const Kind& kind, Above above)
    : server(kind.suite, kind.version), kind_(kind), above_(above) {
  set_up(options, kind, above);
  const KeyExchangeMethod method = server.parts().key_exchange;
  // With a key for TLS 1.3 as well, so that it is offered.
  const PskUsage usage = above == Above::tls13 ? PskUsage::tls13_and_tls12 : PskUsage::tls12;
  if (policy::uses_psk(method)) keys = {credential12("alice", default_key, usage)};
  if (policy::shows_certificate(method)) {
    options.verification = trusting();
    client_options.server_name = "server.example";
  }
  if (kind.client_certificate) {
    options.certificates = {client_certificate().certified_key()};
    server.asks_for_certificate = true;
  }
  if (!kind.extensions) {
    server.has_extensions = server.takes_extended_master_secret = server.takes_encrypt_then_mac = false;
    options.require_renegotiation_info = false;
  }
}

Connection AgainstClient12::make() {
  if (!context_) context_ = client_context_of_both(options, keys);
  return std::move(*Connection::client(context_, client_options));
}

void AgainstClient12::up_to_hello() {
  exchange();
  ASSERT_TRUE(server.take_client_hello());
}

void AgainstClient12::say_hello() {
  server.send_server_hello();
  exchange();
}

void AgainstClient12::up_to_hello_said() {
  up_to_hello();
  say_hello();
}

void AgainstClient12::up_to_flight() {
  up_to_hello();
  server.send_flight();
  exchange();
  ASSERT_TRUE(server.take_client_flight())
      << (subject().failure ? subject().failure->message() : "no failure");
}

void AgainstClient12::up_to_changed() {
  up_to_flight();
  if (has(server.extensions, Script12Server::Type::session_ticket)) server.put(server.new_session_ticket());
  server.change_keys();
  exchange();
}

void AgainstClient12::up_to_connected() {
  up_to_flight();
  server.send_finish();
  exchange();
  ASSERT_TRUE(connected());
}

void AgainstClient12::renegotiate() {
  server.renew();
  server.put_late(ScriptPeer::message(message::HandshakeType::hello_request, {}));
  up_to_connected();
}

void AgainstClient12::hold_session(bool by_ticket) {
  options.session_store = store;
  if (client_options.server_name.empty()) client_options.session_key = "the server";
  AgainstClient12 before(kind_, above_);
  before.options = options;
  before.keys = keys;
  before.client_options = client_options;
  before.server.gives_ticket = by_ticket;
  before.server.takes_extended_master_secret = server.takes_extended_master_secret;
  if (by_ticket) before.server.session_id.clear();
  before.up_to_connected();
  ASSERT_EQ(store->size(), 1u);
  held = before.server.session();
  if (!by_ticket) held.ticket.clear();
  context_ = before.context_;
}

}  // namespace sesame::test
