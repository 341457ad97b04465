// What is odd but has to be borne: GREASE (RFC 8701), values that are not known, the legs of middlebox
// compatibility.
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using T = ScriptClient::Type;
using record::ContentType;

// A ClientHello that `script` has made odd; then the rest of the handshake.
template <class Script>
Tolerated hello(std::string name, Script script) {
  return {"from_client_" + name, player<AgainstServer>([=](AgainstServer& c) {
            script(c);
            c.up_to_connected();
          })};
}
// A flight of a server that `script` has made odd, once the ClientHello was taken.
template <class Script>
Tolerated flight(
    std::string name, Script script, std::function<void(AgainstClient&)> before = [](AgainstClient&) {}) {
  return {"from_server_" + name, player<AgainstClient>([=](AgainstClient& c) {
            before(c);
            c.up_to_hello();
            script(c.server);
            c.exchange();
            ASSERT_TRUE(c.server.take_finished());
          })};
}
// Behind the handshake, whatever the side.
template <class Script>
void connected(std::vector<Tolerated>& out, const std::string& name, Script script) {
  out.push_back({"to_server_" + name, player<AgainstServer>([=](AgainstServer& c) {
                   c.up_to_connected();
                   script(static_cast<Case&>(c));
                 })});
  out.push_back({"to_client_" + name, player<AgainstClient>([=](AgainstClient& c) {
                   c.up_to_connected();
                   script(static_cast<Case&>(c));
                 })});
}

void grease(AgainstServer& c) {
  ScriptExtensions& e = c.client.extensions;
  c.client.cipher_suites.insert(c.client.cipher_suites.begin(), 0x0a0a);
  e.list.insert(e.list.begin(), {0x1a1a, {}});
  e.add(0x2a2a, repeat(1, 0));
  e[T::supported_versions] = vec8(join({u16(0x3a3a), u16(0x0304)}));
  e[T::psk_key_exchange_modes] = vec8({0x0b, 1, 0x2a});
  e[T::supported_groups] = vec16(join({u16(0x4a4a), u16(0x001d)}));
  e[T::key_share] = vec16(join({u16(0x4a4a), vec16({0}), c.client.share(0)}));
  e[T::signature_algorithms] = vec16(join({u16(0x5a5a), u16(0x0403)}));
  e[T::application_layer_protocol_negotiation] = vec16(join({vec8(text("\x6a\x6a")), vec8(text("h2"))}));
  c.options.alpn = {"h2"};
}

void tls12_extensions(AgainstServer& c) {
  ScriptExtensions& e = c.client.extensions;
  for (const T type :
       {T::extended_master_secret, T::encrypt_then_mac, T::session_ticket, T::signed_certificate_timestamp}) {
    e.add(type);
  }
  e.add(T::renegotiation_info, vec8({}));
  e.add(T::status_request, {1, 0, 0, 0, 0});
  e.add(11, {1, 0});  // ec_point_formats
  e.add(T::heartbeat, {1});
  e.add(T::padding, repeat(200, 0));
  e.add(T::post_handshake_auth);
}

