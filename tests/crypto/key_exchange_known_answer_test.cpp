#include <gtest/gtest.h>

#include "support/key_exchange_access.h"
#include "support/routes.h"
#include "support/vectors.h"

namespace sesame::crypto {
namespace {

using test::from_hex;
using test::Octets;
using test::share_of;
using test::to_hex;

// The ways in which x25519 can be computed.
enum class Way { direct_by_derivation, direct_by_generation, evp };

std::shared_ptr<const Provider> provider_by(Way way) {
  const auto made = test::provider_by(way == Way::evp ? test::Route::evp : test::Route::direct);
  X25519TestAccess::compute_share_by_derivation(made->x25519(), way == Way::direct_by_derivation);
  return made;
}

std::string multiplied(const Provider& provider, NamedGroup group, const Octets& scalar, const Octets& u) {
  Expected<KeyExchange> key = KeyExchange::generate(provider, group, test::always(scalar));
  EXPECT_TRUE(key);
  secret::SharedSecret out;
  EXPECT_TRUE(key->finish(u, out));
  return to_hex(out.bytes());
}

class MontgomeryCurves : public testing::TestWithParam<Way> {
 protected:
  std::shared_ptr<const Provider> provider_ = provider_by(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Ways, MontgomeryCurves,
                         testing::Values(Way::direct_by_derivation, Way::direct_by_generation, Way::evp));

TEST_P(MontgomeryCurves, MultiplyAsRfc7748Section52Says) {
  EXPECT_EQ(multiplied(*provider_, NamedGroup::x25519,
                       from_hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                       from_hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")),
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  // The most significant bit of this u-coordinate is set, and has to be ignored.
  EXPECT_EQ(multiplied(*provider_, NamedGroup::x25519,
                       from_hex("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
                       from_hex("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493")),
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
  EXPECT_EQ(multiplied(*provider_, NamedGroup::x448,
                       from_hex("3d262fddf9ec8e88495266fea19a34d28882acef045104d0d1aae121"
                                "700a779c984c24f8cdd78fbff44943eba368f54b29259a4f1c600ad3"),
                       from_hex("06fce640fa3487bfda5f6cf2d5263f8aad88334cbd07437f020f08f9"
                                "814dc031ddbdc38c19c6da2583fa5429db94ada18aa7a7fb4ef8a086")),
            "ce3e4ff95a60dc6697da1db1d85e6afbdf79b50a2412d7546d5f239f"
            "e14fbaadeb445fc66a01b0779d98223961111e21766282f73dd96b6f");
  EXPECT_EQ(multiplied(*provider_, NamedGroup::x448,
                       from_hex("203d494428b8399352665ddca42f9de8fef600908e0d461cb021f8c5"
                                "38345dd77c3e4806e25f46d3315c44e0a5b4371282dd2c8d5be3095f"),
                       from_hex("0fbcc2f993cd56d3305b0b7d9e55d4c1a8fb5dbb52f8e9a1e9b6201b"
                                "165d015894e56c4d3570bee52fe205e28a78b91cdfbde71ce8d157db")),
            "884a02576239ff7a2f2f63b2db6a9ff37047ac13568e1e30fe63c4a7"
            "ad1b3ee3a5700df34321d62077e63633c575c1c954514e99da7c179d");
}

std::string iterated(const Provider& provider, NamedGroup group, Octets k, int times) {
  Octets u = k;
  for (int i = 0; i < times; ++i) {
    Octets next = from_hex(multiplied(provider, group, k, u));
    u = std::exchange(k, std::move(next));
  }
  return to_hex(k);
}

TEST_P(MontgomeryCurves, IterateAsRfc7748Section52Says) {
  Octets nine(32), five(56);
  nine[0] = 9;
  five[0] = 5;
  EXPECT_EQ(iterated(*provider_, NamedGroup::x25519, nine, 1),
            "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
  EXPECT_EQ(iterated(*provider_, NamedGroup::x25519, nine, 1000),
            "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
  EXPECT_EQ(iterated(*provider_, NamedGroup::x448, five, 1),
            "3f482c8a9f19b01e6c46ee9711d9dc14fd4bf67af30765c2ae2b846a"
            "4d23a8cd0db897086239492caf350b51f833868b9bc2b3bca9cf4113");
}

void exchange(const Provider& provider, NamedGroup group, const char* a, const char* share_a, const char* b,
              const char* share_b, const char* k) {
  Expected<KeyExchange> alice = KeyExchange::generate(provider, group, test::always(from_hex(a)));
  ASSERT_TRUE(alice);
  EXPECT_EQ(to_hex(share_of(*alice)), share_a);
  secret::SharedSecret out;
  Octets share(key_share_size(group, Side::server));
  ASSERT_TRUE(respond(provider, group, from_hex(share_a), share, out, test::always(from_hex(b))));
  EXPECT_EQ(to_hex(share), share_b);
  EXPECT_EQ(to_hex(out.bytes()), k);
  ASSERT_TRUE(alice->finish(share, out));
  EXPECT_EQ(to_hex(out.bytes()), k);
}

TEST_P(MontgomeryCurves, ExchangeAsRfc7748Section6Says) {
  exchange(*provider_, NamedGroup::x25519, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
           "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
           "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
           "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
           "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  exchange(*provider_, NamedGroup::x448,
           "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28d"
           "d9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
           "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c"
           "22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0",
           "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d"
           "6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d",
           "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b430"
           "27d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609",
           "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282b"
           "b60c0b56fd2464c335543936521c24403085d59a449a5037514a879d");
}

struct CurveVector {
  NamedGroup group;
  const char *private_key, *share, *peer_share, *secret;
};

// RFC 5903 section 8, and the first of NIST's "ECC CDH primitive" vectors for P-256.
const CurveVector curve_vectors[] = {
    {NamedGroup::secp256r1, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
     "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
     "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
     "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
     "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
     "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"},
    {NamedGroup::secp256r1, "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
     "04ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230"
     "28af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141",
     "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
     "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac",
     "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b"},
    {NamedGroup::secp384r1,
     "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194",
     "04667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa"
     "9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c",
     "04e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571"
     "dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c",
     "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746"},
    {NamedGroup::secp521r1,
     "0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a0"
     "95aa85a30fe1c2952c6771d937ba9777f5957b2639bab072462f68c27a57382d4a52",
     "040015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbee1e3bf42e00b8e380aeae57c2d10756494188"
     "594"
     "2af5a7f4601723c4195d176ced3e017cae20b6641d2eeb695786d8c946146239d099e18e1d5a514c739d7cb4a10ad8a788015ac"
     "405"
     "d7799dc75e7b7d5b6cf2261a6a7f1507438bf01beb6ca3926f9582",
     "0400d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a219b97c356436adc6e95bb0352f6be64a6c2912"
     "d4e"
     "f2d0433ced2b6171640012d9460f015c68226383956e3bd066e797b623c27ce0eac2f551a10c2c724d9852077b87220b6536c5c"
     "408"
     "a1d2aebb8e86d678ae49cb57091f4732296579ab44fcd17f0fc56a",
     "01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04"
     "d1427e73ca4baa240a34786859810c06b3c715a3a8cc3151f2bee417996d19f3ddea"},
};

TEST(SecpCurves, ComputeTheKnownSecrets) {
  const auto provider = *Provider::system();
  for (const CurveVector& vector : curve_vectors) {
    KeyExchange key = KeyExchangeTestAccess::with_private_key(
        *provider, vector.group, from_hex(vector.private_key), from_hex(vector.share));
    EXPECT_EQ(to_hex(share_of(key)), vector.share);
    secret::SharedSecret out;
    ASSERT_TRUE(key.finish(from_hex(vector.peer_share), out));
    EXPECT_EQ(to_hex(out.bytes()), vector.secret);
  }
}

/// g^x mod p, as long as p.
Octets power(const Octets& p, const Octets& base, const Octets& exponent) {
  BN_CTX* context = BN_CTX_new();
  BIGNUM* numbers[4] = {BN_new(), BN_bin2bn(base.data(), static_cast<int>(base.size()), nullptr),
                        BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr),
                        BN_bin2bn(p.data(), static_cast<int>(p.size()), nullptr)};
  Octets out(p.size());
  EXPECT_EQ(BN_mod_exp(numbers[0], numbers[1], numbers[2], numbers[3], context), 1);
  EXPECT_EQ(BN_bn2binpad(numbers[0], out.data(), static_cast<int>(out.size())), static_cast<int>(out.size()));
  for (BIGNUM* number : numbers) BN_free(number);
  BN_CTX_free(context);
  return out;
}

class FiniteFieldGroups : public testing::TestWithParam<NamedGroup> {
 protected:
  const test::Vectors vectors_ = test::Vectors::read("ffdhe.txt");
  const Octets p_ = vectors_[name(GetParam())]["p"];
  std::shared_ptr<const Provider> provider_ = *Provider::system();
};
INSTANTIATE_TEST_SUITE_P(All, FiniteFieldGroups,
                         testing::Values(NamedGroup::ffdhe2048, NamedGroup::ffdhe3072, NamedGroup::ffdhe4096,
                                         NamedGroup::ffdhe6144, NamedGroup::ffdhe8192),
                         [](const auto& row) { return std::string(name(row.param)); });

TEST_P(FiniteFieldGroups, ComputeWithThePrimesOfRfc7919) {
  const Octets x = from_hex("f3b00f2b1c6d5e4f3a2918070615243342516071808f9eadbccbdae9f807162534435261");
  const Octets y = power(p_, {2}, from_hex("e15263748596a7b8c9daebfc0d1e2f3041526374"));
  const Octets share = power(p_, {2}, x);
  KeyExchange key = KeyExchangeTestAccess::with_private_key(*provider_, GetParam(), x, share);
  EXPECT_EQ(share_of(key), share);
  secret::SharedSecret out;
  ASSERT_TRUE(key.finish(y, out));
  EXPECT_EQ(to_hex(out.bytes()), to_hex(power(p_, y, x)));
}

// RFC 8446 sections 4.2.8.1 and 7.4.1: both are as long as p.
TEST_P(FiniteFieldGroups, PadShareAndSecretOnTheLeft) {
  const Octets seven = {7}, four = [&] {
    Octets octets(p_.size());
    octets.back() = 4;
    return octets;
  }();
  KeyExchange key =
      KeyExchangeTestAccess::with_private_key(*provider_, GetParam(), seven, power(p_, {2}, seven));
  Octets padded(p_.size());
  padded.back() = 128;  // 2^7
  EXPECT_EQ(share_of(key), padded);
  secret::SharedSecret out;
  ASSERT_TRUE(key.finish(four, out));
  padded.back() = 0;
  padded[padded.size() - 2] = 0x40;  // 4^7 = 2^14
  EXPECT_EQ(to_hex(out.bytes()), to_hex(padded));
}

// Section 7.4.2: the X coordinate of the shared point, as long as the field.
TEST(SecpCurves, PadTheSecretOnTheLeft) {
  const auto provider = *Provider::system();
  for (NamedGroup group : {NamedGroup::secp256r1, NamedGroup::secp384r1}) {
    const Octets peer = share_of(*KeyExchange::generate(*provider, group));
    for (int i = 0;; ++i) {
      ASSERT_LT(i, 20'000) << "this is improbable";
      Expected<KeyExchange> key = KeyExchange::generate(*provider, group);
      secret::SharedSecret out;
      ASSERT_TRUE(key->finish(peer, out));
      ASSERT_EQ(out.size(), peer.size() / 2);
      if (out.bytes()[0] == 0) break;
    }
  }
}

}  // namespace
}  // namespace sesame::crypto
