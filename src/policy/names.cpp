#include <sesame/types.h>

namespace sesame {
namespace {

constexpr std::string_view unknown = "unknown";

}  // namespace

std::string_view name(ProtocolVersion version) noexcept {
  switch (version) {
    case ProtocolVersion::tls10:
      return "TLS 1.0";
    case ProtocolVersion::tls11:
      return "TLS 1.1";
    case ProtocolVersion::tls12:
      return "TLS 1.2";
    case ProtocolVersion::tls13:
      return "TLS 1.3";
  }
  return unknown;
}

std::string_view name(KeyExchangeMethod method) noexcept {
  switch (method) {
    case KeyExchangeMethod::any:
      return "any";
    case KeyExchangeMethod::psk:
      return "PSK";
    case KeyExchangeMethod::dhe_psk:
      return "DHE_PSK";
    case KeyExchangeMethod::ecdhe_psk:
      return "ECDHE_PSK";
    case KeyExchangeMethod::rsa_psk:
      return "RSA_PSK";
    case KeyExchangeMethod::ecdhe_ecdsa:
      return "ECDHE_ECDSA";
    case KeyExchangeMethod::ecdhe_rsa:
      return "ECDHE_RSA";
    case KeyExchangeMethod::dhe_rsa:
      return "DHE_RSA";
    case KeyExchangeMethod::rsa:
      return "RSA";
    case KeyExchangeMethod::dh_anon:
      return "DH_anon";
    case KeyExchangeMethod::ecdh_anon:
      return "ECDH_anon";
  }
  return unknown;
}

std::string_view name(NamedGroup group) noexcept {
  switch (group) {
    case NamedGroup::secp256r1:
      return "secp256r1";
    case NamedGroup::secp384r1:
      return "secp384r1";
    case NamedGroup::secp521r1:
      return "secp521r1";
    case NamedGroup::x25519:
      return "x25519";
    case NamedGroup::x448:
      return "x448";
    case NamedGroup::ffdhe2048:
      return "ffdhe2048";
    case NamedGroup::ffdhe3072:
      return "ffdhe3072";
    case NamedGroup::ffdhe4096:
      return "ffdhe4096";
    case NamedGroup::ffdhe6144:
      return "ffdhe6144";
    case NamedGroup::ffdhe8192:
      return "ffdhe8192";
    case NamedGroup::X25519MLKEM768:
      return "X25519MLKEM768";
  }
  return unknown;
}

std::string_view name(SignatureScheme scheme) noexcept {
  switch (scheme) {
    case SignatureScheme::rsa_pkcs1_sha256:
      return "rsa_pkcs1_sha256";
    case SignatureScheme::rsa_pkcs1_sha384:
      return "rsa_pkcs1_sha384";
    case SignatureScheme::rsa_pkcs1_sha512:
      return "rsa_pkcs1_sha512";
    case SignatureScheme::ecdsa_secp256r1_sha256:
      return "ecdsa_secp256r1_sha256";
    case SignatureScheme::ecdsa_secp384r1_sha384:
      return "ecdsa_secp384r1_sha384";
    case SignatureScheme::ecdsa_secp521r1_sha512:
      return "ecdsa_secp521r1_sha512";
    case SignatureScheme::rsa_pss_rsae_sha256:
      return "rsa_pss_rsae_sha256";
    case SignatureScheme::rsa_pss_rsae_sha384:
      return "rsa_pss_rsae_sha384";
    case SignatureScheme::rsa_pss_rsae_sha512:
      return "rsa_pss_rsae_sha512";
    case SignatureScheme::ed25519:
      return "ed25519";
    case SignatureScheme::ed448:
      return "ed448";
    case SignatureScheme::rsa_pss_pss_sha256:
      return "rsa_pss_pss_sha256";
    case SignatureScheme::rsa_pss_pss_sha384:
      return "rsa_pss_pss_sha384";
    case SignatureScheme::rsa_pss_pss_sha512:
      return "rsa_pss_pss_sha512";
    case SignatureScheme::rsa_pkcs1_sha1:
      return "rsa_pkcs1_sha1";
    case SignatureScheme::ecdsa_sha1:
      return "ecdsa_sha1";
  }
  return unknown;
}

std::string_view name(CertificateCompressionAlgorithm algorithm) noexcept {
  switch (algorithm) {
    case CertificateCompressionAlgorithm::zlib:
      return "zlib";
    case CertificateCompressionAlgorithm::brotli:
      return "brotli";
    case CertificateCompressionAlgorithm::zstd:
      return "zstd";
  }
  return unknown;
}

std::string_view name(CertificateType type) noexcept {
  switch (type) {
    case CertificateType::x509:
      return "x509";
    case CertificateType::raw_public_key:
      return "raw_public_key";
  }
  return unknown;
}

std::string_view name(HashAlgorithm hash) noexcept {
  switch (hash) {
    case HashAlgorithm::sha256:
      return "SHA-256";
    case HashAlgorithm::sha384:
      return "SHA-384";
  }
  return unknown;
}

std::string_view name(PskKeyExchangeMode mode) noexcept {
  switch (mode) {
    case PskKeyExchangeMode::psk_ke:
      return "psk_ke";
    case PskKeyExchangeMode::psk_dhe_ke:
      return "psk_dhe_ke";
  }
  return unknown;
}

std::string_view name(Side side) noexcept {
  switch (side) {
    case Side::client:
      return "client";
    case Side::server:
      return "server";
  }
  return unknown;
}

std::string_view name(Wait wait) noexcept {
  switch (wait) {
    case Wait::nothing:
      return "nothing";
    case Wait::input:
      return "input";
    case Wait::output:
      return "output";
    case Wait::psk_lookup:
      return "psk_lookup";
    case Wait::context:
      return "context";
    case Wait::signature:
      return "signature";
    case Wait::verification:
      return "verification";
    case Wait::closed:
      return "closed";
  }
  return unknown;
}

std::string_view name(Authentication authentication) noexcept {
  switch (authentication) {
    case Authentication::none:
      return "none";
    case Authentication::external_psk:
      return "external_psk";
    case Authentication::certificate:
      return "certificate";
    case Authentication::raw_public_key:
      return "raw_public_key";
    case Authentication::certificate_with_external_psk:
      return "certificate_with_external_psk";
    case Authentication::anonymous:
      return "anonymous";
    case Authentication::session_secret:
      return "session_secret";
  }
  return unknown;
}

}  // namespace sesame
