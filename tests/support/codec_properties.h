// What has to hold for every message and extension body: the same words for each type, so that a new one
// costs a line.
#pragma once

#include <gtest/gtest.h>

#include "support/generate.h"
#include "support/hex.h"

namespace sesame::test {

template <class T>
Octets encoded(const T& value) {
  wire::Buffer out;
  EXPECT_TRUE(wire::encode(out, value));
  return octets_of(out.bytes());
}

template <class T>
std::string printed(const T& value) {
  std::string out;
  wire::print(out, value);
  return out;
}

/// A message whose last vector may be left out: it has one proper prefix that is a message too.
template <class T>
inline constexpr bool may_end_early = false;
template <class Vector>
inline constexpr bool may_end_early<wire::optional_at_end<Vector>> = true;
template <wire::Struct T>
inline constexpr bool may_end_early<T> = [] {
  using Fields = decltype(T::fields(std::declval<T&>()));
  using Last = std::tuple_element_t<std::tuple_size_v<Fields> - 1, Fields>;
  return may_end_early<std::remove_reference_t<Last>>;
}();

template <class T>
class CodecProperties : public testing::Test {};
TYPED_TEST_SUITE_P(CodecProperties);

TYPED_TEST_P(CodecProperties, DecodingGivesBackWhatWasEncoded) {
  Generator generator(1);
  for (int i = 0; i < 300; ++i) {
    const auto value = generator.template make<TypeParam>();
    const Octets octets = encoded(value);
    const auto decoded = wire::decode<TypeParam>(octets);
    ASSERT_TRUE(decoded) << to_hex(octets);
    ASSERT_EQ(encoded(*decoded), octets);
    ASSERT_EQ(printed(*decoded), printed(value));
  }
}

TYPED_TEST_P(CodecProperties, EncodedSizeIsWhatEncodingAppends) {
  Generator generator(2);
  for (int i = 0; i < 300; ++i) {
    const auto value = generator.template make<TypeParam>();
    wire::Buffer out;
    out.append(as_bytes("before"));
    ASSERT_TRUE(wire::encode(out, value));
    ASSERT_EQ(out.size(), 6 + wire::encoded_size(value));
    ASSERT_EQ(as_text(out.bytes().first(6)), "before");
  }
}

// Every octet counts: none can be missing, none can be added.
TYPED_TEST_P(CodecProperties, NoOctetMayBeMissingOrAdded) {
  Generator generator(3);
  for (int i = 0; i < 100; ++i) {
    const Octets octets = encoded(generator.template make<TypeParam>());
    int whole = 0;
    for (std::size_t size = 0; size < std::min<std::size_t>(octets.size(), 600); ++size) {
      const Octets prefix(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size));
      const auto decoded = wire::decode<TypeParam>(prefix);
      if (!decoded) continue;
      ++whole;
      ASSERT_EQ(encoded(*decoded), prefix);
    }
    ASSERT_LE(whole, may_end_early<TypeParam> ? 1 : 0);
    Octets longer = octets;
    longer.push_back(1);
    ASSERT_FALSE(wire::decode<TypeParam>(longer));
  }
}

// There is one encoding for a value: nothing that the decoder lets pass is lost or changed on the way back.
TYPED_TEST_P(CodecProperties, WhatDecodesAfterAChangeEncodesToTheSameOctets) {
  Generator generator(4);
  int changed = 0;
  for (int i = 0; i < 100; ++i) {
    const Octets octets = encoded(generator.template make<TypeParam>());
    for (int j = 0; j < 40; ++j) {
      Octets other = octets;
      other[generator.between(0, std::min<std::size_t>(other.size(), 100) - 1)] ^=
          static_cast<std::uint8_t>(1 << generator.between(0, 7));
      const auto decoded = wire::decode<TypeParam>(other);
      if (!decoded) continue;
      ++changed;
      ASSERT_EQ(encoded(*decoded), other);
      ASSERT_EQ(wire::encoded_size(*decoded), other.size());
    }
  }
  EXPECT_GT(changed, 0);
}

REGISTER_TYPED_TEST_SUITE_P(CodecProperties, DecodingGivesBackWhatWasEncoded,
                            EncodedSizeIsWhatEncodingAppends, NoOctetMayBeMissingOrAdded,
                            WhatDecodesAfterAChangeEncodesToTheSameOctets);

}  // namespace sesame::test
