#include "tls13/client.h"

#include <algorithm>

#include "extension/bodies.h"
#include "extension/key_share.h"
#include "extension/pre_shared_key.h"
#include "message/encrypted_extensions.h"
#include "message/new_session_ticket.h"
#include "psk/credential_body.h"

namespace sesame::tls13 {

using extension::Extensions;
using extension::ExtensionType;
using extension::In;
using handshake::Incoming;
using message::HandshakeType;
using enum ClientState;

std::string_view name(ClientState state) noexcept {
  constexpr std::string_view names[] = {"START",     "WAIT_SH", "WAIT_EE",       "WAIT_CERT_CR",
                                        "WAIT_CERT", "WAIT_CV", "WAIT_FINISHED", "CONNECTED"};
  return names[static_cast<std::size_t>(state)];
}

std::span<const Client::Edge> Client::edges() noexcept {
  // Appendix A.1, by the server's choice of a key: the rows of certificate authentication come with
  // certificates.
  static constexpr Edge table[] = {
      {WAIT_SH, HandshakeType::server_hello, {WAIT_EE, WAIT_SH}, on_server_hello},
      {WAIT_EE, HandshakeType::encrypted_extensions, {WAIT_FINISHED}, on_encrypted_extensions},
      {WAIT_FINISHED, HandshakeType::finished, {CONNECTED}, on_finished},
      {CONNECTED, HandshakeType::new_session_ticket, {CONNECTED}, on_new_session_ticket},
      {CONNECTED, HandshakeType::key_update, {CONNECTED}, on_key_update},
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
  const policy::Suite* suite = endpoint_.settings.suite(hello.cipher_suite);
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

  const crypto::Hash& hash = endpoint.settings.provider->hash(suite.hash);
  const crypto::HashValue so_far = h.transcript.value(suite.hash);
  const secret::SecretBytes client_secret = stage->client_handshake_traffic(so_far.bytes());
  const secret::SecretBytes server_secret = stage->server_handshake_traffic(so_far.bytes());
  log_secret(endpoint.settings, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", h.random, client_secret.bytes());
  log_secret(endpoint.settings, "SERVER_HANDSHAKE_TRAFFIC_SECRET", h.random, server_secret.bytes());
  h.client_traffic = crypto::HmacKey(hash, client_secret.bytes());
  h.server_traffic = crypto::HmacKey(hash, server_secret.bytes());
  h.stage = std::move(*stage);

  // Appendix D.4: immediately before the second flight, which after a retry has gone already.
  if (h.session_id_size > 0 && !h.retry_suite) {
    if (auto ok = endpoint.port.send_change_cipher_spec(); !ok) return std::unexpected(std::move(ok.error()));
  }
  if (auto ok = endpoint.port.set_read_keys(suite, h.server_traffic); !ok)
    return std::unexpected(std::move(ok.error()));
  if (auto ok = endpoint.port.set_write_keys(suite, h.client_traffic); !ok)
    return std::unexpected(std::move(ok.error()));
  return WAIT_EE;
}

// The key that the server chose, and by which mode: what the handshake secret is made from.
Expected<secret::HandshakeStage> Client::agree(const Extensions& extensions, const policy::Suite& suite) {
  ClientHandshake& h = *handshake_;
  const policy::Settings& settings = endpoint_.settings;
  if (!extensions.has(ExtensionType::pre_shared_key)) return fail(Reason::psk_not_selected);
  const auto selected = extensions.read<extension::SelectedPsk>(ExtensionType::pre_shared_key);
  if (!selected) return std::unexpected(selected.error());
  const Credential* credential = offered_credential(selected->selected_identity);
  if (!credential)
    return fail(Reason::psk_selected_out_of_range, "identity " + std::to_string(selected->selected_identity));
  // Section 4.2.11: these two are illegal_parameter where a server does it.
  const auto inconsistent = [](Reason reason, std::string why) {
    return std::unexpected(Error(reason, std::move(why)).with_alert(Alert::illegal_parameter));
  };
  if (credential->hash() != suite.hash) {
    return inconsistent(Reason::psk_hash_mismatch,
                        "the key of identity " + escaped(credential->identity()) + " is for " +
                            std::string(sesame::name(credential->hash())) + ", the server chose " +
                            std::string(sesame::name(suite.id)));
  }
  h.credential = credential;
  endpoint_.established.psk_identity = as_text(credential->identity());
  secret::EarlyStage early(psk::CredentialAccess::body(*credential).secrets_by(*settings.provider));

  if (!extensions.has(ExtensionType::key_share)) {
    if (!settings.allows(PskKeyExchangeMode::psk_ke)) {
      return inconsistent(Reason::psk_mode_mismatch,
                          "the server chose psk_ke, which this side did not offer");
    }
    endpoint_.established.psk_mode = PskKeyExchangeMode::psk_ke;
    return std::move(early).psk_ke();
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
  return std::move(early).with_shared_secret(shared_secret.bytes());
}

// Section 4.1.4.
Expected<ClientState> Client::on_hello_retry_request(const message::ServerHello& hello,
                                                     const policy::Suite& suite, Bytes whole) {
  ClientHandshake& h = *handshake_;
  if (h.retry_suite) return fail(Reason::retry_twice);
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
    const auto& groups = endpoint_.settings.groups;
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) {
      return fail(Reason::key_share_wrong_group, std::string(sesame::name(group)) + " was not offered");
    }
    if (std::any_of(h.shares.begin(), h.shares.end(), [&](const auto& s) { return s.group() == group; })) {
      return fail(Reason::retry_changes_nothing, std::string(sesame::name(group)) + " had a share already");
    }
    auto generated =
        crypto::KeyExchange::generate(*endpoint_.settings.provider, group, endpoint_.settings.options.random);
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
  if (h.session_id_size > 0) {
    if (auto ok = endpoint_.port.send_change_cipher_spec(); !ok)
      return std::unexpected(std::move(ok.error()));
  }
  if (auto ok = send_client_hello(); !ok) return std::unexpected(std::move(ok.error()));
  return WAIT_SH;
}

Expected<ClientState> Client::on_encrypted_extensions(Client& client, const Incoming& message) {
  Endpoint& endpoint = client.endpoint_;
  ClientHandshake& h = *client.handshake_;
  const ContextOptions& options = endpoint.settings.options;
  const auto encrypted = wire::decode<message::EncryptedExtensions>(message.body());
  if (!encrypted) return malformed(encrypted.error(), message.type);
  auto extensions = Extensions::parse(encrypted->extensions, In::EE, h.requested);
  if (!extensions) return std::unexpected(std::move(extensions.error()));

  if (extensions->has(ExtensionType::server_name) && !(*extensions)[ExtensionType::server_name].empty()) {
    return fail(Reason::malformed_message, "the server's server_name is not empty");  // RFC 6066 section 3
  }
  if (extensions->has(ExtensionType::application_layer_protocol_negotiation)) {
    const auto list =
        extensions->read<extension::ProtocolNameList>(ExtensionType::application_layer_protocol_negotiation);
    if (!list) return std::unexpected(list.error());
    // RFC 7301 section 3.1: exactly one.
    if (list->protocol_name_list.count() != 1)
      return fail(Reason::malformed_message, "ALPN: not exactly one protocol");
    const std::string_view protocol = as_text(list->protocol_name_list.raw.subspan(1));
    const auto found = std::find(options.alpn.begin(), options.alpn.end(), protocol);
    if (found == options.alpn.end()) return fail(Reason::alpn_not_offered, escaped(as_bytes(protocol)));
    endpoint.established.alpn = &*found;
  }
  if (const std::string_view bound = h.credential->alpn();
      !bound.empty() && (!endpoint.established.alpn || *endpoint.established.alpn != bound)) {
    return fail(Reason::no_common_alpn, "the key is for the protocol " + escaped(as_bytes(bound)) + " only");
  }
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
  h.transcript.add(message.whole);
  return WAIT_FINISHED;
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

  const secret::MasterStage master = std::move(*h.stage).master();
  const crypto::HashValue so_far = h.transcript.value(suite.hash);
  established.write_secret = master.client_application_traffic(so_far.bytes());
  established.read_secret = master.server_application_traffic(so_far.bytes());
  established.exporter_secret = master.exporter(so_far.bytes());
  log_secret(endpoint.settings, "CLIENT_TRAFFIC_SECRET_0", h.random, established.write_secret.bytes());
  log_secret(endpoint.settings, "SERVER_TRAFFIC_SECRET_0", h.random, established.read_secret.bytes());
  log_secret(endpoint.settings, "EXPORTER_SECRET", h.random, established.exporter_secret.bytes());

  const crypto::Hash& hash = endpoint.settings.provider->hash(suite.hash);
  auto ok = write_finished(endpoint, h.transcript, h.client_traffic, so_far.bytes());
  if (ok) ok = endpoint.port.send_flight();
  if (ok) ok = endpoint.port.set_write_keys(suite, crypto::HmacKey(hash, established.write_secret.bytes()));
  if (ok) ok = endpoint.port.set_read_keys(suite, crypto::HmacKey(hash, established.read_secret.bytes()));
  if (!ok) return std::unexpected(std::move(ok.error()));
  established.authentication = Authentication::external_psk;
  return CONNECTED;
}

// Section 4.6.1. Its form is checked; a ticket is of no use until resumption is there, and section 4.6.1 lets
// a client pass it over.
Expected<ClientState> Client::on_new_session_ticket(Client& client, const Incoming& message) {
  const auto ticket = wire::decode<message::NewSessionTicket>(message.body());
  if (!ticket) return malformed(ticket.error(), message.type);
  auto extensions = Extensions::parse({ticket->extensions.raw}, In::NST, {});
  if (!extensions) return std::unexpected(std::move(extensions.error()));
  Endpoint& endpoint = client.endpoint_;
  if (++endpoint.tickets > endpoint.settings.options.limits.tickets) return fail(Reason::too_many_tickets);
  return CONNECTED;
}

Expected<ClientState> Client::on_key_update(Client& client, const Incoming& message) {
  if (auto ok = tls13::on_key_update(client.endpoint_, message); !ok)
    return std::unexpected(std::move(ok.error()));
  return CONNECTED;
}

}  // namespace sesame::tls13
