// HelloRetryRequest, and the ServerHello behind it (RFC 8446 section 4.1.4).
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using T = ScriptServer::Type;

// A HelloRetryRequest for secp256r1 that `script` has spoiled.
template <class Script>
Variant retry(std::string name, Alert alert, Reason reason, Script script) {
  return to_client("retry_" + name, alert, reason, [=](AgainstClient& c) {
    c.up_to_hello();
    c.server.retry_extensions[T::key_share] = u16(0x0017);
    script(c.server);
    c.server.send_hello_retry_request();
  });
}
template <class Script>
Variant illegal(std::string name, Reason reason, Script script) {
  return retry(std::move(name), Alert::illegal_parameter, reason, script);
}
Variant with(std::string name, T type, Octets data) {
  return retry(std::move(name), Alert::decode_error, Reason::malformed_message,
               [=](ScriptServer& s) { s.retry_extensions[type] = data; });
}
// The ServerHello behind a HelloRetryRequest that was right.
template <class Script>
Variant hello_after(std::string name, Alert alert, Reason reason, Script script) {
  return to_client("after_retry_" + name, alert, reason, [=](AgainstClient& c) {
    c.keys.push_back(make_credential("anna", default_key, HashAlgorithm::sha384));
    c.up_to_retried();
    script(c.server);
    c.server.put_message(c.server.server_hello());
  });
}

std::vector<Variant> request_variants() {
  const auto asks_for = [](std::string name, Reason reason, unsigned group) {
    return illegal(std::move(name), reason,
                   [=](ScriptServer& s) { s.retry_extensions[T::key_share] = u16(group); });
  };
  const auto misplaced = [](std::string name, T type, Octets data) {
    return illegal(std::move(name), Reason::extension_misplaced,
                   [=](ScriptServer& s) { s.retry_extensions.add(type, data); });
  };
  return {
      illegal("that_changes_nothing", Reason::retry_changes_nothing,
              [](ScriptServer& s) { s.retry_extensions.erase(T::key_share); }),
      asks_for("for_a_group_with_share", Reason::retry_changes_nothing, 0x001d),
      asks_for("for_a_group_that_was_not_offered", Reason::key_share_wrong_group, 0x0104),
      asks_for("for_an_unknown_group", Reason::key_share_wrong_group, 0xfe00),
      asks_for("for_a_grease_group", Reason::key_share_wrong_group, 0x0a0a),
      with("group_of_one_octet", T::key_share, {0}),
      with("group_of_three_octets", T::key_share, {0, 0x17, 0}),
      with("group_with_share", T::key_share, join({u16(0x0017), vec16(repeat(65, 4))})),
      with("cookie_empty", T::cookie, vec16({})),
      with("cookie_without_length", T::cookie, {}),
      with("cookie_beyond_the_end", T::cookie, join({u16(2), {1}})),
      with("cookie_with_an_octet_behind", T::cookie, join({vec16({1}), {0}})),
      illegal("cookie_that_fits_no_hello", Reason::message_too_long,
              [](ScriptServer& s) { s.retry_extensions[T::cookie] = vec16(repeat(65400, 1)); }),
      illegal("selects_tls12", Reason::no_common_version,
              [](ScriptServer& s) { s.retry_extensions[T::supported_versions] = u16(0x0303); }),
      retry("without_version", Alert::protocol_version, Reason::no_common_version,
            [](ScriptServer& s) { s.retry_extensions.erase(T::supported_versions); }),
      retry("of_ssl3", Alert::protocol_version, Reason::no_common_version,
            [](ScriptServer& s) { s.legacy_version = 0x0300; }),
      illegal("legacy_version", Reason::legacy_version_wrong,
              [](ScriptServer& s) { s.legacy_version = 0x0302; }),
      illegal("session_id_changed", Reason::session_id_mismatch,
              [](ScriptServer& s) { s.legacy_session_id_echo[0] ^= 1; }),
      illegal("compression", Reason::compression_not_null, [](ScriptServer& s) { s.compression_method = 1; }),
      illegal("suite_not_offered", Reason::suite_not_offered,
              [](ScriptServer& s) { s.suite = CipherSuite::TLS_AES_128_CCM_SHA256; }),
      illegal("suite_of_a_hash_without_key", Reason::suite_not_offered,
              [](ScriptServer& s) { s.suite = CipherSuite::TLS_AES_256_GCM_SHA384; }),
      illegal("version_twice", Reason::extension_duplicate,
              [](ScriptServer& s) { s.retry_extensions.add(T::supported_versions, u16(0x0304)); }),
      illegal("cookie_twice", Reason::extension_duplicate,
              [](ScriptServer& s) {
                s.retry_extensions.add(T::cookie, vec16({1}));
                s.retry_extensions.add(T::cookie, vec16({1}));
              }),
      misplaced("with_selected_identity", T::pre_shared_key, u16(0)),
      misplaced("with_server_name", T::server_name, {}),
      misplaced("with_supported_groups", T::supported_groups, vec16(u16(0x0017))),
      retry("with_an_unknown_extension", Alert::unsupported_extension, Reason::extension_unsolicited,
            [](ScriptServer& s) { s.retry_extensions.add(0x1234); }),
      to_client("retry_for_a_group_where_psk_ke_was_asked_for", Alert::unsupported_extension,
                Reason::extension_unsolicited,
                [](AgainstClient& c) {
                  c.options.psk_modes = {PskKeyExchangeMode::psk_ke};
                  c.up_to_hello();
                  c.server.retry_extensions[T::key_share] = u16(0x0017);
                  c.server.send_hello_retry_request();
                }),
      to_client("retry_twice", Alert::unexpected_message, Reason::retry_twice,
                [](AgainstClient& c) {
                  c.up_to_retried();
                  c.server.retry_extensions[T::key_share] = u16(0x0018);
                  c.server.send_hello_retry_request();
                }),
      to_client("retry_twice_in_a_record", Alert::unexpected_message, Reason::retry_twice,
                [](AgainstClient& c) {
                  c.up_to_hello();
                  c.server.retry_extensions[T::cookie] = vec16({1});
                  const Octets request = c.server.hello_retry_request();
                  c.server.put_message(join({request, request}));
                }),
      to_client("retry_behind_the_server_hello", Alert::unexpected_message, Reason::unexpected_message,
                [](AgainstClient& c) {
                  c.up_to_wait_ee();
                  c.server.put_message(c.server.hello_retry_request());
                }),
  };
}

