// Early data (RFC 8446 sections 2.3, 4.2.10 and 4.5), to a server and accepted by one.
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using message::HandshakeType;
using record::ContentType;
using T = ScriptExtensions::Type;

constexpr Alert unexpected = Alert::unexpected_message;

// In WAIT_EOED: early data was accepted.
template <class Script>
Variant within(std::string name, Alert alert, Reason reason, Script script) {
  return to_certificate_server("early_" + std::move(name), alert, reason, [=](CertificateServer& c) {
    c.up_to_wait_eoed();
    script(c.client);
  });
}

template <class Script>
Variant to(std::string name, Alert alert, Reason reason, Script script) {
  return to_certificate_server("early_" + std::move(name), alert, reason, script);
}

Octets end_of_early_data(const Octets& body = {}) {
  return ScriptPeer::message(HandshakeType::end_of_early_data, body);
}

// The ticket is good, and the server takes no early data.
void up_to_rejected(CertificateServer& c) {
  c.offer_early_data();
  c.options.early_data = {};
  c.client.send_client_hello();
  c.exchange();
  ASSERT_TRUE(c.client.take_server_flight());
}

// A HelloRetryRequest, and the second ClientHello without early_data: not sent yet.
void up_to_retried(CertificateServer& c) {
  c.offer_early_data();
  c.options.always_retry_with_cookie = true;
  c.client.send_client_hello();
  c.exchange();
  ASSERT_TRUE(c.client.take_hello_retry_request());
}

