#include "crypto/key_exchange.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/dh.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <utility>

#include "crypto/error_queue.h"
#include "crypto/group_table.h"
#include "crypto/provider.h"

namespace sesame::crypto {
namespace {

struct FreeContext {
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
struct FreeNumber {
  void operator()(BIGNUM* number) const noexcept { BN_free(number); }
};
using Context = std::unique_ptr<EVP_PKEY_CTX, FreeContext>;
using OwnedKey = std::unique_ptr<EVP_PKEY, FreeKey>;
using Number = std::unique_ptr<BIGNUM, FreeNumber>;

const GroupRow* row_of(NamedGroup group) noexcept {
  const int row = group_row(group);
  return row < 0 ? nullptr : &group_rows()[static_cast<std::size_t>(row)];
}

std::unexpected<Error> libcrypto_failed() {
  return fail(Reason::internal_error, "libcrypto failed in a key exchange");
}

EVP_PKEY* generate_key(const Provider& provider, const GroupRow& row) noexcept {
  EVP_PKEY* key = nullptr;
  const Context context(
      EVP_PKEY_CTX_new_from_name(provider.library_context(), row.key_type, provider.property_query()));
  if (!context || EVP_PKEY_keygen_init(context.get()) != 1) return nullptr;
  if (row.kind == GroupKind::weierstrass || row.kind == GroupKind::finite_field) {
    if (EVP_PKEY_CTX_set_group_name(context.get(), row.name) != 1) return nullptr;
  }
  return EVP_PKEY_generate(context.get(), &key) == 1 ? key : nullptr;
}

/// The key pair of a private key of the caller's.
EVP_PKEY* curve_key(const Provider& provider, const GroupRow& row, Bytes private_key) noexcept {
  const std::unique_ptr<EC_GROUP, decltype(&EC_GROUP_free)> group(
      EC_GROUP_new_by_curve_name_ex(provider.library_context(), provider.property_query(),
                                    EC_curve_nist2nid(row.name)),
      EC_GROUP_free);
  const Number number(BN_bin2bn(private_key.data(), static_cast<int>(private_key.size()), nullptr));
  if (!group || !number) return nullptr;
  const std::unique_ptr<EC_POINT, decltype(&EC_POINT_free)> point(EC_POINT_new(group.get()), EC_POINT_free);
  std::uint8_t share[max_key_share_size];
  if (!point || EC_POINT_mul(group.get(), point.get(), number.get(), nullptr, nullptr, nullptr) != 1 ||
      EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, share, sizeof share,
                         nullptr) != row.client_share_size)
    return nullptr;
  std::uint8_t native[128];
  if (BN_bn2nativepad(number.get(), native, static_cast<int>(private_key.size())) < 0) return nullptr;
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(row.name), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, share, row.client_share_size),
      OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, private_key.size()),
      OSSL_PARAM_construct_end()};
  const Context context(
      EVP_PKEY_CTX_new_from_name(provider.library_context(), row.key_type, provider.property_query()));
  EVP_PKEY* key = nullptr;
  if (context && EVP_PKEY_fromdata_init(context.get()) == 1)
    EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, const_cast<OSSL_PARAM*>(parameters));
  OPENSSL_cleanse(native, sizeof native);
  return key;
}

/// RFC 8446 section 4.2.8.1: 1 < Y < p - 1.
bool is_in_range(EVP_PKEY* own, Bytes share) noexcept {
  BIGNUM* p = nullptr;
  const Number y(BN_bin2bn(share.data(), static_cast<int>(share.size()), nullptr));
  const bool known = EVP_PKEY_get_bn_param(own, OSSL_PKEY_PARAM_FFC_P, &p) == 1;
  const Number limit(p);
  return known && y && BN_sub_word(limit.get(), 1) == 1 && BN_cmp(y.get(), BN_value_one()) > 0 &&
         BN_cmp(y.get(), limit.get()) < 0;
}

