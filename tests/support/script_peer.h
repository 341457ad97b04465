// One end of a TLS 1.3 connection that does as a test says: it sends anything, at any time, under the right
// keys.
//
// It checks nothing and refuses nothing; what it needs of TLS it takes from the library's own building
// blocks. Here: records, messages and the key schedule. What a client or a server says stands in
// script_client.h and script_server.h.
#pragma once

#include <sesame/types.h>

#include <deque>
#include <optional>
#include <string>

#include "message/handshake_type.h"
#include "policy/suites.h"
#include "record/protection.h"
#include "secret/key_schedule.h"
#include "support/octets.h"

namespace sesame::test {

/// A pre-shared key as a script knows it.
struct ScriptKey {
  std::string identity = "alice";
  std::string key = std::string(32, 'k');
  HashAlgorithm hash = HashAlgorithm::sha256;
  std::uint32_t obfuscated_ticket_age = 0;
  bool of_ticket = false;
};

class ScriptPeer {
 public:
  virtual ~ScriptPeer() = default;
  using ContentType = record::ContentType;
  using HandshakeType = message::HandshakeType;

  /// What is to be given to the connection under test.
  Octets out;
  /// All handshake messages so far, as the transcript has them.
  Octets transcript;
  CipherSuite suite = CipherSuite::TLS_AES_128_GCM_SHA256;

  // ---- records for the connection under test ----

  void put(Bytes octets) { append(out, octets); }
  void put_plain(ContentType type, Bytes content, unsigned version = 0x0303);
  /// Protected, as soon as there are keys to write with. `content` may be longer than the standard allows.
  virtual void put_record(ContentType type, Bytes content, std::size_t padding = 0);
  /// Adds to the transcript as well. In records of at most `fragment` octets.
  void put_message(Bytes message, std::size_t fragment = record::max_plaintext);
  /// The same without the transcript: a message behind the handshake.
  void put_late(Bytes message, std::size_t fragment = record::max_plaintext);
  void put_alert(unsigned level, unsigned description);
  void put_change_cipher_spec(const Octets& content = {1}) {
    put_plain(ContentType::change_cipher_spec, content);
  }
  void put_data(std::string_view data) { put_record(ContentType::application_data, as_bytes(data)); }
  /// A KeyUpdate; then the next keys to write with.
  void put_key_update(unsigned request, bool then_update = true);

  static Octets message(HandshakeType type, const Octets& body) {
    return join({u8(static_cast<unsigned>(type)), vec24(body)});
  }
  /// The connection under test sent one: the next keys to read with.
  void take_key_update();

  /// The Finished of this side over the transcript so far.
  Octets finished() const { return finished_by(own_handshake_secret); }
  /// The same for authentication after the handshake (section 4.6.2).
  Octets late_finished() const { return finished_by(own_application_secret); }

  // ---- from the connection under test ----

  struct Record {
    ContentType type{};
    Octets content;
    bool was_protected = false;
    std::size_t size = 0;  ///< of the whole record on the wire
  };
  void take(Bytes octets) { append(in_, octets); }
  /// The next record that is there; opened, if it is protected and there are keys. Nothing: none, or it does
  /// not open.
  virtual std::optional<Record> next_record();
  /// The next handshake message, header included; ChangeCipherSpec records are passed over. Empty: there is
  /// none.
  Octets next_message();
  bool has_more() const { return !in_.empty() || !messages_.empty(); }

  // ---- keys ----

  const policy::Suite& suite_row() const;
  crypto::HashValue hash(Bytes octets) const;
  void set_handshake_keys(const psk::PskSecrets& secrets, std::optional<Bytes> shared_secret, Side own_side);
  /// client_early_traffic_secret of the key, over the transcript as it stands.
  Octets early_secret(const ScriptKey& key) const;
  /// The key of a ticket with this nonce; the transcript goes to the client's Finished.
  std::string key_of_ticket(const Octets& nonce) const;
  /// Keys of the application, from the transcript as it stands.
  void make_application_secrets(Side own_side);
  void use_read_secret(Bytes secret);
  void use_write_secret(Bytes secret);

  Octets own_handshake_secret, peer_handshake_secret;
  Octets own_application_secret, peer_application_secret;
  record::Protection write, read;

 protected:
  Octets finished_by(Bytes handshake_secret) const;
  static psk::PskSecrets derive(const ScriptKey& key);
  psk::PskSecrets without_psk() const;  ///< section 7.1: zeros in the place of the key
  static const crypto::Provider& provider();

  Octets in_;

 private:
  void set(record::Protection& protection, crypto::Aead::Direction direction, Bytes secret) const;

  std::optional<secret::HandshakeStage> stage_;
  std::optional<secret::MasterStage> master_;
  Octets messages_;
};

}  // namespace sesame::test
