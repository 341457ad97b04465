// What a scripted server says.
#pragma once

#include "crypto/key_exchange.h"
#include "support/script_client.h"

namespace sesame::test {

class ScriptServer : public ScriptPeer {
 public:
  using Type = extension::ExtensionType;

  ScriptKey key;
  std::size_t fragment = record::max_plaintext;  ///< octets of a message that go into one record

  /// Expects a ClientHello, and makes the answer to it: with the client's first share, or psk_ke if it has
  /// none.
  bool take_client_hello();
  Octets client_hello;  ///< the last one, as it came
  /// In place of psk_dhe_ke: no share in the ServerHello.
  void choose_psk_ke();

  // ---- the ServerHello: right as it stands once a ClientHello was taken, and to be spoiled ----

  unsigned legacy_version = 0x0303;
  Octets random = repeat(32, 0x5a);
  Octets legacy_session_id_echo;
  unsigned compression_method = 0;
  ScriptExtensions extensions;            ///< of the ServerHello
  ScriptExtensions retry_extensions;      ///< of a HelloRetryRequest: supported_versions
  ScriptExtensions encrypted_extensions;  ///< none

  Octets server_hello() const;
  Octets hello_retry_request() const;

  /// Then: writes and reads with the keys of the handshake.
  void send_server_hello() { send_server_hello(server_hello()); }
  void send_server_hello(Octets hello);
  void send_hello_retry_request();
  void send_encrypted_extensions();
  /// Then: writes with the application's keys.
  void send_finished();
  /// ServerHello to Finished.
  void send_flight();
  /// Expects the client's Finished. Then: reads with the application's keys.
  bool take_finished();

 private:
  Octets hello(Bytes hello_random, const ScriptExtensions& with) const;
  std::optional<Octets> shared_secret_;
};

}  // namespace sesame::test
