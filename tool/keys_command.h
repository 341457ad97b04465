// What the subcommands of sesame keys do, apart from their command line.
#pragma once

#include <sesame/credential.h>
#include <sesame/key_source.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exit_code.h"

namespace sesame::tool {

inline constexpr std::string_view default_store = "keys.db";

struct KeysOptions {
  std::string store = std::string(default_store);
  bool json = false;

  std::string identity;  ///< as it was typed, with escapes
  std::string out;  ///< add, rotate: the file for the new key's line; "-" the standard output; empty: none
  std::size_t octets = 32;
  HashAlgorithm hash = HashAlgorithm::sha256;
  bool tls12 = false;  ///< add, rotate, import: the key is for TLS 1.2 and below too
  std::string alpn;
  std::string server_name;
  std::optional<TimePoint> not_before;
  std::optional<TimePoint> not_after;
  bool older = false;  ///< expire: the older of two keys only

  std::vector<std::string> files;  ///< import
  KeyStore::Existing existing = KeyStore::Existing::refuse;
};

ExitCode keys_add(const KeysOptions& options);
ExitCode keys_rotate(const KeysOptions& options);
ExitCode keys_retire(const KeysOptions& options);
ExitCode keys_expire(const KeysOptions& options);
ExitCode keys_remove(const KeysOptions& options);
ExitCode keys_import(const KeysOptions& options);
ExitCode keys_list(const KeysOptions& options);

}  // namespace sesame::tool
