// CertificateRequest (RFC 8446 section 4.3.2), in the handshake.
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using message::HandshakeType;
using record::ContentType;
using T = ScriptExtensions::Type;

template <class Spoil>
Variant asked(std::string name, Alert alert, Reason reason, const Spoil& spoil) {
  return to_certificate_client("certificate_request_" + std::move(name), alert, reason,
                               [=](CertificateClient& c) {
                                 c.options.certificates = {client_certificate().certified_key()};
                                 c.up_to_wait_cert_cr();
                                 spoil(c.server.certificate_request);
                                 c.server.send_certificate_request();
                               });
}

Variant malformed(std::string name, T type, const Octets& data) {
  return asked(std::move(name), Alert::decode_error, Reason::malformed_message,
               [=](ScriptCertificateRequest& r) { r.extensions[type] = data; });
}

Variant misplaced(std::string name, T type, const Octets& data = {}) {
  return asked(std::move(name), Alert::illegal_parameter, Reason::extension_misplaced,
               [=](ScriptCertificateRequest& r) { r.extensions.add(type, data); });
}

template <class Spoil>
Variant octets(std::string name, Reason reason, Spoil spoil) {
  return to_certificate_client("certificate_request_" + std::move(name), Alert::decode_error, reason,
                               [=](CertificateClient& c) {
                                 c.up_to_wait_cert_cr();
                                 const Octets message = c.server.certificate_request.message();
                                 Octets body = body_of(message);
                                 spoil(body);
                                 c.server.put_message(with_body(message, body));
                               });
}

template <class Go>
Variant unexpected(std::string name, Go go) {
  return to_certificate_client("certificate_request_" + std::move(name), Alert::unexpected_message,
                               Reason::unexpected_message, [=](CertificateClient& c) {
                                 go(c);
                                 c.server.send_certificate_request();
                               });
}

}  // namespace

std::vector<Variant> certificate_request_variants() {
  const auto duplicate = [](std::string name, unsigned type) {
    return asked(std::move(name), Alert::illegal_parameter, Reason::extension_duplicate,
                 [=](ScriptCertificateRequest& r) {
                   r.extensions.add(type, vec16(u16(0x0403)));
                   r.extensions.add(type, vec16(u16(0x0403)));
                 });
  };
  return {
      // Section 4.3.2: signature_algorithms MUST be specified.
      asked("without_extensions", Alert::missing_extension, Reason::extension_missing,
            [](ScriptCertificateRequest& r) { r.extensions = {}; }),
      asked("without_signature_algorithms", Alert::missing_extension, Reason::extension_missing,
            [](ScriptCertificateRequest& r) {
              r.extensions = {};
              r.extensions[T::signature_algorithms_cert] = vec16(u16(0x0403));
            }),
      asked("with_a_context_in_the_handshake", Alert::illegal_parameter, Reason::certificate_context_wrong,
            [](ScriptCertificateRequest& r) { r.context = {1}; }),
      asked("with_a_context_of_255", Alert::illegal_parameter, Reason::certificate_context_wrong,
            [](ScriptCertificateRequest& r) { r.context = repeat(255, 0); }),
      duplicate("signature_algorithms_twice", 13),
      duplicate("signature_algorithms_cert_twice", 50),
      duplicate("unknown_extension_twice", 0x1a1a),
      malformed("signature_algorithms_empty", T::signature_algorithms, {}),
      malformed("signature_algorithms_none", T::signature_algorithms, vec16({})),
      malformed("signature_algorithms_of_one_octet", T::signature_algorithms, vec16({4})),
      malformed("signature_algorithms_beyond_the_end", T::signature_algorithms, join({u16(4), u16(0x0403)})),
      malformed("signature_algorithms_with_more_behind", T::signature_algorithms,
                join({vec16(u16(0x0403)), {0}})),
      malformed("signature_algorithms_cert_none", T::signature_algorithms_cert, vec16({})),
      malformed("certificate_authorities_none", T::certificate_authorities, vec16({})),
      malformed("certificate_authorities_empty_name", T::certificate_authorities, vec16(vec16({}))),
      malformed("status_request_cut", T::status_request, {1, 0}),
      malformed("status_request_with_more_behind", T::status_request, {1, 0, 0, 0, 0, 0}),
      malformed("compress_certificate_none", T::compress_certificate, vec8({})),
      malformed("compress_certificate_of_one_octet", T::compress_certificate, vec8({1})),
      misplaced("server_name", T::server_name),
      misplaced("key_share", T::key_share),
      misplaced("pre_shared_key", T::pre_shared_key, u16(0)),
      misplaced("early_data", T::early_data),
      misplaced("supported_versions", T::supported_versions, u16(0x0304)),
      misplaced("alpn", T::application_layer_protocol_negotiation),
      misplaced("post_handshake_auth", T::post_handshake_auth),
      misplaced("server_certificate_type", T::server_certificate_type, {0}),
      misplaced("tls_cert_with_extern_psk", T::tls_cert_with_extern_psk),
      octets("empty", Reason::malformed_message, [](Octets& body) { body.clear(); }),
      octets("one_octet_less", Reason::malformed_message, [](Octets& body) { body.pop_back(); }),
      octets("one_octet_more", Reason::trailing_octets, [](Octets& body) { body.push_back(0); }),
      octets("context_beyond_the_end", Reason::malformed_message, [](Octets& body) { body[0] = 255; }),
      unexpected("before_encrypted_extensions", [](CertificateClient& c) { c.up_to_wait_ee(); }),
      unexpected("twice", [](CertificateClient& c) { c.up_to_wait_cert(); }),
      unexpected("behind_the_certificate", [](CertificateClient& c) { c.up_to_wait_cv(); }),
      unexpected("behind_certificate_verify", [](CertificateClient& c) { c.up_to_wait_finished(); }),
      // Section 4.3.2: a server that authenticates by a key must not ask.
      to_client("certificate_request_beside_a_key", Alert::unexpected_message, Reason::unexpected_message,
                [](AgainstClient& c) {
                  c.options.verification = trusting();
                  c.up_to_wait_finished();
                  c.server.send_certificate_request();
                }),
      to_certificate_client("certificate_request_beside_a_ticket", Alert::unexpected_message,
                            Reason::unexpected_message,
                            [](CertificateClient& c) {
                              c.hold_session();
                              c.up_to_wait_cert_cr();
                              c.server.send_certificate_request();
                            }),
      to_certificate_server("certificate_request_to_a_server", Alert::unexpected_message,
                            Reason::unexpected_message,
                            [](CertificateServer& c) {
                              c.up_to_wait_cert();
                              c.client.put_message(ScriptCertificateRequest().message());
                            }),
  };
}

}  // namespace sesame::test
