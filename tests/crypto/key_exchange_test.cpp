#include <gtest/gtest.h>
#include <openssl/err.h>

#include <thread>

#include "support/key_exchange_access.h"
#include "support/routes.h"
#include "support/vectors.h"

namespace sesame::crypto {
namespace {

using test::Octets;
using test::share_of;
using test::to_hex;

const Provider& provider() {
  static const std::shared_ptr<const Provider> made = *Provider::system();
  return *made;
}

std::vector<NamedGroup> all_groups() {
  std::vector<NamedGroup> out;
  for (const GroupRow& row : group_rows()) out.push_back(row.group);
  return out;
}

class Groups : public testing::TestWithParam<NamedGroup> {
 protected:
  void SetUp() override {
    if (!provider().has_group(GetParam())) GTEST_SKIP() << "this libcrypto has no " << name(GetParam());
  }
  NamedGroup group_ = GetParam();
  Octets server_share_ = Octets(key_share_size(group_, Side::server));
};
INSTANTIATE_TEST_SUITE_P(All, Groups, testing::ValuesIn(all_groups()),
                         [](const auto& row) { return std::string(name(row.param)); });

TEST_P(Groups, GiveBothSidesOneSecretOfTheGroupsSize) {
  const GroupRow& row = group_rows()[static_cast<std::size_t>(group_row(group_))];
  std::string before;
  for (int i = 0; i < 3; ++i) {
    Expected<KeyExchange> client = KeyExchange::generate(provider(), group_);
    ASSERT_TRUE(client);
    EXPECT_EQ(client->group(), group_);
    secret::SharedSecret servers, clients;
    ASSERT_TRUE(respond(provider(), group_, share_of(*client), server_share_, servers));
    ASSERT_TRUE(client->finish(server_share_, clients));
    EXPECT_EQ(servers.size(), row.secret_size);
    EXPECT_EQ(to_hex(servers.bytes()), to_hex(clients.bytes()));
    EXPECT_NE(to_hex(clients.bytes()), before);
    before = to_hex(clients.bytes());
  }
}

TEST_P(Groups, MakeADifferentShareEachTime) {
  EXPECT_NE(share_of(*KeyExchange::generate(provider(), group_)),
            share_of(*KeyExchange::generate(provider(), group_)));
}

TEST_P(Groups, RefuseSharesOfAWrongSize) {
  for (const Side side : {Side::client, Side::server}) {
    const std::size_t right = key_share_size(group_, side);
    for (std::size_t size : {std::size_t{0}, std::size_t{1}, right - 1, right + 1, right * 2}) {
      Octets share = share_of(*KeyExchange::generate(provider(), group_));
      share.resize(size);
      secret::SharedSecret out;
      if (side == Side::client) {
        const Expected<> answered = respond(provider(), group_, share, server_share_, out);
        ASSERT_FALSE(answered) << size;
        EXPECT_EQ(answered.error().reason(), Reason::key_share_invalid);
      } else {
        const Expected<> finished = KeyExchange::generate(provider(), group_)->finish(share, out);
        ASSERT_FALSE(finished) << size;
        EXPECT_EQ(finished.error().reason(), Reason::key_share_invalid);
      }
      EXPECT_TRUE(out.empty());
    }
  }
}

TEST_P(Groups, UseAPrivateKeyOnce) {
  Expected<KeyExchange> client = KeyExchange::generate(provider(), group_);
  secret::SharedSecret out;
  ASSERT_TRUE(respond(provider(), group_, share_of(*client), server_share_, out));
  ASSERT_TRUE(client->finish(server_share_, out));
  const Expected<> again = client->finish(server_share_, out);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().reason(), Reason::internal_error);
}

TEST_P(Groups, UseAPrivateKeyOnceEvenWhenTheShareWasBad) {
  Expected<KeyExchange> client = KeyExchange::generate(provider(), group_);
  secret::SharedSecret out;
  ASSERT_TRUE(respond(provider(), group_, share_of(*client), server_share_, out));
  EXPECT_FALSE(client->finish({}, out));
  EXPECT_FALSE(client->finish(server_share_, out));
}

TEST_P(Groups, MoveTheirPrivateKey) {
  Expected<KeyExchange> made = KeyExchange::generate(provider(), group_);
  const Octets share = share_of(*made);
  KeyExchange moved = std::move(*made);
  EXPECT_EQ(share_of(moved), share);
  Expected<KeyExchange> other = KeyExchange::generate(provider(), group_);
  *other = std::move(moved);
  secret::SharedSecret a, b;
  ASSERT_TRUE(respond(provider(), group_, share, server_share_, a));
  ASSERT_TRUE(other->finish(server_share_, b));
  EXPECT_EQ(to_hex(a.bytes()), to_hex(b.bytes()));
}

// Key shares that both peers could hold on their way to one secret, spoiled in one octet: whatever a bad
// share gives, it is not the secret.
TEST_P(Groups, NeverAgreeOverAChangedShare) {
  const std::size_t size = key_share_size(group_, Side::client);
  for (std::size_t at : {std::size_t{0}, std::size_t{1}, size / 2, size - 1}) {
    Expected<KeyExchange> client = KeyExchange::generate(provider(), group_);
    Octets share = share_of(*client);
    share[at] ^= 1;
    secret::SharedSecret a, b;
    if (!respond(provider(), group_, share, server_share_, a)) continue;
    if (!client->finish(server_share_, b)) continue;
    EXPECT_FALSE(secret::equal_in_constant_time(a.bytes(), b.bytes())) << at;
  }
}

class BadShare {
 public:
  explicit BadShare(NamedGroup group) : group_(group) {}
  /// Both roles refuse `share`, and leave the application's error queue as it was.
  void is_refused(const Octets& share, const char* what) const {
    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 1);
    secret::SharedSecret out;
    const Expected<> finished = KeyExchange::generate(provider(), group_)->finish(share, out);
    ASSERT_FALSE(finished) << what;
    EXPECT_EQ(finished.error().reason(), Reason::key_share_invalid) << what;
    EXPECT_TRUE(out.empty()) << what;
    Octets answer(key_share_size(group_, Side::server));
    const Expected<> answered = respond(provider(), group_, share, answer, out);
    ASSERT_FALSE(answered) << what;
    EXPECT_EQ(answered.error().reason(), Reason::key_share_invalid) << what;
    EXPECT_TRUE(out.empty()) << what;
    EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), 1) << what;
    EXPECT_EQ(ERR_get_error(), 0u) << what;
  }

 private:
  NamedGroup group_;
};

