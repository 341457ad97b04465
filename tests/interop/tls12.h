// What the tests of TLS 1.2 and below share: keys for these versions, contexts, and OpenSSL's suites as its
// own command lists them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "interop/certificates.h"
#include "interop/peer.h"
#include "interop/process.h"
#include "interop/programs.h"

namespace interop {

inline constexpr auto tls10 = sesame::ProtocolVersion::tls10;
inline constexpr auto tls11 = sesame::ProtocolVersion::tls11;
inline constexpr auto tls12 = sesame::ProtocolVersion::tls12;
inline constexpr auto tls13 = sesame::ProtocolVersion::tls13;

/// A suite that the openssl command and we have.
struct OpenSslSuite {
  sesame::CipherSuite suite;
  std::string name;  ///< OpenSSL's
  sesame::KeyExchangeMethod key_exchange;
  bool before_tls12;  ///< OpenSSL has it in TLS 1.0 and 1.1 too
};

struct OpenSslSuites {
  std::vector<OpenSslSuite> both;
  std::vector<std::string> dss;      ///< of DSA certificates, which nobody has
  std::vector<std::string> unknown;  ///< that we do not know
};

/// What `openssl ciphers` says now.
OpenSslSuites openssl_suites();
/// A line of its output; nullopt: the line is not understood. For OpenSslSuites and its own test.
sesame::KeyExchangeMethod key_exchange_of(std::string_view kx, std::string_view au);

bool uses_psk(sesame::KeyExchangeMethod method);
bool shows_certificate(sesame::KeyExchangeMethod method);
bool is_anonymous(sesame::KeyExchangeMethod method);
bool is_ephemeral(sesame::KeyExchangeMethod method);  ///< Diffie-Hellman of either kind

/// "-tls1_2" and so on.
std::string openssl_flag(sesame::ProtocolVersion version);
/// "TLSv1.2" and so on, as OpenSSL, GnuTLS and -min_protocol say it; "TLSv1" for 1.0.
std::string openssl_name(sesame::ProtocolVersion version);

sesame::Credential tls12_credential(std::string_view id = identity, std::string_view psk = key);
std::shared_ptr<sesame::Keyring> tls12_keyring(std::string_view id = identity, std::string_view psk = key);

/// One version, one suite.
sesame::ContextOptions only(sesame::ProtocolVersion version, sesame::CipherSuite suite);
/// The same with the key above: what a client offers, and a server looks up.
sesame::ContextOptions psk_client(sesame::CipherSuite suite, sesame::ProtocolVersion version = tls12);
sesame::ContextOptions psk_server(sesame::CipherSuite suite, sesame::ProtocolVersion version = tls12);

/// A server of all key exchanges: an RSA and an ECDSA certificate of one root, and the key above.
class ServerIdentity {
 public:
  ServerIdentity();
  const Authority& root() const noexcept { return root_; }
  const TemporaryFile& roots() const noexcept { return roots_; }
  const CertificateFiles& rsa_files() const noexcept { return rsa_files_; }
  const CertificateFiles& ecdsa_files() const noexcept { return ecdsa_files_; }
  /// Both of our certificates.
  std::vector<sesame::CertifiedKey> certificates() const;
  /// What our client needs for this key exchange: the key, or trust, or both.
  void prepare_client(sesame::ContextOptions& options, sesame::KeyExchangeMethod method) const;
  /// Both certificates for a server, and the key.
  void prepare_server(sesame::ContextOptions& options) const;

 private:
  Authority root_;
  Issued rsa_, ecdsa_;
  TemporaryFile roots_;
  CertificateFiles rsa_files_, ecdsa_files_;
};

/// Letters that no program takes for a command, without a newline.
std::string letters(std::size_t size);
std::string reversed(std::string text);

/// s_server that accepts any number of connections, one after the other, and sends each line back
/// reversed; with OpenSSL's weak suites and versions too, and Diffie-Hellman of RFC 7919 of 2048 bits.
Arguments s_server_reversing(std::uint16_t port, const Arguments& more);
/// s_client with OpenSSL's weak suites too, of one version.
Arguments s_client_of(std::uint16_t port, sesame::ProtocolVersion version, const std::string& ciphers,
                      const Arguments& more = {});
/// With the key above.
Arguments psk_arguments(std::string_view psk = key, std::string_view id = identity);

/// Diffie-Hellman parameters in PEM: "ffdhe2048", or a group without a name in TLS, as "modp_2048".
std::string dh_parameters(const std::string& group);

}  // namespace interop
