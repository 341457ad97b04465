#include <algorithm>

#include "psk/credential_body.h"
#include "psk/importer.h"

namespace sesame {
namespace psk {

std::string_view misfit(PskUsage usage, Bytes context, const PskQuery& query) noexcept {
  if (usage == PskUsage::tls13) {
    return query.imported ? ": the client imported the key (RFC 9258), here it is used as it is" : "";
  }
  if (!query.imported) return ": the key is to be imported (RFC 9258), the client used it as it is";
  return std::ranges::equal(context, query.context) ? "" : ": imported with another context";
}

const PskSecrets& nobodys_secrets(HashAlgorithm hash) noexcept {
  struct Both {
    PskSecrets sha256, sha384;
  };
  static const Both both = [] {
    const crypto::Provider& provider = **crypto::Provider::system();
    std::uint8_t key[32];
    // Without random octets there is no handshake either.
    static_cast<void>(provider.random(key));
    Both made{derive_psk_secrets(provider.hash(HashAlgorithm::sha256), key, PskKind::external),
              derive_psk_secrets(provider.hash(HashAlgorithm::sha384), key, PskKind::external)};
    secret::wipe(key, sizeof key);
    return made;
  }();
  return hash == HashAlgorithm::sha256 ? both.sha256 : both.sha384;
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
  psk::fill_candidate(*place, body, query, [&](HashAlgorithm target, psk::PskSecrets& out) {
    const crypto::Provider& provider = body_->provider() ? *body_->provider() : **crypto::Provider::system();
    // A source may know one key by several identities. What the client imported is what it named.
    if (query.imported && !std::ranges::equal(query.identity, body.identity)) {
      out = psk::derive_imported_secrets(provider, body.hash, body.key,
                                         psk::imported_identity(query.identity, query.context, target));
    } else {
      out = body.secrets_by(provider, target);
    }
  });
}

void PskAnswer::later() { body_->later(); }

}  // namespace sesame
