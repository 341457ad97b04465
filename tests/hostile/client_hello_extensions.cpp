// ClientHello: its extensions, but for pre_shared_key and key_share.
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using T = ScriptClient::Type;

// An extension with this data, in a ClientHello that is right otherwise.
Variant with(std::string name, T type, Octets data, Alert alert = Alert::decode_error,
             Reason reason = Reason::malformed_message) {
  return to_server(std::move(name), alert, reason, [=](AgainstServer& c) {
    c.client.extensions[type] = data;
    c.say_hello();
  });
}

Variant twice(std::string name, unsigned type, Octets data = {}) {
  return to_server(std::move(name), Alert::illegal_parameter, Reason::extension_duplicate,
                   [=](AgainstServer& c) {
                     c.client.extensions.add(type, data);
                     c.client.extensions.add(type, data);
                     c.say_hello();
                   });
}

Variant repeated(std::string name, T type) {
  return to_server(std::move(name), Alert::illegal_parameter, Reason::extension_duplicate,
                   [=](AgainstServer& c) {
                     c.client.extensions.add(type, c.client.extensions[type]);
                     c.say_hello();
                   });
}

Variant without(std::string name, T type) {
  return to_server(std::move(name), Alert::missing_extension, Reason::extension_missing,
                   [=](AgainstServer& c) {
                     c.client.extensions.erase(type);
                     c.say_hello();
                   });
}

Octets host_name(const Octets& name) { return join({u8(0), vec16(name)}); }

std::vector<Variant> version_variants() {
  const auto refused = [](std::string name, Octets data) {
    return with(std::move(name), T::supported_versions, std::move(data), Alert::protocol_version,
                Reason::no_common_version);
  };
  return {
      with("versions_empty", T::supported_versions, {}),
      with("versions_empty_list", T::supported_versions, vec8({})),
      with("versions_odd", T::supported_versions, vec8({3, 4, 3})),
      with("versions_as_a_server_sends_it", T::supported_versions, u16(0x0304)),
      with("versions_with_an_octet_behind", T::supported_versions, join({vec8(u16(0x0304)), {0}})),
      refused("versions_tls12_only", vec8(u16(0x0303))),
      refused("versions_unknown_only", vec8(join({u16(0x0305), u16(0x7f1c), u16(0x7a7a)}))),
  };
}

std::vector<Variant> server_name_variants() {
  const Octets name = text("example.org");
  return {
      with("server_name_empty", T::server_name, {}),
      with("server_name_empty_list", T::server_name, vec16({})),
      with("server_name_of_no_octets", T::server_name, vec16(host_name({}))),
      with("server_name_beyond_the_end", T::server_name, vec16(join({u8(0), u16(100), name}))),
      with("server_name_list_beyond_the_end", T::server_name, join({u16(100), host_name(name)})),
      with("server_name_with_an_octet_behind", T::server_name, join({vec16(host_name(name)), {0}})),
      with("server_name_ends_in_its_length", T::server_name, vec16({0, 0})),
      with("server_name_two_of_a_type", T::server_name, vec16(join({host_name(name), host_name(name)}))),
      with("server_name_with_nul", T::server_name,
           vec16(host_name(text(std::string("example.org\0.evil.example", 25))))),
      with("server_name_of_256", T::server_name, vec16(host_name(repeat(256, 'a')))),
      twice("server_name_twice", 0, vec16(host_name(name))),
  };
}

std::vector<Variant> alpn_variants() {
  const T alpn = T::application_layer_protocol_negotiation;
  return {
      with("alpn_empty", alpn, {}),
      with("alpn_empty_list", alpn, vec16({})),
      with("alpn_empty_name", alpn, vec16(join({vec8(text("h2")), vec8({})}))),
      with("alpn_name_beyond_the_end", alpn, vec16({3, 'h', '2'})),
      with("alpn_with_an_octet_behind", alpn, join({vec16(vec8(text("h2"))), {0}})),
      to_server("alpn_without_one_in_common", Alert::no_application_protocol, Reason::no_common_alpn,
                [=](AgainstServer& c) {
                  c.options.alpn = {"h2", "http/1.1"};
                  c.client.extensions[alpn] =
                      vec16(join({vec8(text("h3")), vec8(text("\x7a\x7a")), vec8(text("h"))}));
                  c.say_hello();
                }),
  };
}

