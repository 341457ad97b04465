#include "tls12/negotiate.h"

#include <algorithm>

#include "extension/bodies.h"
#include "handshake/client_start.h"
#include "message/tls12.h"

namespace sesame::tls12 {

using extension::Extensions;
using extension::ExtensionType;
using enum ProtocolVersion;

namespace {

template <class T, std::size_t Lowest, std::size_t Highest>
bool contains(const wire::list<T, Lowest, Highest>& list, T value) {
  bool found = false;
  list.for_each([&](T element) { return !(found = element == value); });
  return found;
}

// RFC 8446 section 4.1.2: what was agreed on stays, whatever more the client offers now.
Expected<ProtocolVersion> keep_version(const Offer& offer, ProtocolVersion present) {
  bool offered = offer.hello.legacy_version >= static_cast<std::uint16_t>(present);
  if (offer.has(ExtensionType::supported_versions)) {
    const auto versions =
        offer.extensions.read<extension::SupportedVersionsOffer>(ExtensionType::supported_versions);
    if (!versions) return std::unexpected(versions.error());
    offered = contains(versions->versions, static_cast<std::uint16_t>(present));
  }
  if (!offered) return fail(Reason::renegotiation_changed, "the version");
  return present;
}

Expected<> read_curves(Offer& offer) {
  const Extensions& extensions = offer.extensions;
  // RFC 8422 section 5.1.2: uncompressed points are what there is.
  if (extensions.has(ExtensionType::ec_point_formats)) {
    const auto formats = extensions.read<extension::EcPointFormatList>(ExtensionType::ec_point_formats);
    if (!formats) return std::unexpected(formats.error());
    if (!contains(formats->ec_point_format_list, extension::EcPointFormat::uncompressed))
      return fail(Reason::point_format_missing);
  }
  if (!extensions.has(ExtensionType::supported_groups)) return {};
  const auto groups = extensions.read<extension::NamedGroupList>(ExtensionType::supported_groups);
  if (!groups) return std::unexpected(groups.error());
  offer.has_groups = true;
  offer.groups = groups->named_group_list;
  offer.wanted.curves = offer.groups;
  offer.groups.for_each([&](NamedGroup group) {  // RFC 7919 section 4: "even if unknown to the server"
    const auto value = static_cast<unsigned>(group);
    return !(offer.has_ffdhe = value >= 0x100 && value <= 0x1ff);
  });
  return {};
}

// What the client takes of a certificate, and whether it wants its status.
Expected<> read_wanted(Offer& offer) {
  const Extensions& extensions = offer.extensions;
  certificate::Wanted12& wanted = offer.wanted;
  wanted.version = offer.version;
  wanted.server_name = offer.server_name;
  // RFC 5246 section 7.4.1.4.1: of TLS 1.2 only.
  if (offer.version == tls12 && extensions.has(ExtensionType::signature_algorithms)) {
    const auto schemes = extensions.read<extension::SignatureSchemeList>(ExtensionType::signature_algorithms);
    if (!schemes) return std::unexpected(schemes.error());
    wanted.signature_algorithms = schemes->supported_signature_algorithms;
    if (extensions.has(ExtensionType::signature_algorithms_cert)) {
      const auto of_chain =
          extensions.read<extension::SignatureSchemeList>(ExtensionType::signature_algorithms_cert);
      if (!of_chain) return std::unexpected(of_chain.error());
      wanted.signature_algorithms_cert = of_chain->supported_signature_algorithms;
    }
  }
  if (extensions.has(ExtensionType::certificate_authorities)) {
    const auto names =
        extensions.read<extension::CertificateAuthorities>(ExtensionType::certificate_authorities);
    if (!names) return std::unexpected(names.error());
    wanted.certificate_authorities.raw = names->authorities.raw;
  }
  if (extensions.has(ExtensionType::server_certificate_type)) {
    const auto types =
        extensions.read<extension::CertificateTypeOffer>(ExtensionType::server_certificate_type);
    if (!types) return std::unexpected(types.error());
    offer.takes_x509 = contains(types->certificate_types, CertificateType::x509);
  }
  const auto staple = handshake::read_status_request(extensions, Side::client);
  if (!staple) return std::unexpected(staple.error());
  offer.wants_staple = *staple;
  return {};
}

// The extensions that are there or not, and the two that bring octets.
Expected<> read_flags(Offer& offer) {
  const Extensions& extensions = offer.extensions;
  for (const ExtensionType type : {ExtensionType::extended_master_secret, ExtensionType::encrypt_then_mac}) {
    if (!extensions[type].empty())  // RFC 7627 section 5.1, RFC 7366 section 2
      return fail(Reason::malformed_message, "the extension " + extension::name(type) + " has content");
  }
  offer.extended_master_secret = extensions.has(ExtensionType::extended_master_secret);
  offer.encrypt_then_mac = extensions.has(ExtensionType::encrypt_then_mac);
  if (extensions.has(ExtensionType::session_ticket))
    offer.session_ticket = extensions[ExtensionType::session_ticket];
  if (extensions.has(ExtensionType::renegotiation_info)) {
    const auto info = extensions.read<extension::RenegotiationInfo>(ExtensionType::renegotiation_info);
    if (!info) return std::unexpected(info.error());
    offer.renegotiated_connection = info->renegotiated_connection.data;
  }
  return {};
}

}  // namespace

Expected<Offer> read_offer(const policy::Settings& settings, Bytes client_hello,
                           std::optional<ProtocolVersion> present) {
  auto hello = handshake::read_hello(client_hello);
  if (!hello) return std::unexpected(std::move(hello.error()));
  Offer offer;
  static_cast<handshake::Hello&>(offer) = *hello;
  auto version = present ? keep_version(offer, *present) : handshake::choose_version(settings, offer);
  if (!version) return std::unexpected(std::move(version.error()));
  if (*version > tls12) return fail(Reason::internal_error, "a ClientHello of TLS 1.3");
  offer.version = *version;
  offer.hello.cipher_suites.for_each([&](CipherSuite id) { offer.suites.add(id); });
  offer.signals_renegotiation = offer.suites.has(message::empty_renegotiation_info_scsv);
  // RFC 5246 section 7.4.1.2: null is always among them.
  if (std::ranges::find(offer.hello.legacy_compression_methods.data, 0) ==
      offer.hello.legacy_compression_methods.data.end())
    return fail(Reason::compression_not_null, "null is not among the compression methods");
  auto ok = handshake::read_server_name(offer);
  if (ok) ok = read_curves(offer);
  if (ok) ok = read_wanted(offer);
  if (ok) ok = read_flags(offer);
  if (!ok) return std::unexpected(std::move(ok.error()));
  return offer;
}

Expected<bool> check_renegotiation_info(const Offer& offer, Bytes verify_data) {
  const auto& info = offer.renegotiated_connection;
  if (verify_data.empty()) {  // section 3.6
    if (info && !info->empty())
      return fail(Reason::renegotiation_info_wrong, "it has content in the first handshake");
    return info || offer.signals_renegotiation;
  }
  // Section 3.7.
  if (offer.signals_renegotiation)
    return fail(Reason::renegotiation_info_wrong, "the signalling value in a renegotiation");
  if (!info) return fail(Reason::renegotiation_info_wrong, "it is missing");
  if (!secret::equal_in_constant_time(*info, verify_data)) return fail(Reason::renegotiation_info_wrong);
  return true;
}

namespace {

// What a suite that both sides have lacks to work.
enum class Obstacle : std::uint8_t {
  nothing,
  key_source,
  curve,
  prime,
  their_prime,
  x509,
  certificate,
  client_certificate,
};

// The certificates that the kinds of suites want, each looked for once.
class Certificates {
 public:
  Certificates(const policy::Settings& settings, const Offer& offer) : settings_(settings), offer_(offer) {}

