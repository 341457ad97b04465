// What a scripted peer does wrong, and what the connection has to make of it.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <vector>

#include "support/certificate_case.h"

namespace sesame::test {

struct Variant {
  std::string name;  ///< letters, digits and underscores
  Alert alert;       ///< on the wire; none: nothing is sent
  Reason reason;     ///< that the local side is told
  std::function<std::unique_ptr<Case>()> play;
};

/// Something odd that has to be borne: the handshake ends well, and data goes both ways.
struct Tolerated {
  std::string name;
  std::function<std::unique_ptr<Case>()> play;  ///< up to and with CONNECTED on both sides
};

template <class Which, class Script>
auto player(Script script) {
  return [script] {
    auto c = std::make_unique<Which>();
    script(*c);
    c->exchange();
    return std::unique_ptr<Case>(std::move(c));
  };
}
template <class Script>
Variant to_server(std::string name, Alert alert, Reason reason, Script script) {
  return {std::move(name), alert, reason, player<AgainstServer>(script)};
}
template <class Script>
Variant to_client(std::string name, Alert alert, Reason reason, Script script) {
  return {std::move(name), alert, reason, player<AgainstClient>(script)};
}

template <class Script>
Variant to_certificate_server(std::string name, Alert alert, Reason reason, Script script) {
  return {std::move(name), alert, reason, player<CertificateServer>(script)};
}
template <class Script>
Variant to_certificate_client(std::string name, Alert alert, Reason reason, Script script) {
  return {std::move(name), alert, reason, player<CertificateClient>(script)};
}
/// Something that a script spoils may be in a message or behind it.
inline Octets with_body(Octets message, Octets body) {
  message.resize(1);
  append(message, vec24(body));
  return message;
}
inline Octets body_of(const Octets& message) { return {message.begin() + 4, message.end()}; }

inline void PrintTo(const Variant& v, std::ostream* out) { *out << v.name; }
inline void PrintTo(const Tolerated& t, std::ostream* out) { *out << t.name; }

/// The connection failed as the variant says; it sent one alert and nothing behind it; it is dead in both
/// directions.
void expect_refused(const Variant& variant, Case& c);
/// The connection is open, and data goes both ways.
void expect_open(Case& c);

// The tables, one for each file of the folder.
std::vector<Variant> client_hello_form_variants();
std::vector<Variant> client_hello_extension_variants();
std::vector<Variant> pre_shared_key_variants();
std::vector<Variant> key_share_variants();
std::vector<Variant> second_client_hello_variants();
std::vector<Variant> server_hello_variants();
std::vector<Variant> hello_retry_request_variants();
std::vector<Variant> encrypted_extensions_variants();
std::vector<Variant> finished_variants();
std::vector<Variant> record_variants();
std::vector<Variant> alert_variants();
std::vector<Variant> post_handshake_variants();
std::vector<Variant> replay_variants();
std::vector<Variant> certificate_request_variants();
std::vector<Variant> server_certificate_variants();
std::vector<Variant> compressed_certificate_variants();
std::vector<Variant> certificate_verify_variants();
std::vector<Variant> client_certificate_variants();
std::vector<Variant> certificate_offer_variants();
std::vector<Variant> cert_with_extern_psk_variants();
std::vector<Variant> resumption_variants();
std::vector<Variant> early_data_variants();
std::vector<Variant> late_authentication_variants();
std::vector<Variant> all_variants();
std::vector<Tolerated> tolerated_certificates();
std::vector<Tolerated> tolerated_sessions();
std::vector<Tolerated> all_tolerated();

}  // namespace sesame::test
