// The ClientKeyExchange, and the keys that it makes: both of an identity's, where it has two.
#include "crypto/rsa_transport.h"
#include "message/tls12.h"
#include "tls12/server.h"

namespace sesame::tls12 {

using handshake::Incoming;
using message::HandshakeType;
using enum ServerState;

Expected<ServerState> Server::on_client_key_exchange(Server& server, const Incoming& message) {
  ServerHandshake& h = *server.handshake_;
  const policy::Settings& settings = *server.endpoint_.settings;
  if (!policy::uses_psk(h.negotiated.suite->key_exchange)) return server.derive(message);
  wire::Reader r(message.body());
  message::PskIdentityOfClient identity;
  read(r, identity);
  if (!r.ok()) return malformed(r.fault(), message.type);
  h.psk_identity = as_text(identity.psk_identity.data);
  const PskQuery query = server.make_query(as_bytes(h.psk_identity));
  h.answer.use(*settings.provider);
  h.answer.ask(query);
  h.answer.want_stand_in(true);
  PskAnswer answer = h.answer.handle();
  settings.options.psk_source->find(query, answer);
  if (h.answer.is_later()) {
    h.client_key_exchange.assign(message.whole.begin(), message.whole.end());
    return RECVD_CKE;
  }
  return server.derive(message);
}

PskQuery Server::make_query(Bytes identity) const {
  PskQuery query;
  query.identity = identity;
  query.server_name = handshake_->server_name;
  query.now = handshake_->now;
  query.target_hash = handshake_->negotiated.suite->hash;
  query.version = version();
  return query;
}

std::optional<PskQuery> Server::pending_psk() const {
  if (!awaits_psk()) return std::nullopt;
  return make_query(as_bytes(handshake_->psk_identity));
}

Expected<> Server::supply_psk(std::span<const Credential> credentials) {
  if (!awaits_psk()) return fail(Reason::nothing_pending);
  ServerHandshake& h = *handshake_;
  h.answer.clear();
  h.answer.ask(make_query(as_bytes(h.psk_identity)));
  PskAnswer answer = h.answer.handle();
  for (const Credential& credential : credentials) answer.add(credential);
  const std::vector<std::uint8_t> octets = std::move(h.client_key_exchange);
  auto next = derive({HandshakeType::client_key_exchange, octets, true});
  if (!next) {
    return std::unexpected(
        std::move(next.error().at(name(state_), message::name(HandshakeType::client_key_exchange))));
  }
  state_ = *next;
  return {};
}

namespace {

// The exchange's field at the end of the message.
template <class Field>
Expected<Field> read_last(wire::Reader& r) {
  Field field;
  read(r, field);
  if (r.ok() && !r.empty()) r.fail(wire::Fault::trailing);
  if (!r.ok()) return malformed(r.fault(), HandshakeType::client_key_exchange);
  return field;
}

}  // namespace

Expected<ServerState> Server::derive(const Incoming& message) {
  ServerHandshake& h = *handshake_;
  const policy::Settings& settings = *endpoint_.settings;
  const KeyExchangeMethod method = h.negotiated.suite->key_exchange;
  wire::Reader r(message.body());
  message::PskIdentityOfClient identity;
  if (policy::uses_psk(method)) read(r, identity);

  secret::SharedSecret shared;
  crypto::RsaPremaster decrypted;
  Bytes other = {};  // plain PSK has none
  Expected<> ok;
  if (policy::uses_ecdhe(method)) {
    const auto value = read_last<message::ClientECDiffieHellmanPublic>(r);
    ok = value ? h.ecdhe->finish(value->ecdh_Yc.data, shared) : std::unexpected(value.error());
    other = shared.bytes();
  } else if (policy::uses_dhe(method)) {
    const auto value = read_last<message::ClientDiffieHellmanPublic>(r);
    ok = value ? h.dhe->finish(value->dh_Yc.data, shared) : std::unexpected(value.error());
    other = shared.bytes();
  } else if (policy::uses_rsa_transport(method)) {
    // Whatever is wrong with what was encrypted, the handshake goes on and fails at the client's Finished.
    const auto value = read_last<message::EncryptedPreMasterSecret>(r);
    ok = value ? crypto::decrypt_premaster(*settings.provider, h.own.key->private_key.get(),
                                           static_cast<ProtocolVersion>(h.offered_version),
                                           value->encrypted_pre_master_secret.data, decrypted)
               : std::unexpected(value.error());
    other = decrypted.bytes();
  } else if (!r.empty()) {
    return malformed(wire::Fault::trailing, message.type);
  }
  if (!ok) return std::unexpected(std::move(ok.error()));
  h.ecdhe.reset();
  h.dhe.reset();
  h.hash.add(message.whole);
  const bool proves = !h.peer.ends.empty();
  if (!proves) h.hash.forget_messages();

  if (policy::uses_psk(method)) {
    ok = derive_by_psk(other);
  } else {
    const auto premaster = secret::PrfKey::create(*settings.provider, prf(), other);
    ok = premaster ? derive_keys(*premaster, true) : std::unexpected(premaster.error());
  }
  if (!ok) return std::unexpected(std::move(ok.error()));
  return proves ? WAIT_CV : WAIT_CCS;
}

// Why a key that a source found cannot be used in this handshake; nullopt: it can.
std::optional<Error> Server::refusal(const psk::Candidate& candidate) const {
  const ServerHandshake& h = *handshake_;
  const psk::Restrictions& restrictions = candidate.restrictions;
  const auto refuse = [&](Reason reason, std::string_view why) {
    return Error(reason, ("identity " + escaped(as_bytes(h.psk_identity))).append(why));
  };
  if (!candidate.misfit.empty()) return refuse(Reason::psk_wrong_usage, candidate.misfit);
  if (restrictions.not_before && h.now < *restrictions.not_before)
    return refuse(Reason::psk_not_yet_valid, {});
  if (restrictions.not_after && h.now >= *restrictions.not_after) return refuse(Reason::psk_expired, {});
  if (!restrictions.server_name.empty() && restrictions.server_name != h.server_name)
    return refuse(Reason::psk_wrong_usage, ": the key is for another server name");
  const std::string* const alpn = h.negotiated.alpn;
  if (!restrictions.alpn.empty() && (!alpn || *alpn != restrictions.alpn))
    return refuse(Reason::psk_wrong_usage, ": the key is for another ALPN protocol");
  return std::nullopt;
}

// RFC 4279 section 2: who probes for identities learns nothing. What is unknown, or may not be used, goes on
// by a key that nobody has, with the same work, and fails as a wrong key does.
Expected<> Server::derive_by_psk(Bytes other_secret) {
  ServerHandshake& h = *handshake_;
  const policy::Settings& settings = *endpoint_.settings;
  const PskQuery query = make_query(as_bytes(h.psk_identity));
  const bool plain = h.negotiated.suite->key_exchange == KeyExchangeMethod::psk;
  if (h.answer.size() == 0) psk::fill_stand_in(*h.answer.next(), query);
  bool any_usable = false;
  std::optional<Error> why;
  for (std::size_t i = 0; i < h.answer.size(); ++i) {
    psk::Candidate& candidate = h.answer[i];
    if (!candidate.stand_in) {
      if (auto refused = refusal(candidate)) {
        if (!why) why = std::move(refused);
        psk::fill_stand_in(candidate, query);
      }
    }
    const bool usable = !candidate.stand_in;
    any_usable |= usable;
    secret::PrfKey premaster;
    if (plain && !candidate.plain_premaster.empty()) {
      premaster = secret::PrfKey(prf(), std::move(candidate.plain_premaster));
    } else {
      const secret::SecretBuffer octets = plain ? plain_psk_premaster(candidate.key.bytes())
                                                : psk_premaster(other_secret, candidate.key.bytes());
      auto made = secret::PrfKey::create(*settings.provider, prf(), octets.bytes());
      if (!made) return std::unexpected(std::move(made.error()));
      premaster = std::move(*made);
    }
    if (auto ok = derive_keys(premaster, usable); !ok) return ok;
  }
  h.answer.clear();
  if (any_usable) return {};
  if (!why) why = Error(Reason::psk_identity_unknown, "identity " + escaped(as_bytes(h.psk_identity)));
  if (settings.options.unknown_identity_alert == UnknownIdentityAlert::unknown_psk_identity)
    return std::unexpected(std::move(why->with_alert(Alert::unknown_psk_identity)));
  h.refusal = std::move(why);
  return {};
}

Expected<> Server::derive_keys(const secret::PrfKey& premaster, bool usable) {
  ServerHandshake& h = *handshake_;
  const crypto::Provider& provider = *endpoint_.settings->provider;
  auto master = h.negotiated.extended_master_secret
                    ? MasterSecret::derive_extended(provider, premaster, h.hash.value().bytes())
                    : MasterSecret::derive(provider, premaster, h.client_random, h.server_random);
  if (!master) return std::unexpected(std::move(master.error()));
  return set_master(std::move(*master), usable);
}

Expected<> Server::set_master(MasterSecret master, bool usable) {
  ServerHandshake& h = *handshake_;
  auto block = KeyBlock::derive(master, *h.negotiated.suite, version(), h.negotiated.encrypt_then_mac,
                                h.client_random, h.server_random);
  if (!block) return std::unexpected(std::move(block.error()));
  ServerKeys& keys = h.keys[h.key_count++];
  keys.master = std::move(master);
  keys.block = std::move(*block);
  keys.usable = usable;
  return {};
}

}  // namespace sesame::tls12