  /// nullptr: there is none that fits.
  const certificate::Chosen* find(KeyExchangeMethod method) {
    Slot& slot = slots_[slot_of(method)];
    if (!slot.looked) {
      slot.looked = true;
      slot.error = Error(Reason::no_certificate_usable);
      if (!settings_.options.certificates.empty()) look(method, slot);
    }
    return slot.chosen.key ? &slot.chosen : nullptr;
  }
  /// Why find() found none.
  Error error(KeyExchangeMethod method) const { return slots_[slot_of(method)].error; }

 private:
  struct Slot {
    bool looked = false;
    certificate::Chosen chosen;
    Error error{Reason::no_certificate_usable};
  };
  static std::size_t slot_of(KeyExchangeMethod method) noexcept {
    if (policy::uses_rsa_transport(method)) return 2;
    return method == KeyExchangeMethod::ecdhe_ecdsa ? 0 : 1;
  }
  void look(KeyExchangeMethod method, Slot& slot) {
    certificate::Wanted12 wanted = offer_.wanted;
    wanted.ecdsa = method == KeyExchangeMethod::ecdhe_ecdsa;
    wanted.rsa = !wanted.ecdsa;
    wanted.transport = policy::uses_rsa_transport(method);
    auto chosen = certificate::choose_tls12(settings_.options.certificates,
                                            settings_.options.signature_schemes, wanted);
    if (chosen) {
      slot.chosen = *chosen;
    } else {
      slot.error = std::move(chosen.error());
    }
  }

