#include <sesame/types.h>

namespace sesame {
namespace {

constexpr std::string_view unknown = "unknown";

}  // namespace

std::string_view name(ProtocolVersion version) noexcept {
  switch (version) {
    case ProtocolVersion::tls12:
      return "TLS 1.2";
    case ProtocolVersion::tls13:
      return "TLS 1.3";
  }
  return unknown;
}

std::string_view name(CipherSuite suite) noexcept {
  switch (suite) {
    case CipherSuite::TLS_AES_128_GCM_SHA256:
      return "TLS_AES_128_GCM_SHA256";
    case CipherSuite::TLS_AES_256_GCM_SHA384:
      return "TLS_AES_256_GCM_SHA384";
    case CipherSuite::TLS_CHACHA20_POLY1305_SHA256:
      return "TLS_CHACHA20_POLY1305_SHA256";
    case CipherSuite::TLS_AES_128_CCM_SHA256:
      return "TLS_AES_128_CCM_SHA256";
    case CipherSuite::TLS_AES_128_CCM_8_SHA256:
      return "TLS_AES_128_CCM_8_SHA256";
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
  }
  return unknown;
}

}  // namespace sesame
