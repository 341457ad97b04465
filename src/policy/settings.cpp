#include "policy/settings.h"

#include <algorithm>

#include "certificate/compression.h"
#include "certificate/known.h"
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

Expected<> check_certificates(const ContextOptions& options) {
  const auto invalid = [](std::string_view what) {
    return fail(Reason::invalid_argument, std::string(what));
  };
  if (has_duplicates(options.signature_schemes)) return invalid("a signature scheme stands twice");
  if (has_duplicates(options.certificate_compression))
    return invalid("a certificate compression algorithm stands twice");
  if (has_duplicates(options.peer_certificate_types)) return invalid("a certificate type stands twice");
  const bool uses = !options.certificates.empty() || options.verification;
  if (uses && options.signature_schemes.empty()) return invalid("signature_schemes is empty");
  if (uses && options.peer_certificate_types.empty()) return invalid("peer_certificate_types is empty");
  if (options.client_certificates != ClientCertificates::none && !options.verification)
    return invalid("client certificates are asked for, and verification does not say how they are judged");
  if (options.post_handshake_auth && options.certificates.empty())
    return invalid("post_handshake_auth without certificates");
  const auto& types = options.peer_certificate_types;
  const bool raw = std::find(types.begin(), types.end(), CertificateType::raw_public_key) != types.end();
  if (raw && options.verification && options.verification->raw_public_keys.empty() &&
      !options.verification->verify)
    return invalid("raw public keys are taken, and verification does not say which");
  if (options.cert_with_extern_psk != CertWithExternPsk::off) {
    const auto& modes = options.psk_modes;
    if (std::find(modes.begin(), modes.end(), PskKeyExchangeMode::psk_dhe_ke) == modes.end())
      return invalid("cert_with_extern_psk needs psk_dhe_ke (RFC 8773 section 5.1)");
    if (!uses) return invalid("cert_with_extern_psk without certificates or verification");
  }
  if (options.tickets.lifetime.count() < 0 || options.tickets.lifetime > max_ticket_lifetime)
    return invalid("a ticket lives for at most 7 days (RFC 8446 section 4.6.1)");
  if (options.tickets.count > 16) return invalid("over 16 tickets a handshake");
  std::size_t names = 0;
  for (const auto& name : options.certificate_authorities) {
    if (name.empty() || name.size() > 0xffff)
      return invalid("certificate_authorities: a name of no usable size");
    names += 2 + name.size();
  }
  if (names > 32'000) return invalid("certificate_authorities takes over 32,000 octets");
  return {};
}

Expected<> check(const ContextOptions& options) {
  if (has_duplicates(options.cipher_suites))
    return fail(Reason::invalid_argument, "a cipher suite stands twice");
  if (has_duplicates(options.groups)) return fail(Reason::invalid_argument, "a group stands twice");
  if (has_duplicates(options.psk_modes))
    return fail(Reason::invalid_argument, "a PSK key-exchange mode stands twice");
  if (options.psk_modes.empty())
    return fail(Reason::invalid_argument, "psk_modes is empty: psk_dhe_ke, psk_ke or both");
  if (options.min_version > options.max_version || options.min_version < ProtocolVersion::tls10 ||
      options.max_version > ProtocolVersion::tls13)
    return fail(Reason::invalid_argument, "min_version and max_version are not a range of versions");
  if (options.psk_identity_hint && options.psk_identity_hint->size() > 0xffff)
    return fail(Reason::invalid_argument, "psk_identity_hint has over 65535 octets (RFC 4279 section 5.2)");
  if (options.min_dh_bits < 512 || options.min_dh_bits > 8192)
    return fail(Reason::invalid_argument, "min_dh_bits is 512 to 8192");
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
  if (auto ok = check_certificates(options); !ok) return ok;
  if (options.record_size_limit != 0 && options.max_fragment_length != 0) {
    return fail(Reason::invalid_argument,
                "record_size_limit replaces max_fragment_length: set one (RFC 8449 section 5)");
  }
  return {};
}

// The suites of the versions that are spoken, and the versions that a suite is left for. With a version
// between two others that has none nobody is served: what is left is one range.
void resolve_suites(const ContextOptions& options, Settings& settings) {
  using enum ProtocolVersion;
  const ProtocolVersion lowest_here = settings.provider->has_tls10() ? tls10 : tls12;
  const ProtocolVersion lowest = std::max(options.min_version, lowest_here);
  for (const CipherSuite id : options.cipher_suites) {
    const auto suite = find_suite(*settings.provider, id);
    if (!suite || suite->highest < lowest || suite->lowest > options.max_version) continue;
    (suite->lowest == tls13 ? settings.suites : settings.suites_below).push_back(*suite);
  }
  const auto has_suite = [&](ProtocolVersion version) {
    const auto& list = version == tls13 ? settings.suites : settings.suites_below;
    return std::any_of(list.begin(), list.end(), [&](const Suite& s) { return s.is_for(version); });
  };
  bool any = false;
  for (const ProtocolVersion version : {tls13, tls12, tls11, tls10}) {
    if (version > options.max_version || version < lowest || !has_suite(version)) continue;
    if (!any) settings.highest = version;
    settings.lowest = version;
    any = true;
  }
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
  resolve_suites(options, settings);
  if (settings.suites.empty() && settings.suites_below.empty()) return fail(Reason::no_suite_configured);
  for (const Suite& suite : settings.suites) {
    if (std::find(settings.hashes.begin(), settings.hashes.end(), suite.hash) == settings.hashes.end())
      settings.hashes.push_back(suite.hash);
  }
  for (const NamedGroup group : options.groups) {
    if (settings.provider->has_group(group)) settings.groups.push_back(group);
  }
  for (const CertificateCompressionAlgorithm algorithm : options.certificate_compression) {
    if (certificate::has_compression(algorithm)) settings.compressions.push_back(algorithm);
  }
  if (options.verification) settings.known_certificates = std::make_shared<certificate::KnownCertificates>();
  settings.options = std::move(options);
  const bool needs_group = settings.speaks_tls13() &&
                           (settings.allows(PskKeyExchangeMode::psk_dhe_ke) || settings.uses_certificates());
  if (settings.groups.empty() && needs_group) return fail(Reason::no_group_configured);
  if (settings.uses_certificates()) {
    constexpr std::uint8_t zeros[crypto::max_hash_size] = {};
    for (const HashAlgorithm algorithm : {HashAlgorithm::sha256, HashAlgorithm::sha384}) {
      const crypto::Hash& hash = settings.provider->hash(algorithm);
      settings.without_psk[static_cast<std::size_t>(algorithm)] =
          psk::derive_psk_secrets(hash, {zeros, hash.size()}, psk::PskKind::external);
    }
  }
  return settings;
}

}  // namespace sesame::policy