// RFC 7748 section 6: what is not of the prime order's group leads to the all-zero secret.
TEST(KeyExchange, RefusesPointsOfSmallOrderOnCurve25519) {
  const auto evp_only = test::provider_by(test::Route::evp);
  for (const char* point : {
           "0000000000000000000000000000000000000000000000000000000000000000",  // 0
           "0100000000000000000000000000000000000000000000000000000000000000",  // 1
           "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",  // of order 8
           "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",  // of order 8
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // p - 1
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // p
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // p + 1
           "0000000000000000000000000000000000000000000000000000000000000080",  // 0 with the bit that is
                                                                                // ignored
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",  // p - 1 with that bit
       }) {
    BadShare(NamedGroup::x25519).is_refused(test::from_hex(point), point);
    secret::SharedSecret out;
    const Expected<> by_evp =
        KeyExchange::generate(*evp_only, NamedGroup::x25519)->finish(test::from_hex(point), out);
    ASSERT_FALSE(by_evp) << point;
    EXPECT_EQ(by_evp.error().reason(), Reason::key_share_invalid) << point;
  }
}

TEST(KeyExchange, RefusesPointsOfSmallOrderOnCurve448) {
  const BadShare bad(NamedGroup::x448);
  Octets zero(56), one(56), p(56, 0xff);  // p = 2^448 - 2^224 - 1, little-endian
  one[0] = 1;
  p[28] = 0xfe;
  Octets below = p, above(56);
  below[0] = 0xfe;
  for (std::size_t i = 28; i < 56; ++i) above[i] = 0xff;
  bad.is_refused(zero, "0");
  bad.is_refused(one, "1");
  bad.is_refused(below, "p - 1");
  bad.is_refused(p, "p");
  bad.is_refused(above, "p + 1");
}

class SecpGroups : public testing::TestWithParam<NamedGroup> {};
INSTANTIATE_TEST_SUITE_P(All, SecpGroups,
                         testing::Values(NamedGroup::secp256r1, NamedGroup::secp384r1, NamedGroup::secp521r1),
                         [](const auto& row) { return std::string(name(row.param)); });

