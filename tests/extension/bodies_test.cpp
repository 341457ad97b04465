#include "extension/bodies.h"

#include <gtest/gtest.h>

#include "extension/key_share.h"
#include "extension/pre_shared_key.h"
#include "support/codec_properties.h"

namespace sesame::test {

using namespace extension;

using Bodies =
    testing::Types<SupportedVersionsOffer, SupportedVersionsChoice, Cookie, NamedGroupList,
                   PskKeyExchangeModes, ProtocolNameList, RecordSizeLimit, MaxFragmentLength, ServerName,
                   ServerNameList, KeyShareEntry, KeyShareClientHello, KeyShareHelloRetryRequest,
                   KeyShareServerHello, PskIdentity, OfferedPsks, SelectedPsk>;
INSTANTIATE_TYPED_TEST_SUITE_P(Extension, CodecProperties, Bodies);

namespace {

using wire::Fault;

template <class T>
Fault fault_of(std::string_view hex) {
  const Octets octets = from_hex(hex);
  const auto decoded = wire::decode<T>(octets);
  return decoded ? Fault::none : decoded.error();
}

TEST(SupportedVersions, AnOfferHasOneVersionAtLeastAndWholeOnes) {
  EXPECT_EQ(fault_of<SupportedVersionsOffer>("00"), Fault::length);
  EXPECT_EQ(fault_of<SupportedVersionsOffer>("01 03"), Fault::length);
  EXPECT_EQ(fault_of<SupportedVersionsOffer>("03 030403"), Fault::length);
  EXPECT_EQ(fault_of<SupportedVersionsOffer>("04 0304 0a0a"), Fault::none);
  EXPECT_EQ(fault_of<SupportedVersionsOffer>("fe" + std::string(254 * 2, '3')), Fault::none);
  EXPECT_EQ(fault_of<SupportedVersionsOffer>("ff" + std::string(255 * 2, '3')), Fault::length);
  EXPECT_EQ(fault_of<SupportedVersionsChoice>("03"), Fault::truncated);
  EXPECT_EQ(fault_of<SupportedVersionsChoice>("0304 00"), Fault::trailing);
}

TEST(Cookie, IsNotEmpty) {
  EXPECT_EQ(fault_of<Cookie>("0000"), Fault::length);
  EXPECT_EQ(fault_of<Cookie>("0001 00"), Fault::none);
}

TEST(SupportedGroups, HasOneGroupAtLeastAndWholeOnes) {
  EXPECT_EQ(fault_of<NamedGroupList>("0000"), Fault::length);
  EXPECT_EQ(fault_of<NamedGroupList>("0003 001d00"), Fault::length);
  EXPECT_EQ(fault_of<NamedGroupList>("0002 001d"), Fault::none);
}

TEST(PskKeyExchangeModes, HasOneModeAtLeast) {
  EXPECT_EQ(fault_of<PskKeyExchangeModes>("00"), Fault::length);
  EXPECT_EQ(fault_of<PskKeyExchangeModes>("02 01 0a"), Fault::none);
}

TEST(ProtocolNames, AreNotEmpty) {
  EXPECT_EQ(fault_of<ProtocolNameList>("0000"), Fault::length);
  EXPECT_EQ(fault_of<ProtocolNameList>("0001 00"), Fault::length);
  EXPECT_EQ(fault_of<ProtocolNameList>("0003 01 61 00"), Fault::length);
  EXPECT_EQ(fault_of<ProtocolNameList>("0002 01 61"), Fault::none);
  EXPECT_EQ(fault_of<ProtocolNameList>("0002 02 61"), Fault::truncated);
}

TEST(ServerNames, AreNotEmptyAndOfAnyType) {
  EXPECT_EQ(fault_of<ServerNameList>("0000"), Fault::length);
  EXPECT_EQ(fault_of<ServerNameList>("0003 00 0000"), Fault::length);
  EXPECT_EQ(fault_of<ServerNameList>("0004 00 0001 61"), Fault::none);
  EXPECT_EQ(fault_of<ServerNameList>("0004 07 0001 61"), Fault::none);
}

TEST(KeyShares, MayBeNoneButNoneIsEmpty) {
  EXPECT_EQ(fault_of<KeyShareClientHello>("0000"), Fault::none);
  EXPECT_EQ(fault_of<KeyShareClientHello>("0004 001d 0000"), Fault::length);
  EXPECT_EQ(fault_of<KeyShareClientHello>("0005 001d 0001 aa"), Fault::none);
  EXPECT_EQ(fault_of<KeyShareClientHello>("0005 001d 0002 aa"), Fault::truncated);
  EXPECT_EQ(fault_of<KeyShareServerHello>("001d 0001 aa"), Fault::none);
  EXPECT_EQ(fault_of<KeyShareServerHello>("001d"), Fault::truncated);
  EXPECT_EQ(fault_of<KeyShareHelloRetryRequest>("001d"), Fault::none);
  EXPECT_EQ(fault_of<KeyShareHelloRetryRequest>("001d 00"), Fault::trailing);
}

TEST(OfferedPsks, KeepTheBoundsOfIdentitiesAndBinders) {
  const std::string identity = "0007 0001 61 00000000";
  const std::string binder32 = "0021 20" + std::string(64, '5');
  EXPECT_EQ(fault_of<OfferedPsks>(identity + binder32), Fault::none);
  EXPECT_EQ(fault_of<OfferedPsks>("0006 0000 00000000" + binder32), Fault::length) << "an empty identity";
  EXPECT_EQ(fault_of<OfferedPsks>("0000" + binder32), Fault::length) << "no identity";
  EXPECT_EQ(fault_of<OfferedPsks>(identity + "0000"), Fault::length) << "no binder";
  EXPECT_EQ(fault_of<OfferedPsks>(identity + "0020 1f" + std::string(62, '5')), Fault::length)
      << "a binder of 31 octets";
  EXPECT_EQ(fault_of<OfferedPsks>(identity), Fault::truncated);
  EXPECT_EQ(fault_of<OfferedPsks>(identity + binder32 + "00"), Fault::trailing);
}

TEST(OfferedPsks, CarryAnIdentityOfAnySizeThatFits) {
  const Octets identity(0xffff - 6), binder(32);
  wire::Buffer identities, binders;
  ASSERT_TRUE(wire::encode(identities, PskIdentity{{identity}, 0}));
  ASSERT_TRUE(wire::encode(binders, PskBinderEntry{binder}));
  wire::Buffer out;
  EXPECT_TRUE(wire::encode(out, OfferedPsks{{identities.bytes()}, {binders.bytes()}}));
  const Octets longer(0xffff - 5);
  identities.release();
  ASSERT_TRUE(wire::encode(identities, PskIdentity{{longer}, 0}));
  EXPECT_FALSE(wire::encode(out, OfferedPsks{{identities.bytes()}, {binders.bytes()}}));
}

TEST(OneOctetExtensions, HaveExactlyTheirSize) {
  EXPECT_EQ(fault_of<MaxFragmentLength>(""), Fault::truncated);
  EXPECT_EQ(fault_of<MaxFragmentLength>("01 01"), Fault::trailing);
  EXPECT_EQ(fault_of<RecordSizeLimit>("40"), Fault::truncated);
  EXPECT_EQ(fault_of<RecordSizeLimit>("0040 00"), Fault::trailing);
}

}  // namespace
}  // namespace sesame::test
