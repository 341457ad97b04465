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
  constexpr std::string_view names[] = {
      "START",        "RECVD_CH",       "NEGOTIATED",        "WAIT_EOED",     "WAIT_FLIGHT2",
      "WAIT_CERT",    "WAIT_CV",        "VERIFYING",         "WAIT_FINISHED", "CONNECTED",
      "POST_WAIT_CV", "POST_VERIFYING", "POST_WAIT_FINISHED"};
  const auto i = static_cast<std::size_t>(state);
  return i < std::size(names) ? names[i] : std::string_view();
}

std::span<const Server::Edge> Server::edges() noexcept {
  // Appendix A.2.
  using enum HandshakeType;
  static constexpr Edge table[] = {
      {START,
       client_hello,
       {START, RECVD_CH, NEGOTIATED, WAIT_EOED, WAIT_CERT, WAIT_FINISHED},
       on_client_hello},
      {WAIT_EOED, end_of_early_data, {WAIT_CERT, WAIT_FINISHED}, on_end_of_early_data},
      {WAIT_CERT, certificate, {WAIT_CV, WAIT_FINISHED}, on_certificate},
      {WAIT_CERT, compressed_certificate, {WAIT_CV, WAIT_FINISHED}, on_certificate},
      {WAIT_CV, certificate_verify, {WAIT_FINISHED, VERIFYING}, on_certificate_verify},
      {WAIT_FINISHED, finished, {CONNECTED}, on_finished},
      {CONNECTED, key_update, {CONNECTED}, on_key_update},
      {CONNECTED, certificate, {POST_WAIT_CV, POST_WAIT_FINISHED}, on_late_certificate},
      {CONNECTED, compressed_certificate, {POST_WAIT_CV, POST_WAIT_FINISHED}, on_late_certificate},
      {POST_WAIT_CV, certificate_verify, {POST_WAIT_FINISHED, POST_VERIFYING}, on_late_certificate_verify},
      {POST_WAIT_FINISHED, finished, {CONNECTED}, on_late_finished},
  };
  static_assert(handshake::is_deterministic(table));
  static_assert(handshake::is_reachable(table, START, CONNECTED));
  return table;
}

Expected<> Server::on_message(const Incoming& message) {
  auto next = handshake::step(edges(), *this, state_, message);
  if (!next) return std::unexpected(std::move(next.error().at(name(state_), message::name(message.type))));
  state_ = *next;
  if (connected()) handshake_.reset();
  if (state_ == CONNECTED) post_.reset();
  return {};
}

Expected<ServerState> Server::on_client_hello(Server& server, const Incoming& message) {
  if (!server.handshake_) {
    server.handshake_ = std::make_unique_for_overwrite<ServerHandshake>();
    server.handshake_->now = server.endpoint_.settings->now();
  }
  if (!message.ends_record) return fail(Reason::message_across_key_change);
  return server.negotiate(message.whole);
}

namespace {

// Neither by a key nor by a certificate.
std::unexpected<Error> cannot_authenticate(const policy::Settings& settings, const Offer& offer,
                                           PskLookup& lookup) {
  if (offer.has_psks) return std::unexpected(psk_failure(settings, offer, lookup));
  // Section 9.2: a client without a key has to have both of these.
  const bool has_both =
      offer.has(ExtensionType::signature_algorithms) && offer.has(ExtensionType::supported_groups);
  if (!settings.options.certificates.empty() && !has_both)
    return fail(Reason::extension_missing,
                "signature_algorithms and supported_groups, without a key that is known");
  Error error(Reason::psk_not_offered);
  if (!has_both) error.with_alert(Alert::missing_extension);
  return std::unexpected(std::move(error));
}

}  // namespace

// What is used, and by what: the steps of negotiate.h in their order.
Expected<> Server::choose(const Offer& offer, Negotiated& negotiated, bool& later) {
  ServerHandshake& h = *handshake_;
  const policy::Settings& settings = *endpoint_.settings;
  const policy::Suite* const fixed = h.retry ? h.retry->suite : nullptr;
  const auto alpn = handshake::choose_alpn(settings, offer);
  if (!alpn) return std::unexpected(alpn.error());
  negotiated.alpn = *alpn;
  const auto limits = handshake::choose_record_limits(settings, offer, ProtocolVersion::tls13);
  if (!limits) return std::unexpected(limits.error());
  negotiated.limits = *limits;
  PskChoice psk = PskChoice::none;
  if (offer.has_psks && (settings.options.psk_source || settings.options.tickets.issuer)) {
    auto chosen = choose_psk(settings, offer, h.now, fixed, h.transcript, h.lookup, negotiated);
    if (!chosen) return std::unexpected(std::move(chosen.error()));
    psk = *chosen;
  }
  if (psk == PskChoice::later) {
    later = true;
    return {};
  }
  auto ok = choose_cert_with_extern_psk(settings, offer, negotiated);
  if (!ok) return ok;
  if (psk == PskChoice::none) {
    negotiated.by_certificate = true;
    if (!can_use_certificate(settings, offer)) return cannot_authenticate(settings, offer, h.lookup);
  }
  ok = choose_suite(settings, offer, fixed, negotiated);
  if (ok) ok = choose_mode_and_group(settings, offer, negotiated);
  if (ok && negotiated.by_certificate) ok = choose_certificate(settings, offer, negotiated);
  return ok;
}