// RFC 8446 section 4.2.8.2: uncompressed points on the curve, and not the one at infinity.
TEST_P(SecpGroups, RefuseWhatIsNoUncompressedPointOnTheCurve) {
  const BadShare bad(GetParam());
  const Octets good = share_of(*KeyExchange::generate(provider(), GetParam()));
  const std::size_t field = good.size() / 2;
  for (int form : {0, 1, 2, 3, 5, 6, 7, 0x84}) {
    Octets share = good;
    share[0] = static_cast<std::uint8_t>(form);
    bad.is_refused(share, "another form of a point");
  }
  Octets compressed(good.begin(), good.begin() + 1 + static_cast<std::ptrdiff_t>(field));
  compressed[0] = static_cast<std::uint8_t>(2 + (good.back() & 1));
  bad.is_refused(compressed, "compressed");
  bad.is_refused({0}, "infinity");
  Octets share = good;
  share.back() ^= 1;
  bad.is_refused(share, "not on the curve");
  share = good;
  std::fill(share.begin() + 1, share.end(), std::uint8_t{0});
  bad.is_refused(share, "0, 0");
  share = good;
  std::fill(share.begin() + 1, share.begin() + 1 + static_cast<std::ptrdiff_t>(field), std::uint8_t{0xff});
  bad.is_refused(share, "X beyond the field");
}

TEST(KeyExchange, RefusesCoordinatesThatAreNotReduced) {
  // A point of P-256 with x = 5; x + p would stand for the same element of the field and fits 32 octets too.
  const char* const y = "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc";
  const char* const x = "0000000000000000000000000000000000000000000000000000000000000005";
  const char* const x_plus_p = "ffffffff00000001000000000000000000000001000000000000000000000004";
  secret::SharedSecret out;
  EXPECT_TRUE(KeyExchange::generate(provider(), NamedGroup::secp256r1)
                  ->finish(test::from_hex(std::string("04") + x + y), out));
  BadShare(NamedGroup::secp256r1).is_refused(test::from_hex(std::string("04") + x_plus_p + y), "x + p");
}

class FfdheGroups : public testing::TestWithParam<NamedGroup> {};
INSTANTIATE_TEST_SUITE_P(All, FfdheGroups,
                         testing::Values(NamedGroup::ffdhe2048, NamedGroup::ffdhe3072, NamedGroup::ffdhe4096,
                                         NamedGroup::ffdhe6144, NamedGroup::ffdhe8192),
                         [](const auto& row) { return std::string(name(row.param)); });

// RFC 8446 section 4.2.8.1: 1 < Y < p - 1.
TEST_P(FfdheGroups, RefuseValuesOutOfRange) {
  const BadShare bad(GetParam());
  const test::Vectors vectors = test::Vectors::read("ffdhe.txt");
  const Octets p = vectors[name(GetParam())]["p"];
  Octets value(p.size());
  bad.is_refused(value, "0");
  value.back() = 1;
  bad.is_refused(value, "1");
  value = p;
  ASSERT_EQ(value.back(), 0xff);
  bad.is_refused(value, "p");
  value.back() = 0xfe;
  bad.is_refused(value, "p - 1");
  std::fill(value.begin(), value.end(), std::uint8_t{0xff});
  bad.is_refused(value, "beyond p");
  Octets unpadded = {2};
  bad.is_refused(unpadded, "2 without padding");
  Octets two(p.size()), four(p.size());
  two.back() = 2;
  four.back() = 4;
  secret::SharedSecret out;
  EXPECT_TRUE(KeyExchange::generate(provider(), GetParam())->finish(two, out)) << "the least value in range";
  EXPECT_TRUE(KeyExchange::generate(provider(), GetParam())->finish(four, out));
}

