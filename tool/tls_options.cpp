#include "tls_options.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <span>

#include "suite_list.h"

namespace sesame::tool {

namespace {

constexpr NamedGroup all_groups[] = {
    NamedGroup::x25519,    NamedGroup::secp256r1, NamedGroup::secp384r1,      NamedGroup::secp521r1,
    NamedGroup::x448,      NamedGroup::ffdhe2048, NamedGroup::ffdhe3072,      NamedGroup::ffdhe4096,
    NamedGroup::ffdhe6144, NamedGroup::ffdhe8192, NamedGroup::X25519MLKEM768,
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::vector<std::string> split(std::string_view list, std::string_view separators) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(separators), list.size());
    if (end != 0) out.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return out;
}

template <class T>
std::string names(std::span<const T> values) {
  std::string out;
  for (const T value : values) out += (out.empty() ? "" : ", ") + std::string(name(value));
  return out;
}

// Throws CLI's own error, whose text the user sees.
template <class T>
std::vector<T> parse_list(std::string_view option, std::string_view list, std::span<const T> all) {
  std::vector<T> out;
  for (const auto& wanted : split(list, ",:")) {
    std::string text = lower(wanted);
    if (text.starts_with("p-")) text = "secp" + text.substr(2) + "r1";
    const auto found = std::ranges::find_if(all, [&](T value) { return lower(name(value)) == text; });
    if (found == all.end()) {
      throw CLI::ValidationError(std::string(option),
                                 fmt::format("'{}' is not one of: {}", wanted, names(all)));
    }
    out.push_back(*found);
  }
  if (out.empty()) throw CLI::ValidationError(std::string(option), "the list is empty");
  return out;
}

std::vector<PskKeyExchangeMode> parse_mode(const std::string& text) {
  using enum PskKeyExchangeMode;
  if (text == "dhe") return {psk_dhe_ke};
  if (text == "ke") return {psk_ke};
  return {psk_dhe_ke, psk_ke};
}

// "1.2", as --min-version and --max-version have it.
constexpr const char* version_names[] = {"1.0", "1.1", "1.2", "1.3"};
ProtocolVersion parse_version(std::string_view text) {
  const auto found = std::ranges::find(version_names, text);
  return static_cast<ProtocolVersion>(static_cast<int>(ProtocolVersion::tls10) +
                                      (found - std::begin(version_names)));
}

}  // namespace

PskUsage TlsOptions::key_usage() const {
  const auto is_below = [](std::optional<ProtocolVersion> v) { return v && *v < ProtocolVersion::tls13; };
  const bool below =
      tls12 || is_below(min_version) || is_below(max_version) || std::ranges::any_of(cipher_suites, is_psk);
  return below ? PskUsage::tls13_and_tls12 : PskUsage::tls13;
}

std::vector<std::string> TlsOptions::files() const {
  if (!key_files.empty() || uses_certificates()) return key_files;
  return {std::string(default_key_file)};
}

std::expected<void, TlsOptions::Failure> TlsOptions::add_certificates(ContextOptions& context,
                                                                      Side side) const {
  if (!certificate.empty()) {
    auto key = CertifiedKey::from_files(certificate, private_key.empty() ? certificate : private_key);
    if (!key) return std::unexpected(Failure{certificate, key.error()});
    context.certificates.push_back(std::move(*key));
  }
  context.client_certificates = client_certificates;
  if (authorities.empty()) {
    if (client_certificates == ClientCertificates::none) return {};
    return std::unexpected(Failure{{}, Error(Reason::invalid_argument, "--verify without --ca")});
  }
  auto trust = authorities == "system" ? TrustStore::system() : TrustStore::from_file(authorities);
  if (!trust) return std::unexpected(Failure{authorities, trust.error()});
  context.verification.emplace();
  context.verification->trust = std::move(*trust);
  if (side == Side::server && client_certificates == ClientCertificates::none)
    context.client_certificates = ClientCertificates::request;
  return {};
}

ContextOptions TlsOptions::context_options() const {
  ContextOptions out;
  const bool has_tls13 = cipher_suites.empty() || std::ranges::any_of(cipher_suites, is_tls13);
  const bool has_below = cipher_suites.empty() || !std::ranges::all_of(cipher_suites, is_tls13);
  // Suites that were named say the version too, where nothing else does.
  out.max_version = max_version.value_or(has_tls13 ? out.max_version : ProtocolVersion::tls12);
  if (!has_below) out.min_version = ProtocolVersion::tls13;
  out.min_version = min_version.value_or(std::min(out.min_version, out.max_version));
  if (!cipher_suites.empty())
    out.cipher_suites = cipher_suites;
  else if (is_for_tls12(key_usage()))
    out.cipher_suites = suites_with_tls12_keys(out.min_version);
  out.psk_identity_hint = psk_hint;
  if (!groups.empty()) out.groups = groups;
  out.psk_modes = psk_modes;
  out.alpn = alpn;
  out.record_size_limit = record_size_limit;
  return out;
}

