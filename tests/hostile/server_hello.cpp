// ServerHello: what a client has to refuse (RFC 8446 section 4.1.3).
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using T = ScriptServer::Type;

// A ServerHello that `script` has spoiled.
template <class Script>
Variant hello(std::string name, Alert alert, Reason reason, Script script) {
  return to_client("server_hello_" + name, alert, reason, [=](AgainstClient& c) {
    c.up_to_hello();
    script(c.server);
    c.say_hello();
  });
}
template <class Script>
Variant illegal(std::string name, Reason reason, Script script) {
  return hello(std::move(name), Alert::illegal_parameter, reason, script);
}
template <class Script>
Variant malformed(std::string name, Script script) {
  return hello(std::move(name), Alert::decode_error, Reason::malformed_message, script);
}
// Octets in place of the message that the script would make.
template <class Script>
Variant octets(std::string name, Alert alert, Reason reason, Script script) {
  return to_client("server_hello_" + name, alert, reason, [=](AgainstClient& c) {
    c.up_to_hello();
    c.server.put_message(script(c.server));
  });
}
template <class Script>
Variant to_psk_ke_client(std::string name, Alert alert, Reason reason, Script script) {
  return to_client("server_hello_" + name, alert, reason, [=](AgainstClient& c) {
    c.options.psk_modes = {PskKeyExchangeMode::psk_ke};
    c.up_to_hello();
    script(c.server);
    c.say_hello();
  });
}

Octets sentinel(std::string_view end) { return join({repeat(24, 0x5a), from_hex(end)}); }
constexpr std::string_view tls12_sentinel = "444f574e47524401", tls11_sentinel = "444f574e47524400";

Octets old_hello(const ScriptServer& s, const Octets& random, const Octets& extensions) {
  return ScriptPeer::message(
      message::HandshakeType::server_hello,
      join({u16(0x0303), random, vec8(s.legacy_session_id_echo), u16(0xc02f), u8(0), extensions}));
}

Octets cut(Octets message, std::size_t by) {
  message.resize(message.size() - by);
  std::ranges::copy(u24(message.size() - 4), message.begin() + 1);
  return message;
}

