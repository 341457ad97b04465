// Authentication after the handshake (RFC 8446 section 4.6.2): the answers of a client, the requests of a
// server.
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using message::HandshakeType;
using record::ContentType;
using T = ScriptExtensions::Type;

constexpr Alert unexpected = Alert::unexpected_message;

template <class Script>
Variant answered(std::string name, Alert alert, Reason reason, Script script) {
  return to_certificate_server("late_" + std::move(name), alert, reason, script);
}
template <class Script>
Variant out_of_order(std::string name, Script script) {
  return answered(std::move(name), unexpected, Reason::unexpected_message, script);
}

Octets key_update() { return ScriptPeer::message(HandshakeType::key_update, {0}); }

std::vector<Variant> answer_variants() {
  return {
      out_of_order("certificate_unasked",
                   [](CertificateServer& c) {
                     c.offer_late_authentication();
                     c.AgainstServer::up_to_connected();
                     c.send_certificate();
                   }),
      // Nothing of it is gathered.
      out_of_order("certificate_unasked_by_its_first_octet",
                   [](CertificateServer& c) {
                     c.offer_late_authentication();
                     c.AgainstServer::up_to_connected();
                     c.client.put_record(ContentType::handshake, repeat(1, 11));
                   }),
      answered("certificate_with_no_context", Alert::illegal_parameter, Reason::certificate_context_wrong,
               [](CertificateServer& c) {
                 c.up_to_asked();
                 c.certificate.context.clear();
                 c.send_certificate();
               }),
      answered("certificate_with_another_context", Alert::illegal_parameter,
               Reason::certificate_context_wrong,
               [](CertificateServer& c) {
                 c.up_to_asked();
                 c.certificate.context[0] ^= 1;
                 c.send_certificate();
               }),
      answered("certificate_declared_above_the_limit", Alert::bad_certificate, Reason::certificate_too_long,
               [](CertificateServer& c) {
                 c.up_to_asked();
                 c.client.put_record(ContentType::handshake, join({u8(11), u24(65'537)}));
               }),
      answered("verify_declared_above_the_limit", Alert::decode_error, Reason::message_too_long,
               [](CertificateServer& c) {
                 c.up_to_post_wait_cv();
                 c.client.put_record(ContentType::handshake, join({u8(15), u24(34'817)}));
               }),
      out_of_order("certificate_left_out",
                   [](CertificateServer& c) {
                     c.up_to_asked();
                     c.send_certificate_verify();
                   }),
      out_of_order("finished_alone",
                   [](CertificateServer& c) {
                     c.up_to_asked();
                     c.client.put_message(c.client.late_finished());
                   }),
      out_of_order("certificate_verify_left_out",
                   [](CertificateServer& c) {
                     c.up_to_post_wait_cv();
                     c.client.put_message(c.client.late_finished());
                   }),
      out_of_order("certificate_twice",
                   [](CertificateServer& c) {
                     c.up_to_post_wait_cv();
                     c.send_certificate();
                   }),
      out_of_order("none_and_a_certificate_verify",
                   [](CertificateServer& c) {
                     c.up_to_asked(false);
                     c.certificate.entries.clear();
                     c.send_certificate();
                     c.send_certificate_verify();
                   }),
      answered("finished_spoiled", Alert::decrypt_error, Reason::finished_mismatch,
               [](CertificateServer& c) {
                 c.up_to_post_wait_finished();
                 Octets finished = c.client.late_finished();
                 finished.back() ^= 1;
                 c.client.put_message(finished);
               }),
      // Section 4.4.4: by the application's traffic secret, not by the handshake's.
      answered("finished_by_the_handshakes_secret", Alert::decrypt_error, Reason::finished_mismatch,
               [](CertificateServer& c) {
                 c.up_to_post_wait_finished();
                 c.client.put_message(c.client.finished());
               }),
      answered("finished_of_none_spoiled", Alert::decrypt_error, Reason::finished_mismatch,
               [](CertificateServer& c) {
                 c.up_to_asked(false);
                 c.certificate.entries.clear();
                 c.send_certificate();
                 Octets finished = c.client.late_finished();
                 finished.back() ^= 1;
                 c.client.put_message(finished);
               }),
      answered("finished_one_octet_less", Alert::decode_error, Reason::malformed_message,
               [](CertificateServer& c) {
                 c.up_to_post_wait_finished();
                 Octets body = body_of(c.client.late_finished());
                 body.pop_back();
                 c.client.put_message(with_body(c.client.late_finished(), body));
               }),
      answered("answer_without_the_request_in_its_transcript", Alert::decrypt_error,
               Reason::signature_invalid,
               [](CertificateServer& c) {
                 c.up_to_asked();
                 c.client.transcript.resize(c.client.transcript.size() - c.client.certificate_request.size());
                 c.send_certificate();
                 c.send_certificate_verify();
               }),
      answered("data_behind_the_certificate", unexpected, Reason::unexpected_record,
               [](CertificateServer& c) {
                 c.up_to_post_wait_cv();
                 c.client.put_data("data");
               }),
      answered("data_behind_certificate_verify", unexpected, Reason::unexpected_record,
               [](CertificateServer& c) {
                 c.up_to_post_wait_finished();
                 c.client.put_data("data");
               }),
      out_of_order("key_update_behind_the_certificate",
                   [](CertificateServer& c) {
                     c.up_to_post_wait_cv();
                     c.client.put_record(ContentType::handshake, key_update());
                   }),
      out_of_order("key_update_behind_certificate_verify",
                   [](CertificateServer& c) {
                     c.up_to_post_wait_finished();
                     c.client.put_record(ContentType::handshake, key_update());
                   }),
      out_of_order("answer_twice",
                   [](CertificateServer& c) {
                     c.up_to_post_wait_finished();
                     c.client.put_message(c.client.late_finished());
                     c.exchange();
                     c.send_certificate();
                   }),
      out_of_order("finished_twice",
                   [](CertificateServer& c) {
                     c.up_to_post_wait_finished();
                     const Octets finished = c.client.late_finished();
                     c.client.put_message(finished);
                     c.client.put_message(finished);
                   }),
      answered("alert_behind_the_certificate", Alert::none, Reason::alert_received,
               [](CertificateServer& c) {
                 c.up_to_post_wait_cv();
                 c.client.put_alert(2, 80);
               }),
      answered("change_cipher_spec_behind_the_certificate", unexpected, Reason::change_cipher_spec_wrong,
               [](CertificateServer& c) {
                 c.up_to_post_wait_cv();
                 c.client.put_change_cipher_spec();
               }),
  };
}

// A client that offered post_handshake_auth and is connected.
template <class Script>
Variant requested(std::string name, Alert alert, Reason reason, Script script) {
  return to_certificate_client("late_request_" + std::move(name), alert, reason, [=](CertificateClient& c) {
    c.options.post_handshake_auth = true;
    c.options.certificates = {client_certificate().certified_key()};
    c.up_to_connected();
    c.server.certificate_request.context = {1};
    script(c.server);
  });
}
template <class Spoil>
Variant spoiled(std::string name, Alert alert, Reason reason, Spoil spoil) {
  return requested(std::move(name), alert, reason, [=](ScriptServer& s) {
    spoil(s.certificate_request);
    s.put_record(ContentType::handshake, s.certificate_request.message());
  });
}

std::vector<Variant> request_variants() {
  const auto not_offered = [](std::string name, const Octets& content) {
    return to_certificate_client("late_request_" + std::move(name), unexpected, Reason::unexpected_message,
                                 [=](CertificateClient& c) {
                                   c.options.certificates = {client_certificate().certified_key()};
                                   c.up_to_connected();
                                   c.server.put_record(ContentType::handshake, content);
                                 });
  };
  ScriptCertificateRequest request;
  request.context = {1};
  return {
      not_offered("to_a_client_that_did_not_offer_it", request.message()),
      // Nothing of it is gathered.
      not_offered("not_offered_by_its_first_octet", repeat(1, 13)),
      spoiled("without_signature_algorithms", Alert::missing_extension, Reason::extension_missing,
              [](ScriptCertificateRequest& r) { r.extensions = {}; }),
      spoiled(
          "with_signature_algorithms_twice", Alert::illegal_parameter, Reason::extension_duplicate,
          [](ScriptCertificateRequest& r) { r.extensions.add(T::signature_algorithms, vec16(u16(0x0403))); }),
      spoiled("with_key_share", Alert::illegal_parameter, Reason::extension_misplaced,
              [](ScriptCertificateRequest& r) { r.extensions.add(T::key_share); }),
      spoiled("malformed", Alert::decode_error, Reason::malformed_message,
              [](ScriptCertificateRequest& r) { r.extensions[T::signature_algorithms] = vec16({4}); }),
      requested("with_more_behind", Alert::decode_error, Reason::trailing_octets,
                [](ScriptServer& s) {
                  const Octets message = s.certificate_request.message();
                  s.put_record(ContentType::handshake, with_body(message, join({body_of(message), {0}})));
                }),
      requested("declared_above_the_limit", Alert::decode_error, Reason::message_too_long,
                [](ScriptServer& s) { s.put_record(ContentType::handshake, join({u8(13), u24(34'817)})); }),
      requested("broken_off_by_data", unexpected, Reason::unexpected_record,
                [](ScriptServer& s) {
                  s.put_record(ContentType::handshake, Bytes(s.certificate_request.message()).first(10));
                  s.put_data("data");
                }),
      requested("broken_off_by_an_alert", Alert::none, Reason::alert_received,
                [](ScriptServer& s) {
                  s.put_record(ContentType::handshake, Bytes(s.certificate_request.message()).first(10));
                  s.put_alert(2, 80);
                }),
      requested("17_times", unexpected, Reason::too_many_certificate_requests,
                [](ScriptServer& s) {
                  for (int i = 0; i < 17; ++i)
                    s.put_record(ContentType::handshake, s.certificate_request.message());
                }),
      to_certificate_client("late_request_while_one_is_answered", unexpected, Reason::unexpected_message,
                            [](CertificateClient& c) {
                              c.options.post_handshake_auth = true;
                              c.options.certificates = {signing_later(client_certificate())};
                              c.up_to_connected();
                              for (int i = 0; i < 2; ++i)
                                c.server.put_record(ContentType::handshake,
                                                    c.server.certificate_request.message());
                            }),
      requested("and_a_certificate", unexpected, Reason::unexpected_message,
                [](ScriptServer& s) {
                  s.put_record(ContentType::handshake, s.certificate_request.message());
                  s.put_record(ContentType::handshake, s.certificate.message());
                }),
      requested("and_a_finished", unexpected, Reason::unexpected_message,
                [](ScriptServer& s) {
                  s.put_record(ContentType::handshake, s.certificate_request.message());
                  s.put_record(ContentType::handshake, s.late_finished());
                }),
  };
}

}  // namespace

std::vector<Variant> late_authentication_variants() {
  std::vector<Variant> out = answer_variants();
  const auto more = request_variants();
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

}  // namespace sesame::test
