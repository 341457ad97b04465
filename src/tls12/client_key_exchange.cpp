// ServerKeyExchange and ClientKeyExchange (RFC 5246 sections 7.4.3 and 7.4.7, RFC 4279, RFC 5489, RFC 8422
// section 5), and the key of a client that has several.
#include <algorithm>

#include "crypto/finite_field.h"
#include "crypto/key_exchange.h"
#include "crypto/rsa_transport.h"
#include "psk/credential_body.h"
#include "tls12/client.h"

namespace sesame::tls12 {

using handshake::Incoming;
using message::HandshakeType;
using enum ClientState;

// ---- what the server says ----

// RFC 8422 section 5.4.
Expected<> Client::read_ecdh_parameters(wire::Reader& r) {
  ClientHandshake& h = *handshake_;
  const policy::Settings& settings = *endpoint_.settings;
  message::ECCurveType curve_type{};
  read(r, curve_type);
  // The other types have another form.
  if (r.ok() && curve_type != message::ECCurveType::named_curve)
    return fail(Reason::ec_curve_wrong, "explicit parameters");
  NamedGroup group{};
  wire::opaque<1, 255> theirs;
  read(r, group);
  read(r, theirs);
  if (!r.ok()) return malformed(r.fault(), HandshakeType::server_key_exchange);
  const auto& offered = settings.groups;
  if (!handshake::is_elliptic_curve(group) || std::ranges::find(offered, group) == offered.end())
    return fail(Reason::ec_curve_wrong, std::string(sesame::name(group)));
  auto exchange = crypto::KeyExchange::generate(*settings.provider, group, settings.options.random);
  if (!exchange) return std::unexpected(std::move(exchange.error()));
  h.public_value.resize(crypto::key_share_size(group, Side::client));
  auto ok = exchange->write_share(h.public_value);
  if (ok) ok = exchange->finish(theirs.data, h.shared);
  h.group = group;
  return ok;
}

// RFC 5246 section 7.4.3.
Expected<> Client::read_dh_parameters(wire::Reader& r) {
  ClientHandshake& h = *handshake_;
  const policy::Settings& settings = *endpoint_.settings;
  message::ServerDHParams parameters;
  read(r, parameters);
  if (!r.ok()) return malformed(r.fault(), HandshakeType::server_key_exchange);
  const Bytes theirs = parameters.dh_Ys.data;
  auto exchange = crypto::FiniteFieldExchange::join(
      *settings.provider, parameters.dh_p.data, parameters.dh_g.data, theirs, settings.options.min_dh_bits);
  if (!exchange) return std::unexpected(std::move(exchange.error()));
  h.public_value = exchange->public_value();
  return exchange->finish(theirs, h.shared);
}

Expected<ClientState> Client::on_server_key_exchange(Client& client, const Incoming& message) {
  ClientHandshake& h = *client.handshake_;
  handshake::Below13& below = client.below();
  const KeyExchangeMethod method = h.suite->key_exchange;
  h.secret = {};
  wire::Reader r(message.body());
  const bool has_parameters = policy::uses_dhe(method) || policy::uses_ecdhe(method);
  if (policy::uses_psk(method)) {
    message::PskIdentityHint hint;
    read(r, hint);
    if (!r.ok()) return malformed(r.fault(), message.type);
    // RFC 4279 section 3: where the message comes in any case, an empty hint is none.
    const std::string_view text = as_text(hint.psk_identity_hint.data);
    if (!text.empty() || !has_parameters) below.identity_hint = text;
  }
  Expected<> ok;
  if (policy::uses_ecdhe(method)) ok = client.read_ecdh_parameters(r);
  if (policy::uses_dhe(method)) ok = client.read_dh_parameters(r);
  if (!ok) return std::unexpected(std::move(ok.error()));
  if (policy::is_signed(method)) {
    const Bytes parameters = message.body().first(message.body().size() - r.rest().size());
    const auto content = signed_parameters(below.client_random, below.server_random, parameters);
    const auto scheme = check_signature(*client.endpoint_.settings, client.endpoint_.established.version, r,
                                        h.peer.public_key.get(), content, message.type);
    if (!scheme) return std::unexpected(scheme.error());
    h.peer_scheme = *scheme;
  } else if (!r.empty()) {
    return malformed(wire::Fault::trailing, message.type);
  }
  h.hash.add(message.whole);
  return WAIT_CR;
}

// ---- the key ----

namespace {

// On a client nobody is told what is wrong with its own key.
std::unexpected<Error> does_not_fit(Reason reason, const Credential& credential, std::string_view why = {}) {
  std::string detail = "identity " + escaped(credential.identity());
  if (!why.empty()) detail.append(": ").append(why);
  return std::unexpected(Error(reason, std::move(detail)).with_alert(Alert::handshake_failure));
}

}  // namespace

PskHintQuery Client::hint_query() const noexcept {
  const ClientHandshake& h = *handshake_;
  PskHintQuery query{.hint = std::nullopt,
                     .server_name = endpoint_.established.server_name,
                     .cipher_suite = h.suite->id,
                     .version = endpoint_.established.version,
                     .now = h.now};
  if (const auto& hint = below().identity_hint) query.hint = as_bytes(*hint);
  return query;
}

Expected<bool> Client::choose_key() {
  ClientHandshake& h = *handshake_;
  if (!policy::uses_psk(h.suite->key_exchange)) return true;
  if (const auto& select = endpoint_.settings->options.select_psk) {
    PskHintAnswer answer;
    select(hint_query(), answer);
    if (!answer.credential() && answer.is_later()) return false;
    if (!answer.credential()) return fail(Reason::psk_not_supplied, "the application gave none");
    if (auto ok = use_key(*answer.credential()); !ok) return std::unexpected(std::move(ok.error()));
    return true;
  }
  const std::string_view alpn = h.alpn ? std::string_view(*h.alpn) : std::string_view();
  for (const Credential& credential : h.credentials) {
    if (!handshake::fits_below(endpoint_, h, credential)) continue;
    if (!credential.alpn().empty() && credential.alpn() != alpn) continue;
    h.key = credential;
    return true;
  }
  return fail(Reason::psk_not_supplied);
}

// What the application gave: it is told what is wrong with it.
Expected<> Client::use_key(const Credential& credential) {
  ClientHandshake& h = *handshake_;
  if (!is_for_tls12(credential.usage()))
    return does_not_fit(Reason::psk_wrong_usage, credential, "it is for TLS 1.3 only");
  if (credential.not_before() && h.now < *credential.not_before())
    return does_not_fit(Reason::psk_not_yet_valid, credential);
  if (credential.not_after() && h.now >= *credential.not_after())
    return does_not_fit(Reason::psk_expired, credential);
  if (!credential.server_name().empty() && credential.server_name() != endpoint_.established.server_name)
    return does_not_fit(Reason::psk_wrong_usage, credential, "it is for another server name");
  if (!credential.alpn().empty() && (!h.alpn || *h.alpn != credential.alpn()))
    return does_not_fit(Reason::psk_wrong_usage, credential, "it is for another protocol");
  h.key = credential;
  return {};
}

std::optional<PskHintQuery> Client::pending_psk_hint() const {
  if (!awaits(AWAITING_PSK)) return std::nullopt;
  return hint_query();
}

Expected<> Client::supply_psk(std::span<const Credential> credentials) {
  if (!awaits(AWAITING_PSK)) return fail(Reason::nothing_pending);
  auto ok = credentials.empty() ? Expected<>(fail(Reason::psk_not_supplied, "the application gave none"))
                                : use_key(credentials.front());
  auto next = ok ? send_flight() : Expected<ClientState>(std::unexpected(std::move(ok.error())));
  if (!next) return std::unexpected(std::move(next.error().at(name(state_), {})));
  state_ = *next;
  return {};
}

// ---- what the client says ----

Expected<secret::PrfKey> Client::premaster(Bytes other_secret) const {
  const ClientHandshake& h = *handshake_;
  const crypto::Provider& provider = *endpoint_.settings->provider;
  const secret::Prf prf = secret::prf_of(endpoint_.established.version, h.suite->hash);
  if (!h.key) return secret::PrfKey::create(provider, prf, other_secret);
  const psk::CredentialBody& key = psk::CredentialAccess::body(*h.key);
  if (h.suite->key_exchange != KeyExchangeMethod::psk)
    return secret::PrfKey::create(provider, prf, psk_premaster(other_secret, key.key).bytes());
  if (prf == secret::Prf::md5_sha1)
    return secret::PrfKey::create(provider, prf, plain_psk_premaster(key.key).bytes());
  return secret::PrfKey(prf, key.plain_premaster_by(provider, h.suite->hash));
}

// Writes the message, and makes the master secret, which in RFC 7627 is over this message too.
Expected<> Client::send_client_key_exchange() {
  ClientHandshake& h = *handshake_;
  const policy::Settings& settings = *endpoint_.settings;
  const KeyExchangeMethod method = h.suite->key_exchange;
  handshake::Below13& b = below();
  crypto::RsaPremaster transported;
  if (policy::uses_rsa_transport(method)) {
    // Section 7.4.7.1: with the version that was offered, so that nobody rolls it back.
    auto encrypted =
        crypto::encrypt_premaster(*settings.provider, h.peer.public_key.get(), h.below->highest, transported);
    if (!encrypted) return std::unexpected(std::move(encrypted.error()));
    h.public_value = std::move(*encrypted);
  }
  auto written = write_message(endpoint_.port, HandshakeType::client_key_exchange, [&](wire::Writer& w) {
    if (h.key) w.prefixed(2, [&] { w.put(h.key->identity()); });
    if (h.public_value.empty()) return;
    w.prefixed(policy::uses_ecdhe(method) ? 1 : 2, [&] { w.put(h.public_value); });
  });
  if (!written) return std::unexpected(std::move(written.error()));
  h.hash.add(*written);

  const auto secret = premaster(policy::uses_rsa_transport(method) ? transported.bytes() : h.shared.bytes());
  h.shared.clear();
  if (!secret) return std::unexpected(secret.error());
  auto master = b.extended_master_secret
                    ? MasterSecret::derive_extended(*settings.provider, *secret, h.hash.value().bytes())
                    : MasterSecret::derive(*settings.provider, *secret, b.client_random, b.server_random);
  if (!master) return std::unexpected(std::move(master.error()));
  h.master = std::move(*master);
  return make_keys();
}

}  // namespace sesame::tls12
