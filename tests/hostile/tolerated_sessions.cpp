// Certificates, tickets and early data that are odd but have to be borne.
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using record::ContentType;
using T = ScriptExtensions::Type;

// A ClientHello to a server with a certificate; then the rest of the handshake.
template <class Script>
Tolerated hello(std::string name, Script script) {
  return {"from_client_" + std::move(name), player<CertificateServer>([=](CertificateServer& c) {
            script(c);
            c.AgainstServer::up_to_connected();
          })};
}
template <class Script>
Tolerated to_server_of(std::string name, Script script) {
  return {"to_certificate_server_" + std::move(name), player<CertificateServer>(script)};
}
template <class Script>
Tolerated to_client_of(std::string name, Script script) {
  return {"to_certificate_client_" + std::move(name), player<CertificateClient>(script)};
}

void finish(CertificateServer& c) {
  c.client.send_finished();
  c.exchange();
}
void finish(CertificateClient& c) {
  c.server.send_finished();
  c.exchange();
  ASSERT_TRUE(c.server.take_finished());
}

// A CertificateRequest; the client shows a certificate, and the script believes it.
template <class Odd>
Tolerated request(std::string name, Odd odd) {
  return to_client_of("request_" + std::move(name), [=](CertificateClient& c) {
    c.options.certificates = {client_certificate().certified_key()};
    c.up_to_wait_cert_cr();
    odd(c.server.certificate_request);
    c.server.send_certificate_request();
    c.server.send_certificate();
    c.server.send_certificate_verify();
    c.server.send_finished();
    c.exchange();
    ScriptServer& s = c.server;
    for (const unsigned type : {11u, 15u}) {
      const Octets message = s.next_message();
      ASSERT_FALSE(message.empty());
      ASSERT_EQ(message[0], type);
      append(s.transcript, message);
    }
    ASSERT_TRUE(s.take_finished());
  });
}

}  // namespace

