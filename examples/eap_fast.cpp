// The tunnel of EAP-FAST: by a PAC that the server gave earlier (RFC 4851 section 5.1), without certificates.
// How the octets travel in EAP is the application's affair.
#include <sesame/eap_fast.h>
#include <sesame/sesame.h>

#include <algorithm>
#include <chrono>
#include <iostream>

#include "handshake.h"

namespace eap_fast = sesame::eap_fast;
using std::chrono::system_clock;

int main() {
  // What the server gave: the key, and the same sealed, which it will get back.
  eap_fast::PacSealer sealer;
  eap_fast::PacContents contents;
  std::ranges::fill(contents.key, std::uint8_t{7});  // a real one is random
  contents.expires = system_clock::now() + std::chrono::days(90);
  const auto session_ticket = eap_fast::encode_pac_opaque(sealer.seal(contents).value()).value();

  const auto give = [](sesame::Bytes pac_key, const auto& query, auto& answer) {
    std::array<std::uint8_t, eap_fast::master_secret_size> secret;
    if (eap_fast::master_secret(pac_key, query.server_random, query.client_random, secret))
      answer.give(secret);
  };
  sesame::ContextOptions options;
  options.max_version = sesame::ProtocolVersion::tls12;
  options.cipher_suites = {sesame::CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA};
  const auto context = sesame::Context::create(options).value();
  auto client = sesame::Connection::client(context, {.session_ticket = sesame::Bytes(session_ticket),
                                                     .session_secret = [&](const auto& query, auto& answer) {
                                                       give(contents.key, query, answer);
                                                     }});
  auto server = sesame::Connection::server(
      context, {.session_secret = [&](const auto& query, auto& answer) {
        if (!query.session_ticket) return;
        const auto opaque = eap_fast::decode_pac_opaque(*query.session_ticket);
        const auto found = opaque ? sealer.open(*opaque, system_clock::now()) : std::nullopt;
        if (found) give(found->key, query, answer);  // otherwise the full handshake
      }});
  if (!client || !server || !example::shake_hands(*client, *server)) return 1;
  std::cout << "resumed: " << client->resumed() << ", by " << name(client->authentication()) << '\n';

  // Behind the inner methods: the keys that EAP hands on (RFC 4851 sections 5.2 to 5.4).
  std::array<std::uint8_t, eap_fast::session_key_seed_size> seed;
  if (!eap_fast::session_key_seed(*client, seed)) return 1;
  const auto keys = eap_fast::CompoundKeys::create(seed).value();
  std::array<std::uint8_t, eap_fast::session_key_size> msk;
  return keys.msk(msk) && client->resumed() ? 0 : 1;
}
