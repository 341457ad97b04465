// The variants of TLS 1.2 and below.
#pragma once

#include "support/case12.h"

namespace sesame::test {

/// Against a server of this kind.
template <class Script>
Variant to_server12(std::string name, Alert alert, Reason reason, Script script,
                    std::string_view which = "psk", Above above = Above::tls13) {
  return {"to_server_" + name, alert, reason, player12<AgainstServer12>(kind(which), above, script)};
}
template <class Script>
Variant to_client12(std::string name, Alert alert, Reason reason, Script script,
                    std::string_view which = "psk", Above above = Above::tls13) {
  return {"to_client_" + name, alert, reason, player12<AgainstClient12>(kind(which), above, script)};
}
template <class Script>
Tolerated borne_by_server(std::string name, Script script, std::string_view which = "psk",
                          Above above = Above::tls13) {
  return {"by_server_" + name, player12<AgainstServer12>(kind(which), above, script)};
}
template <class Script>
Tolerated borne_by_client(std::string name, Script script, std::string_view which = "psk",
                          Above above = Above::tls13) {
  return {"by_client_" + name, player12<AgainstClient12>(kind(which), above, script)};
}
template <class T>
void append_all(std::vector<T>& to, std::vector<T> more) {
  to.insert(to.end(), more.begin(), more.end());
}

// The tables, one for each file of the folder.
std::vector<Variant> client_hello12_variants();
std::vector<Variant> client_hello_extension12_variants();
std::vector<Variant> server_hello12_variants();
std::vector<Variant> order12_variants();
std::vector<Variant> server_key_exchange_variants();
std::vector<Variant> client_key_exchange_variants();
std::vector<Variant> certificate12_variants();
std::vector<Variant> finished12_variants();
std::vector<Variant> record12_variants();
std::vector<Variant> alert12_variants();
std::vector<Variant> renegotiation_variants();
std::vector<Variant> session_secret_variants();
std::vector<Variant> resumption12_variants();
std::vector<Variant> all_variants12();

std::vector<Tolerated> tolerated_hellos12();
std::vector<Tolerated> tolerated_flights12();
std::vector<Tolerated> tolerated_records12();
std::vector<Tolerated> tolerated_renegotiations();
std::vector<Tolerated> tolerated_session_secrets();
std::vector<Tolerated> tolerated_resumptions12();
std::vector<Tolerated> all_tolerated12();

}  // namespace sesame::test
