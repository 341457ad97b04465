// The client of TLS 1.2 and below and certificates: the server's, and its own (RFC 5246 sections 7.4.2, 7.4.4
// to 7.4.6, RFC 6066 section 8).
#include <algorithm>

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
  if (auto ok = client.choose_certificate(request); !ok) return std::unexpected(std::move(ok.error()));
  h.certificate_requested = true;
  if (!h.own.key) h.hash.forget_messages();
  h.hash.add(message.whole);
  return WAIT_SHD;
}

namespace {

bool has_type(const message::CertificateRequest12& request, message::ClientCertificateType type) {
  bool found = false;
  request.certificate_types.for_each(
      [&](message::ClientCertificateType one) { return !(found = one == type); });
  return found;
}

bool has_scheme(const message::CertificateRequest12& request, SignatureScheme scheme) {
  bool found = false;
  request.supported_signature_algorithms.for_each(
      [&](SignatureScheme one) { return !(found = one == scheme); });
  return found;
}

bool has_authority(const message::CertificateRequest12& request, const certificate::CertifiedKeyBody& key) {
  if (request.certificate_authorities.raw.empty()) return true;
  bool found = false;
  request.certificate_authorities.for_each([&](const wire::opaque<1, 0xffff>& authority) {
    found = std::ranges::any_of(
        key.issuers, [&](const auto& issuer) { return std::ranges::equal(issuer, authority.data); });
    return !found;
  });
  return found;
}

}  // namespace

// Section 7.4.6: without one that fits the client shows none, and the server decides whether that will do.
Expected<> Client::choose_certificate(const message::CertificateRequest12& request) {
  ClientHandshake& h = *handshake_;
  const policy::Settings& settings = *endpoint_.settings;
  int best = -1;
  for (const CertifiedKey& key : settings.options.certificates) {
    const certificate::CertifiedKeyBody& body = certificate::CertifiedKeyAccess::body(key);
    if (body.type != CertificateType::x509) continue;
    const crypto::KeyHandle public_key = crypto::read_public_key(*settings.provider, body.public_key);
    const crypto::SignatureKind kind = crypto::signature_kind(public_key.get());
    using enum message::ClientCertificateType;
    const bool has_kind = (kind == crypto::SignatureKind::rsa && has_type(request, rsa_sign)) ||
                          (kind == crypto::SignatureKind::ecdsa && has_type(request, ecdsa_sign));
    if (!has_kind) continue;
    SignatureScheme scheme{};
    if (endpoint_.established.version == ProtocolVersion::tls12) {
      const auto& ours = settings.options.signature_schemes;
      const auto found = std::ranges::find_if(ours, [&](SignatureScheme one) {
        return has_scheme(request, one) && crypto::fits_tls12(one, public_key.get());
      });
      if (found == ours.end()) continue;
      scheme = *found;
    }
    const bool chain_fits =
        endpoint_.established.version < ProtocolVersion::tls12 ||
        std::ranges::all_of(
            body.chain_schemes, [&](SignatureScheme one) { return has_scheme(request, one); });
    const int fit = (has_authority(request, body) ? 2 : 0) + (chain_fits ? 1 : 0);
    if (fit <= best) continue;
    best = fit;
    h.own.key = certificate::CertifiedKeyAccess::share(key);
    h.own.scheme = scheme;
  }
  return {};
}

// ---- the verdict ----

Expected<bool> Client::judge_server() {
  ClientHandshake& h = *handshake_;
  if (!policy::shows_certificate(h.suite->key_exchange)) return true;
  const policy::Settings& settings = *endpoint_.settings;
  const certificate::Judgement judgement{*settings.options.verification, Side::client, h.verify_name, h.now};
  auto ok = certificate::judge(*settings.provider, judgement, h.peer, h.verdict);
  if (!ok) return std::unexpected(std::move(ok.error()));
  return h.verdict.kind != certificate::VerdictBody::Kind::later;
}

Expected<> Client::supply_verdict(std::optional<Alert> refusal) {
  if (state_ != VERIFYING) return fail(Reason::nothing_pending);
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
  if (state_ == SIGNING) return handshake_->own.query();
  return std::nullopt;
}

Expected<> Client::supply_signature(Bytes signature) {
  if (state_ != SIGNING) return fail(Reason::nothing_pending);
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
