// Connections of TLS 1.2, 1.1 and 1.0 under test, and the scripted peer of each.
#pragma once

#include "support/case.h"
#include "support/script12_client.h"
#include "support/script12_server.h"
#include "support/variant.h"

namespace sesame::test {

inline constexpr auto psk_suite = CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256;

/// For TLS 1.2 and below alone.
Credential credential12(std::string_view identity = "alice", std::string_view key = default_key,
                        PskUsage usage = PskUsage::tls12);

/// A suite in a version, under a name that a test can have.
struct Kind {
  std::string name;
  CipherSuite suite = psk_suite;
  unsigned version = 0x0303;
  bool client_certificate = false;
  bool extensions = true;  ///< extended_master_secret and encrypt_then_mac
};
/// One of each key exchange, form of record and version.
const std::vector<Kind>& kinds();
const Kind& kind(std::string_view name);

/// The versions that a connection has beside the one that is spoken.
enum class Above { nothing, tls13 };

class AgainstServer12 : public Case {
 public:
  explicit AgainstServer12(const Kind& kind = kinds()[0], Above above = Above::tls13);
  Script12Client client;
  std::vector<Credential> keys;  ///< that the server knows: alice
  ServerOptions server_options;
  ScriptPeer& peer() override { return client; }

  // How far the script goes without spoiling anything. Each begins at the beginning.
  void up_to_done();      ///< ServerHelloDone was taken
  void up_to_exchange();  ///< [Certificate,] ClientKeyExchange[, CertificateVerify] were sent
  void up_to_changed();   ///< ChangeCipherSpec was sent
  void up_to_connected();
  /// A whole handshake within the connection, from ClientHello on; it may be spoiled before.
  void renegotiate();
  void say_hello() { say_hello(client.client_hello()); }
  void say_hello(const Octets& hello);

  /// Another connection with the same context, whose session the client offers in this one.
  void hold_session();
  void give_tickets() { options.tickets.issuer = std::make_shared<TicketKeys>(); }

 private:
  Connection make() override;
  Kind kind_;
  Above above_;
};

class AgainstClient12 : public Case {
 public:
  explicit AgainstClient12(const Kind& kind = kinds()[0], Above above = Above::tls13);
  Script12Server server;
  std::vector<Credential> keys;  ///< that the client offers: alice
  ClientOptions client_options;
  ScriptPeer& peer() override { return server; }

  void up_to_hello();  ///< the ClientHello was taken
  void up_to_hello_said();
  void up_to_flight();   ///< the server's flight was sent, and the client's was taken
  void up_to_changed();  ///< ChangeCipherSpec was sent
  void up_to_connected();
  void say_hello();
  void renegotiate();

  std::shared_ptr<MemorySessionStore> store = std::make_shared<MemorySessionStore>();
  /// Has a session of another connection with the same server, by identifier or by ticket; the script knows
  /// it.
  void hold_session(bool by_ticket = true);
  Script12Session held;

 private:
  Connection make() override;
  Kind kind_;
  Above above_;
};

/// As player(), of a case that is made in a certain way.
template <class Which, class Script>
auto player12(const Kind& kind, Above above, Script script) {
  return [=] {
    auto c = std::make_unique<Which>(kind, above);
    script(*c);
    c->exchange();
    return std::unique_ptr<Case>(std::move(c));
  };
}

}  // namespace sesame::test
