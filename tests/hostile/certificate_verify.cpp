// CertificateVerify (RFC 8446 section 4.4.3): of the server, of the client, and of the client after the
// handshake.
#include "hostile/variant.h"

namespace sesame::test {

namespace {

constexpr auto p256 = SignatureScheme::ecdsa_secp256r1_sha256;

// The place where a signature is due, whoever owes it.
struct Place {
  ScriptPeer& peer;
  Side side;
  const Issued& own;
  const Octets& certificate;  // the message in front of it

  Octets signature() const { return signature_over(peer.hash(peer.transcript).bytes(), side, own, p256); }
  Side other() const { return side == Side::client ? Side::server : Side::client; }
};
using Make = std::function<Octets(const Place&)>;

void everywhere(std::vector<Variant>& out, const std::string& name, Alert alert, Reason reason,
                const Make& make) {
  out.push_back(
      to_certificate_client("verify_" + name + "_of_a_server", alert, reason, [=](CertificateClient& c) {
        c.up_to_wait_cv();
        const Octets shown = c.server.certificate.message();
        c.server.put_message(make({c.server, Side::server, server_certificate(), shown}));
      }));
  const auto of_a_client = [=](CertificateServer& c) {
    const Octets shown = c.certificate.message();
    c.client.put_message(make({c.client, Side::client, client_certificate(), shown}));
  };
  out.push_back(
      to_certificate_server("verify_" + name + "_of_a_client", alert, reason, [=](CertificateServer& c) {
        c.up_to_wait_cv();
        of_a_client(c);
      }));
  out.push_back(to_certificate_server("verify_" + name + "_late", alert, reason, [=](CertificateServer& c) {
    c.up_to_post_wait_cv();
    of_a_client(c);
  }));
}

}  // namespace

std::vector<Variant> certificate_verify_variants() {
  std::vector<Variant> out;
  const auto invalid = [&](const std::string& name, const std::function<Octets(const Place&)>& signature) {
    everywhere(out, name, Alert::decrypt_error, Reason::signature_invalid,
               [=](const Place& p) { return verify_message(static_cast<unsigned>(p256), signature(p)); });
  };
  const auto by_scheme = [&](const std::string& name, unsigned scheme) {
    everywhere(out, "by_" + name, Alert::illegal_parameter, Reason::signature_scheme_not_offered,
               [=](const Place& p) { return verify_message(scheme, p.signature()); });
  };
  const auto form = [&](const std::string& name, Reason reason, const std::function<void(Octets&)>& spoil) {
    everywhere(out, name, Alert::decode_error, reason, [=](const Place& p) {
      const Octets message = verify_message(static_cast<unsigned>(p256), p.signature());
      Octets body = body_of(message);
      spoil(body);
      return with_body(message, body);
    });
  };
  // Section 4.2.3: for certificates, and never here.
  by_scheme("rsa_pkcs1_sha256", 0x0401);
  by_scheme("rsa_pkcs1_sha512", 0x0601);
  by_scheme("rsa_pkcs1_sha1", 0x0201);
  by_scheme("ecdsa_sha1", 0x0203);
  by_scheme("dsa_sha256", 0x0402);
  by_scheme("scheme_0", 0);
  by_scheme("scheme_that_nobody_has", 0xfefe);
  // Offered, and not for this key.
  by_scheme("ecdsa_of_another_curve", 0x0503);
  by_scheme("ed25519_with_another_key", 0x0807);
  by_scheme("rsa_pss_with_another_key", 0x0804);

  invalid("empty_signature", [](const Place&) { return Octets(); });
  invalid("of_zeros", [](const Place&) { return repeat(72, 0); });
  invalid("of_65000_octets", [](const Place&) { return repeat(32'000, 0x30); });
  invalid("cut", [](const Place& p) {
    Octets s = p.signature();
    s.pop_back();
    return s;
  });
  invalid("with_more_behind", [](const Place& p) { return join({p.signature(), {0}}); });
  invalid("spoiled", [](const Place& p) {
    Octets s = p.signature();
    s.back() ^= 1;
    return s;
  });
  invalid("by_another_key", [](const Place& p) {
    const Issued& wrong = p.side == Side::client ? server_certificate() : client_certificate();
    return signature_over(p.peer.hash(p.peer.transcript).bytes(), p.side, wrong, p256);
  });
  // Section 4.4.3: the context string keeps a signature of one side from being the other's.
  invalid("with_the_context_string_of_the_other_side", [](const Place& p) {
    return signature_over(p.peer.hash(p.peer.transcript).bytes(), p.other(), p.own, p256);
  });
  invalid("over_nothing", [](const Place& p) { return signature_over({}, p.side, p.own, p256); });
  invalid("over_an_empty_transcript",
          [](const Place& p) { return signature_over(p.peer.hash({}).bytes(), p.side, p.own, p256); });
  invalid("over_the_transcript_without_the_certificate", [](const Place& p) {
    const Bytes before = Bytes(p.peer.transcript).first(p.peer.transcript.size() - p.certificate.size());
    return signature_over(p.peer.hash(before).bytes(), p.side, p.own, p256);
  });
  invalid("over_another_transcript", [](const Place& p) {
    Octets other = p.peer.transcript;
    other[10] ^= 1;  // in the ClientHello's random
    return signature_over(p.peer.hash(other).bytes(), p.side, p.own, p256);
  });
  invalid("over_the_transcript_itself",
          [](const Place& p) { return signature_over(p.peer.transcript, p.side, p.own, p256); });

  form("empty", Reason::malformed_message, [](Octets& body) { body.clear(); });
  form("of_one_octet", Reason::malformed_message, [](Octets& body) { body.resize(1); });
  form("beyond_the_end", Reason::malformed_message, [](Octets& body) { body.pop_back(); });
  form("with_octets_behind_it", Reason::trailing_octets, [](Octets& body) { body.push_back(0); });

  everywhere(out, "left_out", Alert::unexpected_message, Reason::unexpected_message,
             [](const Place& p) { return p.peer.finished(); });

  // What this side did not offer, though it could verify it.
  out.push_back(to_certificate_client("verify_by_a_scheme_not_offered", Alert::illegal_parameter,
                                      Reason::signature_scheme_not_offered, [](CertificateClient& c) {
                                        c.options.signature_schemes = {SignatureScheme::ed25519,
                                                                       SignatureScheme::rsa_pss_rsae_sha256};
                                        c.up_to_wait_cv();
                                        c.server.send_certificate_verify();
                                      }));
  out.push_back(to_certificate_client("verify_twice", Alert::unexpected_message, Reason::unexpected_message,
                                      [](CertificateClient& c) {
                                        c.up_to_wait_finished();
                                        c.server.send_certificate_verify();
                                      }));
  out.push_back(to_certificate_server("verify_twice_of_a_client", Alert::unexpected_message,
                                      Reason::unexpected_message, [](CertificateServer& c) {
                                        c.up_to_certified();
                                        c.send_certificate_verify();
                                      }));
  // The one of another connection, between the same two.
  out.push_back(to_certificate_client("verify_of_another_connection", Alert::decrypt_error,
                                      Reason::signature_invalid, [](CertificateClient& c) {
                                        CertificateClient other;
                                        other.up_to_wait_cv();
                                        c.up_to_wait_cv();
                                        c.server.put_message(other.server.certificate_verify());
                                      }));
  // The Finished behind it is over a transcript that has no CertificateVerify in it.
  out.push_back(to_certificate_client("verify_that_the_finished_does_not_know", Alert::decrypt_error,
                                      Reason::finished_mismatch, [](CertificateClient& c) {
                                        c.up_to_wait_cv();
                                        c.server.put_record(record::ContentType::handshake,
                                                            c.server.certificate_verify());
                                        c.server.send_finished();
                                      }));
  return out;
}

}  // namespace sesame::test
