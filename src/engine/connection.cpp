#include <sesame/connection.h>

#include <algorithm>

#include "engine/connection_body.h"
#include "engine/context_body.h"
#include "secret/key_schedule.h"
#include "tls12/export.h"

namespace sesame {

using engine::ConnectionBody;

Connection::Connection(std::unique_ptr<ConnectionBody> body) noexcept : body_(std::move(body)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Expected<Connection> Connection::client(std::shared_ptr<const Context> context,
                                        const ClientOptions& options) {
  auto body = std::make_unique<ConnectionBody>(std::move(context));
  if (auto ok = body->start(options); !ok) return std::unexpected(std::move(ok.error()));
  return Connection(std::move(body));
}

Expected<Connection> Connection::server(std::shared_ptr<const Context> context, ServerOptions options) {
  const ContextOptions& o = context->options();
  const auto& below = context->body().settings.suites_below;
  const bool anonymous = std::any_of(below.begin(), below.end(), [](const policy::Suite& suite) {
    return policy::is_anonymous(suite.key_exchange);  // is there only where it was asked for
  });
  const bool by_secret = options.session_secret || options.on_session_ticket;
  if (!o.psk_source && o.certificates.empty() && !o.select && !anonymous && !by_secret) {
    return fail(Reason::invalid_argument,
                "a server needs keys or certificates: set ContextOptions::psk_source or certificates");
  }
  return Connection(std::make_unique<ConnectionBody>(std::move(context), std::move(options)));
}

Expected<Received> Connection::receive(MutableBytes input) { return body_->receive(input); }
std::size_t Connection::wanted(Bytes input) const noexcept { return body_->wanted(input); }
Expected<> Connection::transport_closed() { return body_->transport_closed(); }

Bytes Connection::output() const noexcept { return body_->writer().output().bytes(); }
void Connection::output_sent(std::size_t size) { body_->output_sent(size); }
Expected<> Connection::send(Bytes data) { return body_->send(data); }
Expected<Sealed> Connection::seal(Bytes data, MutableBytes into) { return body_->seal(data, into); }
std::size_t Connection::sealed_size(std::size_t size) const noexcept {
  return body_->handshake_done() ? body_->sealed_size(size) : 0;
}
Expected<> Connection::close() { return body_->close(); }
Expected<> Connection::update_keys(bool request_peer) { return body_->update_keys(request_peer); }

Expected<std::size_t> Connection::send_early(Bytes data) { return body_->send_early(data); }
std::size_t Connection::early_data_room() const noexcept { return body_->early_data_room(); }
EarlyDataStatus Connection::early_data_status() const noexcept {
  return body_->client13() ? body_->client13()->early_data_status() : EarlyDataStatus::none;
}
Expected<> Connection::send_ticket() { return body_->send_ticket(); }
Expected<> Connection::request_certificate(bool require) { return body_->request_certificate(require); }
Expected<> Connection::renegotiate() { return body_->renegotiate(); }
bool Connection::post_handshake_auth_pending() const noexcept {
  return body_->server13() && body_->server13()->post_handshake_auth_pending();
}

Wait Connection::wait() const noexcept { return body_->wait(); }
std::optional<PskQuery> Connection::pending_psk() const { return body_->pending_psk(); }
std::optional<PskHintQuery> Connection::pending_psk_hint() const { return body_->pending_psk_hint(); }
Expected<> Connection::supply_psk(std::span<const Credential> credentials) {
  return body_->supply_psk(credentials);
}

Expected<> Connection::supply_context(std::shared_ptr<const Context> context) {
  return body_->supply_context(std::move(context));
}
std::optional<ClientHelloInfo> Connection::pending_context() const { return body_->pending_context(); }
std::optional<SignatureQuery> Connection::pending_signature() const { return body_->pending_signature(); }
Expected<> Connection::supply_signature(Bytes signature) { return body_->supply_signature(signature); }
Expected<> Connection::supply_verdict(std::optional<Alert> refusal) { return body_->supply_verdict(refusal); }

Side Connection::side() const noexcept { return body_->side(); }
bool Connection::handshake_done() const noexcept { return body_->handshake_done(); }
bool Connection::read_closed() const noexcept { return body_->read_closed(); }
bool Connection::write_closed() const noexcept { return body_->write_closed(); }
const Error* Connection::error() const noexcept { return body_->error(); }
std::string_view Connection::state() const noexcept { return body_->state(); }

ProtocolVersion Connection::version() const noexcept { return body_->established().version; }
CipherSuite Connection::cipher_suite() const noexcept {
  const policy::Suite* suite = body_->established().suite;
  return suite ? suite->id : CipherSuite{};
}
PskKeyExchangeMode Connection::psk_mode() const noexcept { return body_->established().psk_mode; }
std::optional<NamedGroup> Connection::group() const noexcept { return body_->established().group; }
KeyExchangeMethod Connection::key_exchange() const noexcept {
  const policy::Suite* suite = body_->established().suite;
  return suite ? suite->key_exchange : KeyExchangeMethod::any;
}
bool Connection::retried() const noexcept { return body_->established().retried; }
std::string_view Connection::alpn() const noexcept {
  const std::string* alpn = body_->established().alpn;
  return alpn ? std::string_view(*alpn) : std::string_view();
}
std::string_view Connection::server_name() const noexcept { return body_->established().server_name; }
Authentication Connection::authentication() const noexcept { return body_->established().authentication; }
Bytes Connection::psk_identity() const noexcept {
  // On the client the server's choice is known before its Finished has shown that it holds the key.
  return body_->handshake_done() ? as_bytes(body_->established().psk_identity) : Bytes();
}
std::optional<Bytes> Connection::psk_identity_hint() const noexcept {
  const auto& below = body_->established().below;
  if (!below || !below->identity_hint) return std::nullopt;
  return as_bytes(*below->identity_hint);
}
bool Connection::resumed() const noexcept { return body_->established().resumed; }
std::vector<Bytes> Connection::peer_certificates() const {
  // On the client a session's chain is known before the server's Finished has shown that it holds the
  // session.
  const auto& more = body_->established().more;
  return more && body_->handshake_done() ? more->peer.chain() : std::vector<Bytes>();
}
CertificateType Connection::peer_certificate_type() const noexcept {
  const auto& more = body_->established().more;
  return more ? more->peer.type : CertificateType::x509;
}
std::optional<SignatureScheme> Connection::peer_signature_scheme() const noexcept {
  const auto& more = body_->established().more;
  return more ? more->peer_scheme : std::nullopt;
}
Bytes Connection::peer_ocsp_response() const noexcept {
  const auto& more = body_->established().more;
  return more ? Bytes(more->peer.ocsp_response) : Bytes();
}
bool Connection::used_older_key() const noexcept { return body_->established().used_older_key; }

namespace {

Expected<> export_by(const ConnectionBody& body, Bytes secret, std::string_view label, Bytes context,
                     MutableBytes out) {
  if (label.empty() || label.size() > 249)
    return fail(Reason::invalid_argument, "an exporter label has 1 to 249 octets");
  const crypto::Hash& hash = body.settings().provider->hash(body.established().suite->hash);
  if (out.size() > 255 * hash.size())
    return fail(Reason::invalid_argument, "an exporter gives at most 255 hashes");
  secret::export_keying_material(hash, secret, label, context, out);
  return {};
}

}  // namespace

Expected<> Connection::export_keying_material(std::string_view label, Bytes context, MutableBytes out) const {
  const handshake::Established& established = body_->established();
  if (body_->handshake_done() && established.below && !established.below->master_secret.empty()) {
    // An empty context is none, as in TLS 1.3, where the two are the same.
    return tls12::export_keying_material(*body_->settings().provider, established, label,
                                         context.empty() ? std::nullopt : std::optional(context), out);
  }
  if (!body_->handshake_done() || established.exporter_secret.empty())
    return fail(Reason::exporter_not_ready);
  return export_by(*body_, established.exporter_secret.bytes(), label, context, out);
}

Expected<> Connection::export_early_keying_material(std::string_view label, Bytes context,
                                                    MutableBytes out) const {
  const auto& more = body_->established().more;
  if (!more || more->early_exporter_secret.empty()) return fail(Reason::exporter_not_ready);
  return export_by(*body_, more->early_exporter_secret.bytes(), label, context, out);
}

// ---- TLS 1.2 and below ----

bool Connection::extended_master_secret() const noexcept {
  const auto& below = body_->established().below;
  return below && below->extended_master_secret;
}
bool Connection::encrypt_then_mac() const noexcept {
  const auto& below = body_->established().below;
  return below && below->encrypt_then_mac;
}
bool Connection::secure_renegotiation() const noexcept {
  const auto& below = body_->established().below;
  return below && below->secure_renegotiation;
}
Bytes Connection::finished(Side sender) const noexcept {
  const auto& below = body_->established().below;
  if (!below || !body_->handshake_done()) return {};
  return sender == Side::client ? below->client_finished : below->server_finished;
}
Bytes Connection::client_random() const noexcept {
  const auto& below = body_->established().below;
  return below ? Bytes(below->client_random) : Bytes();
}
Bytes Connection::server_random() const noexcept {
  const auto& below = body_->established().below;
  return below ? Bytes(below->server_random) : Bytes();
}
std::size_t Connection::key_block_size() const noexcept {
  const handshake::Established& established = body_->established();
  if (!established.below || !body_->handshake_done()) return 0;
  return record::block_sizes(*established.suite, established.version).whole();
}
Expected<> Connection::export_key_block(MutableBytes out) const {
  const handshake::Established& established = body_->established();
  if (!established.below || !body_->handshake_done() || established.below->master_secret.empty())
    return fail(Reason::exporter_not_ready);
  return tls12::export_key_block(*body_->settings().provider, established, out);
}

}  // namespace sesame
