#include "psk/credential_body.h"

namespace sesame {
namespace psk {

PskAnswer AnswerBody::handle() noexcept { return AnswerAccess::handle(*this); }

void AnswerBody::add(Candidate&& candidate) noexcept {
  if (Candidate* place = next()) *place = std::move(candidate);
}

void AnswerBody::clear() noexcept {
  for (std::size_t i = 0; i < size_; ++i) candidates_[i] = Candidate();
  size_ = 0;
  later_ = false;
}

}  // namespace psk

void PskAnswer::add(const Credential& credential) {
  const psk::CredentialBody& body = psk::CredentialAccess::body(credential);
  psk::Candidate* const place = body_->next();
  if (!place) return;
  place->secrets = body_->provider() ? body.secrets_by(*body_->provider()) : body.secrets().copy();
  place->restrictions = {body.usage, body.not_before, body.not_after, std::string(body.alpn),
                         std::string(body.server_name)};
}

void PskAnswer::later() { body_->later(); }

}  // namespace sesame
