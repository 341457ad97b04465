// The second ClientHello: what may not change behind a HelloRetryRequest (RFC 8446 section 4.1.2).
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using T = ScriptClient::Type;

// Up to a HelloRetryRequest that asks for secp256r1, where the client had a share of x25519.
void up_to_group_retry(AgainstServer& c) {
  c.options.groups = {NamedGroup::secp256r1};
  c.client.extensions[T::supported_groups] = vec16(join({u16(0x001d), u16(0x0017), u16(0x0018)}));
  c.up_to_retry();
}

// Up to a HelloRetryRequest that asks for a cookie only.
void up_to_cookie_retry(AgainstServer& c) {
  c.options.always_retry_with_cookie = true;
  c.up_to_retry();
}

template <class Script>
Variant after_group(std::string name, Alert alert, Reason reason, Script script) {
  return to_server("second_hello_" + name, alert, reason, [=](AgainstServer& c) {
    up_to_group_retry(c);
    script(c.client);
    c.say_hello();
  });
}
template <class Script>
Variant changed(std::string name, Script script) {
  return after_group(std::move(name), Alert::illegal_parameter, Reason::retry_hello_changed, script);
}
template <class Script>
Variant wrong_share(std::string name, Script script) {
  return after_group(std::move(name), Alert::illegal_parameter, Reason::key_share_wrong_group, script);
}
template <class Script>
Variant after_cookie(std::string name, Alert alert, Reason reason, Script script) {
  return to_server("second_hello_" + name, alert, reason, [=](AgainstServer& c) {
    up_to_cookie_retry(c);
    script(c.client);
    c.say_hello();
  });
}

Octets entry(const ScriptClient& client, std::size_t i = 0) { return client.share(i); }

