#include "support/script12_crypto.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>

namespace sesame::test {

namespace {

template <auto free>
struct Free {
  void operator()(auto* p) const noexcept { free(p); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Free<EVP_CIPHER_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using NumberContext = std::unique_ptr<BN_CTX, Free<BN_CTX_free>>;
using Cipher = std::unique_ptr<EVP_CIPHER, Free<EVP_CIPHER_free>>;

int size_of(Bytes octets) { return static_cast<int>(octets.size()); }

}  // namespace

Octets digest(const std::string& name, Bytes data) {
  Octets out(EVP_MAX_MD_SIZE);
  std::size_t size = 0;
  EXPECT_EQ(EVP_Q_digest(nullptr, name.c_str(), nullptr, data.data(), data.size(), out.data(), &size), 1);
  out.resize(size);
  return out;
}

Octets hmac(const std::string& digest_name, Bytes key, Bytes data) {
  Octets out(EVP_MAX_MD_SIZE);
  std::size_t size = 0;
  static const std::uint8_t nothing = 0;  // libcrypto wants a key of no octets to be somewhere
  EXPECT_NE(
      EVP_Q_mac(nullptr, "HMAC", nullptr, digest_name.c_str(), nullptr, key.empty() ? &nothing : key.data(),
                key.size(), data.data(), data.size(), out.data(), out.size(), &size),
      nullptr);
  out.resize(size);
  return out;
}

namespace {

// RFC 5246 section 5.
Octets p_hash(const std::string& hash, Bytes secret, const Octets& seed, std::size_t size) {
  Octets out, a = seed;
  while (out.size() < size) {
    a = hmac(hash, secret, a);
    append(out, hmac(hash, secret, join({a, seed})));
  }
  out.resize(size);
  return out;
}

}  // namespace

Octets prf12(unsigned version, const std::string& hash, Bytes secret, std::string_view label, Bytes seed,
             std::size_t size) {
  const Octets all = join({text(label), octets_of(seed)});
  if (version >= 0x0303) return p_hash(hash, secret, all, size);
  // RFC 2246 section 5: two halves, which share an octet where the size is odd.
  const std::size_t half = (secret.size() + 1) / 2;
  Octets out = p_hash("MD5", secret.first(half), all, size);
  const Octets other = p_hash("SHA1", secret.last(half), all, size);
  for (std::size_t i = 0; i < size; ++i) out[i] ^= other[i];
  return out;
}

SuiteParts parts_of(CipherSuite suite) {
  using enum KeyExchangeMethod;
  SuiteParts out;
  const std::string whole(name(suite));
  const std::size_t with = whole.find("_WITH_");
  EXPECT_NE(with, std::string::npos) << whole;
  if (with == std::string::npos) return out;
  const std::string exchange = whole.substr(4, with - 4);
  constexpr std::pair<std::string_view, KeyExchangeMethod> exchanges[] = {
      {"PSK", psk},         {"DHE_PSK", dhe_psk},         {"PSK_DHE", dhe_psk},     {"ECDHE_PSK", ecdhe_psk},
      {"RSA_PSK", rsa_psk}, {"ECDHE_ECDSA", ecdhe_ecdsa}, {"ECDHE_RSA", ecdhe_rsa}, {"DHE_RSA", dhe_rsa},
      {"RSA", rsa},         {"DH_anon", dh_anon},         {"ECDH_anon", ecdh_anon}};
  for (const auto& [spelled, method] : exchanges) {
    if (spelled == exchange) out.key_exchange = method;
  }
  std::string rest = whole.substr(with + 6);
  out.prf = rest.ends_with("SHA384") ? "SHA384" : "SHA256";
  const std::size_t last = rest.rfind('_');
  const std::string hash = rest.substr(last + 1);
  if (rest.find("POLY1305") != std::string::npos) {
    out.form = SuiteParts::Form::chacha20_poly1305;
    out.cipher = "ChaCha20-Poly1305";
    out.key_size = 32;
    out.tag_size = 16;
    return out;
  }
  const bool is_gcm = rest.find("_GCM") != std::string::npos;
  const bool is_ccm = rest.find("_CCM") != std::string::npos;
  const bool is_cbc = rest.find("_CBC") != std::string::npos;
  if (is_gcm || is_ccm || is_cbc) {
    out.form = is_gcm ? SuiteParts::Form::gcm : is_ccm ? SuiteParts::Form::ccm : SuiteParts::Form::cbc;
    out.key_size = rest.find("_256") != std::string::npos ? 32 : 16;
    const std::string family = rest.substr(0, rest.find('_'));
    out.cipher = family + (out.key_size == 32 ? "-256-" : "-128-") +
                 (is_gcm   ? "GCM"
                  : is_ccm ? "CCM"
                           : "CBC");
  }
  if (is_gcm || is_ccm) {
    out.tag_size = rest.find("CCM_8") != std::string::npos ? 8 : 16;
    return out;
  }
  out.mac = hash == "SHA" ? "SHA1" : hash;
  out.mac_size = digest(out.mac, {}).size();
  return out;
}

std::pair<DirectionKeys, DirectionKeys> key_block_of(const SuiteParts& parts, unsigned version, Bytes master,
                                                     Bytes client_random, Bytes server_random) {
  using enum SuiteParts::Form;
  const std::size_t iv = parts.form == cbc                 ? (version == 0x0301 ? 16 : 0)
                         : parts.form == chacha20_poly1305 ? 12
                         : parts.form == stream            ? 0
                                                           : 4;
  const Octets block = prf12(version, parts.prf, master, "key expansion",
                             join({octets_of(server_random), octets_of(client_random)}),
                             2 * (parts.mac_size + parts.key_size + iv));
  Bytes rest = block;
  const auto next = [&](std::size_t size) {
    const Octets out = octets_of(rest.first(size));
    rest = rest.subspan(size);
    return out;
  };
  std::pair<DirectionKeys, DirectionKeys> out;
  out.first.mac_key = next(parts.mac_size);
  out.second.mac_key = next(parts.mac_size);
  out.first.key = next(parts.key_size);
  out.second.key = next(parts.key_size);
  out.first.iv = next(iv);
  out.second.iv = next(iv);
  return out;
}

// ---- records ----

void Protection12::set(const SuiteParts& parts, unsigned version, bool encrypt_then_mac, DirectionKeys keys) {
  parts_ = parts;
  version_ = version;
  encrypt_then_mac_ = encrypt_then_mac && parts.form == SuiteParts::Form::cbc;
  keys_ = std::move(keys);
  sequence = 0;
  active_ = true;
}

// What MAC and AEAD cover beside the content (RFC 5246 sections 6.2.3.1 and 6.2.3.3).
Octets Protection12::header(unsigned type, unsigned version, std::size_t size) const {
  return join({number(sequence, 8), u8(type), u16(version), u16(size)});
}

namespace {

Octets cbc(const SuiteParts& parts, bool encrypt, Bytes key, Bytes iv, Bytes in) {
  const Cipher cipher(EVP_CIPHER_fetch(nullptr, parts.cipher.c_str(), nullptr));
  const CipherContext context(EVP_CIPHER_CTX_new());
  Octets out(in.size() + 16);
  int size = 0, more = 0;
  EXPECT_EQ(EVP_CipherInit_ex2(context.get(), cipher.get(), key.data(), iv.data(), encrypt, nullptr), 1);
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  EXPECT_EQ(EVP_CipherUpdate(context.get(), out.data(), &size, in.data(), size_of(in)), 1);
  EXPECT_EQ(EVP_CipherFinal_ex(context.get(), out.data() + size, &more), 1);
  out.resize(static_cast<std::size_t>(size + more));
  return out;
}

// Seals to content and tag, or opens it; nullopt: it does not open.
std::optional<Octets> aead(const SuiteParts& parts, bool encrypt, Bytes key, Bytes nonce, Bytes additional,
                           Bytes in) {
  const Cipher cipher(EVP_CIPHER_fetch(nullptr, parts.cipher.c_str(), nullptr));
  const CipherContext context(EVP_CIPHER_CTX_new());
  EVP_CIPHER_CTX* const c = context.get();
  const auto tag_size = static_cast<int>(parts.tag_size);
  if (!encrypt && in.size() < parts.tag_size) return std::nullopt;
  const Bytes body = encrypt ? in : in.first(in.size() - parts.tag_size);
  Octets tag = encrypt ? Octets(parts.tag_size) : octets_of(in.last(parts.tag_size));
  int size = 0;
  EXPECT_EQ(EVP_CipherInit_ex2(c, cipher.get(), nullptr, nullptr, encrypt, nullptr), 1);
  EXPECT_EQ(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, size_of(nonce), nullptr), 1);
  if (!encrypt || parts.form == SuiteParts::Form::ccm)
    EXPECT_EQ(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, tag_size, encrypt ? nullptr : tag.data()), 1);
  EXPECT_EQ(EVP_CipherInit_ex2(c, nullptr, key.data(), nonce.data(), encrypt, nullptr), 1);
  if (parts.form == SuiteParts::Form::ccm)
    EXPECT_EQ(EVP_CipherUpdate(c, nullptr, &size, nullptr, size_of(body)), 1);
  EXPECT_EQ(EVP_CipherUpdate(c, nullptr, &size, additional.data(), size_of(additional)), 1);
  Octets out(body.size() + 16);
  const std::uint8_t nothing = 0;
  const bool done =
      EVP_CipherUpdate(c, out.data(), &size, body.empty() ? &nothing : body.data(), size_of(body)) == 1;
  int more = 0;
  // CCM is over with the one update.
  if (!done || (parts.form != SuiteParts::Form::ccm && EVP_CipherFinal_ex(c, out.data() + size, &more) != 1))
    return std::nullopt;
  out.resize(body.size());
  if (!encrypt) return out;
  EXPECT_EQ(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, tag_size, tag.data()), 1);
  append(out, tag);
  return out;
}

}  // namespace

