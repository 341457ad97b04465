// What belongs in this room: what may be chosen, as values; never how it is done.
#pragma once

#include <sesame/types.h>

#include <optional>
#include <span>
#include <string_view>

#include "crypto/provider.h"

namespace sesame::policy {

/// A cipher suite, ready for use: of TLS 1.3 (RFC 8446 appendix B.4), or of TLS 1.2 and below.
struct Suite {
  CipherSuite id{};
  /// Of the key schedule in TLS 1.3, of the PRF in TLS 1.2; below that the PRF is that of RFC 2246 section 5.
  HashAlgorithm hash{};
  const crypto::AeadAlgorithm* aead = nullptr;  ///< nullptr: cbc with mac, or the MAC alone
  std::uint64_t records_per_key = 0;            ///< after so many a side of TLS 1.3 updates its keys

  // TLS 1.2 and below.
  KeyExchangeMethod key_exchange = KeyExchangeMethod::any;
  const crypto::CbcAlgorithm* cbc = nullptr;
  crypto::MacId mac = crypto::MacId::none;     ///< none with an AEAD
  const crypto::MacAlgorithm* hmac = nullptr;  ///< by that hash
  ProtocolVersion lowest = ProtocolVersion::tls13;
  ProtocolVersion highest = ProtocolVersion::tls13;

  bool is_for(ProtocolVersion version) const noexcept { return lowest <= version && version <= highest; }
};

/// nullopt for a suite that is not known or whose algorithms libcrypto lacks.
std::optional<Suite> find_suite(const crypto::Provider& provider, CipherSuite id) noexcept;

/// The hash of a suite that is known; what it is for others does not matter to anybody.
HashAlgorithm hash_of(CipherSuite id) noexcept;
/// Whether it is a suite of TLS 1.3, of TLS 1.2 and below, or neither: nullopt.
std::optional<bool> is_tls13(CipherSuite id) noexcept;
/// Whether it is a suite that is known, and can be used in this version.
bool is_for(CipherSuite id, ProtocolVersion version) noexcept;
/// All suites that are known, those of TLS 1.3 first.
std::span<const CipherSuite> all_suites() noexcept;

// ---- what a key exchange of TLS 1.2 and below is made of ----

constexpr bool uses_psk(KeyExchangeMethod m) noexcept {
  using enum KeyExchangeMethod;
  return m == psk || m == dhe_psk || m == ecdhe_psk || m == rsa_psk;
}
constexpr bool uses_dhe(KeyExchangeMethod m) noexcept {
  using enum KeyExchangeMethod;
  return m == dhe_psk || m == dhe_rsa || m == dh_anon;
}
constexpr bool uses_ecdhe(KeyExchangeMethod m) noexcept {
  using enum KeyExchangeMethod;
  return m == ecdhe_psk || m == ecdhe_ecdsa || m == ecdhe_rsa || m == ecdh_anon;
}
/// The client encrypts the premaster secret, or a part of it, to the server's RSA key.
constexpr bool uses_rsa_transport(KeyExchangeMethod m) noexcept {
  using enum KeyExchangeMethod;
  return m == rsa || m == rsa_psk;
}
/// The server shows a certificate.
constexpr bool shows_certificate(KeyExchangeMethod m) noexcept {
  using enum KeyExchangeMethod;
  return m == ecdhe_ecdsa || m == ecdhe_rsa || m == dhe_rsa || m == rsa || m == rsa_psk;
}
/// The server signs its ServerKeyExchange by the key of that certificate.
constexpr bool is_signed(KeyExchangeMethod m) noexcept {
  using enum KeyExchangeMethod;
  return m == ecdhe_ecdsa || m == ecdhe_rsa || m == dhe_rsa;
}
constexpr bool is_anonymous(KeyExchangeMethod m) noexcept {
  return m == KeyExchangeMethod::dh_anon || m == KeyExchangeMethod::ecdh_anon;
}
/// RFC 5246 section 7.4.4: only a server that shows a certificate asks for one.
constexpr bool may_ask_for_certificate(KeyExchangeMethod m) noexcept { return shows_certificate(m); }

}  // namespace sesame::policy
