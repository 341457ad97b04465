// Cipher suites as people name them in --suites.
#pragma once

#include <sesame/types.h>

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sesame::tool {

/// A list of names of the IANA registry, in any case, and of words for many: `default`, and the key exchanges
/// psk, dhe_psk, ecdhe_psk, rsa_psk, ecdhe_ecdsa, ecdhe_rsa, dhe_rsa and rsa. Separated by commas or colons;
/// what is named twice counts where it stands first. An error is a sentence.
std::expected<std::vector<CipherSuite>, std::string> parse_suites(std::string_view list);

/// The words of parse_suites, for help texts.
std::string suite_words();

bool is_tls13(CipherSuite suite) noexcept;
/// It needs a shared key, in TLS 1.2 and below.
bool is_psk(CipherSuite suite) noexcept;

/// What is spoken where keys may be used below TLS 1.3, in versions from `lowest` on, and nobody said which
/// suites: what has forward secrecy first.
std::vector<CipherSuite> suites_with_tls12_keys(ProtocolVersion lowest);

}  // namespace sesame::tool
