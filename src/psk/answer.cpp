#include <algorithm>

#include "psk/credential_body.h"
#include "psk/importer.h"

namespace sesame {
namespace psk {

std::string_view misfit(PskUsage usage, Bytes context, const PskQuery& query) noexcept {
  // RFC 8446 section 4.2.11: a key of one version is none of another, unless both sides have it so.
  if (query.version < ProtocolVersion::tls13) {
    return is_for_tls12(usage) ? "" : ": the key is for TLS 1.3 only";
  }
  if (!is_for_tls13(usage)) return ": the key is for TLS 1.2 and below only";
  if (!is_imported(usage)) {
    return query.imported ? ": the client imported the key (RFC 9258), here it is used as it is" : "";
  }
  if (!query.imported) return ": the key is to be imported (RFC 9258), the client used it as it is";
  return std::ranges::equal(context, query.context) ? "" : ": imported with another context";
}

namespace {

struct Nobody {
  secret::BasicSecret<32> key;
  PskSecrets secrets[2];          // by hash
  crypto::HmacKey premasters[2];  // by the PRF's hash

  static const Nobody& get() noexcept {
    static const Nobody nobody;
    return nobody;
  }

 private:
  Nobody() noexcept {
    const crypto::Provider& provider = **crypto::Provider::system();
    // Without random octets there is no handshake either.
    static_cast<void>(provider.random(key.resize(32)));
    for (const HashAlgorithm algorithm : {HashAlgorithm::sha256, HashAlgorithm::sha384}) {
      const crypto::Hash& hash = provider.hash(algorithm);
      secrets[static_cast<std::size_t>(algorithm)] = derive_psk_secrets(hash, key.bytes(), PskKind::external);
      premasters[static_cast<std::size_t>(algorithm)] = derive_plain_premaster(hash, key.bytes());
    }
  }
};

}  // namespace

Bytes nobodys_key() noexcept { return Nobody::get().key.bytes(); }

const PskSecrets& nobodys_secrets(HashAlgorithm hash) noexcept {
  return Nobody::get().secrets[static_cast<std::size_t>(hash)];
}

const crypto::HmacKey& nobodys_premaster(HashAlgorithm prf) noexcept {
  return Nobody::get().premasters[static_cast<std::size_t>(prf)];
}

void fill_stand_in(Candidate& out, const PskQuery& query) noexcept {
  out = Candidate();
  out.restrictions.usage = PskUsage::tls12;
  out.key = secret::SecretBuffer(nobodys_key());
  if (query.version == ProtocolVersion::tls12)
    out.plain_premaster = nobodys_premaster(query.target_hash).copy();
  out.stand_in = true;
}

PskAnswer AnswerBody::handle() noexcept { return AnswerAccess::handle(*this); }

void AnswerBody::add(Candidate&& candidate) noexcept {
  if (Candidate* place = next()) *place = std::move(candidate);
}

void AnswerBody::clear() noexcept {
  for (std::size_t i = 0; i < size_; ++i) candidates_[i] = Candidate();
  size_ = 0;
  later_ = costs_the_same_ = false;
}

}  // namespace psk

void PskAnswer::add(const Credential& credential) {
  const psk::CredentialBody& body = psk::CredentialAccess::body(credential);
  psk::Candidate* const place = body_->next();
  if (!place) return;
  const PskQuery& query = body_->query();
  const crypto::Provider& provider = body_->provider() ? *body_->provider() : **crypto::Provider::system();
  psk::fill_candidate(
      *place, body, query,
      [&](HashAlgorithm target, psk::PskSecrets& out) {
        // A source may know one key by several identities. What the client imported is what it named.
        if (query.imported && !std::ranges::equal(query.identity, body.identity)) {
          out = psk::derive_imported_secrets(provider, body.hash, body.key,
                                             psk::imported_identity(query.identity, query.context, target));
        } else {
          out = body.secrets_by(provider, target);
        }
      },
      [&](HashAlgorithm prf) { return body.plain_premaster_by(provider, prf); });
}

void PskAnswer::later() { body_->later(); }

}  // namespace sesame
