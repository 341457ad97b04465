// Every variant on its own, and the whole of them again and again without growth in memory.
#include <algorithm>
#include <set>

#include "hostile/variant.h"
#include "support/heap.h"

namespace sesame::test {

std::vector<Variant> all_variants() {
  std::vector<Variant> all;
  for (const auto& table : {client_hello_form_variants(),
                            client_hello_extension_variants(),
                            pre_shared_key_variants(),
                            key_share_variants(),
                            second_client_hello_variants(),
                            server_hello_variants(),
                            hello_retry_request_variants(),
                            encrypted_extensions_variants(),
                            finished_variants(),
                            record_variants(),
                            alert_variants(),
                            post_handshake_variants(),
                            replay_variants(),
                            certificate_request_variants(),
                            server_certificate_variants(),
                            compressed_certificate_variants(),
                            certificate_verify_variants(),
                            client_certificate_variants(),
                            certificate_offer_variants(),
                            cert_with_extern_psk_variants(),
                            resumption_variants(),
                            early_data_variants(),
                            late_authentication_variants()}) {
    all.insert(all.end(), table.begin(), table.end());
  }
  return all;
}

namespace {

class Refused : public testing::TestWithParam<Variant> {};

TEST_P(Refused, WithItsAlertAndItsReason) {
  const auto c = GetParam().play();
  if (HasFatalFailure()) return;
  expect_refused(GetParam(), *c);
}

INSTANTIATE_TEST_SUITE_P(Hostile, Refused, testing::ValuesIn(all_variants()),
                         [](const auto& test) { return test.param.name; });

class Borne : public testing::TestWithParam<Tolerated> {};

TEST_P(Borne, TheHandshakeEndsWellAndDataGoesBothWays) {
  const auto c = GetParam().play();
  if (HasFatalFailure()) return;
  expect_open(*c);
}

INSTANTIATE_TEST_SUITE_P(Hostile, Borne, testing::ValuesIn(all_tolerated()),
                         [](const auto& test) { return test.param.name; });

TEST(HostileTable, HasEachVariantOnce) {
  std::set<std::string> names;
  for (const Variant& v : all_variants()) EXPECT_TRUE(names.insert(v.name).second) << v.name;
  EXPECT_GE(names.size(), 200u);
}

// The whole table, over and over: what one peer did leaves nothing behind for the next.
TEST(HostileTable, LeavesNothingInMemory) {
  const std::vector<Variant> variants = all_variants();
  const std::vector<Tolerated> tolerated = all_tolerated();
  const auto play_all = [&] {
    for (const Variant& v : variants) v.play();
    for (const Tolerated& t : tolerated) t.play();
  };
  // libcrypto and the test program keep what they make at the first use.
  play_all();
  const std::size_t before = heap().live;
  for (int round = 0; round < 2; ++round) play_all();
  EXPECT_EQ(heap().live, before);
}

}  // namespace
}  // namespace sesame::test
