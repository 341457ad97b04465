#include "crypto/finite_field.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/dh.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>

#include "crypto/provider.h"
#include "support/octets.h"

namespace sesame::crypto {

struct FiniteFieldTestAccess {
  static EVP_PKEY* key(const FiniteFieldExchange& exchange) { return exchange.key_.get(); }
};

}  // namespace sesame::crypto

namespace sesame::test {
namespace {

using crypto::FiniteFieldExchange;
using crypto::FiniteFieldTestAccess;
using crypto::Provider;

const Provider& provider() { return **Provider::system(); }

// A safe prime of 512 bits, made by `openssl dhparam 512`, so that many exchanges are quick.
const Octets small_p = from_hex(
    "d8bc3bc0e0cb36d25d74ead83fb87e2c5ff5276818427f957485c0e50ed8aad7d9fa47ae501d9971799567e4aaf18ff79e190126"
    "80f93d172f7e15e88b56f2e7");
const Octets two = {2};

Octets minus_one(Octets odd) {
  odd.back() &= 0xfe;
  return odd;
}

struct Number {
  explicit Number(Bytes octets) : value(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr)) {}
  ~Number() { BN_free(value); }
  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;
  BIGNUM* value;
};

Octets number_in(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  EXPECT_EQ(EVP_PKEY_get_bn_param(key, name, &number), 1);
  Octets out(static_cast<std::size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, out.data());
  BN_free(number);
  return out;
}

// A peer that is computed by BN_mod_exp, without a line of ours and without libcrypto's DH.
class Peer {
 public:
  Peer(const Octets& p, const Octets& g, const Octets& exponent) : p_(p), x_(exponent) {
    public_value = power(g);
  }
  Octets secret(Bytes other) const { return power(other); }  // without leading zeros
  Octets public_value;

 private:
  Octets power(Bytes base) const {
    const Number p(p_), b(base), x(x_);
    BIGNUM* const r = BN_new();
    BN_CTX* const context = BN_CTX_new();
    EXPECT_EQ(BN_mod_exp(r, b.value, x.value, p.value, context), 1);
    Octets out(static_cast<std::size_t>(BN_num_bytes(r)));
    BN_bn2bin(r, out.data());
    BN_CTX_free(context);
    BN_free(r);
    return out;
  }
  Octets p_, x_;
};

FiniteFieldExchange joined(const Octets& p, const Octets& g, const Octets& peer, unsigned min_bits = 0) {
  auto made = FiniteFieldExchange::join(provider(), p, g, peer, min_bits);
  EXPECT_TRUE(made) << made.error().message();
  return std::move(*made);
}

Reason refusal(const Octets& p, const Octets& g, const Octets& peer, unsigned min_bits = 0) {
  const auto made = FiniteFieldExchange::join(provider(), p, g, peer, min_bits);
  EXPECT_EQ(ERR_peek_error(), 0u);
  EXPECT_FALSE(made);
  return made ? Reason{} : made.error().reason();
}

constexpr std::pair<NamedGroup, std::size_t> groups[] = {{NamedGroup::ffdhe2048, 256},
                                                         {NamedGroup::ffdhe3072, 384},
                                                         {NamedGroup::ffdhe4096, 512},
                                                         {NamedGroup::ffdhe6144, 768},
                                                         {NamedGroup::ffdhe8192, 1024}};

class Ffdhe : public testing::TestWithParam<std::pair<NamedGroup, std::size_t>> {};
INSTANTIATE_TEST_SUITE_P(Groups, Ffdhe, testing::ValuesIn(groups),
                         [](const auto& p) { return std::string(name(p.param.first)); });

TEST_P(Ffdhe, BothSidesAgree) {
  const auto [group, size] = GetParam();
  auto server = FiniteFieldExchange::generate(provider(), group);
  ASSERT_TRUE(server);
  EXPECT_EQ(server->p().size(), size);
  EXPECT_EQ(server->g(), two);
  EXPECT_EQ(server->public_value().size(), size);
  // RFC 7919 appendix A: what all of the primes begin with, and end in.
  EXPECT_EQ(to_hex(Bytes(server->p()).first(24)), "ffffffffffffffffadf85458a2bb4a9aafdc5620273d3cf1");
  EXPECT_EQ(to_hex(Bytes(server->p()).last(8)), "ffffffffffffffff");
  FiniteFieldExchange client = joined(server->p(), server->g(), server->public_value(), 2048);
  EXPECT_EQ(client.p(), server->p());
  EXPECT_EQ(client.g(), server->g());
  const Octets client_value = client.public_value(), server_value = server->public_value();
  secret::SharedSecret at_client, at_server;
  ASSERT_TRUE(client.finish(server_value, at_client));
  ASSERT_TRUE(server->finish(client_value, at_server));
  EXPECT_FALSE(at_client.empty());
  EXPECT_EQ(to_hex(at_client.bytes()), to_hex(at_server.bytes()));
}

// RFC 7919 section 5.2 lets the exponent be short, which is what makes these groups quick.
TEST_P(Ffdhe, IsRecognisedByItsParameters) {
  const auto [group, size] = GetParam();
  const auto server = FiniteFieldExchange::generate(provider(), group);
  const FiniteFieldExchange client = joined(server->p(), server->g(), server->public_value());
  for (const FiniteFieldExchange* side : {&*server, &client}) {
    EXPECT_LT(number_in(FiniteFieldTestAccess::key(*side), OSSL_PKEY_PARAM_PRIV_KEY).size(), 60u);
  }
}

TEST(FiniteField, OtherGroupsAreNotForIt) {
  for (const NamedGroup group :
       {NamedGroup::x25519, NamedGroup::secp256r1, NamedGroup{}, NamedGroup{0x01ff}}) {
    const auto made = FiniteFieldExchange::generate(provider(), group);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().reason(), Reason::algorithm_unavailable);
  }
}