/// The peer's key from its share; nullptr if it is not a share of the group.
EVP_PKEY* read_share(const Provider& provider, const GroupRow& row, EVP_PKEY* own, Bytes share) noexcept {
  switch (row.kind) {
    case GroupKind::montgomery:
    case GroupKind::hybrid:
      return EVP_PKEY_new_raw_public_key_ex(provider.library_context(), row.key_type,
                                            provider.property_query(), share.data(), share.size());
    case GroupKind::weierstrass:
      // Section 4.2.8.2: uncompressed. libcrypto checks that the coordinates are in range and on the curve;
      // the cofactor is 1, so the point is then of the group's order.
      if (share[0] != 4) return nullptr;
      break;
    case GroupKind::finite_field:
      if (!is_in_range(own, share)) return nullptr;
      break;
  }
  OwnedKey peer(EVP_PKEY_new());
  if (!peer || EVP_PKEY_copy_parameters(peer.get(), own) != 1 ||
      EVP_PKEY_set1_encoded_public_key(peer.get(), share.data(), share.size()) != 1) {
    return nullptr;
  }
  return peer.release();
}

/// Section 7.4.2: the all-zero value means a peer share of small order. libcrypto says so too; this does not
/// rely on it.
bool is_all_zero(Bytes secret) noexcept {
  std::uint8_t any = 0;
  for (std::uint8_t octet : secret) any |= octet;
  return any == 0;
}

}  // namespace

std::size_t key_share_size(NamedGroup group, Side side) noexcept {
  const GroupRow* row = row_of(group);
  if (!row) return 0;
  return side == Side::client ? row->client_share_size : row->server_share_size;
}

void KeyExchange::Free::operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }

KeyExchange::KeyExchange(const Provider& provider, NamedGroup group, Key key) noexcept
    : provider_(&provider), key_(std::move(key)), group_(group) {}

Expected<KeyExchange> KeyExchange::generate_x25519(const Provider& provider, const Randomness& randomness) {
  secret::BasicSecret<X25519::size> octets;
  const MutableBytes room = octets.resize(X25519::size);
  KeyExchange made(provider, NamedGroup::x25519, nullptr);
  if (randomness) {
    randomness(room);
  } else if (RAND_priv_bytes_ex(provider.library_context(), room.data(), room.size(), 0) != 1) {
    return libcrypto_failed();
  }
  made.x25519_ = provider.x25519().make(octets.bytes(), made.x25519_share_);
  if (!made.x25519_) return libcrypto_failed();
  return made;
}

Expected<KeyExchange> KeyExchange::generate(const Provider& provider, NamedGroup group,
                                            const Randomness& randomness) {
  if (!provider.has_group(group)) return fail(Reason::algorithm_unavailable);
  const ErrorQueueMark mark;
  const GroupRow& row = *row_of(group);
  if (group == NamedGroup::x25519 && provider.x25519().usable()) return generate_x25519(provider, randomness);
  Key key;
  if (randomness && row.kind == GroupKind::montgomery) {
    secret::BasicSecret<56> octets;
    randomness(octets.resize(row.secret_size));
    key.reset(EVP_PKEY_new_raw_private_key_ex(provider.library_context(), row.key_type,
                                              provider.property_query(), octets.bytes().data(),
                                              octets.size()));
  } else if (randomness && row.kind == GroupKind::weierstrass) {
    secret::BasicSecret<66> octets;
    randomness(octets.resize(row.secret_size));
    key.reset(curve_key(provider, row, octets.bytes()));
  } else {
    key.reset(generate_key(provider, row));
  }
  if (!key) return libcrypto_failed();
  return KeyExchange(provider, group, std::move(key));
}

Expected<> KeyExchange::write_share(MutableBytes out) const {
  if (x25519_) {
    if (out.size() != X25519::size) return fail(Reason::internal_error, "no room for a key share");
    std::ranges::copy(x25519_share_, out.begin());
    return {};
  }
  const ErrorQueueMark mark;
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(key_.get(), OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, out.data(), out.size(),
                                      &size) != 1 ||
      size != out.size()) {
    return libcrypto_failed();
  }
  return {};
}