std::vector<Tolerated> hello_table() {
  std::vector<Tolerated> out = {
      hello("grease_everywhere", grease),
      hello("extensions_of_tls12", tls12_extensions),
      hello("30000_suites",
            [](AgainstServer& c) {
              for (unsigned i = 0; i < 30000; ++i)
                c.client.cipher_suites.insert(c.client.cipher_suites.begin(), 0x2000 + i);
            }),
      hello("10000_groups",
            [](AgainstServer& c) {
              Octets list;
              for (unsigned i = 0; i < 10000; ++i) append(list, u16(0x2000 + i));
              c.client.extensions[T::supported_groups] = vec16(join({list, u16(0x001d)}));
            }),
      hello("10000_unknown_extensions",
            [](AgainstServer& c) {
              for (unsigned i = 0; i < 10000; ++i) c.client.extensions.add(0x2000 + i);
            }),
      hello("session_id_of_no_octets", [](AgainstServer& c) { c.client.legacy_session_id.clear(); }),
      hello("session_id_of_one_octet", [](AgainstServer& c) { c.client.legacy_session_id = {7}; }),
      // Section 4.2.11: a server passes the age of an external key over.
      hello("ticket_age_of_an_external_key",
            [](AgainstServer& c) { c.client.keys[0].obfuscated_ticket_age = 0xdeadbeef; }),
      hello("unknown_identities_first",
            [](AgainstServer& c) {
              for (int i = 0; i < 63; ++i) c.client.keys.insert(c.client.keys.begin(), {"nobody"});
            }),
      hello("wrong_key_behind_the_right_one",
            [](AgainstServer& c) { c.client.keys.push_back({"anna", "wrong"}); }),
      hello("early_data_that_does_not_come",
            [](AgainstServer& c) { c.client.extensions.add(T::early_data); }),
      hello("server_name_of_an_unknown_type",
            [](AgainstServer& c) {
              c.client.extensions.add(T::server_name, vec16(join({u8(7), vec16(text("x"))})));
            }),
      hello("record_size_limit_of_65535",
            [](AgainstServer& c) { c.client.extensions.add(T::record_size_limit, u16(65535)); }),
      hello("record_size_limit_of_64",
            [](AgainstServer& c) { c.client.extensions.add(T::record_size_limit, u16(64)); }),
      hello("both_limits",
            [](AgainstServer& c) {
              c.client.extensions.add(T::record_size_limit, u16(100));
              c.client.extensions.add(T::max_fragment_length, u8(1));
            }),
      hello("no_alpn_where_the_server_has_some", [](AgainstServer& c) { c.options.alpn = {"h2"}; }),
      hello("alpn_where_the_server_has_none",
            [](AgainstServer& c) {
              c.client.extensions.add(T::application_layer_protocol_negotiation, vec16(vec8(text("h2"))));
            }),
      hello("share_of_an_unknown_group_first",
            [](AgainstServer& c) {
              c.client.extensions[T::key_share] =
                  vec16(join({u16(0xfe00), vec16(repeat(2000, 1)), c.client.share(0)}));
            }),
      hello("cookie_without_a_retry",
            [](AgainstServer& c) { c.client.extensions.add(T::cookie, vec16({1})); }),
  };
  for (const unsigned version : {0x0301u, 0x0302u, 0x0304u, 0x7a7au}) {
    out.push_back(hello("legacy_version_" + std::to_string(version),
                        [=](AgainstServer& c) { c.client.legacy_version = version; }));
  }
  return out;
}

// The way in which a ClientHello comes.
template <class Script>
Tolerated way(std::string name, Script script) {
  return {"from_client_" + name, player<AgainstServer>([=](AgainstServer& c) {
            script(c);
            c.exchange();
            ASSERT_TRUE(c.client.take_server_flight());
            c.client.send_finished();
          })};
}

