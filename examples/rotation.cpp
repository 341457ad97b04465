// A key is replaced while the server runs: for a time both are accepted, and the server tells who still uses
// the old one.
#include <sesame/sesame.h>

#include <iostream>

#include "handshake.h"

namespace {

const std::string_view identity = "sensor-17";
const std::string_view old_key = "the key of last year, 32 octets.";
const std::string_view new_key = "the key of this year, 32 octets.";

sesame::CredentialParameters parameters(std::string_view key) {
  return {.identity = sesame::as_bytes(identity), .key = sesame::as_bytes(key)};
}

// "refused", or which of the server's keys it was.
std::string_view connect(const std::shared_ptr<sesame::Keyring>& keyring, std::string_view key) {
  const auto credential = sesame::Credential::create(parameters(key)).value();
  auto client =
      sesame::Connection::client(sesame::Context::create({.credentials = {credential}}).value()).value();
  auto server = sesame::Connection::server(sesame::Context::create({.psk_source = keyring}).value()).value();
  if (!example::shake_hands(client, server)) return "refused";
  return server.used_older_key() ? "older" : "newest";
}

void show(std::string_view when, const std::shared_ptr<sesame::Keyring>& keyring) {
  std::cout << when << ": old key " << connect(keyring, old_key) << ", new key " << connect(keyring, new_key)
            << '\n';
}

}  // namespace

int main() {
  const auto keyring = std::make_shared<sesame::Keyring>();
  if (!keyring->add(parameters(old_key))) return 1;
  show("before", keyring);

  if (!keyring->rotate(parameters(new_key)))
    return 1;  // connections that are open go on; new ones see both keys
  show("during", keyring);

  if (!keyring->retire_older(sesame::as_bytes(identity))) return 1;
  show("after ", keyring);
  return connect(keyring, old_key) == "refused" && connect(keyring, new_key) == "newest" ? 0 : 1;
}
