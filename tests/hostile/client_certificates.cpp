// The client's Certificate (RFC 8446 section 4.4.2.4), in the handshake and after it.
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using record::ContentType;
using T = ScriptExtensions::Type;

template <class Spoil>
void shown(std::vector<Variant>& out, const std::string& name, Alert alert, Reason reason, Spoil spoil) {
  out.push_back(to_certificate_server("client_certificate_" + name, alert, reason, [=](CertificateServer& c) {
    c.up_to_wait_cert();
    spoil(c.certificate);
    c.send_certificate();
  }));
  out.push_back(to_certificate_server("late_certificate_" + name, alert, reason, [=](CertificateServer& c) {
    c.up_to_asked();
    spoil(c.certificate);
    c.send_certificate();
  }));
}

// Well formed, and refused when it is judged.
template <class Make>
void judged(std::vector<Variant>& out, const std::string& name, Alert alert, Reason reason, Make make) {
  const auto show = [=](CertificateServer& c) {
    const Issued issued = make();
    c.certificate = ScriptCertificate::of(issued, c.certificate.context);
    c.send_certificate();
    c.client.put_message(
        signed_verify(c.client, Side::client, issued, SignatureScheme::ecdsa_secp256r1_sha256));
  };
  out.push_back(to_certificate_server("client_certificate_" + name, alert, reason, [=](CertificateServer& c) {
    c.up_to_wait_cert();
    show(c);
  }));
  out.push_back(to_certificate_server("late_certificate_" + name, alert, reason, [=](CertificateServer& c) {
    c.up_to_asked();
    show(c);
  }));
}

Variant unexpected(std::string name, void (*script)(CertificateServer&)) {
  return to_certificate_server(std::move(name), Alert::unexpected_message, Reason::unexpected_message,
                               script);
}

}  // namespace

std::vector<Variant> client_certificate_variants() {
  std::vector<Variant> out;
  shown(out, "none_where_one_is_required", Alert::certificate_required, Reason::certificate_required,
        [](ScriptCertificate& s) { s.entries.clear(); });
  shown(out, "with_one_octet_more_of_context", Alert::illegal_parameter, Reason::certificate_context_wrong,
        [](ScriptCertificate& s) { s.context.push_back(0); });
  shown(out, "of_no_octets", Alert::decode_error, Reason::malformed_message,
        [](ScriptCertificate& s) { s.entries[0].cert_data.clear(); });
  shown(out, "33_of_one_octet", Alert::bad_certificate, Reason::certificate_too_long,
        [](ScriptCertificate& s) { s.entries.assign(33, {{1}, {}}); });
  shown(out, "of_zeros", Alert::bad_certificate, Reason::certificate_malformed,
        [](ScriptCertificate& s) { s.entries[0].cert_data = repeat(1000, 0); });
  shown(out, "and_one_unreadable", Alert::bad_certificate, Reason::certificate_malformed,
        [](ScriptCertificate& s) { s.entries.push_back({{1}, {}}); });
  shown(out, "with_an_unasked_ocsp_response", Alert::unsupported_extension, Reason::extension_unsolicited,
        [](ScriptCertificate& s) { s.entries[0].extensions.add(5, join({u8(1), vec24({1})})); });
  shown(out, "with_an_unknown_extension", Alert::unsupported_extension, Reason::extension_unsolicited,
        [](ScriptCertificate& s) { s.entries[0].extensions.add(0x1a1a); });
  shown(out, "with_key_share", Alert::illegal_parameter, Reason::extension_misplaced,
        [](ScriptCertificate& s) { s.entries[0].extensions.add(51); });
  judged(out, "of_a_stranger", Alert::unknown_ca, Reason::certificate_issuer_unknown, [] {
    static const Authority stranger;
    return stranger.client();
  });
  judged(out, "of_a_server", Alert::unsupported_certificate, Reason::certificate_purpose_wrong,
         [] { return authority().server(); });
  judged(out, "expired", Alert::certificate_expired, Reason::certificate_expired, [] {
    return authority().issue(
        {.extended_key_usage = "clientAuth", .not_before = -hours(48), .not_after = -hours(24)});
  });

  const std::vector<Variant> order = {
      unexpected("client_certificate_left_out_before_certificate_verify",
                 [](CertificateServer& c) {
                   c.up_to_wait_cert();
                   c.send_certificate_verify();
                 }),
      unexpected("client_certificate_left_out_before_finished",
                 [](CertificateServer& c) {
                   c.up_to_wait_cert();
                   c.client.send_finished();
                 }),
      unexpected("client_certificate_left_out_where_it_was_only_requested",
                 [](CertificateServer& c) {
                   c.ask(ClientCertificates::request);
                   c.up_to_wait_cert();
                   c.client.send_finished();
                 }),
      unexpected("client_certificate_twice",
                 [](CertificateServer& c) {
                   c.up_to_wait_cv();
                   c.send_certificate();
                 }),
      unexpected("client_certificate_behind_certificate_verify",
                 [](CertificateServer& c) {
                   c.up_to_certified();
                   c.send_certificate();
                 }),
      unexpected("client_certificate_none_and_a_certificate_verify",
                 [](CertificateServer& c) {
                   c.ask(ClientCertificates::request);
                   c.up_to_wait_cert();
                   c.certificate.entries.clear();
                   c.send_certificate();
                   c.send_certificate_verify();
                 }),
      unexpected("client_certificate_unasked",
                 [](CertificateServer& c) {
                   c.AgainstServer::up_to_wait_finished();
                   c.send_certificate();
                 }),
      unexpected("client_certificate_unasked_compressed",
                 [](CertificateServer& c) {
                   c.AgainstServer::up_to_wait_finished();
                   c.client.put_message(compressed_certificate(1, 1000, repeat(100, 1)));
                 }),
      to_server("client_certificate_beside_a_key", Alert::unexpected_message, Reason::unexpected_message,
                [](AgainstServer& c) {
                  c.options.verification = trusting();
                  c.options.client_certificates = ClientCertificates::request;
                  c.up_to_wait_finished();
                  c.client.put_message(ScriptCertificate::of(client_certificate()).message());
                }),
      unexpected("client_certificate_beside_a_ticket",
                 [](CertificateServer& c) {
                   c.ask(ClientCertificates::request);
                   c.options.client_certificates = ClientCertificates::none;
                   c.offer_ticket();
                   c.AgainstServer::up_to_wait_finished();
                   c.send_certificate();
                 }),
      to_certificate_server("client_certificate_that_the_finished_does_not_know", Alert::decrypt_error,
                            Reason::finished_mismatch,
                            [](CertificateServer& c) {
                              c.up_to_wait_cert();
                              const Octets before = c.client.transcript;
                              c.send_certificate();
                              c.send_certificate_verify();
                              c.client.transcript = before;
                              c.client.send_finished();
                            }),
  };
  out.insert(out.end(), order.begin(), order.end());
  return out;
}

}  // namespace sesame::test
