// ClientHello: what a client says of certificates; and RFC 8773, on both sides.
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using T = ScriptExtensions::Type;

template <class Spoil>
Variant offered(std::string name, Alert alert, Reason reason, const Spoil& spoil) {
  return to_certificate_server("offer_" + std::move(name), alert, reason, [=](CertificateServer& c) {
    spoil(c);
    c.say_hello();
  });
}

Variant malformed(std::string name, T type, const Octets& data) {
  return offered(std::move(name), Alert::decode_error, Reason::malformed_message,
                 [=](CertificateServer& c) { c.client.extensions[type] = data; });
}

Variant schemes(std::string name, const std::vector<unsigned>& values) {
  return offered(std::move(name), Alert::handshake_failure, Reason::no_common_signature_scheme,
                 [=](CertificateServer& c) {
                   Octets list;
                   for (const unsigned value : values) append(list, u16(value));
                   c.client.extensions[T::signature_algorithms] = vec16(list);
                 });
}

}  // namespace

std::vector<Variant> certificate_offer_variants() {
  return {
      offered("without_signature_algorithms", Alert::missing_extension, Reason::extension_missing,
              [](CertificateServer& c) { c.client.extensions.erase(T::signature_algorithms); }),
      offered("with_signature_algorithms_cert_only", Alert::missing_extension, Reason::extension_missing,
              [](CertificateServer& c) {
                c.client.extensions.erase(T::signature_algorithms);
                c.client.extensions[T::signature_algorithms_cert] = vec16(u16(0x0403));
              }),
      offered("without_groups", Alert::missing_extension, Reason::extension_missing,
              [](CertificateServer& c) {
                c.client.extensions.erase(T::supported_groups);
                c.client.extensions.erase(T::key_share);
              }),
      malformed("signature_algorithms_empty", T::signature_algorithms, {}),
      malformed("signature_algorithms_none", T::signature_algorithms, vec16({})),
      malformed("signature_algorithms_of_three_octets", T::signature_algorithms, vec16({4, 3, 8})),
      malformed("signature_algorithms_beyond_the_end", T::signature_algorithms, join({u16(4), u16(0x0403)})),
      malformed("signature_algorithms_cert_none", T::signature_algorithms_cert, vec16({})),
      malformed("signature_algorithms_cert_of_one_octet", T::signature_algorithms_cert, vec16({4})),
      malformed("certificate_authorities_none", T::certificate_authorities, vec16({})),
      malformed("certificate_authorities_empty_name", T::certificate_authorities, vec16(vec16({}))),
      malformed("status_request_cut", T::status_request, {1, 0, 0}),
      malformed("status_request_beyond_the_end", T::status_request, {1, 0, 9, 0, 0}),
      malformed("compress_certificate_none", T::compress_certificate, vec8({})),
      malformed("compress_certificate_of_three_octets", T::compress_certificate, vec8({0, 1, 0})),
      malformed("server_certificate_type_none", T::server_certificate_type, vec8({})),
      malformed("server_certificate_type_with_more_behind", T::server_certificate_type, {1, 0, 0}),
      malformed("post_handshake_auth_with_content", T::post_handshake_auth, {0}),
      offered("early_data_with_content", Alert::decode_error, Reason::malformed_message,
              [](CertificateServer& c) {
                c.offer_early_data();
                c.client.extensions[T::early_data] = {0};
              }),
      offered(
          "signature_algorithms_twice", Alert::illegal_parameter, Reason::extension_duplicate,
          [](CertificateServer& c) { c.client.extensions.add(T::signature_algorithms, vec16(u16(0x0403))); }),
      offered("oid_filters", Alert::illegal_parameter, Reason::extension_misplaced,
              [](CertificateServer& c) { c.client.extensions.add(T::oid_filters, vec16({})); }),
      offered("only_of_the_server_openpgp", Alert::unsupported_certificate,
              Reason::no_common_certificate_type,
              [](CertificateServer& c) { c.client.extensions[T::server_certificate_type] = vec8({1}); }),
      offered("only_of_the_client_openpgp", Alert::unsupported_certificate,
              Reason::no_common_certificate_type,
              [](CertificateServer& c) {
                c.ask();
                c.client.extensions[T::client_certificate_type] = vec8({1});
              }),
      schemes("of_no_known_scheme", {0x1a1a, 0xfefe}),
      // Section 4.2.3: none of these is for a CertificateVerify.
      schemes("of_pkcs1_and_sha1_only", {0x0401, 0x0501, 0x0601, 0x0201, 0x0203}),
      schemes("of_another_curve_only", {0x0503, 0x0603}),
  };
}

