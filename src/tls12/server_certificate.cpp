// The client's certificate (RFC 5246 sections 7.4.6 and 7.4.8).
#include "tls12/server.h"

namespace sesame::tls12 {

using handshake::Incoming;
using message::HandshakeType;
using enum ServerState;

Expected<ServerState> Server::on_certificate(Server& server, const Incoming& message) {
  ServerHandshake& h = *server.handshake_;
  const policy::Settings& settings = *server.endpoint_.settings;
  auto peer = read_certificate(settings, message);
  if (!peer) return std::unexpected(std::move(peer.error()));
  h.hash.add(message.whole);
  if (peer->ends.empty() && settings.options.client_certificates == ClientCertificates::require) {
    // Section 7.4.6; the alert certificate_required is of TLS 1.3.
    return std::unexpected(Error(Reason::certificate_required).with_alert(Alert::handshake_failure));
  }
  h.peer = std::move(*peer);
  return WAIT_CKE;
}

// Before the chain is judged: nobody makes this side verify a chain whose key he does not hold.
Expected<ServerState> Server::on_certificate_verify(Server& server, const Incoming& message) {
  ServerHandshake& h = *server.handshake_;
  const policy::Settings& settings = *server.endpoint_.settings;
  wire::Reader r(message.body());
  const auto scheme = check_signature(settings, server.version(), r, h.peer.public_key.get(),
                                      h.hash.messages(), message.type);
  if (!scheme) return std::unexpected(scheme.error());
  h.peer_scheme = *scheme;
  h.hash.forget_messages();
  h.hash.add(message.whole);
  const certificate::Judgement judgement{
      *settings.options.verification, Side::server, {}, h.now, settings.known_certificates.get()};
  auto ok = certificate::judge(*settings.provider, judgement, h.peer, h.verdict);
  if (!ok) return std::unexpected(std::move(ok.error()));
  return h.verdict.kind == certificate::VerdictBody::Kind::later ? VERIFYING : WAIT_CCS;
}

Expected<> Server::supply_verdict(std::optional<Alert> refusal) {
  if (!awaits_verdict()) return fail(Reason::nothing_pending);
  if (refusal) {
    return std::unexpected(Error(Reason::certificate_refused)
                               .with_alert(*refusal)
                               .at(name(state_), message::name(HandshakeType::certificate_verify)));
  }
  state_ = WAIT_CCS;
  return {};
}

}  // namespace sesame::tls12