void add_tls_options(CLI::App& app, TlsOptions& options) {
  const std::string keys = "Keys";
  app.add_option(
         "-k,--keys,--key-file", options.key_files,
         fmt::format(
             "File of lines identity:hexkey, or a store of sesame keys; may be given more than once [{}]",
             default_key_file))
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->group(keys);
  app.add_option_function<std::string>(
         "--hash",
         [&options](const std::string& text) {
           options.hash = text == "sha384" ? HashAlgorithm::sha384 : HashAlgorithm::sha256;
         },
         "Hash that the keys are bound to; both sides have to say the same [sha256]")
      ->check(CLI::IsMember({"sha256", "sha384"}))
      ->type_name("sha256|sha384")
      ->group(keys);

  const std::string tls = "TLS";
  app.add_flag("--tls12", options.tls12,
               "Use the keys in TLS 1.2 as well, with all that devices have: also suites without forward "
               "secrecy, after those that have it")
      ->group(tls);
  const auto add_version = [&](const char* option, std::optional<ProtocolVersion>& version,
                               const char* description) {
    app.add_option_function<std::string>(
           option, [&version](const std::string& text) { version = parse_version(text); }, description)
        ->check(CLI::IsMember(std::vector<std::string>(std::begin(version_names), std::end(version_names))))
        ->type_name("1.0|1.1|1.2|1.3")
        ->group(tls);
  };
  add_version("--min-version", options.min_version,
              "Lowest TLS version [1.2]; below 1.3 the keys are used there too, as with --tls12");
  add_version("--max-version", options.max_version, "Highest TLS version [1.3]; likewise");
  app.add_option_function<std::string>(
         "--psk-mode", [&options](const std::string& text) { options.psk_modes = parse_mode(text); },
         "dhe: with a key exchange, so that who learns the key later cannot read what was recorded; ke: with "
         "the key "
         "alone, faster and without that; any: dhe before ke [dhe]")
      ->check(CLI::IsMember({"dhe", "ke", "any"}))
      ->type_name("dhe|ke|any")
      ->group(tls);
  app.add_option_function<std::string>(
         "--groups",
         [&options](const std::string& text) {
           options.groups = parse_list<NamedGroup>("--groups", text, all_groups);
         },
         "Groups of the key exchange, best first: " + names<NamedGroup>(all_groups))
      ->type_name("LIST")
      ->group(tls);
  app.add_option_function<std::string>(
         "--suites",
         [&options](const std::string& text) {
           auto suites = parse_suites(text);
           if (!suites) throw CLI::ValidationError("--suites", suites.error());
           options.cipher_suites = std::move(*suites);
         },
         "Cipher suites, best first, as the IANA registry names them, and words for many: " + suite_words())
      ->type_name("LIST")
      ->group(tls);
  app.add_option_function<std::string>(
         "--alpn", [&options](const std::string& text) { options.alpn = split(text, ","); },
         "Application protocols (ALPN), best first, e.g. h2,http/1.1")
      ->type_name("LIST")
      ->group(tls);
  app.add_option("--record-size-limit", options.record_size_limit,
                 "Largest record content to receive, 64 to 16384 octets")
      ->check(CLI::Range(64, 16'384))
      ->type_name("N")
      ->group(tls);
  app.add_option("--keylog", options.key_log,
                 "Append the connections' secrets to FILE for Wireshark; the environment's SSLKEYLOGFILE "
                 "does the same")
      ->type_name("FILE")
      ->group(tls);
}

void add_psk_hint_option(CLI::App& app, TlsOptions& options) {
  app.add_option(
         "--psk-hint", options.psk_hint,
         "Hint for clients of TLS 1.2 and below that choose among their keys (psk_identity_hint) [none]")
      ->type_name("TEXT")
      ->group("TLS");
}

void add_certificate_options(CLI::App& app, TlsOptions& options, bool server) {
  const std::string certificates = "Certificates";
  app.add_option("--cert", options.certificate,
                 "Certificate chain (PEM) to show, the end entity first; no key file is needed then")
      ->type_name("FILE")
      ->group(certificates);
  app.add_option("--private-key", options.private_key, "Its private key (PEM) [the file of --cert]")
      ->type_name("FILE")
      ->group(certificates);
  app.add_option("--ca", options.authorities,
                 "Authorities (PEM) that the peer's certificate has to lead to; system: those of the system")
      ->type_name("FILE")
      ->group(certificates);
  if (!server) return;
  app.add_option_function<std::string>(
         "--verify",
         [&options](const std::string& text) {
           options.client_certificates =
               text == "require" ? ClientCertificates::require : ClientCertificates::request;
         },
         "Ask clients for a certificate, or refuse those that have none [request, with --ca]")
      ->check(CLI::IsMember({"request", "require"}))
      ->type_name("request|require")
      ->group(certificates);
}

std::expected<std::function<void(std::string_view)>, std::string> open_key_log(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return std::unexpected(fmt::format("{}: {}", path, std::strerror(errno)));
  const std::shared_ptr<const int> owned(new int(file), [](const int* fd) {
    ::close(*fd);
    delete fd;
  });
  // One write for each line, so that lines of several processes do not mix.
  return [owned](std::string_view line) {
    std::string with_newline(line);
    with_newline += '\n';
    (void)!::write(*owned, with_newline.data(), with_newline.size());
    ::explicit_bzero(with_newline.data(), with_newline.size());
  };
}

std::string key_log_path(const TlsOptions& options) {
  if (!options.key_log.empty()) return options.key_log;
  const char* path = std::getenv("SSLKEYLOGFILE");
  return path != nullptr ? path : "";
}

std::string permission_warning(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & 077) == 0)
    return {};
  return fmt::format("{} can be used by others than its owner (mode {:04o}): chmod 600 {}", path,
                     status.st_mode & 07777U, path);
}

}  // namespace sesame::tool
