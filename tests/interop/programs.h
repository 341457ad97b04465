// The command lines of OpenSSL's and GnuTLS's test programs.
#pragma once

#include <sesame/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "interop/peer.h"

namespace interop {

using Arguments = std::vector<std::string>;
Arguments operator+(Arguments left, const Arguments& right);

// The key of most tests. GnuTLS and `openssl -psk` know SHA-256 only.
inline constexpr std::string_view identity = "bob@example";
inline constexpr std::string_view key = "0123456789abcdef0123456789ABCDEF";
inline constexpr std::string_view wrong_key = "0123456789abcdef0123456789ABCDEf";

/// A file with `content` that is gone when the test is.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view content);
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// A session file that carries a PSK, for -psk_session: the only way to a PSK for SHA-384. The DER of
/// i2d_SSL_SESSION, with `suite` to say the hash, in PEM.
std::string psk_session_pem(sesame::CipherSuite suite, std::string_view key, std::uint8_t max_early_data = 0);

/// `openssl s_client` with TLS 1.3 and the key above, and `openssl s_server` for one connection without a
/// certificate.
Arguments s_client(std::uint16_t port, const Arguments& more = {});
Arguments s_server(std::uint16_t port, const Arguments& more = {});
/// The same without a key: it stands in `more`.
Arguments s_client_without_key(std::uint16_t port, const Arguments& more);
Arguments s_server_without_key(std::uint16_t port, const Arguments& more);

/// The name in OpenSSL's -groups, and in GnuTLS's priorities.
std::string openssl_name(sesame::NamedGroup group);
std::string gnutls_name(sesame::NamedGroup group);
/// The name in GnuTLS's priorities; empty where it lacks the suite.
std::string gnutls_name(sesame::CipherSuite suite);

/// TLS 1.3 with shared keys only.
std::string gnutls_priority(sesame::PskKeyExchangeMode mode, const std::string& more = {});
Arguments gnutls_cli(std::uint16_t port, const std::string& priority, const Arguments& more = {});
Arguments gnutls_serv(std::uint16_t port, const std::string& priority, const TemporaryFile& keys,
                      const Arguments& more = {});
/// A line of the file that gnutls-serv takes.
std::string gnutls_key_line(std::string_view identity, std::string_view key);

/// What the two sides are made from, with the key above.
sesame::ContextOptions client_options(sesame::PskKeyExchangeMode mode);
sesame::ContextOptions server_options(sesame::PskKeyExchangeMode mode);

inline constexpr sesame::CipherSuite all_suites[] = {
    sesame::CipherSuite::TLS_AES_128_GCM_SHA256, sesame::CipherSuite::TLS_AES_256_GCM_SHA384,
    sesame::CipherSuite::TLS_CHACHA20_POLY1305_SHA256, sesame::CipherSuite::TLS_AES_128_CCM_SHA256,
    sesame::CipherSuite::TLS_AES_128_CCM_8_SHA256};
inline constexpr sesame::CipherSuite sha256_suites[] = {
    sesame::CipherSuite::TLS_AES_128_GCM_SHA256, sesame::CipherSuite::TLS_CHACHA20_POLY1305_SHA256,
    sesame::CipherSuite::TLS_AES_128_CCM_SHA256, sesame::CipherSuite::TLS_AES_128_CCM_8_SHA256};
inline constexpr sesame::NamedGroup all_groups[] = {
    sesame::NamedGroup::x25519,    sesame::NamedGroup::secp256r1, sesame::NamedGroup::secp384r1,
    sesame::NamedGroup::secp521r1, sesame::NamedGroup::x448,      sesame::NamedGroup::ffdhe2048,
    sesame::NamedGroup::ffdhe3072, sesame::NamedGroup::ffdhe4096, sesame::NamedGroup::ffdhe6144,
    sesame::NamedGroup::ffdhe8192};
inline constexpr sesame::PskKeyExchangeMode all_modes[] = {sesame::PskKeyExchangeMode::psk_ke,
                                                           sesame::PskKeyExchangeMode::psk_dhe_ke};

}  // namespace interop
