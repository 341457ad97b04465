#include "certificate/certified_key.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>

#include "certificate/file.h"
#include "certificate/handles.h"
#include "crypto/error_queue.h"
#include "crypto/provider.h"

namespace sesame {
namespace {

using certificate::BioHandle;
using certificate::CertifiedKeyBody;
using certificate::X509Handle;
using crypto::ErrorQueueMark;

using X509Chain = std::vector<X509Handle>;

template <class T, class Encode>
std::vector<std::uint8_t> der_of(T* object, Encode encode) {
  const int size = encode(object, nullptr);
  if (size <= 0) return {};
  std::vector<std::uint8_t> out(static_cast<std::size_t>(size));
  unsigned char* at = out.data();
  if (encode(object, &at) != size) out.clear();
  return out;
}

BioHandle source_of(std::string_view text) {
  return BioHandle(text.size() > INT_MAX ? nullptr
                                         : BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Expected<X509Chain> read_chain(std::string_view text) {
  const BioHandle source = source_of(text);
  X509Chain chain;
  while (source) {
    X509Handle certificate(PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    chain.push_back(std::move(certificate));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (chain.empty() && at_end) return fail(Reason::certificate_unreadable, "there is no certificate");
  if (chain.empty() || !at_end) {
    return fail(Reason::certificate_unreadable,
                "certificate " + std::to_string(chain.size() + 1) + " is damaged");
  }
  return chain;
}

// Never asks at a terminal.
int give_passphrase(char* out, int size, int, void* passphrase) noexcept {
  const auto& text = *static_cast<const std::string_view*>(passphrase);
  if (text.empty() || text.size() > static_cast<std::size_t>(std::max(size, 0))) return -1;
  std::memcpy(out, text.data(), text.size());
  return static_cast<int>(text.size());
}

Expected<crypto::KeyHandle> read_private_key(std::string_view text, std::string_view passphrase) {
  const BioHandle source = source_of(text);
  crypto::KeyHandle key(source ? PEM_read_bio_PrivateKey(source.get(), nullptr, give_passphrase, &passphrase)
                               : nullptr);
  if (key) return key;
  if (text.find("ENCRYPTED") == text.npos) return fail(Reason::private_key_unreadable);
  return fail(Reason::private_key_unreadable,
              passphrase.empty() ? "it is encrypted, and there is no passphrase" : "the passphrase is wrong");
}

// RFC 8446 section 4.2.3 names a curve with each hash. What counts of a certificate's signature is the hash,
// as in libssl: the curve of the issuer's key is not always known here.
SignatureScheme scheme_of_signature(X509* certificate, bool issuer_is_pss) noexcept {
  int digest = NID_undef, key = NID_undef;
  if (X509_get_signature_info(certificate, &digest, &key, nullptr, nullptr) != 1) return {};
  if (key == NID_ED25519) return SignatureScheme::ed25519;
  if (key == NID_ED448) return SignatureScheme::ed448;
  const struct {
    int digest;
    SignatureScheme ecdsa, pkcs1, rsae, pss;
  } rows[] = {
      {NID_sha256, SignatureScheme::ecdsa_secp256r1_sha256, SignatureScheme::rsa_pkcs1_sha256,
       SignatureScheme::rsa_pss_rsae_sha256, SignatureScheme::rsa_pss_pss_sha256},
      {NID_sha384, SignatureScheme::ecdsa_secp384r1_sha384, SignatureScheme::rsa_pkcs1_sha384,
       SignatureScheme::rsa_pss_rsae_sha384, SignatureScheme::rsa_pss_pss_sha384},
      {NID_sha512, SignatureScheme::ecdsa_secp521r1_sha512, SignatureScheme::rsa_pkcs1_sha512,
       SignatureScheme::rsa_pss_rsae_sha512, SignatureScheme::rsa_pss_pss_sha512},
      {NID_sha1, SignatureScheme::ecdsa_sha1, SignatureScheme::rsa_pkcs1_sha1, {}, {}},
  };
  for (const auto& row : rows) {
    if (row.digest != digest) continue;
    if (key == NID_X9_62_id_ecPublicKey) return row.ecdsa;
    if (key == NID_rsaEncryption) return row.pkcs1;
    if (key == NID_rsassaPss) return issuer_is_pss ? row.pss : row.rsae;
  }
  return {};
}

bool has_pss_key(X509* certificate) noexcept {
  EVP_PKEY* const key = X509_get0_pubkey(certificate);
  return key && EVP_PKEY_get_base_id(key) == NID_rsassaPss;
}

std::vector<std::string> dns_names(X509* certificate) {
  std::vector<std::string> out;
  auto* const names =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS) continue;
    const auto* const octets = ASN1_STRING_get0_data(name->d.dNSName);
    std::string text(octets, octets + ASN1_STRING_length(name->d.dNSName));
    for (char& c : text) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    out.push_back(std::move(text));
  }
  GENERAL_NAMES_free(names);
  return out;
}

// What the key can do, in every version. Error: nothing at all.
Expected<> describe_key(EVP_PKEY* key, CertifiedKeyBody& body) {
  body.schemes = crypto::schemes_of(key);
  body.schemes_tls12 = crypto::schemes_of_tls12(key);
  body.kind = crypto::signature_kind(key);
  if (body.schemes.empty() && body.schemes_tls12.empty())
    return fail(Reason::algorithm_unavailable, "no signature scheme of TLS 1.3 or 1.2 fits the key");
  return {};
}

// Everything but the private key.
Expected<CertifiedKeyBody> describe(std::span<X509* const> chain) {
  if (chain.empty()) return fail(Reason::certificate_unreadable, "there is no certificate");
  CertifiedKeyBody body;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    X509* const certificate = chain[i];
    X509* const issuer = i + 1 < chain.size() ? chain[i + 1] : nullptr;
    if (issuer && X509_check_issued(issuer, certificate) != X509_V_OK) {
      return fail(
          Reason::certificate_chain_disordered,
          "certificate " + std::to_string(i + 1) + " was not issued by certificate " + std::to_string(i + 2));
    }
    body.chain.push_back(der_of(certificate, i2d_X509));
    if (body.chain.back().empty()) return fail(Reason::certificate_unreadable);
    body.issuers.push_back(der_of(X509_get_issuer_name(certificate), i2d_X509_NAME));
    if (X509_self_signed(certificate, 0) != 1) {
      body.chain_schemes.push_back(scheme_of_signature(certificate, issuer && has_pss_key(issuer)));
    }
  }
  EVP_PKEY* const key = X509_get0_pubkey(chain[0]);
  if (!key) return fail(Reason::certificate_unreadable, "libcrypto does not know the kind of its key");
  body.public_key = crypto::subject_public_key_info(key);
  if (auto ok = describe_key(key, body); !ok) return std::unexpected(std::move(ok.error()));
  body.names = dns_names(chain[0]);
  const std::uint32_t usage = X509_get_key_usage(chain[0]);  // all bits, where it is not there
  body.may_sign = (usage & KU_DIGITAL_SIGNATURE) != 0;
  body.may_decrypt = (usage & KU_KEY_ENCIPHERMENT) != 0;
  return body;
}

template <class Make>
Expected<CertifiedKey> finished(Expected<CertifiedKeyBody> body, Make make) {
  if (!body) return std::unexpected(body.error());
  return make(std::make_shared<const CertifiedKeyBody>(std::move(*body)));
}

Expected<CertifiedKeyBody> describe_with(std::span<X509* const> chain, EVP_PKEY* private_key) {
  Expected<CertifiedKeyBody> body = describe(chain);
  if (!body) return body;
  if (!private_key) return fail(Reason::private_key_unreadable, "there is none");
  if (X509_check_private_key(chain[0], private_key) != 1) return fail(Reason::private_key_mismatch);
  body->private_key = crypto::share(private_key);
  return body;
}

std::vector<X509*> pointers(const X509Chain& chain) {
  std::vector<X509*> out;
  for (const X509Handle& certificate : chain) out.push_back(certificate.get());
  return out;
}

Expected<CertifiedKeyBody> describe_raw(EVP_PKEY* key) {
  CertifiedKeyBody body;
  body.type = CertificateType::raw_public_key;
  if (!key) return fail(Reason::algorithm_unavailable, "libcrypto does not know the kind of the key");
  if (auto ok = describe_key(key, body); !ok) return std::unexpected(std::move(ok.error()));
  body.public_key = crypto::subject_public_key_info(key);
  body.chain = {body.public_key};
  return body;
}

}  // namespace

Expected<CertifiedKey> CertifiedKey::from_pem(std::string_view certificates, std::string_view private_key,
                                              std::string_view passphrase) {
  const ErrorQueueMark mark;
  const auto chain = read_chain(certificates);
  if (!chain) return std::unexpected(chain.error());
  const auto key = read_private_key(private_key, passphrase);
  if (!key) return std::unexpected(key.error());
  return from_handles(pointers(*chain), key->get());
}

Expected<CertifiedKey> CertifiedKey::from_files(const std::filesystem::path& certificates,
                                                const std::filesystem::path& private_key,
                                                std::string_view passphrase) {
  const auto certificate_file = certificate::File::read(certificates);
  if (!certificate_file) return std::unexpected(certificate_file.error());
  const auto key_file = certificate::File::read(private_key);
  if (!key_file) return std::unexpected(key_file.error());
  auto key = from_pem(certificate_file->text(), key_file->text(), passphrase);
  if (key) return key;
  const bool is_key = key.error().reason() == Reason::private_key_unreadable;
  std::string detail = (is_key ? private_key : certificates).string();
  if (!key.error().detail().empty()) detail.append(": ").append(key.error().detail());
  return fail(key.error().reason(), std::move(detail));
}

Expected<CertifiedKey> CertifiedKey::from_handles(std::span<x509_st* const> chain, evp_pkey_st* private_key) {
  const ErrorQueueMark mark;
  return finished(describe_with(chain, private_key), [](auto body) { return CertifiedKey(std::move(body)); });
}

Expected<CertifiedKey> CertifiedKey::from_signer(std::span<x509_st* const> chain,
                                                 std::shared_ptr<Signer> signer) {
  const ErrorQueueMark mark;
  auto body = describe(chain);
  if (body && !signer) body = fail(Reason::private_key_unreadable, "there is no signer");
  if (body) body->signer = std::move(signer);
  return finished(std::move(body), [](auto made) { return CertifiedKey(std::move(made)); });
}

Expected<CertifiedKey> CertifiedKey::raw_public_key(evp_pkey_st* private_key) {
  const ErrorQueueMark mark;
  auto body = describe_raw(private_key);
  if (body) body->private_key = crypto::share(private_key);
  return finished(std::move(body), [](auto made) { return CertifiedKey(std::move(made)); });
}

Expected<CertifiedKey> CertifiedKey::raw_public_key(Bytes subject_public_key_info,
                                                    std::shared_ptr<Signer> signer) {
  const ErrorQueueMark mark;
  const auto& provider = crypto::Provider::system();
  if (!provider) return std::unexpected(provider.error());
  auto body = describe_raw(crypto::read_public_key(**provider, subject_public_key_info).get());
  if (body && !signer) body = fail(Reason::private_key_unreadable, "there is no signer");
  if (body) body->signer = std::move(signer);
  return finished(std::move(body), [](auto made) { return CertifiedKey(std::move(made)); });
}

Expected<CertifiedKey> CertifiedKey::with_ocsp_response(Bytes response) const {
  const ErrorQueueMark mark;
  const unsigned char* at = response.data();
  const certificate::OcspResponse parsed(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(response.size())));
  if (!parsed || at != response.data() + response.size()) return fail(Reason::ocsp_response_malformed);
  const certificate::OcspBasicResponse basic(OCSP_response_get1_basic(parsed.get()));
  if (!basic) return fail(Reason::ocsp_response_malformed, "it says nothing of any certificate");
  auto body = std::make_shared<CertifiedKeyBody>();
  body->type = body_->type;
  body->chain = body_->chain;
  body->public_key = body_->public_key;
  body->private_key = crypto::share(body_->private_key.get());
  body->signer = body_->signer;
  body->ocsp_response.assign(response.begin(), response.end());
  body->schemes = body_->schemes;
  body->schemes_tls12 = body_->schemes_tls12;
  body->kind = body_->kind;
  body->may_sign = body_->may_sign;
  body->may_decrypt = body_->may_decrypt;
  body->chain_schemes = body_->chain_schemes;
  body->issuers = body_->issuers;
  body->names = body_->names;
  return CertifiedKey(std::move(body));
}

CertificateType CertifiedKey::type() const noexcept { return body_->type; }

std::vector<Bytes> CertifiedKey::chain() const { return {body_->chain.begin(), body_->chain.end()}; }

Bytes CertifiedKey::subject_public_key_info() const noexcept { return body_->public_key; }

std::span<const SignatureScheme> CertifiedKey::schemes() const noexcept { return body_->schemes; }

}  // namespace sesame
