// The server's Certificate (RFC 8446 section 4.4.2), and what is stapled to it.
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using message::HandshakeType;
using record::ContentType;
using T = ScriptExtensions::Type;

template <class Spoil>
Variant shown(std::string name, Alert alert, Reason reason, const Spoil& spoil) {
  return to_certificate_client("server_certificate_" + std::move(name), alert, reason,
                               [=](CertificateClient& c) {
                                 c.up_to_wait_cert_cr();
                                 spoil(c.server.certificate);
                                 c.server.send_certificate();
                               });
}

template <class Spoil>
Variant octets(std::string name, Reason reason, Spoil spoil) {
  return to_certificate_client("server_certificate_" + std::move(name), Alert::decode_error, reason,
                               [=](CertificateClient& c) {
                                 c.up_to_wait_cert_cr();
                                 const Octets message = c.server.certificate.message();
                                 Octets body = body_of(message);
                                 spoil(body);
                                 c.server.put_message(with_body(message, body));
                               });
}

Variant unreadable(std::string name, const Octets& cert_data) {
  return shown(std::move(name), Alert::bad_certificate, Reason::certificate_malformed,
               [=](ScriptCertificate& s) { s.entries[0].cert_data = cert_data; });
}

Variant extension(std::string name, Alert alert, Reason reason, unsigned type, const Octets& data) {
  return shown(std::move(name), alert, reason,
               [=](ScriptCertificate& s) { s.entries[0].extensions.add(type, data); });
}

Octets status(const Octets& response) { return join({u8(1), vec24(response)}); }

// Asked for, and of a form that is no CertificateStatus.
Variant no_status(std::string name, const Octets& data) {
  return to_certificate_client("ocsp_" + std::move(name), Alert::decode_error, Reason::malformed_message,
                               [=](CertificateClient& c) {
                                 c.options.request_ocsp_response = true;
                                 c.up_to_wait_cert_cr();
                                 c.server.certificate.entries[0].extensions.add(T::status_request, data);
                                 c.server.send_certificate();
                               });
}

// A CertificateStatus whose response is refused when the certificate is judged.
template <class Make>
Variant stapled(std::string name, Alert alert, Reason reason, Make make) {
  return to_certificate_client("ocsp_" + std::move(name), alert, reason, [=](CertificateClient& c) {
    c.options.request_ocsp_response = true;
    c.up_to_wait_cert_cr();
    c.server.certificate.entries[0].extensions.add(T::status_request, status(make()));
    c.server.send_certificate();
    c.server.send_certificate_verify();
  });
}
template <class Make>
Variant invalid(std::string name, Make make) {
  return stapled(std::move(name), Alert::bad_certificate_status_response, Reason::ocsp_response_invalid,
                 make);
}

