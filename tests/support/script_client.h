// What a scripted client says.
#pragma once

#include "crypto/key_exchange.h"
#include "support/script_extensions.h"
#include "support/script_peer.h"

namespace sesame::test {

class ScriptClient : public ScriptPeer {
 public:
  using Type = extension::ExtensionType;

  /// Offers psk_dhe_ke with a share of each of `groups`, or psk_ke if there are none.
  explicit ScriptClient(std::vector<NamedGroup> groups = {NamedGroup::x25519},
                        std::vector<ScriptKey> keys = {ScriptKey()});
  /// Takes certificates, and offers no key.
  void want_certificates();

  // ---- the ClientHello: right as it stands, and to be spoiled ----

  unsigned legacy_version = 0x0303;
  Octets random = repeat(32, 0xc1);
  Octets legacy_session_id = repeat(32, 0x5e);
  std::vector<unsigned> cipher_suites = {0x1301, 0x1303, 0x1302};
  Octets compression_methods = {0};
  ScriptExtensions extensions;           ///< without pre_shared_key, which comes behind them
  std::vector<ScriptKey> keys;           ///< none: no pre_shared_key
  std::optional<Octets> pre_shared_key;  ///< in place of what `keys` would give; its binders are not computed

  Octets identities() const;     ///< OfferedPsks.identities of `keys`, with its length
  Octets empty_binders() const;  ///< OfferedPsks.binders of `keys`, with its length: zeros
  /// The message, with the binders of `keys` at its end if there are any.
  Octets client_hello() const;
  /// Computes the binders of `keys` anew; `hello` ends in them.
  void sign(Octets& hello) const;
  /// In plaintext, and into the transcript.
  void send_client_hello(std::size_t fragment = record::max_plaintext);
  void send_client_hello(Octets hello) { put_plain_message(hello); }
  Octets share(std::size_t i) const;  ///< KeyShareEntry of shares[i]

  // ---- what the server says ----

  /// Expects a HelloRetryRequest, and changes the ClientHello as it asks for.
  bool take_hello_retry_request();
  /// Expects ServerHello to Finished. Then: reads with the application's keys, writes with the handshake's,
  /// or still with those of early data if it was accepted.
  bool take_server_flight();
  Octets encrypted_extensions;  ///< as they came
  Octets certificate_request;   ///< as it came; empty: none did
  /// Then: writes with the application's keys.
  void send_finished();

  // ---- early data (section 4.2.10), by the first of `keys` ----

  /// Behind the ClientHello: writes with the keys of early data.
  void begin_early_data();
  /// EndOfEarlyData; then writes with the handshake's keys.
  void end_early_data();

  /// Expects a NewSessionTicket, and remembers it as the only one of `keys`, for the next connection.
  std::optional<ScriptKey> take_ticket();

  std::vector<crypto::KeyExchange> shares;
  Octets server_hello;  ///< as it came

 private:
  void put_plain_message(Bytes message, std::size_t fragment = record::max_plaintext);
  bool early_accepted_ = false;
};

/// The data of an extension in a ServerHello message; empty if it has none.
Octets extension_of_server_hello(Bytes server_hello, extension::ExtensionType type);

/// Section 4.4.1: the first ClientHello gives way to a message_hash of it.
void replace_by_message_hash(ScriptPeer& peer);

}  // namespace sesame::test