std::vector<Variant> server_variants() {
  std::vector<Variant> out = {
      within("data_longer_than_the_limit", unexpected, Reason::early_data_too_long,
             [](ScriptClient& p) { p.put_data(std::string(1001, 'x')); }),
      within("data_longer_than_the_limit_in_all", unexpected, Reason::early_data_too_long,
             [](ScriptClient& p) {
               for (int i = 0; i < 1001; ++i) p.put_data("x");
             }),
      within("data_empty_33_times", unexpected, Reason::too_many_empty_records,
             [](ScriptClient& p) {
               for (int i = 0; i < 33; ++i) p.put_data("");
             }),
      within("data_spoiled", Alert::bad_record_mac, Reason::record_mac_wrong,
             [](ScriptClient& p) {
               p.put_data("data");
               p.out.back() ^= 1;
             }),
      within("data_left_out_of_the_middle", Alert::bad_record_mac, Reason::record_mac_wrong,
             [](ScriptClient& p) {
               p.put_data("one");
               p.out.clear();
               p.put_data("two");
             }),
      within("data_twice", Alert::bad_record_mac, Reason::record_mac_wrong,
             [](ScriptClient& p) {
               p.put_data("pay");
               const Octets record = p.out;
               p.put(record);
             }),
      within("end_missing_before_finished", unexpected, Reason::unexpected_message,
             [](ScriptClient& p) { p.put_message(p.finished()); }),
      within("end_missing_and_the_handshakes_keys", Alert::bad_record_mac, Reason::record_mac_wrong,
             [](ScriptClient& p) {
               p.use_write_secret(p.own_handshake_secret);
               p.send_finished();
             }),
      within("end_with_a_body", Alert::decode_error, Reason::trailing_octets,
             [](ScriptClient& p) { p.put_message(end_of_early_data({0})); }),
      within("end_declared_16_megabytes", Alert::decode_error, Reason::message_too_long,
             [](ScriptClient& p) { p.put_record(ContentType::handshake, join({u8(5), u24(0xffffff)})); }),
      within("end_twice", unexpected, Reason::unexpected_message,
             [](ScriptClient& p) {
               p.end_early_data();
               p.end_early_data();
             }),
      within("end_twice_in_a_record", unexpected, Reason::message_across_key_change,
             [](ScriptClient& p) {
               p.put_record(ContentType::handshake, join({end_of_early_data(), end_of_early_data()}));
             }),
      within("end_and_finished_in_a_record", unexpected, Reason::message_across_key_change,
             [](ScriptClient& p) {
               p.put_record(ContentType::handshake, join({end_of_early_data(), p.finished()}));
             }),
      within("end_broken_off_by_data", unexpected, Reason::unexpected_record,
             [](ScriptClient& p) {
               p.put_record(ContentType::handshake, Bytes(end_of_early_data()).first(2));
               p.put_data("data");
             }),
      within("end_under_the_handshakes_keys", Alert::bad_record_mac, Reason::record_mac_wrong,
             [](ScriptClient& p) {
               p.use_write_secret(p.own_handshake_secret);
               p.end_early_data();
             }),
      within("end_that_the_finished_does_not_know", Alert::decrypt_error, Reason::finished_mismatch,
             [](ScriptClient& p) {
               const Octets before = p.transcript;
               p.end_early_data();
               p.transcript = before;
               p.send_finished();
             }),
      within("data_behind_its_end", Alert::bad_record_mac, Reason::record_mac_wrong,
             [](ScriptClient& p) {
               p.put_record(ContentType::handshake, end_of_early_data());
               p.put_data("more");
             }),
      within("data_behind_its_end_under_the_handshakes_keys", unexpected, Reason::unexpected_record,
             [](ScriptClient& p) {
               p.end_early_data();
               p.put_data("more");
             }),
      within("key_update", unexpected, Reason::unexpected_message,
             [](ScriptClient& p) {
               p.put_record(ContentType::handshake, ScriptPeer::message(HandshakeType::key_update, {0}));
             }),
      within("certificate", unexpected, Reason::unexpected_message,
             [](ScriptClient& p) { p.put_message(ScriptCertificate::of(client_certificate()).message()); }),
      within("second_client_hello", unexpected, Reason::unexpected_message,
             [](ScriptClient& p) { p.put_message(p.client_hello()); }),
      within("plaintext_handshake", unexpected, Reason::record_unprotected,
             [](ScriptClient& p) { p.put_plain(ContentType::handshake, end_of_early_data()); }),
      within("plaintext_alert_behind_data", unexpected, Reason::record_unprotected,
             [](ScriptClient& p) {
               p.put_data("data");
               p.put_plain(ContentType::alert, join({u8(2), u8(40)}));
             }),
      within("change_cipher_spec_protected", unexpected, Reason::unexpected_record,
             [](ScriptClient& p) { p.put_record(ContentType::change_cipher_spec, repeat(1, 1)); }),
      within("alert", Alert::none, Reason::alert_received, [](ScriptClient& p) { p.put_alert(2, 40); }),
      within("close_notify", Alert::none, Reason::alert_received, [](ScriptClient& p) { p.put_alert(1, 0); }),
      to("data_without_the_extension", Alert::bad_record_mac, Reason::record_mac_wrong,
         [](CertificateServer& c) {
           c.offer_ticket();
           c.client.send_client_hello();
           const Octets early = c.client.early_secret(c.client.keys[0]);
           c.exchange();
           ASSERT_TRUE(c.client.take_server_flight());
           c.client.use_write_secret(early);
           c.client.put_data("data");
         }),
      to("data_under_a_wrong_secret", Alert::bad_record_mac, Reason::record_mac_wrong,
         [](CertificateServer& c) {
           c.up_to_wait_eoed();
           c.client.use_write_secret(repeat(32, 7));
           c.client.put_data("data");
         }),
      to("extension_without_a_key", Alert::missing_extension, Reason::extension_missing,
         [](CertificateServer& c) {
           c.client.extensions[T::early_data];
           c.say_hello();
         }),
      to("extension_behind_pre_shared_key", Alert::illegal_parameter, Reason::psk_extension_not_last,
         [](CertificateServer& c) {
           c.offer_ticket();
           ScriptExtensions& e = c.client.extensions;
           e.add(T::pre_shared_key, join({c.client.identities(), c.client.empty_binders()}));
           e.add(T::early_data);
           c.client.keys.clear();
           c.say_hello();
         }),
      to("end_where_it_was_rejected", unexpected, Reason::unexpected_message,
         [](CertificateServer& c) {
           up_to_rejected(c);
           c.client.end_early_data();
         }),
      to("end_where_it_was_not_offered", unexpected, Reason::unexpected_message,
         [](CertificateServer& c) {
           c.AgainstServer::up_to_wait_finished();
           c.client.end_early_data();
         }),
      // What is rejected is passed over up to a limit, and never behind a record that opened.
      to("rejected_and_more_than_is_passed_over", Alert::bad_record_mac, Reason::record_mac_wrong,
         [](CertificateServer& c) {
           c.options.limits.early_data = 1000;
           up_to_rejected(c);
           ScriptClient& p = c.client;
           p.use_write_secret(repeat(32, 7));
           for (int i = 0; i < 10; ++i) p.put_data(std::string(100, 'x'));
         }),
      to("rejected_and_behind_a_record_that_opened", Alert::bad_record_mac, Reason::record_mac_wrong,
         [](CertificateServer& c) {
           up_to_rejected(c);
           ScriptClient& p = c.client;
           p.put_record(ContentType::handshake, Bytes(p.finished()).first(10));
           p.use_write_secret(repeat(32, 7));
           p.put_data("x");
         }),
      to("rejected_and_data_under_the_handshakes_keys", unexpected, Reason::unexpected_record,
         [](CertificateServer& c) {
           up_to_rejected(c);
           c.client.put_data("x");
         }),
      to("rejected_and_a_record_above_all_limits", Alert::record_overflow, Reason::record_too_long,
         [](CertificateServer& c) {
           up_to_rejected(c);
           c.client.put_plain(ContentType::application_data, repeat((1 << 14) + 257, 1));
         }),
      to("rejected_and_plaintext_behind_it", unexpected, Reason::record_unprotected,
         [](CertificateServer& c) {
           up_to_rejected(c);
           c.client.put_plain(ContentType::application_data, repeat(100, 1));
           c.client.put_plain(ContentType::handshake, end_of_early_data());
         }),
      to("behind_a_retry_with_the_extension_again", Alert::illegal_parameter, Reason::retry_hello_changed,
         [](CertificateServer& c) {
           up_to_retried(c);
           c.say_hello();
         }),
      to("behind_the_second_client_hello", Alert::bad_record_mac, Reason::record_mac_wrong,
         [](CertificateServer& c) {
           up_to_retried(c);
           c.client.extensions.erase(T::early_data);
           c.say_hello();
           ASSERT_TRUE(c.client.take_server_flight());
           c.client.use_write_secret(repeat(32, 7));
           c.client.put_data("x");
         }),
      to("before_the_second_client_hello_above_the_limit", unexpected, Reason::unexpected_record,
         [](CertificateServer& c) {
           c.options.limits.early_data = 1000;
           up_to_retried(c);
           for (int i = 0; i < 11; ++i) c.client.put_plain(ContentType::application_data, repeat(95, 1));
         }),
      to("within_the_second_client_hello", unexpected, Reason::unexpected_record,
         [](CertificateServer& c) {
           up_to_retried(c);
           c.client.extensions.erase(T::early_data);
           c.client.put_plain(ContentType::handshake, Bytes(c.client.client_hello()).first(100));
           c.client.put_plain(ContentType::application_data, repeat(95, 1));
         }),
      to("before_the_client_hello", unexpected, Reason::unexpected_record,
         [](CertificateServer& c) { c.client.put_plain(ContentType::application_data, repeat(95, 1)); }),
  };
  // A record that is too short to be one is no early data that does not open: it is passed over, counted.
  for (const std::size_t size : {0u, 1u, 16u}) {
    out.push_back(to("rejected_and_records_of_" + std::to_string(size) + "_for_ever", Alert::bad_record_mac,
                     Reason::record_mac_wrong, [=](CertificateServer& c) {
                       c.options.limits.early_data = 1000;
                       up_to_rejected(c);
                       for (int i = 0; i < 300; ++i)
                         c.client.put_plain(ContentType::application_data, repeat(size, 1));
                     }));
  }
  return out;
}