std::vector<Tolerated> way_table() {
  std::vector<Tolerated> out = {
      way("hello_in_pieces_of_one_octet", [](AgainstServer& c) { c.client.send_client_hello(1); }),
      way("hello_of_60000_octets",
          [](AgainstServer& c) {
            c.client.extensions.add(T::padding, repeat(60000, 0));
            c.client.send_client_hello();
          }),
      way("change_cipher_spec_eight_times",
          [](AgainstServer& c) {
            c.client.send_client_hello();
            for (int i = 0; i < 8; ++i) c.client.put_change_cipher_spec();
          }),
      way("user_canceled_five_times",
          [](AgainstServer& c) {
            for (int i = 0; i < 5; ++i) c.client.put_alert(1, 90);
            c.client.send_client_hello();
          }),
      {"from_client_finished_in_pieces_of_one_octet", player<AgainstServer>([](AgainstServer& c) {
         c.up_to_wait_finished();
         c.client.put_message(c.client.finished(), 1);
         c.client.use_write_secret(c.client.own_application_secret);
       })},
      {"from_client_finished_padded", player<AgainstServer>([](AgainstServer& c) {
         c.up_to_wait_finished();
         c.client.put_record(ContentType::handshake, c.client.finished(), 16384 - 36);
         c.client.use_write_secret(c.client.own_application_secret);
       })},
      {"from_client_another_identity_after_a_retry", player<AgainstServer>([](AgainstServer& c) {
         c.keys.push_back(make_credential("bob", "another key"));
         c.options.always_retry_with_cookie = true;
         c.up_to_retry();
         c.client.keys = {{"bob", "another key"}};
         c.up_to_connected();
         EXPECT_EQ(as_text(c.subject().connection.psk_identity()), "bob");
       })},
      {"from_client_padding_after_a_retry", player<AgainstServer>([](AgainstServer& c) {
         c.options.groups = {NamedGroup::secp256r1};
         c.client.extensions[T::supported_groups] = vec16(join({u16(0x001d), u16(0x0017)}));
         c.up_to_retry();
         c.client.extensions.add(T::padding, repeat(100, 0));
         c.up_to_connected();
       })},
  };
  for (const unsigned version : {0x0000u, 0x0301u, 0xffffu}) {
    out.push_back(way("record_version_" + std::to_string(version), [=](AgainstServer& c) {
      const Octets hello = c.client.client_hello();
      c.client.transcript = hello;
      c.client.put_plain(ContentType::handshake, hello, version);
    }));
  }
  return out;
}

std::vector<Tolerated> flight_table() {
  const auto retry_with_cookie = [](std::size_t size) {
    return [=](ScriptServer& s) {
      s.retry_extensions[T::cookie] = vec16(repeat(size, 7));
      s.send_hello_retry_request();
    };
  };
  const auto after_retry = [](std::string name, auto retry, auto rest) {
    return Tolerated{"from_server_" + name, player<AgainstClient>([=](AgainstClient& c) {
                       c.up_to_hello();
                       retry(c.server);
                       c.exchange();
                       ASSERT_TRUE(c.server.take_client_hello());
                       rest(c.server);
                       c.server.send_flight();
                       c.exchange();
                       ASSERT_TRUE(c.server.take_finished());
                     })};
  };
  return {
      flight("psk_ke_where_both_were_offered",
             [](ScriptServer& s) {
               s.choose_psk_ke();
               s.send_flight();
             }),
      flight("change_cipher_spec_at_each_place",
             [](ScriptServer& s) {
               s.put_change_cipher_spec();
               s.send_server_hello();
               s.put_change_cipher_spec();
               s.send_encrypted_extensions();
               s.put_change_cipher_spec();
               s.send_finished();
             }),
      flight("messages_in_pieces_of_one_octet",
             [](ScriptServer& s) {
               s.fragment = 1;
               s.send_flight();
             }),
      flight("encrypted_extensions_and_finished_in_a_record",
             [](ScriptServer& s) {
               s.send_server_hello();
               const Octets ee = ScriptPeer::message(message::HandshakeType::encrypted_extensions, vec16({}));
               append(s.transcript, ee);
               const Octets finished = s.finished();
               s.put_record(ContentType::handshake, join({ee, finished}));
               append(s.transcript, finished);
               s.make_application_secrets(Side::server);
               s.use_write_secret(s.own_application_secret);
             }),
      flight(
          "supported_groups_and_server_name",
          [](ScriptServer& s) {
            s.encrypted_extensions.add(T::server_name);
            s.encrypted_extensions.add(T::supported_groups, vec16(join({u16(0x0a0a), u16(0x0017)})));
            s.send_flight();
          },
          [](AgainstClient& c) { c.client_options.server_name = "example.org"; }),
      flight(
          "record_size_limit_of_65535",
          [](ScriptServer& s) {
            s.encrypted_extensions.add(T::record_size_limit, u16(65535));
            s.send_flight();
          },
          [](AgainstClient& c) { c.options.record_size_limit = 16384; }),
      flight(
          "no_alpn_where_the_client_has_some", [](ScriptServer& s) { s.send_flight(); },
          [](AgainstClient& c) { c.options.alpn = {"h2"}; }),
      after_retry("retry_with_a_cookie", retry_with_cookie(1), [](ScriptServer&) {}),
      after_retry("retry_with_a_cookie_of_60000_octets", retry_with_cookie(60000), [](ScriptServer&) {}),
      after_retry(
          "retry_with_group_and_cookie",
          [](ScriptServer& s) {
            s.retry_extensions[T::key_share] = u16(0x0018);
            s.retry_extensions[T::cookie] = vec16(repeat(100, 7));
            s.send_hello_retry_request();
          },
          [](ScriptServer&) {}),
      after_retry(
          "retry_for_a_group_and_psk_ke_then",
          [](ScriptServer& s) {
            s.retry_extensions[T::key_share] = u16(0x0017);
            s.send_hello_retry_request();
          },
          [](ScriptServer& s) { s.choose_psk_ke(); }),
  };
}

