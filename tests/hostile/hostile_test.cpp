// Every variant on its own, and the whole of them again and again without growth in memory.
#include <algorithm>
#include <set>

#include "hostile/variant.h"

namespace sesame::test {

std::vector<Variant> all_variants() {
  std::vector<Variant> all;
  for (const auto& table :
       {client_hello_form_variants(), client_hello_extension_variants(), pre_shared_key_variants(),
        key_share_variants(), second_client_hello_variants()}) {
    all.insert(all.end(), table.begin(), table.end());
  }
  return all;
}

namespace {

class Hostile : public testing::TestWithParam<Variant> {};

TEST_P(Hostile, IsRefused) {
  const auto c = GetParam().play();
  if (HasFatalFailure()) return;
  expect_refused(GetParam(), *c);
}

INSTANTIATE_TEST_SUITE_P(Peer, Hostile, testing::ValuesIn(all_variants()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace sesame::test