std::vector<Variant> field_variants() {
  const auto version = [](std::string name, unsigned value, Alert alert, Reason reason) {
    return hello(std::move(name), alert, reason, [=](ScriptServer& s) { s.legacy_version = value; });
  };
  const auto suite = [](std::string name, unsigned value) {
    return illegal(std::move(name), Reason::suite_not_offered, [=](ScriptServer& s) {
      Octets message = s.server_hello();
      std::ranges::copy(u16(value), message.begin() + 4 + 2 + 32 + 33);
      s.put_message(message);
    });
  };
  return {
      version("legacy_version_ssl3", 0x0300, Alert::protocol_version, Reason::no_common_version),
      version("legacy_version_tls10", 0x0301, Alert::illegal_parameter, Reason::legacy_version_wrong),
      version("legacy_version_tls13", 0x0304, Alert::illegal_parameter, Reason::legacy_version_wrong),
      suite("suite_unknown", 0x1399),
      suite("suite_grease", 0x0a0a),
      suite("suite_of_tls12", 0xc02f),
      suite("suite_not_offered", 0x1304),
      // Configured, but left out: no key has its hash.
      suite("suite_of_a_hash_without_key", 0x1302),
      illegal("session_id_missing", Reason::session_id_mismatch,
              [](ScriptServer& s) { s.legacy_session_id_echo.clear(); }),
      illegal("session_id_changed", Reason::session_id_mismatch,
              [](ScriptServer& s) { s.legacy_session_id_echo[31] ^= 1; }),
      illegal("session_id_shorter", Reason::session_id_mismatch,
              [](ScriptServer& s) { s.legacy_session_id_echo.pop_back(); }),
      malformed("session_id_of_33", [](ScriptServer& s) { s.legacy_session_id_echo.push_back(0); }),
      to_client("server_hello_session_id_that_was_not_sent", Alert::illegal_parameter,
                Reason::session_id_mismatch,
                [](AgainstClient& c) {
                  c.options.middlebox_compatibility = false;
                  c.up_to_hello();
                  c.server.legacy_session_id_echo = repeat(32, 1);
                  c.say_hello();
                }),
      illegal("compression", Reason::compression_not_null, [](ScriptServer& s) { s.compression_method = 1; }),
      hello("of_tls12", Alert::protocol_version, Reason::no_common_version,
            [](ScriptServer& s) { s.extensions.erase(T::supported_versions); }),
      illegal("downgraded_to_tls12", Reason::downgrade_detected,
              [](ScriptServer& s) {
                s.random = sentinel(tls12_sentinel);
                s.extensions.erase(T::supported_versions);
              }),
      illegal("downgraded_to_tls11", Reason::downgrade_detected,
              [](ScriptServer& s) {
                s.random = sentinel(tls11_sentinel);
                s.extensions.erase(T::supported_versions);
              }),
      octets("without_extensions", Alert::protocol_version, Reason::no_common_version,
             [](ScriptServer& s) { return old_hello(s, s.random, {}); }),
      octets("without_extensions_downgraded", Alert::illegal_parameter, Reason::downgrade_detected,
             [](ScriptServer& s) { return old_hello(s, sentinel(tls12_sentinel), {}); }),
      octets("with_an_empty_extension_block", Alert::protocol_version, Reason::no_common_version,
             [](ScriptServer& s) { return old_hello(s, s.random, vec16({})); }),
      octets("empty", Alert::decode_error, Reason::malformed_message,
             [](ScriptServer&) { return ScriptPeer::message(message::HandshakeType::server_hello, {}); }),
      octets("one_octet_less", Alert::decode_error, Reason::malformed_message,
             [](ScriptServer& s) { return cut(s.server_hello(), 1); }),
      octets("ends_in_the_random", Alert::decode_error, Reason::malformed_message,
             [](ScriptServer& s) { return cut(s.server_hello(), s.server_hello().size() - 20); }),
      octets("with_an_octet_behind", Alert::decode_error, Reason::trailing_octets,
             [](ScriptServer& s) {
               Octets message = s.server_hello();
               message.push_back(0);
               return cut(message, 0);
             }),
      octets("and_one_octet_in_its_record", Alert::unexpected_message, Reason::message_across_key_change,
             [](ScriptServer& s) { return join({s.server_hello(), {8}}); }),
      octets("twice_in_a_record", Alert::unexpected_message, Reason::message_across_key_change,
             [](ScriptServer& s) { return join({s.server_hello(), s.server_hello()}); }),
      to_client("server_hello_twice", Alert::unexpected_message, Reason::record_unprotected,
                [](AgainstClient& c) {
                  c.up_to_wait_ee();
                  c.server.put_plain(record::ContentType::handshake, c.server.server_hello());
                }),
  };
}

std::vector<Variant> version_extension_variants() {
  const auto selects = [](std::string name, unsigned value) {
    return illegal(std::move(name), Reason::no_common_version,
                   [=](ScriptServer& s) { s.extensions[T::supported_versions] = u16(value); });
  };
  const auto data = [](std::string name, Octets value) {
    return malformed(std::move(name), [=](ScriptServer& s) { s.extensions[T::supported_versions] = value; });
  };
  return {
      selects("selects_tls12", 0x0303),
      selects("selects_ssl3", 0x0300),
      selects("selects_0305", 0x0305),
      selects("selects_a_draft", 0x7f1c),
      data("version_empty", {}),
      data("version_of_one_octet", {3}),
      data("version_of_three_octets", {3, 4, 0}),
      data("version_as_a_client_sends_it", vec8(u16(0x0304))),
  };
}