std::vector<Variant> ocsp_variants() {
  return {
      no_status("of_an_unknown_type", join({u8(2), vec24({1})})),
      no_status("empty", {}),
      no_status("without_response", join({u8(1), vec24({})})),
      no_status("beyond_the_end", join({u8(1), u24(9), {1}})),
      no_status("with_more_behind", join({status({1}), {0}})),
      invalid("of_one_octet", [] { return Octets{1}; }),
      invalid("of_zeros", [] { return repeat(1000, 0); }),
      invalid("nested_without_end", [] { return repeat(60'000, 0x30); }),
      invalid("of_indefinite_lengths",
              [] {
                Octets out;
                for (int i = 0; i < 10'000; ++i) append(out, Octets{0x30, 0x80});
                return out;
              }),
      invalid("cut",
              [] {
                Octets out = authority().ocsp(server_certificate());
                out.pop_back();
                return out;
              }),
      invalid("and_one_octet",
              [] {
                Octets out = authority().ocsp(server_certificate());
                out.push_back(0);
                return out;
              }),
      invalid("with_a_spoiled_signature",
              [] {
                Octets out = authority().ocsp(server_certificate(), {.includes_responder = false});
                out.back() ^= 1;
                return out;
              }),
      invalid("of_a_stranger",
              [] {
                static const Authority stranger;
                return stranger.ocsp(server_certificate());
              }),
      invalid("of_another_certificate", [] { return authority().ocsp(client_certificate()); }),
      invalid("out_of_date",
              [] {
                return authority().ocsp(server_certificate(),
                                        {.this_update = -hours(48), .next_update = -hours(24)});
              }),
      invalid("of_tomorrow",
              [] {
                return authority().ocsp(server_certificate(),
                                        {.this_update = hours(24), .next_update = hours(48)});
              }),
      invalid("that_knows_nothing",
              [] { return authority().ocsp(server_certificate(), {.status = OcspStatus::unknown}); }),
      invalid("try_later", [] { return authority().ocsp_error(3); }),
      stapled("revoked", Alert::certificate_revoked, Reason::certificate_revoked,
              [] { return authority().ocsp(server_certificate(), {.status = OcspStatus::revoked}); }),
  };
}

}  // namespace

std::vector<Variant> server_certificate_variants() {
  const auto unexpected = [](std::string name, auto script) {
    return to_certificate_client("server_certificate_" + std::move(name), Alert::unexpected_message,
                                 Reason::unexpected_message, script);
  };
  const auto declared = [](std::string name, Alert alert, Reason reason, HandshakeType type,
                           std::size_t size) {
    return to_certificate_client(
        "server_certificate_" + std::move(name), alert, reason, [=](CertificateClient& c) {
          c.up_to_wait_cert_cr();
          c.server.put_record(ContentType::handshake, join({u8(static_cast<unsigned>(type)), u24(size)}));
        });
  };
  // Judged, and refused.
  const auto judged = [](std::string name, Alert alert, Reason reason, auto make) {
    return to_certificate_client(
        "server_certificate_" + std::move(name), alert, reason, [=](CertificateClient& c) {
          c.up_to_wait_cert_cr();
          const Issued issued = make();
          c.server.certificate = ScriptCertificate::of(issued);
          c.server.send_certificate();
          c.server.put_message(
              signed_verify(c.server, Side::server, issued, SignatureScheme::ecdsa_secp256r1_sha256));
        });
  };
  std::vector<Variant> out = {
      shown("none", Alert::decode_error, Reason::certificate_empty,
            [](ScriptCertificate& s) { s.entries.clear(); }),
      shown("with_a_context", Alert::illegal_parameter, Reason::certificate_context_wrong,
            [](ScriptCertificate& s) { s.context = {0}; }),
      shown("none_with_a_context", Alert::illegal_parameter, Reason::certificate_context_wrong,
            [](ScriptCertificate& s) {
              s.context = {0};
              s.entries.clear();
            }),
      shown("of_no_octets", Alert::decode_error, Reason::malformed_message,
            [](ScriptCertificate& s) { s.entries[0].cert_data.clear(); }),
      shown("33_of_one_octet", Alert::bad_certificate, Reason::certificate_too_long,
            [](ScriptCertificate& s) { s.entries.assign(33, {{1}, {}}); }),
      shown("10000_of_one_octet", Alert::bad_certificate, Reason::certificate_too_long,
            [](ScriptCertificate& s) { s.entries.assign(10'000, {{1}, {}}); }),
      shown("32_and_the_last_unreadable", Alert::bad_certificate, Reason::certificate_malformed,
            [](ScriptCertificate& s) {
              s.entries.assign(32, s.entries[0]);
              s.entries.back().cert_data.pop_back();
            }),
      unreadable("of_one_octet", {0}),
      unreadable("of_zeros", repeat(1000, 0)),
      unreadable("nested_without_end", repeat(60'000, 0x30)),
      unreadable("one_octet_less",
                 [] {
                   Octets der = server_certificate().der();
                   der.pop_back();
                   return der;
                 }()),
      unreadable("one_octet_more", join({server_certificate().der(), {0}})),
      unreadable("as_a_raw_public_key", server_certificate().public_key()),
      octets("empty", Reason::malformed_message, [](Octets& body) { body.clear(); }),
      octets("cut", Reason::malformed_message, [](Octets& body) { body.pop_back(); }),
      octets("with_more_behind", Reason::trailing_octets, [](Octets& body) { body.push_back(0); }),
      octets("list_beyond_the_end", Reason::malformed_message, [](Octets& body) { body[1] = 1; }),
      octets("entry_beyond_the_list", Reason::malformed_message, [](Octets& body) { body[4] = 1; }),
      octets("without_extensions", Reason::malformed_message,
             [](Octets& body) {
               body.resize(body.size() - 2);
               const std::size_t list = body.size() - 4;
               body[2] = static_cast<std::uint8_t>(list >> 8);
               body[3] = static_cast<std::uint8_t>(list);
             }),
      declared("declared_one_above_the_limit", Alert::bad_certificate, Reason::certificate_too_long,
               HandshakeType::certificate, 65'537),
      declared("declared_16_megabytes", Alert::decode_error, Reason::message_too_long,
               HandshakeType::certificate, 0xffffff),
      declared("compressed_declared_above_the_limit", Alert::bad_certificate, Reason::certificate_too_long,
               HandshakeType::compressed_certificate, 65'537),
      extension("with_an_unasked_ocsp_response", Alert::unsupported_extension, Reason::extension_unsolicited,
                5, status({1})),
      extension("with_an_unasked_sct", Alert::unsupported_extension, Reason::extension_unsolicited, 18,
                {0, 0}),
      extension("with_an_unknown_extension", Alert::unsupported_extension, Reason::extension_unsolicited,
                0x1a1a, {}),
      extension("with_server_name", Alert::illegal_parameter, Reason::extension_misplaced, 0, {}),
      extension("with_pre_shared_key", Alert::illegal_parameter, Reason::extension_misplaced, 41, u16(0)),
      extension("with_tls_cert_with_extern_psk", Alert::illegal_parameter, Reason::extension_misplaced, 33,
                {}),
      to_certificate_client(
          "server_certificate_with_two_ocsp_responses", Alert::illegal_parameter, Reason::extension_duplicate,
          [](CertificateClient& c) {
            c.options.request_ocsp_response = true;
            c.up_to_wait_cert_cr();
            for (int i = 0; i < 2; ++i)
              c.server.certificate.entries[0].extensions.add(T::status_request, status({1}));
            c.server.send_certificate();
          }),
      to_certificate_client("server_certificate_with_a_malformed_ocsp_response_at_the_second",
                            Alert::decode_error, Reason::malformed_message,
                            [](CertificateClient& c) {
                              c.options.request_ocsp_response = true;
                              c.up_to_wait_cert_cr();
                              auto& entries = c.server.certificate.entries;
                              entries.push_back(entries[0]);
                              entries[1].extensions.add(T::status_request, {1});
                              c.server.send_certificate();
                            }),
      to_certificate_client("server_certificate_without_the_ocsp_response_that_is_required",
                            Alert::bad_certificate_status_response, Reason::ocsp_response_missing,
                            [](CertificateClient& c) {
                              c.options.request_ocsp_response = true;
                              c.options.verification->require_ocsp_response = true;
                              c.up_to_wait_finished();
                            }),
      judged("of_a_stranger", Alert::unknown_ca, Reason::certificate_issuer_unknown,
             [] {
               static const Authority stranger;
               return stranger.server();
             }),
      judged("for_another_name", Alert::bad_certificate, Reason::certificate_name_mismatch,
             [] { return authority().server("another.example"); }),
      judged(
          "of_a_client", Alert::unsupported_certificate, Reason::certificate_purpose_wrong,
          [] { return authority().issue({.dns = {"server.example"}, .extended_key_usage = "clientAuth"}); }),
      judged("of_an_end_entity_below_an_end_entity", Alert::unknown_ca, Reason::certificate_issuer_unknown,
             [] {
               // What no authority issued, with a true chain behind it.
               static const Authority stranger;
               Issued forged = stranger.server();
               forged.intermediates = {server_certificate().certificate};
               return forged;
             }),
      unexpected("twice",
                 [](CertificateClient& c) {
                   c.up_to_wait_cv();
                   c.server.send_certificate();
                 }),
      unexpected("left_out_before_certificate_verify",
                 [](CertificateClient& c) {
                   c.up_to_wait_cert_cr();
                   c.server.send_certificate_verify();
                 }),
      unexpected("left_out_before_finished",
                 [](CertificateClient& c) {
                   c.up_to_wait_cert_cr();
                   c.server.send_finished();
                 }),
      unexpected("left_out_behind_a_request",
                 [](CertificateClient& c) {
                   c.up_to_wait_cert();
                   c.server.send_finished();
                 }),
      unexpected("behind_certificate_verify",
                 [](CertificateClient& c) {
                   c.up_to_wait_finished();
                   c.server.send_certificate();
                 }),
      unexpected("beside_a_ticket",
                 [](CertificateClient& c) {
                   c.hold_session();
                   c.up_to_wait_cert_cr();
                   c.server.send_certificate();
                 }),
      to_client("server_certificate_beside_a_key", Alert::unexpected_message, Reason::unexpected_message,
                [](AgainstClient& c) {
                  c.options.verification = trusting();
                  c.up_to_wait_finished();
                  c.server.send_certificate();
                }),
      // A client that has keys alone takes no handshake without one.
      to_client("server_certificate_in_place_of_a_key", Alert::handshake_failure, Reason::psk_not_selected,
                [](AgainstClient& c) {
                  c.server.by_key = false;
                  c.up_to_wait_ee();
                }),
      to_certificate_client("server_certificate_of_a_type_not_offered", Alert::unsupported_extension,
                            Reason::extension_unsolicited,
                            [](CertificateClient& c) {
                              c.up_to_wait_ee();
                              c.server.encrypted_extensions.add(T::server_certificate_type, {2});
                              c.say_encrypted_extensions();
                            }),
  };
  const auto types = [](std::string name, Alert alert, Reason reason, T type, const Octets& data) {
    return to_certificate_client(
        "certificate_type_" + std::move(name), alert, reason, [=](CertificateClient& c) {
          c.options.peer_certificate_types = {CertificateType::raw_public_key};
          c.options.verification->raw_public_keys = {server_certificate().public_key()};
          c.options.certificates = {client_certificate().raw_public_key()};
          c.up_to_wait_ee();
          if (!data.empty()) c.server.encrypted_extensions.add(type, data);
          c.say_encrypted_extensions();
        });
  };
  const Reason no_common = Reason::no_common_certificate_type;
  for (const Variant& v :
       {types("of_the_server_another", Alert::illegal_parameter, no_common, T::server_certificate_type, {0}),
        types("of_the_server_openpgp", Alert::illegal_parameter, no_common, T::server_certificate_type, {1}),
        types("of_the_client_another", Alert::illegal_parameter, no_common, T::client_certificate_type, {0}),
        types("of_the_server_not_chosen", Alert::unsupported_certificate, no_common,
              T::server_certificate_type, {}),
        types("of_the_server_two_octets", Alert::decode_error, Reason::malformed_message,
              T::server_certificate_type, {2, 2})})
    out.push_back(v);
  const auto raw = [&](std::string name, Alert alert, Reason reason, const std::vector<Octets>& shown_keys) {
    out.push_back(
        to_certificate_client("raw_public_key_" + std::move(name), alert, reason, [=](CertificateClient& c) {
          c.options.peer_certificate_types = {CertificateType::raw_public_key};
          c.options.verification->raw_public_keys = {server_certificate().public_key()};
          c.up_to_wait_ee();
          c.server.encrypted_extensions.add(T::server_certificate_type, {2});
          c.say_encrypted_extensions();
          c.server.certificate.entries.clear();
          for (const Octets& key : shown_keys) c.server.certificate.entries.push_back({key, {}});
          c.server.send_certificate();
        }));
  };
  const Octets key = server_certificate().public_key();
  raw("twice", Alert::decode_error, Reason::malformed_message, {key, key});
  raw("none", Alert::decode_error, Reason::certificate_empty, {});
  raw("as_a_certificate", Alert::bad_certificate, Reason::certificate_malformed,
      {server_certificate().der()});
  raw("one_octet_more", Alert::bad_certificate, Reason::certificate_malformed, {join({key, {0}})});
  raw("of_zeros", Alert::bad_certificate, Reason::certificate_malformed, {repeat(91, 0)});
  for (const Variant& v : ocsp_variants()) out.push_back(v);
  return out;
}

}  // namespace sesame::test
