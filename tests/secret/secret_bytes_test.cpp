#include "secret/secret_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <type_traits>

#include "support/hex.h"

namespace sesame::secret {
namespace {

using test::Octets;

template <class Secret>
class Secrets : public testing::Test {
 protected:
  /// The secret lives in storage that is looked at afterwards.
  struct Storage {
    Storage() { std::fill(std::begin(octets), std::end(octets), std::uint8_t{0xcc}); }
    template <class... Arguments>
    Secret* make(Arguments&&... arguments) {
      return new (octets) Secret(std::forward<Arguments>(arguments)...);
    }
    bool holds(std::uint8_t value) const { return std::ranges::search_n(octets, 8, value).size() == 8; }
    alignas(Secret) std::uint8_t octets[sizeof(Secret)];
  };
  static constexpr std::uint8_t mark = 0x5a;
  const Octets value_ = Octets(48, mark);
};
using Kinds = testing::Types<SecretBytes, SharedSecret, BasicSecret<64>, BasicSecret<65>>;
TYPED_TEST_SUITE(Secrets, Kinds);

TYPED_TEST(Secrets, CannotBeCopiedComparedOrPrinted) {
  static_assert(!std::is_copy_constructible_v<TypeParam> && !std::is_copy_assignable_v<TypeParam>);
  static_assert(std::is_nothrow_move_constructible_v<TypeParam> &&
                std::is_nothrow_move_assignable_v<TypeParam>);
  static_assert(!requires(TypeParam a, TypeParam b) { a == b; });
  static_assert(!requires(std::ostream& stream, TypeParam a) { stream << a; });
}

TYPED_TEST(Secrets, HoldWhatTheyAreGiven) {
  TypeParam secret{Bytes(this->value_)};
  EXPECT_EQ(test::octets_of(secret.bytes()), this->value_);
  EXPECT_EQ(secret.size(), 48u);
  secret.assign(Bytes(this->value_).first(3));
  EXPECT_EQ(secret.size(), 3u);
  EXPECT_EQ(test::octets_of(secret.bytes()), Octets(3, this->mark));
  EXPECT_EQ(secret.resize(20).size(), 20u);
  secret.clear();
  EXPECT_TRUE(secret.empty());
  secret.assign({});
  EXPECT_TRUE(secret.empty());
  EXPECT_TRUE(TypeParam().empty());
}

TYPED_TEST(Secrets, AreWipedWhenDestroyed) {
  typename TestFixture::Storage storage;
  TypeParam* secret = storage.make(Bytes(this->value_));
  ASSERT_TRUE(storage.holds(this->mark)) << "the test looks in the wrong place";
  secret->~TypeParam();
  EXPECT_FALSE(storage.holds(this->mark));
}

TYPED_TEST(Secrets, AreWipedWhenMovedFrom) {
  typename TestFixture::Storage storage, other;
  TypeParam* secret = storage.make(Bytes(this->value_));
  TypeParam moved(std::move(*secret));
  EXPECT_FALSE(storage.holds(this->mark));
  EXPECT_TRUE(secret->empty());
  EXPECT_EQ(test::octets_of(moved.bytes()), this->value_);
  TypeParam* assigned = other.make(Bytes(Octets(48, 0x77)));
  *assigned = std::move(moved);
  EXPECT_EQ(test::octets_of(assigned->bytes()), this->value_);
  EXPECT_FALSE(other.holds(0x77));
  EXPECT_TRUE(moved.empty());
}

TYPED_TEST(Secrets, AreWipedWhenAssignedResizedOrCleared) {
  typename TestFixture::Storage storage;
  TypeParam* secret = storage.make(Bytes(this->value_));
  secret->assign(Bytes(Octets(2, 1)));
  EXPECT_FALSE(storage.holds(this->mark));
  secret->assign(Bytes(this->value_));
  secret->resize(5);
  EXPECT_FALSE(storage.holds(this->mark));
  secret->assign(Bytes(this->value_));
  secret->clear();
  EXPECT_FALSE(storage.holds(this->mark));
  secret->assign(Bytes(this->value_));
  *secret = TypeParam(Bytes(Octets(1, 9)));
  EXPECT_FALSE(storage.holds(this->mark));
}

TYPED_TEST(Secrets, SurviveBeingMovedToThemselves) {
  TypeParam secret{Bytes(this->value_)};
  TypeParam& same = secret;
  secret = std::move(same);
  EXPECT_EQ(test::octets_of(secret.bytes()), this->value_);
}

TEST(EqualInConstantTime, ComparesSizesAndOctets) {
  const Octets a = {1, 2, 3}, b = {1, 2, 4}, c = {1, 2};
  EXPECT_TRUE(equal_in_constant_time(a, a));
  EXPECT_TRUE(equal_in_constant_time({}, {}));
  EXPECT_FALSE(equal_in_constant_time(a, b));
  EXPECT_FALSE(equal_in_constant_time(a, c));
  EXPECT_FALSE(equal_in_constant_time(a, {}));
}

}  // namespace
}  // namespace sesame::secret
