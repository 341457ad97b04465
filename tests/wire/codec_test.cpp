#include "wire/codec.h"

#include <gtest/gtest.h>

#include "support/codec_properties.h"

namespace sesame::test {

using wire::Fault;
using wire::list;
using wire::opaque;
using wire::optional_at_end;

enum class Colour : std::uint16_t { red = 1 };

// One of everything.
struct Leaf {
  std::uint8_t small = 0;
  Colour colour{};
  std::array<std::uint8_t, 3> fixed{};
  opaque<1, 5> bounded;
  static constexpr auto fields(auto& m) { return std::tie(m.small, m.colour, m.fixed, m.bounded); }
};
struct Tree {
  list<Leaf, 0, 0xff> leaves;
  list<Colour, 2, 6> colours;
  list<list<std::uint16_t, 0, 8>, 1, 0xffff> nested;
  list<opaque<0, 0x10000>, 0, 0xffffff> wide;
  std::uint32_t number = 0;
  static constexpr auto fields(auto& m) { return std::tie(m.leaves, m.colours, m.nested, m.wide, m.number); }
};
struct Short {
  std::uint8_t first = 0;
  optional_at_end<list<std::uint16_t, 0, 0xff>> rest;
  static constexpr auto fields(auto& m) { return std::tie(m.first, m.rest); }
};

using Types = testing::Types<Leaf, Tree, Short>;
INSTANTIATE_TYPED_TEST_SUITE_P(Codec, CodecProperties, Types);

namespace {

template <class T>
Fault fault_of(std::string_view hex) {
  const Octets octets = from_hex(hex);
  const auto decoded = wire::decode<T>(octets);
  return decoded ? Fault::none : decoded.error();
}

template <class T>
bool encodes(const T& value) {
  wire::Buffer out;
  out.append(as_bytes("kept"));
  const bool ok = wire::encode(out, value);
  EXPECT_EQ(out.size(), ok ? 4 + wire::encoded_size(value) : 4)
      << "a value that does not fit leaves no octet behind";
  EXPECT_EQ(as_text(out.bytes().first(4)), "kept");
  return ok;
}

TEST(Codec, ThePrefixIsAsWideAsTheHighestSizeNeeds) {
  static_assert(wire::prefix_size(1) == 1 && wire::prefix_size(0xff) == 1);
  static_assert(wire::prefix_size(0x100) == 2 && wire::prefix_size(0xffff) == 2);
  static_assert(wire::prefix_size(0x10000) == 3 && wire::prefix_size(0xffffff) == 3);
  EXPECT_EQ(encoded(opaque<0, 0x10000>{as_bytes("ab")}), from_hex("0000026162"));
}

TEST(Codec, AVectorKeepsItsBoundsWhenItIsDecoded) {
  using V = opaque<2, 4>;
  EXPECT_EQ(fault_of<V>(""), Fault::truncated);
  EXPECT_EQ(fault_of<V>("00"), Fault::length);
  EXPECT_EQ(fault_of<V>("01 aa"), Fault::length);
  EXPECT_EQ(fault_of<V>("02 aaaa"), Fault::none);
  EXPECT_EQ(fault_of<V>("04 aaaaaaaa"), Fault::none);
  EXPECT_EQ(fault_of<V>("05 aaaaaaaaaa"), Fault::length);
  EXPECT_EQ(fault_of<V>("04 aaaaaa"), Fault::truncated);
  EXPECT_EQ(fault_of<V>("02 aaaa bb"), Fault::trailing);
}

TEST(Codec, AVectorKeepsItsBoundsWhenItIsEncoded) {
  const Octets octets(10);
  const auto sized = [&](std::size_t size) { return encodes(opaque<2, 4>{Bytes(octets).first(size)}); };
  EXPECT_FALSE(sized(0));
  EXPECT_FALSE(sized(1));
  EXPECT_TRUE(sized(2));
  EXPECT_TRUE(sized(4));
  EXPECT_FALSE(sized(5));
  // A size that its prefix could not even say.
  const Octets many(0x10000);
  EXPECT_FALSE(encodes(opaque<0, 0xffff>{many}));
  EXPECT_TRUE(encodes(opaque<0, 0xffff>{Bytes(many).first(0xffff)}));
  EXPECT_FALSE(encodes(opaque<0, 0xff>{Bytes(many).first(0x100)}));
}

TEST(Codec, AListKeepsItsBoundsInBothDirections) {
  using L = list<std::uint16_t, 2, 6>;
  EXPECT_EQ(fault_of<L>("00"), Fault::length);
  EXPECT_EQ(fault_of<L>("06 000100020003"), Fault::none);
  EXPECT_EQ(fault_of<L>("08 0001000200030004"), Fault::length);
  const Octets octets(8);
  EXPECT_FALSE(encodes(L{}));
  EXPECT_TRUE(encodes(L{Bytes(octets).first(6)}));
  EXPECT_FALSE(encodes(L{octets}));
}

TEST(Codec, HalfAnElementIsAFaultInBothDirections) {
  EXPECT_EQ((fault_of<list<std::uint16_t, 0, 0xff>>("03 000102")), Fault::length);
  EXPECT_EQ((fault_of<list<Colour, 0, 0xff>>("01 00")), Fault::length);
  EXPECT_EQ((fault_of<list<opaque<0, 0xff>, 0, 0xff>>("03 01aa 05")), Fault::truncated);
  EXPECT_EQ((fault_of<list<Leaf, 0, 0xff>>("06 01 0001 aabb")), Fault::truncated);
  EXPECT_EQ((fault_of<list<Leaf, 0, 0xff>>("05 01 0001 aabb")), Fault::truncated);
  const Octets three = {0, 1, 2};
  EXPECT_FALSE(encodes(list<std::uint16_t, 0, 0xff>{three}));
  EXPECT_FALSE(encodes(list<Colour, 0, 0xff>{three}));
  const Octets cut = {1, 0xaa, 5};
  EXPECT_FALSE(encodes(list<opaque<0, 0xff>, 0, 0xff>{cut}));
}

TEST(Codec, AnElementOutsideItsBoundsFaultsTheWholeListInBothDirections) {
  using L = list<opaque<2, 3>, 0, 0xff>;
  EXPECT_EQ(fault_of<L>("03 02aaaa"), Fault::none);
  EXPECT_EQ(fault_of<L>("05 02aaaa 01aa"), Fault::length);
  const Octets wrong = {2, 0xaa, 0xaa, 1, 0xaa};
  EXPECT_FALSE(encodes(L{wrong}));
}

TEST(Codec, AListOfListsIsCheckedAllTheWayDown) {
  using L = list<list<std::uint16_t, 2, 8>, 1, 0xffff>;
  EXPECT_EQ(fault_of<L>("0006 020001 020002"), Fault::none);
  EXPECT_EQ(fault_of<L>("0006 020001 030002"), Fault::truncated)
      << "an inner list beyond the outer one's end";
  EXPECT_EQ(fault_of<L>("0004 03000102"), Fault::length) << "an inner list of one and a half elements";
  EXPECT_EQ(fault_of<L>("0001 00"), Fault::length) << "an inner list under its lowest size";
  EXPECT_EQ(fault_of<L>("0000"), Fault::length);
}

TEST(Codec, AnInnerFaultBehindAGoodFieldIsNotLost) {
  EXPECT_EQ(fault_of<Leaf>("01 0001 aabbcc 00"), Fault::length);
  EXPECT_EQ(fault_of<Leaf>("01 0001 aabbcc 01"), Fault::truncated);
  EXPECT_EQ(fault_of<Leaf>("01 0001 aabbcc 01ff"), Fault::none);
  EXPECT_EQ(fault_of<Leaf>("01 0001 aabbcc 01ff ff"), Fault::trailing);
}

TEST(Codec, AStructThatDoesNotFitLeavesTheBufferAsItWas) {
  Leaf leaf;  // its last field is under its lowest size: the others are written before that is seen
  EXPECT_FALSE(encodes(leaf));
  const Octets octets(5);
  leaf.bounded.data = octets;
  EXPECT_TRUE(encodes(leaf));
}

TEST(Codec, AVectorAtTheEndMayBeLeftOutButNotCut) {
  const auto absent = wire::decode<Short>(from_hex("05"));
  ASSERT_TRUE(absent);
  EXPECT_FALSE(absent->rest.present);
  EXPECT_EQ(absent->rest.count(), 0u);
  const Octets five = from_hex("0500");
  const auto empty = wire::decode<Short>(five);
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->rest.present);
  EXPECT_EQ(encoded(*empty), five) << "left out and empty are not the same";
  EXPECT_EQ(fault_of<Short>(""), Fault::truncated) << "what is in front of it may not be left out";
  EXPECT_EQ(fault_of<Short>("05 02"), Fault::truncated);
  EXPECT_EQ(fault_of<Short>("05 02 00"), Fault::truncated);
  EXPECT_EQ(fault_of<Short>("05 01 00"), Fault::length);
  EXPECT_EQ(fault_of<Short>("05 02 0001 00"), Fault::trailing);
  Short contradiction;
  const Octets two(2);
  contradiction.rest.present = false;
  contradiction.rest.raw = two;
  EXPECT_FALSE(encodes(contradiction));
}

TEST(Codec, UnknownValuesSurvive) {
  const Octets octets = from_hex("ffff");
  const auto colour = wire::decode<Colour>(octets);
  ASSERT_TRUE(colour);
  EXPECT_EQ(encoded(*colour), octets);
}

TEST(Codec, DecodedVectorsAreViewsOfTheInput) {
  const Octets octets = from_hex("02 aabb");
  const auto decoded = wire::decode<opaque<0, 0xff>>(octets);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->data.data(), octets.data() + 1);
}

