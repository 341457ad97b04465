// The options that `sesame serve` and `sesame connect` share: keys, and what may be negotiated.
#pragma once

#include <sesame/context.h>
#include <sesame/key_file.h>

#include <expected>
#include <functional>
#include <memory>
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

  /// The key files to read: those that were named, or the default one.
  std::vector<std::string> files() const;
  KeyFileOptions key_file_options() const { return {.hash = hash}; }
  /// Everything but keys and key log.
  ContextOptions context_options() const;
};

void add_tls_options(CLI::App& app, TlsOptions& options);

/// A function for ContextOptions::key_log that appends lines to `path` (mode 0600); an error says why it
/// cannot.
std::expected<std::function<void(std::string_view)>, std::string> open_key_log(const std::string& path);

/// Options, or the environment's SSLKEYLOGFILE; empty: neither.
std::string key_log_path(const TlsOptions& options);

/// A person's text if others than the owner may read the file; empty: it is as it should be.
std::string permission_warning(const std::string& path);

}  // namespace sesame::tool
