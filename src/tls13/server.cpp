#include "tls13/server.h"

#include <algorithm>

#include "crypto/key_exchange.h"
#include "extension/bodies.h"
#include "message/server_hello.h"

namespace sesame::tls13 {

using extension::ExtensionType;
using handshake::Incoming;
using message::HandshakeType;
using enum ServerState;

std::string_view name(ServerState state) noexcept {
  constexpr std::string_view names[] = {"START",     "RECVD_CH", "NEGOTIATED",    "WAIT_EOED", "WAIT_FLIGHT2",
                                        "WAIT_CERT", "WAIT_CV",  "WAIT_FINISHED", "CONNECTED"};
  return names[static_cast<std::size_t>(state)];
}

std::span<const Server::Edge> Server::edges() noexcept {
  // Appendix A.2 for keys without certificates and early data. RECVD_CH has no row: while a look-up is
  // pending nothing is read, and supply_psk() goes on from it.
  static constexpr Edge table[] = {
      {START, HandshakeType::client_hello, {START, RECVD_CH, WAIT_FINISHED}, on_client_hello},
      {WAIT_FINISHED, HandshakeType::finished, {CONNECTED}, on_finished},
      {CONNECTED, HandshakeType::key_update, {CONNECTED}, on_key_update},
  };
  static_assert(handshake::is_deterministic(table));
  static_assert(handshake::is_reachable(table, START, CONNECTED));
  return table;
}

Expected<> Server::on_message(const Incoming& message) {
  auto next = handshake::step(edges(), *this, state_, message);
  if (!next) return std::unexpected(std::move(next.error().at(name(state_), message::name(message.type))));
  state_ = *next;
  if (state_ == CONNECTED) handshake_.reset();
  return {};
}

Expected<ServerState> Server::on_client_hello(Server& server, const Incoming& message) {
  if (!server.handshake_) {
    server.handshake_ = std::make_unique_for_overwrite<ServerHandshake>();
    server.handshake_->now = server.endpoint_.settings.now();
  }
  if (!message.ends_record) return fail(Reason::message_across_key_change);
  return server.negotiate(message.whole);
}

Expected<ServerState> Server::negotiate(Bytes client_hello) {
  ServerHandshake& h = *handshake_;
  const policy::Settings& settings = endpoint_.settings;
  auto offer = read_offer(client_hello);
  if (!offer) return std::unexpected(std::move(offer.error()));
  if (h.retry) {
    if (auto ok = check_second_client_hello(*offer); !ok) return std::unexpected(std::move(ok.error()));
  }
  if (offer->extensions.has(ExtensionType::early_data)) endpoint_.port.pass_over_early_data();
  const policy::Suite* const fixed = h.retry ? h.retry->suite : nullptr;

  Negotiated negotiated;
  auto ok = choose_alpn(settings, *offer, negotiated);
  if (ok) ok = choose_record_limits(settings, *offer, negotiated);
  if (!ok) return std::unexpected(std::move(ok.error()));
  auto chosen = choose_psk(settings, *offer, h.now, fixed, h.transcript, h.lookup, negotiated);
  if (!chosen) return std::unexpected(std::move(chosen.error()));
  if (!*chosen) {
    if (h.client_hello.empty()) h.client_hello.assign(client_hello.begin(), client_hello.end());
    return RECVD_CH;
  }
  ok = choose_suite(settings, *offer, fixed, negotiated);
  if (ok) ok = choose_mode_and_group(settings, *offer, negotiated);
  if (!ok) return std::unexpected(std::move(ok.error()));

  h.transcript.choose(negotiated.suite->hash);
  h.transcript.add(offer->whole.subspan(offer->truncated.size()));
  h.lookup.reset();

  const bool share_missing = negotiated.group && negotiated.peer_share.empty();
  const bool cookie_missing = settings.options.always_retry_with_cookie && !h.retry;
  if (share_missing || cookie_missing) {
    // Section 4.1.4: the second ClientHello has to have what the first one was asked for.
    if (h.retry)
      return fail(Reason::key_share_wrong_group,
                  "the second ClientHello has no share for the group asked for");
    return send_hello_retry_request(*offer, negotiated);
  }
  if (h.retry && h.retry->group && negotiated.group != h.retry->group) {
    return fail(Reason::key_share_wrong_group, "the second ClientHello has a share for another group");
  }
  return send_flight(*offer, negotiated);
}

std::optional<PskQuery> Server::pending_psk() const {
  if (!awaits_psk()) return std::nullopt;
  const auto offer = read_offer(handshake_->client_hello);  // it was read before
  if (!offer) return std::nullopt;
  wire::Reader identities(offer->psks.identities.raw);
  extension::PskIdentity entry;
  for (std::size_t i = 0; i <= handshake_->lookup.next; ++i) read(identities, entry);
  return PskQuery{entry.identity.data, offer->server_name, handshake_->now};
}

Expected<> Server::supply_psk(std::span<const Credential> credentials) {
  if (!awaits_psk()) return fail(Reason::nothing_pending);
  PskLookup& lookup = handshake_->lookup;
  lookup.answer.clear();
  lookup.answer.use(*endpoint_.settings.provider);
  PskAnswer answer = lookup.answer.handle();
  for (const Credential& credential : credentials) answer.add(credential);
  // The octets stay where they are: the offer's views are into them until the flight is sent.
  const std::vector<std::uint8_t> client_hello = std::move(handshake_->client_hello);
  handshake_->client_hello.clear();
  auto next = negotiate(client_hello);
  if (!next)
    return std::unexpected(
        std::move(next.error().at(name(state_), message::name(HandshakeType::client_hello))));
  state_ = *next;
  return {};
}

namespace {

crypto::HashValue hash_session_id_and_suites(const policy::Settings& settings, const Offer& offer) {
  const Bytes session_id = offer.hello.legacy_session_id.data;
  // With its size: no octet can change from the one to the other.
  const auto size = static_cast<std::uint8_t>(session_id.size());
  return crypto::hash_of(settings.provider->hash(HashAlgorithm::sha256),
                         {{&size, 1}, session_id, offer.hello.cipher_suites.raw});
}

}  // namespace

// Section 4.1.2: what a client may change after a HelloRetryRequest, and nothing else.
Expected<> Server::check_second_client_hello(const Offer& offer) const {
  const Retry& retry = *handshake_->retry;
  const crypto::HashValue hash = hash_session_id_and_suites(endpoint_.settings, offer);
  if (offer.hello.random != retry.random ||
      !std::ranges::equal(hash.bytes(), retry.session_id_and_suites.bytes())) {
    return fail(Reason::retry_hello_changed);
  }
  if (offer.extensions.has(ExtensionType::early_data)) {
    return fail(Reason::retry_hello_changed, "early_data after a HelloRetryRequest");
  }
  if (!retry.cookie.empty()) {
    const auto cookie = offer.extensions.read<extension::Cookie>(ExtensionType::cookie);
    if (!cookie) return std::unexpected(cookie.error());
    if (!secret::equal_in_constant_time(cookie->cookie.data, retry.cookie))
      return fail(Reason::cookie_mismatch);
  } else if (offer.extensions.has(ExtensionType::cookie)) {
    return fail(Reason::cookie_mismatch, "a cookie that was not given");
  }
  if (retry.group) {
    // Section 4.2.8: a single share, of the group asked for.
    std::size_t shares = 0;
    bool right = true;
    offer.client_shares.for_each([&](const extension::KeyShareEntry& entry) {
      ++shares;
      right = right && entry.group == *retry.group;
    });
    if (shares != 1 || !right) return fail(Reason::key_share_wrong_group, "after a HelloRetryRequest");
  }
  return {};
}

Expected<ServerState> Server::send_hello_retry_request(const Offer& offer, const Negotiated& negotiated) {
  ServerHandshake& h = *handshake_;
  const policy::Settings& settings = endpoint_.settings;
  Retry& retry = h.retry.emplace();
  retry.suite = negotiated.suite;
  retry.random = offer.hello.random;
  retry.session_id_and_suites = hash_session_id_and_suites(settings, offer);
  if (negotiated.group && negotiated.peer_share.empty()) retry.group = negotiated.group;
  if (settings.options.always_retry_with_cookie) {
    retry.cookie.resize(32);
    if (auto ok = settings.random(retry.cookie); !ok) return std::unexpected(std::move(ok.error()));
  }
  h.transcript.replace_by_message_hash();
  auto request = write_message(endpoint_.port, HandshakeType::server_hello, [&](wire::Writer& w) {
    w.uint(message::legacy_version_tls12, 2);
    w.put(message::hello_retry_request_random);
    w.prefixed(1, [&] { w.put(offer.hello.legacy_session_id.data); });
    write(w, negotiated.suite->id);
    w.uint(0, 1);
    w.prefixed(2, [&] {
      write_extension(w, ExtensionType::supported_versions, [&] { w.uint(version, 2); });
      if (retry.group) write_extension(w, ExtensionType::key_share, [&] { write(w, *retry.group); });
      if (!retry.cookie.empty()) {
        write_extension(w, ExtensionType::cookie, [&] { w.prefixed(2, [&] { w.put(retry.cookie); }); });
      }
    });
  });
  if (!request) return std::unexpected(std::move(request.error()));
  h.transcript.add(*request);
  auto ok = endpoint_.port.send_flight();
  // Appendix D.4: after the first handshake message.
  if (ok && !offer.hello.legacy_session_id.data.empty()) ok = endpoint_.port.send_change_cipher_spec();
  if (!ok) return std::unexpected(std::move(ok.error()));
  endpoint_.established.retried = true;
  return START;
}

Expected<secret::HandshakeStage> Server::send_server_hello(const Offer& offer, Negotiated& negotiated) {
  const policy::Settings& settings = endpoint_.settings;
  secret::EarlyStage early(std::move(*negotiated.secrets));
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
      write_extension(w, ExtensionType::pre_shared_key,
                      [&] { w.uint(static_cast<std::uint32_t>(negotiated.selected_identity), 2); });
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
  using LimitBy = Negotiated::LimitBy;
  const LimitBy limit_by = negotiated.limit_by;
  auto message = write_message(endpoint_.port, HandshakeType::encrypted_extensions, [&](wire::Writer& w) {
    w.prefixed(2, [&] {
      if (negotiated.by_server_name) write_extension(w, ExtensionType::server_name, [] {});
      if (negotiated.alpn) {
        write_extension(w, ExtensionType::application_layer_protocol_negotiation, [&] {
          w.prefixed(2, [&] { write(w, wire::opaque<1, 255>{as_bytes(*negotiated.alpn)}); });
        });
      }
      if (limit_by == LimitBy::record_size_limit) {
        write_extension(w, ExtensionType::record_size_limit,
                        [&] { w.uint(negotiated.received_limit + 1u, 2); });
      }
      if (limit_by == LimitBy::max_fragment_length) {
        write_extension(w, ExtensionType::max_fragment_length,
                        [&] { w.put(offer.extensions[ExtensionType::max_fragment_length]); });
      }
    });
  });
  if (!message) return std::unexpected(std::move(message.error()));
  handshake_->transcript.add(*message);
  if (limit_by != LimitBy::nothing) {
    endpoint_.port.limit_sent_content(negotiated.sent_limit);
    endpoint_.port.limit_received_content(negotiated.received_limit);
  }
  return {};
}

void Server::keep(const Offer& offer, const Negotiated& negotiated) {
  handshake::Established& established = endpoint_.established;
  established.suite = negotiated.suite;
  established.psk_mode = negotiated.mode;
  established.group = negotiated.group;
  established.alpn = negotiated.alpn;
  established.used_older_key = negotiated.older_key;
  established.server_name = offer.server_name;
  wire::Reader identities(offer.psks.identities.raw);
  extension::PskIdentity entry;
  for (std::size_t i = 0; i <= negotiated.selected_identity; ++i) read(identities, entry);
  established.psk_identity = as_text(entry.identity.data);
}

// ServerHello, EncryptedExtensions, Finished: NEGOTIATED in the diagram.
Expected<ServerState> Server::send_flight(const Offer& offer, Negotiated& negotiated) {
  ServerHandshake& h = *handshake_;
  const policy::Settings& settings = endpoint_.settings;
  const policy::Suite& suite = *negotiated.suite;
  const crypto::Hash& hash = settings.provider->hash(suite.hash);
  h.client_random = offer.hello.random;
  keep(offer, negotiated);

  auto stage = send_server_hello(offer, negotiated);
  if (!stage) return std::unexpected(std::move(stage.error()));
  crypto::HashValue so_far = h.transcript.value(suite.hash);
  const secret::SecretBytes client_secret = stage->client_handshake_traffic(so_far.bytes());
  const secret::SecretBytes server_secret = stage->server_handshake_traffic(so_far.bytes());
  log_secret(settings, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", h.client_random, client_secret.bytes());
  log_secret(settings, "SERVER_HANDSHAKE_TRAFFIC_SECRET", h.client_random, server_secret.bytes());
  h.client_traffic = crypto::HmacKey(hash, client_secret.bytes());
  const crypto::HmacKey server_traffic(hash, server_secret.bytes());

  Expected<> ok;
  // Appendix D.4, for a client that asks for it by a session identifier; after a retry it has gone already.
  if (!offer.hello.legacy_session_id.data.empty() && !h.retry) ok = endpoint_.port.send_change_cipher_spec();
  if (ok) ok = endpoint_.port.set_write_keys(suite, server_traffic);
  if (ok) ok = endpoint_.port.set_read_keys(suite, h.client_traffic);
  if (ok) ok = send_encrypted_extensions(offer, negotiated);
  if (!ok) return std::unexpected(std::move(ok.error()));
  so_far = h.transcript.value(suite.hash);
  ok = write_finished(endpoint_, h.transcript, server_traffic, so_far.bytes());
  if (ok) ok = endpoint_.port.send_flight();
  if (!ok) return std::unexpected(std::move(ok.error()));

  const secret::MasterStage master = std::move(*stage).master();
  h.server_finished = h.transcript.value(suite.hash);
  handshake::Established& established = endpoint_.established;
  h.read_secret = master.client_application_traffic(h.server_finished.bytes());
  established.write_secret = master.server_application_traffic(h.server_finished.bytes());
  established.exporter_secret = master.exporter(h.server_finished.bytes());
  log_secret(settings, "CLIENT_TRAFFIC_SECRET_0", h.client_random, h.read_secret.bytes());
  log_secret(settings, "SERVER_TRAFFIC_SECRET_0", h.client_random, established.write_secret.bytes());
  log_secret(settings, "EXPORTER_SECRET", h.client_random, established.exporter_secret.bytes());
  ok = endpoint_.port.set_write_keys(suite, crypto::HmacKey(hash, established.write_secret.bytes()));
  if (!ok) return std::unexpected(std::move(ok.error()));
  return WAIT_FINISHED;
}

Expected<ServerState> Server::on_finished(Server& server, const Incoming& message) {
  Endpoint& endpoint = server.endpoint_;
  ServerHandshake& h = *server.handshake_;
  handshake::Established& established = endpoint.established;
  if (auto ok = check_finished(message, h.client_traffic, h.server_finished.bytes()); !ok) {
    return std::unexpected(std::move(ok.error()));
  }
  if (!message.ends_record) return fail(Reason::message_across_key_change);
  established.read_secret = std::move(h.read_secret);
  const crypto::Hash& hash = endpoint.settings.provider->hash(established.suite->hash);
  auto ok =
      endpoint.port.set_read_keys(*established.suite, crypto::HmacKey(hash, established.read_secret.bytes()));
  if (!ok) return std::unexpected(std::move(ok.error()));
  established.authentication = Authentication::external_psk;
  return CONNECTED;
}

Expected<ServerState> Server::on_key_update(Server& server, const Incoming& message) {
  if (auto ok = tls13::on_key_update(server.endpoint_, message); !ok)
    return std::unexpected(std::move(ok.error()));
  return CONNECTED;
}

}  // namespace sesame::tls13
