// The server's flight behind its ServerHello: Certificate to ServerHelloDone (RFC 5246 section 7.3).
#include "extension/bodies.h"
#include "message/tls12.h"
#include "tls12/server.h"

namespace sesame::tls12 {

using message::HandshakeType;
using enum ServerState;

namespace {

// RFC 6066 section 8.
Expected<> write_certificate_status(wire::Buffer& out, transcript::HandshakeHash& hash, Bytes response) {
  auto status = write_message(out, HandshakeType::certificate_status, [&](wire::Writer& w) {
    write(w, extension::CertificateStatus{extension::CertificateStatusType::ocsp, {response}});
  });
  if (!status) return std::unexpected(std::move(status.error()));
  hash.add(*status);
  return {};
}

}  // namespace

Expected<ServerState> Server::send_flight() {
  ServerHandshake& h = *handshake_;
  const Negotiated& negotiated = h.negotiated;
  const policy::Settings& settings = *endpoint_.settings;
  wire::Buffer& out = endpoint_.port.messages();
  Expected<> ok;
  if (negotiated.certificate.key) {
    h.own.key = certificate::CertifiedKeyAccess::share(*negotiated.certificate.key);
    h.own.scheme = negotiated.certificate.scheme;
    ok = write_certificate(out, h.hash, h.own.key.get());
    if (ok && negotiated.staple) ok = write_certificate_status(out, h.hash, h.own.key->ocsp_response);
  }
  if (ok) ok = make_parameters();
  if (ok && policy::is_signed(negotiated.suite->key_exchange)) {
    const std::vector<std::uint8_t> input =
        signed_parameters(h.client_random, h.server_random, h.parameters.bytes());
    ok = make_signature(settings, version(), input, h.own);
    if (ok && h.own.answer.is_later) {
      ok = endpoint_.port.send_flight();
      if (ok) return NEGOTIATED;
    }
  }
  if (!ok) return std::unexpected(std::move(ok.error()));
  return finish_flight();
}

// The private key of the exchange, and the parameters with its public one.
Expected<> Server::make_parameters() {
  ServerHandshake& h = *handshake_;
  const policy::Settings& settings = *endpoint_.settings;
  const KeyExchangeMethod method = h.negotiated.suite->key_exchange;
  wire::Writer w(h.parameters);
  if (policy::uses_ecdhe(method)) {
    const NamedGroup group = *h.negotiated.group;
    auto exchange = crypto::KeyExchange::generate(*settings.provider, group, settings.options.random);
    if (!exchange) return std::unexpected(std::move(exchange.error()));
    write(w, message::ECCurveType::named_curve);
    write(w, group);
    Expected<> ok;
    w.prefixed(1, 1, 255, [&] {
      ok = exchange->write_share(w.buffer().grow(crypto::key_share_size(group, Side::client)));
    });
    if (!ok) return ok;
    h.ecdhe = std::move(*exchange);
  }
  if (policy::uses_dhe(method)) {
    auto exchange = crypto::FiniteFieldExchange::generate(*settings.provider, *h.negotiated.group);
    if (!exchange) return std::unexpected(std::move(exchange.error()));
    write(w, message::ServerDHParams{{exchange->p()}, {exchange->g()}, {exchange->public_value()}});
    h.dhe = std::move(*exchange);
  }
  return w.ok() ? Expected<>() : fail(Reason::internal_error, "parameters of a key exchange");
}

Expected<ServerState> Server::finish_flight() {
  ServerHandshake& h = *handshake_;
  const bool asks = h.negotiated.certificate_request;
  auto ok = send_server_key_exchange();
  if (ok && asks) ok = send_certificate_request();
  if (ok) {
    auto done = write_message(endpoint_.port, HandshakeType::server_hello_done, [](wire::Writer&) {});
    if (!done) return std::unexpected(std::move(done.error()));
    h.hash.add(*done);
    ok = endpoint_.port.send_flight();
  }
  if (!ok) return std::unexpected(std::move(ok.error()));
  return asks ? WAIT_CERT : WAIT_CKE;
}

Expected<> Server::send_server_key_exchange() {
  ServerHandshake& h = *handshake_;
  const KeyExchangeMethod method = h.negotiated.suite->key_exchange;
  const auto& hint = endpoint_.settings->options.psk_identity_hint;
  const bool has_psk = policy::uses_psk(method);
  // RFC 4279 section 2: without parameters and without a hint there is no message.
  if (h.parameters.empty() && !(has_psk && hint)) return {};
  auto exchange = write_message(endpoint_.port, HandshakeType::server_key_exchange, [&](wire::Writer& w) {
    if (has_psk) write(w, message::PskIdentityHint{{hint ? as_bytes(*hint) : Bytes()}});
    w.put(h.parameters.bytes());
    if (policy::is_signed(method)) write_signature(w, version(), h.own);
  });
  if (!exchange) return std::unexpected(std::move(exchange.error()));
  h.hash.add(*exchange);
  h.parameters.release();
  return {};
}

// RFC 5246 section 7.4.4, RFC 4346 section 7.4.4.
Expected<> Server::send_certificate_request() {
  const ContextOptions& options = endpoint_.settings->options;
  auto request = write_message(endpoint_.port, HandshakeType::certificate_request, [&](wire::Writer& w) {
    w.prefixed(1, [&] {
      write(w, message::ClientCertificateType::ecdsa_sign);
      write(w, message::ClientCertificateType::rsa_sign);
    });
    if (version() == ProtocolVersion::tls12) {
      w.prefixed(2, 2, 0xfffe, [&] {
        for (const SignatureScheme scheme : options.signature_schemes) write(w, scheme);
      });
    }
    w.prefixed(2, [&] {
      for (const auto& name : options.certificate_authorities) write(w, wire::opaque<1, 0xffff>{name});
    });
  });
  if (!request) return std::unexpected(std::move(request.error()));
  handshake_->hash.add(*request);
  return {};
}

// ---- a signature that comes later ----

std::optional<SignatureQuery> Server::pending_signature() const {
  if (state_ != NEGOTIATED || !handshake_) return std::nullopt;
  return handshake_->own.query();
}

Expected<> Server::supply_signature(Bytes signature) {
  if (!pending_signature()) return fail(Reason::nothing_pending);
  const auto at = [&](Error error) { return std::unexpected(std::move(error.at(name(state_), {}))); };
  if (signature.empty()) return at(Error(Reason::signature_failed, "the application refused to sign"));
  handshake_->own.answer.signature.assign(signature.begin(), signature.end());
  auto next = finish_flight();
  if (!next) return at(std::move(next.error()));
  state_ = *next;
  return {};
}

}  // namespace sesame::tls12
