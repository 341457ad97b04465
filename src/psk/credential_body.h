// The inside of a Credential, and of a source's answer: for the engine and the keyring.
#pragma once

#include <sesame/credential.h>
#include <sesame/psk_source.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "psk/secrets.h"

namespace sesame::psk {

/// Immutable but for what is derived, which is made when it is first asked for: who loads a million keys to
/// put them in a keyring pays for none of it. The views are of one block that the body owns; it is wiped and
/// freed with the last handle.
struct CredentialBody {
  explicit CredentialBody(const CredentialParameters& parameters);  ///< which passed check()
  CredentialBody(const CredentialBody&) = delete;
  CredentialBody& operator=(const CredentialBody&) = delete;
  ~CredentialBody();

  /// By the system's Provider; kept as long as the body. Safe for concurrent calls.
  const PskSecrets& secrets() const noexcept;
  /// The same, by the algorithms of `provider`: a context with a library context of its own wants its own to
  /// be used.
  PskSecrets secrets_by(const crypto::Provider& provider) const noexcept;
  /// The binder over the hash of the truncated transcript (RFC 8446 section 4.2.11.2).
  void write_binder(const crypto::Provider& provider, Bytes transcript_hash, MutableBytes out) const noexcept;

  Bytes identity;
  Bytes key;
  std::string_view alpn;
  std::string_view server_name;
  HashAlgorithm hash;
  PskUsage usage;
  std::optional<TimePoint> not_before;
  std::optional<TimePoint> not_after;

 private:
  mutable std::atomic<const PskSecrets*> secrets_ = nullptr;
};

/// What Credential::create checks, for all that take CredentialParameters. Errors: as documented there.
Expected<> check(const CredentialParameters& parameters);

struct CredentialAccess {
  static const CredentialBody& body(const Credential& credential) noexcept { return *credential.body_; }
  static std::shared_ptr<const CredentialBody> share(const Credential& credential) noexcept {
    return credential.body_;
  }
};

/// What restricts the use of a key: the engine checks it, and tells the reason.
struct Restrictions {
  PskUsage usage = PskUsage::tls13;
  std::optional<TimePoint> not_before;
  std::optional<TimePoint> not_after;
  std::string alpn;
  std::string server_name;
};

/// One key of an answer.
struct Candidate {
  PskSecrets secrets;
  Restrictions restrictions;
};

/// What a source answered: filled through PskAnswer, or directly by the keyring.
class AnswerBody {
 public:
  /// By whose algorithms the keys are derived; unless it is said, by the system's Provider.
  void use(const crypto::Provider& provider) noexcept { provider_ = &provider; }
  const crypto::Provider* provider() const noexcept { return provider_; }

  PskAnswer handle() noexcept;
  /// A place for the next key, to be filled by the caller; nullptr beyond the second: more are not taken.
  Candidate* next() noexcept { return size_ < candidates_.size() ? &candidates_[size_++] : nullptr; }
  void add(Candidate&& candidate) noexcept;
  void later() noexcept { later_ = true; }

  bool is_later() const noexcept { return later_; }
  std::size_t size() const noexcept { return size_; }
  Candidate& operator[](std::size_t i) noexcept { return candidates_[i]; }
  void clear() noexcept;  ///< wipes the keys

 private:
  std::array<Candidate, 2> candidates_;
  const crypto::Provider* provider_ = nullptr;
  std::uint8_t size_ = 0;
  bool later_ = false;
};

struct AnswerAccess {
  static PskAnswer handle(AnswerBody& body) noexcept { return PskAnswer(body); }
  static AnswerBody& body(PskAnswer& answer) noexcept { return *answer.body_; }
};

}  // namespace sesame::psk
