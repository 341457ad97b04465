#include "tls13/client.h"

#include <algorithm>

#include "extension/bodies.h"
#include "extension/key_share.h"
#include "extension/pre_shared_key.h"
#include "message/encrypted_extensions.h"
#include "psk/credential_body.h"

namespace sesame::tls13 {

using extension::Extensions;
using extension::ExtensionType;
using extension::In;
using handshake::Incoming;
using message::HandshakeType;
using enum ClientState;

std::string_view name(ClientState state) noexcept {
  constexpr std::string_view names[] = {"START",   "WAIT_SH",   "WAIT_EE",       "WAIT_CERT_CR", "WAIT_CERT",
                                        "WAIT_CV", "VERIFYING", "WAIT_FINISHED", "SIGNING",      "CONNECTED"};
  const auto i = static_cast<std::size_t>(state);
  return i < std::size(names) ? names[i] : std::string_view();
}

std::span<const Client::Edge> Client::edges() noexcept {
  // Appendix A.1. VERIFYING and SIGNING have no row: while the application owes an answer nothing is read,
  // and supply_verdict() and supply_signature() go on from them.
  using enum HandshakeType;
  static constexpr Edge table[] = {
      {WAIT_SH, server_hello, {WAIT_EE, WAIT_SH}, on_server_hello},
      {WAIT_EE, encrypted_extensions, {WAIT_FINISHED, WAIT_CERT_CR}, on_encrypted_extensions},
      {WAIT_CERT_CR, certificate_request, {WAIT_CERT}, on_certificate_request},
      {WAIT_CERT_CR, certificate, {WAIT_CV}, on_certificate},
      {WAIT_CERT_CR, compressed_certificate, {WAIT_CV}, on_certificate},
      {WAIT_CERT, certificate, {WAIT_CV}, on_certificate},
      {WAIT_CERT, compressed_certificate, {WAIT_CV}, on_certificate},
      {WAIT_CV, certificate_verify, {WAIT_FINISHED, VERIFYING}, on_certificate_verify},
      {WAIT_FINISHED, finished, {CONNECTED, SIGNING}, on_finished},
      {CONNECTED, new_session_ticket, {CONNECTED}, on_new_session_ticket},
      {CONNECTED, key_update, {CONNECTED}, on_key_update},
      {CONNECTED, certificate_request, {CONNECTED}, on_late_certificate_request},
  };
  static_assert(handshake::is_deterministic(table));
  static_assert(handshake::is_reachable(table, WAIT_SH, CONNECTED));
  return table;
}

Expected<> Client::on_message(const Incoming& message) {
  auto next = handshake::step(edges(), *this, state_, message);
  if (!next) return std::unexpected(std::move(next.error().at(name(state_), message::name(message.type))));
  state_ = *next;
  if (state_ == CONNECTED) handshake_.reset();
  return {};
}

namespace {

// The one extension that says whether the rest is a TLS 1.3 message at all; found before the others are
// judged.
bool has_extension(const wire::list<message::Extension, 0, 0xffff>& block, ExtensionType type) {
  bool found = false;
  block.for_each([&](const message::Extension& e) { found = found || e.extension_type == type; });
  return found;
}

bool ends_with(const message::Random& random, const std::array<std::uint8_t, 8>& sentinel) {
  return std::equal(sentinel.begin(), sentinel.end(), random.end() - 8);
}

// Section 4.1.3: a server of TLS 1.3 that was made to choose less says so in its random.
std::unexpected<Error> is_not_tls13(const message::Random& random) {
  if (ends_with(random, message::downgrade_to_tls12) || ends_with(random, message::downgrade_to_tls11)) {
    return fail(Reason::downgrade_detected);
  }
  return fail(Reason::no_common_version, "the server chose TLS 1.2 or older");
}

// Section 4.2.1: a selected_version that was not offered is illegal_parameter; protocol_version is for its
// absence.
Expected<> check_selected_version(const Extensions& extensions) {
  const auto chosen = extensions.read<extension::SupportedVersionsChoice>(ExtensionType::supported_versions);
  if (!chosen) return std::unexpected(chosen.error());
  if (chosen->selected_version == version) return {};
  return std::unexpected(Error(Reason::no_common_version, "selected_version is not TLS 1.3")
                             .with_alert(Alert::illegal_parameter));
}

bool early_in_flight(EarlyDataStatus status) { return status == EarlyDataStatus::offered; }

}  // namespace

Expected<const policy::Suite*> Client::check_server_hello(const message::ServerHello& hello) const {
  const ClientHandshake& h = *handshake_;
  if (!has_extension(hello.extensions, ExtensionType::supported_versions)) return is_not_tls13(hello.random);
  if (hello.legacy_version <= message::legacy_version_ssl30)
    return fail(Reason::no_common_version, "SSL 3.0");
  if (hello.legacy_version != message::legacy_version_tls12) return fail(Reason::legacy_version_wrong);
  if (!std::ranges::equal(hello.legacy_session_id_echo.data, h.legacy_session_id())) {
    return fail(Reason::session_id_mismatch);
  }
  if (hello.legacy_compression_method != 0) return fail(Reason::compression_not_null);
  const policy::Suite* suite = endpoint_.settings->suite(hello.cipher_suite);
  if (!suite || (!h.retry_suite && !offers(*suite))) return fail(Reason::suite_not_offered);
  // Section 4.1.4: the suite of the HelloRetryRequest stays.
  if (h.retry_suite && suite != h.retry_suite) return fail(Reason::suite_changed);
  return suite;
}

Expected<ClientState> Client::on_server_hello(Client& client, const Incoming& message) {
  Endpoint& endpoint = client.endpoint_;
  ClientHandshake& h = *client.handshake_;
  const auto hello = wire::decode<message::ServerHello>(message.body());
  if (!hello) return malformed(hello.error(), message.type);
  auto checked = client.check_server_hello(*hello);
  if (!checked) return std::unexpected(std::move(checked.error()));
  const policy::Suite& suite = **checked;
  if (hello->random == message::hello_retry_request_random) {
    return client.on_hello_retry_request(*hello, suite, message.whole);
  }
  auto extensions = Extensions::parse(hello->extensions, In::SH, h.requested);
  if (!extensions) return std::unexpected(std::move(extensions.error()));
  if (auto ok = check_selected_version(*extensions); !ok) return std::unexpected(std::move(ok.error()));
  if (!message.ends_record) return fail(Reason::message_across_key_change);

  auto stage = client.agree(*extensions, suite);
  if (!stage) return std::unexpected(std::move(stage.error()));
  h.transcript.choose(suite.hash);
  h.transcript.add(message.whole);
  endpoint.established.suite = &suite;

  const crypto::Hash& hash = endpoint.settings->provider->hash(suite.hash);
  const crypto::HashValue so_far = h.transcript.value(suite.hash);
  const secret::SecretBytes client_secret = stage->client_handshake_traffic(so_far.bytes());
  const secret::SecretBytes server_secret = stage->server_handshake_traffic(so_far.bytes());
  log_secret(*endpoint.settings, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", h.random, client_secret.bytes());
  log_secret(*endpoint.settings, "SERVER_HANDSHAKE_TRAFFIC_SECRET", h.random, server_secret.bytes());
  h.client_traffic = crypto::HmacKey(hash, client_secret.bytes());
  h.server_traffic = crypto::HmacKey(hash, server_secret.bytes());
  h.stage = std::move(*stage);

  // Appendix D.4: immediately before the second flight, which after a retry has gone already; with early data
  // behind the ClientHello.
  if (h.session_id_size > 0 && !h.retry_suite && !h.early_suite) {
    if (auto ok = endpoint.port.send_change_cipher_spec(); !ok) return std::unexpected(std::move(ok.error()));
  }
  if (auto ok = endpoint.port.set_read_keys(suite, h.server_traffic); !ok)
    return std::unexpected(std::move(ok.error()));
  // Early data may still go on, until EncryptedExtensions says whether it was accepted.
  if (early_in_flight(client.early_status_)) return WAIT_EE;
  if (auto ok = endpoint.port.set_write_keys(suite, h.client_traffic); !ok)
    return std::unexpected(std::move(ok.error()));
  return WAIT_EE;
}

// The key that the server chose; zeros in its place where it chose none (section 7.1).
Expected<secret::EarlyStage> Client::choose_psk(const Extensions& extensions, const policy::Suite& suite) {
  ClientHandshake& h = *handshake_;
  const policy::Settings& settings = *endpoint_.settings;
  // Section 4.2.11: these are illegal_parameter where a server does them.
  const auto inconsistent = [](Reason reason, std::string why) {
    return std::unexpected(Error(reason, std::move(why)).with_alert(Alert::illegal_parameter));
  };
  const bool extern_psk = extensions.has(ExtensionType::tls_cert_with_extern_psk);
  const bool require_both = settings.options.cert_with_extern_psk == CertWithExternPsk::require;
  if (!extensions.has(ExtensionType::pre_shared_key)) {
    if (extern_psk)
      return inconsistent(Reason::extension_missing, "tls_cert_with_extern_psk without pre_shared_key");
    if (require_both) return fail(Reason::certificate_with_psk_required);
    if (!h.offers_certificates) return fail(Reason::psk_not_selected);
    h.by_certificate = true;
    return secret::EarlyStage(settings.without_psk[static_cast<std::size_t>(suite.hash)].copy());
  }
  const auto selected = extensions.read<extension::SelectedPsk>(ExtensionType::pre_shared_key);
  if (!selected) return std::unexpected(selected.error());
  h.chosen_index = selected->selected_identity;
  h.chosen = offered(h.chosen_index);
  if (!h.chosen.session && !h.chosen.credential)
    return fail(Reason::psk_selected_out_of_range, "identity " + std::to_string(h.chosen_index));
  if (h.chosen.hash != suite.hash) {
    return inconsistent(
        Reason::psk_hash_mismatch,
        (h.chosen.session ? "the session"
                          : "the key of identity " + escaped(h.chosen.credential->identity())) +
            " is for " + std::string(sesame::name(h.chosen.hash)) + ", the server chose " +
            std::string(sesame::name(suite.id)));
  }
  if (extern_psk && h.chosen.session)
    return inconsistent(Reason::psk_wrong_usage, "tls_cert_with_extern_psk with a ticket");
  h.by_certificate = extern_psk;
  handshake::Established& established = endpoint_.established;
  if (h.chosen.session) {
    const session::SessionBody& session = *h.chosen.session;
    established.resumed = true;
    established.psk_identity = session.psk_identity;
    handshake::Extras& extras = established.extras();
    extras.authenticated = session.authenticated;
    extras.peer = restore_peer(session.peer_type, session.peer_chain);
    return secret::EarlyStage(h.session_secrets.copy());
  }
  if (require_both && !extern_psk) return fail(Reason::certificate_with_psk_required);
  established.psk_identity = as_text(h.chosen.credential->identity());
  return secret::EarlyStage(
      psk::CredentialAccess::body(*h.chosen.credential).secrets_by(*settings.provider, suite.hash));
}

// By which key and which mode: what the handshake secret is made from.
Expected<secret::HandshakeStage> Client::agree(const Extensions& extensions, const policy::Suite& suite) {
  ClientHandshake& h = *handshake_;
  const policy::Settings& settings = *endpoint_.settings;
  auto early = choose_psk(extensions, suite);
  if (!early) return std::unexpected(std::move(early.error()));
  if (!extensions.has(ExtensionType::key_share)) {
    if (h.by_certificate)
      return fail(Reason::extension_missing, "key_share: the server authenticates by a certificate");
    if (!settings.allows(PskKeyExchangeMode::psk_ke)) {
      return std::unexpected(
          Error(Reason::psk_mode_mismatch, "the server chose psk_ke, which this side did not offer")
              .with_alert(Alert::illegal_parameter));
    }
    endpoint_.established.psk_mode = PskKeyExchangeMode::psk_ke;
    return std::move(*early).psk_ke();
  }
  if (!h.by_certificate && !settings.allows(PskKeyExchangeMode::psk_dhe_ke)) {
    return std::unexpected(
        Error(Reason::psk_mode_mismatch, "the server chose psk_dhe_ke, which this side did not offer")
            .with_alert(Alert::illegal_parameter));
  }
  const auto share = extensions.read<extension::KeyShareServerHello>(ExtensionType::key_share);
  if (!share) return std::unexpected(share.error());
  const extension::KeyShareEntry& theirs = share->server_share;
  const auto ours = std::find_if(h.shares.begin(), h.shares.end(),
                                 [&](const crypto::KeyExchange& s) { return s.group() == theirs.group; });
  if (ours == h.shares.end())
    return fail(Reason::key_share_wrong_group, std::string(sesame::name(theirs.group)));
  secret::SharedSecret shared_secret;
  if (auto ok = ours->finish(theirs.key_exchange.data, shared_secret); !ok)
    return std::unexpected(std::move(ok.error()));
  endpoint_.established.psk_mode = PskKeyExchangeMode::psk_dhe_ke;
  endpoint_.established.group = theirs.group;
  h.shares.clear();
  return std::move(*early).with_shared_secret(shared_secret.bytes());
}

// Section 4.1.4.
Expected<ClientState> Client::on_hello_retry_request(const message::ServerHello& hello,
                                                     const policy::Suite& suite, Bytes whole) {
  ClientHandshake& h = *handshake_;
  if (h.retry_suite) return fail(Reason::retry_twice);
  // Section 4.2.10: a HelloRetryRequest rejects early data.
  const bool change_cipher_spec_sent = h.early_suite != nullptr;
  if (early_in_flight(early_status_)) {
    early_status_ = EarlyDataStatus::rejected;
    early_room_ = 0;
    endpoint_.port.clear_write_keys();
    endpoint_.established.extras().early_exporter_secret.clear();
  }
  auto extensions = Extensions::parse(hello.extensions, In::HRR, h.requested);
  if (!extensions) return std::unexpected(std::move(extensions.error()));
  if (auto ok = check_selected_version(*extensions); !ok) return std::unexpected(std::move(ok.error()));
  const bool has_share = extensions->has(ExtensionType::key_share),
             has_cookie = extensions->has(ExtensionType::cookie);
  if (!has_share && !has_cookie) return fail(Reason::retry_changes_nothing);

  if (has_share) {
    const auto share = extensions->read<extension::KeyShareHelloRetryRequest>(ExtensionType::key_share);
    if (!share) return std::unexpected(share.error());
    // Section 4.2.8: a group that was offered, and for which there was no share.
    const NamedGroup group = share->selected_group;
    const auto& groups = endpoint_.settings->groups;
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) {
      return fail(Reason::key_share_wrong_group, std::string(sesame::name(group)) + " was not offered");
    }
    if (std::any_of(h.shares.begin(), h.shares.end(), [&](const auto& s) { return s.group() == group; })) {
      return fail(Reason::retry_changes_nothing, std::string(sesame::name(group)) + " had a share already");
    }
    auto generated = crypto::KeyExchange::generate(*endpoint_.settings->provider, group,
                                                   endpoint_.settings->options.random);
    if (!generated) return std::unexpected(std::move(generated.error()));
    h.shares.clear();
    h.shares.push_back(std::move(*generated));
    h.retry_group = group;
  }
  if (has_cookie) {
    const auto cookie = extensions->read<extension::Cookie>(ExtensionType::cookie);
    if (!cookie) return std::unexpected(cookie.error());
    h.cookie.assign(cookie->cookie.data.begin(), cookie->cookie.data.end());
  }
  h.retry_suite = &suite;
  endpoint_.established.retried = true;
  h.transcript.choose(suite.hash);
  h.transcript.replace_by_message_hash();
  h.transcript.add(whole);
  if (h.session_id_size > 0 && !change_cipher_spec_sent) {
    if (auto ok = endpoint_.port.send_change_cipher_spec(); !ok)
      return std::unexpected(std::move(ok.error()));
  }
  if (auto ok = send_client_hello(); !ok) return std::unexpected(std::move(ok.error()));
  return WAIT_SH;
}

Expected<> Client::check_alpn(const Extensions& extensions) {
  const ContextOptions& options = endpoint_.settings->options;
  handshake::Established& established = endpoint_.established;
  if (extensions.has(ExtensionType::application_layer_protocol_negotiation)) {
    const auto list =
        extensions.read<extension::ProtocolNameList>(ExtensionType::application_layer_protocol_negotiation);
    if (!list) return std::unexpected(list.error());
    // RFC 7301 section 3.1: exactly one.
    if (list->protocol_name_list.count() != 1)
      return fail(Reason::malformed_message, "ALPN: not exactly one protocol");
    const std::string_view protocol = as_text(list->protocol_name_list.raw.subspan(1));
    const auto found = std::find(options.alpn.begin(), options.alpn.end(), protocol);
    if (found == options.alpn.end()) return fail(Reason::alpn_not_offered, escaped(as_bytes(protocol)));
    established.alpn = &*found;
  }
  const Credential* credential = handshake_->chosen.credential;
  if (!credential) return {};
  if (const std::string_view bound = credential->alpn();
      !bound.empty() && (!established.alpn || *established.alpn != bound)) {
    return fail(Reason::no_common_alpn, "the key is for the protocol " + escaped(as_bytes(bound)) + " only");
  }
  return {};
}

// Section 4.2.10: the server accepts early data only by the first key, and under what belongs to it.
Expected<> Client::check_early_data(bool accepted) {
  const ClientHandshake& h = *handshake_;
  if (early_status_ != EarlyDataStatus::offered) {
    // Extensions::parse let it stand because the first ClientHello of two had it.
    return accepted ? fail(Reason::early_data_not_offered, "after a HelloRetryRequest") : Expected<>();
  }
  const handshake::Established& established = endpoint_.established;
  const policy::Suite& suite = *established.suite;
  if (!accepted) {
    early_status_ = EarlyDataStatus::rejected;
    early_room_ = 0;
    endpoint_.established.extras().early_exporter_secret.clear();
    return endpoint_.port.set_write_keys(suite, h.client_traffic);
  }
  const bool has_psk = h.chosen.session || h.chosen.credential;
  if (!has_psk || h.chosen_index != 0) return fail(Reason::early_data_not_offered, "under another key");
  if (&suite != h.early_suite) return fail(Reason::early_data_not_offered, "under another cipher suite");
  const std::string_view alpn = established.alpn ? std::string_view(*established.alpn) : std::string_view();
  if (alpn != h.early_alpn) return fail(Reason::early_data_not_offered, "under another ALPN protocol");
  early_status_ = EarlyDataStatus::accepted;
  return {};
}

namespace {

// RFC 7250 section 3: the server's choice among what was offered; X.509 without one.
Expected<CertificateType> chosen_type(const Extensions& extensions, ExtensionType which) {
  if (!extensions.has(which)) return CertificateType::x509;
  const auto choice = extensions.read<extension::CertificateTypeChoice>(which);
  if (!choice) return std::unexpected(choice.error());
  return choice->certificate_type;
}

}  // namespace

Expected<ClientState> Client::on_encrypted_extensions(Client& client, const Incoming& message) {
  Endpoint& endpoint = client.endpoint_;
  ClientHandshake& h = *client.handshake_;
  const ContextOptions& options = endpoint.settings->options;
  const auto encrypted = wire::decode<message::EncryptedExtensions>(message.body());
  if (!encrypted) return malformed(encrypted.error(), message.type);
  auto extensions = Extensions::parse(encrypted->extensions, In::EE, h.requested);
  if (!extensions) return std::unexpected(std::move(extensions.error()));
  const bool early_data = extensions->has(ExtensionType::early_data);
  if (!early_data) {
    // First of all: what goes wrong below is told under keys that a server which rejected early data reads.
    if (auto ok = client.check_early_data(false); !ok) return std::unexpected(std::move(ok.error()));
  }

  if (extensions->has(ExtensionType::server_name) && !(*extensions)[ExtensionType::server_name].empty()) {
    return fail(Reason::malformed_message, "the server's server_name is not empty");  // RFC 6066 section 3
  }
  if (auto ok = client.check_alpn(*extensions); !ok) return std::unexpected(std::move(ok.error()));
  if (extensions->has(ExtensionType::record_size_limit)) {
    const auto limit = extensions->read<extension::RecordSizeLimit>(ExtensionType::record_size_limit);
    if (!limit) return std::unexpected(limit.error());
    if (limit->record_size_limit < 64) return fail(Reason::record_size_limit_invalid);
    endpoint.port.limit_sent_content(limit->record_size_limit - std::size_t{1});
    endpoint.port.limit_received_content(options.record_size_limit);
  }
  if (extensions->has(ExtensionType::max_fragment_length)) {
    const auto length = extensions->read<extension::MaxFragmentLength>(ExtensionType::max_fragment_length);
    if (!length) return std::unexpected(length.error());
    const auto code = static_cast<unsigned>(length->max_fragment_length);
    if (code < 1 || code > 4 || std::size_t{256} << code != options.max_fragment_length) {
      return fail(Reason::max_fragment_length_mismatch);
    }
    endpoint.port.limit_sent_content(options.max_fragment_length);
    endpoint.port.limit_received_content(options.max_fragment_length);
  }
  const auto server_type = chosen_type(*extensions, ExtensionType::server_certificate_type);
  if (!server_type) return std::unexpected(server_type.error());
  const auto client_type = chosen_type(*extensions, ExtensionType::client_certificate_type);
  if (!client_type) return std::unexpected(client_type.error());
  // RFC 8446 section 4.2: a choice of what was not offered; RFC 7250 section 4.2: X.509 for want of one.
  const auto not_offered = [](const std::string& whose, CertificateType type) {
    return std::unexpected(Error(Reason::no_common_certificate_type,
                                 whose + ": " + std::string(sesame::name(type)) + " was not offered")
                               .with_alert(Alert::illegal_parameter));
  };
  if (extensions->has(ExtensionType::server_certificate_type) && !endpoint.settings->takes(*server_type))
    return not_offered("of the server", *server_type);
  const auto is_of_client_type = [&](const CertifiedKey& key) { return key.type() == *client_type; };
  if (extensions->has(ExtensionType::client_certificate_type) &&
      std::none_of(options.certificates.begin(), options.certificates.end(), is_of_client_type))
    return not_offered("of the client", *client_type);
  if (h.by_certificate && !endpoint.settings->takes(*server_type)) {
    return std::unexpected(Error(Reason::no_common_certificate_type,
                                 "the server shows " + std::string(sesame::name(*server_type)))
                               .with_alert(Alert::unsupported_certificate));
  }
  h.server_type = *server_type;
  h.client_type = *client_type;
  if (early_data) {
    if (!(*extensions)[ExtensionType::early_data].empty())
      return fail(Reason::malformed_message, "the server's early_data is not empty");
    if (auto ok = client.check_early_data(true); !ok) return std::unexpected(std::move(ok.error()));
  }
  h.transcript.add(message.whole);
  return h.by_certificate ? WAIT_CERT_CR : WAIT_FINISHED;
}

Expected<ClientState> Client::on_finished(Client& client, const Incoming& message) {
  Endpoint& endpoint = client.endpoint_;
  ClientHandshake& h = *client.handshake_;
  handshake::Established& established = endpoint.established;
  const policy::Suite& suite = *established.suite;
  const crypto::HashValue before = h.transcript.value(suite.hash);
  if (auto ok = check_finished(message, h.server_traffic, before.bytes()); !ok)
    return std::unexpected(std::move(ok.error()));
  if (!message.ends_record) return fail(Reason::message_across_key_change);
  h.transcript.add(message.whole);

  secret::MasterStage master = std::move(*h.stage).master();
  const crypto::HashValue so_far = h.transcript.value(suite.hash);
  established.write_secret = master.client_application_traffic(so_far.bytes());
  established.read_secret = master.server_application_traffic(so_far.bytes());
  established.exporter_secret = master.exporter(so_far.bytes());
  log_secret(*endpoint.settings, "CLIENT_TRAFFIC_SECRET_0", h.random, established.write_secret.bytes());
  log_secret(*endpoint.settings, "SERVER_TRAFFIC_SECRET_0", h.random, established.read_secret.bytes());
  log_secret(*endpoint.settings, "EXPORTER_SECRET", h.random, established.exporter_secret.bytes());
  h.master = std::move(master);
  return client.send_flight();
}

// The client's second flight: EndOfEarlyData, Certificate, CertificateVerify, Finished.
Expected<ClientState> Client::send_flight() {
  ClientHandshake& h = *handshake_;
  handshake::MessagePort& port = endpoint_.port;
  const policy::Suite& suite = *endpoint_.established.suite;
  if (early_status_ == EarlyDataStatus::accepted) {
    // Section 4.5: the last message under the early keys.
    auto end = write_message(port, HandshakeType::end_of_early_data, [](wire::Writer&) {});
    if (!end) return std::unexpected(std::move(end.error()));
    h.transcript.add(*end);
    auto ok = port.send_flight();
    if (ok) ok = port.set_write_keys(suite, h.client_traffic);
    if (!ok) return std::unexpected(std::move(ok.error()));
  }
  early_room_ = 0;
  if (!h.certificate_requested) return finish_flight();
  if (auto ok = write_certificate(port.messages(), h.transcript, h.own); !ok)
    return std::unexpected(std::move(ok.error()));
  if (!h.own.key) return finish_flight();
  auto ok = make_signature(*endpoint_.settings, Side::client, h.transcript.value(suite.hash).bytes(), h.own);
  if (ok && h.own.answer.is_later) {
    ok = port.send_flight();
    if (ok) return SIGNING;
  }
  if (!ok) return std::unexpected(std::move(ok.error()));
  return finish_flight();
}

Expected<ClientState> Client::finish_flight() {
  ClientHandshake& h = *handshake_;
  handshake::MessagePort& port = endpoint_.port;
  handshake::Established& established = endpoint_.established;
  const policy::Suite& suite = *established.suite;
  const crypto::Hash& hash = endpoint_.settings->provider->hash(suite.hash);
  Expected<> ok;
  if (h.certificate_requested && h.own.key)
    ok = write_certificate_verify(port.messages(), h.transcript, h.own);
  if (ok) {
    const crypto::HashValue so_far = h.transcript.value(suite.hash);
    ok = write_finished(port.messages(), h.transcript, h.client_traffic, so_far.bytes());
  }
  if (ok) ok = port.send_flight();
  if (ok) ok = port.set_write_keys(suite, crypto::HmacKey(hash, established.write_secret.bytes()));
  if (ok) ok = port.set_read_keys(suite, crypto::HmacKey(hash, established.read_secret.bytes()));
  if (!ok) return std::unexpected(std::move(ok.error()));
  if (h.chosen.session) {
    established.authentication = h.chosen.session->authentication;
  } else if (!h.by_certificate) {
    established.authentication = Authentication::external_psk;
  } else {
    established.authentication = h.chosen.credential ? Authentication::certificate_with_external_psk
                                                     : authentication_by(established.extras().peer);
  }
  keep_session_secret();
  return CONNECTED;
}

Expected<ClientState> Client::on_key_update(Client& client, const Incoming& message) {
  if (auto ok = tls13::on_key_update(client.endpoint_, message); !ok)
    return std::unexpected(std::move(ok.error()));
  return CONNECTED;
}

}  // namespace sesame::tls13
