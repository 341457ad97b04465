#include "tls13/resumption.h"

#include <algorithm>

#include "secret/hkdf.h"

namespace sesame::tls13 {

session::SessionBody make_session(const Endpoint& endpoint, Bytes ticket_nonce, TimePoint now,
                                  std::chrono::seconds lifetime) {
  const handshake::Established& established = endpoint.established;
  const handshake::Extras& extras = *established.more;
  const crypto::Hash& hash = endpoint.settings->provider->hash(established.suite->hash);
  session::SessionBody body;
  body.version = established.version;
  body.cipher_suite = established.suite->id;
  secret::hkdf_expand_label(crypto::HmacKey(hash, extras.resumption_secret.bytes()), "resumption",
                            ticket_nonce, body.psk.resize(hash.size()));
  body.issued = now;
  body.authenticated = extras.authenticated;
  const auto left =
      std::chrono::duration_cast<std::chrono::seconds>(extras.authenticated + max_ticket_lifetime - now);
  body.lifetime = std::clamp(left, std::chrono::seconds(0), lifetime);
  body.authentication = established.authentication;
  body.peer_type = extras.peer.type;
  // A client's session is for the name that was verified, which may be an address, or another than was sent.
  body.server_name = extras.session_name.empty() ? established.server_name : extras.session_name;
  if (established.alpn) body.alpn = *established.alpn;
  body.psk_identity = established.psk_identity;
  for (const Bytes certificate : extras.peer.chain())
    body.peer_chain.emplace_back(certificate.begin(), certificate.end());
  return body;
}

}  // namespace sesame::tls13
