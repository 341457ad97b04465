#include "rfc8448/trace.h"

#include <gtest/gtest.h>

namespace sesame::test {
namespace {

class Rfc8448 : public testing::TestWithParam<Route> {
 protected:
  void walk(const char* file) {
    Trace trace(GetParam(), {});
    trace.walk(Vectors::read(file));
  }
};
INSTANTIATE_TEST_SUITE_P(Routes, Rfc8448, testing::Values(Route::direct, Route::evp), route_name);

TEST_P(Rfc8448, Section3Simple1RttHandshake) { walk("rfc8448/section3.txt"); }

TEST_P(Rfc8448, Section4Resumed0RttHandshake) {
  Trace before(GetParam(), {});
  before.walk(Vectors::read("rfc8448/section3.txt"));
  ASSERT_FALSE(before.resumption_psk().empty());
  Trace trace(GetParam(), before.resumption_psk());
  trace.walk(Vectors::read("rfc8448/section4.txt"));
}

TEST_P(Rfc8448, Section5HelloRetryRequest) { walk("rfc8448/section5.txt"); }
TEST_P(Rfc8448, Section6ClientAuthentication) { walk("rfc8448/section6.txt"); }
TEST_P(Rfc8448, Section7CompatibilityMode) { walk("rfc8448/section7.txt"); }

// The traces are complete: what the RFC prints, counted in its text.
TEST(Rfc8448Data, HasEveryValueOfTheTraces) {
  std::map<std::string, int> steps;
  int values = 0;
  for (const char* section : {"3", "4", "5", "6", "7"}) {
    const Vectors vectors = Vectors::read(std::string("rfc8448/section") + section + ".txt");
    for (const auto& block : vectors.blocks()) {
      const std::size_t first = block.title.find(' ') + 1;
      ++steps[block.title.substr(first, block.title.find(' ', first) - first)];
      values += static_cast<int>(block.entries.size());
    }
  }
  const std::map<std::string, int> expected = {
      {"key_pair", 11}, {"message", 40}, {"record", 41},   {"extract", 15}, {"salt", 15},
      {"derive", 32},   {"keys", 21},    {"finished", 10}, {"binder", 1},   {"resumption", 1}};
  EXPECT_EQ(steps, expected);
  EXPECT_EQ(values, 527);
}

}  // namespace
}  // namespace sesame::test