TEST(FiniteField, AgreesWithPlainArithmeticInAGroupOfAnotherKind) {
  const Peer server(small_p, {5}, from_hex("0123456789abcdef0011223344556677"));
  FiniteFieldExchange client = joined(small_p, {5}, server.public_value);
  const Octets expected = server.secret(client.public_value());
  secret::SharedSecret out;
  ASSERT_TRUE(client.finish(server.public_value, out));
  EXPECT_EQ(to_hex(out.bytes()), to_hex(expected));
}

// RFC 3526 section 3: the group of 2048 bits, which is not one of RFC 7919.
TEST(FiniteField, AgreesWithLibcryptosOwnKey) {
  EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr);
  EVP_PKEY* server = nullptr;
  ASSERT_EQ(EVP_PKEY_keygen_init(context), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_group_name(context, "modp_2048"), 1);
  ASSERT_EQ(EVP_PKEY_generate(context, &server), 1);
  EVP_PKEY_CTX_free(context);
  FiniteFieldExchange client =
      joined(number_in(server, OSSL_PKEY_PARAM_FFC_P), number_in(server, OSSL_PKEY_PARAM_FFC_G),
             number_in(server, OSSL_PKEY_PARAM_PUB_KEY), 2048);

  EVP_PKEY* const peer = EVP_PKEY_new();
  ASSERT_EQ(EVP_PKEY_copy_parameters(peer, server), 1);
  ASSERT_EQ(
      EVP_PKEY_set1_encoded_public_key(peer, client.public_value().data(), client.public_value().size()), 1);
  EVP_PKEY_CTX* const deriving = EVP_PKEY_CTX_new_from_pkey(nullptr, server, nullptr);
  Octets expected(256);
  std::size_t size = expected.size();
  EXPECT_EQ(EVP_PKEY_derive_init(deriving), 1);
  EXPECT_EQ(EVP_PKEY_derive_set_peer(deriving, peer), 1);
  EXPECT_EQ(EVP_PKEY_derive(deriving, expected.data(), &size), 1);
  expected.resize(size);
  EVP_PKEY_CTX_free(deriving);
  EVP_PKEY_free(peer);

  secret::SharedSecret out;
  ASSERT_TRUE(client.finish(number_in(server, OSSL_PKEY_PARAM_PUB_KEY), out));
  EXPECT_EQ(to_hex(out.bytes()), to_hex(expected));
  EVP_PKEY_free(server);
}