Octets Protection12::seal_cbc(unsigned type, unsigned version, Bytes content) {
  Octets inner = octets_of(content);
  if (!encrypt_then_mac_)
    append(inner, hmac(parts_.mac, keys_.mac_key, join({header(type, version, content.size()), inner})));
  const std::size_t padding = 15 - inner.size() % 16;
  append(inner, repeat(padding + 1, static_cast<std::uint8_t>(padding)));
  if (spoil_inner) std::exchange(spoil_inner, nullptr)(inner);
  const Octets iv = has_explicit_iv() ? digest("MD5", number(sequence, 8)) : keys_.iv;
  Octets fragment = cbc(parts_, true, keys_.key, iv, inner);
  if (has_explicit_iv()) {
    fragment = join({iv, fragment});
  } else {
    keys_.iv = octets_of(Bytes(fragment).last(16));
  }
  // RFC 7366 section 3.
  if (encrypt_then_mac_)
    append(fragment,
           hmac(parts_.mac, keys_.mac_key, join({header(type, version, fragment.size()), fragment})));
  return fragment;
}

std::optional<Octets> Protection12::open_cbc(unsigned type, unsigned version, Bytes fragment) {
  if (encrypt_then_mac_) {
    if (fragment.size() < parts_.mac_size) return std::nullopt;
    const Bytes mac = fragment.last(parts_.mac_size);
    fragment = fragment.first(fragment.size() - parts_.mac_size);
    const Octets sealed = octets_of(fragment);
    if (octets_of(mac) !=
        hmac(parts_.mac, keys_.mac_key, join({header(type, version, sealed.size()), sealed})))
      return std::nullopt;
  }
  Octets iv = keys_.iv;
  if (has_explicit_iv()) {
    if (fragment.size() < 16) return std::nullopt;
    iv = octets_of(fragment.first(16));
    fragment = fragment.subspan(16);
  }
  if (fragment.empty() || fragment.size() % 16 != 0) return std::nullopt;
  if (!has_explicit_iv()) keys_.iv = octets_of(fragment.last(16));
  Octets inner = cbc(parts_, false, keys_.key, iv, fragment);
  const std::size_t padding = inner.back() + std::size_t{1};
  if (padding > inner.size()) return std::nullopt;
  for (std::size_t i = 1; i <= padding; ++i) {
    if (inner[inner.size() - i] != inner.back()) return std::nullopt;
  }
  inner.resize(inner.size() - padding);
  if (encrypt_then_mac_) return inner;
  if (inner.size() < parts_.mac_size) return std::nullopt;
  const Octets mac = octets_of(Bytes(inner).last(parts_.mac_size));
  inner.resize(inner.size() - parts_.mac_size);
  if (mac != hmac(parts_.mac, keys_.mac_key, join({header(type, version, inner.size()), inner})))
    return std::nullopt;
  return inner;
}

