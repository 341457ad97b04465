// A context's options with everything resolved that can be resolved once.
#pragma once

#include <sesame/context.h>

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "crypto/public_random.h"
#include "policy/suites.h"
#include "psk/secrets.h"

namespace sesame::certificate {
class KnownCertificates;
}

namespace sesame::policy {

struct Settings {
  ContextOptions options;
  std::shared_ptr<const crypto::Provider> provider;
  std::shared_ptr<certificate::KnownCertificates> known_certificates;  ///< where the peer's are judged
  std::vector<Suite> suites;        ///< of TLS 1.3, in order of preference; what libcrypto lacks is left out
  std::vector<Suite> suites_below;  ///< of TLS 1.2 and below, likewise
  std::vector<NamedGroup> groups;   ///< likewise
  /// What of the configured versions can be spoken: TLS 1.3 only with a suite of it, and so on.
  ProtocolVersion lowest = ProtocolVersion::tls13, highest = ProtocolVersion::tls13;
  std::vector<HashAlgorithm> hashes;                          ///< of the suites of TLS 1.3, in their order
  std::vector<CertificateCompressionAlgorithm> compressions;  ///< likewise
  /// The secrets of a handshake without a pre-shared key (RFC 8446 section 7.1: zeros in its place), for each
  /// HashAlgorithm.
  std::array<psk::PskSecrets, 2> without_psk;

  const Suite* suite(CipherSuite id) const noexcept {
    for (const Suite& s : suites) {
      if (s.id == id) return &s;
    }
    return nullptr;
  }
  const Suite* suite_below(CipherSuite id) const noexcept {
    for (const Suite& s : suites_below) {
      if (s.id == id) return &s;
    }
    return nullptr;
  }
  bool speaks(ProtocolVersion version) const noexcept { return lowest <= version && version <= highest; }
  bool speaks_tls13() const noexcept { return highest == ProtocolVersion::tls13; }
  bool speaks_below() const noexcept { return lowest < ProtocolVersion::tls13; }
  bool has_suite_for(HashAlgorithm hash) const noexcept {
    for (const Suite& s : suites) {
      if (s.hash == hash) return true;
    }
    return false;
  }
  /// Whether handshakes by certificate are possible on this side's part: it shows some, or takes some.
  bool uses_certificates() const noexcept {
    return !options.certificates.empty() || options.verification.has_value();
  }
  bool takes(CertificateType type) const noexcept {
    for (const CertificateType t : options.peer_certificate_types) {
      if (t == type) return true;
    }
    return false;
  }
  bool allows(PskKeyExchangeMode mode) const noexcept {
    for (const PskKeyExchangeMode m : options.psk_modes) {
      if (m == mode) return true;
    }
    return false;
  }
  TimePoint now() const { return options.clock ? options.clock() : std::chrono::system_clock::now(); }
  /// Random octets that are secret until they are sent.
  Expected<> random(MutableBytes out) const {
    if (!options.random) return provider->random(out);
    options.random(out);
    return {};
  }
  /// Random octets of a hello, which everybody will see.
  Expected<> public_random(MutableBytes out) const {
    if (!options.random) return crypto::public_random(*provider, out);
    options.random(out);
    return {};
  }
};

/// Errors: as Context::create.
Expected<Settings> resolve(ContextOptions options);

}  // namespace sesame::policy
