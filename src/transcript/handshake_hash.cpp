#include "transcript/handshake_hash.h"

#include <cstdlib>

namespace sesame::transcript {
namespace {

constexpr std::size_t md5_sha1_size = 36;

/// As in crypto/hash.cpp: a digest fails for want of memory only, and a made-up value must never be compared.
void require(bool ok) noexcept {
  if (!ok) std::abort();
}

}  // namespace

Expected<> HandshakeHash::begin(const crypto::Provider& provider, secret::Prf which, bool keep_messages) {
  end();
  if (which == secret::Prf::md5_sha1) {
    // A digest that refuses to begin would do so at the first message of a handshake, not in its middle.
    md5_sha1_.reset(EVP_MD_CTX_new());
    if (!provider.md5_sha1() || !md5_sha1_ ||
        EVP_DigestInit_ex2(md5_sha1_.get(), provider.md5_sha1(), nullptr) != 1) {
      md5_sha1_.reset();
      return fail(Reason::algorithm_unavailable, "MD5 and SHA-1, for TLS 1.0 and 1.1");
    }
  } else {
    hash_.begin(provider.hash(which == secret::Prf::sha256 ? HashAlgorithm::sha256 : HashAlgorithm::sha384));
  }
  is_value_known_ = false;
  begun_ = true;
  keeps_ = keep_messages;
  return {};
}

void HandshakeHash::add(Bytes message) {
  is_value_known_ = false;
  if (md5_sha1_) {
    require(EVP_DigestUpdate(md5_sha1_.get(), message.data(), message.size()) == 1);
  } else {
    hash_.update(message);
  }
  if (keeps_) messages_.append(message);
}

const crypto::HashValue& HandshakeHash::value() const {
  if (is_value_known_) return value_;
  if (md5_sha1_) {
    value_ = crypto::HashValue(md5_sha1_size);
    const std::unique_ptr<EVP_MD_CTX, FreeDigest> copy(EVP_MD_CTX_new());
    require(copy && EVP_MD_CTX_copy_ex(copy.get(), md5_sha1_.get()) == 1 &&
            EVP_DigestFinal_ex(copy.get(), value_.bytes().data(), nullptr) == 1);
  } else {
    value_ = hash_.value();
  }
  is_value_known_ = true;
  return value_;
}

void HandshakeHash::end() noexcept {
  hash_.end();
  md5_sha1_.reset();
  forget_messages();
  begun_ = false;
}

}  // namespace sesame::transcript
