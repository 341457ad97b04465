// Certificates for OpenSSL's and GnuTLS's programs, in files as they want them, and the command lines.
#pragma once

#include "interop/process.h"
#include "interop/programs.h"
#include "support/authority.h"

namespace interop {

using sesame::test::Authority;
using sesame::test::Issued;
using sesame::test::KeyType;
using sesame::test::usable_key_types;

inline constexpr std::string_view server_name = "server.example";

/// A certificate, what is between it and the root, and the private key.
struct CertificateFiles {
  explicit CertificateFiles(const Issued& issued);
  TemporaryFile certificate, intermediates, chain, key, public_key;
  bool has_intermediates;

  Arguments openssl() const;  ///< -cert and so on
  Arguments gnutls() const;   ///< --x509certfile and so on
  Arguments gnutls_raw() const;
};

/// One connection with TLS 1.3 and no shared key.
Arguments s_server_with(std::uint16_t port, const CertificateFiles& own, const Arguments& more = {});
Arguments s_client_trusting(std::uint16_t port, const TemporaryFile& roots, const Arguments& more = {});
/// gnutls-serv asks for a client certificate unless it is told not to: --disable-client-cert.
Arguments gnutls_serv_with(std::uint16_t port, const Arguments& own, const Arguments& more = {},
                           const std::string& priority = {});
Arguments gnutls_cli_trusting(std::uint16_t port, const TemporaryFile& roots, const Arguments& more = {},
                              const std::string& priority = {});

/// What a client trusts, and what a server shows.
sesame::ContextOptions trusting(const Authority& root);
sesame::ContextOptions showing(const Issued& own);

/// What a signature by a key of this kind is made by, with the schemes of a default context.
sesame::SignatureScheme scheme_of(KeyType type);
std::vector<std::string> octets_of(const std::vector<sesame::Bytes>& chain);
std::vector<std::string> octets_of(const Issued& issued);

}  // namespace interop
