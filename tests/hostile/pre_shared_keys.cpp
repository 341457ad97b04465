// ClientHello: pre_shared_key. What a client could find out about a key that it does not hold gets one alert.
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using T = ScriptClient::Type;

template <class Script>
Variant malformed(std::string name, Script script) {
  return to_server(std::move(name), Alert::decode_error, Reason::malformed_message, [=](AgainstServer& c) {
    c.client.pre_shared_key = script(c.client);
    c.say_hello();
  });
}

template <class Script>
Variant count(std::string name, Script script) {
  return to_server(std::move(name), Alert::illegal_parameter, Reason::psk_binder_count,
                   [=](AgainstServer& c) {
                     c.client.pre_shared_key = script(c.client);
                     c.say_hello();
                   });
}

template <class Script>
Variant not_last(std::string name, Reason reason, Script script) {
  return to_server(std::move(name), Alert::illegal_parameter, reason, [=](AgainstServer& c) {
    ScriptExtensions& e = c.client.extensions;
    e.add(T::pre_shared_key, join({c.client.identities(), c.client.empty_binders()}));
    c.client.keys.clear();
    script(e);
    c.say_hello();
  });
}

// The ClientHello's last octet is the binder's.
Variant spoiled_binder(std::string name, std::size_t from_end, std::uint8_t difference) {
  return to_server(std::move(name), Alert::decrypt_error, Reason::psk_binder_mismatch, [=](AgainstServer& c) {
    Octets hello = c.client.client_hello();
    hello[hello.size() - from_end] ^= difference;
    c.say_hello(hello);
  });
}

Octets identity(std::string_view name) { return join({vec16(text(name)), u32(0)}); }
Octets binder(std::size_t size) { return vec8(repeat(size, 0xb1)); }

// A key that the server has, and may not use here.
template <class Restrict>
Variant unusable(std::string name, Reason reason, Restrict restrict) {
  return to_server(std::move(name), Alert::decrypt_error, reason, [=](AgainstServer& c) {
    CredentialParameters parameters{
        .identity = as_bytes("alice"), .key = as_bytes(default_key), .usage = PskUsage::tls13};
    restrict(parameters);
    c.keys = {*Credential::create(parameters)};
    c.options.clock = [] { return TimePoint(std::chrono::hours(1000)); };
    c.options.alpn = {"h2", "mqtt"};
    c.client.extensions[T::application_layer_protocol_negotiation] = vec16(vec8(text("h2")));
    c.client.extensions[T::server_name] = vec16(join({u8(0), vec16(text("a.example"))}));
    c.say_hello();
  });
}

