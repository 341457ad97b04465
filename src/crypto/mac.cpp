#include "crypto/mac.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <cassert>
#include <cstdlib>

#include "crypto/error_queue.h"
#include "crypto/provider_functions.h"
#include "crypto/sha2.h"

namespace sesame::crypto {
namespace {

constexpr std::uint8_t ipad = 0x36, opad = 0x5c;  // RFC 2104 section 2
constexpr std::size_t block_size = 64;            // octets

struct Block {
  alignas(16) std::uint8_t octets[block_size];
  ~Block() { secret::wipe(octets, sizeof octets); }
};

void fill_padded(Block& block, const std::uint8_t* padded_key, std::uint8_t pad) noexcept {
  for (std::size_t i = 0; i < block_size; ++i) block.octets[i] = padded_key[i] ^ pad;
}

/// SHA-1 at work, from a kept state on; wiped.
struct Sha1Work {
  SHA_CTX context;
  Sha1Work() noexcept { SHA1_Init(&context); }
  explicit Sha1Work(const SHA_LONG (&h)[5]) noexcept {
    context.h0 = h[0], context.h1 = h[1], context.h2 = h[2], context.h3 = h[3], context.h4 = h[4];
    context.Nl = block_size * 8;
    context.Nh = 0;
    context.num = 0;
  }
  ~Sha1Work() { secret::wipe(&context, sizeof context); }
  void save(SHA_LONG (&h)[5]) const noexcept {
    h[0] = context.h0, h[1] = context.h1, h[2] = context.h2, h[3] = context.h3, h[4] = context.h4;
  }
};

void keep_sha1_state(const std::uint8_t* padded_key, std::uint8_t pad, SHA_LONG (&state)[5]) noexcept {
  Block block;
  fill_padded(block, padded_key, pad);
  Sha1Work work;
  SHA1_Transform(&work.context, block.octets);
  work.save(state);
}

void sha1_mac(const SHA_LONG (&inner)[5], const SHA_LONG (&outer)[5], std::initializer_list<Bytes> parts,
              std::uint8_t* out) noexcept {
  Block value;
  {
    Sha1Work work(inner);
    for (const Bytes part : parts) {
      if (!part.empty()) SHA1_Update(&work.context, part.data(), part.size());
    }
    SHA1_Final(value.octets, &work.context);
  }
  Sha1Work work(outer);
  SHA1_Update(&work.context, value.octets, SHA_DIGEST_LENGTH);
  SHA1_Final(out, &work.context);
}

void mac_by_evp(const EVP_MD* hash, std::size_t size, const std::uint8_t* padded_key,
                std::initializer_list<Bytes> parts, std::uint8_t* out) noexcept {
  Block block, inner;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const auto begin = [&](std::uint8_t pad) {
    fill_padded(block, padded_key, pad);
    return EVP_DigestInit_ex2(context, hash, nullptr) == 1 &&
           EVP_DigestUpdate(context, block.octets, block_size) == 1;
  };
  bool ok = context && begin(ipad);
  for (const Bytes part : parts) ok = ok && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  ok = ok && EVP_DigestFinal_ex(context, inner.octets, nullptr) == 1 && begin(opad) &&
       EVP_DigestUpdate(context, inner.octets, size) == 1 && EVP_DigestFinal_ex(context, out, nullptr) == 1;
  EVP_MD_CTX_free(context);
  if (!ok) std::abort();  // as in hash.cpp
}

}  // namespace

void MacAlgorithm::find(MacId id, const EVP_MD* evp, const Hash* sha2, const EVP_MAC* hmac,
                        const char* property_query) {
  id_ = id;
  evp_ = evp;
  sha2_ = sha2;
  if (!evp) return;
  low_level_ =
      sha2 ? sha2->is_low_level() : id == MacId::sha1 && is_default_provider(EVP_MD_get0_provider(evp));
  if (!hmac || !OSSL_PARAM_locate_const(EVP_MAC_settable_ctx_params(hmac), OSSL_MAC_PARAM_TLS_DATA_SIZE))
    return;
  // Here the hash is looked up by its name, once.
  OSSL_PARAM parameters[3] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(EVP_MD_get0_name(evp)), 0)};
  std::size_t n = 1;
  if (property_query) {
    parameters[n++] =
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_PROPERTIES, const_cast<char*>(property_query), 0);
  }
  parameters[n] = OSSL_PARAM_construct_end();
  constexpr std::uint8_t some_key[max_mac_size] = {};
  EVP_MAC_CTX* context = EVP_MAC_CTX_new(const_cast<EVP_MAC*>(hmac));
  if (context && EVP_MAC_init(context, some_key, sizeof some_key, parameters) == 1) {
    of_hidden_length_ = context;
  } else {
    EVP_MAC_CTX_free(context);
  }
}

