#include "suite_list.h"

#include <fmt/format.h>
#include <sesame/context.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

namespace sesame::tool {

namespace {

constexpr std::pair<std::string_view, KeyExchangeMethod> methods[] = {
    {"psk", KeyExchangeMethod::psk},
    {"dhe_psk", KeyExchangeMethod::dhe_psk},
    {"ecdhe_psk", KeyExchangeMethod::ecdhe_psk},
    {"rsa_psk", KeyExchangeMethod::rsa_psk},
    {"ecdhe_ecdsa", KeyExchangeMethod::ecdhe_ecdsa},
    {"ecdhe_rsa", KeyExchangeMethod::ecdhe_rsa},
    {"dhe_rsa", KeyExchangeMethod::dhe_rsa},
    {"rsa", KeyExchangeMethod::rsa},
};

void append(std::vector<CipherSuite>& out, std::span<const CipherSuite> more) {
  for (const CipherSuite suite : more) {
    if (std::ranges::find(out, suite) == out.end()) out.push_back(suite);
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

// The registry's names are in capitals, but for the "anon" of those that authenticate nobody.
std::optional<CipherSuite> find(std::string_view text) {
  std::string capitals(text);
  std::ranges::transform(capitals, capitals.begin(), [](unsigned char c) { return std::toupper(c); });
  if (const auto at = capitals.find("_ANON_"); at != capitals.npos) capitals.replace(at, 6, "_anon_");
  return find_cipher_suite(capitals);
}

}  // namespace

std::expected<std::vector<CipherSuite>, std::string> parse_suites(std::string_view list) {
  std::vector<CipherSuite> out;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(",:"), list.size());
    const std::string_view word = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (word.empty()) continue;
    const auto method = std::ranges::find(methods, lower(word), [](const auto& row) { return row.first; });
    if (lower(word) == "default") {
      append(out, default_cipher_suites());
    } else if (method != std::end(methods)) {
      append(out, cipher_suites_of(method->second));
    } else if (const auto suite = find(word)) {
      append(out, std::span(&*suite, 1));
    } else {
      return std::unexpected(
          fmt::format("'{}' is neither a cipher suite as the IANA registry names it, nor one of: {}", word,
                      suite_words()));
    }
  }
  if (out.empty()) return std::unexpected("the list is empty");
  return out;
}

std::string suite_words() {
  std::string out = "default";
  for (const auto& [word, method] : methods) out += fmt::format(", {}", word);
  return out;
}

bool is_tls13(CipherSuite suite) noexcept { return static_cast<std::uint16_t>(suite) >> 8 == 0x13; }
bool is_psk(CipherSuite suite) noexcept { return name(suite).find("_PSK_") != std::string_view::npos; }

std::vector<CipherSuite> suites_with_tls12_keys(ProtocolVersion lowest) {
  std::vector<CipherSuite> out = default_cipher_suites();
  // Before TLS 1.2 there are no AEADs, so that nothing of the above would be left.
  if (lowest < ProtocolVersion::tls12) {
    append(out, cipher_suites_of(KeyExchangeMethod::ecdhe_ecdsa));
    append(out, cipher_suites_of(KeyExchangeMethod::ecdhe_rsa));
  }
  append(out, cipher_suites_of(KeyExchangeMethod::ecdhe_psk));
  append(out, cipher_suites_of(KeyExchangeMethod::dhe_psk));
  append(out, cipher_suites_of(KeyExchangeMethod::psk));
  return out;
}

}  // namespace sesame::tool
