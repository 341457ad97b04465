#include "policy/settings.h"

#include <algorithm>

#include "crypto/key_exchange.h"

namespace sesame::policy {
namespace {

template <class T>
bool has_duplicates(const std::vector<T>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::find(values.begin() + static_cast<std::ptrdiff_t>(i) + 1, values.end(), values[i]) !=
        values.end())
      return true;
  }
  return false;
}

Expected<> check(const ContextOptions& options) {
  if (has_duplicates(options.cipher_suites))
    return fail(Reason::invalid_argument, "a cipher suite stands twice");
  if (has_duplicates(options.groups)) return fail(Reason::invalid_argument, "a group stands twice");
  if (has_duplicates(options.psk_modes))
    return fail(Reason::invalid_argument, "a PSK key-exchange mode stands twice");
  if (options.psk_modes.empty())
    return fail(Reason::invalid_argument, "psk_modes is empty: psk_dhe_ke, psk_ke or both");
  if (has_duplicates(options.alpn)) return fail(Reason::invalid_argument, "an ALPN protocol stands twice");
  std::size_t alpn_octets = 0;
  for (const std::string& protocol : options.alpn) {
    if (protocol.empty() || protocol.size() > 255) {
      return fail(Reason::invalid_argument, "an ALPN protocol has 1 to 255 octets (RFC 7301 section 3.1)");
    }
    alpn_octets += 1 + protocol.size();
  }
  if (alpn_octets > 16'000)
    return fail(Reason::invalid_argument, "the ALPN protocols take over 16,000 octets");
  if (options.record_size_limit != 0 &&
      (options.record_size_limit < 64 || options.record_size_limit > 16384)) {
    return fail(Reason::invalid_argument, "record_size_limit is 64 to 16384 octets (RFC 8449 section 4)");
  }
  switch (options.max_fragment_length) {
    case 0:
    case 512:
    case 1024:
    case 2048:
    case 4096:
      break;
    default:
      return fail(Reason::invalid_argument,
                  "max_fragment_length is 512, 1024, 2048 or 4096 (RFC 6066 section 4)");
  }
  if (options.record_size_limit != 0 && options.max_fragment_length != 0) {
    return fail(Reason::invalid_argument,
                "record_size_limit replaces max_fragment_length: set one (RFC 8449 section 5)");
  }
  return {};
}

}  // namespace

Expected<Settings> resolve(ContextOptions options) {
  if (auto ok = check(options); !ok) return std::unexpected(std::move(ok.error()));
  Settings settings;
  auto provider = options.library_context || !options.property_query.empty()
                      ? crypto::Provider::create(options.library_context, options.property_query)
                      : crypto::Provider::system();
  if (!provider) return std::unexpected(std::move(provider.error()));
  settings.provider = std::move(*provider);
  for (const CipherSuite id : options.cipher_suites) {
    if (const auto suite = find_suite(*settings.provider, id)) settings.suites.push_back(*suite);
  }
  if (settings.suites.empty()) return fail(Reason::no_suite_configured);
  for (const NamedGroup group : options.groups) {
    if (settings.provider->has_group(group)) settings.groups.push_back(group);
  }
  settings.options = std::move(options);
  if (settings.groups.empty() && settings.allows(PskKeyExchangeMode::psk_dhe_ke))
    return fail(Reason::no_group_configured);
  return settings;
}

}  // namespace sesame::policy
