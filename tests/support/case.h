// A connection under test, and a scripted peer that does to it what no real one would.
#pragma once

#include <sesame/sesame.h>

#include <optional>
#include <string>

#include "support/pair.h"
#include "support/script_client.h"
#include "support/script_server.h"

namespace sesame::test {

class Case {
 public:
  virtual ~Case() = default;
  virtual ScriptPeer& peer() = 0;

  /// Of the connection under test; to be changed before it is made.
  ContextOptions options;
  /// Until the script says otherwise, the connection is made at the first exchange.
  End& subject();
  bool has_subject() const { return subject_.has_value(); }

  /// Gives the connection what the script has for it, and the script what the connection says.
  void exchange();
  /// The connection says that it waits for nothing more of a handshake.
  bool connected() { return subject().connection.handshake_done(); }
  void transport_closes();

 protected:
  virtual Connection make() = 0;
  std::shared_ptr<const Context> context_;

 private:
  std::optional<End> subject_;
};

/// The connection under test is a server.
class AgainstServer : public Case {
 public:
  AgainstServer();
  ScriptClient client;
  std::vector<Credential> keys;  ///< that the server knows: alice for SHA-256, anna for SHA-384
  ScriptPeer& peer() override { return client; }

  // How far the script goes without spoiling anything. Each begins at the beginning.
  void up_to_retry();          ///< a HelloRetryRequest was taken
  void up_to_wait_finished();  ///< the server's flight was taken
  void up_to_connected();
  /// The ClientHello as it stands, spoiled or not.
  void say_hello();
  void say_hello(Octets hello);

 private:
  Connection make() override;
};

/// The connection under test is a client.
class AgainstClient : public Case {
 public:
  AgainstClient();
  ScriptServer server;
  std::vector<Credential> keys;  ///< that the client offers: alice for SHA-256
  ClientOptions client_options;
  ScriptPeer& peer() override { return server; }

  void up_to_hello();    ///< the ClientHello was taken: WAIT_SH
  void up_to_retried();  ///< a HelloRetryRequest was sent and the second ClientHello taken: WAIT_SH
  void up_to_wait_ee();  ///< the ServerHello was sent
  void up_to_wait_finished();
  void up_to_connected();
  /// The ServerHello as it stands, spoiled or not.
  void say_hello();
  void say_encrypted_extensions();

 private:
  Connection make() override;
};

/// The last thing that the script was told is this alert, once, with nothing behind it; or no alert at all.
void expect_told(Case& c, Alert alert);
/// The connection is dead in both directions, by the same error whatever is asked of it, and says nothing
/// more.
void expect_dead(Case& c);

}  // namespace sesame::test
