// Key files of lines `identity:hexkey`, as GnuTLS's psktool, stunnel's PSKsecrets and mosquitto's psk_file
// have them.
//
// An octet of the identity that is a colon, a backslash, a '#' at the start, or not printable ASCII is
// written `\xHH`; a backslash is `\\`. psktool's own form for such identities, `#` and the identity in
// hexadecimal, is read too, and so is any other octet as it is: what those programs write. A line may end in
// CR LF, the last one in nothing. Empty lines and lines that begin with "# " are passed over.
#pragma once

#include <sesame/credential.h>
#include <sesame/error.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sesame {

struct KeyFileOptions {
  HashAlgorithm hash = HashAlgorithm::sha256;  ///< the hash that the keys of the file are bound to
  /// The programs whose files these are use their keys as they are, in TLS 1.2 too (tls13_and_tls12).
  /// tls13_imported: all keys of the file are imported, without a context.
  PskUsage usage = PskUsage::tls13;
};

/// The keys in `text`. An identity may stand twice: the first is the newer key. Errors: file_syntax with the
/// line number (never with the key), duplicate_identity for a third key, those of Credential::create.
Expected<std::vector<Credential>> parse_key_file(std::string_view text, const KeyFileOptions& options = {});

/// As parse_key_file, from a file of at most 1 GiB. Errors: file_unreadable as well.
Expected<std::vector<Credential>> read_key_file(const std::filesystem::path& path,
                                                const KeyFileOptions& options = {});

/// The line for one key, with its newline. The result holds the key: wipe it.
std::string key_file_line(Bytes identity, Bytes key);

/// The identity as key_file_line writes it, and back. Errors: file_syntax, identity_empty, identity_too_long.
std::string encode_identity(Bytes identity);
Expected<std::string> decode_identity(std::string_view text);

}  // namespace sesame
