#include "handshake/client_start.h"

#include <algorithm>
#include <cctype>

#include "extension/bodies.h"
#include "message/tls12.h"
#include "psk/credential_body.h"

namespace sesame::handshake {

using extension::ExtensionType;
using enum ProtocolVersion;

namespace {

// RFC 6066 section 3: a DNS name without a trailing dot; literal addresses are not permitted.
Expected<std::string> server_name_to_send(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.find(':') != std::string_view::npos) return std::string();
  const bool is_ipv4 =
      std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) || c == '.'; });
  if (is_ipv4) return std::string();
  const bool is_dns_name = name.size() <= 253 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
                             return std::isalnum(c) || c == '-' || c == '.' || c == '_';
                           });
  if (!is_dns_name) {
    return fail(Reason::invalid_argument, "server_name is no DNS name: " + escaped(as_bytes(name)));
  }
  return std::string(name);
}

}  // namespace

Expected<> begin_start(const Endpoint& endpoint, const ClientOptions& options, ClientStart& start) {
  const policy::Settings& settings = *endpoint.settings;
  start.now = settings.now();
  if (!options.server_name.empty()) {
    auto name = server_name_to_send(options.server_name);
    if (!name) return std::unexpected(std::move(name.error()));
    endpoint.established.server_name = std::move(*name);
  }
  start.verify_name = options.verify_name ? *options.verify_name : options.server_name;
  if (start.verify_name.ends_with('.')) start.verify_name.pop_back();  // absolute; certificates have none
  start.offers_certificates = settings.options.verification.has_value();
  if (options.credentials) {
    start.own_credentials.assign(options.credentials->begin(), options.credentials->end());
    start.credentials = start.own_credentials;
  } else {
    start.credentials = settings.options.credentials;
  }
  return {};
}

std::optional<Session> take_session(const Endpoint& endpoint, const ClientOptions& options,
                                    const ClientStart& start) {
  const ContextOptions& context = endpoint.settings->options;
  const std::string_view key = options.session_key.empty() ? options.server_name : options.session_key;
  if (context.session_store) endpoint.established.extras().session_key = key;
  if (context.session_store || context.on_session)
    endpoint.established.extras().session_name = start.verify_name;
  if (options.session) return options.session;
  if (!context.session_store || key.empty()) return std::nullopt;
  return context.session_store->take(key, start.now);
}

// ---- TLS 1.2 and below ----

bool fits_below(const Endpoint& endpoint, const ClientStart& start, const Credential& credential) {
  const psk::CredentialBody& body = psk::CredentialAccess::body(credential);
  if (!is_for_tls12(body.usage)) return false;
  if (body.not_before && start.now < *body.not_before) return false;
  if (body.not_after && start.now >= *body.not_after) return false;
  if (!body.server_name.empty() && body.server_name != endpoint.established.server_name) return false;
  const auto& alpn = endpoint.settings->options.alpn;
  return body.alpn.empty() || std::find(alpn.begin(), alpn.end(), body.alpn) != alpn.end();
}

bool fits_below(const Endpoint& endpoint, const ClientStart& start, const session::SessionBody& session) {
  const policy::Settings& settings = *endpoint.settings;
  if (session.version == tls13 || session.version > settings.highest || session.version < settings.lowest)
    return false;
  const policy::Suite* const suite = settings.suite_below(session.cipher_suite);
  if (!suite || !suite->is_for(session.version) || session.psk.empty()) return false;
  if (session.ticket.empty() && session.session_id.empty()) return false;
  if (start.now < session.issued - std::chrono::hours(1) || start.now >= session.issued + session.lifetime)
    return false;
  if (session.server_name != start.verify_name) return false;
  // RFC 7627 section 5.3: a session without it is not offered by who requires it.
  if (settings.options.require_extended_master_secret && !session.extended_master_secret) return false;
  const bool takes_certificate = start.offers_certificates && settings.takes(CertificateType::x509);
  const auto has_key = [&] {
    return std::any_of(start.credentials.begin(), start.credentials.end(), [&](const Credential& c) {
      return fits_below(endpoint, start, c) && as_text(c.identity()) == session.psk_identity;
    });
  };
  switch (session.authentication) {
    case Authentication::external_psk:
      return has_key();
    case Authentication::certificate:
      return takes_certificate;
    case Authentication::certificate_with_external_psk:  // RSA_PSK
      return takes_certificate && has_key();
    default:
      return false;
  }
}