std::vector<Variant> record_limit_variants() {
  const auto limit = [](std::string name, Octets data) {
    return with(std::move(name), T::record_size_limit, std::move(data), Alert::illegal_parameter,
                Reason::record_size_limit_invalid);
  };
  const auto fragment = [](std::string name, Octets data) {
    return with(std::move(name), T::max_fragment_length, std::move(data), Alert::illegal_parameter,
                Reason::max_fragment_length_mismatch);
  };
  return {
      limit("record_size_limit_0", u16(0)),
      limit("record_size_limit_63", u16(63)),
      with("record_size_limit_empty", T::record_size_limit, {}),
      with("record_size_limit_of_one_octet", T::record_size_limit, u8(64)),
      with("record_size_limit_of_three_octets", T::record_size_limit, u24(64)),
      fragment("max_fragment_length_0", u8(0)),
      fragment("max_fragment_length_5", u8(5)),
      fragment("max_fragment_length_255", u8(255)),
      with("max_fragment_length_empty", T::max_fragment_length, {}),
      with("max_fragment_length_of_two_octets", T::max_fragment_length, u16(1)),
  };
}

}  // namespace

std::vector<Variant> client_hello_extension_variants() {
  std::vector<Variant> out = {
      repeated("supported_versions_twice", T::supported_versions),
      repeated("key_share_twice", T::key_share),
      repeated("modes_twice", T::psk_key_exchange_modes),
      twice("extension_unknown_twice", 0x1234),
      twice("extension_grease_twice", 0x0a0a),
      twice("extension_padding_twice", 21, repeat(10, 0)),
      to_server("extension_unknown_twice_among_thousands", Alert::illegal_parameter,
                Reason::extension_duplicate,
                [](AgainstServer& c) {
                  for (unsigned i = 0; i < 4000; ++i) c.client.extensions.add(0x2000 + i);
                  c.client.extensions.add(0x2000);
                  c.say_hello();
                }),
      with("extension_oid_filters", T::oid_filters, vec16({}), Alert::illegal_parameter,
           Reason::extension_misplaced),
      with("modes_empty", T::psk_key_exchange_modes, {}),
      with("modes_empty_list", T::psk_key_exchange_modes, vec8({})),
      with("modes_with_an_octet_behind", T::psk_key_exchange_modes, {1, 1, 0}),
      with("modes_unknown_only", T::psk_key_exchange_modes, vec8({2, 0x0b, 255}), Alert::handshake_failure,
           Reason::psk_mode_mismatch),
      with("groups_empty", T::supported_groups, {}),
      with("groups_empty_list", T::supported_groups, vec16({})),
      with("groups_odd", T::supported_groups, vec16({0, 0x1d, 0})),
      without("modes_missing", T::psk_key_exchange_modes),
      without("groups_missing", T::supported_groups),
      without("key_share_missing", T::key_share),
      to_server("suites_unknown_only", Alert::handshake_failure, Reason::no_common_suite,
                [](AgainstServer& c) {
                  c.client.cipher_suites = {0xc02f, 0x1399, 0x0a0a};
                  c.say_hello();
                }),
      to_server("suites_known_but_not_configured", Alert::handshake_failure, Reason::no_common_suite,
                [](AgainstServer& c) {
                  c.client.cipher_suites = {0x1304, 0x1305};
                  c.say_hello();
                }),
  };
  for (const auto& more :
       {version_variants(), server_name_variants(), alpn_variants(), record_limit_variants()}) {
    out.insert(out.end(), more.begin(), more.end());
  }
  return out;
}

}  // namespace sesame::test
