// Handshakes over X25519MLKEM768, where libcrypto has ML-KEM.
#include "crypto/provider.h"
#include "support/pair.h"

namespace sesame::test {
namespace {

constexpr NamedGroup hybrid = NamedGroup::X25519MLKEM768;

class Hybrid : public testing::Test {
 protected:
  void SetUp() override {
    if (!(*crypto::Provider::system())->has_group(hybrid)) GTEST_SKIP() << "this libcrypto has no ML-KEM";
  }
  static ContextOptions with_groups(std::vector<NamedGroup> groups) {
    ContextOptions options;
    options.groups = std::move(groups);
    return options;
  }
};

TEST_F(Hybrid, ConnectsInOneRoundTrip) {
  Pair pair(client_context(with_groups({hybrid})), server_context(with_groups({hybrid})));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.client.connection.group(), hybrid);
  EXPECT_EQ(pair.server.connection.group(), hybrid);
  EXPECT_FALSE(pair.client.connection.retried());
  expect_transfer(pair, pair.client, pair.server, "hello");
}

TEST_F(Hybrid, ConnectsAfterAHelloRetryRequest) {
  Pair pair(client_context(with_groups({NamedGroup::x25519, hybrid})), server_context(with_groups({hybrid})));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.client.connection.group(), hybrid);
  EXPECT_TRUE(pair.client.connection.retried());
  expect_transfer(pair, pair.server, pair.client, "hello");
}

TEST_F(Hybrid, ConnectsOneOctetAtATime) {
  Pair pair(client_context(with_groups({hybrid})), server_context(with_groups({hybrid})));
  pair.in = pair.out = 1;
  ASSERT_TRUE(pair.handshake());
}

TEST(WithoutMlKem, TheOtherGroupsOfAPolicyAreUsed) {
  if ((*crypto::Provider::system())->has_group(hybrid)) GTEST_SKIP() << "this libcrypto has ML-KEM";
  ContextOptions options;
  options.groups = {hybrid, NamedGroup::x25519};
  Pair pair(client_context(options), server_context(options));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.client.connection.group(), NamedGroup::x25519);
}

}  // namespace
}  // namespace sesame::test
