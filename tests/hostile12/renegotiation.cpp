// Handshakes within a connection (RFC 5246 section 7.4.1.1, RFC 5746).
#include "hostile12/variants.h"

namespace sesame::test {

namespace {

using T = Script12Peer::Type;
constexpr Alert failure = Alert::handshake_failure;
constexpr Alert illegal = Alert::illegal_parameter;
constexpr Alert unexpected = Alert::unexpected_message;

// A second ClientHello within a connection whose server allows it.
template <class Spoil>
Variant hello(std::string name, Alert alert, Reason reason, Spoil spoil, std::string_view which = "psk") {
  return to_server12(
      "renegotiation_" + name, alert, reason,
      [=](AgainstServer12& c) {
        c.options.renegotiation = Renegotiation::allow;
        c.up_to_connected();
        c.client.renew();
        spoil(c);
        c.say_hello();
      },
      which);
}
// A second ServerHello within a connection whose client allows it.
template <class Spoil>
Variant answer(std::string name, Alert alert, Reason reason, Spoil spoil, std::string_view which = "psk") {
  return to_client12(
      "renegotiation_" + name, alert, reason,
      [=](AgainstClient12& c) {
        c.options.renegotiation = Renegotiation::allow;
        c.up_to_connected();
        c.server.renew();
        c.server.put_late(ScriptPeer::message(message::HandshakeType::hello_request, {}));
        c.up_to_hello();
        spoil(c.server);
        c.say_hello();
      },
      which);
}

std::vector<Variant> on_a_server() {
  const Reason wrong = Reason::renegotiation_info_wrong;
  return {
      // RFC 5746 section 3.7.
      hello("with_verify_data_flipped", failure, wrong,
            [](AgainstServer12& c) { c.client.extensions[T::renegotiation_info].back() ^= 1; }),
      hello("with_verify_data_cut", failure, wrong,
            [](AgainstServer12& c) {
              c.client.extensions[T::renegotiation_info] =
                  vec8(Octets(c.client.client_verify_data.begin(), c.client.client_verify_data.end() - 1));
            }),
      hello("with_verify_data_of_the_server", failure, wrong,
            [](AgainstServer12& c) {
              c.client.extensions[T::renegotiation_info] = vec8(c.client.server_verify_data);
            }),
      hello("with_verify_data_of_both", failure, wrong,
            [](AgainstServer12& c) {
              c.client.extensions[T::renegotiation_info] =
                  vec8(join({c.client.client_verify_data, c.client.server_verify_data}));
            }),
      hello("with_empty_info", failure, wrong,
            [](AgainstServer12& c) { c.client.extensions[T::renegotiation_info] = vec8({}); }),
      hello("without_info", failure, wrong,
            [](AgainstServer12& c) { c.client.extensions.erase(T::renegotiation_info); }),
      hello("with_the_signalling_value", failure, wrong,
            [](AgainstServer12& c) { c.client.cipher_suites.push_back(0x00ff); }),
      hello("with_the_signalling_value_alone", failure, wrong,
            [](AgainstServer12& c) {
              c.client.extensions.erase(T::renegotiation_info);
              c.client.cipher_suites.push_back(0x00ff);
            }),
      hello("with_info_without_a_length", Alert::decode_error, Reason::malformed_message,
            [](AgainstServer12& c) { c.client.extensions[T::renegotiation_info] = {}; }),
      // RFC 8446 section 4.1.2; RFC 7627 section 5.4; RFC 7366 section 3.1.
      hello(
          "of_tls11", illegal, Reason::renegotiation_changed,
          [](AgainstServer12& c) {
            c.client.legacy_version = 0x0302;
            c.client.cipher_suites = {0x008c};
          },
          "psk_cbc"),
      hello("of_tls13", illegal, Reason::renegotiation_changed,
            [](AgainstServer12& c) { c.client.extensions[T::supported_versions] = vec8(u16(0x0304)); }),
      hello("without_extended_master_secret", illegal, Reason::renegotiation_changed,
            [](AgainstServer12& c) { c.client.extensions.erase(T::extended_master_secret); }),
      hello(
          "without_encrypt_then_mac", illegal, Reason::renegotiation_changed,
          [](AgainstServer12& c) { c.client.extensions.erase(T::encrypt_then_mac); }, "psk_cbc"),
      hello("without_a_common_suite", failure, Reason::no_common_suite,
            [](AgainstServer12& c) { c.client.cipher_suites = {0xc02b}; }),
      // The first handshake's limit holds for each.
      to_server12("renegotiation_four_times", failure, Reason::too_many_renegotiations,
                  [](AgainstServer12& c) {
                    c.options.renegotiation = Renegotiation::allow;
                    c.up_to_connected();
                    for (int i = 0; i < 3; ++i) c.renegotiate();
                    c.client.renew();
                    c.say_hello();
                  }),
      to_server12("renegotiation_refused_four_times", failure, Reason::too_many_renegotiations,
                  [](AgainstServer12& c) {
                    c.up_to_connected();
                    c.client.renew();
                    for (int i = 0; i < 4; ++i) c.client.put_late(c.client.client_hello());
                  }),
      // Between the keys' change and Finished there is no data; nor is there plaintext.
      to_server12("renegotiation_with_data_behind_change_cipher_spec", unexpected, Reason::unexpected_record,
                  [](AgainstServer12& c) {
                    c.options.renegotiation = Renegotiation::allow;
                    c.up_to_connected();
                    c.client.renew();
                    c.up_to_changed();
                    c.client.put_data("data");
                  }),
      to_server12("renegotiation_in_plaintext", Alert::bad_record_mac, Reason::record_mac_wrong,
                  [](AgainstServer12& c) {
                    c.options.renegotiation = Renegotiation::allow;
                    c.up_to_connected();
                    c.client.renew();
                    c.client.put_plain(record::ContentType::handshake, c.client.client_hello());
                  }),
      to_server12("renegotiation_with_data_under_the_old_keys_behind_change_cipher_spec",
                  Alert::bad_record_mac, Reason::psk_key_mismatch,
                  [](AgainstServer12& c) {
                    c.options.renegotiation = Renegotiation::allow;
                    c.up_to_connected();
                    c.client.renew();
                    c.up_to_exchange();
                    c.client.put_record(record::ContentType::change_cipher_spec, Octets{1});
                    c.client.send_finished12();  // still under the old ones
                  }),
      to_server12("renegotiation_with_another_key", Alert::bad_record_mac, Reason::psk_key_mismatch,
                  [](AgainstServer12& c) {
                    c.options.renegotiation = Renegotiation::allow;
                    c.up_to_connected();
                    c.client.key.key = "another";
                    c.client.renew();
                    c.up_to_done();
                    c.client.send_flight();
                  }),
      // A client without RFC 5746 may be somebody else than before: refused in any case.
      to_server12("renegotiation_insecure_four_times", failure, Reason::too_many_renegotiations,
                  [](AgainstServer12& c) {
                    c.options.renegotiation = Renegotiation::allow;
                    c.client.cipher_suites = {0x00a8};
                    c.up_to_connected();
                    for (int i = 0; i < 4; ++i) c.client.put_late(c.client.client_hello());
                  }),
  };
}

std::vector<Variant> on_a_client() {
  const Reason wrong = Reason::renegotiation_info_wrong;
  using S = Script12Server;
  return {
      // RFC 5746 section 3.5.
      answer("with_verify_data_flipped", failure, wrong,
             [](S& s) { s.extensions[T::renegotiation_info].back() ^= 1; }),
      answer("with_verify_data_of_the_client_alone", failure, wrong,
             [](S& s) { s.extensions[T::renegotiation_info] = vec8(s.client_verify_data); }),
      answer("with_verify_data_exchanged", failure, wrong,
             [](S& s) {
               s.extensions[T::renegotiation_info] = vec8(join({s.server_verify_data, s.client_verify_data}));
             }),
      answer("with_empty_info", failure, wrong, [](S& s) { s.extensions[T::renegotiation_info] = vec8({}); }),
      answer("without_info", failure, Reason::renegotiation_info_missing,
             [](S& s) { s.extensions.erase(T::renegotiation_info); }),
      answer(
          "of_tls11", illegal, Reason::renegotiation_changed, [](S& s) { s.hello_version = 0x0302; },
          "psk_cbc"),
      answer("without_extended_master_secret", illegal, Reason::renegotiation_changed,
             [](S& s) { s.extensions.erase(T::extended_master_secret); }),
      answer(
          "without_encrypt_then_mac", illegal, Reason::renegotiation_changed,
          [](S& s) { s.extensions.erase(T::encrypt_then_mac); }, "psk_cbc"),
      answer("with_another_suite", illegal, Reason::suite_not_offered,
             [](S& s) { s.hello_suite = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256; }),
      to_client12("renegotiation_four_times", failure, Reason::too_many_renegotiations,
                  [](AgainstClient12& c) {
                    c.options.renegotiation = Renegotiation::allow;
                    c.up_to_connected();
                    for (int i = 0; i < 3; ++i) c.renegotiate();
                    c.server.put_late(ScriptPeer::message(message::HandshakeType::hello_request, {}));
                  }),
      to_client12("renegotiation_refused_four_times", failure, Reason::too_many_renegotiations,
                  [](AgainstClient12& c) {
                    c.up_to_connected();
                    for (int i = 0; i < 4; ++i)
                      c.server.put_late(ScriptPeer::message(message::HandshakeType::hello_request, {}));
                  }),
      to_client12("renegotiation_with_data_behind_change_cipher_spec", unexpected, Reason::unexpected_record,
                  [](AgainstClient12& c) {
                    c.options.renegotiation = Renegotiation::allow;
                    c.up_to_connected();
                    c.server.renew();
                    c.server.put_late(ScriptPeer::message(message::HandshakeType::hello_request, {}));
                    c.up_to_changed();
                    c.server.put_data("data");
                  }),
      // The certificate is judged anew: it cannot become nobody's.
      to_client12(
          "renegotiation_to_another_certificate", Alert::unknown_ca, Reason::certificate_issuer_unknown,
          [](AgainstClient12& c) {
            static const Authority other(KeyType::p256, "Other Root");
            static const Issued issued = other.server("server.example");
            c.options.renegotiation = Renegotiation::allow;
            c.up_to_connected();
            c.server.renew();
            c.server.issued = &issued;
            c.server.put_late(ScriptPeer::message(message::HandshakeType::hello_request, {}));
            c.up_to_hello();
            c.server.send_flight();
          },
          "ecdhe_ecdsa"),
  };
}

// The warning that says no, and nothing else.
void expect_no_renegotiation(ScriptPeer& peer) {
  const auto record = peer.next_record();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->type, record::ContentType::alert);
  EXPECT_EQ(record->content, (Octets{1, 100}));
  EXPECT_FALSE(peer.has_more());
}

}  // namespace