TEST(List, IsWalkedInOrderUntilTheFunctionSaysNo) {
  const Octets octets = from_hex("0001 0002 0003");
  const list<std::uint16_t, 0, 0xff> values{octets};
  std::vector<int> seen;
  values.for_each([&](std::uint16_t v) { seen.push_back(v); });
  EXPECT_EQ(seen, (std::vector{1, 2, 3}));
  seen.clear();
  values.for_each([&](std::uint16_t v) {
    seen.push_back(v);
    return v != 2;
  });
  EXPECT_EQ(seen, (std::vector{1, 2}));
  EXPECT_EQ(values.count(), 3u);
}

// Only a list that was decoded is known to be whole; one that was made by hand must not yield elements out of
// nothing.
TEST(List, AnElementThatIsNotThereIsNotVisited) {
  const Octets octets = from_hex("0001 02");
  EXPECT_EQ((list<std::uint16_t, 0, 0xff>{octets}.count()), 1u);
  const Octets cut = from_hex("01aa 05bb");
  EXPECT_EQ((list<opaque<0, 0xff>, 0, 0xff>{cut}.count()), 1u);
}

TEST(Print, ShowsFieldsInTheirOrderInHexadecimal) {
  const Octets one = from_hex("0a");
  EXPECT_EQ(printed(Leaf{7, Colour::red, {1, 2, 255}, {one}}), "{07 0001 0102ff 0a}");
  EXPECT_EQ(printed(std::uint32_t{0x01020304}), "01020304");
  EXPECT_EQ(printed(opaque<0, 9>{}), "");
}

TEST(Print, ShowsListsInBrackets) {
  const Octets octets = from_hex("0001 0203");
  EXPECT_EQ(printed(list<std::uint16_t, 0, 0xff>{octets}), "[0001 0203]");
  EXPECT_EQ(printed(list<std::uint16_t, 0, 0xff>{}), "[]");
  const Octets nested = from_hex("020001 00");
  EXPECT_EQ((printed(list<list<std::uint16_t, 0, 8>, 0, 0xff>{nested})), "[[0001] []]");
  EXPECT_EQ(printed(Short{1, {}}), "{01 []}");
  Short absent;
  absent.rest.present = false;
  EXPECT_EQ(printed(absent), "{00 -}");
}

TEST(Print, AppendsToWhatIsThere) {
  std::string out = "value: ";
  wire::print(out, std::uint8_t{0xf0});
  EXPECT_EQ(out, "value: f0");
}

}  // namespace
}  // namespace sesame::test