std::vector<Variant> form_variants() {
  return {
      malformed("psk_empty", [](auto&) { return Octets(); }),
      malformed("psk_no_identities", [](auto&) { return join({vec16({}), vec16(binder(32))}); }),
      malformed("psk_identity_empty", [](auto&) { return join({vec16(identity("")), vec16(binder(32))}); }),
      malformed("psk_second_identity_empty",
                [](auto&) {
                  return join({vec16(join({identity("alice"), identity("")})),
                               vec16(join({binder(32), binder(32)}))});
                }),
      malformed(
          "psk_identity_beyond_the_end",
          [](auto&) { return join({vec16(join({u16(100), text("alice"), u32(0)})), vec16(binder(32))}); }),
      malformed("psk_identity_without_age",
                [](auto&) { return join({vec16(vec16(text("alice"))), vec16(binder(32))}); }),
      malformed("psk_age_of_three_octets",
                [](auto&) { return join({vec16(join({vec16(text("alice")), u24(0)})), vec16(binder(32))}); }),
      malformed("psk_identities_beyond_the_end",
                [](auto&) { return join({u16(1000), identity("alice"), vec16(binder(32))}); }),
      malformed("psk_identities_one_less",
                [](auto&) {
                  return join({u16(identity("alice").size() - 1), identity("alice"), vec16(binder(32))});
                }),
      malformed("psk_without_binders", [](ScriptClient& client) { return client.identities(); }),
      malformed("psk_no_binders",
                [](ScriptClient& client) { return join({client.identities(), vec16({})}); }),
      malformed("psk_binder_empty",
                [](ScriptClient& client) { return join({client.identities(), vec16(vec8({}))}); }),
      malformed("psk_binder_of_31",
                [](ScriptClient& client) { return join({client.identities(), vec16(binder(31))}); }),
      malformed("psk_binder_beyond_the_end",
                [](ScriptClient& client) {
                  return join({client.identities(), vec16(join({u8(33), repeat(32, 1)}))});
                }),
      malformed("psk_binders_beyond_the_end",
                [](ScriptClient& client) { return join({client.identities(), u16(34), binder(32)}); }),
      malformed("psk_with_an_octet_behind",
                [](ScriptClient& client) { return join({client.identities(), vec16(binder(32)), {0}}); }),
      count(
          "psk_two_identities_one_binder",
          [](auto&) { return join({vec16(join({identity("alice"), identity("bob")})), vec16(binder(32))}); }),
      count("psk_one_identity_two_binders",
            [](ScriptClient& client) {
              return join({client.identities(), vec16(join({binder(32), binder(32)}))});
            }),
      not_last("psk_before_an_extension", Reason::psk_extension_not_last,
               [](ScriptExtensions& e) { e.add(T::padding, repeat(8, 0)); }),
      not_last("psk_before_an_unknown_extension", Reason::psk_extension_not_last,
               [](ScriptExtensions& e) { e.add(0x1234, repeat(8, 0)); }),
      not_last("psk_before_an_empty_unknown_extension", Reason::psk_extension_not_last,
               [](ScriptExtensions& e) { e.add(0x0a0a); }),
      not_last("psk_first", Reason::psk_extension_not_last,
               [](ScriptExtensions& e) { std::ranges::rotate(e.list, e.list.end() - 1); }),
      not_last("psk_twice", Reason::extension_duplicate,
               [](ScriptExtensions& e) { e.add(T::pre_shared_key, e[T::pre_shared_key]); }),
  };
}

std::vector<Variant> binder_variants() {
  return {
      spoiled_binder("binder_first_octet", 32, 0x80),
      spoiled_binder("binder_last_octet", 1, 1),
      to_server("binder_zero", Alert::decrypt_error, Reason::psk_binder_mismatch,
                [](AgainstServer& c) {
                  c.client.pre_shared_key = join({c.client.identities(), vec16(vec8(repeat(32, 0)))});
                  c.say_hello();
                }),
      to_server("binder_of_33", Alert::decrypt_error, Reason::psk_binder_mismatch,
                [](AgainstServer& c) {
                  c.client.pre_shared_key = join({c.client.identities(), vec16(binder(33))});
                  c.say_hello();
                }),
      to_server("binder_of_255", Alert::decrypt_error, Reason::psk_binder_mismatch,
                [](AgainstServer& c) {
                  c.client.pre_shared_key = join({c.client.identities(), vec16(binder(255))});
                  c.say_hello();
                }),
      to_server("binder_of_another_key", Alert::decrypt_error, Reason::psk_binder_mismatch,
                [](AgainstServer& c) {
                  c.client.keys[0].key.back() ^= 1;
                  c.say_hello();
                }),
      to_server("binder_of_the_key_under_another_hash", Alert::decrypt_error, Reason::psk_binder_mismatch,
                [](AgainstServer& c) {
                  c.client.keys[0].hash = HashAlgorithm::sha384;
                  c.say_hello();
                }),
      to_server("binder_of_another_hello", Alert::decrypt_error, Reason::psk_binder_mismatch,
                [](AgainstServer& c) {
                  Octets hello = c.client.client_hello();
                  hello[10] ^= 1;  // in the random
                  c.say_hello(hello);
                }),
      to_server("binder_of_the_second_identity", Alert::decrypt_error, Reason::psk_binder_mismatch,
                [](AgainstServer& c) {
                  c.client.keys = {{"nobody"}, {"alice"}};
                  c.client.keys[1].key = "another";
                  c.say_hello();
                }),
      // The first key that is known decides, whatever stands behind it (section 4.2.11).
      to_server("binder_wrong_before_a_right_one", Alert::decrypt_error, Reason::psk_binder_mismatch,
                [](AgainstServer& c) {
                  c.client.keys = {{"alice", "wrong"}, {"alice"}};
                  c.say_hello();
                }),
  };
}