namespace {

// Whether this client has what the key exchange needs.
bool could_work(const Endpoint& endpoint, const ClientStart& start, const policy::Suite& suite,
                bool has_psk) {
  const policy::Settings& settings = *endpoint.settings;
  const KeyExchangeMethod method = suite.key_exchange;
  if (policy::uses_psk(method) && !has_psk) return false;
  if (policy::shows_certificate(method) &&
      !(start.offers_certificates && settings.takes(CertificateType::x509)))
    return false;
  if (policy::uses_ecdhe(method)) {
    return std::any_of(settings.groups.begin(), settings.groups.end(), is_elliptic_curve);
  }
  return true;  // a suite without authentication stands in the list only because it was asked for
}

}  // namespace

bool is_elliptic_curve(NamedGroup group) noexcept {
  // RFC 7919 section 2; the hybrids are for TLS 1.3 only.
  return static_cast<std::uint16_t>(group) < 0x0100;
}

Expected<> offer_below(const Endpoint& endpoint, const ClientOptions& options, std::optional<Session> session,
                       ClientStart& start) {
  const policy::Settings& settings = *endpoint.settings;
  if (options.session_ticket && options.session_ticket->size() > 0xffff)
    return fail(Reason::invalid_argument, "session_ticket has over 65535 octets");
  if (!settings.speaks_below()) return {};
  const bool has_psk = settings.options.select_psk ||
                       std::any_of(start.credentials.begin(), start.credentials.end(),
                                   [&](const Credential& c) { return fits_below(endpoint, start, c); });
  auto below = std::make_unique<OfferBelow>();
  below->highest = std::min(settings.highest, tls12);
  below->lowest = settings.lowest;
  if (session && fits_below(endpoint, start, session::SessionAccess::body(*session)))
    below->session = std::move(session);
  if (options.session_ticket)
    below->session_ticket.emplace(options.session_ticket->begin(), options.session_ticket->end());
  below->session_secret = options.session_secret;
  const bool by_secret = below->session_secret && below->session_ticket;
  for (const policy::Suite& suite : settings.suites_below) {
    const bool resumes =
        below->session && session::SessionAccess::body(*below->session).cipher_suite == suite.id;
    // With a session secret the suite's own key exchange is not done; the fallback may still need it.
    if (by_secret || resumes || could_work(endpoint, start, suite, has_psk)) below->suites.push_back(&suite);
  }
  if (!below->suites.empty()) start.below = std::move(below);
  return {};
}

Expected<> draw_randoms(const Endpoint& endpoint, bool wants_session_id, ClientStart& start) {
  Bytes resumed_id;
  if (start.below && start.below->session) {
    const session::SessionBody& session = session::SessionAccess::body(*start.below->session);
    resumed_id = session.session_id;
    // RFC 5077 section 3.4: so that the echo tells a resumed session from a full handshake.
    wants_session_id = wants_session_id || resumed_id.empty();
  }
  start.session_id_size = wants_session_id ? 32 : 0;
  std::array<std::uint8_t, 64> random;
  auto ok =
      endpoint.settings->public_random(MutableBytes(random).first(std::size_t{32} + start.session_id_size));
  if (!ok) return ok;
  std::copy_n(random.begin(), 32, start.random.begin());
  std::copy_n(random.begin() + 32, start.session_id_size, start.session_id.begin());
  if (!resumed_id.empty()) {
    std::copy(resumed_id.begin(), resumed_id.end(), start.session_id.begin());
    start.session_id_size = static_cast<std::uint8_t>(resumed_id.size());
  }
  return {};
}

void write_suites_below(const Endpoint&, const ClientStart& start, wire::Writer& w) {
  if (!start.below) return;
  for (const policy::Suite* suite : start.below->suites) write(w, suite->id);
  // RFC 5746 section 3.4: in place of an empty renegotiation_info.
  write(w, message::empty_renegotiation_info_scsv);
}

namespace {

std::uint8_t max_fragment_length_code(std::size_t octets) {
  return octets == 512 ? 1 : octets == 1024 ? 2 : octets == 2048 ? 3 : 4;
}

// RFC 7250 section 3: only where something else than X.509 is possible.
template <class Extension>
void write_certificate_types(const policy::Settings& settings, wire::Writer& w, Extension&& extension) {
  const ContextOptions& options = settings.options;
  const auto& theirs = options.peer_certificate_types;
  if (theirs.size() != 1 || theirs[0] != CertificateType::x509) {
    extension(ExtensionType::server_certificate_type, [&] {
      w.prefixed(1, [&] {
        for (const CertificateType type : theirs) write(w, type);
      });
    });
  }
  std::vector<CertificateType> ours;
  for (const CertifiedKey& key : options.certificates) {
    if (std::find(ours.begin(), ours.end(), key.type()) == ours.end()) ours.push_back(key.type());
  }
  if (ours.empty() || (ours.size() == 1 && ours[0] == CertificateType::x509)) return;
  extension(ExtensionType::client_certificate_type, [&] {
    w.prefixed(1, [&] {
      for (const CertificateType type : ours) write(w, type);
    });
  });
}

}  // namespace

