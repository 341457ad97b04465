// A server of TLS 1.2 and below that does as a test says, as far as it gets without keys: up to the client's
// ChangeCipherSpec.
#pragma once

#include <sesame/sesame.h>

#include <optional>

#include "message/handshake_type.h"
#include "support/pair.h"
#include "support/script_extensions.h"

namespace sesame::test {

class PlainServer {
 public:
  using Type = extension::ExtensionType;
  using HandshakeType = message::HandshakeType;

  /// Keys for TLS 1.2 (alice), the suites of plain PSK and ECDHE_PSK, at most TLS 1.2.
  PlainServer();

  ContextOptions options;
  ClientOptions client_options;
  /// The client, made when it is first asked for; its ClientHello is in client_hello() then.
  End& client();
  Connection& connection() { return client().connection; }

  // ---- the ClientHello ----

  struct ClientHello {
    unsigned record_version = 0, version = 0;
    Octets random, session_id;
    std::vector<unsigned> cipher_suites;
    ScriptExtensions extensions;
    bool has(Type type) const;
    Octets operator[](Type type) const;
  };
  const ClientHello& client_hello() { return client(), client_hello_; }

  // ---- the ServerHello: right as it stands, and to be spoiled ----

  unsigned version = 0x0303;
  Octets random = repeat(32, 0x5a);
  Octets session_id;
  CipherSuite suite = CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256;
  unsigned compression_method = 0;
  ScriptExtensions extensions;  ///< renegotiation_info, extended_master_secret
  Octets server_hello() const;

  static Octets message(HandshakeType type, const Octets& body = {}) {
    return join({u8(static_cast<unsigned>(type)), vec24(body)});
  }
  /// To the client, in a record of the version.
  void say(const Octets& message) { put(22, message); }
  void say_hello() { say(server_hello()); }
  void say_done() { say(message(HandshakeType::server_hello_done)); }
  void say_change_cipher_spec() { put(20, {1}); }
  void put(unsigned type, const Octets& content);

  /// What the client has sent since, in records that are not protected; a protected one ends it.
  std::vector<Octets> take_messages();
  /// Of the client; what it is not.
  Reason reason();
  Alert alert();
  std::string state() { return std::string(connection().state()); }

 private:
  void take_client_hello();
  std::shared_ptr<const Context> context_;
  std::optional<End> client_;
  ClientHello client_hello_;
};

/// A key for TLS 1.2 and below.
Credential make_tls12_credential(std::string_view identity = "alice", std::string_view key = default_key);

}  // namespace sesame::test
