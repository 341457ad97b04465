#include "interop/tls12.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace interop {

using sesame::KeyExchangeMethod;
using sesame::ProtocolVersion;

namespace {

std::string run(const Arguments& command) {
  Process process(command);
  process.close_input();
  if (process.wait() != 0) throw std::runtime_error(process.all());
  return process.output();
}

// The value of "Kx=..." in a line's words; empty: there is none.
std::string field(const std::vector<std::string>& words, std::string_view name) {
  for (const std::string& word : words) {
    if (word.starts_with(name)) return word.substr(name.size());
  }
  return {};
}

}  // namespace

KeyExchangeMethod key_exchange_of(std::string_view kx, std::string_view au) {
  using enum KeyExchangeMethod;
  if (kx == "PSK") return psk;
  if (kx == "DHEPSK") return dhe_psk;
  if (kx == "ECDHEPSK") return ecdhe_psk;
  if (kx == "RSAPSK") return rsa_psk;
  if (kx == "RSA") return rsa;
  if (kx == "ECDH") return au == "ECDSA" ? ecdhe_ecdsa : au == "RSA" ? ecdhe_rsa : ecdh_anon;
  if (kx == "DH") return au == "RSA" ? dhe_rsa : dh_anon;
  throw std::runtime_error("a key exchange that nobody knows: " + std::string(kx));
}

OpenSslSuites openssl_suites() {
  OpenSslSuites out;
  std::istringstream lines(
      run({"openssl", "ciphers", "-psk", "-s", "-V", "-stdname", "ALL:eNULL:@SECLEVEL=0"}));
  for (std::string line; std::getline(lines, line);) {
    // 0xC0,0x2C - TLS_NAME - OPENSSL-NAME TLSv1.2 Kx=ECDH Au=ECDSA Enc=AESGCM(256) Mac=AEAD
    std::istringstream words_of(line);
    std::vector<std::string> words;
    for (std::string word; words_of >> word;) words.push_back(word);
    if (words.size() < 9) throw std::runtime_error("a line that nobody understands: " + line);
    const std::string &standard = words[2], &own = words[4], &version = words[5];
    if (version == "TLSv1.3") continue;
    if (field(words, "Au=") == "DSS") {
      out.dss.push_back(own);
    } else if (const auto suite = sesame::find_cipher_suite(standard)) {
      out.both.push_back({.suite = *suite,
                          .name = own,
                          .key_exchange = key_exchange_of(field(words, "Kx="), field(words, "Au=")),
                          .before_tls12 = version != "TLSv1.2"});
    } else {
      out.unknown.push_back(standard);
    }
  }
  return out;
}

bool uses_psk(KeyExchangeMethod m) {
  using enum KeyExchangeMethod;
  return m == psk || m == dhe_psk || m == ecdhe_psk || m == rsa_psk;
}
bool shows_certificate(KeyExchangeMethod m) {
  using enum KeyExchangeMethod;
  return m == rsa || m == rsa_psk || m == dhe_rsa || m == ecdhe_rsa || m == ecdhe_ecdsa;
}
bool is_anonymous(KeyExchangeMethod m) {
  return m == KeyExchangeMethod::dh_anon || m == KeyExchangeMethod::ecdh_anon;
}
bool is_ephemeral(KeyExchangeMethod m) {
  using enum KeyExchangeMethod;
  return m != psk && m != rsa && m != rsa_psk;
}

std::string openssl_flag(ProtocolVersion version) {
  switch (version) {
    case tls10:
      return "-tls1";
    case tls11:
      return "-tls1_1";
    case tls12:
      return "-tls1_2";
    default:
      return "-tls1_3";
  }
}

std::string openssl_name(ProtocolVersion version) {
  switch (version) {
    case tls10:
      return "TLSv1";
    case tls11:
      return "TLSv1.1";
    case tls12:
      return "TLSv1.2";
    default:
      return "TLSv1.3";
  }
}

sesame::Credential tls12_credential(std::string_view id, std::string_view psk) {
  auto made = sesame::Credential::create(
      {.identity = sesame::as_bytes(id), .key = sesame::as_bytes(psk), .usage = sesame::PskUsage::tls12});
  if (!made) throw std::runtime_error(made.error().message());
  return *made;
}

std::shared_ptr<sesame::Keyring> tls12_keyring(std::string_view id, std::string_view psk) {
  auto keyring = std::make_shared<sesame::Keyring>();
  const auto added = keyring->add(
      {.identity = sesame::as_bytes(id), .key = sesame::as_bytes(psk), .usage = sesame::PskUsage::tls12});
  if (!added) throw std::runtime_error(added.error().message());
  return keyring;
}

sesame::ContextOptions only(ProtocolVersion version, sesame::CipherSuite suite) {
  sesame::ContextOptions options;
  options.min_version = options.max_version = version;
  options.cipher_suites = {suite};
  return options;
}
sesame::ContextOptions psk_client(sesame::CipherSuite suite, ProtocolVersion version) {
  auto options = only(version, suite);
  options.credentials = {tls12_credential()};
  return options;
}
sesame::ContextOptions psk_server(sesame::CipherSuite suite, ProtocolVersion version) {
  auto options = only(version, suite);
  options.psk_source = tls12_keyring();
  return options;
}

ServerIdentity::ServerIdentity()
    : rsa_(root_.server(std::string(server_name), KeyType::rsa2048)),
      ecdsa_(root_.server(std::string(server_name), KeyType::p256)),
      roots_(root_.pem()),
      rsa_files_(rsa_),
      ecdsa_files_(ecdsa_) {}

std::vector<sesame::CertifiedKey> ServerIdentity::certificates() const {
  return {ecdsa_.certified_key(), rsa_.certified_key()};
}
void ServerIdentity::prepare_client(sesame::ContextOptions& options, KeyExchangeMethod method) const {
  if (uses_psk(method)) options.credentials = {tls12_credential()};
  if (shows_certificate(method)) options.verification = sesame::VerificationOptions{.trust = root_.trust()};
}
void ServerIdentity::prepare_server(sesame::ContextOptions& options) const {
  options.certificates = certificates();
  options.psk_source = tls12_keyring();
}

std::string letters(std::size_t size) {
  std::string out(size, 'x');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>('a' + (i * i + i / 26) % 26);
  return out;
}
std::string reversed(std::string text) {
  std::ranges::reverse(text);
  return text;
}

Arguments s_server_reversing(std::uint16_t port, const Arguments& more) {
  return Arguments{"openssl",
                   "s_server",
                   "-accept",
                   "127.0.0.1:" + std::to_string(port),
                   "-rev",
                   "-cipher",
                   "ALL:eNULL:@SECLEVEL=0"} +
         more;
}
Arguments s_client_of(std::uint16_t port, ProtocolVersion version, const std::string& ciphers,
                      const Arguments& more) {
  return Arguments{"openssl",
                   "s_client",
                   "-connect",
                   "127.0.0.1:" + std::to_string(port),
                   openssl_flag(version),
                   "-cipher",
                   ciphers + ":@SECLEVEL=0"} +
         more;
}
Arguments psk_arguments(std::string_view psk, std::string_view id) {
  return {"-psk_identity", std::string(id), "-psk", hex(psk)};
}

std::string dh_parameters(const std::string& group) {
  return run({"openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:" + group});
}

}  // namespace interop
