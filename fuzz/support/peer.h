// A peer that does what a script says. It knows the keys of the connection under attack, by its key log, so
// that what it invents arrives properly protected: what lies behind the AEAD is attacked too.
#pragma once

#include <sesame/connection.h>

#include "message/client_hello.h"
#include "support/script.h"
#include "support/subject.h"

namespace sesame::fuzz {

class Peer {
 public:
  /// The other side of `subject`, with the right key or the wrong one.
  Peer(Subject& subject, Side own_side, std::size_t configuration, Key key);

  /// Runs `script` to its end.
  void run(Script& script);

 private:
  // What the steps of a script are. seeds.cpp writes them by name.
  friend struct SeedWriter;
  enum class Step : std::uint8_t {
    hello,       // the ClientHello or ServerHello that fits, with edits
    retry,       // server: a HelloRetryRequest, with edits
    extensions,  // server: EncryptedExtensions, with edits
    finished,    // the right one, or one with an octet changed
    change_cipher_spec,
    message,  // type and body are the script's
    record,   // content type and content are the script's
    key_update,
    data,
    alert,
    raw,          // octets, as they are
    use,          // the application under attack does something
    mode,         // how what follows is sent: in which pieces, whether a flight shares a record
    skip_keys,    // the keys of the next epoch without a Finished
    certificate,  // this side's, with edits
    verify,       // a CertificateVerify, right or with an octet changed
    early_data,   // client: under the keys of early data
    end_of_early_data,
    count,
  };

  struct Item {
    std::uint16_t type;
    Octets data;
  };
  using Items = std::vector<Item>;

  void step(Script& script);
  void edit(Script& script, Items& items) const;
  static Octets block_of(const Items& items);
  static Items items_of(Bytes block);

  void send_client_hello(Script& script);
  void fix_binders(Octets& hello) const;
  void send_server_hello(Script& script, bool retry);
  void send_encrypted_extensions(Script& script);
  void send_finished(Script& script);
  void send_key_update(Script& script);
  void send_certificate(Script& script);
  void send_certificate_verify(Script& script);

  void send_message(message::HandshakeType type, Bytes body);
  void send_record(record::ContentType type, Bytes content, std::size_t padding, bool is_protected);
  void flush_messages();
  void deliver(Bytes octets);
  /// The hash of all messages so far and `more`; those that a HelloRetryRequest ends become a message_hash.
  crypto::HashValue transcript(HashAlgorithm hash, Bytes more) const;

  Subject& subject_;
  Side side_;
  std::size_t configuration_;
  Key key_;
  std::optional<Connection> partner_;  // a real one: its hellos are the pattern
  Octets last_hello_;             // of the partner or the subject, whoever is the client: body with header
  std::vector<Octets> messages_;  // of both sides
  Direction sent_;
  Octets waiting_;  // messages that will share a record
  std::size_t piece_ = 0;
  std::size_t padding_ = 0;
  std::size_t fragment_ = record::max_plaintext;
  bool coalesce_ = false;
  bool proved_ = false;  // a right CertificateVerify was sent
};

}  // namespace sesame::fuzz