// The server says that it takes early data, in EncryptedExtensions.
template <class Prepare>
Variant accepted(std::string name, Alert alert, Reason reason, Prepare prepare) {
  return to_certificate_client("early_accepted_" + std::move(name), alert, reason, [=](CertificateClient& c) {
    prepare(c);
    c.say_hello();
    c.server.encrypted_extensions.add(T::early_data);
    c.say_encrypted_extensions();
  });
}
template <class Prepare>
Variant wrongly(std::string name, Prepare prepare) {
  return accepted(std::move(name), Alert::illegal_parameter, Reason::early_data_not_offered, prepare);
}

std::vector<Variant> client_variants() {
  return {
      accepted("and_not_offered", Alert::unsupported_extension, Reason::extension_unsolicited,
               [](CertificateClient& c) { c.up_to_hello(); }),
      accepted("with_a_session_and_not_offered", Alert::unsupported_extension, Reason::extension_unsolicited,
               [](CertificateClient& c) {
                 c.hold_session();
                 c.up_to_hello();
               }),
      accepted("by_a_ticket_that_allows_none", Alert::unsupported_extension, Reason::extension_unsolicited,
               [](CertificateClient& c) {
                 c.hold_session();
                 c.client_options.early_data = true;
                 c.up_to_hello();
               }),
      wrongly("by_the_second_key",
              [](CertificateClient& c) {
                c.hold_early_session();
                c.keys = {make_credential()};
                c.server.key = {};
                c.up_to_hello();
                c.server.extensions[T::pre_shared_key] = u16(1);
              }),
      wrongly("without_a_key",
              [](CertificateClient& c) {
                c.hold_early_session();
                c.server.by_key = false;
                c.up_to_hello();
              }),
      wrongly("under_another_suite",
              [](CertificateClient& c) {
                c.hold_early_session();
                c.up_to_hello();
                c.server.suite = CipherSuite::TLS_CHACHA20_POLY1305_SHA256;
              }),
      wrongly("under_another_protocol",
              [](CertificateClient& c) {
                c.hold_early_session();
                c.options.alpn = {"h2"};
                c.up_to_hello();
                c.server.encrypted_extensions.add(T::application_layer_protocol_negotiation,
                                                  vec16(vec8(text("h2"))));
              }),
      wrongly("behind_a_retry",
              [](CertificateClient& c) {
                c.hold_early_session();
                c.up_to_retried();
              }),
      to_certificate_client("early_accepted_with_content", Alert::decode_error, Reason::malformed_message,
                            [](CertificateClient& c) {
                              c.hold_early_session();
                              c.up_to_wait_ee();
                              c.server.encrypted_extensions.add(T::early_data, {0});
                              c.say_encrypted_extensions();
                            }),
      to_certificate_client("early_accepted_twice", Alert::illegal_parameter, Reason::extension_duplicate,
                            [](CertificateClient& c) {
                              c.hold_early_session();
                              c.up_to_wait_ee();
                              c.server.encrypted_extensions.add(T::early_data);
                              c.server.encrypted_extensions.add(T::early_data);
                              c.say_encrypted_extensions();
                            }),
      to_certificate_client("early_accepted_in_the_server_hello", Alert::illegal_parameter,
                            Reason::extension_misplaced,
                            [](CertificateClient& c) {
                              c.hold_early_session();
                              c.up_to_hello();
                              c.server.extensions.add(T::early_data);
                              c.say_hello();
                            }),
      to_certificate_client("early_accepted_in_a_retry", Alert::illegal_parameter,
                            Reason::extension_misplaced,
                            [](CertificateClient& c) {
                              c.hold_early_session();
                              c.up_to_hello();
                              c.server.retry_extensions[T::key_share] = u16(0x0017);
                              c.server.retry_extensions.add(T::early_data);
                              c.server.send_hello_retry_request();
                            }),
      to_certificate_client("early_end_of_a_server", unexpected, Reason::unexpected_message,
                            [](CertificateClient& c) {
                              c.hold_early_session();
                              c.up_to_wait_ee();
                              c.server.encrypted_extensions.add(T::early_data);
                              c.say_encrypted_extensions();
                              c.server.put_message(end_of_early_data());
                            }),
      to_certificate_client("early_data_of_a_server", unexpected, Reason::unexpected_record,
                            [](CertificateClient& c) {
                              c.hold_early_session();
                              c.up_to_wait_ee();
                              c.server.encrypted_extensions.add(T::early_data);
                              c.say_encrypted_extensions();
                              c.server.put_data("half a round trip too early");
                            }),
      to_certificate_client("early_data_reflected", Alert::unexpected_message, Reason::unexpected_record,
                            [](CertificateClient& c) {
                              c.hold_early_session();
                              ASSERT_TRUE(c.subject().connection.send_early(as_bytes("mine")));
                              c.up_to_hello();
                              c.server.put_plain(ContentType::application_data, repeat(40, 1));
                            }),
  };
}

}  // namespace

std::vector<Variant> early_data_variants() {
  std::vector<Variant> out = server_variants();
  const auto more = client_variants();
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

}  // namespace sesame::test
