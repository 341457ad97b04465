#include "crypto/rsa_transport.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "crypto/error_queue.h"
#include "crypto/provider.h"

namespace sesame::crypto {
namespace {

// RFC 8017 section 7.2.1: 3 octets and at least 8 of padding around the message.
constexpr std::size_t smallest_modulus_size = rsa_premaster_size + 11;

struct FreeContext {
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_PKEY_CTX, FreeContext>;

std::size_t modulus_size(EVP_PKEY* key) noexcept {
  const int size = EVP_PKEY_get_size(key);
  return size > 0 ? static_cast<std::size_t>(size) : 0;
}

std::unexpected<Error> libcrypto_failed() {
  return fail(Reason::internal_error, "libcrypto failed in an RSA key transport");
}

bool random_secret(const Provider& provider, MutableBytes out) noexcept {
  return RAND_priv_bytes_ex(provider.library_context(), out.data(), out.size(), 0) == 1;
}

}  // namespace

bool can_transport(EVP_PKEY* key) noexcept {
  return key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && modulus_size(key) >= smallest_modulus_size;
}

Expected<std::vector<std::uint8_t>> encrypt_premaster(const Provider& provider, EVP_PKEY* public_key,
                                                      ProtocolVersion offered, RsaPremaster& premaster) {
  if (!can_transport(public_key)) {
    return fail(Reason::certificate_key_unsuitable,
                "the key of the server is not one that RSA can encrypt a premaster secret to");
  }
  const ErrorQueueMark mark;
  const MutableBytes octets = premaster.resize(rsa_premaster_size);
  octets[0] = static_cast<std::uint8_t>(static_cast<std::uint16_t>(offered) >> 8);
  octets[1] = static_cast<std::uint8_t>(static_cast<std::uint16_t>(offered));
  const Context context(
      EVP_PKEY_CTX_new_from_pkey(provider.library_context(), public_key, provider.property_query()));
  std::vector<std::uint8_t> out(modulus_size(public_key));
  std::size_t size = out.size();
  if (!random_secret(provider, octets.subspan(2)) || !context || EVP_PKEY_encrypt_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1 ||
      EVP_PKEY_encrypt(context.get(), out.data(), &size, octets.data(), octets.size()) != 1 ||
      size != out.size()) {
    premaster.clear();
    return libcrypto_failed();
  }
  return out;
}

// Section 7.4.7.1 has the server draw random octets first, and go on with them where the message is wrong in
// whatever way; Finished then fails. What is inside the message is judged by libcrypto without a branch. A
// message of a wrong size, or one not below the modulus, says nothing that the client would not know; but it
// too takes the time of a decryption, of random octets in its place.
Expected<> decrypt_premaster(const Provider& provider, EVP_PKEY* private_key, ProtocolVersion offered,
                             Bytes encrypted, RsaPremaster& premaster) {
  premaster.clear();
  if (!can_transport(private_key)) return fail(Reason::internal_error, "no RSA key, or too short a one");
  const ErrorQueueMark mark;
  RsaPremaster random;
  std::vector<std::uint8_t> other(modulus_size(private_key));
  if (!random_secret(provider, random.resize(rsa_premaster_size)) || !provider.random(other))
    return libcrypto_failed();
  other[0] = 0;  // below the modulus

  const Context context(
      EVP_PKEY_CTX_new_from_pkey(provider.library_context(), private_key, provider.property_query()));
  int padding = RSA_PKCS1_WITH_TLS_PADDING;
  unsigned version = static_cast<std::uint16_t>(offered);
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_int(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, &padding),
      OSSL_PARAM_construct_uint(OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION, &version),
      OSSL_PARAM_construct_end()};
  if (!context || EVP_PKEY_decrypt_init_ex(context.get(), parameters) != 1) return libcrypto_failed();
  secret::BasicSecret<rsa_premaster_size> decrypted;
  const auto decrypt = [&](Bytes from) {
    std::size_t size = rsa_premaster_size;
    return EVP_PKEY_decrypt(context.get(), decrypted.resize(size).data(), &size, from.data(), from.size()) ==
               1 &&
           size == rsa_premaster_size;
  };
  if (encrypted.size() == other.size() && decrypt(encrypted)) {
    premaster = std::move(decrypted);
    return {};
  }
  if (!decrypt(other))
    return libcrypto_failed();  // then no message can be: the key or its provider is broken
  premaster = std::move(random);
  return {};
}

}  // namespace sesame::crypto
