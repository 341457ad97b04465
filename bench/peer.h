// What both contenders are measured with: the key, the identity, and what a pair has to be able to do.
#pragma once

#include <sesame/types.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

namespace bench {

enum class Mode : std::uint8_t { psk_ke, psk_dhe_ke };

/// What a handshake begins with.
enum class By : std::uint8_t {
  key,             ///< the one below
  ecdsa,           ///< the server's certificate of certificates.h; the client checks chain and name
  rsa,             ///< the same
  session_secret,  ///< RFC 4851: both sides are given the same master secret
};

/// All that the contenders have to agree on, so that both do the same work.
struct Setting {
  sesame::ProtocolVersion version = sesame::ProtocolVersion::tls13;
  sesame::CipherSuite suite = sesame::CipherSuite::TLS_AES_128_GCM_SHA256;
  By by = By::key;
  Mode mode = Mode::psk_ke;      ///< in TLS 1.3; a certificate has psk_dhe_ke
  bool resumes = false;          ///< a ticket that the first handshake gave; no new one is given
  bool encrypt_then_mac = true;  ///< CBC suites

  bool is_tls13() const noexcept { return version == sesame::ProtocolVersion::tls13; }
  bool has_certificates() const noexcept { return by != By::key; }
};

inline constexpr std::string_view identity = "bench-client";
inline constexpr std::uint8_t key[32] = {0x5e, 0x5a, 0x6d, 0x65, 1,  2,  3,  4,  5,  6,  7,
                                         8,    9,    10,   11,   12, 13, 14, 15, 16, 17, 18,
                                         19,   20,   21,   22,   23, 24, 25, 26, 27, 28};

inline constexpr const char* server_name = "server.example";
inline constexpr std::uint8_t session_ticket[64] = {0, 2, 0, 60};  // a PAC-Opaque, for By::session_secret
inline constexpr std::uint8_t session_secret[48] = {0x5e, 0x55};

/// A benchmark that cannot do its work has no result.
[[noreturn]] inline void give_up(const char* what) {
  std::fprintf(stderr, "bench: %s\n", what);
  std::exit(1);
}
inline void require(bool ok, const char* what) {
  if (!ok) [[unlikely]]
    give_up(what);
}

}  // namespace bench
