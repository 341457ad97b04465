// What a client may say in its ClientKeyExchange (RFC 5246 section 7.4.7, RFC 4279, RFC 8422 section 5.7).
#include <openssl/evp.h>

#include "hostile12/variants.h"

namespace sesame::test {

namespace {

constexpr Alert decode = Alert::decode_error;
constexpr Alert illegal = Alert::illegal_parameter;
constexpr Alert mac = Alert::bad_record_mac;

// The whole message, made once the server's flight was taken.
template <class Make>
Variant whole(std::string name, Alert alert, Reason reason, std::string_view which, Make body) {
  return to_server12(
      "exchange_" + name + "_of_" + std::string(which), alert, reason,
      [=](AgainstServer12& c) {
        c.up_to_done();
        const Octets honest = c.client.client_key_exchange();
        c.client.put_message(with_body(honest, body(c.client, body_of(honest))));
      },
      which);
}
// A public value; the rest of the message is as it should be.
Variant value(std::string name, Alert alert, Reason reason, std::string_view which, Octets octets) {
  return to_server12(
      "exchange_of_" + name + "_of_" + std::string(which), alert, reason,
      [=](AgainstServer12& c) {
        c.up_to_done();
        c.client.exchange_value = octets;
        c.client.send_client_key_exchange();
      },
      which);
}
// To the end of the client's flight.
template <class Before>
Variant flight(std::string name, Alert alert, Reason reason, std::string_view which, Before before) {
  return to_server12(
      "exchange_" + name + "_of_" + std::string(which), alert, reason,
      [=](AgainstServer12& c) {
        before(c);
        c.up_to_done();
        c.client.send_flight();
      },
      which);
}

// RFC 4279 section 2: who probes gets the same for an unknown identity as for a wrong key, and no sooner.
void identities(std::vector<Variant>& out) {
  for (const std::string_view which : {"psk", "psk_cbc", "dhe_psk", "ecdhe_psk", "rsa_psk", "psk_tls10"}) {
    const auto unknown = [&](std::string name, std::string identity) {
      out.push_back(flight("of_identity_" + name, mac, Reason::psk_identity_unknown, which,
                           [=](AgainstServer12& c) { c.client.key.identity = identity; }));
    };
    unknown("nobody", "nobody");
    unknown("empty", "");
    unknown("of_65535", std::string(65535, 'a'));
    unknown("alice_and_nul", std::string("alice\0", 6));
    unknown("alice_nul_and_more", std::string("alice\0bob", 9));
    unknown("nul", std::string(1, '\0'));
    unknown("alic", "alic");
    unknown("in_capitals", "ALICE");
    unknown("not_utf8", "\xff\xfe\x80");
    out.push_back(flight("of_a_wrong_key", mac, Reason::psk_key_mismatch, which,
                         [](AgainstServer12& c) { c.client.key.key = "another key"; }));
    out.push_back(flight("of_a_key_with_a_zero_behind", mac, Reason::psk_key_mismatch, which,
                         [](AgainstServer12& c) { c.client.key.key.push_back('\0'); }));
  }
  // What the key says holds here as well; the peer sees no difference.
  const auto kept = [&](std::string name, Reason reason, auto restrict) {
    out.push_back(flight("of_a_key_that_is_" + name, mac, reason, "psk", [=](AgainstServer12& c) {
      CredentialParameters parameters{
          .identity = as_bytes("alice"), .key = as_bytes(default_key), .usage = PskUsage::tls12};
      restrict(parameters);
      c.keys = {*Credential::create(parameters)};
    }));
  };
  kept("expired", Reason::psk_expired, [](auto& p) { p.not_after = TimePoint(std::chrono::hours(1)); });
  kept("not_yet_valid", Reason::psk_not_yet_valid,
       [](auto& p) { p.not_before = TimePoint(std::chrono::hours(1'000'000)); });
  kept("for_another_name", Reason::psk_wrong_usage, [](auto& p) { p.server_name = "other.example"; });
  kept("for_another_protocol", Reason::psk_wrong_usage, [](auto& p) { p.alpn = "mqtt"; });
  kept("for_tls13", Reason::psk_wrong_usage, [](auto& p) { p.usage = PskUsage::tls13; });
  kept("imported", Reason::psk_wrong_usage, [](auto& p) { p.usage = PskUsage::tls13_imported; });
  // Who wants to says so.
  out.push_back(to_server12("exchange_of_identity_nobody_where_it_is_told", Alert::unknown_psk_identity,
                            Reason::psk_identity_unknown, [](AgainstServer12& c) {
                              c.options.unknown_identity_alert = UnknownIdentityAlert::unknown_psk_identity;
                              c.client.key.identity = "nobody";
                              c.up_to_exchange();
                            }));
}

void forms(std::vector<Variant>& out) {
  const Reason malformed = Reason::malformed_message;
  for (const std::string_view which :
       {"psk", "dhe_psk", "ecdhe_psk", "rsa_psk", "ecdhe_ecdsa", "dhe_rsa", "rsa", "dh_anon"}) {
    const auto form = [&](std::string name, Reason reason, auto body) {
      out.push_back(whole(std::move(name), decode, reason, which, body));
    };
    using C = Script12Client;
    form("empty", malformed, [](C&, const Octets&) { return Octets(); });
    form("cut_by_one", malformed, [](C&, const Octets& b) { return Octets(b.begin(), b.end() - 1); });
    form("and_an_octet", Reason::trailing_octets, [](C&, const Octets& b) { return join({b, {0}}); });
    form("said_to_be_longer", malformed, [](C&, Octets b) {
      b[0] = 0xff;
      return b;
    });
  }
  for (const std::string_view which : {"dhe_psk", "ecdhe_psk", "rsa_psk"}) {
    out.push_back(whole("of_an_identity_alone", decode, malformed, which,
                        [](Script12Client& c, const Octets&) { return c.identity(); }));
  }
  out.push_back(
      to_server12("exchange_declared_of_131397", decode, Reason::message_too_long, [](AgainstServer12& c) {
        c.up_to_done();
        c.client.put_record(record::ContentType::handshake, join({u8(16), u24(131'397)}));
      }));
}

void values(std::vector<Variant>& out) {
  const Reason malformed = Reason::malformed_message, invalid = Reason::key_share_invalid;
  for (const std::string_view which : {"dhe_psk", "dhe_rsa", "dh_anon"}) {
    // The server's prime is known once it has said it.
    const auto of_prime = [&](std::string name, auto make) {
      out.push_back(to_server12(
          "exchange_of_the_value_" + name + "_of_" + std::string(which), illegal, invalid,
          [=](AgainstServer12& c) {
            c.up_to_done();
            c.client.exchange_value = make(c.client.dh_p);
            c.client.send_client_key_exchange();
          },
          which));
    };
    of_prime("0", [](const Octets&) { return Octets{0}; });
    of_prime("1", [](const Octets&) { return Octets{1}; });
    of_prime("1_with_zeros", [](const Octets& p) { return join({Octets(p.size() - 1), {1}}); });
    of_prime("p_minus_1", [](const Octets& p) { return minus(p, 1); });
    of_prime("p", [](const Octets& p) { return p; });
    of_prime("p_plus_2", [](const Octets& p) { return plus(p, 2); });
    of_prime("beyond", [](const Octets& p) { return join({{1}, p}); });
    of_prime("of_60000_octets", [](const Octets&) { return repeat(60000, 0x55); });
    out.push_back(value("an_empty_value", decode, malformed, which, {}));
  }
  for (const std::string_view which : {"ecdhe_psk", "ecdhe_ecdsa", "ecdhe_rsa"}) {
    const auto point = [&](std::string name, Octets octets) {
      out.push_back(value("a_point_" + name, illegal, invalid, which, octets));
    };
    out.push_back(value("an_empty_point", decode, malformed, which, {}));
    point("of_31_octets", repeat(31, 9));
    point("of_33_octets", repeat(33, 9));
    point("of_zeros", Octets(32));
    point("of_one", join({u8(1), Octets(31)}));
    point("of_order_8", from_hex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"));
    point("of_another_curve", join({u8(4), repeat(64, 1)}));
    const auto p256 = [&](std::string name, Octets octets) {
      out.push_back(to_server12(
          "exchange_of_a_point_" + name + "_on_p256_of_" + std::string(which), illegal, invalid,
          [=](AgainstServer12& c) {
            c.client.extensions[Script12Client::Type::supported_groups] = vec16(u16(0x17));
            c.client.exchange_value = octets;
            c.up_to_done();
            c.client.send_client_key_exchange();
          },
          which));
    };
    const Octets generator = from_hex(
        "04 6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
    Octets off = generator;
    off.back() ^= 1;
    p256("not_on_it", off);
    p256("at_infinity", {0});
    p256("compressed", join({u8(3), Octets(generator.begin() + 1, generator.begin() + 33)}));
    p256("hybrid", join({u8(7), Octets(generator.begin() + 1, generator.end())}));
    p256("of_64_octets", Octets(generator.begin(), generator.end() - 1));
    p256("of_zeros", join({u8(4), Octets(64)}));
    p256("beyond_p", join({u8(4), repeat(64, 0xff)}));
  }
}

}  // namespace

// RFC 5246 section 7.4.7.1: whatever is wrong with what was encrypted, the handshake fails where a wrong key
// does. What each gets on the wire, probe_test.cpp compares.
std::vector<std::pair<std::string, std::function<Octets(Script12Client&)>>> bleichenbacher_messages() {
  using C = Script12Client;
  const auto raw = [](C& c, auto spoil) {
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(public_key_of_certificate(c.leaf),
                                                             EVP_PKEY_free);
    const std::size_t size = rsa_size(key.get());
    // EB = 00 || 02 || PS || 00 || D (RFC 8017 section 7.2.1), D of 48 octets.
    Octets block = join({{0, 2}, repeat(size - 51, 0x77), {0}, u16(c.legacy_version), repeat(46, 0x9e)});
    spoil(block, size);
    return rsa_encrypt(key.get(), block, RsaForm::raw);
  };
  using B = Octets;
  std::vector<std::pair<std::string, std::function<Octets(C&)>>> out;
  const auto block = [&](std::string name, auto spoil) {
    out.emplace_back(std::move(name), [=](C& c) { return raw(c, spoil); });
  };
  block("first_octet_1", [](B& b, std::size_t) { b[0] = 1; });
  block("block_type_1", [](B& b, std::size_t) { b[1] = 1; });
  block("block_type_0", [](B& b, std::size_t) { b[1] = 0; });
  block("padding_of_0_octets", [](B& b, std::size_t) { b[2] = 0; });
  block("padding_of_7_octets", [](B& b, std::size_t) { b[9] = 0; });
  block("padding_of_8_octets", [](B& b, std::size_t) { b[10] = 0; });
  block("no_zero_at_all", [](B& b, std::size_t size) { b = join({{0, 2}, repeat(size - 2, 0x77)}); });
  block("zero_at_the_end", [](B& b, std::size_t size) { b = join({{0, 2}, repeat(size - 3, 0x77), {0}}); });
  block("secret_of_47", [](B& b, std::size_t size) { b[size - 49] = 0x77, b[size - 48] = 0; });
  block("secret_of_49", [](B& b, std::size_t size) { b[size - 49] = 3, b[size - 50] = 0; });
  block("secret_of_0", [](B& b, std::size_t size) { b = join({{0, 2}, repeat(size - 3, 0x77), {0}}); });
  block("zero_in_the_padding", [](B& b, std::size_t size) { b[size / 2] = 0; });
  block("version_of_tls11", [](B& b, std::size_t size) { b[size - 47] = 2; });
  block("version_of_tls13", [](B& b, std::size_t size) { b[size - 47] = 4; });
  block("version_of_ssl20", [](B& b, std::size_t size) { b[size - 48] = 0, b[size - 47] = 2; });
  block("zeros", [](B& b, std::size_t size) { b = Octets(size); });
  block("one", [](B& b, std::size_t size) { b = join({Octets(size - 1), {1}}); });
  const auto octets = [&](std::string name, auto make) {
    out.emplace_back(std::move(name), [=](C& c) {
      const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(public_key_of_certificate(c.leaf),
                                                               EVP_PKEY_free);
      return make(rsa_size(key.get()));
    });
  };
  octets("ciphertext_of_zeros", [](std::size_t size) { return Octets(size); });
  octets("ciphertext_beyond_the_modulus", [](std::size_t size) { return repeat(size, 0xff); });
  octets("ciphertext_random", [](std::size_t size) { return repeat(size, 0x42); });
  octets("ciphertext_too_short", [](std::size_t size) { return repeat(size - 1, 0x42); });
  octets("ciphertext_too_long", [](std::size_t size) { return repeat(size + 1, 0x42); });
  octets("ciphertext_empty", [](std::size_t) { return Octets(); });
  octets("ciphertext_of_one_octet", [](std::size_t) { return Octets{1}; });
  octets("ciphertext_of_60000_octets", [](std::size_t) { return repeat(60000, 1); });
  // Well formed, of another secret than the client's records are under.
  block("another_secret", [](B& b, std::size_t) { b.back() ^= 1; });
  return out;
}

std::vector<Variant> client_key_exchange_variants() {
  std::vector<Variant> out;
  identities(out);
  forms(out);
  values(out);
  for (const auto& [name, make] : bleichenbacher_messages()) {
    for (const std::string_view which : {"rsa", "rsa_psk"}) {
      const Reason reason = which == "rsa" ? Reason::record_mac_wrong : Reason::psk_key_mismatch;
      out.push_back(to_server12(
          "exchange_rsa_" + name + "_of_" + std::string(which), mac, reason,
          [make](AgainstServer12& c) {
            c.up_to_done();
            c.client.exchange_value = make(c.client);
            c.client.send_client_key_exchange();
            c.exchange();
            // Nothing is said before the client's Finished is there.
            EXPECT_FALSE(c.client.has_more());
            EXPECT_FALSE(c.subject().failure);
            c.client.change_keys();
            c.exchange();
            EXPECT_FALSE(c.client.has_more());
            EXPECT_FALSE(c.subject().failure);
            c.client.send_finished12();
          },
          which));
    }
  }
  return out;
}

}  // namespace sesame::test
