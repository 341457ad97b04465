// Walks a trace of RFC 8448: does with our own rooms what each step did, and compares every value that it
// prints.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>

#include "crypto/key_exchange.h"
#include "psk/secrets.h"
#include "record/protection.h"
#include "secret/key_schedule.h"
#include "support/routes.h"
#include "support/vectors.h"
#include "transcript/transcript.h"

namespace sesame::test {

class Trace {
 public:
  /// `psk`: a resumption PSK; empty: none.
  Trace(Route route, Octets psk);

  void walk(const Vectors& vectors);
  /// The PSK of the ticket that the server gave.
  const Octets& resumption_psk() const { return resumption_psk_; }

 private:
  using Block = Vectors::Block;
  using Role = Side;
  struct Party {
    std::optional<crypto::KeyExchange> key;
    Octets share;
    Octets unsent;  // handshake messages without a record yet
    record::Protection seals, opens;
    Octets finished;
  };

  void step(Role role, const std::string& what, const std::string& which, const Block& block);

  void key_pair(Role role, const std::string& group, const Block& block);
  void message(Role role, const std::string& type, const Block& block);
  void record(Role role, const std::string& type, const Block& block);
  void extract(const std::string& secret, const Block& block);
  void salt(const std::string& secret, const Block& block);
  void derive(const std::string& label, const Block& block);
  void keys(Role role, const std::string& which, const Block& block);
  void finished(Role role, const Block& block);
  void binder(const Block& block);
  void resumption(const Block& block);

  void add_message(Role role, const Octets& octets);
  void derive_shared_secret();
  void protected_record(Party& sender, record::ContentType type, const Block& block);
  /// The line that the RFC calls info, computed without src/secret: HKDF-Expand of RFC 5869 section 2.3.
  void check_expansion(const Octets& prk, const Octets& info, const Octets& expanded) const;
  crypto::HmacKey key_of(const Octets& secret) const { return crypto::HmacKey(hash_, secret); }
  Party& party(Role role) { return parties_[static_cast<std::size_t>(role)]; }

  std::shared_ptr<const crypto::Provider> provider_;
  const crypto::Hash& hash_;
  Octets psk_;
  psk::PskSecrets secrets_;
  std::optional<secret::HandshakeStage> handshake_;
  std::optional<secret::MasterStage> master_;
  secret::SharedSecret shared_secret_;
  std::map<std::string, Octets> known_;  // secrets by their labels in section 7.1 of RFC 8446
  transcript::Transcript transcript_;
  Octets truncated_hello_;
  Octets resumption_psk_;
  std::array<Party, 2> parties_;
};

}  // namespace sesame::test
