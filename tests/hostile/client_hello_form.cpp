// ClientHello: its form, and the fields that are only there for older versions.
#include "hostile/variant.h"

namespace sesame::test {

namespace {

// Where the length fields of the default ClientHello stand, behind the message header.
constexpr std::size_t at_session_id = 4 + 2 + 32;
constexpr std::size_t at_suites = at_session_id + 1 + 32;
constexpr std::size_t at_compression = at_suites + 2 + 6;
constexpr std::size_t at_extensions = at_compression + 2;

// Adds `delta` to the length of `size` octets at `at`.
void shift(Octets& message, std::size_t at, std::size_t size, int delta) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | message[at + i];
  std::ranges::copy(number(value + static_cast<std::uint64_t>(delta), size),
                    message.begin() + static_cast<long>(at));
}

Variant length(std::string name, std::size_t at, std::size_t size, int delta,
               Reason reason = Reason::malformed_message) {
  return to_server("client_hello_" + name, Alert::decode_error, reason, [=](AgainstServer& c) {
    Octets hello = c.client.client_hello();
    shift(hello, at, size, delta);
    c.say_hello(hello);
  });
}

// Adds `delta` to the length in front of an extension's data, or to the one at the start of the data.
Variant extension_length(std::string name, ScriptClient::Type type, std::size_t size, int delta) {
  return to_server("client_hello_" + name, Alert::decode_error, Reason::malformed_message,
                   [=](AgainstServer& c) {
                     shift(c.client.extensions[type], 0, size, delta);
                     c.say_hello();
                   });
}

}  // namespace

