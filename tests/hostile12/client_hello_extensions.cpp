// The extensions of a ClientHello of TLS 1.2 and below.
#include "hostile12/variants.h"

namespace sesame::test {

namespace {

using T = Script12Client::Type;
constexpr Alert decode = Alert::decode_error;
constexpr Alert failure = Alert::handshake_failure;
constexpr Alert illegal = Alert::illegal_parameter;

Variant with(
    std::string name, Alert alert, Reason reason, T type, Octets data, std::string_view which = "psk",
    std::function<void(AgainstServer12&)> before = [](AgainstServer12&) {}) {
  return to_server12(
      "extension_" + name, alert, reason,
      [=](AgainstServer12& c) {
        before(c);
        c.client.extensions[type] = data;
        c.say_hello();
      },
      which);
}
template <class Spoil>
Variant hello(std::string name, Alert alert, Reason reason, Spoil spoil, std::string_view which = "psk") {
  return to_server12(
      "extension_" + name, alert, reason,
      [=](AgainstServer12& c) {
        spoil(c);
        c.say_hello();
      },
      which);
}
void alpn(AgainstServer12& c) { c.options.alpn = {"h2", "mqtt"}; }

// RFC 7627 section 5.1, RFC 7366 section 2: empty; RFC 5246 section 7.4.1.4: each once.
std::vector<Variant> of_tls12() {
  const Reason malformed = Reason::malformed_message;
  return {
      with("extended_master_secret_of_one_octet", decode, malformed, T::extended_master_secret, {0}),
      with("encrypt_then_mac_of_one_octet", decode, malformed, T::encrypt_then_mac, {0}, "psk_cbc"),
      hello("extended_master_secret_twice", illegal, Reason::extension_duplicate,
            [](AgainstServer12& c) { c.client.extensions.add(T::extended_master_secret); }),
      hello("session_ticket_twice", illegal, Reason::extension_duplicate,
            [](AgainstServer12& c) {
              c.client.extensions.add(T::session_ticket);
              c.client.extensions.add(T::session_ticket, {1});
            }),
      hello("renegotiation_info_twice", illegal, Reason::extension_duplicate,
            [](AgainstServer12& c) {
              c.client.extensions.add(T::renegotiation_info, vec8({}));
              c.client.extensions.add(T::renegotiation_info, vec8({}));
            }),
      hello("unknown_twice", illegal, Reason::extension_duplicate,
            [](AgainstServer12& c) {
              c.client.extensions.add(0x1234);
              c.client.extensions.add(0x1234);
            }),
      hello("unknown_twice_among_1000", illegal, Reason::extension_duplicate,
            [](AgainstServer12& c) {
              for (unsigned i = 0; i < 1000; ++i) c.client.extensions.add(0x2000 + i);
              c.client.extensions.add(0x2000);
            }),
      // RFC 8446 section 4.2: it is for a CertificateRequest.
      hello("misplaced", illegal, Reason::extension_misplaced,
            [](AgainstServer12& c) { c.client.extensions.add(T::oid_filters, vec16({})); }),
      hello("missing_extended_master_secret_where_it_is_required", failure,
            Reason::extended_master_secret_missing,
            [](AgainstServer12& c) {
              c.options.require_extended_master_secret = true;
              c.client.extensions.erase(T::extended_master_secret);
            }),
      // RFC 5746 section 3.6.
      with("renegotiation_info_of_twelve_octets", failure, Reason::renegotiation_info_wrong,
           T::renegotiation_info, vec8(repeat(12, 1))),
      with("renegotiation_info_of_one_octet", failure, Reason::renegotiation_info_wrong,
           T::renegotiation_info, vec8({0})),
      with("renegotiation_info_of_255_octets", failure, Reason::renegotiation_info_wrong,
           T::renegotiation_info, vec8(repeat(255, 0))),
      with("renegotiation_info_without_a_length", decode, malformed, T::renegotiation_info, {}),
      with("renegotiation_info_cut", decode, malformed, T::renegotiation_info, {1}),
      with("renegotiation_info_trailing", decode, malformed, T::renegotiation_info, {0, 0}),
  };
}

// RFC 8422 sections 5.1.1 and 5.1.2.
std::vector<Variant> of_curves() {
  const Reason malformed = Reason::malformed_message;
  const std::string_view ecdhe = "ecdhe_psk";
  return {
      with("point_formats_without_uncompressed", illegal, Reason::point_format_missing, T::ec_point_formats,
           vec8({1, 2}), ecdhe),
      with("point_formats_unknown", illegal, Reason::point_format_missing, T::ec_point_formats, vec8({255}),
           ecdhe),
      with("point_formats_empty", decode, malformed, T::ec_point_formats, vec8({}), ecdhe),
      with("point_formats_without_a_length", decode, malformed, T::ec_point_formats, {}, ecdhe),
      with("point_formats_cut", decode, malformed, T::ec_point_formats, {2, 0}, ecdhe),
      with("point_formats_trailing", decode, malformed, T::ec_point_formats, {1, 0, 0}, ecdhe),
      with("groups_empty", decode, malformed, T::supported_groups, vec16({}), ecdhe),
      with("groups_odd", decode, malformed, T::supported_groups, vec16({0, 0x1d, 0}), ecdhe),
      with("groups_without_a_length", decode, malformed, T::supported_groups, {}, ecdhe),
      with("groups_cut", decode, malformed, T::supported_groups, {0, 4, 0, 0x1d}, ecdhe),
      with("groups_trailing", decode, malformed, T::supported_groups, {0, 2, 0, 0x1d, 0}, ecdhe),
      with("groups_unknown", failure, Reason::no_common_group, T::supported_groups,
           vec16(join({u16(0xfe00), u16(0x0001)})), ecdhe),
      with("groups_of_finite_fields_alone", failure, Reason::no_common_group, T::supported_groups,
           vec16(u16(0x0100)), ecdhe),
      // It has no form in TLS 1.2.
      with("groups_hybrid_alone", failure, Reason::no_common_group, T::supported_groups, vec16(u16(0x11ec)),
           ecdhe),
  };
}

std::vector<Variant> of_certificates() {
  const Reason malformed = Reason::malformed_message;
  const std::string_view ecdsa = "ecdhe_ecdsa";
  return {
      with("signature_algorithms_empty", decode, malformed, T::signature_algorithms, vec16({}), ecdsa),
      with("signature_algorithms_odd", decode, malformed, T::signature_algorithms, vec16({4, 3, 4}), ecdsa),
      with("signature_algorithms_without_a_length", decode, malformed, T::signature_algorithms, {}, ecdsa),
      with("signature_algorithms_trailing", decode, malformed, T::signature_algorithms, {0, 2, 4, 3, 0},
           ecdsa),
      with("signature_algorithms_unknown", failure, Reason::no_common_signature_scheme,
           T::signature_algorithms, vec16(u16(0xfefe)), ecdsa),
      with("signature_algorithms_of_another_key", failure, Reason::no_common_signature_scheme,
           T::signature_algorithms, vec16(join({u16(0x0401), u16(0x0804)})), ecdsa),
      // RFC 5246 section 7.4.1.4.1: then SHA-1, which this server does not sign by.
      hello(
          "signature_algorithms_missing", failure, Reason::no_common_signature_scheme,
          [](AgainstServer12& c) { c.client.extensions.erase(T::signature_algorithms); }, ecdsa),
  };
}

// RFC 6066, RFC 7301, RFC 8449.
std::vector<Variant> of_every_version() {
  const Reason malformed = Reason::malformed_message;
  const T alpn_type = T::application_layer_protocol_negotiation;
  return {
      with("alpn_without_a_common_one", Alert::no_application_protocol, Reason::no_common_alpn, alpn_type,
           vec16(vec8(text("http/1.1"))), "psk", alpn),
      with("alpn_empty", decode, malformed, alpn_type, vec16({}), "psk", alpn),
      with("alpn_with_an_empty_name", decode, malformed, alpn_type, vec16(join({vec8({}), vec8(text("h2"))})),
           "psk", alpn),
      with("alpn_cut", decode, malformed, alpn_type, {0, 3, 2, 'h'}, "psk", alpn),
      with("max_fragment_length_0", illegal, Reason::max_fragment_length_mismatch, T::max_fragment_length,
           {0}),
      with("max_fragment_length_5", illegal, Reason::max_fragment_length_mismatch, T::max_fragment_length,
           {5}),
      with("max_fragment_length_of_two_octets", decode, malformed, T::max_fragment_length, {1, 1}),
      with("max_fragment_length_empty", decode, malformed, T::max_fragment_length, {}),
      with("record_size_limit_63", illegal, Reason::record_size_limit_invalid, T::record_size_limit, u16(63)),
      with("record_size_limit_of_one_octet", decode, malformed, T::record_size_limit, {64}),
      with("server_name_empty", decode, malformed, T::server_name, vec16({})),
      with("server_name_twice", decode, malformed, T::server_name,
           vec16(join({u8(0), vec16(text("a")), u8(0), vec16(text("b"))}))),
      with("server_name_with_nul", decode, malformed, T::server_name,
           vec16(join({u8(0), vec16({'a', 0, 'b'})}))),
      with("server_name_of_256_octets", decode, malformed, T::server_name,
           vec16(join({u8(0), vec16(repeat(256, 'a'))}))),
  };
}

}  // namespace

std::vector<Variant> client_hello_extension12_variants() {
  std::vector<Variant> out = of_tls12();
  append_all(out, of_curves());
  append_all(out, of_certificates());
  append_all(out, of_every_version());
  return out;
}

}  // namespace sesame::test
