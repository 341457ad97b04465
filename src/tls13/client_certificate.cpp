// The client and certificates: the server's, and its own, in the handshake and after it.
#include <algorithm>

#include "message/certificate_request.h"
#include "tls13/client.h"

namespace sesame::tls13 {

using extension::Extensions;
using extension::ExtensionType;
using extension::In;
using handshake::Incoming;
using message::HandshakeType;
using enum ClientState;

namespace {

Expected<Extensions> read_request(const Incoming& message, Bytes& context) {
  const auto request = wire::decode<message::CertificateRequest>(message.body());
  if (!request) return malformed(request.error(), message.type);
  context = request->certificate_request_context.data;
  return Extensions::parse(request->extensions, In::CR, {});
}

}  // namespace

// Section 4.4.2.3: without one that fits the client shows none, and the server decides whether that will do.
Expected<> Client::choose_certificate(const Extensions& extensions, CertificateType type,
                                      OwnCertificate& own) const {
  const policy::Settings& settings = *endpoint_.settings;
  auto wanted = read_wanted(extensions);
  if (!wanted) return std::unexpected(std::move(wanted.error()));
  const auto staple = read_status_request(extensions, Side::server);
  if (!staple) return std::unexpected(staple.error());
  const auto compression = read_compression(settings, extensions);
  if (!compression) return std::unexpected(compression.error());
  wanted->type = type;
  own.staple = *staple;
  own.compression = *compression;
  if (settings.options.certificates.empty()) return {};
  const auto chosen =
      certificate::choose(settings.options.certificates, settings.options.signature_schemes, *wanted);
  if (!chosen) return {};
  own.key = certificate::CertifiedKeyAccess::share(*chosen->key);
  own.scheme = chosen->scheme;
  return {};
}

Expected<ClientState> Client::on_certificate_request(Client& client, const Incoming& message) {
  ClientHandshake& h = *client.handshake_;
  Bytes context;
  const auto extensions = read_request(message, context);
  if (!extensions) return std::unexpected(extensions.error());
  // Section 4.3.2: it has no context within the handshake.
  if (!context.empty()) return fail(Reason::certificate_context_wrong, "a context within the handshake");
  if (auto ok = client.choose_certificate(*extensions, h.client_type, h.own); !ok)
    return std::unexpected(std::move(ok.error()));
  h.certificate_requested = true;
  h.transcript.add(message.whole);
  return WAIT_CERT;
}

Expected<ClientState> Client::on_certificate(Client& client, const Incoming& message) {
  ClientHandshake& h = *client.handshake_;
  auto peer = read_certificate(*client.endpoint_.settings, message, {{}, h.requested, h.server_type});
  if (!peer) return std::unexpected(std::move(peer.error()));
  // Section 4.4.2.4: decode_error.
  if (peer->ends.empty()) return fail(Reason::certificate_empty);
  h.peer = std::move(*peer);
  h.transcript.add(message.whole);
  return WAIT_CV;
}

Expected<ClientState> Client::on_certificate_verify(Client& client, const Incoming& message) {
  ClientHandshake& h = *client.handshake_;
  const crypto::HashValue so_far = h.transcript.value(client.endpoint_.established.suite->hash);
  const auto scheme =
      check_certificate_verify(*client.endpoint_.settings, message, Side::server, h.peer, so_far.bytes());
  if (!scheme) return std::unexpected(scheme.error());
  h.peer_scheme = *scheme;
  h.transcript.add(message.whole);
  return client.judge_server();
}

Expected<ClientState> Client::judge_server() {
  ClientHandshake& h = *handshake_;
  const policy::Settings& settings = *endpoint_.settings;
  const certificate::Judgement judgement{*settings.options.verification, Side::client, h.verify_name, h.now,
                                         settings.known_certificates.get()};
  auto ok = certificate::judge(*settings.provider, judgement, h.peer, h.verdict);
  if (!ok) return std::unexpected(std::move(ok.error()));
  if (h.verdict.kind == certificate::VerdictBody::Kind::later) return VERIFYING;
  handshake::Extras& extras = endpoint_.established.extras();
  extras.peer = std::move(h.peer);
  extras.peer.keep_octets_only();
  extras.peer_scheme = h.peer_scheme;
  extras.authenticated = h.now;
  return WAIT_FINISHED;
}

Expected<> Client::supply_verdict(std::optional<Alert> refusal) {
  if (state_ != VERIFYING) return fail(Reason::nothing_pending);
  if (refusal) {
    return std::unexpected(Error(Reason::certificate_refused)
                               .with_alert(*refusal)
                               .at(name(state_), message::name(HandshakeType::certificate_verify)));
  }
  handshake::Extras& extras = endpoint_.established.extras();
  extras.peer = std::move(handshake_->peer);
  extras.peer.keep_octets_only();
  extras.peer_scheme = handshake_->peer_scheme;
  extras.authenticated = handshake_->now;
  state_ = WAIT_FINISHED;
  return {};
}

// ---- signatures that are made elsewhere ----

std::optional<SignatureQuery> Client::pending_signature() const {
  if (state_ == SIGNING) return handshake_->own.query();
  if (post_) return post_->own.query();
  return std::nullopt;
}

Expected<> Client::supply_signature(Bytes signature) {
  if (state_ != SIGNING && !post_) return fail(Reason::nothing_pending);
  if (signature.empty()) {
    return std::unexpected(
        Error(Reason::signature_failed, "the application refused to sign").at(name(state_), {}));
  }
  if (post_) {
    post_->own.answer.signature.assign(signature.begin(), signature.end());
    return finish_late_answer();
  }
  handshake_->own.answer.signature.assign(signature.begin(), signature.end());
  auto next = finish_flight();
  if (!next) return std::unexpected(std::move(next.error().at(name(state_), {})));
  state_ = *next;
  handshake_.reset();
  return {};
}

// ---- after the handshake (section 4.6.2) ----

Expected<ClientState> Client::on_late_certificate_request(Client& client, const Incoming& message) {
  Endpoint& endpoint = client.endpoint_;
  handshake::Established& established = endpoint.established;
  // A client that did not offer it has no transcript to answer with.
  if (!established.more || !established.more->transcript)
    return fail(Reason::unexpected_message, "post_handshake_auth was not offered");
  if (client.post_) return fail(Reason::unexpected_message, "a second request while one is being answered");
  // Each costs a signature, and an answer that the server need not read.
  if (++endpoint.certificate_requests > endpoint.settings->options.limits.certificate_requests)
    return fail(Reason::too_many_certificate_requests);
  // Nothing may follow close_notify; the server gets no answer.
  if (endpoint.write_closed) return CONNECTED;
  Bytes context;
  const auto extensions = read_request(message, context);
  if (!extensions) return std::unexpected(extensions.error());
  client.post_ = std::make_unique<ClientPostHandshake>();
  ClientPostHandshake& post = *client.post_;
  if (auto ok = client.choose_certificate(*extensions, CertificateType::x509, post.own); !ok)
    return std::unexpected(std::move(ok.error()));
  post.own.request_context.assign(context.begin(), context.end());
  // Section 4.4.1: the handshake up to the client's Finished, then this request.
  post.transcript = *established.more->transcript;
  post.transcript.add(message.whole);
  if (auto ok = write_certificate(post.messages, post.transcript, post.own); !ok)
    return std::unexpected(std::move(ok.error()));
  if (post.own.key) {
    const crypto::HashValue so_far = post.transcript.value(established.suite->hash);
    auto ok = make_signature(*endpoint.settings, Side::client, so_far.bytes(), post.own);
    if (!ok) return std::unexpected(std::move(ok.error()));
    if (post.own.answer.is_later) return CONNECTED;
  }
  if (auto ok = client.finish_late_answer(); !ok) return std::unexpected(std::move(ok.error()));
  return CONNECTED;
}

Expected<> Client::finish_late_answer() {
  const std::unique_ptr<ClientPostHandshake> post = std::move(post_);
  handshake::Established& established = endpoint_.established;
  if (endpoint_.write_closed) return {};
  Expected<> ok;
  if (post->own.key) ok = write_certificate_verify(post->messages, post->transcript, post->own);
  if (ok) {
    // Section 4.4.4: by the present application traffic secret.
    const crypto::Hash& hash = endpoint_.settings->provider->hash(established.suite->hash);
    const crypto::HmacKey secret(hash, established.write_secret.bytes());
    const crypto::HashValue so_far = post->transcript.value(established.suite->hash);
    ok = write_finished(post->messages, post->transcript, secret, so_far.bytes());
  }
  if (!ok) return ok;
  endpoint_.port.messages().append(post->messages.bytes());
  return endpoint_.port.send_flight();
}

}  // namespace sesame::tls13
