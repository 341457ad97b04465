// The client's certificate, in the handshake and after it (RFC 8446 sections 4.4.2.4 and 4.6.2).
#include "tls13/server.h"

namespace sesame::tls13 {

using extension::ExtensionType;
using handshake::Incoming;
using message::HandshakeType;
using enum ServerState;

namespace {

// The extensions that this side asks for in its CertificateRequest, and that may stand in a CertificateEntry.
extension::TypeSet requested(const ContextOptions& options) {
  extension::TypeSet types;
  if (options.request_ocsp_response) types.add(ExtensionType::status_request);
  return types;
}

}  // namespace

Expected<ServerState> Server::on_certificate(Server& server, const Incoming& message) {
  ServerHandshake& h = *server.handshake_;
  const policy::Settings& settings = *server.endpoint_.settings;
  auto peer = read_certificate(settings, message, {{}, requested(settings.options), h.client_type});
  if (!peer) return std::unexpected(std::move(peer.error()));
  h.transcript.add(message.whole);
  if (peer->ends.empty()) {
    if (settings.options.client_certificates == ClientCertificates::require)
      return fail(Reason::certificate_required);
    return WAIT_FINISHED;
  }
  h.client.peer = std::move(*peer);
  return WAIT_CV;
}

Expected<ServerState> Server::on_certificate_verify(Server& server, const Incoming& message) {
  ServerHandshake& h = *server.handshake_;
  const crypto::HashValue so_far = h.transcript.value(server.endpoint_.established.suite->hash);
  const auto scheme = check_certificate_verify(*server.endpoint_.settings, message, Side::client,
                                               h.client.peer, so_far.bytes());
  if (!scheme) return std::unexpected(scheme.error());
  h.client.scheme = *scheme;
  h.transcript.add(message.whole);
  const auto judged = server.judge_client(h.client, h.now);
  if (!judged) return std::unexpected(judged.error());
  if (!*judged) return VERIFYING;
  return WAIT_FINISHED;
}

// False: the verdict comes later.
Expected<bool> Server::judge_client(ClientAuthentication& client, TimePoint now) {
  const policy::Settings& settings = *endpoint_.settings;
  const certificate::Judgement judgement{
      *settings.options.verification, Side::server, {}, now, settings.known_certificates.get()};
  auto ok = certificate::judge(*settings.provider, judgement, client.peer, client.verdict);
  if (!ok) return std::unexpected(std::move(ok.error()));
  if (client.verdict.kind == certificate::VerdictBody::Kind::later) return false;
  accept_client(client, now);
  return true;
}

void Server::accept_client(ClientAuthentication& client, TimePoint now) {
  handshake::Extras& extras = endpoint_.established.extras();
  extras.peer = std::move(client.peer);
  extras.peer.keep_octets_only();
  extras.peer_scheme = client.scheme;
  extras.authenticated = now;
}

Expected<> Server::supply_verdict(std::optional<Alert> refusal) {
  if (!awaits_verdict()) return fail(Reason::nothing_pending);
  if (refusal) {
    return std::unexpected(Error(Reason::certificate_refused)
                               .with_alert(*refusal)
                               .at(name(state_), message::name(HandshakeType::certificate_verify)));
  }
  if (state_ == POST_VERIFYING) {
    state_ = POST_WAIT_FINISHED;  // the peer takes its place when its Finished has come
    return {};
  }
  accept_client(handshake_->client, handshake_->now);
  state_ = WAIT_FINISHED;
  return {};
}

// ---- after the handshake ----

Expected<> Server::request_certificate(bool require) {
  handshake::Established& established = endpoint_.established;
  if (!established.more || !established.more->transcript)
    return fail(Reason::post_handshake_auth_not_offered);
  if (post_handshake_auth_pending()) return fail(Reason::invalid_argument, "a request is pending already");
  handshake::Extras& extras = *established.more;
  std::vector<std::uint8_t> context(16);
  if (auto ok = endpoint_.settings->random(context); !ok) return ok;
  // Section 4.4.1: each answer is over the handshake and its own request.
  transcript::Transcript transcript = *extras.transcript;
  wire::Buffer& out = endpoint_.port.messages();
  if (auto ok = send_certificate_request(out, transcript, context); !ok) return ok;
  if (auto ok = endpoint_.port.send_flight(); !ok) return ok;
  extras.certificate_request_context = std::move(context);
  extras.certificate_required = require;
  requested_ = std::make_unique<transcript::Transcript>(transcript);
  return {};
}

Expected<ServerState> Server::on_late_certificate(Server& server, const Incoming& message) {
  handshake::Established& established = server.endpoint_.established;
  if (!server.requested_) return fail(Reason::unexpected_message, "no certificate was asked for");
  const policy::Settings& settings = *server.endpoint_.settings;
  handshake::Extras& extras = *established.more;
  auto peer =
      read_certificate(settings, message, {extras.certificate_request_context, requested(settings.options)});
  if (!peer) return std::unexpected(std::move(peer.error()));
  server.post_ = std::make_unique<ServerPostHandshake>();
  server.post_->transcript = *server.requested_;
  server.requested_.reset();
  extras.certificate_request_context.clear();
  server.post_->transcript.add(message.whole);
  server.post_->now = settings.now();
  if (!peer->ends.empty()) {
    server.post_->client.peer = std::move(*peer);
    return POST_WAIT_CV;
  }
  if (extras.certificate_required) return fail(Reason::certificate_required);
  return POST_WAIT_FINISHED;
}

Expected<ServerState> Server::on_late_certificate_verify(Server& server, const Incoming& message) {
  ServerPostHandshake& post = *server.post_;
  const policy::Settings& settings = *server.endpoint_.settings;
  const crypto::HashValue so_far = post.transcript.value(server.endpoint_.established.suite->hash);
  const auto scheme =
      check_certificate_verify(settings, message, Side::client, post.client.peer, so_far.bytes());
  if (!scheme) return std::unexpected(scheme.error());
  post.client.scheme = *scheme;
  post.transcript.add(message.whole);
  const certificate::Judgement judgement{
      *settings.options.verification, Side::server, {}, post.now, settings.known_certificates.get()};
  auto ok = certificate::judge(*settings.provider, judgement, post.client.peer, post.client.verdict);
  if (!ok) return std::unexpected(std::move(ok.error()));
  if (post.client.verdict.kind == certificate::VerdictBody::Kind::later) return POST_VERIFYING;
  return POST_WAIT_FINISHED;
}

Expected<ServerState> Server::on_late_finished(Server& server, const Incoming& message) {
  handshake::Established& established = server.endpoint_.established;
  ServerPostHandshake& post = *server.post_;
  // Section 4.4.4: by the client's present application traffic secret.
  const crypto::Hash& hash = server.endpoint_.settings->provider->hash(established.suite->hash);
  const crypto::HmacKey secret(hash, established.read_secret.bytes());
  const crypto::HashValue so_far = post.transcript.value(established.suite->hash);
  if (auto ok = check_finished(message, secret, so_far.bytes()); !ok)
    return std::unexpected(std::move(ok.error()));
  if (post.client.peer.ends.empty()) return CONNECTED;
  server.accept_client(post.client, post.now);
  const bool with_key = established.authentication == Authentication::external_psk ||
                        established.authentication == Authentication::certificate_with_external_psk;
  established.authentication =
      with_key ? Authentication::certificate_with_external_psk : authentication_by(established.more->peer);
  return CONNECTED;
}

}  // namespace sesame::tls13
