// Every variant on its own, and the whole of them again and again without growth in memory.
#include <set>

#include "hostile12/variants.h"
#include "support/heap.h"

namespace sesame::test {

std::vector<Variant> all_variants12() {
  std::vector<Variant> out;
  for (const auto& table :
       {client_hello12_variants(), client_hello_extension12_variants(), server_hello12_variants(),
        order12_variants(), server_key_exchange_variants(), client_key_exchange_variants(),
        certificate12_variants(), finished12_variants(), record12_variants(), alert12_variants(),
        renegotiation_variants(), session_secret_variants(), resumption12_variants()}) {
    append_all(out, table);
  }
  return out;
}

namespace {

class Refused12 : public testing::TestWithParam<Variant> {};

TEST_P(Refused12, WithItsAlertAndItsReason) {
  const auto c = GetParam().play();
  if (HasFatalFailure()) return;
  expect_refused(GetParam(), *c);
}

INSTANTIATE_TEST_SUITE_P(Hostile, Refused12, testing::ValuesIn(all_variants12()),
                         [](const auto& test) { return test.param.name; });

class Borne12 : public testing::TestWithParam<Tolerated> {};

TEST_P(Borne12, TheHandshakeEndsWellAndDataGoesBothWays) {
  const auto c = GetParam().play();
  if (HasFatalFailure()) return;
  expect_open(*c);
}

INSTANTIATE_TEST_SUITE_P(Hostile, Borne12, testing::ValuesIn(all_tolerated12()),
                         [](const auto& test) { return test.param.name; });

TEST(Hostile12Table, HasEachVariantOnce) {
  std::set<std::string> names;
  for (const Variant& v : all_variants12()) EXPECT_TRUE(names.insert(v.name).second) << v.name;
  EXPECT_GE(names.size(), 1000u);
}

// What one peer did leaves nothing behind for the next.
TEST(Hostile12Table, LeavesNothingInMemory) {
  if (!heap_is_counted()) GTEST_SKIP() << "the sanitizers have a heap of their own";
  const std::vector<Variant> variants = all_variants12();
  const std::vector<Tolerated> tolerated = all_tolerated12();
  const auto play_all = [&] {
    for (const Variant& v : variants) v.play();
    for (const Tolerated& t : tolerated) t.play();
  };
  // libcrypto and the test program keep what they make at the first use.
  play_all();
  const std::size_t before = heap().live;
  play_all();
  EXPECT_EQ(heap().live, before);
}

}  // namespace
}  // namespace sesame::test
