// The server's flight: ServerHello to Finished, and the keys behind it.
#include <algorithm>

#include "crypto/key_exchange.h"
#include "extension/bodies.h"
#include "message/server_hello.h"
#include "tls13/server.h"

namespace sesame::tls13 {

using extension::ExtensionType;
using handshake::Incoming;
using message::HandshakeType;
using enum ServerState;

Expected<secret::HandshakeStage> Server::send_server_hello(const Offer& offer, Negotiated& negotiated,
                                                           secret::EarlyStage early) {
  const policy::Settings& settings = *endpoint_.settings;
  secret::SharedSecret shared_secret;
  message::Random random;
  if (auto ok = settings.public_random(random); !ok) return std::unexpected(std::move(ok.error()));
  Expected<> agreed;
  auto hello = write_message(endpoint_.port, HandshakeType::server_hello, [&](wire::Writer& w) {
    w.uint(message::legacy_version_tls12, 2);
    w.put(random);
    w.prefixed(1, [&] { w.put(offer.hello.legacy_session_id.data); });
    write(w, negotiated.suite->id);
    w.uint(0, 1);
    w.prefixed(2, [&] {
      const std::size_t begin = w.buffer().size();
      write_extension(w, ExtensionType::supported_versions, [&] { w.uint(version, 2); });
      if (negotiated.group) {
        write_extension(w, ExtensionType::key_share, [&] {
          write(w, *negotiated.group);
          w.prefixed(2, [&] {
            const MutableBytes share =
                w.buffer().grow(crypto::key_share_size(*negotiated.group, Side::server));
            agreed = crypto::respond(*settings.provider, *negotiated.group, negotiated.peer_share, share,
                                     shared_secret, settings.options.random);
          });
        });
      }
      if (handshake_->by_certificate && handshake_->by_extern_psk)
        write_extension(w, ExtensionType::tls_cert_with_extern_psk, [] {});
      if (handshake_->by_extern_psk || negotiated.session) {
        write_extension(w, ExtensionType::pre_shared_key,
                        [&] { w.uint(static_cast<std::uint32_t>(negotiated.selected_identity), 2); });
      }
      rewrite_extensions(settings, HandshakeType::server_hello, w, begin);
    });
  });
  if (!agreed) return std::unexpected(std::move(agreed.error()));
  if (!hello) return std::unexpected(std::move(hello.error()));
  handshake_->transcript.add(*hello);
  if (auto ok = endpoint_.port.send_flight(); !ok) return std::unexpected(std::move(ok.error()));
  if (negotiated.mode == PskKeyExchangeMode::psk_ke) return std::move(early).psk_ke();
  return std::move(early).with_shared_secret(shared_secret.bytes());
}

Expected<> Server::send_encrypted_extensions(const Offer& offer, const Negotiated& negotiated) {
  const handshake::RecordLimits& limits = negotiated.limits;
  const bool name_used =
      negotiated.by_server_name || (negotiated.by_certificate && !offer.server_name.empty());
  const auto type = [](wire::Writer& w, ExtensionType which, std::optional<CertificateType> chosen) {
    if (chosen) write_extension(w, which, [&] { write(w, *chosen); });
  };
  auto message = write_message(endpoint_.port, HandshakeType::encrypted_extensions, [&](wire::Writer& w) {
    w.prefixed(2, [&] {
      const std::size_t begin = w.buffer().size();
      if (name_used) write_extension(w, ExtensionType::server_name, [] {});
      if (negotiated.alpn) {
        write_extension(w, ExtensionType::application_layer_protocol_negotiation, [&] {
          w.prefixed(2, [&] { write(w, wire::opaque<1, 255>{as_bytes(*negotiated.alpn)}); });
        });
      }
      handshake::write_record_limits(limits, offer, ProtocolVersion::tls13, w);
      type(w, ExtensionType::client_certificate_type, negotiated.client_type);
      type(w, ExtensionType::server_certificate_type, negotiated.server_type);
      if (negotiated.early_data > 0) write_extension(w, ExtensionType::early_data, [] {});
      rewrite_extensions(*endpoint_.settings, HandshakeType::encrypted_extensions, w, begin);
    });
  });
  if (!message) return std::unexpected(std::move(message.error()));
  handshake_->transcript.add(*message);
  if (limits.by != handshake::RecordLimits::By::nothing) {
    endpoint_.port.limit_sent_content(limits.sent);
    endpoint_.port.limit_received_content(limits.received);
  }
  return {};
}

Expected<> Server::send_certificate_request(wire::Buffer& out, transcript::Transcript& transcript,
                                            Bytes context) {
  auto request = write_message(out, HandshakeType::certificate_request, [&](wire::Writer& w) {
    w.prefixed(1, [&] { w.put(context); });
    w.prefixed(2, [&] {
      write_wanted(*endpoint_.settings, Side::server, w,
                   [&](ExtensionType type, auto&& body) { write_extension(w, type, body); });
    });
  });
  if (!request) return std::unexpected(std::move(request.error()));
  transcript.add(*request);
  return {};
}

void Server::keep(const Offer& offer, const Negotiated& negotiated) {
  handshake::Established& established = endpoint_.established;
  const ContextOptions& options = endpoint_.settings->options;
  established.suite = negotiated.suite;
  established.psk_mode = negotiated.mode;
  established.group = negotiated.group;
  established.alpn = negotiated.alpn;
  established.used_older_key = negotiated.older_key;
  established.server_name = offer.server_name;
  ServerHandshake& h = *handshake_;
  h.session = negotiated.session;
  h.by_certificate = negotiated.by_certificate;
  h.by_extern_psk = negotiated.secrets && !negotiated.session;
  h.early_data = negotiated.early_data > 0;
  h.client_type = negotiated.client_type.value_or(CertificateType::x509);
  if (h.by_extern_psk) established.psk_identity = as_text(negotiated.identity);
  if (negotiated.by_certificate) {
    h.own.key = certificate::CertifiedKeyAccess::share(*negotiated.certificate.key);
    h.own.scheme = negotiated.certificate.scheme;
    h.own.staple = negotiated.staple;
    h.own.compression = negotiated.compression;
  }
  // Section 4.3.2: not beside a key alone; RFC 8773 section 5.2: but beside both.
  h.certificate_requested = h.by_certificate && options.client_certificates != ClientCertificates::none;
  if (negotiated.session) {
    const session::SessionBody& session = session::SessionAccess::body(*negotiated.session);
    established.resumed = true;
    established.psk_identity = session.psk_identity;
    handshake::Extras& extras = established.extras();
    extras.authenticated = session.authenticated;
    extras.peer = restore_peer(session.peer_type, session.peer_chain);
  }
  const bool common_mode = [&] {
    bool found = false;
    offer.modes.for_each([&](PskKeyExchangeMode mode) { found = found || endpoint_.settings->allows(mode); });
    return found;
  }();
  if (options.tickets.issuer && common_mode) established.extras().client_can_resume = true;
  // Section 4.6.2: only a client that has said so may be asked later.
  if (options.verification && offer.has(ExtensionType::post_handshake_auth)) h.post_handshake_auth = true;
}

// ServerHello, EncryptedExtensions, CertificateRequest, Certificate, CertificateVerify, Finished.
Expected<ServerState> Server::send_flight(const Offer& offer, Negotiated& negotiated) {
  ServerHandshake& h = *handshake_;
  handshake::MessagePort& port = endpoint_.port;
  const policy::Settings& settings = *endpoint_.settings;
  const policy::Suite& suite = *negotiated.suite;
  const crypto::Hash& hash = settings.provider->hash(suite.hash);
  h.client_random = offer.hello.random;
  keep(offer, negotiated);

  secret::EarlyStage early(negotiated.secrets
                               ? std::move(*negotiated.secrets)
                               : settings.without_psk[static_cast<std::size_t>(suite.hash)].copy());
  crypto::HmacKey early_traffic;
  if (h.early_data) {
    const crypto::HashValue hello = h.transcript.value(suite.hash);
    const secret::SecretBytes traffic = early.client_early_traffic(hello.bytes());
    secret::SecretBytes& exporter = endpoint_.established.extras().early_exporter_secret;
    exporter = early.early_exporter(hello.bytes());
    log_secret(settings, "CLIENT_EARLY_TRAFFIC_SECRET", h.client_random, traffic.bytes());
    log_secret(settings, "EARLY_EXPORTER_SECRET", h.client_random, exporter.bytes());
    early_traffic = crypto::HmacKey(hash, traffic.bytes());
  }
  auto stage = send_server_hello(offer, negotiated, std::move(early));
  if (!stage) return std::unexpected(std::move(stage.error()));
  const crypto::HashValue so_far = h.transcript.value(suite.hash);
  const secret::SecretBytes client_secret = stage->client_handshake_traffic(so_far.bytes());
  const secret::SecretBytes server_secret = stage->server_handshake_traffic(so_far.bytes());
  log_secret(settings, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", h.client_random, client_secret.bytes());
  log_secret(settings, "SERVER_HANDSHAKE_TRAFFIC_SECRET", h.client_random, server_secret.bytes());
  h.client_traffic = crypto::HmacKey(hash, client_secret.bytes());
  h.server_traffic = crypto::HmacKey(hash, server_secret.bytes());
  h.stage = std::move(*stage);

  Expected<> ok;
  // Appendix D.4, for a client that asks for it by a session identifier; after a retry it has gone already.
  if (!offer.hello.legacy_session_id.data.empty() && !h.retry) ok = port.send_change_cipher_spec();
  if (ok) ok = port.set_write_keys(suite, h.server_traffic);
  if (ok && h.early_data) {
    ok = port.set_read_keys(suite, early_traffic);
    port.accept_early_data(negotiated.early_data);
  } else if (ok) {
    ok = port.set_read_keys(suite, h.client_traffic);
  }
  if (ok) ok = send_encrypted_extensions(offer, negotiated);
  if (ok && h.certificate_requested) ok = send_certificate_request(port.messages(), h.transcript, {});
  if (ok && h.by_certificate) {
    ok = write_certificate(port.messages(), h.transcript, h.own);
    if (ok) ok = make_signature(settings, Side::server, h.transcript.value(suite.hash).bytes(), h.own);
    if (ok && h.own.answer.is_later) {
      ok = port.send_flight();
      if (ok) return NEGOTIATED;
    }
  }
  if (!ok) return std::unexpected(std::move(ok.error()));
  return finish_flight();
}

ServerState Server::next_flight() const noexcept {
  return handshake_->certificate_requested ? WAIT_CERT : WAIT_FINISHED;
}

Expected<ServerState> Server::finish_flight() {
  ServerHandshake& h = *handshake_;
  handshake::MessagePort& port = endpoint_.port;
  const policy::Settings& settings = *endpoint_.settings;
  handshake::Established& established = endpoint_.established;
  const policy::Suite& suite = *established.suite;
  const crypto::Hash& hash = settings.provider->hash(suite.hash);
  Expected<> ok;
  if (h.by_certificate) ok = write_certificate_verify(port.messages(), h.transcript, h.own);
  if (ok) {
    const crypto::HashValue so_far = h.transcript.value(suite.hash);
    ok = write_finished(port.messages(), h.transcript, h.server_traffic, so_far.bytes());
  }
  if (ok) ok = port.send_flight();
  if (!ok) return std::unexpected(std::move(ok.error()));

  secret::MasterStage master = std::move(*h.stage).master();
  const crypto::HashValue finished = h.transcript.value(suite.hash);
  h.read_secret = master.client_application_traffic(finished.bytes());
  established.write_secret = master.server_application_traffic(finished.bytes());
  established.exporter_secret = master.exporter(finished.bytes());
  h.master = std::move(master);
  log_secret(settings, "CLIENT_TRAFFIC_SECRET_0", h.client_random, h.read_secret.bytes());
  log_secret(settings, "SERVER_TRAFFIC_SECRET_0", h.client_random, established.write_secret.bytes());
  log_secret(settings, "EXPORTER_SECRET", h.client_random, established.exporter_secret.bytes());
  ok = port.set_write_keys(suite, crypto::HmacKey(hash, established.write_secret.bytes()));
  if (!ok) return std::unexpected(std::move(ok.error()));
  return h.early_data ? WAIT_EOED : next_flight();
}

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

// Section 4.5.
Expected<ServerState> Server::on_end_of_early_data(Server& server, const Incoming& message) {
  ServerHandshake& h = *server.handshake_;
  if (!message.body().empty()) return fail(Reason::trailing_octets, "EndOfEarlyData");
  if (!message.ends_record) return fail(Reason::message_across_key_change);
  h.transcript.add(message.whole);
  auto ok = server.endpoint_.port.set_read_keys(*server.endpoint_.established.suite, h.client_traffic);
  if (!ok) return std::unexpected(std::move(ok.error()));
  return server.next_flight();
}

Expected<ServerState> Server::on_finished(Server& server, const Incoming& message) {
  Endpoint& endpoint = server.endpoint_;
  ServerHandshake& h = *server.handshake_;
  handshake::Established& established = endpoint.established;
  const crypto::HashValue before = h.transcript.value(established.suite->hash);
  if (auto ok = check_finished(message, h.client_traffic, before.bytes()); !ok) {
    return std::unexpected(std::move(ok.error()));
  }
  if (!message.ends_record) return fail(Reason::message_across_key_change);
  established.read_secret = std::move(h.read_secret);
  const crypto::Hash& hash = endpoint.settings->provider->hash(established.suite->hash);
  auto ok =
      endpoint.port.set_read_keys(*established.suite, crypto::HmacKey(hash, established.read_secret.bytes()));
  if (!ok) return std::unexpected(std::move(ok.error()));
  const bool showed = established.more && established.more->peer_scheme.has_value();
  if (h.session) {
    established.authentication = h.session->authentication();
  } else if (h.by_extern_psk) {
    established.authentication =
        showed ? Authentication::certificate_with_external_psk : Authentication::external_psk;
  } else {
    established.authentication =
        showed ? authentication_by(established.more->peer) : Authentication::anonymous;
  }
  if (established.more || h.post_handshake_auth) {
    handshake::Extras& extras = established.extras();
    h.transcript.add(message.whole);
    if (!h.session && !showed) extras.authenticated = h.now;
    if (extras.client_can_resume)
      extras.resumption_secret = h.master->resumption(h.transcript.value(established.suite->hash).bytes());
    if (h.post_handshake_auth) extras.transcript = h.transcript;
    ok = server.give_tickets();
    if (!ok) return std::unexpected(std::move(ok.error()));
  }
  return CONNECTED;
}

}  // namespace sesame::tls13