// RFC 5288 section 3; RFC 7905 section 2: the sequence number in place of an explicit part.
Octets Protection12::nonce(Bytes explicit_part) const {
  if (parts_.form != SuiteParts::Form::chacha20_poly1305) return join({keys_.iv, octets_of(explicit_part)});
  Octets out = keys_.iv;
  const Octets s = number(sequence, 12);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] ^= s[i];
  return out;
}

Octets Protection12::seal(unsigned type, unsigned version, Bytes content) {
  Octets out;
  if (parts_.form == SuiteParts::Form::cbc) {
    out = seal_cbc(type, version, content);
  } else if (parts_.form == SuiteParts::Form::stream) {
    out = octets_of(content);
    append(out, hmac(parts_.mac, keys_.mac_key, join({header(type, version, content.size()), out})));
  } else {
    const bool is_chacha = parts_.form == SuiteParts::Form::chacha20_poly1305;
    const Octets explicit_part = is_chacha ? Octets() : number(sequence + 0x1000, 8);
    out = join({explicit_part, *aead(parts_, true, keys_.key, nonce(explicit_part),
                                     header(type, version, content.size()), content)});
  }
  ++sequence;
  return out;
}

std::optional<Octets> Protection12::open(unsigned type, unsigned version, Bytes fragment) {
  std::optional<Octets> out;
  if (parts_.form == SuiteParts::Form::cbc) {
    out = open_cbc(type, version, fragment);
  } else if (parts_.form == SuiteParts::Form::stream) {
    if (fragment.size() < parts_.mac_size) return std::nullopt;
    const Octets content = octets_of(fragment.first(fragment.size() - parts_.mac_size));
    if (octets_of(fragment.last(parts_.mac_size)) ==
        hmac(parts_.mac, keys_.mac_key, join({header(type, version, content.size()), content})))
      out = content;
  } else {
    const std::size_t explicit_size = parts_.form == SuiteParts::Form::chacha20_poly1305 ? 0 : 8;
    if (fragment.size() < explicit_size + parts_.tag_size) return std::nullopt;
    const Bytes sealed = fragment.subspan(explicit_size);
    out = aead(parts_, false, keys_.key, nonce(fragment.first(explicit_size)),
               header(type, version, sealed.size() - parts_.tag_size), sealed);
  }
  ++sequence;
  return out;
}

