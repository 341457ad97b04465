// Where a server finds the key for an identity: the keyring, or anything that implements PskSource.
#pragma once

#include <sesame/bytes.h>
#include <sesame/credential.h>
#include <sesame/types.h>

#include <memory>
#include <string_view>

namespace sesame {

namespace psk {
class AnswerBody;
struct AnswerAccess;
}  // namespace psk

/// What a server asks a source. The views are valid during the call; Connection::pending_psk() gives one
/// whose views are valid until the answer.
struct PskQuery {
  /// As the client sent it, 1..65535 octets of any value: escape before printing.
  Bytes identity = {};
  std::string_view server_name = {};  ///< the client's server_name; empty if it sent none
  TimePoint now = {};
  /// The client imported the key (RFC 9258) for a suite of `target_hash`, in `context`; `identity` is then
  /// the external one. The engine sees to it that a key is used as it was given: what a source does with
  /// these is its own affair.
  bool imported = false;
  HashAlgorithm target_hash = HashAlgorithm::sha256;
  Bytes context = {};
  /// In TLS 1.2 and below the identity is of a ClientKeyExchange, 0..65535 octets, and nothing is imported.
  ProtocolVersion version = ProtocolVersion::tls13;
};

/// What a source answers: nothing (the identity is unknown to it), one key, two during a rotation, or
/// "later".
class PskAnswer {
 public:
  /// Offers a key for the identity asked about. Call it with the newest key first; at most two count, both
  /// are always tried. What the credential says (usage, hash, validity, bindings) is checked by the engine,
  /// which tells the reason.
  void add(const Credential& credential);

  /// The answer comes by Connection::supply_psk; until then the connection waits for Wait::psk_lookup.
  void later();

 private:
  friend struct psk::AnswerAccess;
  explicit PskAnswer(psk::AnswerBody& body) noexcept : body_(&body) {}
  psk::AnswerBody* body_;
};

/// A server's keys. Connections on any thread ask at any time: implementations are safe for concurrent calls.
class PskSource {
 public:
  virtual ~PskSource() = default;
  /// Called for the identities of a ClientHello in the client's order until one is answered. It must not
  /// throw.
  virtual void find(const PskQuery& query, PskAnswer& answer) = 0;
};

/// A source from a function `void(const PskQuery&, PskAnswer&)`.
template <class Function>
std::shared_ptr<PskSource> make_psk_source(Function function) {
  struct Source final : PskSource {
    explicit Source(Function f) : function_(std::move(f)) {}
    void find(const PskQuery& query, PskAnswer& answer) override { function_(query, answer); }
    Function function_;
  };
  return std::make_shared<Source>(std::move(function));
}

}  // namespace sesame
