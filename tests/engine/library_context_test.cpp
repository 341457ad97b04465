// Contexts with a library context, or a property query, of their own.
#include <openssl/crypto.h>
#include <openssl/provider.h>

#include "support/pair.h"

namespace sesame::test {
namespace {

class OwnLibraryContext : public testing::Test {
 protected:
  void SetUp() override {
    own_ = OSSL_LIB_CTX_new();
    ASSERT_TRUE(own_);
    default_ = OSSL_PROVIDER_load(own_, "default");
    ASSERT_TRUE(default_);
  }
  void TearDown() override {
    OSSL_PROVIDER_unload(default_);
    OSSL_LIB_CTX_free(own_);
  }
  OSSL_LIB_CTX* own_ = nullptr;
  OSSL_PROVIDER* default_ = nullptr;
};

TEST_F(OwnLibraryContext, ConnectsToTheSystemsBothWaysAndInBothModes) {
  for (const PskKeyExchangeMode mode : {PskKeyExchangeMode::psk_ke, PskKeyExchangeMode::psk_dhe_ke}) {
    for (const bool client_owns : {true, false}) {
      ContextOptions own, system;
      own.psk_modes = system.psk_modes = {mode};
      own.library_context = own_;
      Pair pair(client_context(client_owns ? own : system), server_context(client_owns ? system : own));
      ASSERT_TRUE(pair.handshake()) << name(mode) << (client_owns ? ", client's" : ", server's");
      expect_transfer(pair, pair.client, pair.server, "through two library contexts");
    }
  }
}

TEST_F(OwnLibraryContext, ServesFromAKeyringWhoseStatesAreTheSystems) {
  const auto keyring = std::make_shared<Keyring>();
  ASSERT_TRUE(
      keyring->add({.identity = as_bytes("alice"), .key = as_bytes(default_key), .usage = PskUsage::tls13}));
  ContextOptions own;
  own.library_context = own_;
  own.psk_source = keyring;
  for (int i = 0; i < 3; ++i) {
    Pair pair(client_context(), server_context(own));
    ASSERT_TRUE(pair.handshake());
    EXPECT_EQ(as_text(pair.server.connection.psk_identity()), "alice");
  }
}

TEST(PropertyQuery, ThatNothingFulfilsIsAnError) {
  ContextOptions options;
  options.property_query = "provider=nobody";
  const auto context = Context::create(options);
  ASSERT_FALSE(context);
  EXPECT_EQ(context.error().reason(), Reason::algorithm_unavailable);
}

TEST(PropertyQuery, OfTheDefaultProviderConnects) {
  ContextOptions options;
  options.property_query = "provider=default";
  Pair pair(client_context(options), server_context(options));
  EXPECT_TRUE(pair.handshake());
}

}  // namespace
}  // namespace sesame::test