// RFC 5246 section 8.1.2. One secret in 256 is shorter than p.
TEST(FiniteField, StripsLeadingZerosOfTheSecret) {
  const Peer server(small_p, two, from_hex("0123456789abcdef0011223344556677"));
  std::size_t shorter = 0;
  for (int i = 0; i < 5000 && shorter < 2; ++i) {
    FiniteFieldExchange client = joined(small_p, two, server.public_value);
    const Octets expected = server.secret(client.public_value());
    secret::SharedSecret out;
    ASSERT_TRUE(client.finish(server.public_value, out));
    ASSERT_EQ(to_hex(out.bytes()), to_hex(expected));
    shorter += expected.size() < small_p.size();
  }
  EXPECT_GT(shorter, 0u);
}

// Its own value is padded instead, and one in 256 begins with a zero.
TEST(FiniteField, KeepsLeadingZerosOfThePublicValue) {
  const Peer server(small_p, two, from_hex("0123456789abcdef0011223344556677"));
  bool seen = false;
  for (int i = 0; i < 5000 && !seen; ++i) {
    const FiniteFieldExchange client = joined(small_p, two, server.public_value);
    ASSERT_EQ(client.public_value().size(), small_p.size());
    seen = client.public_value().front() == 0;
  }
  EXPECT_TRUE(seen);
}

TEST(FiniteField, LeadingZerosOfThePeerDoNotMatter) {
  const Peer server(small_p, two, from_hex("0123456789abcdef0011223344556677"));
  const auto padded = [](const Octets& number) { return join({repeat(3, 0), number}); };
  FiniteFieldExchange client = joined(padded(small_p), padded(two), padded(server.public_value), 512);
  EXPECT_EQ(client.p(), small_p);
  EXPECT_EQ(client.g(), two);
  EXPECT_EQ(client.public_value().size(), small_p.size());
  const Octets expected = server.secret(client.public_value());
  secret::SharedSecret out;
  ASSERT_TRUE(client.finish(padded(server.public_value), out));
  EXPECT_EQ(to_hex(out.bytes()), to_hex(expected));
}

TEST(FiniteField, PrimesThatAreTooShortOrTooLongAreRefused) {
  EXPECT_EQ(refusal(small_p, two, two, 513), Reason::dh_parameters_unsuitable);
  EXPECT_EQ(refusal(small_p, two, two, 2048), Reason::dh_parameters_unsuitable);
  Octets shorter = small_p;
  shorter[0] &= 0x7f;  // 511 bits: below what libcrypto computes
  EXPECT_EQ(refusal(shorter, two, two), Reason::dh_parameters_unsuitable);
  Octets of_8193_bits = repeat(1025, 0xff);
  of_8193_bits[0] = 1;
  EXPECT_EQ(refusal(of_8193_bits, two, two), Reason::dh_parameters_unsuitable);
  EXPECT_EQ(refusal(repeat(65535, 0xff), two, two), Reason::dh_parameters_unsuitable);
  for (const Octets& none : {Octets{}, Octets{0}, repeat(1000, 0), Octets{1}, Octets{3}})
    EXPECT_EQ(refusal(none, two, two), Reason::dh_parameters_unsuitable);
  const auto made = FiniteFieldExchange::join(provider(), small_p, two, two, 1024);
  EXPECT_NE(made.error().message().find("512 bits"), std::string::npos) << made.error().message();
}

