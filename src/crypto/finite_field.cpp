#include "crypto/finite_field.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/dh.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "crypto/error_queue.h"
#include "crypto/group_table.h"
#include "crypto/provider.h"

namespace sesame::crypto {
namespace {

// libcrypto computes nothing below 512 bits. Above 8192 a group costs more than it gives.
constexpr unsigned smallest_prime_bits = 512, largest_prime_bits = 8192;
static_assert(secret::SharedSecret::capacity() >= largest_prime_bits / 8);

struct FreeNumber {
  void operator()(BIGNUM* number) const noexcept { BN_free(number); }
};
struct FreeContext {
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
};
using Number = std::unique_ptr<BIGNUM, FreeNumber>;
using Context = std::unique_ptr<EVP_PKEY_CTX, FreeContext>;

std::unexpected<Error> libcrypto_failed() {
  return fail(Reason::internal_error, "libcrypto failed in a Diffie-Hellman exchange");
}

std::unexpected<Error> unsuitable(const std::string& what) {
  return fail(Reason::dh_parameters_unsuitable, what);
}

Bytes without_leading_zeros(Bytes number) noexcept {
  return number.subspan(static_cast<std::size_t>(
      std::ranges::find_if(number, [](auto octet) { return octet != 0; }) - number.begin()));
}

std::size_t bits_of(Bytes number) noexcept {
  return number.empty() ? 0 : number.size() * 8 - static_cast<std::size_t>(std::countl_zero(number.front()));
}

/// Of numbers without leading zeros.
bool is_below(Bytes a, Bytes b) noexcept {
  return a.size() != b.size() ? a.size() < b.size() : std::ranges::lexicographical_compare(a, b);
}

/// 1 < number < p - 1, for p odd: p - 1 is p without its lowest bit.
bool is_inside(Bytes number, Bytes p) noexcept {
  if (bits_of(number) < 2 || !is_below(number, p)) return false;
  const bool is_minus_one = number.size() == p.size() && (number.back() | 1) == p.back() &&
                            std::ranges::equal(number.first(number.size() - 1), p.first(p.size() - 1));
  return !is_minus_one;
}

Number number_of(Bytes octets) noexcept {
  return Number(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
}

/// A number of the key, of `size` octets; 0: as many as it has.
std::vector<std::uint8_t> octets_of(EVP_PKEY* key, const char* name, std::size_t size = 0) {
  BIGNUM* found = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &found) != 1) return {};
  const Number number(found);
  std::vector<std::uint8_t> out(std::max(size, static_cast<std::size_t>(BN_num_bytes(found))));
  if (BN_bn2binpad(found, out.data(), static_cast<int>(out.size())) < 0) out.clear();
  return out;
}

/// libcrypto recognises the groups of RFC 7919 (and RFC 3526) by their p and g, and takes private keys that
/// are as short as these allow; in other groups they are as long as p.
KeyHandle key_of_parameters(const Provider& provider, Bytes p, Bytes g) noexcept {
  const Number prime = number_of(p), generator = number_of(g);
  const std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> builder(OSSL_PARAM_BLD_new(),
                                                                                OSSL_PARAM_BLD_free);
  if (!prime || !generator || !builder ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_FFC_P, prime.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_FFC_G, generator.get()) != 1)
    return nullptr;
  const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> parameters(
      OSSL_PARAM_BLD_to_param(builder.get()), OSSL_PARAM_free);
  const Context context(
      EVP_PKEY_CTX_new_from_name(provider.library_context(), "DH", provider.property_query()));
  EVP_PKEY* group = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &group, EVP_PKEY_KEY_PARAMETERS, parameters.get()) != 1)
    return nullptr;
  const KeyHandle owned(group);
  const Context generating(
      EVP_PKEY_CTX_new_from_pkey(provider.library_context(), group, provider.property_query()));
  EVP_PKEY* key = nullptr;
  if (!generating || EVP_PKEY_keygen_init(generating.get()) != 1 ||
      EVP_PKEY_generate(generating.get(), &key) != 1)
    return nullptr;
  return KeyHandle(key);
}

KeyHandle key_of_group(const Provider& provider, const char* name) noexcept {
  const Context context(
      EVP_PKEY_CTX_new_from_name(provider.library_context(), "DH", provider.property_query()));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_group_name(context.get(), name) != 1 || EVP_PKEY_generate(context.get(), &key) != 1)
    return nullptr;
  return KeyHandle(key);
}

}  // namespace

