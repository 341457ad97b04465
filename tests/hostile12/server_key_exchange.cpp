// What a server may say in its ServerKeyExchange (RFC 5246 section 7.4.3, RFC 4279, RFC 8422 section 5.4).
#include "hostile12/variants.h"

namespace sesame::test {

namespace {

constexpr Alert decode = Alert::decode_error;
constexpr Alert illegal = Alert::illegal_parameter;
constexpr Alert weak = Alert::insufficient_security;

// The exchange with these parameters, signed if the suite signs.
template <class Make>
Variant exchange(std::string name, Alert alert, Reason reason, std::string_view which, Make parameters) {
  return to_client12(
      "exchange_" + name + "_of_" + std::string(which), alert, reason,
      [=](AgainstClient12& c) {
        c.up_to_hello();
        c.server.send_server_hello();
        if (c.server.issued) c.server.send_certificate();
        c.server.put(c.server.server_key_exchange(parameters(c.server)));
      },
      which);
}
// The message as a whole.
template <class Make>
Variant whole(std::string name, Alert alert, Reason reason, std::string_view which, Make body) {
  return to_client12(
      "exchange_" + name + "_of_" + std::string(which), alert, reason,
      [=](AgainstClient12& c) {
        c.up_to_hello();
        c.server.send_server_hello();
        if (c.server.issued) c.server.send_certificate();
        const Octets honest = c.server.server_key_exchange(c.server.parameters());
        c.server.put(with_body(honest, body(c.server, body_of(honest))));
      },
      which);
}

Octets dh(const Octets& p, const Octets& g, const Octets& ys) {
  return join({vec16(p), vec16(g), vec16(ys)});
}
Octets ec(unsigned type, unsigned curve, const Octets& point) {
  return join({u8(type), u16(curve), vec8(point)});
}

void hints(std::vector<Variant>& out) {
  const Reason malformed = Reason::malformed_message;
  for (const std::string_view which : {"psk", "rsa_psk"}) {
    const auto add = [&](std::string name, Reason reason, Octets body) {
      out.push_back(whole(std::move(name), decode, reason, which, [=](auto&, const auto&) { return body; }));
    };
    add("empty", malformed, {});
    add("of_one_octet", malformed, {0});
    add("of_a_cut_hint", malformed, {0, 5, 'a'});
    add("of_a_hint_said_to_be_65535", malformed, {0xff, 0xff, 'a'});
    add("of_a_hint_and_an_octet", Reason::trailing_octets, {0, 1, 'a', 0});
  }
}

void curves(std::vector<Variant>& out) {
  const Reason malformed = Reason::malformed_message;
  for (const std::string_view which : {"ecdhe_psk", "ecdhe_ecdsa"}) {
    const auto add = [&](std::string name, Alert alert, Reason reason, Octets parameters) {
      out.push_back(exchange(std::move(name), alert, reason, which, [=](auto&) { return parameters; }));
    };
    const Octets x25519 = join({u8(9), Octets(31)});
    Octets p256 = from_hex(
        "04 6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");  // the generator: a point
    const Octets compressed = join({u8(3), Octets(p256.begin() + 1, p256.begin() + 33)});
    const Octets hybrid = join({u8(7), Octets(p256.begin() + 1, p256.end())});
    Octets off = p256;
    off.back() ^= 1;
    // RFC 8422 section 5.4: named_curve is what is left.
    for (const unsigned type : {0u, 1u, 2u, 4u, 248u, 255u})
      add("of_curve_type_" + std::to_string(type), illegal, Reason::ec_curve_wrong, ec(type, 0x1d, x25519));
    for (const unsigned curve :
         {0x0000u, 0x0001u, 0x0016u, 0x001au, 0x001fu, 0x0100u, 0x11ecu, 0xff01u, 0xff02u, 0x0a0au})
      add("of_curve_" + std::to_string(curve), illegal, Reason::ec_curve_wrong, ec(3, curve, x25519));
    out.push_back(to_client12(
        "exchange_of_a_curve_not_offered_of_" + std::string(which), illegal, Reason::ec_curve_wrong,
        [](AgainstClient12& c) {
          c.options.groups = {NamedGroup::x25519};
          c.server.curve = 0x0017;
          c.up_to_hello_said();
          if (c.server.issued) c.server.send_certificate();
          c.server.send_key_exchange();
        },
        which));
    add("of_an_empty_point", decode, malformed, ec(3, 0x1d, {}));
    const auto point = [&](std::string name, unsigned curve, Octets value) {
      add("of_a_point_" + name, illegal, Reason::key_share_invalid, ec(3, curve, value));
    };
    // RFC 8422 sections 5.10 and 5.11, RFC 7748 section 6.
    point("of_31_octets", 0x1d, repeat(31, 9));
    point("of_33_octets", 0x1d, repeat(33, 9));
    point("of_zeros", 0x1d, Octets(32));
    point("of_one", 0x1d, join({u8(1), Octets(31)}));
    point("of_order_8", 0x1d, from_hex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"));
    point("of_p_minus_1", 0x1d, from_hex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"));
    point("of_zeros_on_x448", 0x1e, Octets(56));
    point("not_on_p256", 0x17, off);
    point("compressed_on_p256", 0x17, compressed);
    point("hybrid_on_p256", 0x17, hybrid);
    point("at_infinity_on_p256", 0x17, {0});
    point("of_zeros_on_p256", 0x17, join({u8(4), Octets(64)}));
    point("of_64_octets_on_p256", 0x17, Octets(p256.begin(), p256.end() - 1));
    point("of_66_octets_on_p256", 0x17, join({p256, {0}}));
    point("of_p256_on_p384", 0x18, p256);
    point("of_x25519_on_p256", 0x17, x25519);
    point("beyond_p_on_p256", 0x17, join({u8(4), repeat(64, 0xff)}));
    point("of_255_octets_on_p521", 0x19, repeat(255, 4));
  }
  for (const std::string_view which : {"ecdhe_psk"}) {
    const auto cut = [&](std::string name, Reason reason, auto body) {
      out.push_back(whole(std::move(name), decode, reason, which, body));
    };
    cut("empty", malformed, [](auto&, const auto&) { return Octets(); });
    cut("of_a_hint_alone", malformed, [](auto&, const Octets&) { return Octets{0, 0}; });
    cut("without_its_curve", malformed,
        [](auto&, const Octets& b) { return Octets(b.begin(), b.begin() + 3); });
    cut("without_its_point", malformed,
        [](auto&, const Octets& b) { return Octets(b.begin(), b.begin() + 5); });
    cut("of_a_cut_point", malformed, [](auto&, const Octets& b) { return Octets(b.begin(), b.end() - 1); });
    cut("and_an_octet", Reason::trailing_octets, [](auto&, const Octets& b) { return join({b, {0}}); });
  }
}

void primes(std::vector<Variant>& out) {
  const Reason malformed = Reason::malformed_message;
  for (const std::string_view which : {"dhe_psk", "dhe_rsa", "dh_anon", "dhe_rsa_tls10"}) {
    const auto add = [&](std::string name, Alert alert, Reason reason, Octets parameters) {
      out.push_back(exchange(std::move(name), alert, reason, which, [=](auto&) { return parameters; }));
    };
    const Octets p = prime_of_bits(2048), two = {2};
    const auto unsuitable = [&](std::string name, const Octets& prime, const Octets& g) {
      add("of_" + name, weak, Reason::dh_parameters_unsuitable, dh(prime, g, {4}));
    };
    unsuitable("an_even_prime", minus(p, 1), two);
    unsuitable("a_prime_of_1536_bits", prime_of_bits(1536), two);
    unsuitable("the_prime_23", {23}, {5});
    unsuitable("the_prime_0", {0}, two);
    unsuitable("the_prime_1", {1}, two);
    unsuitable("a_prime_of_8200_bits", join({{0xff}, repeat(1024, 0xff)}), two);
    unsuitable("a_prime_of_65536_bits", repeat(8192, 0xff), two);
    unsuitable("zeros_in_front_of_1536_bits", join({Octets(64), prime_of_bits(1536)}), two);
    unsuitable("the_generator_0", p, {0});
    unsuitable("the_generator_1", p, {1});
    unsuitable("the_generator_p_minus_1", p, minus(p, 1));
    unsuitable("the_generator_p", p, p);
    unsuitable("the_generator_p_plus_1", p, plus(p, 1));
    // RFC 7919 section 5.1: 1 < Ys < p - 1.
    const auto value = [&](std::string name, const Octets& ys) {
      add("of_the_value_" + name, illegal, Reason::key_share_invalid, dh(p, two, ys));
    };
    value("0", {0});
    value("1", {1});
    value("1_with_zeros", join({Octets(255), {1}}));
    value("p_minus_1", minus(p, 1));
    value("p", p);
    value("p_plus_2", plus(p, 2));
    value("of_257_octets", join({{1}, Octets(256)}));
    value("of_60000_octets", repeat(60000, 0x55));
    add("of_an_empty_prime", decode, malformed, dh({}, two, {4}));
    add("of_an_empty_generator", decode, malformed, dh(p, {}, {4}));
    add("of_an_empty_value", decode, malformed, dh(p, two, {}));
  }
  const auto cut = [&](std::string name, Reason reason, auto body) {
    out.push_back(whole(std::move(name), decode, reason, "dhe_psk", body));
  };
  cut("empty", malformed, [](auto&, const auto&) { return Octets(); });
  cut("of_a_hint_alone", malformed, [](auto&, const Octets&) { return Octets{0, 0}; });
  cut("without_its_value", malformed,
      [](auto&, const Octets& b) { return Octets(b.begin(), b.end() - 258); });
  cut("of_a_cut_value", malformed, [](auto&, const Octets& b) { return Octets(b.begin(), b.end() - 1); });
  cut("and_an_octet", Reason::trailing_octets, [](auto&, const Octets& b) { return join({b, {0}}); });
  // RFC 4279 section 2: the key's strength is nobody's excuse.
  out.push_back(to_client12(
      "exchange_of_a_prime_below_min_dh_bits", weak, Reason::dh_parameters_unsuitable,
      [](AgainstClient12& c) {
        c.options.min_dh_bits = 3072;
        c.up_to_hello_said();
        c.server.send_key_exchange();
      },
      "dhe_psk"));
}

void signatures(std::vector<Variant>& out) {
  const auto add = [&](std::string name, Alert alert, Reason reason, std::string_view which, auto make) {
    out.push_back(to_client12(
        "exchange_signed_" + name + "_of_" + std::string(which), alert, reason,
        [=](AgainstClient12& c) {
          c.up_to_hello();
          c.server.send_server_hello();
          c.server.send_certificate();
          const Octets parameters = c.server.parameters();
          c.server.put(ScriptPeer::message(message::HandshakeType::server_key_exchange,
                                           join({parameters, make(c.server, parameters)})));
        },
        which));
  };
  const auto invalid = [&](std::string name, auto make) {
    for (const std::string_view which :
         {"ecdhe_ecdsa", "ecdhe_rsa", "dhe_rsa", "ecdhe_ecdsa_tls10", "dhe_rsa_tls10"})
      add(name, Alert::decrypt_error, Reason::signature_invalid, which, make);
  };
  using S = Script12Server;
  const auto honest = [](const S& s, const Octets& input) {
    return s.digitally_signed(s.issued->key.get(), usual_scheme(s.issued->key.get()), input);
  };
  invalid("flipped", [=](const S& s, const Octets& p) {
    Octets signature = honest(s, s.signed_parameters(p));
    signature.back() ^= 1;
    return signature;
  });
  invalid("empty", [=](const S& s, const Octets& p) {
    Octets signature = honest(s, s.signed_parameters(p));
    signature.resize(s.version == 0x0303 ? 4 : 2);
    signature[signature.size() - 2] = signature.back() = 0;
    return signature;
  });
  invalid("with_the_randoms_exchanged", [=](const S& s, const Octets& p) {
    return honest(s, join({s.server_random, s.client_random, p}));
  });
  invalid("for_another_client_random",
          [=](const S& s, const Octets& p) { return honest(s, join({repeat(32, 7), s.server_random, p})); });
  invalid("without_the_randoms", [=](const S& s, const Octets& p) { return honest(s, p); });
  invalid("over_other_parameters", [=](const S& s, const Octets& p) {
    Octets other = p;
    other.back() ^= 1;
    return honest(s, s.signed_parameters(other));
  });
  invalid("by_another_key", [=](const S& s, const Octets& p) {
    // Of the same kind.
    static const KeyPointer ec = make_key(KeyType::p256), rsa = make_key(KeyType::rsa2048, 1);
    const bool is_ec = usual_scheme(s.issued->key.get()) == 0x0403;
    EVP_PKEY* const key = (is_ec ? ec : rsa).get();
    return s.digitally_signed(key, usual_scheme(key), s.signed_parameters(p));
  });
  // RFC 5246 section 7.4.3: a pair that was offered; RFC 8446 section 4.2.3 names those whole.
  const auto scheme = [&](std::string name, std::string_view which, unsigned written) {
    add("as_" + name, illegal, Reason::signature_scheme_not_offered, which, [=](const S& s, const Octets& p) {
      Octets signature = honest(s, s.signed_parameters(p));
      signature[0] = static_cast<std::uint8_t>(written >> 8);
      signature[1] = static_cast<std::uint8_t>(written);
      return signature;
    });
  };
  scheme("rsa_pkcs1_sha1", "ecdhe_rsa", 0x0201);
  scheme("rsa_pkcs1_md5", "ecdhe_rsa", 0x0101);
  scheme("anonymous", "ecdhe_rsa", 0x0400);
  scheme("grease", "ecdhe_rsa", 0x0a0a);
  scheme("ecdsa", "ecdhe_rsa", 0x0403);
  scheme("ed25519", "ecdhe_rsa", 0x0807);
  scheme("pss_of_a_pss_key", "ecdhe_rsa", 0x0809);
  scheme("ecdsa_sha1", "ecdhe_ecdsa", 0x0203);
  scheme("rsa_pkcs1_sha256", "ecdhe_ecdsa", 0x0401);
  scheme("ed25519", "ecdhe_ecdsa", 0x0807);
  scheme("ecdsa_sha224", "ecdhe_ecdsa", 0x0303);
  // SHA-1 by a real signature of it.
  add("by_sha1", illegal, Reason::signature_scheme_not_offered, "ecdhe_ecdsa",
      [](const S& s, const Octets& p) {
        return s.digitally_signed(s.issued->key.get(), 0x0203, s.signed_parameters(p));
      });
  const auto form = [&](std::string name, Reason reason, std::string_view which, auto spoil) {
    add(name, decode, reason, which, [=](const S& s, const Octets& p) {
      Octets signature = honest(s, s.signed_parameters(p));
      spoil(signature);
      return signature;
    });
  };
  for (const std::string_view which : {"ecdhe_ecdsa", "dhe_rsa", "dhe_rsa_tls10"}) {
    form("not_at_all", Reason::malformed_message, which, [](Octets& s) { s.clear(); });
    form("by_one_octet", Reason::malformed_message, which, [](Octets& s) { s.resize(1); });
    form("and_cut", Reason::malformed_message, which, [](Octets& s) { s.pop_back(); });
    form("and_an_octet", Reason::trailing_octets, which, [](Octets& s) { s.push_back(0); });
  }
}

}  // namespace

std::vector<Variant> server_key_exchange_variants() {
  std::vector<Variant> out;
  hints(out);
  curves(out);
  primes(out);
  signatures(out);
  return out;
}

}  // namespace sesame::test
