// The options that `sesame serve` and `sesame connect` share: keys, and what may be negotiated.
#pragma once

#include <sesame/certificate.h>
#include <sesame/context.h>
#include <sesame/key_file.h>

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace sesame::tool {

inline constexpr std::string_view default_key_file = "keys.psk";

struct TlsOptions {
  std::vector<std::string> key_files;
  HashAlgorithm hash = HashAlgorithm::sha256;
  std::vector<PskKeyExchangeMode> psk_modes = {PskKeyExchangeMode::psk_dhe_ke};
  std::vector<NamedGroup> groups;          ///< empty: the library's
  std::vector<CipherSuite> cipher_suites;  ///< empty: the library's
  std::vector<std::string> alpn;
  std::size_t record_size_limit = 0;
  std::string key_log;

  std::optional<ProtocolVersion> min_version;  ///< nullopt: the library's, or what the suites say
  std::optional<ProtocolVersion> max_version;
  bool tls12 = false;                   ///< --tls12
  std::optional<std::string> psk_hint;  ///< a server's --psk-hint

  std::string certificate;  ///< PEM file of the chain that this side shows; empty: none
  std::string private_key;  ///< PEM file; empty: it is in the file of the chain
  std::string authorities;  ///< PEM file of what the peer's chain has to lead to, or "system"; empty: none
  ClientCertificates client_certificates = ClientCertificates::none;  ///< a server's --verify

  /// The key files to read: those that were named, or the default one; none where certificates do without.
  std::vector<std::string> files() const;
  /// Keys of key files are for TLS 1.3 alone unless something was said of a version below it.
  PskUsage key_usage() const;
  KeyFileOptions key_file_options() const { return {.hash = hash, .usage = key_usage()}; }
  /// Everything but keys, certificates and key log.
  ContextOptions context_options() const;
  bool uses_certificates() const { return !certificate.empty() || !authorities.empty(); }
  struct Failure {
    std::string file;  ///< empty: the options do not go together
    Error error;
  };
  /// Reads what the certificate options name, and puts it into `context`.
  std::expected<void, Failure> add_certificates(ContextOptions& context, Side side) const;
};

/// Makes a context of what the files have now; called again with SIGHUP.
using MakeContext = std::function<std::expected<std::shared_ptr<const Context>, TlsOptions::Failure>()>;

void add_tls_options(CLI::App& app, TlsOptions& options);
/// --psk-hint.
void add_psk_hint_option(CLI::App& app, TlsOptions& options);
/// --cert, --private-key and --ca; for a server --verify as well.
void add_certificate_options(CLI::App& app, TlsOptions& options, bool server);

/// A function for ContextOptions::key_log that appends lines to `path` (mode 0600); an error says why it
/// cannot.
std::expected<std::function<void(std::string_view)>, std::string> open_key_log(const std::string& path);

/// Options, or the environment's SSLKEYLOGFILE; empty: neither.
std::string key_log_path(const TlsOptions& options);

/// A person's text if others than the owner may read the file; empty: it is as it should be.
std::string permission_warning(const std::string& path);

}  // namespace sesame::tool