Expected<FiniteFieldExchange> FiniteFieldExchange::generate(const Provider& provider, NamedGroup group) {
  const int row = group_row(group);
  if (row < 0 || !provider.has_group(group)) return fail(Reason::algorithm_unavailable);
  const GroupRow& known = group_rows()[static_cast<std::size_t>(row)];
  if (known.kind != GroupKind::finite_field) return fail(Reason::algorithm_unavailable);
  const ErrorQueueMark mark;
  FiniteFieldExchange made;
  made.provider_ = &provider;
  made.key_ = key_of_group(provider, known.name);
  if (!made.key_) return libcrypto_failed();
  made.p_ = octets_of(made.key_.get(), OSSL_PKEY_PARAM_FFC_P);
  made.g_ = octets_of(made.key_.get(), OSSL_PKEY_PARAM_FFC_G);
  made.public_ = octets_of(made.key_.get(), OSSL_PKEY_PARAM_PUB_KEY, made.p_.size());
  if (made.p_.empty() || made.g_.empty() || made.public_.empty()) return libcrypto_failed();
  return made;
}

Expected<FiniteFieldExchange> FiniteFieldExchange::join(const Provider& provider, Bytes p, Bytes g,
                                                        Bytes peer_public, unsigned min_bits) {
  p = without_leading_zeros(p);
  g = without_leading_zeros(g);
  const std::size_t bits = bits_of(p);
  if (bits < std::max(min_bits, smallest_prime_bits)) {
    return unsuitable("the prime has " + std::to_string(bits) + " bits, and at least " +
                      std::to_string(std::max(min_bits, smallest_prime_bits)) + " are wanted");
  }
  if (bits > largest_prime_bits)
    return unsuitable("the prime has " + std::to_string(bits) + " bits, and at most 8192 are taken");
  if ((p.back() & 1) == 0) return unsuitable("p is even, " + std::to_string(bits) + " bits");
  if (!is_inside(g, p)) return unsuitable("g is out of range for p of " + std::to_string(bits) + " bits");
  if (!is_inside(without_leading_zeros(peer_public), p))
    return fail(Reason::key_share_invalid, "the Diffie-Hellman value of the peer is out of range");

  const ErrorQueueMark mark;
  FiniteFieldExchange made;
  made.provider_ = &provider;
  made.key_ = key_of_parameters(provider, p, g);
  if (!made.key_) return libcrypto_failed();
  made.p_.assign(p.begin(), p.end());
  made.g_.assign(g.begin(), g.end());
  made.public_ = octets_of(made.key_.get(), OSSL_PKEY_PARAM_PUB_KEY, p.size());
  if (made.public_.empty()) return libcrypto_failed();
  return made;
}

Expected<> FiniteFieldExchange::finish(Bytes peer_public, secret::SharedSecret& out) {
  out.clear();
  const KeyHandle own = std::move(key_);
  if (!own) return fail(Reason::internal_error, "a Diffie-Hellman key was used twice");
  peer_public = without_leading_zeros(peer_public);
  if (!is_inside(peer_public, p_))
    return fail(Reason::key_share_invalid, "the Diffie-Hellman value of the peer is out of range");
  const ErrorQueueMark mark;
  const KeyHandle peer(EVP_PKEY_new());
  const Context context(
      EVP_PKEY_CTX_new_from_pkey(provider_->library_context(), own.get(), provider_->property_query()));
  std::size_t size = p_.size();
  if (!peer || !context || EVP_PKEY_copy_parameters(peer.get(), own.get()) != 1 ||
      EVP_PKEY_set1_encoded_public_key(peer.get(), peer_public.data(), peer_public.size()) != 1 ||
      EVP_PKEY_derive_init(context.get()) != 1 || EVP_PKEY_CTX_set_dh_pad(context.get(), 0) != 1)
    return libcrypto_failed();
  // Not validated again: the range was, and the key that meets the value is used for nothing else.
  secret::SharedSecret shared;
  if (EVP_PKEY_derive_set_peer_ex(context.get(), peer.get(), 0) != 1 ||
      EVP_PKEY_derive(context.get(), shared.resize(size).data(), &size) != 1 || size == 0)
    return fail(Reason::key_share_invalid, "no secret comes of the Diffie-Hellman value of the peer");
  out.assign(shared.bytes().first(size));
  return {};
}

}  // namespace sesame::crypto
