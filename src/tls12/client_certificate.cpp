// The client of TLS 1.2 and below and certificates: the server's, and its own (RFC 5246 sections 7.4.2, 7.4.4
// to 7.4.6, RFC 6066 section 8).
#include "crypto/rsa_transport.h"
#include "extension/bodies.h"
#include "tls12/client.h"

namespace sesame::tls12 {

using handshake::Incoming;
using message::HandshakeType;
using enum ClientState;

namespace {

// Section 7.4.2, RFC 8422 section 5.3: the key has to be one that the suite's key exchange can use.
bool has_key_for(KeyExchangeMethod method, EVP_PKEY* key) {
  if (policy::uses_rsa_transport(method)) return crypto::can_transport(key);
  const auto wanted =
      method == KeyExchangeMethod::ecdhe_ecdsa ? crypto::SignatureKind::ecdsa : crypto::SignatureKind::rsa;
  return crypto::signature_kind(key) == wanted;
}

}  // namespace

Expected<ClientState> Client::on_certificate(Client& client, const Incoming& message) {
  ClientHandshake& h = *client.handshake_;
  const KeyExchangeMethod method = h.suite->key_exchange;
  h.secret = {};
  // Offered for its session secret, or its session, alone: nothing would verify the certificate.
  if (!h.offers_certificates)
    return fail(Reason::certificate_not_trusted, "no verification of certificates is configured");
  auto peer = read_certificate(*client.endpoint_.settings, message);
  if (!peer) return std::unexpected(std::move(peer.error()));
  if (peer->ends.empty()) return fail(Reason::certificate_empty);
  if (!has_key_for(method, peer->public_key.get())) {
    return fail(Reason::certificate_key_unsuitable,
                "it is not for " + std::string(sesame::name(h.suite->id)));
  }
  h.peer = std::move(*peer);
  h.hash.add(message.whole);
  return WAIT_SKE;
}

Expected<ClientState> Client::on_certificate_status(Client& client, const Incoming& message) {
  ClientHandshake& h = *client.handshake_;
  const auto status = wire::decode<extension::CertificateStatus>(message.body());
  if (!status) return malformed(status.error(), message.type);
  if (status->status_type != extension::CertificateStatusType::ocsp)
    return fail(Reason::malformed_message, "the status of a certificate is no OCSP response");
  h.peer.ocsp_response.assign(status->response.data.begin(), status->response.data.end());
  h.status_announced = false;
  h.hash.add(message.whole);
  return WAIT_SKE;
}

Expected<ClientState> Client::on_certificate_request(Client& client, const Incoming& message) {
  ClientHandshake& h = *client.handshake_;
  message::CertificateRequest12 request;
  if (client.endpoint_.established.version == ProtocolVersion::tls12) {
    const auto read = wire::decode<message::CertificateRequest12>(message.body());
    if (!read) return malformed(read.error(), message.type);
    request = *read;
  } else {
    const auto read = wire::decode<message::CertificateRequest10>(message.body());
    if (!read) return malformed(read.error(), message.type);
    request.certificate_types = read->certificate_types;
    request.certificate_authorities = read->certificate_authorities;
  }
  client.choose_certificate(request);
  h.certificate_requested = true;
  if (!h.own.key) h.hash.forget_messages();
  h.hash.add(message.whole);
  return WAIT_SHD;
}

// Section 7.4.6: without one that fits the client shows none, and the server decides whether that will do.
void Client::choose_certificate(const message::CertificateRequest12& request) {
  using enum message::ClientCertificateType;
  ClientHandshake& h = *handshake_;
  const ContextOptions& options = endpoint_.settings->options;
  certificate::Wanted12 wanted;
  wanted.version = endpoint_.established.version;
  wanted.signature_algorithms = request.supported_signature_algorithms;
  wanted.certificate_authorities = request.certificate_authorities;
  request.certificate_types.for_each([&](message::ClientCertificateType type) {
    wanted.rsa = wanted.rsa || type == rsa_sign;
    wanted.ecdsa = wanted.ecdsa || type == ecdsa_sign;
  });
  const auto chosen = certificate::choose_tls12(options.certificates, options.signature_schemes, wanted);
  if (!chosen) return;
  h.own.key = certificate::CertifiedKeyAccess::share(*chosen->key);
  h.own.scheme = chosen->scheme;
}

// ---- the verdict ----

Expected<bool> Client::judge_server() {
  ClientHandshake& h = *handshake_;
  if (!policy::shows_certificate(h.suite->key_exchange)) return true;
  const policy::Settings& settings = *endpoint_.settings;
  const certificate::Judgement judgement{*settings.options.verification, Side::client, h.verify_name, h.now,
                                         settings.known_certificates.get()};
  auto ok = certificate::judge(*settings.provider, judgement, h.peer, h.verdict);
  if (!ok) return std::unexpected(std::move(ok.error()));
  return h.verdict.kind != certificate::VerdictBody::Kind::later;
}

Expected<> Client::supply_verdict(std::optional<Alert> refusal) {
  if (!awaits(VERIFYING)) return fail(Reason::nothing_pending);
  if (refusal) {
    return std::unexpected(Error(Reason::certificate_refused)
                               .with_alert(*refusal)
                               .at(name(state_), message::name(HandshakeType::certificate)));
  }
  auto next = go_on_judged();
  if (!next) return std::unexpected(std::move(next.error().at(name(state_), {})));
  state_ = *next;
  return {};
}

// ---- signatures that are made elsewhere ----

std::optional<SignatureQuery> Client::pending_signature() const {
  if (awaits(SIGNING)) return handshake_->own.query();
  return std::nullopt;
}

Expected<> Client::supply_signature(Bytes signature) {
  if (!awaits(SIGNING)) return fail(Reason::nothing_pending);
  if (signature.empty()) {
    return std::unexpected(
        Error(Reason::signature_failed, "the application refused to sign").at(name(state_), {}));
  }
  handshake_->own.answer.signature.assign(signature.begin(), signature.end());
  auto next = finish_flight();
  if (!next) return std::unexpected(std::move(next.error().at(name(state_), {})));
  state_ = *next;
  return {};
}

}  // namespace sesame::tls12
