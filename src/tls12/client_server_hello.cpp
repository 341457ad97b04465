// The ServerHello of TLS 1.2 and below (RFC 5246 section 7.4.1.3): what it may say, and what follows from it:
// a full handshake, a session that is resumed, or a session secret that may be used.
#include <algorithm>

#include "extension/bodies.h"
#include "tls12/client.h"

namespace sesame::tls12 {

using extension::Extensions;
using extension::ExtensionType;
using extension::In;
using handshake::Incoming;
using enum ClientState;
using enum ProtocolVersion;

namespace {

bool ends_with(const message::Random& random, const std::array<std::uint8_t, 8>& sentinel) {
  return std::equal(sentinel.begin(), sentinel.end(), random.end() - 8);
}

// Extensions that only say that something is done.
Expected<bool> read_flag(const Extensions& extensions, ExtensionType type) {
  if (!extensions.has(type)) return false;
  if (!extensions[type].empty())
    return fail(Reason::malformed_message, "the server's " + extension::name(type) + " is not empty");
  return true;
}

}  // namespace

Expected<> Client::check_version(const message::ServerHello& hello) const {
  const ClientHandshake& h = *handshake_;
  const auto version = static_cast<ProtocolVersion>(hello.legacy_version);
  if (version < h.below->lowest || version > h.below->highest) {
    if (h.renewed) return fail(Reason::renegotiation_changed, "another version");
    const std::string_view chosen = hello.legacy_version <= message::legacy_version_ssl30 ? "SSL 3.0"
                                    : version > tls12 ? "one that is not known"
                                                      : sesame::name(version);
    return fail(Reason::no_common_version, "the server chose " + std::string(chosen));
  }
  // RFC 8446 section 4.1.3: what a server says in its random that was made to choose less than it has. Where
  // this side offered TLS 1.2 at most, the mark of that is what it has to be.
  const bool is_less_than_12 = h.below->highest == tls12 && version < tls12;
  if ((h.offered_tls13 && (ends_with(hello.random, message::downgrade_to_tls12) ||
                           ends_with(hello.random, message::downgrade_to_tls11))) ||
      (is_less_than_12 && ends_with(hello.random, message::downgrade_to_tls11)))
    return fail(Reason::downgrade_detected);
  return {};
}

Expected<> Client::check_suite(const message::ServerHello& hello) {
  ClientHandshake& h = *handshake_;
  const auto& offered = h.below->suites;
  const auto found = std::ranges::find(offered, hello.cipher_suite, &policy::Suite::id);
  if (found == offered.end()) return fail(Reason::suite_not_offered);
  const auto version = static_cast<ProtocolVersion>(hello.legacy_version);
  if (!(*found)->is_for(version)) {
    return fail(Reason::suite_not_offered, std::string(sesame::name(hello.cipher_suite)) + " is not for " +
                                               std::string(sesame::name(version)));
  }
  if (hello.legacy_compression_method != 0) return fail(Reason::compression_not_null);
  h.suite = *found;
  return {};
}

// RFC 5746 sections 3.4 and 3.5.
Expected<> Client::check_renegotiation_info(const Extensions& extensions) {
  ClientHandshake& h = *handshake_;
  if (!extensions.has(ExtensionType::renegotiation_info)) {
    if (h.renewed || endpoint_.settings->options.require_renegotiation_info)
      return fail(Reason::renegotiation_info_missing);
    return {};
  }
  const auto info = extensions.read<extension::RenegotiationInfo>(ExtensionType::renegotiation_info);
  if (!info) return std::unexpected(info.error());
  std::array<std::uint8_t, 24> both{};
  Bytes expected;
  if (h.renewed) {
    const handshake::Below13& before = *endpoint_.established.below;
    const auto second = std::ranges::copy(before.client_finished, both.begin()).out;
    std::ranges::copy(before.server_finished, second);
    expected = both;
  }
  if (!secret::equal_in_constant_time(info->renegotiated_connection.data, expected))
    return fail(Reason::renegotiation_info_wrong);
  below().secure_renegotiation = true;
  return {};
}

Expected<> Client::check_alpn(const Extensions& extensions) {
  constexpr auto type = ExtensionType::application_layer_protocol_negotiation;
  if (!extensions.has(type)) return {};
  const auto list = extensions.read<extension::ProtocolNameList>(type);
  if (!list) return std::unexpected(list.error());
  // RFC 7301 section 3.1: exactly one.
  if (list->protocol_name_list.count() != 1)
    return fail(Reason::malformed_message, "ALPN: not exactly one protocol");
  const std::string_view protocol = as_text(list->protocol_name_list.raw.subspan(1));
  const auto& offered = endpoint_.settings->options.alpn;
  const auto found = std::ranges::find(offered, protocol);
  if (found == offered.end()) return fail(Reason::alpn_not_offered, escaped(as_bytes(protocol)));
  handshake_->alpn = &*found;
  return {};
}

Expected<> Client::check_record_limits(const Extensions& extensions) {
  ClientHandshake& h = *handshake_;
  const ContextOptions& options = endpoint_.settings->options;
  // RFC 8449 section 5: never both, since a context asks for one of them only.
  if (extensions.has(ExtensionType::max_fragment_length)) {
    const auto length = extensions.read<extension::MaxFragmentLength>(ExtensionType::max_fragment_length);
    if (!length) return std::unexpected(length.error());
    const auto code = static_cast<unsigned>(length->max_fragment_length);
    if (code < 1 || code > 4 || std::size_t{256} << code != options.max_fragment_length)
      return fail(Reason::max_fragment_length_mismatch);
    h.sent_limit = h.received_limit = static_cast<std::uint16_t>(options.max_fragment_length);
  }
  if (extensions.has(ExtensionType::record_size_limit)) {
    const auto limit = extensions.read<extension::RecordSizeLimit>(ExtensionType::record_size_limit);
    if (!limit) return std::unexpected(limit.error());
    if (limit->record_size_limit < 64) return fail(Reason::record_size_limit_invalid);
    h.sent_limit =
        static_cast<std::uint16_t>(std::min<std::size_t>(limit->record_size_limit, record::max_plaintext));
    // As it was said in the ClientHello, which counts the content type where it offers TLS 1.3.
    const std::size_t said = options.record_size_limit + (endpoint_.settings->speaks_tls13() ? 1 : 0);
    h.received_limit = static_cast<std::uint16_t>(std::min<std::size_t>(said, record::max_plaintext));
  }
  return {};
}

// RFC 7250 section 4.2: of what may be offered, these versions have X.509 here.
Expected<> Client::check_certificate_types(const Extensions& extensions) const {
  for (const ExtensionType type :
       {ExtensionType::server_certificate_type, ExtensionType::client_certificate_type}) {
    if (!extensions.has(type)) continue;
    const auto choice = extensions.read<extension::CertificateTypeChoice>(type);
    if (!choice) return std::unexpected(choice.error());
    if (choice->certificate_type != CertificateType::x509)
      return fail(Reason::no_common_certificate_type, "TLS 1.2 and below are spoken with X.509 only");
  }
  return {};
}

Expected<> Client::check_extensions(const message::ServerHello& hello, bool resumes) {
  ClientHandshake& h = *handshake_;
  const ContextOptions& options = endpoint_.settings->options;
  handshake::Below13& b = below();
  const auto extensions = Extensions::parse(hello.extensions, In::SH12, h.requested);
  if (!extensions) return std::unexpected(extensions.error());

  if (auto ok = check_renegotiation_info(*extensions); !ok) return ok;
  const auto ems = read_flag(*extensions, ExtensionType::extended_master_secret);
  if (!ems) return std::unexpected(ems.error());
  b.extended_master_secret = *ems;
  if (options.require_extended_master_secret && !*ems) return fail(Reason::extended_master_secret_missing);
  const auto etm = read_flag(*extensions, ExtensionType::encrypt_then_mac);
  if (!etm) return std::unexpected(etm.error());
  // RFC 7366 section 3: only with a block cipher.
  if (*etm && !h.suite->cbc)
    return fail(Reason::extension_misplaced, "encrypt_then_mac with " + std::string(name(h.suite->id)));
  b.encrypt_then_mac = *etm;
  if (extensions->has(ExtensionType::ec_point_formats)) {
    const auto formats = extensions->read<extension::EcPointFormatList>(ExtensionType::ec_point_formats);
    if (!formats) return std::unexpected(formats.error());
    bool has_uncompressed = false;
    formats->ec_point_format_list.for_each([&](extension::EcPointFormat format) {
      has_uncompressed = has_uncompressed || format == extension::EcPointFormat::uncompressed;
    });
    if (!has_uncompressed) return fail(Reason::point_format_missing);  // RFC 8422 section 5.2
  }
  if (const auto ok = read_flag(*extensions, ExtensionType::server_name); !ok)
    return std::unexpected(ok.error());
  if (auto ok = check_alpn(*extensions); !ok) return ok;
  if (auto ok = check_record_limits(*extensions); !ok) return ok;
  if (auto ok = check_certificate_types(*extensions); !ok) return ok;
  const auto status = read_flag(*extensions, ExtensionType::status_request);
  if (!status) return std::unexpected(status.error());
  h.status_announced = *status;
  const auto ticket = read_flag(*extensions, ExtensionType::session_ticket);
  if (!ticket) return std::unexpected(ticket.error());
  h.ticket_due = *ticket;
  return check_unchanged(resumes);
}

// What has to be as it was: in the session that is resumed, or before the renegotiation.
Expected<> Client::check_unchanged(bool resumes) const {
  const ClientHandshake& h = *handshake_;
  const handshake::Below13& b = below();
  if (resumes) {
    const session::SessionBody& session = session::SessionAccess::body(*h.below->session);
    if (h.suite->id != session.cipher_suite) return fail(Reason::resumption_changed, "another cipher suite");
    // RFC 7627 section 5.3.
    if (b.extended_master_secret != session.extended_master_secret)
      return fail(Reason::resumption_changed, "extended_master_secret");
    // RFC 7366 section 3.1: it may come, and may not go unless this side does without.
    if (session.encrypt_then_mac && !b.encrypt_then_mac && h.requested.has(ExtensionType::encrypt_then_mac))
      return fail(Reason::resumption_changed, "encrypt_then_mac");
    // RFC 7301 section 3.1 lets the protocol change; a key that is bound to one does not.
    for (const Credential& key : h.credentials) {
      if (key.alpn().empty() || as_text(key.identity()) != session.psk_identity) continue;
      if (!h.alpn || *h.alpn != key.alpn())
        return fail(Reason::no_common_alpn,
                    "the session's key is for the protocol " + escaped(as_bytes(key.alpn())) + " only");
    }
  }
  if (h.renewed) {
    const handshake::Below13& before = *endpoint_.established.below;
    if (b.extended_master_secret != before.extended_master_secret)
      return fail(Reason::renegotiation_changed, "extended_master_secret");
    if (renewal_->encrypt_then_mac && h.suite->cbc && !b.encrypt_then_mac)
      return fail(Reason::renegotiation_changed, "encrypt_then_mac");
  }
  return {};
}

bool Client::offers_session_secret() const noexcept {
  const handshake::OfferBelow& offer = *handshake_->below;
  return offer.session_secret && offer.session_ticket && offer.sent_session_ticket;
}

// RFC 5246 section 7.4.1.3, RFC 5077 section 3.4: the identifier of the ClientHello in the ServerHello.
Expected<bool> Client::is_resumed(const message::ServerHello& hello) const {
  const ClientHandshake& h = *handshake_;
  const Bytes ours = h.legacy_session_id();
  if (ours.empty() || !std::ranges::equal(hello.legacy_session_id_echo.data, ours)) return false;
  const bool has_session =
      h.below->session && (!session::SessionAccess::body(*h.below->session).session_id.empty() ||
                           !h.below->session_ticket);  // its ticket was not sent where another was
  if (!has_session) {
    // RFC 4851 section 3.2.2: with a session secret it says nothing.
    if (offers_session_secret()) return false;
    return fail(Reason::session_id_mismatch, "the server resumes a session that was not offered");
  }
  const session::SessionBody& session = session::SessionAccess::body(*h.below->session);
  if (static_cast<ProtocolVersion>(hello.legacy_version) != session.version)
    return fail(Reason::resumption_changed, "another version");
  return true;
}

Expected<ClientState> Client::on_server_hello(Client& client, const Incoming& message) {
  Endpoint& endpoint = client.endpoint_;
  ClientHandshake& h = *client.handshake_;
  handshake::Established& established = endpoint.established;
  const ContextOptions& options = endpoint.settings->options;
  const auto hello = wire::decode<message::ServerHello>(message.body());
  if (!hello) return malformed(hello.error(), message.type);
  if (auto ok = client.check_version(*hello); !ok) return std::unexpected(std::move(ok.error()));
  if (auto ok = client.check_suite(*hello); !ok) return std::unexpected(std::move(ok.error()));
  const auto resumed = client.is_resumed(*hello);
  if (!resumed) return std::unexpected(resumed.error());

  if (!h.renewed) {
    established.below = std::make_unique<handshake::Below13>();
    established.version = static_cast<ProtocolVersion>(hello->legacy_version);
    endpoint.port.set_version(established.version);
  }
  handshake::Below13& below = client.below();
  below.client_random = h.random;
  below.server_random = hello->random;
  below.session_id.assign(hello->legacy_session_id_echo.data.begin(),
                          hello->legacy_session_id_echo.data.end());
  if (auto ok = client.check_extensions(*hello, *resumed); !ok) return std::unexpected(std::move(ok.error()));

  // Section 7.4.8: a CertificateVerify signs the messages themselves.
  const bool may_sign =
      policy::may_ask_for_certificate(h.suite->key_exchange) && !options.certificates.empty() && !*resumed;
  auto ok = h.hash.begin(*endpoint.settings->provider, secret::prf_of(established.version, h.suite->hash),
                         may_sign);
  if (!ok) return std::unexpected(std::move(ok.error()));
  h.hash.add(h.below->hello.bytes());
  h.below->hello.release();
  h.hash.add(message.whole);

  if (*resumed) return client.resume();
  if (client.offers_session_secret()) {
    if (ok = client.ask_for_session_secret(); !ok) return std::unexpected(std::move(ok.error()));
  }
  return policy::shows_certificate(h.suite->key_exchange) ? WAIT_CERT : WAIT_SKE;
}

// The abbreviated handshake: the server's Finished comes first.
Expected<ClientState> Client::resume() {
  ClientHandshake& h = *handshake_;
  const session::SessionBody& session = session::SessionAccess::body(*h.below->session);
  h.resumes = true;
  auto master =
      MasterSecret::of(*endpoint_.settings->provider,
                       secret::prf_of(endpoint_.established.version, h.suite->hash), session.psk.bytes());
  if (!master) return std::unexpected(std::move(master.error()));
  h.master = std::move(*master);
  if (auto ok = make_keys(); !ok) return std::unexpected(std::move(ok.error()));
  return WAIT_CCS;
}

// RFC 4851 section 3.2.2.
Expected<> Client::ask_for_session_secret() {
  ClientHandshake& h = *handshake_;
  handshake::Below13& b = below();
  const CipherSuite chosen = h.suite->id;
  SessionSecretAnswer answer;
  h.below->session_secret({.side = Side::client,
                           .version = endpoint_.established.version,
                           .session_ticket = Bytes(*h.below->session_ticket),
                           .cipher_suites = std::span(&chosen, 1),
                           .client_random = b.client_random,
                           .server_random = b.server_random},
                          answer);
  if (answer.secret().empty()) return fail(Reason::session_secret_refused);
  auto secret =
      MasterSecret::of(*endpoint_.settings->provider,
                       secret::prf_of(endpoint_.established.version, h.suite->hash), answer.secret());
  if (!secret) return std::unexpected(std::move(secret.error()));
  h.secret = std::move(*secret);
  b.session_suite = answer.suite();
  return {};
}

// Section 3.2.3: a ChangeCipherSpec straight behind the ServerHello. RFC 7627 does not alter the secret.
Expected<ClientState> Client::on_session_secret_used(Client& client, const Incoming& message) {
  static_cast<void>(message);
  ClientHandshake& h = *client.handshake_;
  h.by_secret = true;
  h.master = std::move(h.secret);
  auto ok = client.make_keys();
  if (ok) ok = client.read_with_new_keys();
  if (!ok) return std::unexpected(std::move(ok.error()));
  return WAIT_FINISHED;
}

}  // namespace sesame::tls12
