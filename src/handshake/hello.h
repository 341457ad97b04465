// The ClientHello as a server of any version reads it, and what is chosen from it before or apart from the
// version's own negotiation.
#pragma once

#include <sesame/context.h>

#include <string_view>

#include "extension/table.h"
#include "message/client_hello.h"
#include "policy/settings.h"

namespace sesame::handshake {

/// A ClientHello, decoded and checked for form. Views of the message.
struct Hello {
  Bytes whole;  ///< the message with its header
  message::ClientHello hello;
  extension::Extensions extensions;
  std::string_view server_name;

  bool has(extension::ExtensionType type) const noexcept { return extensions.has(type); }
  bool has_suite(CipherSuite id) const noexcept {
    bool found = false;
    hello.cipher_suites.for_each([&](CipherSuite suite) { return !(found = suite == id); });
    return found;
  }
};

/// Errors: malformed_message, trailing_octets, no_common_version (SSL 3.0), and those of Extensions::parse.
Expected<Hello> read_hello(Bytes client_hello);

/// The version that both sides have (RFC 8446 section 4.2.1, RFC 5246 appendix E.1). Errors:
/// no_common_version, inappropriate_fallback (RFC 7507), malformed_message.
Expected<ProtocolVersion> choose_version(const policy::Settings& settings, const Hello& hello);

/// The name, once choose_version has found the rest in order. Error: malformed_message.
Expected<> read_server_name(Hello& hello);

/// nullptr: none is used. Error: no_common_alpn.
Expected<const std::string*> choose_alpn(const policy::Settings& settings, const Hello& hello);

/// How records are limited: by record_size_limit (RFC 8449), by max_fragment_length (RFC 6066), or not at
/// all.
struct RecordLimits {
  enum class By : std::uint8_t { nothing, record_size_limit, max_fragment_length };
  By by = By::nothing;
  std::uint16_t sent = 0;  ///< octets of content, if anything limits it
  std::uint16_t received = 0;
};
/// Errors: malformed_message, record_size_limit_invalid, max_fragment_length_mismatch.
Expected<RecordLimits> choose_record_limits(const policy::Settings& settings, const Hello& hello,
                                            ProtocolVersion version);
/// Writes the extension that answers the client's, if any does.
void write_record_limits(const RecordLimits& limits, const Hello& hello, ProtocolVersion version,
                         wire::Writer& w);

/// What the application is told of it.
ClientHelloInfo info_of(const Hello& hello);

}  // namespace sesame::handshake