std::vector<Variant> cert_with_extern_psk_variants() {
  const auto both = [](std::string name, Alert alert, Reason reason, auto spoil) {
    return to_server("extern_psk_" + std::move(name), alert, reason, [=](AgainstServer& c) {
      c.options.certificates = {server_certificate().certified_key()};
      c.options.cert_with_extern_psk = CertWithExternPsk::allow;
      c.client.extensions[T::signature_algorithms] = vec16(u16(0x0403));
      c.client.extensions[T::tls_cert_with_extern_psk];
      spoil(c);
      c.say_hello();
    });
  };
  const auto answered = [](std::string name, Alert alert, Reason reason, auto script) {
    return to_client("extern_psk_" + std::move(name), alert, reason, [=](AgainstClient& c) {
      c.options.verification = trusting();
      c.options.cert_with_extern_psk = CertWithExternPsk::allow;
      c.client_options.server_name = "server.example";
      c.up_to_hello();
      script(c);
    });
  };
  return {
      both("with_content", Alert::decode_error, Reason::malformed_message,
           [](AgainstServer& c) { c.client.extensions[T::tls_cert_with_extern_psk] = {0}; }),
      both("with_early_data", Alert::illegal_parameter, Reason::extension_misplaced,
           [](AgainstServer& c) { c.client.extensions[T::early_data]; }),
      both("without_psk_dhe_ke", Alert::handshake_failure, Reason::psk_mode_mismatch,
           [](AgainstServer& c) { c.client.extensions[T::psk_key_exchange_modes] = vec8(u8(0)); }),
      both("without_pre_shared_key", Alert::missing_extension, Reason::extension_missing,
           [](AgainstServer& c) { c.client.keys.clear(); }),
      both("with_a_wrong_key", Alert::decrypt_error, Reason::psk_binder_mismatch,
           [](AgainstServer& c) { c.client.keys[0].key.back() ^= 1; }),
      both("twice", Alert::illegal_parameter, Reason::extension_duplicate,
           [](AgainstServer& c) { c.client.extensions.add(T::tls_cert_with_extern_psk); }),
      to_certificate_server("extern_psk_with_a_ticket", Alert::illegal_parameter, Reason::psk_wrong_usage,
                            [](CertificateServer& c) {
                              c.options.cert_with_extern_psk = CertWithExternPsk::allow;
                              c.offer_ticket();
                              c.client.extensions[T::signature_algorithms] = vec16(u16(0x0403));
                              c.client.extensions[T::tls_cert_with_extern_psk];
                              c.say_hello();
                            }),
      both("not_offered_where_it_is_required", Alert::handshake_failure,
           Reason::certificate_with_psk_required,
           [](AgainstServer& c) {
             c.options.cert_with_extern_psk = CertWithExternPsk::require;
             c.client.extensions.erase(T::tls_cert_with_extern_psk);
           }),
      both("by_an_unknown_key_where_it_is_required", Alert::handshake_failure,
           Reason::certificate_with_psk_required,
           [](AgainstServer& c) {
             c.options.cert_with_extern_psk = CertWithExternPsk::require;
             c.client.keys = {{"nobody"}};
           }),
      // ---- what a server says ----
      to_client("extern_psk_chosen_and_not_offered", Alert::unsupported_extension,
                Reason::extension_unsolicited,
                [](AgainstClient& c) {
                  c.options.verification = trusting();
                  c.up_to_hello();
                  c.server.extensions[T::tls_cert_with_extern_psk];
                  c.say_hello();
                }),
      answered("chosen_without_pre_shared_key", Alert::illegal_parameter, Reason::extension_missing,
               [](AgainstClient& c) {
                 c.server.extensions.erase(T::pre_shared_key);
                 c.server.extensions[T::tls_cert_with_extern_psk];
                 c.say_hello();
               }),
      answered("chosen_without_key_share", Alert::missing_extension, Reason::extension_missing,
               [](AgainstClient& c) {
                 c.server.choose_psk_ke();
                 c.server.extensions[T::tls_cert_with_extern_psk];
                 c.say_hello();
               }),
      answered("chosen_in_a_retry", Alert::illegal_parameter, Reason::extension_misplaced,
               [](AgainstClient& c) {
                 c.server.retry_extensions[T::key_share] = u16(0x0017);
                 c.server.retry_extensions[T::tls_cert_with_extern_psk];
                 c.server.send_hello_retry_request();
               }),
      answered("chosen_in_encrypted_extensions", Alert::illegal_parameter, Reason::extension_misplaced,
               [](AgainstClient& c) {
                 c.say_hello();
                 c.server.encrypted_extensions.add(T::tls_cert_with_extern_psk);
                 c.say_encrypted_extensions();
               }),
      answered("chosen_and_no_certificate", Alert::unexpected_message, Reason::unexpected_message,
               [](AgainstClient& c) {
                 c.server.extensions[T::tls_cert_with_extern_psk];
                 c.say_hello();
                 c.say_encrypted_extensions();
                 c.server.send_finished();
               }),
      answered("chosen_and_the_certificate_of_a_stranger", Alert::unknown_ca,
               Reason::certificate_issuer_unknown,
               [](AgainstClient& c) {
                 static const Authority stranger;
                 const Issued issued = stranger.server();
                 c.server.extensions[T::tls_cert_with_extern_psk];
                 c.say_hello();
                 c.server.send_encrypted_extensions();
                 c.server.certificate = ScriptCertificate::of(issued);
                 c.server.send_certificate();
                 c.server.put_message(
                     signed_verify(c.server, Side::server, issued, SignatureScheme::ecdsa_secp256r1_sha256));
               }),
      answered("chosen_and_the_key_is_not_there", Alert::bad_record_mac, Reason::record_mac_wrong,
               [](AgainstClient& c) {
                 c.server.extensions[T::tls_cert_with_extern_psk];
                 c.say_hello();
                 c.server.use_write_secret(repeat(32, 7));
                 c.say_encrypted_extensions();
               }),
      to_client("extern_psk_required_and_a_certificate_alone", Alert::handshake_failure,
                Reason::certificate_with_psk_required,
                [](AgainstClient& c) {
                  c.options.verification = trusting();
                  c.options.cert_with_extern_psk = CertWithExternPsk::require;
                  c.server.by_key = false;
                  c.up_to_hello();
                  c.say_hello();
                }),
      to_client("extern_psk_required_and_a_key_alone", Alert::handshake_failure,
                Reason::certificate_with_psk_required,
                [](AgainstClient& c) {
                  c.options.verification = trusting();
                  c.options.cert_with_extern_psk = CertWithExternPsk::require;
                  c.up_to_wait_ee();
                }),
  };
}

}  // namespace sesame::test