std::vector<Variant> hello_variants() {
  return {
      hello_after("suite_changed", Alert::illegal_parameter, Reason::suite_changed,
                  [](ScriptServer& s) { s.suite = CipherSuite::TLS_CHACHA20_POLY1305_SHA256; }),
      hello_after("suite_of_another_hash", Alert::illegal_parameter, Reason::suite_changed,
                  [](ScriptServer& s) { s.suite = CipherSuite::TLS_AES_256_GCM_SHA384; }),
      hello_after("suite_not_offered", Alert::illegal_parameter, Reason::suite_not_offered,
                  [](ScriptServer& s) { s.suite = CipherSuite::TLS_AES_128_CCM_SHA256; }),
      hello_after("version_changed", Alert::illegal_parameter, Reason::no_common_version,
                  [](ScriptServer& s) { s.extensions[T::supported_versions] = u16(0x0303); }),
      hello_after("version_gone", Alert::protocol_version, Reason::no_common_version,
                  [](ScriptServer& s) { s.extensions.erase(T::supported_versions); }),
      hello_after(
          "share_of_the_first_group", Alert::illegal_parameter, Reason::key_share_wrong_group,
          [](ScriptServer& s) { s.extensions[T::key_share] = join({u16(0x001d), vec16(repeat(32, 9))}); }),
      hello_after(
          "share_invalid", Alert::illegal_parameter, Reason::key_share_invalid,
          [](ScriptServer& s) { s.extensions[T::key_share] = join({u16(0x0017), vec16(repeat(65, 4))}); }),
      // The key for SHA-384 was dropped: the suite is one of SHA-256.
      hello_after("identity_that_was_dropped", Alert::illegal_parameter, Reason::psk_selected_out_of_range,
                  [](ScriptServer& s) { s.extensions[T::pre_shared_key] = u16(1); }),
      hello_after("session_id_changed", Alert::illegal_parameter, Reason::session_id_mismatch,
                  [](ScriptServer& s) { s.legacy_session_id_echo[0] ^= 1; }),
      hello_after("with_cookie", Alert::illegal_parameter, Reason::extension_misplaced,
                  [](ScriptServer& s) { s.extensions.add(T::cookie, vec16({1})); }),
  };
}

}  // namespace

std::vector<Variant> hello_retry_request_variants() {
  std::vector<Variant> out = request_variants();
  const auto more = hello_variants();
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

}  // namespace sesame::test