TEST(KeyExchange, RefusesBadPartsOfTheHybrid) {
  constexpr NamedGroup group = NamedGroup::X25519MLKEM768;
  if (!provider().has_group(group)) GTEST_SKIP() << "this libcrypto has no ML-KEM";
  constexpr std::size_t kem_key = 1184, ciphertext = 1088;
  Expected<KeyExchange> client = KeyExchange::generate(provider(), group);
  const Octets good = share_of(*client);
  secret::SharedSecret out;
  Octets answer(key_share_size(group, Side::server));
  ASSERT_TRUE(respond(provider(), group, good, answer, out));

  const auto refused = [&](Octets share, const char* what) {
    const Expected<> answered = respond(provider(), group, share, answer, out);
    ASSERT_FALSE(answered) << what;
    EXPECT_EQ(answered.error().reason(), Reason::key_share_invalid) << what;
    EXPECT_TRUE(out.empty()) << what;
    EXPECT_EQ(ERR_peek_error(), 0u) << what;
  };
  Octets share = good;
  std::fill(share.begin(), share.begin() + 3,
            std::uint8_t{0xff});  // coefficients beyond q: FIPS 203 section 7.2
  refused(share, "an encapsulation key that is not reduced");
  share = good;
  std::fill(share.begin() + kem_key, share.end(), std::uint8_t{0});
  refused(share, "an x25519 part of small order");

  Octets spoiled = answer;
  std::fill(spoiled.begin() + ciphertext, spoiled.end(), std::uint8_t{0});
  const Expected<> finished = client->finish(spoiled, out);
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().reason(), Reason::key_share_invalid);
  EXPECT_TRUE(out.empty());
}

/// A key of `type` from its encoded form.
EVP_PKEY* public_key(const char* type, Bytes octets) {
  EVP_PKEY* key = EVP_PKEY_new_raw_public_key_ex(nullptr, type, nullptr, octets.data(), octets.size());
  EXPECT_NE(key, nullptr);
  return key;
}

// draft-ietf-tls-ecdhe-mlkem: ML-KEM's part stands first in both shares and in the secret. The answer is put
// together here.
TEST(KeyExchange, PutsTheMlKemPartOfTheHybridFirst) {
  constexpr NamedGroup group = NamedGroup::X25519MLKEM768;
  if (!provider().has_group(group)) GTEST_SKIP() << "this libcrypto has no ML-KEM";
  Expected<KeyExchange> client = KeyExchange::generate(provider(), group);
  const Octets share = share_of(*client);
  Octets answer(1088 + 32), expected(32);

  EVP_PKEY* encapsulation_key = public_key("ML-KEM-768", Bytes(share).first(1184));
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_pkey(nullptr, encapsulation_key, nullptr);
  std::size_t ciphertext_size = 1088, secret_size = 32;
  ASSERT_EQ(EVP_PKEY_encapsulate_init(context, nullptr), 1);
  ASSERT_EQ(EVP_PKEY_encapsulate(context, answer.data(), &ciphertext_size, expected.data(), &secret_size), 1);
  EXPECT_EQ(ciphertext_size, 1088u);
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(encapsulation_key);

  secret::SharedSecret x25519;
  ASSERT_TRUE(respond(provider(), NamedGroup::x25519, Bytes(share).subspan(1184),
                      MutableBytes(answer).subspan(1088), x25519));
  expected.insert(expected.end(), x25519.bytes().begin(), x25519.bytes().end());
  secret::SharedSecret out;
  ASSERT_TRUE(client->finish(answer, out));
  EXPECT_EQ(to_hex(out.bytes()), to_hex(expected));
}

TEST(KeyExchange, KnowsNoOtherGroups) {
  for (int value : {0x0000, 0x001a, 0x0105, 0x2a2a, 0xffff}) {
    const auto group = static_cast<NamedGroup>(value);
    EXPECT_EQ(group_row(group), -1);
    EXPECT_EQ(key_share_size(group, Side::client), 0u);
    EXPECT_FALSE(provider().has_group(group));
    const Expected<KeyExchange> made = KeyExchange::generate(provider(), group);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().reason(), Reason::algorithm_unavailable);
    secret::SharedSecret out;
    const Expected<> answered = respond(provider(), group, {}, {}, out);
    ASSERT_FALSE(answered);
    EXPECT_EQ(answered.error().reason(), Reason::algorithm_unavailable);
  }
}

TEST(KeyExchange, HasTheGroupsOfTls13) {
  for (const GroupRow& row : group_rows()) {
    if (row.kind == GroupKind::hybrid) continue;  // from libcrypto 3.5 on
    EXPECT_TRUE(provider().has_group(row.group)) << row.name;
  }
}

TEST(KeyExchange, RunsInThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int n = 0; n < 200; ++n) {
        Expected<KeyExchange> client = KeyExchange::generate(provider(), NamedGroup::x25519);
        Octets answer(32);
        secret::SharedSecret a, b;
        ASSERT_TRUE(respond(provider(), NamedGroup::x25519, share_of(*client), answer, a));
        ASSERT_TRUE(client->finish(answer, b));
        ASSERT_TRUE(secret::equal_in_constant_time(a.bytes(), b.bytes()));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace sesame::crypto