void MacKey::set(const MacAlgorithm& algorithm, Bytes key) noexcept {
  clear();
  algorithm_ = &algorithm;
  if (algorithm.sha2()) {
    sha2_ = HmacKey(*algorithm.sha2(), key);
    return;
  }
  assert(key.size() <= block_size);
  Block padded;
  std::memset(padded.octets, 0, sizeof padded.octets);
  if (!key.empty()) std::memcpy(padded.octets, key.data(), key.size());
  if (algorithm.is_low_level()) {
    keep_sha1_state(padded.octets, ipad, sha1_.inner);
    keep_sha1_state(padded.octets, opad, sha1_.outer);
  } else {
    std::memcpy(padded_key_, padded.octets, sizeof padded_key_);
  }
}

void MacKey::clear() noexcept {
  if (!algorithm_) return;
  sha2_.clear();
  secret::wipe(padded_key_, sizeof padded_key_);
  algorithm_ = nullptr;
}

void MacKey::mac(std::initializer_list<Bytes> parts, std::uint8_t* out) const noexcept {
  if (algorithm_->sha2()) {
    sha2_.mac(parts, {out, algorithm_->size()});
  } else if (algorithm_->is_low_level()) {
    sha1_mac(sha1_.inner, sha1_.outer, parts, out);
  } else {
    mac_by_evp(algorithm_->evp(), algorithm_->size(), padded_key_, parts, out);
  }
}

Expected<> HiddenLengthMac::set_key(const MacAlgorithm& algorithm, Bytes key) {
  clear();
  if (!algorithm.of_hidden_length())
    return fail(Reason::algorithm_unavailable, "libcrypto's HMAC cannot hide the length of a record");
  algorithm_ = &algorithm;
  key_.assign(key);
  return {};
}

void HiddenLengthMac::clear() noexcept {
  if (!algorithm_) return;
  EVP_MAC_CTX_free(context_);
  context_ = nullptr;
  key_.clear();
  algorithm_ = nullptr;
}

bool HiddenLengthMac::mac(Bytes header, Bytes octets, std::size_t size, std::uint8_t* out) noexcept {
  assert(header.size() == header_size);
  const ErrorQueueMark mark;
  if (!context_) {
    context_ = EVP_MAC_CTX_dup(algorithm_->of_hidden_length());
    if (!context_ || EVP_MAC_init(context_, key_.bytes().data(), key_.size(), nullptr) != 1) {
      EVP_MAC_CTX_free(context_);
      context_ = nullptr;
      return false;
    }
    key_.clear();
  }
  EVP_MAC_CTX* const work = EVP_MAC_CTX_dup(context_);
  std::size_t public_size = octets.size(), written = 0;
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_TLS_DATA_SIZE, &public_size),
                                   OSSL_PARAM_construct_end()};
  const bool ok = work && EVP_MAC_CTX_set_params(work, parameters) == 1 &&
                  EVP_MAC_update(work, header.data(), header.size()) == 1 &&
                  EVP_MAC_update(work, octets.data(), size) == 1 &&
                  EVP_MAC_final(work, out, &written, algorithm_->size()) == 1 &&
                  written == algorithm_->size();
  EVP_MAC_CTX_free(work);
  return ok;
}

}  // namespace sesame::crypto