Expected<ServerState> Server::negotiate(Bytes client_hello) {
  ServerHandshake& h = *handshake_;
  auto offer = read_offer(client_hello);
  if (!offer) return std::unexpected(std::move(offer.error()));
  if (h.retry) {
    if (auto ok = check_second_client_hello(*offer); !ok) return std::unexpected(std::move(ok.error()));
  }
  const auto suspend = [&] {
    if (h.client_hello.empty()) h.client_hello.assign(client_hello.begin(), client_hello.end());
    return RECVD_CH;
  };
  const policy::Settings& settings = *endpoint_.settings;
  // Until it is accepted.
  if (offer->has(ExtensionType::early_data)) endpoint_.port.pass_over_early_data();

  Negotiated negotiated;
  bool later = false;
  if (auto ok = choose(*offer, negotiated, later); !ok) return std::unexpected(std::move(ok.error()));
  if (later) return suspend();

  (void)truncated_hash(settings, *offer, negotiated.suite->hash, h.transcript, h.lookup);
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
  if (!h.retry) choose_early_data(settings, *offer, h.now, negotiated);
  return send_flight(*offer, negotiated);
}

// ---- answers that come later ----

std::optional<PskQuery> Server::pending_psk() const {
  if (!awaits_psk()) return std::nullopt;
  const auto offer = read_offer(handshake_->client_hello);  // it was read before
  if (!offer) return std::nullopt;
  wire::Reader identities(offer->psks.identities.raw);
  extension::PskIdentity entry;
  for (std::size_t i = 0; i <= handshake_->lookup.next; ++i) read(identities, entry);
  return make_query(*offer, entry.identity.data, handshake_->now);
}

// The ClientHello goes through negotiate() again, from where it was left.
Expected<> Server::take_up_again() {
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

Expected<> Server::supply_psk(std::span<const Credential> credentials) {
  if (!awaits_psk()) return fail(Reason::nothing_pending);
  PskLookup& lookup = handshake_->lookup;
  lookup.answer.clear();
  lookup.answer.use(*endpoint_.settings->provider);
  if (const auto query = pending_psk()) lookup.answer.ask(*query);
  PskAnswer answer = lookup.answer.handle();
  for (const Credential& credential : credentials) answer.add(credential);
  return take_up_again();
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
  const crypto::HashValue hash = hash_session_id_and_suites(*endpoint_.settings, offer);
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

namespace {

// Of a HelloRetryRequest that was rewritten: what the client will come back with.
std::vector<std::uint8_t> cookie_of(Bytes request) {
  const auto hello = wire::decode<message::ServerHello>(request.subspan(message::handshake_header_size));
  std::vector<std::uint8_t> cookie;
  if (!hello) return cookie;
  hello->extensions.for_each([&](const message::Extension& extension) {
    if (extension.extension_type != ExtensionType::cookie) return;
    const Bytes data = extension.extension_data.data;
    if (data.size() > 2) cookie.assign(data.begin() + 2, data.end());
  });
  return cookie;
}

}  // namespace

Expected<ServerState> Server::send_hello_retry_request(const Offer& offer, const Negotiated& negotiated) {
  ServerHandshake& h = *handshake_;
  const policy::Settings& settings = *endpoint_.settings;
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
      const std::size_t begin = w.buffer().size();
      write_extension(w, ExtensionType::supported_versions, [&] { w.uint(version, 2); });
      if (retry.group) write_extension(w, ExtensionType::key_share, [&] { write(w, *retry.group); });
      if (!retry.cookie.empty()) {
        write_extension(w, ExtensionType::cookie, [&] { w.prefixed(2, [&] { w.put(retry.cookie); }); });
      }
      rewrite_extensions(settings, HandshakeType::server_hello, w, begin);
    });
  });
  if (!request) return std::unexpected(std::move(request.error()));
  h.transcript.add(*request);
  if (settings.options.rewrite_extensions) retry.cookie = cookie_of(*request);
  auto ok = endpoint_.port.send_flight();
  // Appendix D.4: after the first handshake message.
  if (ok && !offer.hello.legacy_session_id.data.empty()) ok = endpoint_.port.send_change_cipher_spec();
  if (!ok) return std::unexpected(std::move(ok.error()));
  endpoint_.established.retried = true;
  return START;
}

Expected<ServerState> Server::on_key_update(Server& server, const Incoming& message) {
  if (auto ok = tls13::on_key_update(server.endpoint_, message); !ok)
    return std::unexpected(std::move(ok.error()));
  return CONNECTED;
}

}  // namespace sesame::tls13
