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
#include "secret/secret_buffer.h"

namespace sesame::psk {

/// Immutable but for what is derived, which is made when it is first asked for: who loads a million keys to
/// put them in a keyring pays for none of it. The views are of one block that the body owns; it is wiped and
/// freed with the last handle.
struct CredentialBody {
  explicit CredentialBody(const CredentialParameters& parameters);  ///< which passed check()
  CredentialBody(const CredentialBody&) = delete;
  CredentialBody& operator=(const CredentialBody&) = delete;
  ~CredentialBody();

  bool is_imported() const noexcept { return sesame::is_imported(usage); }
  /// Whether the key can be used with a suite of this hash: an imported one can with any.
  bool fits(HashAlgorithm target) const noexcept { return is_imported() || target == hash; }
  /// What a client sends as the identity: of an imported key the ImportedIdentity for `target`.
  Bytes wire_identity(HashAlgorithm target) const noexcept;

  // For a suite of the hash `target`, which fits().

  /// By the system's Provider; kept as long as the body. Safe for concurrent calls.
  const PskSecrets& secrets(HashAlgorithm target) const noexcept;
  /// The same, by the algorithms of `provider`: a context with a library context of its own wants its own to
  /// be used.
  PskSecrets secrets_by(const crypto::Provider& provider, HashAlgorithm target) const noexcept;
  /// The binder over the hash of the truncated transcript (RFC 8446 section 4.2.11.2).
  void write_binder(const crypto::Provider& provider, HashAlgorithm target, Bytes transcript_hash,
                    MutableBytes out) const noexcept;

  /// TLS 1.2, plain PSK (RFC 4279 section 2): the premaster secret as the key of an HMAC by `prf`, whatever
  /// the hash of the key; kept as long as the body, as secrets() is. Safe for concurrent calls.
  const crypto::HmacKey& plain_premaster(HashAlgorithm prf) const noexcept;
  /// The same, by the algorithms of `provider`.
  crypto::HmacKey plain_premaster_by(const crypto::Provider& provider, HashAlgorithm prf) const noexcept;

  // The same for the key's own hash: all that there is for a key that is used as it is.
  const PskSecrets& secrets() const noexcept { return secrets(hash); }
  PskSecrets secrets_by(const crypto::Provider& provider) const noexcept {
    return secrets_by(provider, hash);
  }
  void write_binder(const crypto::Provider& provider, Bytes transcript_hash,
                    MutableBytes out) const noexcept {
    write_binder(provider, hash, transcript_hash, out);
  }

  Bytes identity;  ///< the external one
  Bytes key;
  Bytes context;
  std::string_view alpn;
  std::string_view server_name;
  HashAlgorithm hash;
  PskUsage usage;
  ExternalEarlyData early_data;
  std::optional<TimePoint> not_before;
  std::optional<TimePoint> not_after;

 private:
  PskSecrets derive(const crypto::Provider& provider, HashAlgorithm target) const noexcept;