std::vector<Variant> extension_variants() {
  const auto twice = [](std::string name, T type) {
    return illegal(std::move(name), Reason::extension_duplicate,
                   [=](ScriptServer& s) { s.extensions.add(type, s.extensions[type]); });
  };
  const auto misplaced = [](std::string name, T type, Octets data) {
    return illegal(std::move(name), Reason::extension_misplaced,
                   [=](ScriptServer& s) { s.extensions.add(type, data); });
  };
  const auto unsolicited = [](std::string name, unsigned type) {
    return hello(std::move(name), Alert::unsupported_extension, Reason::extension_unsolicited,
                 [=](ScriptServer& s) { s.extensions.add(type); });
  };
  return {
      twice("versions_twice", T::supported_versions),
      twice("key_share_twice", T::key_share),
      twice("psk_twice", T::pre_shared_key),
      misplaced("with_server_name", T::server_name, {}),
      misplaced("with_alpn", T::application_layer_protocol_negotiation, vec16(vec8(text("h2")))),
      misplaced("with_supported_groups", T::supported_groups, vec16(u16(0x001d))),
      misplaced("with_cookie", T::cookie, vec16({1})),
      misplaced("with_early_data", T::early_data, {}),
      misplaced("with_modes", T::psk_key_exchange_modes, vec8(u8(1))),
      misplaced("with_record_size_limit", T::record_size_limit, u16(100)),
      misplaced("with_extended_master_secret", T::extended_master_secret, {}),
      misplaced("with_renegotiation_info", T::renegotiation_info, vec8({})),
      unsolicited("with_an_unknown_extension", 0x1234),
      unsolicited("with_a_grease_extension", 0x0a0a),
      to_psk_ke_client(
          "with_a_share_for_psk_ke", Alert::unsupported_extension, Reason::extension_unsolicited,
          [](ScriptServer& s) { s.extensions[T::key_share] = join({u16(0x001d), vec16(repeat(32, 9))}); }),
  };
}

std::vector<Variant> choice_variants() {
  const auto selects = [](std::string name, unsigned value) {
    return illegal(std::move(name), Reason::psk_selected_out_of_range,
                   [=](ScriptServer& s) { s.extensions[T::pre_shared_key] = u16(value); });
  };
  const auto selection = [](std::string name, Octets value) {
    return malformed(std::move(name), [=](ScriptServer& s) { s.extensions[T::pre_shared_key] = value; });
  };
  const auto share = [](std::string name, Octets value) {
    return malformed(std::move(name), [=](ScriptServer& s) { s.extensions[T::key_share] = value; });
  };
  const auto wrong_group = [](std::string name, unsigned group, std::size_t size) {
    return illegal(std::move(name), Reason::key_share_wrong_group, [=](ScriptServer& s) {
      s.extensions[T::key_share] = join({u16(group), vec16(repeat(size, 4))});
    });
  };
  return {
      selects("selects_identity_1_of_1", 1),
      selects("selects_identity_65535", 65535),
      selection("selection_empty", {}),
      selection("selection_of_one_octet", {0}),
      selection("selection_of_three_octets", {0, 0, 0}),
      hello("without_key", Alert::handshake_failure, Reason::psk_not_selected,
            [](ScriptServer& s) { s.extensions.erase(T::pre_shared_key); }),
      to_client("server_hello_selects_psk_ke_that_was_not_offered", Alert::illegal_parameter,
                Reason::psk_mode_mismatch,
                [](AgainstClient& c) {
                  c.options.psk_modes = {PskKeyExchangeMode::psk_dhe_ke};
                  c.up_to_hello();
                  c.server.extensions.erase(T::key_share);
                  c.say_hello();
                }),
      to_client("server_hello_suite_of_another_hash_than_the_key", Alert::illegal_parameter,
                Reason::psk_hash_mismatch,
                [](AgainstClient& c) {
                  c.keys.push_back(make_credential("anna", default_key, HashAlgorithm::sha384));
                  c.up_to_hello();
                  c.server.suite =
                      CipherSuite::TLS_AES_256_GCM_SHA384;  // and identity 0, which is for SHA-256
                  c.server.put_message(c.server.server_hello());
                }),
      wrong_group("share_of_an_unknown_group", 0xfe00, 32),
      wrong_group("share_of_a_group_without_share", 0x0017, 65),
      wrong_group("share_of_a_group_that_was_not_offered", 0x0104, 1024),
      share("share_empty", {}),
      share("share_of_no_octets", join({u16(0x001d), vec16({})})),
      share("share_beyond_the_end", join({u16(0x001d), u16(33), repeat(32, 9)})),
      share("share_with_an_octet_behind", join({u16(0x001d), vec16(repeat(32, 9)), {0}})),
      share("share_as_a_retry_has_it", u16(0x001d)),
      share("share_as_a_client_sends_it", vec16(join({u16(0x001d), vec16(repeat(32, 9))}))),
  };
}

}  // namespace

std::vector<Variant> server_hello_variants() {
  std::vector<Variant> out;
  for (const auto& table :
       {field_variants(), version_extension_variants(), extension_variants(), choice_variants()}) {
    out.insert(out.end(), table.begin(), table.end());
  }
  return out;
}

}  // namespace sesame::test
