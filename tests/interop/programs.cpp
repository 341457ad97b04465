#include "interop/programs.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>

#include <stdexcept>

namespace interop {
namespace {

std::string decimal(std::uint16_t port) { return std::to_string(port); }

// One element of DER (X.690 section 8.1) of at most 65535 octets.
std::string der(char tag, const std::string& content) {
  std::string out(1, tag);
  const std::size_t size = content.size();
  if (size >= 256) {
    out += '\x82';
    out += static_cast<char>(size >> 8);
  } else if (size >= 128) {
    out += '\x81';
  }
  out += static_cast<char>(size);
  return out + content;
}

sesame::ContextOptions options_for(sesame::PskKeyExchangeMode mode) {
  sesame::ContextOptions options;
  options.psk_modes = {mode};
  return options;
}

}  // namespace

Arguments operator+(Arguments left, const Arguments& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

TemporaryFile::TemporaryFile(std::string_view content) : path_("/tmp/sesame-interop-XXXXXX") {
  const int fd = mkstemp(path_.data());
  if (fd < 0 || ::write(fd, content.data(), content.size()) != static_cast<ssize_t>(content.size())) {
    throw std::runtime_error("no temporary file");
  }
  ::close(fd);
}

TemporaryFile::~TemporaryFile() { unlink(path_.c_str()); }

std::string psk_session_pem(sesame::CipherSuite suite, std::string_view psk, std::uint8_t max_early_data) {
  constexpr char integer = 0x02, octet_string = 0x04, sequence = 0x30, field_15 = '\xaf';
  const auto code = static_cast<std::uint16_t>(suite);
  const std::string session =
      der(sequence,
          der(integer, "\x01") +          // of the structure
              der(integer, "\x03\x04") +  // TLS 1.3
              der(octet_string, {static_cast<char>(code >> 8), static_cast<char>(code)}) +
              der(octet_string, "") +  // the session identifier
              der(octet_string, std::string(psk)) +
              (max_early_data ? der(field_15, der(integer, std::string(1, static_cast<char>(max_early_data))))
                              : ""));
  std::string base64(4 * (session.size() / 3 + 1) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()),
                                   reinterpret_cast<const unsigned char*>(session.data()),
                                   static_cast<int>(session.size()));
  base64.resize(static_cast<std::size_t>(size));
  std::string lines;
  for (std::size_t i = 0; i < base64.size(); i += 64) lines += base64.substr(i, 64) + "\n";
  return "-----BEGIN SSL SESSION PARAMETERS-----\n" + lines + "-----END SSL SESSION PARAMETERS-----\n";
}

Arguments s_client_without_key(std::uint16_t port, const Arguments& more) {
  return Arguments{"openssl", "s_client", "-connect", "127.0.0.1:" + decimal(port)} + more;
}
Arguments s_server_without_key(std::uint16_t port, const Arguments& more) {
  return Arguments{"openssl", "s_server", "-accept", "127.0.0.1:" + decimal(port),
                   "-nocert", "-naccept", "1"} +
         more;
}
Arguments s_client(std::uint16_t port, const Arguments& more) {
  return s_client_without_key(
      port, Arguments{"-tls1_3", "-psk_identity", std::string(identity), "-psk", hex(key)} + more);
}
Arguments s_server(std::uint16_t port, const Arguments& more) {
  return s_server_without_key(
      port, Arguments{"-tls1_3", "-psk_identity", std::string(identity), "-psk", hex(key)} + more);
}

std::string openssl_name(sesame::NamedGroup group) {
  switch (group) {
    case sesame::NamedGroup::x25519:
      return "X25519";
    case sesame::NamedGroup::x448:
      return "X448";
    case sesame::NamedGroup::secp256r1:
      return "P-256";
    case sesame::NamedGroup::secp384r1:
      return "P-384";
    case sesame::NamedGroup::secp521r1:
      return "P-521";
    default:
      return std::string(name(group));
  }
}

std::string gnutls_name(sesame::NamedGroup group) {
  std::string result = "GROUP-";
  for (const char c : name(group)) result += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return result;
}

std::string gnutls_name(sesame::CipherSuite suite) {
  switch (suite) {
    case sesame::CipherSuite::TLS_AES_128_GCM_SHA256:
      return "AES-128-GCM";
    case sesame::CipherSuite::TLS_CHACHA20_POLY1305_SHA256:
      return "CHACHA20-POLY1305";
    case sesame::CipherSuite::TLS_AES_128_CCM_SHA256:
      return "AES-128-CCM";
    case sesame::CipherSuite::TLS_AES_128_CCM_8_SHA256:
      return "AES-128-CCM-8";
    default:
      return {};
  }
}

std::string gnutls_priority(sesame::PskKeyExchangeMode mode, const std::string& more) {
  const bool exchanges = mode == sesame::PskKeyExchangeMode::psk_dhe_ke;
  return std::string("NORMAL:-KX-ALL:+PSK:-VERS-ALL:+VERS-TLS1.3") +
         (exchanges ? ":+ECDHE-PSK:+DHE-PSK" : "") + more;
}

Arguments gnutls_cli(std::uint16_t port, const std::string& priority, const Arguments& more) {
  return Arguments{"gnutls-cli", "--pskusername", std::string(identity), "--pskkey", hex(key), "--priority",
                   priority,     "--port",        decimal(port)} +
         more + Arguments{"127.0.0.1"};
}

Arguments gnutls_serv(std::uint16_t port, const std::string& priority, const TemporaryFile& keys,
                      const Arguments& more) {
  return Arguments{"gnutls-serv", "--echo", "--pskpasswd", keys.path(),
                   "--priority",  priority, "--port",      decimal(port)} +
         more;
}

std::string gnutls_key_line(std::string_view id, std::string_view psk) {
  return std::string(id) + ":" + hex(psk) + "\n";
}

sesame::ContextOptions client_options(sesame::PskKeyExchangeMode mode) {
  sesame::ContextOptions options = options_for(mode);
  options.credentials = {make_credential(identity, key)};
  return options;
}

sesame::ContextOptions server_options(sesame::PskKeyExchangeMode mode) {
  sesame::ContextOptions options = options_for(mode);
  options.psk_source = make_keyring(identity, key);
  return options;
}

}  // namespace interop
