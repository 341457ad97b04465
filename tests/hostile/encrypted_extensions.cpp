// EncryptedExtensions (RFC 8446 section 4.3.1).
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using T = ScriptServer::Type;

// To a client that has asked for a server name, two protocols and, unless `script` says otherwise, a
// record_size_limit.
template <class Script>
Variant says(
    std::string name, Alert alert, Reason reason, Script script,
    std::function<void(AgainstClient&)> before = [](AgainstClient&) {}) {
  return to_client("ee_" + name, alert, reason, [=](AgainstClient& c) {
    c.options.alpn = {"h2", "mqtt"};
    c.options.record_size_limit = 1000;
    c.client_options.server_name = "example.org";
    before(c);
    c.up_to_wait_ee();
    script(c.server.encrypted_extensions);
    c.say_encrypted_extensions();
  });
}

Variant with(std::string name, Alert alert, Reason reason, T type, Octets data) {
  return says(std::move(name), alert, reason, [=](ScriptExtensions& e) { e.add(type, data); });
}
Variant malformed(std::string name, T type, Octets data) {
  return with(std::move(name), Alert::decode_error, Reason::malformed_message, type, std::move(data));
}
Variant misplaced(std::string name, T type, Octets data) {
  return with(std::move(name), Alert::illegal_parameter, Reason::extension_misplaced, type, std::move(data));
}
// To a client that asked for none of them.
Variant unasked(std::string name, unsigned type, Octets data) {
  return to_client("ee_unasked_" + name, Alert::unsupported_extension, Reason::extension_unsolicited,
                   [=](AgainstClient& c) {
                     c.up_to_wait_ee();
                     c.server.encrypted_extensions.add(type, data);
                     c.say_encrypted_extensions();
                   });
}
Variant unasked(std::string name, T type, Octets data) {
  return unasked(std::move(name), static_cast<unsigned>(type), std::move(data));
}
// Octets in place of the message.
Variant body(std::string name, Alert alert, Reason reason, Octets octets) {
  return to_client("ee_" + name, alert, reason, [=](AgainstClient& c) {
    c.up_to_wait_ee();
    c.server.put_message(ScriptPeer::message(message::HandshakeType::encrypted_extensions, octets));
  });
}

void ask_for_fragments(AgainstClient& c) {
  c.options.record_size_limit = 0;
  c.options.max_fragment_length = 1024;
}

constexpr T alpn = T::application_layer_protocol_negotiation;

}  // namespace