// ---- numbers ----

namespace {

Number number_of(Bytes octets) { return Number(BN_bin2bn(octets.data(), size_of(octets), nullptr)); }
Octets octets_of_number(const BIGNUM* n) {
  Octets out(static_cast<std::size_t>(BN_num_bytes(n)));
  BN_bn2bin(n, out.data());
  return out;
}

}  // namespace

Octets power(Bytes base, Bytes exponent, Bytes modulus) {
  const NumberContext context(BN_CTX_new());
  const Number b = number_of(base), e = number_of(exponent), m = number_of(modulus), out(BN_new());
  EXPECT_EQ(BN_mod_exp(out.get(), b.get(), e.get(), m.get(), context.get()), 1);
  return octets_of_number(out.get());
}

Octets prime_of_bits(unsigned bits) {
  const Number n(bits == 1536   ? BN_get_rfc3526_prime_1536(nullptr)
                 : bits == 2048 ? BN_get_rfc3526_prime_2048(nullptr)
                 : bits == 3072 ? BN_get_rfc3526_prime_3072(nullptr)
                 : bits == 4096 ? BN_get_rfc3526_prime_4096(nullptr)
                 : bits == 6144 ? BN_get_rfc3526_prime_6144(nullptr)
                                : BN_get_rfc3526_prime_8192(nullptr));
  return octets_of_number(n.get());
}

Octets minus(Bytes octets, unsigned small) {
  const Number n = number_of(octets);
  BN_sub_word(n.get(), small);
  return octets_of_number(n.get());
}
Octets plus(Bytes octets, unsigned small) {
  const Number n = number_of(octets);
  BN_add_word(n.get(), small);
  return octets_of_number(n.get());
}

// ---- RSA and signatures ----

