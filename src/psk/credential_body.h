// The inside of a Credential, and of a source's answer: for the engine and the keyring.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <sesame/credential.h>
#include <sesame/psk_source.h>

#include "psk/secrets.h"

namespace sesame::psk {

/// Immutable. The key itself is wiped and freed with the last handle.
struct CredentialBody {
  ~CredentialBody();
  std::string identity;
  std::vector<std::uint8_t> key;  ///< wiped by the destructor; reserved once, never grown
  HashAlgorithm hash;
  PskUsage usage;
  std::string alpn;
  std::string server_name;
  std::optional<TimePoint> not_before;
  std::optional<TimePoint> not_after;
  PskSecrets secrets;  ///< by the system's Provider
};

struct CredentialAccess {
  static const CredentialBody& body(const Credential& credential) noexcept { return *credential.body_; }
  static std::shared_ptr<const CredentialBody> share(const Credential& credential) noexcept { return credential.body_; }
};

/// What restricts the use of a key; the views are valid as long as the source's key is, so copy before a lock is left.
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
  PskAnswer handle() noexcept;
  /// Keys beyond the second are not taken.
  void add(Candidate&& candidate) noexcept;
  void later() noexcept { later_ = true; }

  bool is_later() const noexcept { return later_; }
  std::size_t size() const noexcept { return size_; }
  Candidate& operator[](std::size_t i) noexcept { return candidates_[i]; }
  void clear() noexcept;

 private:
  std::array<Candidate, 2> candidates_;
  std::uint8_t size_ = 0;
  bool later_ = false;
};

struct AnswerAccess {
  static PskAnswer handle(AnswerBody& body) noexcept { return PskAnswer(body); }
  static AnswerBody& body(PskAnswer& answer) noexcept { return *answer.body_; }
};

}  // namespace sesame::psk