TEST(FiniteField, AnEvenModulusIsRefused) {
  EXPECT_EQ(refusal(minus_one(small_p), two, two), Reason::dh_parameters_unsuitable);
}

TEST(FiniteField, AGeneratorOutOfRangeIsRefused) {
  for (const Octets& g : {Octets{}, Octets{0}, Octets{1}, Octets{0, 0, 1}, minus_one(small_p), small_p,
                          join({u8(1), small_p}), repeat(64, 0xff), repeat(65535, 1)})
    EXPECT_EQ(refusal(small_p, g, two), Reason::dh_parameters_unsuitable) << to_hex(g).substr(0, 32);
}

TEST(FiniteField, AValueOutOfRangeIsRefused) {
  const Octets bad[] = {{},
                        {0},
                        {1},
                        {0, 1},
                        minus_one(small_p),
                        small_p,
                        join({u8(1), small_p}),
                        repeat(64, 0xff),
                        repeat(65535, 1)};
  for (const Octets& y : bad) {
    EXPECT_EQ(refusal(small_p, two, y), Reason::key_share_invalid) << to_hex(y).substr(0, 32);
    FiniteFieldExchange exchange = joined(small_p, two, two);
    secret::SharedSecret out;
    out.assign(two);
    const auto finished = exchange.finish(y, out);
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().reason(), Reason::key_share_invalid);
    EXPECT_TRUE(out.empty());
  }
  // The last ones that are in range.
  Octets highest = small_p;
  highest.back() -= 2;
  EXPECT_TRUE(FiniteFieldExchange::join(provider(), small_p, two, highest, 0));
}

// A value of order 3, which the range does not exclude where p is no safe prime: the secret is 1 every third
// time.
TEST(FiniteField, ASecretOfOneIsRefused) {
  const Octets p = from_hex(
      "c9aa5a5ddd71e9cd6d2bff739c26b116732b39c9cd13c02d08ee5d703f79857f31b0a3e87b15f2c5c62907c96d54dc78b85779"
      "1d2578f733095b2e07be50a2a5");
  const Octets of_order_3 = from_hex(
      "2283d5d99e6acc3555a49d1acd22b4e485fc295928f5b8f1f8d9fd476c3862c0843de8f6e51e38f38a9bc5bc1173ae4dd664d7"
      "522f1695d18e4ad8f0183796a0");
  int refused = 0, taken = 0;
  for (int i = 0; i < 200 && (refused == 0 || taken == 0); ++i) {
    FiniteFieldExchange client = joined(p, two, of_order_3);
    secret::SharedSecret out;
    const auto finished = client.finish(of_order_3, out);
    EXPECT_EQ(ERR_peek_error(), 0u);
    if (finished) {
      ++taken;
      EXPECT_GT(out.size(), 1u);
    } else {
      ++refused;
      EXPECT_EQ(finished.error().reason(), Reason::key_share_invalid);
      EXPECT_TRUE(out.empty());
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(taken, 0);
}

TEST(FiniteField, IsUsedOnce) {
  FiniteFieldExchange exchange = joined(small_p, two, {4});
  secret::SharedSecret out;
  ASSERT_TRUE(exchange.finish(Octets{4}, out));
  const auto again = exchange.finish(Octets{4}, out);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().reason(), Reason::internal_error);
  EXPECT_TRUE(out.empty());
}

TEST(FiniteField, KeysAreNew) {
  EXPECT_NE(joined(small_p, two, {4}).public_value(), joined(small_p, two, {4}).public_value());
  EXPECT_NE(FiniteFieldExchange::generate(provider(), NamedGroup::ffdhe2048)->public_value(),
            FiniteFieldExchange::generate(provider(), NamedGroup::ffdhe2048)->public_value());
}

}  // namespace
}  // namespace sesame::test
