// Signatures of this side, by a private key or by the application's Signer.
#include "certificate/certified_key.h"
#include "crypto/provider.h"

namespace sesame {

// The last call counts.
void SignatureAnswer::give(Bytes signature) {
  body_->signature.assign(signature.begin(), signature.end());
  body_->is_later = false;
}

void SignatureAnswer::later() {
  body_->signature.clear();
  body_->is_later = true;
}

namespace certificate {

Expected<> sign(const crypto::Provider& provider, const CertifiedKeyBody& key, SignatureScheme scheme,
                Bytes input, SignatureAnswerBody& answer) {
  answer = {};
  if (key.private_key) {
    auto signature = crypto::sign(provider, key.private_key.get(), scheme, input);
    if (!signature) return std::unexpected(signature.error());
    answer.signature = std::move(*signature);
    return {};
  }
  if (!key.signer) return fail(Reason::signature_failed, "there is neither a private key nor a signer");
  SignatureAnswer handle = SignatureAnswerAccess::handle(answer);
  key.signer->sign({.scheme = scheme, .input = input, .public_key = key.public_key}, handle);
  if (answer.is_later || !answer.signature.empty()) return {};
  return fail(Reason::signature_failed, "the signer refused");
}

}  // namespace certificate
}  // namespace sesame