  std::unique_ptr<std::uint8_t[]> block_;
  Bytes imported_identities_[2];                                    // by target; empty unless it is imported
  mutable std::atomic<const PskSecrets*> secrets_[2] = {};          // by target
  mutable std::atomic<const crypto::HmacKey*> premasters_[2] = {};  // by the PRF's hash
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
  ExternalEarlyData early_data = {};
};

/// One key of an answer.
struct Candidate {
  PskSecrets secrets;  ///< TLS 1.3; empty below
  /// TLS 1.2 and below (PskQuery::version): the key itself, and the premaster secret of plain PSK (RFC 4279
  /// section 2) as the key of an HMAC by PskQuery::target_hash, which is the PRF's; empty below TLS 1.2.
  secret::SecretBuffer key;
  crypto::HmacKey plain_premaster;
  Restrictions restrictions;
  /// Why the key cannot be for what the client sent, though the identity is its own: to be refused with
  /// psk_wrong_usage. A static text behind the identity; empty: it can. `secrets`, or `key` and its premaster
  /// secret, then belong to no key at all, so that no binder and no Finished fits them.
  std::string_view misfit;
  /// Nobody has this key: it is here so that an unknown identity takes the time of a wrong key.
  bool stand_in = false;
};

/// Fills `out` by a key for `query`, which says of which version the handshake is, whether the client
/// imported the key, and how. `derive` gives the key's secrets for a hash, `premaster` its premaster secret
/// of plain PSK by a PRF; only what the version has is called for, and only for a key that can be meant.
template <class Key, class Derive, class Premaster>
void fill_candidate(Candidate& out, const Key& key, const PskQuery& query, Derive derive,
                    Premaster premaster);
/// Candidate::misfit.
std::string_view misfit(PskUsage usage, Bytes context, const PskQuery& query) noexcept;
/// A key of 32 octets that nobody has, and what is derived from it.
Bytes nobodys_key() noexcept;
const PskSecrets& nobodys_secrets(HashAlgorithm hash) noexcept;
const crypto::HmacKey& nobodys_premaster(HashAlgorithm prf) noexcept;
/// TLS 1.2 and below: fills `out` by that key, for an identity that the source does not know and has no
/// stand-in for. The handshake goes on and fails at Finished (RFC 4279 section 2).
void fill_stand_in(Candidate& out, const PskQuery& query) noexcept;

/// What a source answered: filled through PskAnswer, or directly by the keyring.
class AnswerBody {
 public:
  /// By whose algorithms the keys are derived; unless it is said, by the system's Provider.
  void use(const crypto::Provider& provider) noexcept { provider_ = &provider; }
  const crypto::Provider* provider() const noexcept { return provider_; }
  /// What the source is asked, before it answers, whether now or later. The views have to be valid until it
  /// has answered. Unless it is said, the client used the key as it is.
  void ask(const PskQuery& query) noexcept { query_ = query; }
  const PskQuery& query() const noexcept { return query_; }

  /// A source that can make an unknown identity cost what a known one does is asked to, by a stand-in.
  void want_stand_in(bool wanted) noexcept { wants_stand_in_ = wanted; }
  bool wants_stand_in() const noexcept { return wants_stand_in_; }
  /// Such a source says that it did: asking it once more then costs what it costs for any identity.
  void cost_the_same() noexcept { costs_the_same_ = wants_stand_in_; }
  bool costs_the_same() const noexcept { return costs_the_same_; }

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
  PskQuery query_ = {};
  std::uint8_t size_ = 0;
  bool later_ = false;
  bool wants_stand_in_ = false;
  bool costs_the_same_ = false;
};

struct AnswerAccess {
  static PskAnswer handle(AnswerBody& body) noexcept { return PskAnswer(body); }
  static AnswerBody& body(PskAnswer& answer) noexcept { return *answer.body_; }
};

template <class Key, class Derive, class Premaster>
void fill_candidate(Candidate& out, const Key& key, const PskQuery& query, Derive derive,
                    Premaster premaster) {
  out.restrictions = {
      key.usage,     key.not_before, key.not_after, std::string(key.alpn), std::string(key.server_name),
      key.early_data};
  out.misfit = misfit(key.usage, key.context, query);
  out.stand_in = false;
  const bool fits = out.misfit.empty();
  if (query.version < ProtocolVersion::tls13) {
    out.key = secret::SecretBuffer(fits ? key.key : nobodys_key());
    // Below TLS 1.2 the PRF takes the two halves of a premaster secret apart (RFC 2246 section 5).
    if (query.version < ProtocolVersion::tls12) return;
    out.plain_premaster = fits ? premaster(query.target_hash) : nobodys_premaster(query.target_hash).copy();
    return;
  }
  const HashAlgorithm target = query.imported ? query.target_hash : key.hash;
  if (fits) {
    derive(target, out.secrets);
  } else {
    out.secrets = nobodys_secrets(target).copy();
  }
}

}  // namespace sesame::psk