std::size_t rsa_size(EVP_PKEY* key) { return static_cast<std::size_t>(EVP_PKEY_get_size(key)); }

Octets rsa_encrypt(EVP_PKEY* key, Bytes plain, RsaForm form) {
  const KeyContext context(EVP_PKEY_CTX_new(key, nullptr));
  Octets out(rsa_size(key));
  std::size_t size = out.size();
  EXPECT_EQ(EVP_PKEY_encrypt_init(context.get()), 1);
  EXPECT_EQ(
      EVP_PKEY_CTX_set_rsa_padding(context.get(), form == RsaForm::raw ? RSA_NO_PADDING : RSA_PKCS1_PADDING),
      1);
  EXPECT_EQ(EVP_PKEY_encrypt(context.get(), out.data(), &size, plain.data(), plain.size()), 1);
  out.resize(size);
  return out;
}

Octets rsa_decrypt(EVP_PKEY* key, Bytes encrypted) {
  const KeyContext context(EVP_PKEY_CTX_new(key, nullptr));
  Octets out(rsa_size(key));
  std::size_t size = out.size();
  EXPECT_EQ(EVP_PKEY_decrypt_init(context.get()), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING), 1);
  if (EVP_PKEY_decrypt(context.get(), out.data(), &size, encrypted.data(), encrypted.size()) != 1) return {};
  out.resize(size);
  return out;
}

EVP_PKEY* public_key_of_certificate(Bytes der) {
  const std::uint8_t* at = der.data();
  const std::unique_ptr<X509, Free<X509_free>> certificate(
      d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  return certificate ? X509_get_pubkey(certificate.get()) : nullptr;
}

namespace {

// RFC 5246 section 7.4.1.4.1: hash and signature; RFC 8446 section 4.2.3 for those that are named whole.
const char* digest_of_scheme(unsigned scheme) {
  switch (scheme) {
    case 0x0804:
    case 0x0809:
      return "SHA256";
    case 0x0805:
    case 0x080a:
      return "SHA384";
    case 0x0806:
    case 0x080b:
      return "SHA512";
    case 0x0807:
    case 0x0808:
      return nullptr;
  }
  switch (scheme >> 8) {
    case 1:
      return "MD5";
    case 2:
      return "SHA1";
    case 3:
      return "SHA224";
    case 5:
      return "SHA384";
    case 6:
      return "SHA512";
    default:
      return "SHA256";
  }
}
bool is_pss(unsigned scheme) {
  return (scheme >= 0x0804 && scheme <= 0x0806) || (scheme >= 0x0809 && scheme <= 0x080b);
}

Octets sign(EVP_PKEY* key, const char* digest_name, bool pss, Bytes input) {
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  EXPECT_EQ(EVP_DigestSignInit_ex(context.get(), &parameters, digest_name, nullptr, nullptr, key, nullptr),
            1);
  if (pss) {
    EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST);
  }
  Octets out(1024);
  std::size_t size = out.size();
  EXPECT_EQ(EVP_DigestSign(context.get(), out.data(), &size, input.data(), input.size()), 1);
  out.resize(size);
  return out;
}

bool verify(EVP_PKEY* key, const char* digest_name, bool pss, Bytes input, Bytes signature) {
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  if (EVP_DigestVerifyInit_ex(context.get(), &parameters, digest_name, nullptr, nullptr, key, nullptr) != 1)
    return false;
  if (pss) {
    EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST);
  }
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), input.data(), input.size()) == 1;
}

const char* digest_of_key(EVP_PKEY* key) { return EVP_PKEY_is_a(key, "RSA") ? "MD5-SHA1" : "SHA1"; }

}  // namespace

Octets sign12(EVP_PKEY* key, unsigned scheme, Bytes input) {
  return sign(key, digest_of_scheme(scheme), is_pss(scheme), input);
}
Octets sign10(EVP_PKEY* key, Bytes input) { return sign(key, digest_of_key(key), false, input); }
bool verify12(EVP_PKEY* key, unsigned scheme, Bytes input, Bytes signature) {
  return verify(key, digest_of_scheme(scheme), is_pss(scheme), input, signature);
}
bool verify10(EVP_PKEY* key, Bytes input, Bytes signature) {
  return verify(key, digest_of_key(key), false, input, signature);
}

}  // namespace sesame::test