  const policy::Settings& settings_;
  const Offer& offer_;
  Slot slots_[3];
};

// RFC 8422 section 5.1: a client that names no curves takes any. Such clients are old, and have the first of
// NIST's if they have one at all.
std::optional<NamedGroup> choose_curve(const policy::Settings& settings, const Offer& offer) {
  std::optional<NamedGroup> first;
  for (const NamedGroup group : settings.groups) {
    if (!handshake::is_elliptic_curve(group)) continue;
    if (offer.has_groups ? contains(offer.groups, group) : group == NamedGroup::secp256r1) return group;
    if (!first) first = group;
  }
  return offer.has_groups ? std::nullopt : first;
}

// RFC 7919 section 4: a client that names primes gets one of them; others, the first of this side's.
std::optional<NamedGroup> choose_prime(const policy::Settings& settings, const Offer& offer) {
  for (const NamedGroup group : settings.groups) {
    const auto value = static_cast<unsigned>(group);
    if (value < 0x100 || value > 0x1ff) continue;
    if (!offer.has_ffdhe || contains(offer.groups, group)) return group;
  }
  return std::nullopt;
}

Obstacle find_obstacle(const policy::Settings& settings, const Offer& offer, const policy::Suite& suite,
                       Certificates& certificates, Negotiated& out) {
  const KeyExchangeMethod method = suite.key_exchange;
  out.group.reset();
  out.certificate = {};
  if (policy::uses_psk(method) && !settings.options.psk_source) return Obstacle::key_source;
  if (policy::uses_ecdhe(method)) {
    out.group = choose_curve(settings, offer);
    if (!out.group) return Obstacle::curve;
  }
  if (policy::uses_dhe(method)) {
    out.group = choose_prime(settings, offer);
    if (!out.group) return offer.has_ffdhe ? Obstacle::their_prime : Obstacle::prime;
  }
  // RFC 5246 section 7.4.4: an anonymous server cannot ask for what is required here.
  const bool requires_certificate = settings.options.client_certificates == ClientCertificates::require;
  if (requires_certificate && policy::is_anonymous(method)) return Obstacle::client_certificate;
  if (policy::shows_certificate(method)) {
    if (requires_certificate && !settings.takes(CertificateType::x509)) return Obstacle::client_certificate;
    if (!offer.takes_x509) return Obstacle::x509;
    const certificate::Chosen* const chosen = certificates.find(method);
    if (!chosen) return Obstacle::certificate;
    out.certificate = *chosen;
  }
  return Obstacle::nothing;
}

Error describe(Obstacle obstacle, const policy::Suite& suite, const Certificates& certificates) {
  const std::string name(sesame::name(suite.id));
  switch (obstacle) {
    case Obstacle::key_source:
      return {Reason::no_common_suite, name + " needs keys, and this side has no source of any"};
    case Obstacle::curve:
      return {Reason::no_common_group, name + " needs an elliptic curve"};
    case Obstacle::prime:
      return {Reason::no_common_group, name + " needs a group of RFC 7919, and this side has none"};
    case Obstacle::their_prime:  // RFC 7919 section 4
      return Error(Reason::no_common_group, name + " needs a group of RFC 7919 that the client named")
          .with_alert(Alert::insufficient_security);
    case Obstacle::x509:
      return {Reason::no_common_certificate_type, name + " needs an X.509 certificate"};
    case Obstacle::certificate: {
      const Error why = certificates.error(suite.key_exchange);
      std::string detail = name + " needs a certificate";
      if (!why.detail().empty()) detail.append(": ").append(why.detail());
      return {why.reason(), std::move(detail)};
    }
    case Obstacle::client_certificate:
      return {Reason::no_common_suite, name + " has no client certificate of a kind that this side takes"};
    case Obstacle::nothing:
      break;
  }
  return Error(Reason::internal_error);
}

}  // namespace

Expected<> choose_suite(const policy::Settings& settings, const Offer& offer, Negotiated& out) {
  Certificates certificates(settings, offer);
  const policy::Suite* best = nullptr;  // of those that cannot work
  Obstacle lacks = Obstacle::nothing;
  for (const policy::Suite& suite : settings.suites_below) {
    if (!suite.is_for(offer.version) || !offer.suites.has(suite.id)) continue;
    const Obstacle obstacle = find_obstacle(settings, offer, suite, certificates, out);
    if (obstacle == Obstacle::nothing) {
      out.suite = &suite;
      const ContextOptions& options = settings.options;
      out.certificate_request = options.client_certificates != ClientCertificates::none &&
                                settings.takes(CertificateType::x509) &&
                                policy::may_ask_for_certificate(suite.key_exchange);
      out.staple = out.certificate.key && offer.wants_staple &&
                   !certificate::CertifiedKeyAccess::body(*out.certificate.key).ocsp_response.empty();
      return {};
    }
    if (!best) best = &suite, lacks = obstacle;
  }
  if (best) return std::unexpected(describe(lacks, *best, certificates));
  return fail(Reason::no_common_suite, "of " + std::string(sesame::name(offer.version)));
}

const policy::Suite* common_suite(const policy::Settings& settings, const Offer& offer,
                                  CipherSuite id) noexcept {
  const policy::Suite* const suite = offer.suites.has(id) ? settings.suite_below(id) : nullptr;
  return suite && suite->is_for(offer.version) ? suite : nullptr;
}

Expected<> choose_suite_of_secret(const policy::Settings& settings, const Offer& offer,
                                  std::optional<CipherSuite> wanted, Negotiated& out) {
  out.suite = wanted ? common_suite(settings, offer, *wanted) : nullptr;
  for (const policy::Suite& suite : settings.suites_below) {
    if (out.suite) break;
    out.suite = common_suite(settings, offer, suite.id);
  }
  if (!out.suite) return fail(Reason::no_common_suite, "of " + std::string(sesame::name(offer.version)));
  return {};
}

void choose_extensions(const policy::Settings& settings, const Offer& offer, Negotiated& out) noexcept {
  out.extended_master_secret = offer.extended_master_secret;
  // RFC 7366 section 3: with a block cipher only.
  out.encrypt_then_mac = offer.encrypt_then_mac && settings.options.encrypt_then_mac && out.suite->cbc;
}

}  // namespace sesame::tls12