void write_common_extensions(const Endpoint& endpoint, ClientStart& start, bool groups, wire::Writer& w) {
  const ContextOptions& options = endpoint.settings->options;
  const auto extension = [&](ExtensionType type, auto&& body) {
    start.requested.add(type);
    write_extension(w, type, body);
  };
  if (const std::string& name = endpoint.established.server_name; !name.empty()) {
    extension(ExtensionType::server_name, [&] {
      w.prefixed(2,
                 [&] { write(w, extension::ServerName{extension::NameType::host_name, {as_bytes(name)}}); });
    });
  }
  if (options.max_fragment_length != 0) {
    extension(ExtensionType::max_fragment_length,
              [&] { w.uint(max_fragment_length_code(options.max_fragment_length), 1); });
  }
  if (groups) {
    extension(ExtensionType::supported_groups, [&] {
      w.prefixed(2, [&] {
        for (const NamedGroup group : endpoint.settings->groups) write(w, group);
      });
    });
  }
  if (start.offers_certificates) {
    write_wanted(*endpoint.settings, Side::client, w, extension);
    write_certificate_types(*endpoint.settings, w, extension);
  }
  if (!options.alpn.empty()) {
    extension(ExtensionType::application_layer_protocol_negotiation, [&] {
      w.prefixed(2, [&] {
        for (const std::string& protocol : options.alpn) write(w, wire::opaque<1, 255>{as_bytes(protocol)});
      });
    });
  }
  if (options.record_size_limit != 0) {
    // RFC 8449 section 4: in TLS 1.3 the limit counts the content type as well; a client that offers both
    // versions says the larger number, and takes a record that is one octet longer.
    const std::size_t type = endpoint.settings->speaks_tls13() ? 1 : 0;
    extension(ExtensionType::record_size_limit,
              [&] { w.uint(static_cast<std::uint32_t>(options.record_size_limit + type), 2); });
  }
}

void write_extensions_below(const Endpoint& endpoint, ClientStart& start, Bytes client_verify_data,
                            wire::Writer& w) {
  if (!start.below) return;
  OfferBelow& below = *start.below;
  const ContextOptions& options = endpoint.settings->options;
  const auto extension = [&](ExtensionType type, auto&& body) {
    start.requested.add(type);
    write_extension(w, type, body);
  };
  if (!client_verify_data.empty()) {  // RFC 5746 section 3.5
    extension(ExtensionType::renegotiation_info, [&] { w.prefixed(1, [&] { w.put(client_verify_data); }); });
  } else {
    start.requested.add(ExtensionType::renegotiation_info);  // by the signalling value
  }
  extension(ExtensionType::extended_master_secret, [] {});  // RFC 7627 section 5.1
  const bool has_cbc = std::any_of(below.suites.begin(), below.suites.end(),
                                   [](const policy::Suite* s) { return s->cbc != nullptr; });
  if (options.encrypt_then_mac && has_cbc) extension(ExtensionType::encrypt_then_mac, [] {});
  const bool has_ecdhe = std::any_of(below.suites.begin(), below.suites.end(), [](const policy::Suite* s) {
    return policy::uses_ecdhe(s->key_exchange);
  });
  if (has_ecdhe) {  // RFC 8422 section 5.1.2
    extension(ExtensionType::ec_point_formats,
              [&] { w.prefixed(1, [&] { write(w, extension::EcPointFormat::uncompressed); }); });
  }
  // RFC 5077 section 3.2: the ticket, or empty for who could use one.
  Bytes ticket;
  if (below.session) ticket = session::SessionAccess::body(*below.session).ticket;
  if (below.session_ticket) ticket = *below.session_ticket;
  below.sent_session_ticket = !ticket.empty();
  // A session that is resumed by its identifier wants no ticket; a provider without a PAC has none to show.
  const bool wants_ticket = (options.session_store || options.on_session) && !below.session_secret;
  if (below.session_ticket || !ticket.empty() || wants_ticket)
    extension(ExtensionType::session_ticket, [&] { w.put(ticket); });
}

Expected<ProtocolVersion> version_of_server_hello(Bytes server_hello) {
  const auto hello = wire::decode<message::ServerHello>(server_hello);
  if (!hello) return malformed(hello.error(), message::HandshakeType::server_hello);
  bool has_selected = false;
  hello->extensions.for_each([&](const message::Extension& e) {
    has_selected = has_selected || e.extension_type == ExtensionType::supported_versions;
  });
  // What it selects is for the machine of TLS 1.3 to judge: the older versions do not have the extension.
  return has_selected ? tls13 : static_cast<ProtocolVersion>(hello->legacy_version);
}

}  // namespace sesame::handshake
