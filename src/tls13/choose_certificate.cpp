// The certificate for a ClientHello, and what goes with it.
#include <algorithm>

#include "extension/bodies.h"
#include "tls13/authentication.h"
#include "tls13/negotiate.h"

namespace sesame::tls13 {

using extension::ExtensionType;

namespace {

template <class T, std::size_t Lowest, std::size_t Highest>
bool contains(const wire::list<T, Lowest, Highest>& list, T value) {
  bool found = false;
  list.for_each([&](T element) { return !(found = element == value); });
  return found;
}

// RFC 7250 section 4.2: the types that the client can verify, and that it can show.
Expected<> choose_types(const policy::Settings& settings, const Offer& offer, Negotiated& out) {
  const ContextOptions& options = settings.options;
  if (offer.has(ExtensionType::server_certificate_type)) {
    const auto types =
        offer.extensions.read<extension::CertificateTypeOffer>(ExtensionType::server_certificate_type);
    if (!types) return std::unexpected(types.error());
    for (const CertifiedKey& key : options.certificates) {
      if (out.server_type || !contains(types->certificate_types, key.type())) continue;
      out.server_type = key.type();
    }
    if (!out.server_type) return fail(Reason::no_common_certificate_type, "of the server");
  }
  if (options.client_certificates == ClientCertificates::none) return {};
  if (offer.has(ExtensionType::client_certificate_type)) {
    const auto types =
        offer.extensions.read<extension::CertificateTypeOffer>(ExtensionType::client_certificate_type);
    if (!types) return std::unexpected(types.error());
    for (const CertificateType type : options.peer_certificate_types) {
      if (!out.client_type && contains(types->certificate_types, type)) out.client_type = type;
    }
    if (!out.client_type) return fail(Reason::no_common_certificate_type, "of the client");
  } else if (!settings.takes(CertificateType::x509) &&
             options.client_certificates == ClientCertificates::require) {
    return fail(Reason::no_common_certificate_type, "of the client: it shows X.509 only");
  }
  return {};
}

}  // namespace

bool can_use_certificate(const policy::Settings& settings, const Offer& offer) noexcept {
  return !settings.options.certificates.empty() && offer.has(ExtensionType::signature_algorithms) &&
         offer.has(ExtensionType::supported_groups);
}

Expected<> choose_certificate(const policy::Settings& settings, const Offer& offer, Negotiated& out) {
  if (auto ok = choose_types(settings, offer, out); !ok) return ok;
  auto wanted = read_wanted(offer.extensions);
  if (!wanted) return std::unexpected(std::move(wanted.error()));
  wanted->server_name = offer.server_name;
  wanted->type = out.server_type.value_or(CertificateType::x509);
  auto chosen =
      certificate::choose(settings.options.certificates, settings.options.signature_schemes, *wanted);
  if (!chosen) return std::unexpected(std::move(chosen.error()));
  out.certificate = *chosen;
  const auto staple = read_status_request(offer.extensions, Side::client);
  if (!staple) return std::unexpected(staple.error());
  out.staple = *staple;
  const auto compression = read_compression(settings, offer.extensions);
  if (!compression) return std::unexpected(compression.error());
  out.compression = *compression;
  return {};
}

Expected<> choose_cert_with_extern_psk(const policy::Settings& settings, const Offer& offer,
                                       Negotiated& out) {
  const CertWithExternPsk policy = settings.options.cert_with_extern_psk;
  const bool offered = offer.has(ExtensionType::tls_cert_with_extern_psk);
  if (offered) {
    if (!offer.extensions[ExtensionType::tls_cert_with_extern_psk].empty())
      return fail(Reason::malformed_message, "tls_cert_with_extern_psk is not empty");
    // RFC 8773 section 4.
    if (offer.has(ExtensionType::early_data))
      return fail(Reason::extension_misplaced, "early_data beside tls_cert_with_extern_psk");
  }
  if (policy == CertWithExternPsk::off) return {};
  const bool external = out.secrets && !out.session;
  if (offered && external && can_use_certificate(settings, offer)) {
    out.by_certificate = true;
    return {};
  }
  if (policy == CertWithExternPsk::require && !out.session)
    return fail(Reason::certificate_with_psk_required);
  return {};
}

void choose_early_data(const policy::Settings& settings, const Offer& offer, TimePoint now, Negotiated& out) {
  const EarlyDataOptions& options = settings.options.early_data;
  if (!offer.has(ExtensionType::early_data) || !options.guard || !out.secrets || out.by_certificate) return;
  // Section 4.2.10: the first key, its suite, its protocol.
  if (out.selected_identity != 0) return;
  const std::string_view alpn = out.alpn ? std::string_view(*out.alpn) : std::string_view();
  using std::chrono::milliseconds;
  if (out.session) {
    const session::SessionBody& session = session::SessionAccess::body(*out.session);
    const std::uint32_t limit = std::min(session.max_early_data, options.limit);
    if (limit == 0 || session.cipher_suite != out.suite->id || session.alpn != alpn) return;
    const milliseconds stated(out.obfuscated_ticket_age - session.age_add);  // modulo 2^32
    const auto found = std::chrono::duration_cast<milliseconds>(now - session.issued);
    if (options.guard->check_ticket(out.binder, stated, found, now) == ReplayGuard::Verdict::fresh)
      out.early_data = limit;
    return;
  }
  const ExternalEarlyData& external = out.external_early_data;
  if (external.limit == 0 || external.cipher_suite != out.suite->id) return;
  if (options.guard->check_external(out.binder, out.not_before, out.not_after, now) ==
      ReplayGuard::Verdict::fresh)
    out.early_data = external.limit;
}

}  // namespace sesame::tls13