std::vector<Variant> renegotiation_variants() {
  std::vector<Variant> out = on_a_server();
  append_all(out, on_a_client());
  return out;
}

std::vector<Tolerated> tolerated_renegotiations() {
  std::vector<Tolerated> out;
  for (const Kind& k : kinds()) {
    if (!k.extensions) continue;  // without renegotiation_info there is none
    out.push_back(borne_by_server(
        "renegotiation_of_" + k.name,
        [](AgainstServer12& c) {
          c.options.renegotiation = Renegotiation::allow;
          c.up_to_connected();
          c.renegotiate();
          c.renegotiate();
        },
        k.name));
    out.push_back(borne_by_client(
        "renegotiation_of_" + k.name,
        [](AgainstClient12& c) {
          c.options.renegotiation = Renegotiation::allow;
          c.up_to_connected();
          c.renegotiate();
          c.renegotiate();
        },
        k.name));
  }
  append_all(
      out,
      {
          borne_by_server("renegotiation_refused",
                          [](AgainstServer12& c) {
                            c.up_to_connected();
                            for (int i = 0; i < 3; ++i) {
                              c.client.renew();
                              c.client.put_late(c.client.client_hello());
                              c.exchange();
                              expect_no_renegotiation(c.client);
                            }
                          }),
          borne_by_client("renegotiation_refused",
                          [](AgainstClient12& c) {
                            c.up_to_connected();
                            for (int i = 0; i < 3; ++i) {
                              c.server.put_late(
                                  ScriptPeer::message(message::HandshakeType::hello_request, {}));
                              c.exchange();
                              expect_no_renegotiation(c.server);
                            }
                          }),
          // RFC 5746 section 4.4.
          borne_by_server("renegotiation_insecure_refused",
                          [](AgainstServer12& c) {
                            c.options.renegotiation = Renegotiation::allow;
                            c.client.cipher_suites = {0x00a8};
                            c.up_to_connected();
                            c.client.put_late(c.client.client_hello());
                            c.exchange();
                            expect_no_renegotiation(c.client);
                          }),
          borne_by_client("renegotiation_insecure_refused",
                          [](AgainstClient12& c) {
                            c.options.renegotiation = Renegotiation::allow;
                            c.options.require_renegotiation_info = false;
                            c.server.has_extensions = c.server.takes_extended_master_secret = false;
                            c.up_to_connected();
                            c.server.put_late(ScriptPeer::message(message::HandshakeType::hello_request, {}));
                            c.exchange();
                            expect_no_renegotiation(c.server);
                          }),
          // RFC 5246 section 7.4.1.1: data goes on until the keys change.
          borne_by_server("renegotiation_with_data_in_between",
                          [](AgainstServer12& c) {
                            c.options.renegotiation = Renegotiation::allow;
                            c.up_to_connected();
                            c.client.renew();
                            c.up_to_done();
                            c.client.put_data("in between ");
                            c.client.send_client_key_exchange();
                            c.client.put_data("and here ");
                            c.exchange();
                            EXPECT_EQ(c.subject().data, "in between and here ");
                            c.client.send_finish();
                            c.exchange();
                            ASSERT_TRUE(c.client.take_server_finish());
                          }),
          borne_by_client("renegotiation_with_data_in_between",
                          [](AgainstClient12& c) {
                            c.options.renegotiation = Renegotiation::allow;
                            c.up_to_connected();
                            c.server.renew();
                            c.server.put_late(ScriptPeer::message(message::HandshakeType::hello_request, {}));
                            c.up_to_hello();
                            c.server.put_data("before ");
                            c.server.send_server_hello();
                            c.server.put_data("within ");
                            c.server.send_done();
                            c.exchange();
                            EXPECT_EQ(c.subject().data, "before within ");
                            ASSERT_TRUE(c.server.take_client_flight());
                            c.server.send_finish();
                          }),
          // RFC 5246 section 7.4.1.1: while one goes on.
          borne_by_client("renegotiation_asked_for_again",
                          [](AgainstClient12& c) {
                            const Octets request =
                                ScriptPeer::message(message::HandshakeType::hello_request, {});
                            c.options.renegotiation = Renegotiation::allow;
                            c.up_to_connected();
                            c.server.renew();
                            for (int i = 0; i < 3; ++i) c.server.put_late(request);
                            c.up_to_hello();
                            c.server.put_late(request);
                            c.server.send_flight();
                            c.exchange();
                            ASSERT_TRUE(c.server.take_client_flight());
                            c.server.put_late(request);
                            c.server.send_finish();
                          }),
          // The client says no to what this side asks for.
          borne_by_server("renegotiation_that_the_client_refuses",
                          [](AgainstServer12& c) {
                            c.up_to_connected();
                            ASSERT_TRUE(c.subject().connection.renegotiate());
                            c.exchange();
                            ASSERT_EQ(c.client.next_message().size(), 4u);
                            c.client.put_alert(1, 100);
                          }),
          borne_by_client("renegotiation_that_the_server_refuses",
                          [](AgainstClient12& c) {
                            c.up_to_connected();
                            ASSERT_TRUE(c.subject().connection.renegotiate());
                            c.exchange();
                            ASSERT_FALSE(c.server.next_message().empty());
                            c.server.put_alert(1, 100);
                          }),
          borne_by_client("renegotiation_that_the_client_wants",
                          [](AgainstClient12& c) {
                            c.up_to_connected();
                            ASSERT_TRUE(c.subject().connection.renegotiate());
                            c.server.renew();
                            c.up_to_connected();
                          }),
          borne_by_server("renegotiation_that_the_server_wants",
                          [](AgainstServer12& c) {
                            c.up_to_connected();
                            ASSERT_TRUE(c.subject().connection.renegotiate());
                            c.exchange();
                            ASSERT_EQ(c.client.next_message().size(), 4u);
                            c.renegotiate();
                          }),
      });
  return out;
}

}  // namespace sesame::test