Expected<> KeyExchange::finish(Bytes peer_share, secret::SharedSecret& out) {
  const ErrorQueueMark mark;
  out.clear();
  const GroupRow& row = *row_of(group_);
  const auto invalid = [] { return fail(Reason::key_share_invalid); };
  if (const X25519::PrivateKey own = std::exchange(x25519_, X25519::no_key())) {
    if (peer_share.size() != X25519::size) return invalid();
    if (provider_->x25519().derive(own, peer_share, out.resize(X25519::size)) && !is_all_zero(out.bytes()))
      return {};
    out.clear();
    return invalid();
  }
  const Key own = std::move(key_);
  if (!own) return fail(Reason::internal_error, "a key share was used twice");
  std::size_t size = row.secret_size;
  if (row.kind == GroupKind::hybrid) {
    if (peer_share.size() != row.server_share_size) return invalid();
    const Context context(
        EVP_PKEY_CTX_new_from_pkey(provider_->library_context(), own.get(), provider_->property_query()));
    if (!context || EVP_PKEY_decapsulate_init(context.get(), nullptr) != 1) return libcrypto_failed();
    if (EVP_PKEY_decapsulate(context.get(), out.resize(size).data(), &size, peer_share.data(),
                             peer_share.size()) != 1 ||
        size != row.secret_size) {
      out.clear();
      return invalid();
    }
    return {};
  }
  if (peer_share.size() != row.client_share_size) return invalid();
  const Key peer(read_share(*provider_, row, own.get(), peer_share));
  if (!peer) return invalid();
  const Context context(
      EVP_PKEY_CTX_new_from_pkey(provider_->library_context(), own.get(), provider_->property_query()));
  if (!context || EVP_PKEY_derive_init(context.get()) != 1) return libcrypto_failed();
  if (row.kind == GroupKind::finite_field && EVP_PKEY_CTX_set_dh_pad(context.get(), 1) != 1)
    return libcrypto_failed();
  if (EVP_PKEY_derive_set_peer_ex(context.get(), peer.get(), 0) != 1 ||
      EVP_PKEY_derive(context.get(), out.resize(size).data(), &size) != 1 || size != row.secret_size ||
      (row.kind == GroupKind::montgomery && is_all_zero(out.bytes()))) {
    out.clear();
    return invalid();
  }
  return {};
}

Expected<> respond(const Provider& provider, NamedGroup group, Bytes peer_share, MutableBytes share,
                   secret::SharedSecret& out, const Randomness& randomness) {
  out.clear();
  const GroupRow* row = row_of(group);
  if (!row || !provider.has_group(group)) return fail(Reason::algorithm_unavailable);
  if (row->kind == GroupKind::hybrid) {
    const ErrorQueueMark mark;
    if (peer_share.size() != row->client_share_size) return fail(Reason::key_share_invalid);
    const OwnedKey peer(read_share(provider, *row, nullptr, peer_share));
    if (!peer) return fail(Reason::key_share_invalid);
    const Context context(
        EVP_PKEY_CTX_new_from_pkey(provider.library_context(), peer.get(), provider.property_query()));
    if (!context || EVP_PKEY_encapsulate_init(context.get(), nullptr) != 1) return libcrypto_failed();
    std::size_t share_size = share.size(), size = row->secret_size;
    if (EVP_PKEY_encapsulate(context.get(), share.data(), &share_size, out.resize(size).data(), &size) != 1 ||
        share_size != share.size() || size != row->secret_size) {
      out.clear();
      return fail(Reason::key_share_invalid);
    }
    return {};
  }
  Expected<KeyExchange> own = KeyExchange::generate(provider, group, randomness);
  if (!own) return std::unexpected(own.error());
  if (Expected<> written = own->write_share(share); !written) return written;
  return own->finish(peer_share, out);
}

}  // namespace sesame::crypto