std::vector<Variant> group_variants() {
  return {
      changed("random", [](ScriptClient& s) { s.random[31] ^= 1; }),
      changed("session_id", [](ScriptClient& s) { s.legacy_session_id[0] ^= 1; }),
      changed("session_id_gone", [](ScriptClient& s) { s.legacy_session_id.clear(); }),
      changed("suites_in_another_order",
              [](ScriptClient& s) { std::swap(s.cipher_suites[0], s.cipher_suites[1]); }),
      changed("suite_gone", [](ScriptClient& s) { s.cipher_suites.pop_back(); }),
      changed("suite_more", [](ScriptClient& s) { s.cipher_suites.push_back(0x1304); }),
      changed("session_id_octets_moved_to_the_suites",
              [](ScriptClient& s) {
                s.legacy_session_id.resize(30);
                s.cipher_suites.insert(s.cipher_suites.begin(), 0x5e5e);
              }),
      changed("early_data", [](ScriptClient& s) { s.extensions[T::early_data] = {}; }),
      wrong_share("no_share", [](ScriptClient& s) { s.extensions[T::key_share] = vec16({}); }),
      wrong_share("two_shares",
                  [](ScriptClient& s) {
                    const Octets x25519 = join({u16(0x001d), vec16(repeat(32, 9))});
                    s.extensions[T::key_share] = vec16(join({entry(s), x25519}));
                  }),
      wrong_share("share_twice",
                  [](ScriptClient& s) { s.extensions[T::key_share] = vec16(join({entry(s), entry(s)})); }),
      wrong_share("share_of_the_old_group",
                  [](ScriptClient& s) {
                    s.extensions[T::key_share] = vec16(join({u16(0x001d), vec16(repeat(32, 9))}));
                  }),
      wrong_share("share_of_a_third_group",
                  [](ScriptClient& s) {
                    s.extensions[T::key_share] = vec16(join({u16(0x0018), vec16(repeat(97, 4))}));
                  }),
      // Without psk_dhe_ke the share is of no use, and the modes may not change.
      wrong_share("modes_changed",
                  [](ScriptClient& s) { s.extensions[T::psk_key_exchange_modes] = vec8(u8(0)); }),
      after_group("share_invalid", Alert::illegal_parameter, Reason::key_share_invalid,
                  [](ScriptClient& s) {
                    s.extensions[T::key_share] = vec16(join({u16(0x0017), vec16(repeat(65, 4))}));
                  }),
      after_group("key_share_gone", Alert::missing_extension, Reason::extension_missing,
                  [](ScriptClient& s) { s.extensions.erase(T::key_share); }),
      after_group("cookie_that_was_not_given", Alert::illegal_parameter, Reason::cookie_mismatch,
                  [](ScriptClient& s) { s.extensions[T::cookie] = vec16(repeat(32, 1)); }),
      after_group("versions_gone", Alert::protocol_version, Reason::no_common_version,
                  [](ScriptClient& s) { s.extensions.erase(T::supported_versions); }),
      after_group("key_gone", Alert::missing_extension, Reason::psk_not_offered,
                  [](ScriptClient& s) { s.keys.clear(); }),
      after_group("identity_unknown", Alert::decrypt_error, Reason::psk_identity_unknown,
                  [](ScriptClient& s) { s.keys = {{"nobody"}}; }),
      after_group("key_of_another_hash", Alert::decrypt_error, Reason::psk_hash_mismatch,
                  [](ScriptClient& s) { s.keys = {{"anna", default_key, HashAlgorithm::sha384}}; }),
      after_group("binder_of_the_second_hello_alone", Alert::decrypt_error, Reason::psk_binder_mismatch,
                  [](ScriptClient& s) { s.transcript.clear(); }),
      after_group("compression", Alert::illegal_parameter, Reason::compression_not_null,
                  [](ScriptClient& s) { s.compression_methods = {1, 0}; }),
      to_server("second_hello_is_the_first_again", Alert::illegal_parameter, Reason::key_share_wrong_group,
                [](AgainstServer& c) {
                  const ScriptKey key;
                  up_to_group_retry(c);
                  c.client.extensions[T::key_share] = vec16(join({u16(0x001d), vec16(repeat(32, 9))}));
                  c.say_hello();
                }),
      to_server("finished_in_place_of_the_second_hello", Alert::unexpected_message,
                Reason::unexpected_message,
                [](AgainstServer& c) {
                  up_to_group_retry(c);
                  c.client.put_message(ScriptPeer::message(message::HandshakeType::finished, repeat(32, 0)));
                }),
      to_server("third_hello", Alert::unexpected_message, Reason::record_unprotected,
                [](AgainstServer& c) {
                  up_to_group_retry(c);
                  const Octets hello = c.client.client_hello();
                  c.say_hello(hello);
                  ASSERT_TRUE(c.client.take_server_flight());
                  c.client.put_plain(record::ContentType::handshake, hello);
                }),
      to_server("early_data_before_the_second_hello", Alert::unexpected_message, Reason::unexpected_record,
                [](AgainstServer& c) {
                  up_to_group_retry(c);
                  c.client.put_plain(record::ContentType::application_data, repeat(100, 7));
                }),
  };
}

}  // namespace

std::vector<Variant> second_client_hello_variants() {
  std::vector<Variant> out = {
      after_cookie("cookie_gone", Alert::missing_extension, Reason::extension_missing,
                   [](ScriptClient& s) { s.extensions.erase(T::cookie); }),
      after_cookie("cookie_wrong", Alert::illegal_parameter, Reason::cookie_mismatch,
                   [](ScriptClient& s) { s.extensions[T::cookie].back() ^= 1; }),
      after_cookie("cookie_longer", Alert::illegal_parameter, Reason::cookie_mismatch,
                   [](ScriptClient& s) {
                     Octets cookie(s.extensions[T::cookie].begin() + 2, s.extensions[T::cookie].end());
                     cookie.push_back(0);
                     s.extensions[T::cookie] = vec16(cookie);
                   }),
      after_cookie("cookie_shorter", Alert::illegal_parameter, Reason::cookie_mismatch,
                   [](ScriptClient& s) {
                     s.extensions[T::cookie] =
                         vec16({s.extensions[T::cookie].begin() + 2, s.extensions[T::cookie].end() - 1});
                   }),
      after_cookie("cookie_empty", Alert::decode_error, Reason::malformed_message,
                   [](ScriptClient& s) { s.extensions[T::cookie] = vec16({}); }),
      after_cookie("cookie_and_no_share", Alert::illegal_parameter, Reason::key_share_wrong_group,
                   [](ScriptClient& s) { s.extensions[T::key_share] = vec16({}); }),
  };
  const auto more = group_variants();
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

}  // namespace sesame::test
