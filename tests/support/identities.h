// One authority of the process, and certificates and contexts that it makes or trusts.
#pragma once

#include <sesame/sesame.h>

#include <map>

#include "support/authority.h"
#include "support/pair.h"

namespace sesame::test {

/// The authority that the contexts below trust.
inline const Authority& authority() {
  static const Authority the_one;
  return the_one;
}
/// A server's certificate for "server.example", of each type made once.
inline const Issued& server_certificate(KeyType type = KeyType::p256) {
  static std::map<KeyType, Issued> made;
  auto found = made.find(type);
  if (found == made.end()) found = made.emplace(type, authority().server("server.example", type)).first;
  return found->second;
}
inline const Issued& client_certificate(KeyType type = KeyType::p256) {
  static std::map<KeyType, Issued> made;
  auto found = made.find(type);
  if (found == made.end()) found = made.emplace(type, authority().client("client", type)).first;
  return found->second;
}
inline VerificationOptions trusting() { return {.trust = authority().trust()}; }

inline std::shared_ptr<const Context> make_context(ContextOptions options) {
  auto context = Context::create(of_tls13(std::move(options)));
  EXPECT_TRUE(context) << context.error().message();
  return *context;
}

/// A client that verifies, and a server that shows a certificate; neither has keys.
inline ContextOptions verifying() { return {.verification = trusting()}; }
inline ContextOptions showing(KeyType type = KeyType::p256) {
  return {.certificates = {server_certificate(type).certified_key()}};
}

}  // namespace sesame::test