std::vector<Variant> client_hello_form_variants() {
  using T = ScriptClient::Type;
  std::vector<Variant> out = {
      length("session_id_one_less", at_session_id, 1, -1),
      length("session_id_one_more", at_session_id, 1, 1),
      length("session_id_beyond_the_end", at_session_id, 1, 223),
      length("suites_one_less", at_suites, 2, -1),
      length("suites_one_more", at_suites, 2, 1),
      length("suites_none", at_suites, 2, -6),
      length("suites_beyond_the_end", at_suites, 2, 0xffff - 6),
      length("compression_none", at_compression, 1, -1),
      length("compression_beyond_the_end", at_compression, 1, 254),
      length("extensions_one_less", at_extensions, 2, -1),
      length("extensions_one_more", at_extensions, 2, 1),
      length("extensions_none", at_extensions, 2, -1000),
      length("extensions_beyond_the_end", at_extensions, 2, 4000),
      length("first_extension_one_more", at_extensions + 4, 2, 1),
      length("first_extension_beyond_the_end", at_extensions + 4, 2, 60000),
      extension_length("supported_versions_list_one_less", T::supported_versions, 1, -1),
      extension_length("supported_versions_list_one_more", T::supported_versions, 1, 1),
      extension_length("modes_list_one_less", T::psk_key_exchange_modes, 1, -1),
      extension_length("modes_list_one_more", T::psk_key_exchange_modes, 1, 1),
      extension_length("groups_list_one_less", T::supported_groups, 2, -1),
      extension_length("groups_list_one_more", T::supported_groups, 2, 1),
      extension_length("shares_list_one_less", T::key_share, 2, -1),
      extension_length("shares_list_one_more", T::key_share, 2, 1),
      to_server("client_hello_empty", Alert::decode_error, Reason::malformed_message,
                [](AgainstServer& c) {
                  c.say_hello(ScriptPeer::message(message::HandshakeType::client_hello, {}));
                }),
      to_server("client_hello_ends_in_the_random", Alert::decode_error, Reason::malformed_message,
                [](AgainstServer& c) {
                  c.say_hello(ScriptPeer::message(message::HandshakeType::client_hello,
                                                  join({u16(0x0303), repeat(31, 1)})));
                }),
      to_server("client_hello_with_an_octet_behind", Alert::decode_error, Reason::trailing_octets,
                [](AgainstServer& c) {
                  Octets hello = c.client.client_hello();
                  hello.push_back(0);
                  shift(hello, 1, 3, 1);
                  c.say_hello(hello);
                }),
      to_server("client_hello_with_half_a_suite", Alert::decode_error, Reason::malformed_message,
                [](AgainstServer& c) {
                  const Octets suites = vec16({0x13, 0x01, 0x13});
                  c.say_hello(ScriptPeer::message(message::HandshakeType::client_hello,
                                                  join({u16(0x0303), c.client.random, vec8({}), suites,
                                                        vec8({0}), vec16(c.client.extensions.encoded())})));
                }),
      to_server("client_hello_session_id_of_33", Alert::decode_error, Reason::malformed_message,
                [](AgainstServer& c) {
                  c.client.legacy_session_id = repeat(33, 1);
                  c.say_hello();
                }),
      to_server("client_hello_ssl3", Alert::protocol_version, Reason::no_common_version,
                [](AgainstServer& c) {
                  c.client.legacy_version = 0x0300;  // appendix D.5
                  c.say_hello();
                }),
      to_server("client_hello_compression_deflate", Alert::illegal_parameter, Reason::compression_not_null,
                [](AgainstServer& c) {
                  c.client.compression_methods = {1};
                  c.say_hello();
                }),
      to_server("client_hello_compression_null_and_deflate", Alert::illegal_parameter,
                Reason::compression_not_null,
                [](AgainstServer& c) {
                  c.client.compression_methods = {0, 1};
                  c.say_hello();
                }),
      to_server("client_hello_compression_null_twice", Alert::illegal_parameter, Reason::compression_not_null,
                [](AgainstServer& c) {
                  c.client.compression_methods = {0, 0};
                  c.say_hello();
                }),
      // A client of TLS 1.2, and older ones, whose ClientHello may end behind the compression methods.
      to_server("client_hello_of_tls12", Alert::protocol_version, Reason::no_common_version,
                [](AgainstServer& c) {
                  c.client.extensions.erase(T::supported_versions);
                  c.say_hello();
                }),
      to_server("client_hello_of_tls12_compressing", Alert::protocol_version, Reason::no_common_version,
                [](AgainstServer& c) {
                  c.client.extensions.erase(T::supported_versions);
                  c.client.compression_methods = {1, 0};
                  c.say_hello();
                }),
      to_server("client_hello_without_extensions", Alert::protocol_version, Reason::no_common_version,
                [](AgainstServer& c) {
                  c.say_hello(ScriptPeer::message(
                      message::HandshakeType::client_hello,
                      join({u16(0x0303), c.client.random, vec8({}), vec16(u16(0x1301)), vec8({0})})));
                }),
      to_server("client_hello_with_an_empty_extension_block", Alert::protocol_version,
                Reason::no_common_version,
                [](AgainstServer& c) {
                  c.client.extensions.list.clear();
                  c.client.keys.clear();
                  c.say_hello();
                }),
      to_server("client_hello_of_ssl2", Alert::unexpected_message, Reason::unexpected_record,
                [](AgainstServer& c) {
                  c.client.put(from_hex("802e0100020015000000100100800300800700c0060040020080"));
                }),
      to_server("http_in_place_of_tls", Alert::unexpected_message, Reason::unexpected_record,
                [](AgainstServer& c) { c.client.put(as_bytes("GET / HTTP/1.1\r\n\r\n")); }),
      to_server("client_hello_and_another_in_its_record", Alert::unexpected_message,
                Reason::message_across_key_change,
                [](AgainstServer& c) {
                  const Octets hello = c.client.client_hello();
                  c.say_hello(join({hello, hello}));
                }),
      to_server("client_hello_and_one_octet_in_its_record", Alert::unexpected_message,
                Reason::message_across_key_change,
                [](AgainstServer& c) { c.say_hello(join({c.client.client_hello(), {20}})); }),
      to_server("client_hello_twice", Alert::unexpected_message, Reason::record_unprotected,
                [](AgainstServer& c) {
                  const Octets hello = c.client.client_hello();
                  c.say_hello(hello);
                  ASSERT_TRUE(c.client.take_server_flight());
                  c.client.put_plain(record::ContentType::handshake, hello);
                }),
  };
  return out;
}

}  // namespace sesame::test
