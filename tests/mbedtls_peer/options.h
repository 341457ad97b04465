// The command line of mbedtls_peer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mbedtls_peer {

/// Words of the command line; what is empty or 0 is not used.
struct Options {
  bool is_server = false;
  std::string port;
  std::string psk;  ///< octets
  std::string identity;
  std::vector<int> suites;  ///< empty: all that mbedTLS has
  int min_version = 3;      ///< minor: 1 is TLS 1.0
  int max_version = 3;
  bool tickets = false;
  bool cache = false;  ///< server: session identifiers
  /// Connections, one after the other. A client resumes each from the one before it.
  unsigned connections = 1;
  bool renegotiation = false;
  int fragment = 0;  ///< 512, 1024, 2048 or 4096: octets
  bool etm = true;
  bool ems = true;
  std::string certificate, private_key, authorities;  ///< PEM files
  std::string server_name;                            ///< client: to send, and to verify
  bool requires_certificate = false;                  ///< server
  std::string alpn;
  bool fallback = false;  ///< client: TLS_FALLBACK_SCSV
};

/// Ends the program with a sentence where the words are wrong.
Options parse(int count, char** words);

}  // namespace mbedtls_peer
