// The variants of TLS 1.3.
#pragma once

#include "support/certificate_case.h"
#include "support/variant.h"

namespace sesame::test {

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
