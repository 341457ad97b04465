// What a handshake leaves behind.
//
//   what                      outlives the handshake for
//   traffic secrets           key update (RFC 8446 section 7.2)
//   exporter secret           exporters (section 7.5)
//   negotiated values, peer   the application, which asks for them
#pragma once

#include <sesame/types.h>

#include <memory>
#include <optional>
#include <string>

#include "policy/suites.h"
#include "secret/secret_bytes.h"

namespace sesame::handshake {

struct Established {
  ProtocolVersion version = ProtocolVersion::tls13;
  PskKeyExchangeMode psk_mode = PskKeyExchangeMode::psk_dhe_ke;
  Authentication authentication = Authentication::none;
  std::optional<NamedGroup> group;
  bool retried = false;
  bool used_older_key = false;
  const policy::Suite* suite = nullptr;  // of the context's settings
  const std::string* alpn = nullptr;     // likewise; nullptr: none
  std::string server_name;
  std::string psk_identity;

  secret::SecretBytes read_secret;  // client_ or server_application_traffic_secret_N
  secret::SecretBytes write_secret;
  secret::SecretBytes exporter_secret;
};

}  // namespace sesame::handshake
