// The connection under attack, watched from all sides: what it sends is opened and judged, what it holds is
// weighed, and after an error it has to be dead.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "message/handshake_type.h"
#include "policy/suites.h"
#include "record/protection.h"
#include "secret/secret_bytes.h"
#include "support/contexts.h"
#include "transcript/transcript.h"

namespace sesame::fuzz {

using Octets = std::vector<std::uint8_t>;

/// The traffic secrets of a connection, as its key log has them.
struct Secrets {
  Octets client_early, client_handshake, server_handshake, client_application, server_application;
};

/// The suite that `id` is, by libcrypto's default context; nullopt: none of TLS 1.3.
std::optional<policy::Suite> suite_of(CipherSuite id);
HashAlgorithm hash_of_secret(Bytes secret);

/// One direction's keys, through all their changes.
class Direction {
 public:
  Direction(Side sender, crypto::Aead::Direction direction) : sender_(sender), direction_(direction) {}

  enum class Epoch : std::uint8_t { plain, early, handshake, application };
  Side sender() const noexcept { return sender_; }
  Epoch epoch() const noexcept { return epoch_; }
  bool is_protected() const noexcept { return epoch_ != Epoch::plain; }
  record::Protection& protection() noexcept { return protection_; }

  /// False, and nothing changes, if the secret is not known.
  bool enter(Epoch epoch, const Secrets& secrets, CipherSuite suite);
  void update();  ///< RFC 8446 section 7.2
  void leave() noexcept { epoch_ = Epoch::plain; }

 private:
  void set(Bytes secret);
  Side sender_;
  crypto::Aead::Direction direction_;
  Epoch epoch_ = Epoch::plain;
  std::optional<policy::Suite> suite_;
  Octets secret_;
  record::Protection protection_;
};

class Subject final : SecretSink {
 public:
  Subject(Side side, std::size_t configuration);
  ~Subject();

  /// Gives octets in pieces of `piece` each; 0: all at once. They stand in memory of just their size.
  void receive(Bytes octets, std::size_t piece);
  /// The application uses the connection in a way that `what` and `size` say.
  void use(std::uint8_t what, std::size_t size);
  /// All that there is to send, judged already.
  Octets take_output();
  /// Judged after every step; after it the output is empty.
  void check();

  /// Sees each handshake message that the subject sends, header included, before the next one is opened.
  std::function<void(Bytes message)> on_message;

  /// To be called once nobody could object any more to the handshake being done: a right Finished was sent.
  void may_be_done() noexcept { may_be_done_ = true; }

  Connection& connection() noexcept { return *connection_; }
  const Secrets& secrets() const noexcept { return secrets_; }
  CipherSuite suite() const noexcept { return connection_->cipher_suite(); }
  std::size_t configuration() const noexcept { return configuration_; }
  bool dead() const noexcept { return connection_->error() != nullptr; }

 private:
  void on_secret(std::string_view label, Bytes secret) override;
  void judge_output(Bytes octets);
  void judge_record(Octets record);
  void judge_messages(Bytes content);
  void judge_alert(Bytes content);
  void check_memory() const;
  void check_death();

  std::size_t configuration_;
  std::size_t memory_before_;
  std::size_t received_ = 0;  // octets
  std::optional<Connection> connection_;
  Octets unread_;
  Octets output_;   // opened and judged, not yet taken
  Octets message_;  // a handshake message that is not whole yet
  Secrets secrets_;
  Direction sent_;
  bool may_be_done_ = false;
  bool alerted_ = false;
  bool closed_here_ = false;
  bool was_dead_ = false;
  int change_cipher_specs_ = 0;
};

}  // namespace sesame::fuzz