std::vector<Variant> encrypted_extensions_variants() {
  const Octets h2 = vec8(text("h2")), mqtt = vec8(text("mqtt"));
  const auto fragments = [](std::string name, Alert alert, Reason reason, Octets data) {
    return says(
        std::move(name), alert, reason, [=](ScriptExtensions& e) { e.add(T::max_fragment_length, data); },
        ask_for_fragments);
  };
  return {
      body("empty", Alert::decode_error, Reason::malformed_message, {}),
      body("of_one_octet", Alert::decode_error, Reason::malformed_message, {0}),
      body("beyond_the_end", Alert::decode_error, Reason::malformed_message, u16(4)),
      body("extension_beyond_the_end", Alert::decode_error, Reason::malformed_message,
           vec16(join({u16(16), u16(1)}))),
      body("with_an_octet_behind", Alert::decode_error, Reason::trailing_octets, join({vec16({}), {0}})),
      with("alpn_two_names", Alert::decode_error, Reason::malformed_message, alpn, vec16(join({h2, mqtt}))),
      with("alpn_not_offered", Alert::illegal_parameter, Reason::alpn_not_offered, alpn,
           vec16(vec8(text("h3")))),
      with("alpn_a_prefix_of_one_offered", Alert::illegal_parameter, Reason::alpn_not_offered, alpn,
           vec16(vec8(text("mqt")))),
      malformed("alpn_empty", alpn, {}),
      malformed("alpn_no_name", alpn, vec16({})),
      malformed("alpn_empty_name", alpn, vec16(vec8({}))),
      malformed("alpn_with_an_octet_behind", alpn, join({vec16(h2), {0}})),
      malformed("server_name_not_empty", T::server_name, vec16(join({u8(0), vec16(text("example.org"))}))),
      says("alpn_twice", Alert::illegal_parameter, Reason::extension_duplicate,
           [=](ScriptExtensions& e) {
             e.add(alpn, vec16(h2));
             e.add(alpn, vec16(h2));
           }),
      says("server_name_twice", Alert::illegal_parameter, Reason::extension_duplicate,
           [](ScriptExtensions& e) {
             e.add(T::server_name);
             e.add(T::server_name);
           }),
      with("record_size_limit_63", Alert::illegal_parameter, Reason::record_size_limit_invalid,
           T::record_size_limit, u16(63)),
      with("record_size_limit_0", Alert::illegal_parameter, Reason::record_size_limit_invalid,
           T::record_size_limit, u16(0)),
      malformed("record_size_limit_of_one_octet", T::record_size_limit, u8(64)),
      malformed("record_size_limit_of_three_octets", T::record_size_limit, u24(64)),
      fragments("max_fragment_length_another", Alert::illegal_parameter, Reason::max_fragment_length_mismatch,
                u8(1)),
      fragments("max_fragment_length_0", Alert::illegal_parameter, Reason::max_fragment_length_mismatch,
                u8(0)),
      fragments("max_fragment_length_5", Alert::illegal_parameter, Reason::max_fragment_length_mismatch,
                u8(5)),
      fragments("max_fragment_length_empty", Alert::decode_error, Reason::malformed_message, {}),
      fragments("max_fragment_length_of_two_octets", Alert::decode_error, Reason::malformed_message, u16(2)),
      says("both_limits", Alert::unsupported_extension, Reason::extension_unsolicited,
           [](ScriptExtensions& e) {
             e.add(T::record_size_limit, u16(1000));
             e.add(T::max_fragment_length, u8(2));
           }),
      misplaced("key_share", T::key_share, u16(0x001d)),
      misplaced("pre_shared_key", T::pre_shared_key, u16(0)),
      misplaced("supported_versions", T::supported_versions, u16(0x0304)),
      misplaced("cookie", T::cookie, vec16({1})),
      misplaced("modes", T::psk_key_exchange_modes, vec8(u8(0))),
      misplaced("signature_algorithms", T::signature_algorithms, vec16(u16(0x0403))),
      misplaced("padding", T::padding, {}),
      misplaced("encrypt_then_mac", T::encrypt_then_mac, {}),
      unasked("server_name", T::server_name, {}),
      unasked("alpn", alpn, vec16(h2)),
      unasked("record_size_limit", T::record_size_limit, u16(1000)),
      unasked("max_fragment_length", T::max_fragment_length, u8(2)),
      unasked("early_data", T::early_data, {}),
      unasked("heartbeat", T::heartbeat, u8(1)),
      unasked("unknown", 0x1234, {}),
      unasked("grease", 0x0a0a, {}),
      to_client("ee_key_for_a_protocol_that_was_not_chosen", Alert::no_application_protocol,
                Reason::no_common_alpn,
                [](AgainstClient& c) {
                  c.options.alpn = {"h2", "mqtt"};
                  c.keys = {*Credential::create({.identity = as_bytes("alice"),
                                                 .key = as_bytes(default_key),
                                                 .usage = PskUsage::tls13,
                                                 .alpn = "mqtt"})};
                  c.up_to_wait_ee();
                  c.server.encrypted_extensions.add(alpn, vec16(vec8(text("h2"))));
                  c.say_encrypted_extensions();
                }),
      to_client("ee_unprotected", Alert::unexpected_message, Reason::record_unprotected,
                [](AgainstClient& c) {
                  c.up_to_wait_ee();
                  c.server.put_plain(
                      record::ContentType::handshake,
                      ScriptPeer::message(message::HandshakeType::encrypted_extensions, vec16({})));
                }),
      to_client("ee_before_the_server_hello", Alert::unexpected_message, Reason::unexpected_message,
                [](AgainstClient& c) {
                  c.up_to_hello();
                  c.server.put_message(
                      ScriptPeer::message(message::HandshakeType::encrypted_extensions, vec16({})));
                }),
      to_client("ee_twice", Alert::unexpected_message, Reason::unexpected_message,
                [](AgainstClient& c) {
                  c.up_to_wait_finished();
                  c.server.put_message(
                      ScriptPeer::message(message::HandshakeType::encrypted_extensions, vec16({})));
                }),
      to_client("ee_under_the_applications_keys", Alert::bad_record_mac, Reason::record_mac_wrong,
                [](AgainstClient& c) {
                  c.up_to_wait_ee();
                  c.server.use_write_secret(repeat(32, 7));
                  c.say_encrypted_extensions();
                }),
  };
}

}  // namespace sesame::test
