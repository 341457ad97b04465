// A session secret from elsewhere: EAP-FAST's PAC in the SessionTicket extension (RFC 4851 section 3.2.2).
#include <sesame/eap_fast.h>

#include "hostile12/variants.h"

namespace sesame::test {

namespace {

using T = Script12Peer::Type;
constexpr Alert unexpected = Alert::unexpected_message;
constexpr Alert internal = Alert::internal_error;

const Octets secret = repeat(48, 0x5e);
const Octets pac = join({u16(2), vec16(repeat(60, 0xaa))});

SessionSecretProvider giving(Octets octets) {
  return [octets](const SessionSecretQuery&, SessionSecretAnswer& answer) { answer.give(octets); };
}
SessionSecretProvider refusing() {
  return [](const SessionSecretQuery&, SessionSecretAnswer&) {};
}

// ---- against a server ----

template <class Script>
Variant server_with(std::string name, Alert alert, Reason reason, Script script,
                    std::string_view which = "psk") {
  return to_server12(
      "secret_" + name, alert, reason,
      [=](AgainstServer12& c) {
        c.server_options.session_secret = giving(secret);
        c.client.extensions[T::session_ticket] = pac;
        c.client.session_secret = secret;
        script(c);
      },
      which);
}

// ---- against a client ----

template <class Script>
Variant client_with(std::string name, Alert alert, Reason reason, Script script,
                    std::string_view which = "psk", Above above = Above::tls13) {
  return to_client12(
      "secret_" + name, alert, reason,
      [=](AgainstClient12& c) {
        c.client_options.session_ticket = pac;
        c.client_options.session_secret = giving(secret);
        c.up_to_hello();
        script(c);
      },
      which, above);
}
// ServerHello, ChangeCipherSpec, Finished by the secret.
void abbreviate(Script12Server& s, const Octets& by) {
  s.send_server_hello();
  s.resume(by);
  s.send_finish();
}

std::vector<Variant> on_a_server() {
  return {
      server_with("and_a_key_exchange", unexpected, Reason::unexpected_message,
                  [](AgainstServer12& c) {
                    c.up_to_done();
                    c.client.put_message(ScriptPeer::message(message::HandshakeType::client_key_exchange,
                                                             c.client.identity()));
                  }),
      server_with(
          "and_a_certificate", unexpected, Reason::unexpected_message,
          [](AgainstServer12& c) {
            c.up_to_done();
            c.client.send_certificate();
          },
          "ecdhe_ecdsa_client_certificate"),
      server_with("and_finished_without_change_cipher_spec", unexpected, Reason::unexpected_message,
                  [](AgainstServer12& c) {
                    c.up_to_done();
                    c.client.send_finished12();
                  }),
      server_with("and_finished_wrong", Alert::decrypt_error, Reason::finished_mismatch,
                  [](AgainstServer12& c) {
                    c.up_to_done();
                    c.client.change_keys();
                    Octets finished = c.client.finished12();
                    finished.back() ^= 1;
                    c.client.put_message(finished);
                  }),
      // The client says that it has a PAC, this server knows of none.
      to_server12("secret_change_cipher_spec_without_a_provider", unexpected, Reason::unexpected_message,
                  [](AgainstServer12& c) {
                    c.client.extensions[T::session_ticket] = pac;
                    c.up_to_done();
                    c.client.put_change_cipher_spec();
                  }),
      to_server12("secret_change_cipher_spec_where_the_provider_has_none", unexpected,
                  Reason::unexpected_message,
                  [](AgainstServer12& c) {
                    c.server_options.session_secret = refusing();
                    c.client.extensions[T::session_ticket] = pac;
                    c.up_to_done();
                    c.client.put_change_cipher_spec();
                  }),
      to_server12("secret_ticket_refused", internal, Reason::session_ticket_refused,
                  [](AgainstServer12& c) {
                    c.server_options.on_session_ticket = [](Bytes, SessionTicketAnswer& answer) {
                      answer.refuse();
                    };
                    c.client.extensions[T::session_ticket] = pac;
                    c.say_hello();
                  }),
      server_with("without_a_common_suite", Alert::handshake_failure, Reason::no_common_suite,
                  [](AgainstServer12& c) {
                    c.client.cipher_suites = {0xc02b, 0x00ff};
                    c.say_hello();
                  }),
  };
}

std::vector<Variant> on_a_client() {
  const Octets ticket = repeat(20, 7);
  std::vector<Variant> out = {
      client_with("that_the_server_does_not_have", Alert::bad_record_mac, Reason::record_mac_wrong,
                  [](AgainstClient12& c) { abbreviate(c.server, repeat(48, 1)); }),
      client_with("and_finished_wrong", Alert::decrypt_error, Reason::finished_mismatch,
                  [](AgainstClient12& c) {
                    c.server.send_server_hello();
                    c.server.resume(secret);
                    c.server.change_keys();
                    Octets finished = c.server.finished12();
                    finished.back() ^= 1;
                    c.server.put(finished);
                  }),
      // PACs are refreshed inside the tunnel.
      client_with("and_a_ticket_before_change_cipher_spec", unexpected, Reason::unexpected_message,
                  [](AgainstClient12& c) {
                    c.server.send_server_hello();
                    c.server.put(c.server.new_session_ticket());
                  }),
      client_with("and_a_ticket_behind_change_cipher_spec", unexpected, Reason::unexpected_message,
                  [](AgainstClient12& c) {
                    c.server.send_server_hello();
                    c.server.resume(secret);
                    c.server.change_keys();
                    c.server.put(c.server.new_session_ticket());
                  }),
      client_with("and_a_ticket_behind_the_full_handshake", unexpected, Reason::unexpected_message,
                  [](AgainstClient12& c) {
                    c.server.send_flight();
                    c.exchange();
                    ASSERT_TRUE(c.server.take_client_flight());
                    c.server.put(c.server.new_session_ticket());
                  }),
      client_with("and_a_ticket_behind_the_handshake", unexpected, Reason::unexpected_message,
                  [](AgainstClient12& c) {
                    abbreviate(c.server, secret);
                    c.exchange();
                    ASSERT_TRUE(c.server.take_finished12());
                    c.server.put_late(c.server.new_session_ticket());
                  }),
      // Once the full handshake goes on there is no way back.
      client_with("and_change_cipher_spec_behind_key_exchange", unexpected, Reason::unexpected_message,
                  [](AgainstClient12& c) {
                    c.server.send_server_hello();
                    c.server.put(c.server.server_key_exchange({}));
                    c.server.put_change_cipher_spec();
                  }),
      client_with(
          "and_change_cipher_spec_behind_a_certificate", unexpected, Reason::unexpected_message,
          [](AgainstClient12& c) {
            c.server.send_server_hello();
            c.server.send_certificate();
            c.server.put_change_cipher_spec();
          },
          "ecdhe_ecdsa"),
      client_with("and_change_cipher_spec_twice", unexpected, Reason::unexpected_message,
                  [](AgainstClient12& c) {
                    c.server.send_server_hello();
                    c.server.resume(secret);
                    c.server.change_keys();
                    c.server.put_record(record::ContentType::change_cipher_spec, Octets{1});
                  }),
      client_with("and_data_behind_change_cipher_spec", unexpected, Reason::unexpected_record,
                  [](AgainstClient12& c) {
                    c.server.send_server_hello();
                    c.server.resume(secret);
                    c.server.change_keys();
                    c.server.put_data("data");
                  }),
      client_with("and_finished_before_change_cipher_spec", unexpected, Reason::unexpected_message,
                  [](AgainstClient12& c) {
                    c.server.send_server_hello();
                    c.server.resume(secret);
                    c.server.send_finished12();
                  }),
      client_with("with_the_extension_of_one_octet", Alert::decode_error, Reason::malformed_message,
                  [](AgainstClient12& c) {
                    c.server.extensions[T::session_ticket] = {0};
                    c.server.send_server_hello();
                  }),
      // Without a provider, or without a PAC, the rows of RFC 4851 do not stand.
      to_client12("secret_change_cipher_spec_with_a_pac_and_no_provider", unexpected,
                  Reason::unexpected_message,
                  [](AgainstClient12& c) {
                    c.client_options.session_ticket = pac;
                    c.up_to_hello_said();
                    c.server.put_change_cipher_spec();
                  }),
      to_client12("secret_change_cipher_spec_with_a_provider_and_no_pac", unexpected,
                  Reason::unexpected_message,
                  [](AgainstClient12& c) {
                    c.client_options.session_secret = giving(secret);
                    c.up_to_hello();
                    EXPECT_FALSE(has(c.server.client_extensions, T::session_ticket));
                    c.server.send_server_hello();
                    c.server.put_change_cipher_spec();
                  }),
      to_client12("secret_change_cipher_spec_with_a_provider_and_an_empty_pac", unexpected,
                  Reason::unexpected_message,
                  [](AgainstClient12& c) {
                    c.client_options.session_secret = giving(secret);
                    c.client_options.session_ticket = Bytes();
                    c.up_to_hello_said();
                    c.server.put_change_cipher_spec();
                  }),
  };
  const auto refused = [&](std::string name, SessionSecretProvider provider, Above above) {
    out.push_back(to_client12(
        "secret_" + name + (above == Above::tls13 ? "" : "_without_tls13"), internal,
        Reason::session_secret_refused,
        [=](AgainstClient12& c) {
          c.client_options.session_ticket = pac;
          c.client_options.session_secret = provider;
          c.up_to_hello_said();
        },
        "psk", above));
  };
  for (const Above above : {Above::tls13, Above::nothing}) {
    refused("that_the_provider_does_not_have", refusing(), above);
    refused("of_no_octets", giving({}), above);
    refused("of_513_octets", giving(repeat(513, 1)), above);
    refused("of_100000_octets", giving(repeat(100'000, 1)), above);
  }
  return out;
}

}  // namespace

std::vector<Variant> session_secret_variants() {
  std::vector<Variant> out = on_a_server();
  append_all(out, on_a_client());
  return out;
}

std::vector<Tolerated> tolerated_session_secrets() {
  std::vector<Tolerated> out;
  for (const Above above : {Above::tls13, Above::nothing}) {
    for (const std::string which :
         {"psk", "psk_cbc", "ecdhe_ecdsa", "rsa", "psk_tls11", "psk_tls10", "dhe_rsa_tls10"}) {
      const std::string with = which + (above == Above::tls13 ? "_and_tls13" : "");
      for (const std::size_t size : {1u, 32u, 48u, 512u}) {
        const Octets by = repeat(size, 0x42);
        const std::string name = "secret_of_" + std::to_string(size) + "_octets_in_" + with;
        out.push_back(borne_by_server(
            name,
            [=](AgainstServer12& c) {
              c.server_options.session_secret = giving(by);
              c.client.extensions[T::session_ticket] = pac;
              c.client.session_secret = by;
              c.up_to_connected();
              // A fresh identifier, and no ticket.
              EXPECT_EQ(c.client.session_id.size(), 32u);
              EXPECT_FALSE(has(c.client.server_extensions, T::session_ticket));
              EXPECT_EQ(c.subject().connection.authentication(), Authentication::session_secret);
            },
            which, above));
        out.push_back(borne_by_client(
            name,
            [=](AgainstClient12& c) {
              c.client_options.session_ticket = pac;
              c.client_options.session_secret = giving(by);
              c.up_to_hello();
              EXPECT_EQ(c.server.client_extensions[T::session_ticket], pac);
              abbreviate(c.server, by);
              c.exchange();
              ASSERT_TRUE(c.server.take_finished12());
              EXPECT_EQ(c.subject().connection.authentication(), Authentication::session_secret);
            },
            which, above));
      }
      out.push_back(borne_by_server(
          "secret_refused_in_" + with,
          [=](AgainstServer12& c) {
            c.server_options.session_secret = refusing();
            c.client.extensions[T::session_ticket] = pac;
            c.give_tickets();
            c.options.tickets.after_external_psk = true;
            c.up_to_connected();
            EXPECT_TRUE(c.client.session_ticket.empty());
          },
          which, above));
      out.push_back(borne_by_client(
          "secret_refused_in_" + with,
          [=](AgainstClient12& c) {
            c.client_options.session_ticket = pac;
            c.client_options.session_secret = giving(secret);
            c.up_to_connected();
            EXPECT_NE(c.subject().connection.authentication(), Authentication::session_secret);
          },
          which, above));
      // Never read past, and never half used.
      for (const std::size_t size : {0u, 513u, 100'000u}) {
        out.push_back(borne_by_server(
            "secret_of_" + std::to_string(size) + "_octets_in_" + with,
            [=](AgainstServer12& c) {
              c.server_options.session_secret = giving(repeat(size, 1));
              c.client.extensions[T::session_ticket] = pac;
              c.up_to_connected();
            },
            which, above));
      }
    }
  }
  append_all(out, {
                      borne_by_server("secret_with_the_clients_session_id",
                                      [](AgainstServer12& c) {
                                        c.server_options.session_secret = giving(secret);
                                        c.client.extensions[T::session_ticket] = pac;
                                        c.client.offered_session_id = repeat(7, 7);
                                        c.client.session_secret = secret;
                                        c.up_to_connected();
                                        EXPECT_EQ(c.client.session_id, c.client.offered_session_id);
                                      }),
                      borne_by_server("secret_without_a_ticket",
                                      [](AgainstServer12& c) {
                                        c.server_options.session_secret = giving(secret);
                                        c.client.session_secret = secret;
                                        c.up_to_connected();
                                      }),
                      borne_by_server("secret_whose_provider_comes_with_the_ticket",
                                      [](AgainstServer12& c) {
                                        c.server_options.on_session_ticket = [](Bytes ticket,
                                                                                SessionTicketAnswer& answer) {
                                          EXPECT_EQ(octets_of(ticket), pac);
                                          answer.use_provider(giving(secret));
                                        };
                                        c.client.extensions[T::session_ticket] = pac;
                                        c.client.session_secret = secret;
                                        c.up_to_connected();
                                      }),
                      borne_by_server("secret_with_a_suite_that_was_not_offered",
                                      [](AgainstServer12& c) {
                                        c.server_options.session_secret = [](auto&,
                                                                             SessionSecretAnswer& answer) {
                                          answer.give(secret);
                                          answer.use_suite(CipherSuite::TLS_AES_128_GCM_SHA256);
                                        };
                                        c.client.extensions[T::session_ticket] = pac;
                                        c.client.session_secret = secret;
                                        c.up_to_connected();
                                      }),
                      borne_by_server("pac_of_65000_octets_without_a_provider",
                                      [](AgainstServer12& c) {
                                        c.give_tickets();
                                        c.client.extensions[T::session_ticket] = repeat(65000, 1);
                                        c.up_to_connected();
                                      }),
                      // RFC 4851 section 3.2.2: it says nothing then.
                      borne_by_client("secret_with_another_session_id",
                                      [](AgainstClient12& c) {
                                        c.client_options.session_ticket = pac;
                                        c.client_options.session_secret = giving(secret);
                                        c.up_to_hello();
                                        c.server.session_id.clear();
                                        abbreviate(c.server, secret);
                                        c.exchange();
                                        ASSERT_TRUE(c.server.take_finished12());
                                      }),
                      borne_by_client("secret_without_extended_master_secret",
                                      [](AgainstClient12& c) {
                                        c.client_options.session_ticket = pac;
                                        c.client_options.session_secret = giving(secret);
                                        c.up_to_hello();
                                        c.server.extensions.erase(T::extended_master_secret);
                                        abbreviate(c.server, secret);
                                        c.exchange();
                                        ASSERT_TRUE(c.server.take_finished12());
                                      }),
                      // Nothing of one connection is in the next.
                      borne_by_client("secret_and_a_connection_without_one_behind_it",
                                      [](AgainstClient12& c) {
                                        AgainstClient12 before;
                                        before.client_options.session_ticket = pac;
                                        before.client_options.session_secret = giving(secret);
                                        before.up_to_hello();
                                        abbreviate(before.server, secret);
                                        before.exchange();
                                        ASSERT_TRUE(before.connected());
                                        c.up_to_connected();
                                        EXPECT_FALSE(has(c.server.client_extensions, T::session_ticket));
                                      }),
                  });
  return out;
}

}  // namespace sesame::test