std::vector<Tolerated> connected_table() {
  std::vector<Tolerated> out;
  connected(out, "empty_data_32_times", [](Case& c) {
    for (int i = 0; i < 32; ++i) c.peer().put_data("");
  });
  connected(out, "user_canceled_five_times", [](Case& c) {
    for (int i = 0; i < 5; ++i) c.peer().put_alert(1, 90);
  });
  connected(out, "padded_data", [](Case& c) {
    c.peer().put_record(ContentType::application_data, as_bytes("x"), 16383);
    c.peer().put_record(ContentType::application_data, repeat(16384, 'y'));
  });
  connected(out, "zeros_as_data", [](Case& c) {
    c.peer().put_record(ContentType::application_data, repeat(100, 0), 100);
    c.exchange();
    EXPECT_EQ(c.subject().data, std::string(100, '\0'));
  });
  connected(out, "key_updates_32_times_twice", [](Case& c) {
    for (int k = 0; k < 2; ++k) {
      for (int i = 0; i < 32; ++i) c.peer().put_key_update(0);
      c.peer().put_data("data");
    }
  });
  connected(out, "key_update_in_pieces_of_one_octet", [](Case& c) {
    const Octets update = ScriptPeer::message(message::HandshakeType::key_update, {0});
    for (const std::uint8_t octet : update) c.peer().put_record(ContentType::handshake, repeat(1, octet));
    c.peer().put_key_update(0);
    c.peer().out.resize(c.peer().out.size() - 27);  // the second message was only for its keys
  });
  out.push_back(
      {"to_client_64_tickets", player<AgainstClient>([](AgainstClient& c) {
         c.up_to_connected();
         const Octets ticket =
             ScriptPeer::message(message::HandshakeType::new_session_ticket,
                                 join({u32(0xffffffff), u32(7), vec8(repeat(255, 1)), vec16(repeat(30000, 2)),
                                       vec16(join({u16(0x1234), vec16({1}), u16(0x2345), vec16({})}))}));
         for (int i = 0; i < 32; ++i) {
           c.server.put_record(ContentType::handshake, Bytes(ticket).first(16000));
           for (std::size_t at = 16000; at < ticket.size(); at += 16000) {
             c.server.put_record(ContentType::handshake,
                                 Bytes(ticket).subspan(at, std::min<std::size_t>(16000, ticket.size() - at)));
           }
         }
       })});
  return out;
}

}  // namespace

std::vector<Tolerated> all_tolerated() {
  std::vector<Tolerated> out;
  for (const auto& table : {hello_table(), way_table(), flight_table(), connected_table(),
                            tolerated_certificates(), tolerated_sessions()}) {
    out.insert(out.end(), table.begin(), table.end());
  }
  return out;
}

}  // namespace sesame::test
