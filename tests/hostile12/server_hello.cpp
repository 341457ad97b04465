// What a ServerHello of TLS 1.2 and below may say (RFC 5246 section 7.4.1.3).
#include "message/server_hello.h"

#include "hostile12/variants.h"

namespace sesame::test {

namespace {

using T = Script12Server::Type;
constexpr Alert decode = Alert::decode_error;
constexpr Alert failure = Alert::handshake_failure;
constexpr Alert illegal = Alert::illegal_parameter;
constexpr Alert unsupported = Alert::unsupported_extension;

template <class Spoil>
Variant hello(
    std::string name, Alert alert, Reason reason, Spoil spoil, std::string_view which = "psk",
    Above above = Above::tls13, std::function<void(AgainstClient12&)> before = [](AgainstClient12&) {}) {
  return to_client12(
      "server_hello_" + name, alert, reason,
      [=](AgainstClient12& c) {
        before(c);
        c.up_to_hello();
        spoil(c.server);
        c.say_hello();
      },
      which, above);
}
template <class Spoil>
Variant body(std::string name, Reason reason, Spoil spoil) {
  return to_client12("server_hello_" + name, decode, reason, [=](AgainstClient12& c) {
    c.up_to_hello();
    Octets octets = body_of(c.server.server_hello());
    spoil(octets);
    c.server.send_server_hello(with_body(c.server.server_hello(), octets));
    c.exchange();
  });
}

std::vector<Variant> versions() {
  std::vector<Variant> out;
  const auto version = [&](const std::string& name, unsigned value, Above above) {
    out.push_back(hello(
        "of_version_" + std::to_string(value) + name, Alert::protocol_version, Reason::no_common_version,
        [=](Script12Server& s) { s.hello_version = value; }, "psk", above));
  };
  // RFC 5246 appendix E.1. What has no selected_version is no ServerHello of TLS 1.3 (RFC 8446
  // section 4.2.1).
  for (const unsigned value :
       {0x0000u, 0x0200u, 0x0300u, 0x0301u, 0x0302u, 0x0304u, 0x0305u, 0xfefdu, 0xffffu}) {
    version("", value, Above::tls13);
    version("_to_a_client_of_tls12_alone", value, Above::nothing);
  }
  // RFC 8446 section 4.2.1: a selected_version before TLS 1.3 is illegal_parameter.
  out.push_back(hello(
      "with_selected_version_tls12", illegal, Reason::extension_misplaced,
      [](Script12Server& s) { s.extensions[T::supported_versions] = u16(0x0303); }, "psk", Above::nothing));
  // RFC 8446 section 4.1.3: both values, and for every client.
  const auto sentinel = [&](const std::string& name, const Octets& value, std::string_view which,
                            Above above) {
    out.push_back(hello(
        "with_the_sentinel_of_" + name, illegal, Reason::downgrade_detected,
        [=](Script12Server& s) { std::ranges::copy(value, s.random.end() - 8); }, which, above));
  };
  const Octets of_tls12 = octets_of(message::downgrade_to_tls12),
               of_tls11 = octets_of(message::downgrade_to_tls11);
  sentinel("tls12", of_tls12, "psk", Above::tls13);
  sentinel("tls11_in_tls12", of_tls11, "psk", Above::tls13);
  sentinel("tls11_in_tls11", of_tls11, "psk_tls11", Above::tls13);
  sentinel("tls11_in_tls10", of_tls11, "psk_tls10", Above::tls13);
  sentinel("tls12_in_tls10", of_tls12, "psk_tls10", Above::tls13);
  // A client of TLS 1.2 that is given 1.1, though its server has 1.2.
  out.push_back(hello(
      "with_the_sentinel_of_tls11_to_a_client_of_tls12", illegal, Reason::downgrade_detected,
      [=](Script12Server& s) { std::ranges::copy(of_tls11, s.random.end() - 8); }, "psk_tls11",
      Above::nothing, [](AgainstClient12& c) { c.options.max_version = ProtocolVersion::tls12; }));
  return out;
}

std::vector<Variant> choices() {
  const auto suite = [](std::string name, unsigned value, std::string_view which = "psk") {
    return hello(
        "with_suite_" + name, illegal, Reason::suite_not_offered,
        [=](Script12Server& s) { s.hello_suite = static_cast<CipherSuite>(value); }, which);
  };
  return {
      suite("not_offered", 0xc02b),
      suite("unknown", 0xfefe),
      suite("of_tls13", 0x1301),
      suite("grease", 0x0a0a),
      suite("signalling_value", 0x00ff),
      suite("null", 0x0000),
      // It was offered, for TLS 1.2.
      hello(
          "with_suite_of_tls12_in_tls11", illegal, Reason::suite_not_offered,
          [](Script12Server& s) { s.hello_suite = psk_suite; }, "psk_tls11", Above::tls13,
          [](AgainstClient12& c) { c.options.cipher_suites.push_back(psk_suite); }),
      hello("with_compression", illegal, Reason::compression_not_null,
            [](Script12Server& s) { s.compression_method = 1; }),
      hello("with_compression_255", illegal, Reason::compression_not_null,
            [](Script12Server& s) { s.compression_method = 255; }),
      // RFC 8446 section 4.1.2, appendix D.4: the identifier was drawn, nobody can have a session of it.
      to_client12("server_hello_with_the_session_id_of_nothing", illegal, Reason::session_id_mismatch,
                  [](AgainstClient12& c) {
                    c.up_to_hello();
                    ASSERT_EQ(c.server.offered_session_id.size(), 32u);
                    c.server.session_id = c.server.offered_session_id;
                    c.say_hello();
                  }),
  };
}

std::vector<Variant> forms() {
  const Reason malformed = Reason::malformed_message;
  return {
      hello("with_session_id_of_33", decode, malformed,
            [](Script12Server& s) { s.session_id = repeat(33, 1); }),
      hello("with_session_id_of_255", decode, malformed,
            [](Script12Server& s) { s.session_id = repeat(255, 1); }),
      body("empty", malformed, [](Octets& b) { b.clear(); }),
      body("of_a_version", malformed, [](Octets& b) { b.resize(2); }),
      body("cut_in_its_random", malformed, [](Octets& b) { b.resize(33); }),
      body("cut_in_its_session_id", malformed, [](Octets& b) { b.resize(40); }),
      body("cut_before_its_compression", malformed, [](Octets& b) { b.resize(69); }),
      body("cut_in_the_length_of_its_extensions", malformed, [](Octets& b) { b.resize(71); }),
      body("cut_in_its_extensions", malformed, [](Octets& b) { b.pop_back(); }),
      body("with_an_octet_behind_it", Reason::trailing_octets, [](Octets& b) { b.push_back(0); }),
      to_client12("server_hello_twice", Alert::unexpected_message, Reason::unexpected_message,
                  [](AgainstClient12& c) {
                    c.up_to_hello_said();
                    c.say_hello();
                  }),
      to_client12("server_hello_declared_of_131397", decode, Reason::message_too_long,
                  [](AgainstClient12& c) {
                    c.up_to_hello();
                    c.server.put_record(record::ContentType::handshake, join({u8(2), u24(131'397)}));
                  }),
  };
}

Variant with(
    std::string name, Alert alert, Reason reason, T type, Octets data, std::string_view which = "psk",
    std::function<void(AgainstClient12&)> before = [](AgainstClient12&) {}) {
  return hello(
      "extension_" + name, alert, reason, [=](Script12Server& s) { s.extensions[type] = data; }, which,
      Above::tls13, before);
}
void alpn(AgainstClient12& c) { c.options.alpn = {"h2", "mqtt"}; }
void tickets(AgainstClient12& c) { c.options.session_store = c.store; }

std::vector<Variant> extensions() {
  const Reason malformed = Reason::malformed_message;
  const T alpn_type = T::application_layer_protocol_negotiation;
  return {
      with("extended_master_secret_of_one_octet", decode, malformed, T::extended_master_secret, {0}),
      with("encrypt_then_mac_of_one_octet", decode, malformed, T::encrypt_then_mac, {0}, "psk_cbc"),
      with("session_ticket_of_one_octet", decode, malformed, T::session_ticket, {0}, "psk", tickets),
      // RFC 7366 section 3: not with an AEAD.
      with("encrypt_then_mac_with_an_aead", illegal, Reason::extension_misplaced, T::encrypt_then_mac, {},
           "psk",
           [](AgainstClient12& c) {
             c.options.cipher_suites.push_back(CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA);
           }),
      with("encrypt_then_mac_not_offered", unsupported, Reason::extension_unsolicited, T::encrypt_then_mac,
           {}),
      with("session_ticket_not_offered", unsupported, Reason::extension_unsolicited, T::session_ticket, {}),
      with("alpn_not_asked_for", unsupported, Reason::extension_unsolicited, alpn_type,
           vec16(vec8(text("h2")))),
      with("server_name_not_sent", unsupported, Reason::extension_unsolicited, T::server_name, {}),
      with("max_fragment_length_not_asked_for", unsupported, Reason::extension_unsolicited,
           T::max_fragment_length, {1}),
      with("record_size_limit_not_sent", unsupported, Reason::extension_unsolicited, T::record_size_limit,
           u16(100)),
      with("status_request_not_sent", unsupported, Reason::extension_unsolicited, T::status_request, {}),
      with("heartbeat_not_sent", unsupported, Reason::extension_unsolicited, T::heartbeat, {1}),
      hello("extension_unknown", unsupported, Reason::extension_unsolicited,
            [](Script12Server& s) { s.extensions.add(0x1234); }),
      hello("extension_grease", unsupported, Reason::extension_unsolicited,
            [](Script12Server& s) { s.extensions.add(0x0a0a); }),
      hello("extension_extended_master_secret_twice", illegal, Reason::extension_duplicate,
            [](Script12Server& s) { s.extensions.add(T::extended_master_secret); }),
      hello("extension_renegotiation_info_twice", illegal, Reason::extension_duplicate,
            [](Script12Server& s) { s.extensions.add(T::renegotiation_info, vec8({})); }),
      // RFC 8446 section 4.2, RFC 5246 section 7.4.1.4.1: not here.
      with("key_share", illegal, Reason::extension_misplaced, T::key_share, {}),
      with("signature_algorithms", illegal, Reason::extension_misplaced, T::signature_algorithms,
           vec16(u16(0x0403)), "ecdhe_ecdsa"),
      with("pre_shared_key", illegal, Reason::extension_misplaced, T::pre_shared_key, u16(0)),
      with("padding", illegal, Reason::extension_misplaced, T::padding, repeat(10, 0)),
      with("cookie", illegal, Reason::extension_misplaced, T::cookie, vec16({1})),
      // RFC 5746 section 3.4.
      with("renegotiation_info_of_24_octets", failure, Reason::renegotiation_info_wrong,
           T::renegotiation_info, vec8(repeat(24, 0))),
      with("renegotiation_info_of_one_octet", failure, Reason::renegotiation_info_wrong,
           T::renegotiation_info, vec8({0})),
      with("renegotiation_info_without_a_length", decode, malformed, T::renegotiation_info, {}),
      with("renegotiation_info_cut", decode, malformed, T::renegotiation_info, {2, 0}),
      with("renegotiation_info_trailing", decode, malformed, T::renegotiation_info, {0, 0}),
      hello("without_renegotiation_info", failure, Reason::renegotiation_info_missing,
            [](Script12Server& s) { s.extensions.erase(T::renegotiation_info); }),
      hello("without_extensions", failure, Reason::renegotiation_info_missing,
            [](Script12Server& s) { s.has_extensions = false; }),
      hello(
          "without_extended_master_secret_where_it_is_required", failure,
          Reason::extended_master_secret_missing,
          [](Script12Server& s) { s.extensions.erase(T::extended_master_secret); }, "psk", Above::tls13,
          [](AgainstClient12& c) { c.options.require_extended_master_secret = true; }),
      // RFC 8422 section 5.2.
      with("point_formats_without_uncompressed", illegal, Reason::point_format_missing, T::ec_point_formats,
           vec8({1}), "ecdhe_psk"),
      with("point_formats_empty", decode, malformed, T::ec_point_formats, vec8({}), "ecdhe_psk"),
      with("point_formats_without_a_length", decode, malformed, T::ec_point_formats, {}, "ecdhe_psk"),
      // RFC 7301 section 3.1: exactly one.
      with("alpn_of_another_name", illegal, Reason::alpn_not_offered, alpn_type, vec16(vec8(text("h3"))),
           "psk", alpn),
      with("alpn_with_two_names", decode, malformed, alpn_type,
           vec16(join({vec8(text("h2")), vec8(text("mqtt"))})), "psk", alpn),
      with("alpn_without_names", decode, malformed, alpn_type, vec16({}), "psk", alpn),
      with("alpn_with_an_empty_name", decode, malformed, alpn_type, vec16(vec8({})), "psk", alpn),
      with("alpn_empty", decode, malformed, alpn_type, {}, "psk", alpn),
      // RFC 6066 sections 3 and 4; RFC 8449 section 4.
      with("server_name_of_one_octet", decode, malformed, T::server_name, {0}, "ecdhe_ecdsa"),
      with("max_fragment_length_of_another_value", illegal, Reason::max_fragment_length_mismatch,
           T::max_fragment_length, {2}, "psk",
           [](AgainstClient12& c) { c.options.max_fragment_length = 512; }),
      with("max_fragment_length_of_two_octets", decode, malformed, T::max_fragment_length, {1, 1}, "psk",
           [](AgainstClient12& c) { c.options.max_fragment_length = 512; }),
      with("record_size_limit_63", illegal, Reason::record_size_limit_invalid, T::record_size_limit, u16(63),
           "psk", [](AgainstClient12& c) { c.options.record_size_limit = 1000; }),
      with("record_size_limit_of_one_octet", decode, malformed, T::record_size_limit, {64}, "psk",
           [](AgainstClient12& c) { c.options.record_size_limit = 1000; }),
      with("status_request_of_one_octet", decode, malformed, T::status_request, {0}, "ecdhe_ecdsa",
           [](AgainstClient12& c) { c.options.request_ocsp_response = true; }),
  };
}

}  // namespace

std::vector<Variant> server_hello12_variants() {
  std::vector<Variant> out = versions();
  append_all(out, choices());
  append_all(out, forms());
  append_all(out, extensions());
  return out;
}

}  // namespace sesame::test
