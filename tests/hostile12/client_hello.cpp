// The form of a ClientHello, its version and suites (RFC 5246 section 7.4.1.2, appendix E.1).
#include "hostile12/variants.h"

namespace sesame::test {

namespace {

constexpr Alert decode = Alert::decode_error;
constexpr Alert failure = Alert::handshake_failure;
constexpr Alert illegal = Alert::illegal_parameter;

template <class Spoil>
Variant hello(std::string name, Alert alert, Reason reason, Spoil spoil, std::string_view which = "psk") {
  return to_server12(
      "hello_" + name, alert, reason,
      [=](AgainstServer12& c) {
        spoil(c);
        c.say_hello();
      },
      which);
}

// The message as it stands, changed behind its making.
template <class Spoil>
Variant body(std::string name, Reason reason, Spoil spoil) {
  return to_server12("hello_" + name, decode, reason, [=](AgainstServer12& c) {
    Octets octets = body_of(c.client.client_hello());
    spoil(octets);
    c.say_hello(with_body(c.client.client_hello(), octets));
  });
}

std::vector<Variant> versions() {
  std::vector<Variant> out;
  const auto version = [&](unsigned value) {
    out.push_back(hello("of_version_" + std::to_string(value), Alert::protocol_version,
                        Reason::no_common_version,
                        [=](AgainstServer12& c) { c.client.legacy_version = value; }));
  };
  for (const unsigned value : {0x0000u, 0x0002u, 0x0200u, 0x0300u, 0x0301u, 0x0302u}) version(value);
  // RFC 8446 section 4.2.1: then legacy_version says nothing.
  const auto supported = [&](const std::string& name, const Octets& list) {
    out.push_back(hello("with_supported_versions_" + name, Alert::protocol_version, Reason::no_common_version,
                        [=](AgainstServer12& c) {
                          c.client.extensions[Script12Client::Type::supported_versions] = vec8(list);
                        }));
  };
  supported("ssl30", u16(0x0300));
  supported("tls11", u16(0x0302));
  supported("tls15", u16(0x0306));
  supported("dtls", u16(0xfefd));
  supported("grease", u16(0x7a7a));
  for (const auto& [name, data] : std::initializer_list<std::pair<const char*, Octets>>{
           {"empty", vec8({})}, {"odd", vec8({3, 3, 3})}, {"missing", {}}, {"trailing", {2, 3, 3, 0}}}) {
    out.push_back(hello("with_supported_versions_" + std::string(name), decode, Reason::malformed_message,
                        [data](AgainstServer12& c) {
                          c.client.extensions[Script12Client::Type::supported_versions] = data;
                        }));
  }
  // RFC 7507 section 3.
  out.push_back(hello("with_fallback_scsv", Alert::inappropriate_fallback, Reason::inappropriate_fallback,
                      [](AgainstServer12& c) { c.client.cipher_suites.push_back(0x5600); }));
  out.push_back(hello(
      "with_fallback_scsv_of_tls11", Alert::inappropriate_fallback, Reason::inappropriate_fallback,
      [](AgainstServer12& c) {
        c.options.max_version = ProtocolVersion::tls12;
        c.client.legacy_version = 0x0302;
        c.client.cipher_suites.push_back(0x5600);
      },
      "psk_tls11"));
  return out;
}

std::vector<Variant> suites() {
  const auto with = [](std::string name, std::vector<unsigned> list, std::string_view which = "psk") {
    return hello(
        "with_suites_" + name, failure, Reason::no_common_suite,
        [=](AgainstServer12& c) { c.client.cipher_suites = list; }, which);
  };
  return {
      with("unknown", {0xfefe, 0x1234, 0x00ff}),
      with("signalling_value_alone", {0x00ff}),
      with("grease_alone", {0x0a0a, 0x1a1a}),
      with("of_tls13_alone", {0x1301, 0x1303, 0x00ff}),
      with("of_another_exchange", {0xc02b, 0x00ff}),
      with("with_its_octets_swapped", {0xa800, 0x00ff}),
      with("null_null_null", {0x0000}),
      // RFC 5246 appendix A.5, RFC 5288 section 4: these are for TLS 1.2.
      hello(
          "with_an_aead_suite_for_tls11", failure, Reason::no_common_suite,
          [](AgainstServer12& c) {
            c.options.cipher_suites.push_back(psk_suite);
            c.client.cipher_suites = {0x00a8, 0x00ff};
          },
          "psk_tls11"),
      hello("without_compression_null", illegal, Reason::compression_not_null,
            [](AgainstServer12& c) { c.client.compression_methods = {1}; }),
      hello("with_64_compressions_but_null", illegal, Reason::compression_not_null,
            [](AgainstServer12& c) { c.client.compression_methods = repeat(64, 64); }),
  };
}

std::vector<Variant> forms() {
  const auto changed = [](std::string name, auto spoil) {
    return hello(std::move(name), decode, Reason::malformed_message, spoil);
  };
  std::vector<Variant> out = {
      changed("with_session_id_of_33",
              [](AgainstServer12& c) { c.client.offered_session_id = repeat(33, 1); }),
      changed("with_session_id_of_255",
              [](AgainstServer12& c) { c.client.offered_session_id = repeat(255, 1); }),
      changed("without_suites", [](AgainstServer12& c) { c.client.cipher_suites.clear(); }),
      changed("without_compressions", [](AgainstServer12& c) { c.client.compression_methods.clear(); }),
      body("with_an_odd_length_of_suites", Reason::malformed_message,
           [](Octets& b) {
             b.insert(b.begin() + 41, 0);
             b[36] += 1;
           }),
      body("empty", Reason::malformed_message, [](Octets& b) { b.clear(); }),
      body("of_one_octet", Reason::malformed_message, [](Octets& b) { b.resize(1); }),
      body("of_a_version_alone", Reason::malformed_message, [](Octets& b) { b.resize(2); }),
      body("cut_in_its_random", Reason::malformed_message, [](Octets& b) { b.resize(20); }),
      body("cut_in_its_suites", Reason::malformed_message, [](Octets& b) { b.resize(38); }),
      body("cut_in_the_length_of_its_extensions", Reason::malformed_message, [](Octets& b) { b.resize(42); }),
      body("cut_in_its_extensions", Reason::malformed_message, [](Octets& b) { b.pop_back(); }),
      body("with_an_octet_behind_it", Reason::trailing_octets, [](Octets& b) { b.push_back(0); }),
      body("with_extensions_said_to_be_65535", Reason::malformed_message,
           [](Octets& b) { b[43] = b[44] = 0xff; }),
      body("with_suites_said_to_be_65534", Reason::malformed_message,
           [](Octets& b) { b[35] = 0xff, b[36] = 0xfe; }),
      to_server12("hello_declared_of_131397", decode, Reason::message_too_long,
                  [](AgainstServer12& c) {
                    c.client.put_plain(record::ContentType::handshake, join({u8(1), u24(131'397)}));
                  }),
      to_server12("hello_of_ssl20", Alert::unexpected_message, Reason::unexpected_record,
                  [](AgainstServer12& c) {
                    // RFC 5246 appendix E.2: what a V2 client would say.
                    c.client.ScriptPeer::put(
                        join({u16(0x802e), u8(1), u16(0x0303), u16(21), u16(0), u16(16), repeat(37, 0)}));
                  }),
  };
  return out;
}

}  // namespace

std::vector<Variant> client_hello12_variants() {
  std::vector<Variant> out = versions();
  append_all(out, suites());
  append_all(out, forms());
  return out;
}

}  // namespace sesame::test
