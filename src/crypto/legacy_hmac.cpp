#include "crypto/legacy_hmac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <memory>

#include "crypto/error_queue.h"

namespace sesame::crypto {

Expected<> legacy_hmac(LegacyHash hash, Bytes key, std::initializer_list<Bytes> parts, MutableBytes out) {
  const ErrorQueueMark mark;
  static EVP_MAC* const hmac =
      EVP_MAC_fetch(nullptr, "HMAC", nullptr);  // kept for as long as the process lives
  const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(
      hmac ? EVP_MAC_CTX_new(hmac) : nullptr, EVP_MAC_CTX_free);
  char name[] = "SHA1";
  char md5[] = "MD5";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash == LegacyHash::md5 ? md5 : name, 0),
      OSSL_PARAM_construct_end()};
  std::size_t size = 0;
  // A null key means "the old one": an empty key has to be a range all the same.
  static constexpr std::uint8_t nothing[1] = {};
  bool ok =
      context && EVP_MAC_init(context.get(), key.empty() ? nothing : key.data(), key.size(), parameters) == 1;
  for (const Bytes part : parts) ok = ok && EVP_MAC_update(context.get(), part.data(), part.size()) == 1;
  ok = ok && EVP_MAC_final(context.get(), out.data(), &size, out.size()) == 1 && size == size_of(hash);
  if (!ok)
    return fail(Reason::algorithm_unavailable, hash == LegacyHash::md5 ? "HMAC with MD5" : "HMAC with SHA-1");
  return {};
}

}  // namespace sesame::crypto