std::vector<Tolerated> tolerated_certificates() {
  return {
      // Section 4.2.3: signature_algorithms then counts for certificates as well.
      hello("without_signature_algorithms_cert", [](CertificateServer&) {}),
      hello("with_unknown_signature_algorithms",
            [](CertificateServer& c) {
              c.client.extensions[T::signature_algorithms] =
                  vec16(join({u16(0x1a1a), u16(0xfefe), u16(0x0201), u16(0x0403)}));
            }),
      hello("with_32000_signature_algorithms",
            [](CertificateServer& c) {
              Octets list;
              for (unsigned i = 0; i < 15'000; ++i) append(list, u16(0x0403));
              c.client.extensions[T::signature_algorithms] = vec16(list);
              c.client.extensions[T::signature_algorithms_cert] = vec16(list);
            }),
      // Section 4.4.2.2: a chain that does not fit is better than none.
      hello("with_signature_algorithms_cert_that_do_not_fit",
            [](CertificateServer& c) {
              c.client.extensions[T::signature_algorithms_cert] = vec16(u16(0x0808));
            }),
      hello("with_a_status_request_of_an_unknown_type",
            [](CertificateServer& c) { c.client.extensions[T::status_request] = {17, 1, 2, 3}; }),
      hello("with_certificate_authorities_of_strangers",
            [](CertificateServer& c) {
              c.client.extensions[T::certificate_authorities] = vec16(vec16(repeat(100, 0x30)));
            }),
      hello("with_unknown_compressions",
            [](CertificateServer& c) {
              c.options.certificate_compression = {CertificateCompressionAlgorithm::zlib};
              c.client.extensions[T::compress_certificate] = vec8(join({u16(0x1a1a), u16(9)}));
            }),
      hello("with_certificate_types_unknown_before_x509",
            [](CertificateServer& c) { c.client.extensions[T::server_certificate_type] = vec8({77, 1, 0}); }),
      hello("with_tls_cert_with_extern_psk_to_a_server_without_it",
            [](CertificateServer& c) {
              c.keys = {make_credential()};
              c.client.keys = {{}};
              c.client.extensions[T::psk_key_exchange_modes] = vec8(u8(1));
              c.client.extensions[T::tls_cert_with_extern_psk];
            }),
      to_server_of("in_records_of_one_octet",
                   [](CertificateServer& c) {
                     c.client.send_client_hello(1);
                     c.exchange();
                     ASSERT_TRUE(c.client.take_server_flight());
                     finish(c);
                   }),
      to_server_of("no_certificate_where_it_is_only_requested",
                   [](CertificateServer& c) {
                     c.ask(ClientCertificates::request);
                     c.up_to_wait_cert();
                     c.certificate.entries.clear();
                     c.send_certificate();
                     finish(c);
                   }),
      to_server_of("certificate_and_the_rest_in_records_of_one_octet",
                   [](CertificateServer& c) {
                     c.up_to_wait_cert();
                     c.client.put_message(c.certificate.message(), 1);
                     c.client.put_message(c.certificate_verify(), 1);
                     finish(c);
                   }),
      to_server_of("certificate_32_times",
                   [](CertificateServer& c) {
                     c.up_to_wait_cert();
                     c.certificate.entries.assign(32, c.certificate.entries[0]);
                     c.send_certificate();
                     c.send_certificate_verify();
                     finish(c);
                   }),
      request("with_unknown_extensions",
              [](ScriptCertificateRequest& r) {
                r.extensions.add(0x1a1a, repeat(100, 1));
                r.extensions.add(0x2a2a);
              }),
      request("with_oid_filters",
              [](ScriptCertificateRequest& r) { r.extensions.add(T::oid_filters, vec16({})); }),
      request("with_unknown_signature_algorithms",
              [](ScriptCertificateRequest& r) {
                r.extensions[T::signature_algorithms] = vec16(join({u16(0x1a1a), u16(0x0403)}));
              }),
      to_client_of("request_that_nothing_fits",
                   [](CertificateClient& c) {
                     c.options.certificates = {client_certificate().certified_key()};
                     c.up_to_wait_cert_cr();
                     c.server.certificate_request.extensions[T::signature_algorithms] = vec16(u16(0x0808));
                     c.server.send_certificate_request();
                     c.server.send_certificate();
                     c.server.send_certificate_verify();
                     c.server.send_finished();
                     c.exchange();
                     // Section 4.4.2: a Certificate without one, and no CertificateVerify.
                     const Octets empty = c.server.next_message();
                     EXPECT_EQ(empty, (Octets{11, 0, 0, 4, 0, 0, 0, 0}));
                     append(c.server.transcript, empty);
                     ASSERT_TRUE(c.server.take_finished());
                   }),
      to_client_of("certificate_in_records_of_one_octet",
                   [](CertificateClient& c) {
                     c.up_to_wait_cert_cr();
                     c.server.fragment = 1;
                     c.server.send_certificate();
                     c.server.send_certificate_verify();
                     finish(c);
                   }),
      to_client_of("certificate_compressed",
                   [](CertificateClient& c) {
                     c.options.certificate_compression = {CertificateCompressionAlgorithm::zlib};
                     c.up_to_wait_cert_cr();
                     auto& entries = c.server.certificate.entries;
                     entries.assign(4, entries[0]);
                     c.server.put_message(
                         c.server.certificate.compressed(CertificateCompressionAlgorithm::zlib));
                     c.server.send_certificate_verify();
                     finish(c);
                   }),
      to_client_of("certificate_with_an_ocsp_response_at_each",
                   [](CertificateClient& c) {
                     c.options.request_ocsp_response = true;
                     c.up_to_wait_cert_cr();
                     auto& entries = c.server.certificate.entries;
                     entries[0].extensions.add(T::status_request,
                                               join({u8(1), vec24(authority().ocsp(server_certificate()))}));
                     entries.push_back({server_certificate().der(), {}});
                     entries[1].extensions.add(T::status_request, join({u8(1), vec24({1})}));
                     c.server.send_certificate();
                     c.server.send_certificate_verify();
                     finish(c);
                   }),
      to_client_of("late_request",
                   [](CertificateClient& c) {
                     c.options.post_handshake_auth = true;
                     c.options.certificates = {client_certificate().certified_key()};
                     c.up_to_connected();
                     c.server.certificate_request.context = {1};
                     c.server.certificate_request.extensions[T::signature_algorithms] = vec16(u16(0x0808));
                     for (int i = 0; i < 16; ++i) {
                       c.server.put_record(ContentType::handshake, c.server.certificate_request.message());
                       c.exchange();
                       ASSERT_EQ(c.server.next_message().at(0), 11);
                       ASSERT_EQ(c.server.next_message().at(0), 20);
                     }
                   }),
      to_server_of("late_answer_in_records_of_one_octet",
                   [](CertificateServer& c) {
                     c.up_to_asked();
                     c.client.put_data("before it");
                     c.client.put_message(c.certificate.message(), 1);
                     c.client.put_message(c.certificate_verify(), 1);
                     c.client.put_message(c.client.late_finished(), 1);
                     c.exchange();
                     EXPECT_EQ(c.subject().connection.authentication(), Authentication::certificate);
                   }),
  };
}

std::vector<Tolerated> tolerated_sessions() {
  return {
      to_server_of("ticket",
                   [](CertificateServer& c) {
                     c.offer_ticket();
                     c.AgainstServer::up_to_connected();
                     EXPECT_TRUE(c.subject().connection.resumed());
                     ASSERT_TRUE(c.client.take_ticket());
                   }),
      // Where certificates will do, a ticket that does not open costs nothing but itself.
      to_server_of("ticket_spoiled_beside_certificates",
                   [](CertificateServer& c) {
                     c.offer_ticket();
                     c.client.keys[0].identity.back() ^= 1;
                     c.client.extensions[T::signature_algorithms] = vec16(u16(0x0403));
                     c.AgainstServer::up_to_connected();
                     EXPECT_FALSE(c.subject().connection.resumed());
                   }),
      to_server_of("ticket_behind_others_that_do_not_open",
                   [](CertificateServer& c) {
                     c.offer_ticket();
                     const ScriptKey good = c.client.keys[0];
                     c.client.keys.assign(60, good);
                     for (ScriptKey& key : c.client.keys) key.identity.back() ^= 1;
                     c.client.keys.push_back(good);
                     c.AgainstServer::up_to_connected();
                     EXPECT_TRUE(c.subject().connection.resumed());
                   }),
      to_server_of("early_data_and_its_end",
                   [](CertificateServer& c) {
                     c.up_to_wait_eoed();
                     c.client.put_data(std::string(1000, 'x'));
                     c.client.end_early_data();
                     finish(c);
                     EXPECT_EQ(c.subject().early_data, std::string(1000, 'x'));
                   }),
      to_server_of("early_data_that_it_does_not_take",
                   [](CertificateServer& c) {
                     c.offer_early_data();
                     c.options.early_data = {};
                     c.client.send_client_hello();
                     c.client.begin_early_data();
                     for (int i = 0; i < 100; ++i) c.client.put_data("dropped");
                     c.exchange();
                     ASSERT_TRUE(c.client.take_server_flight());
                     finish(c);
                     EXPECT_EQ(c.subject().early_data + c.subject().data, "");
                   }),
      to_server_of("early_data_before_a_retry",
                   [](CertificateServer& c) {
                     c.offer_early_data();
                     c.options.always_retry_with_cookie = true;
                     c.client.send_client_hello();
                     for (int i = 0; i < 10; ++i)
                       c.client.put_plain(ContentType::application_data, repeat(100, 1));
                     c.exchange();
                     ASSERT_TRUE(c.client.take_hello_retry_request());
                     c.client.extensions.erase(T::early_data);
                     c.AgainstServer::up_to_connected();
                   }),
      // Section 4.2.10: only with the first key.
      to_server_of("early_data_by_the_second_key_is_not_taken",
                   [](CertificateServer& c) {
                     c.offer_early_data();
                     c.client.keys.insert(c.client.keys.begin(), {"nobody"});
                     c.client.send_client_hello();
                     c.client.begin_early_data();
                     c.client.put_data("dropped");
                     c.exchange();
                     ASSERT_TRUE(c.client.take_server_flight());
                     finish(c);
                     EXPECT_TRUE(c.subject().connection.resumed());
                     EXPECT_EQ(c.subject().early_data + c.subject().data, "");
                   }),
      to_client_of("session",
                   [](CertificateClient& c) {
                     c.hold_session();
                     c.up_to_wait_cert_cr();
                     finish(c);
                     EXPECT_TRUE(c.subject().connection.resumed());
                   }),
      to_client_of("early_data_accepted",
                   [](CertificateClient& c) {
                     c.hold_early_session();
                     ASSERT_EQ(c.subject().connection.send_early(as_bytes("early")), 5u);
                     c.up_to_hello();
                     ScriptServer& s = c.server;
                     s.encrypted_extensions.add(T::early_data);
                     s.send_flight();
                     c.exchange();
                     auto data = s.next_record();
                     while (data && data->type == ContentType::change_cipher_spec) data = s.next_record();
                     ASSERT_TRUE(data);
                     EXPECT_EQ(as_text(data->content), "early");
                     const Octets end = s.next_message();
                     EXPECT_EQ(end, (Octets{5, 0, 0, 0}));
                     append(s.transcript, end);
                     s.use_read_secret(s.peer_handshake_secret);
                     ASSERT_TRUE(s.take_finished());
                     EXPECT_EQ(c.subject().connection.early_data_status(), EarlyDataStatus::accepted);
                   }),
      // Section 4.2.10: what it has sent is lost, and nothing else.
      to_client_of("early_data_rejected",
                   [](CertificateClient& c) {
                     c.hold_early_session();
                     c.up_to_hello();
                     c.server.send_flight();
                     c.server.use_read_secret(c.server.peer_handshake_secret);
                     c.exchange();
                     ASSERT_TRUE(c.server.take_finished());
                     EXPECT_EQ(c.subject().connection.early_data_status(), EarlyDataStatus::rejected);
                   }),
      to_client_of("tickets_of_every_kind",
                   [](CertificateClient& c) {
                     c.options.session_store = c.store;
                     c.up_to_connected();
                     const auto give = [&](auto change) {
                       ScriptTicket ticket;
                       change(ticket);
                       c.server.put_late(ticket.message());
                       c.exchange();
                     };
                     give([](ScriptTicket& t) { t.lifetime = 0; });
                     EXPECT_EQ(c.store->size(), 0u);  // section 4.6.1: discarded
                     give([](ScriptTicket& t) { t.nonce.clear(); });
                     give([](ScriptTicket& t) { t.nonce = repeat(255, 1); });
                     give([](ScriptTicket& t) { t.ticket = repeat(32'768, 1); });
                     give([](ScriptTicket& t) { t.extensions.add(0x1a1a, repeat(1000, 1)); });
                     give([](ScriptTicket& t) { t.extensions.add(T::early_data, u32(0xffffffff)); });
                     for (int i = 0; i < 50; ++i) give([](ScriptTicket&) {});
                     EXPECT_EQ(c.store->size(), 4u);  // as many as it keeps for one server
                   }),
  };
}

}  // namespace sesame::test