std::vector<Variant> identity_variants() {
  return {
      to_server("identity_unknown", Alert::decrypt_error, Reason::psk_identity_unknown,
                [](AgainstServer& c) {
                  c.client.keys = {{"nobody"}};
                  c.say_hello();
                }),
      to_server("identity_unknown_and_told", Alert::unknown_psk_identity, Reason::psk_identity_unknown,
                [](AgainstServer& c) {
                  c.options.unknown_identity_alert = UnknownIdentityAlert::unknown_psk_identity;
                  c.client.keys = {{"nobody"}};
                  c.say_hello();
                }),
      to_server("identity_a_prefix_of_a_known_one", Alert::decrypt_error, Reason::psk_identity_unknown,
                [](AgainstServer& c) {
                  c.client.keys = {{"alic"}, {"alice "}, {std::string("alice\0", 6)}, {"ALICE"}};
                  c.say_hello();
                }),
      to_server("identity_of_60000_octets", Alert::decrypt_error, Reason::psk_identity_unknown,
                [](AgainstServer& c) {
                  c.client.keys = {{std::string(60000, 'a')}};
                  c.say_hello();
                }),
      to_server("identities_beyond_the_limit", Alert::decrypt_error, Reason::psk_identity_unknown,
                [](AgainstServer& c) {
                  for (int i = 0; i < 64; ++i)
                    c.client.keys.insert(c.client.keys.begin(), {"nobody" + std::to_string(i)});
                  c.say_hello();
                }),
      to_server("identities_1000_unknown", Alert::decrypt_error, Reason::psk_identity_unknown,
                [](AgainstServer& c) {
                  c.client.keys.assign(1000, {"nobody"});
                  c.say_hello();
                }),
      to_server("key_of_sha256_with_suites_of_sha384", Alert::decrypt_error, Reason::psk_hash_mismatch,
                [](AgainstServer& c) {
                  c.client.cipher_suites = {0x1302};
                  c.say_hello();
                }),
      to_server("key_of_sha384_with_suites_of_sha256", Alert::decrypt_error, Reason::psk_hash_mismatch,
                [](AgainstServer& c) {
                  c.client.keys = {{"anna", default_key, HashAlgorithm::sha384}};
                  c.client.cipher_suites = {0x1301, 0x1303};
                  c.say_hello();
                }),
      unusable("key_not_yet_valid", Reason::psk_not_yet_valid,
               [](auto& p) { p.not_before = TimePoint(std::chrono::hours(1001)); }),
      unusable("key_expired", Reason::psk_expired,
               [](auto& p) { p.not_after = TimePoint(std::chrono::hours(1000)); }),
      unusable("key_for_another_server_name", Reason::psk_wrong_usage,
               [](auto& p) { p.server_name = "b.example"; }),
      unusable("key_for_another_protocol", Reason::psk_wrong_usage, [](auto& p) { p.alpn = "mqtt"; }),
      to_server("mode_psk_ke_where_psk_dhe_ke_is_asked_for", Alert::handshake_failure,
                Reason::psk_mode_mismatch,
                [](AgainstServer& c) {
                  c.options.psk_modes = {PskKeyExchangeMode::psk_dhe_ke};
                  c.client.extensions[T::psk_key_exchange_modes] = vec8(u8(0));
                  c.say_hello();
                }),
      to_server("mode_psk_dhe_ke_where_psk_ke_is_asked_for", Alert::handshake_failure,
                Reason::psk_mode_mismatch,
                [](AgainstServer& c) {
                  c.options.psk_modes = {PskKeyExchangeMode::psk_ke};
                  c.say_hello();
                }),
      to_server("no_key_but_certificates", Alert::handshake_failure, Reason::psk_not_offered,
                [](AgainstServer& c) {
                  c.client.keys.clear();
                  c.client.extensions[T::signature_algorithms] = vec16(u16(0x0403));
                  c.say_hello();
                }),
      to_server("no_key_and_no_certificates", Alert::missing_extension, Reason::psk_not_offered,
                [](AgainstServer& c) {
                  c.client.keys.clear();
                  c.say_hello();
                }),
  };
}

}  // namespace

std::vector<Variant> pre_shared_key_variants() {
  std::vector<Variant> out = form_variants();
  for (const auto& more : {binder_variants(), identity_variants()})
    out.insert(out.end(), more.begin(), more.end());
  return out;
}

}  // namespace sesame::test
