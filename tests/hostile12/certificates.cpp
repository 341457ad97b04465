// Certificates, requests for them, their status, and CertificateVerify (RFC 5246
// sections 7.4.2, 7.4.4, 7.4.6, 7.4.8, RFC 6066 section 8).
#include <openssl/evp.h>

#include "hostile12/variants.h"

namespace sesame::test {

namespace {

constexpr Alert decode = Alert::decode_error;
constexpr Alert illegal = Alert::illegal_parameter;
const std::string_view ecdsa = "ecdhe_ecdsa", certified = "ecdhe_ecdsa_client_certificate";

Octets message_of(message::HandshakeType type, const Octets& body) { return ScriptPeer::message(type, body); }

template <class Make>
Variant of_server(
    std::string name, Alert alert, Reason reason, Make message, std::string_view which = ecdsa,
    std::function<void(AgainstClient12&)> before = [](AgainstClient12&) {}) {
  return to_client12(
      "certificate_" + name, alert, reason,
      [=](AgainstClient12& c) {
        before(c);
        c.up_to_hello_said();
        c.server.put(message(c.server));
        c.exchange();
        if (c.subject().failure) return;
        // Judged at the latest when it has signed.
        c.server.send_key_exchange();
        c.server.send_done();
      },
      which);
}

Octets list_of(const std::vector<Octets>& chain) { return certificate12(chain); }

std::vector<Variant> of_servers() {
  using message::HandshakeType;
  using S = Script12Server;
  const Reason malformed = Reason::malformed_message;
  const Octets der = server_certificate().der();
  const auto body = [](std::string name, Reason reason, Octets octets) {
    return of_server(std::move(name), decode, reason,
                     [=](S&) { return message_of(HandshakeType::certificate, octets); });
  };
  return {
      of_server("list_empty", decode, Reason::certificate_empty, [](S&) { return list_of({}); }),
      body("without_a_list", malformed, {}),
      body("of_a_cut_list", malformed, join({u24(der.size() + 4), vec24(der)})),
      body("and_an_octet", Reason::trailing_octets, join({vec24(vec24(der)), {0}})),
      body("of_no_octets", malformed, vec24(vec24({}))),
      body("cut_in_the_second", malformed, vec24(join({vec24(der), {0, 0}}))),
      of_server("garbage", Alert::bad_certificate, Reason::certificate_malformed,
                [](S&) { return list_of({repeat(100, 0x30)}); }),
      of_server("cut", Alert::bad_certificate, Reason::certificate_malformed,
                [=](S&) { return list_of({Octets(der.begin(), der.end() - 1)}); }),
      of_server("and_octets_in_it", Alert::bad_certificate, Reason::certificate_malformed,
                [=](S&) { return list_of({join({der, {0}})}); }),
      of_server("of_70000_octets", Alert::bad_certificate, Reason::certificate_too_long,
                [](S&) { return list_of({repeat(70000, 1)}); }),
      of_server("chain_of_1000", Alert::bad_certificate, Reason::certificate_too_long,
                [](S&) { return list_of(std::vector<Octets>(1000, repeat(20, 1))); }),
      // RFC 5246 section 7.4.2, RFC 8422 section 5.3: of another kind than the suite's.
      of_server("of_rsa_for_ecdsa", Alert::bad_certificate, Reason::certificate_key_unsuitable,
                [](S&) { return list_of(server_certificate(KeyType::rsa2048).chain()); }),
      of_server(
          "of_ecdsa_for_rsa", Alert::bad_certificate, Reason::certificate_key_unsuitable,
          [](S&) { return list_of(server_certificate().chain()); }, "rsa"),
      of_server(
          "of_ecdsa_for_ecdhe_rsa", Alert::bad_certificate, Reason::certificate_key_unsuitable,
          [](S&) { return list_of(server_certificate().chain()); }, "ecdhe_rsa"),
      of_server(
          "of_pss_for_transport", Alert::bad_certificate, Reason::certificate_key_unsuitable,
          [](S&) { return list_of(server_certificate(KeyType::rsa_pss).chain()); }, "rsa"),
      of_server(
          "of_ecdsa_for_rsa_psk", Alert::bad_certificate, Reason::certificate_key_unsuitable,
          [](S&) { return list_of(server_certificate().chain()); }, "rsa_psk"),
      to_client12(
          "certificate_of_another_authority", Alert::unknown_ca, Reason::certificate_issuer_unknown,
          [](AgainstClient12& c) {
            static const Authority other(KeyType::p256, "Other Root");
            static const Issued issued = other.server("server.example");
            c.server.issued = &issued;
            c.up_to_hello();
            c.server.send_flight();
          },
          ecdsa),
      to_client12(
          "certificate_of_another_name", Alert::bad_certificate, Reason::certificate_name_mismatch,
          [](AgainstClient12& c) {
            static const Issued issued = authority().server("other.example");
            c.server.issued = &issued;
            c.up_to_hello();
            c.server.send_flight();
          },
          ecdsa),
      to_client12(
          "certificate_of_a_client", Alert::unsupported_certificate, Reason::certificate_purpose_wrong,
          [](AgainstClient12& c) {
            static const Issued issued = authority().issue(
                {.subject = "x", .dns = {"server.example"}, .extended_key_usage = "clientAuth"});
            c.server.issued = &issued;
            c.up_to_hello();
            c.server.send_flight();
          },
          ecdsa),
  };
}

std::vector<Variant> requests() {
  const Reason malformed = Reason::malformed_message;
  const auto request = [](std::string name, Reason reason, Octets octets,
                          std::string_view which = "ecdhe_ecdsa_client_certificate") {
    return to_client12(
        "certificate_request_" + name, decode, reason,
        [=](AgainstClient12& c) {
          c.up_to_hello_said();
          c.server.send_certificate();
          c.server.send_key_exchange();
          c.server.put(message_of(message::HandshakeType::certificate_request, octets));
        },
        which);
  };
  const Octets types = vec8({64, 1}), schemes = vec16(u16(0x0403));
  return {
      request("empty", malformed, {}),
      request("without_types", malformed, join({vec8({}), schemes, vec16({})})),
      request("without_schemes", malformed, join({types, vec16({}), vec16({})})),
      request("with_an_odd_list_of_schemes", malformed, join({types, vec16({4, 3, 4}), vec16({})})),
      request("without_authorities", malformed, join({types, schemes})),
      request("with_an_empty_name", malformed, join({types, schemes, vec16(vec16({}))})),
      request("with_a_cut_name", malformed, join({types, schemes, vec16({0, 9, 1})})),
      request("and_an_octet", Reason::trailing_octets, join({types, schemes, vec16({}), {0}})),
      request("of_tls10_in_tls12", malformed, join({types, vec16({})})),
      request("of_tls12_in_tls10", malformed, join({types, schemes, vec16({})}), "ecdhe_ecdsa_tls10"),
      request("of_tls13", malformed, join({vec8({}), vec16({})})),
  };
}

std::vector<Variant> statuses() {
  const auto status = [](std::string name, Alert alert, Reason reason, Octets body) {
    return to_client12(
        "certificate_status_" + name, alert, reason,
        [=](AgainstClient12& c) {
          c.options.request_ocsp_response = true;
          c.up_to_hello();
          c.server.extensions[Script12Server::Type::status_request];
          c.server.send_server_hello();
          c.server.send_certificate();
          c.server.put(message_of(message::HandshakeType::certificate_status, body));
          c.server.send_key_exchange();
          c.server.send_done();
        },
        ecdsa);
  };
  const Reason malformed = Reason::malformed_message;
  return {
      status("empty", decode, malformed, {}),
      status("of_another_type", decode, malformed, join({u8(2), vec24({1})})),
      status("without_a_response", decode, malformed, join({u8(1), vec24({})})),
      status("cut", decode, malformed, join({u8(1), u24(10), {1}})),
      status("and_an_octet", decode, Reason::trailing_octets, join({u8(1), vec24({1}), {0}})),
      status("garbage", Alert::bad_certificate_status_response, Reason::ocsp_response_invalid,
             join({u8(1), vec24(repeat(50, 1))})),
      to_client12(
          "certificate_status_twice", Alert::unexpected_message, Reason::unexpected_message,
          [](AgainstClient12& c) {
            c.options.request_ocsp_response = true;
            c.up_to_hello();
            c.server.extensions[Script12Server::Type::status_request];
            c.server.send_server_hello();
            c.server.send_certificate();
            const Octets body = join({u8(1), vec24({1})});
            c.server.put(message_of(message::HandshakeType::certificate_status, body));
            c.server.put(message_of(message::HandshakeType::certificate_status, body));
          },
          ecdsa),
  };
}

std::vector<Variant> of_clients() {
  const Reason malformed = Reason::malformed_message;
  const Octets der = client_certificate().der();
  const auto shown = [](std::string name, Alert alert, Reason reason, Octets message) {
    return to_server12(
        "certificate_" + name, alert, reason,
        [=](AgainstServer12& c) {
          c.up_to_done();
          c.client.put_message(message);
        },
        certified);
  };
  const auto body = [&](std::string name, Reason reason, Octets octets) {
    return shown(std::move(name), decode, reason, message_of(message::HandshakeType::certificate, octets));
  };
  const auto issued = [](std::string name, Alert alert, Reason reason, std::function<const Issued*()> make) {
    return to_server12(
        "certificate_" + name, alert, reason,
        [=](AgainstServer12& c) {
          c.client.issued = make();
          c.up_to_exchange();
        },
        certified);
  };
  return {
      // RFC 5246 section 7.4.6; the alert certificate_required is of TLS 1.3.
      shown("missing_where_it_is_required", Alert::handshake_failure, Reason::certificate_required,
            certificate12({})),
      body("empty", malformed, {}),
      body("cut", malformed, join({u24(der.size() + 4), vec24(der)})),
      body("and_an_octet", Reason::trailing_octets, join({vec24(vec24(der)), {0}})),
      body("of_no_octets", malformed, vec24(vec24({}))),
      body("in_the_form_of_tls13", malformed, join({vec8({}), vec24(join({vec24(der), vec16({})}))})),
      shown("garbage", Alert::bad_certificate, Reason::certificate_malformed,
            certificate12({repeat(100, 0x30)})),
      shown("of_70000_octets", Alert::bad_certificate, Reason::certificate_too_long,
            certificate12({repeat(70000, 1)})),
      issued("of_another_authority", Alert::unknown_ca, Reason::certificate_issuer_unknown,
             [] {
               static const Authority other(KeyType::p256, "Other Root");
               static const Issued made = other.client();
               return &made;
             }),
      issued("of_a_server", Alert::unsupported_certificate, Reason::certificate_purpose_wrong,
             [] {
               static const Issued made =
                   authority().issue({.subject = "x", .extended_key_usage = "serverAuth"});
               return &made;
             }),
  };
}

std::vector<Variant> verifies() {
  std::vector<Variant> out;
  const auto verify = [&](std::string name, Alert alert, Reason reason, auto make,
                          std::string_view which = "ecdhe_ecdsa_client_certificate") {
    out.push_back(to_server12(
        "certificate_verify_" + name + "_of_" + std::string(which), alert, reason,
        [=](AgainstServer12& c) {
          c.up_to_done();
          c.client.send_certificate();
          c.client.send_client_key_exchange();
          c.client.put_message(make(c.client));
        },
        which));
  };
  using C = Script12Client;
  const auto signed_by = [](const C& c, EVP_PKEY* key, const Octets& input) {
    return message_of(message::HandshakeType::certificate_verify,
                      c.digitally_signed(key, usual_scheme(key), input));
  };
  for (const std::string_view which : {certified, std::string_view("ecdhe_ecdsa_tls10")}) {
    const auto invalid = [&](std::string name, auto make) {
      verify(std::move(name), Alert::decrypt_error, Reason::signature_invalid, make, which);
    };
    invalid("flipped", [](C& c) {
      Octets m = c.certificate_verify();
      m.back() ^= 1;
      return m;
    });
    invalid("over_less", [=](C& c) {
      Octets less = c.transcript;
      less.pop_back();
      return signed_by(c, c.issued->key.get(), less);
    });
    invalid("over_the_hash", [=](C& c) { return signed_by(c, c.issued->key.get(), c.transcript_hash()); });
    invalid("by_another_key", [=](C& c) {
      static const KeyPointer other = make_key(KeyType::p256);
      return signed_by(c, other.get(), c.transcript);
    });
    const auto form = [&](std::string name, Reason reason, auto spoil) {
      verify(
          std::move(name), decode, reason,
          [=](C& c) {
            const Octets honest = c.certificate_verify();
            Octets body = body_of(honest);
            spoil(body);
            return with_body(honest, body);
          },
          which);
    };
    form("empty", Reason::malformed_message, [](Octets& b) { b.clear(); });
    form("of_one_octet", Reason::malformed_message, [](Octets& b) { b.resize(1); });
    form("cut", Reason::malformed_message, [](Octets& b) { b.pop_back(); });
    form("and_an_octet", Reason::trailing_octets, [](Octets& b) { b.push_back(0); });
  }
  const auto scheme = [&](std::string name, unsigned written) {
    verify("as_" + name, illegal, Reason::signature_scheme_not_offered, [=](C& c) {
      Octets m = c.certificate_verify();
      m[4] = static_cast<std::uint8_t>(written >> 8), m[5] = static_cast<std::uint8_t>(written);
      return m;
    });
  };
  scheme("rsa_pkcs1_sha256", 0x0401);
  scheme("ecdsa_sha1", 0x0203);
  scheme("ed25519", 0x0807);
  scheme("unknown", 0xfefe);
  return out;
}

}  // namespace

std::vector<Variant> certificate12_variants() {
  std::vector<Variant> out = of_servers();
  append_all(out, requests());
  append_all(out, statuses());
  append_all(out, of_clients());
  append_all(out, verifies());
  return out;
}

}  // namespace sesame::test
