// What a client offers for TLS 1.2 and below, at the beginning and within a connection, and how the
// ClientHello is written (RFC 5246 section 7.4.1.2).
#include <algorithm>

#include "tls12/client.h"

namespace sesame::tls12 {

using extension::ExtensionType;
using message::HandshakeType;

Expected<> Client::start(const ClientOptions& options) {
  handshake_ = std::make_unique<ClientHandshake>();
  ClientHandshake& h = *handshake_;
  auto ok = handshake::begin_start(endpoint_, options, h);
  if (ok) ok = handshake::offer_below(endpoint_, options, handshake::take_session(endpoint_, options, h), h);
  if (ok) ok = offer();
  return ok;
}

Expected<> Client::start(handshake::ClientStart&& start) {
  handshake_ = std::make_unique<ClientHandshake>();
  static_cast<handshake::ClientStart&>(*handshake_) = std::move(start);
  return offer();
}

void Client::take_over(handshake::ClientStart&& start) {
  handshake_ = std::make_unique<ClientHandshake>();
  static_cast<handshake::ClientStart&>(*handshake_) = std::move(start);
  handshake_->offered_tls13 = true;
  state_ = State::WAIT_SH;
}

Expected<> Client::offer() {
  ClientHandshake& h = *handshake_;
  if (!h.below) {
    return fail(Reason::no_credential_usable,
                "no key is valid now and fits this server name and protocol, and no certificate is taken, "
                "that a configured suite of TLS 1.2 or below could use");
  }
  auto ok = handshake::draw_randoms(endpoint_, false, h);
  // RFC 5246 appendix E.1: for servers that look at the version of the record.
  if (ok && h.below->lowest < ProtocolVersion::tls12) endpoint_.port.set_version(ProtocolVersion::tls10);
  if (ok) ok = send_client_hello();
  if (ok) state_ = State::WAIT_SH;
  return ok;
}

Expected<> Client::send_client_hello() {
  ClientHandshake& h = *handshake_;
  std::size_t extensions_size = 0;
  auto hello = write_message(endpoint_.port, HandshakeType::client_hello, [&](wire::Writer& w) {
    write(w, h.below->highest);
    w.put(h.random);
    w.prefixed(1, [&] { w.put(h.legacy_session_id()); });
    w.prefixed(2, [&] {
      if (!h.renewed) return handshake::write_suites_below(endpoint_, h, w);
      // RFC 5746 section 3.5: without the signalling value; renegotiation_info says it all.
      for (const policy::Suite* suite : h.below->suites) write(w, suite->id);
    });
    w.prefixed(1, [&] { w.uint(0, 1); });  // compression_methods: null
    w.prefixed(2, [&] {
      const std::size_t before = w.buffer().size();
      write_extensions(w);
      rewrite_extensions(*endpoint_.settings, HandshakeType::client_hello, w, before);
      extensions_size = w.buffer().size() - before;
    });
  });
  if (extensions_size > 0xffff) {
    return fail(Reason::invalid_argument, "the extensions of the ClientHello take " +
                                              std::to_string(extensions_size) + " octets where 65535 fit");
  }
  if (!hello) return std::unexpected(std::move(hello.error()));
  h.below->hello.append(Bytes(*hello));
  return endpoint_.port.send_flight();
}

void Client::write_extensions(wire::Writer& w) {
  ClientHandshake& h = *handshake_;
  const bool groups = std::ranges::any_of(h.below->suites, [](const policy::Suite* suite) {
    return policy::uses_ecdhe(suite->key_exchange) || policy::uses_dhe(suite->key_exchange);
  });
  handshake::write_common_extensions(endpoint_, h, groups, w);
  const Bytes client_finished = h.renewed ? Bytes(endpoint_.established.below->client_finished) : Bytes();
  handshake::write_extensions_below(endpoint_, h, client_finished, w);
}

// ---- once more (RFC 5746 section 3.5) ----

bool Client::may_renegotiate() const noexcept {
  const handshake::Established& established = endpoint_.established;
  const handshake::Below13& below = *established.below;
  // RFC 7627 section 5.4: not on a session that was resumed without the extended master secret.
  return renewal_ && below.secure_renegotiation && (below.extended_master_secret || !established.resumed);
}

// Only the first error, renegotiation_unavailable, leaves the connection as it was.
Expected<> Client::begin_renegotiation() {
  if (!may_renegotiate()) return fail(Reason::renegotiation_unavailable);
  const handshake::Established& established = endpoint_.established;
  const policy::Settings& settings = *endpoint_.settings;
  auto renewed = std::make_unique<ClientHandshake>();
  ClientHandshake& h = *renewed;
  h.now = settings.now();
  h.verify_name = renewal_->verify_name;
  h.offers_certificates = settings.options.verification.has_value();
  h.credentials = renewal_->credentials.empty() ? std::span<const Credential>(settings.options.credentials)
                                                : std::span<const Credential>(renewal_->credentials);
  // No session, no session secret: what was authenticated is authenticated anew.
  if (auto ok = handshake::offer_below(endpoint_, {}, std::nullopt, h); !ok) return ok;
  if (!h.below) return fail(Reason::renegotiation_unavailable, "nothing could be offered now");
  handshake::OfferBelow& offer = *h.below;
  offer.lowest = offer.highest = established.version;
  std::erase_if(offer.suites, [&](const policy::Suite* suite) {
    // Who was authenticated does not become nobody.
    return !suite->is_for(established.version) || (policy::is_anonymous(suite->key_exchange) &&
                                                   established.authentication != Authentication::anonymous);
  });
  if (offer.suites.empty()) return fail(Reason::renegotiation_unavailable, "nothing could be offered now");
  h.renewed = std::make_unique<handshake::Below13>();
  if (auto ok = handshake::draw_randoms(endpoint_, false, h); !ok) return ok;
  handshake_ = std::move(renewed);
  return send_client_hello();
}

}  // namespace sesame::tls12
