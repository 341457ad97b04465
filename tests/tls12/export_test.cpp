#include "tls12/export.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/octets.h"
#include "tls12/key_schedule.h"

namespace sesame::test {
namespace {

const crypto::Provider& provider() { return **crypto::Provider::system(); }

struct Answer {
  CipherSuite suite;
  ProtocolVersion version;
  const char *master, *client_random, *server_random;
  const char *without_context, *with_empty_context, *with_context;  ///< "context"
};
// Three connections of the system's libssl with itself, and what its SSL_export_keying_material gave for the
// label below.
constexpr std::string_view label = "EXPORTER-sesame";
constexpr Answer answers[] = {
    {CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256, ProtocolVersion::tls12,
     "1e69464b25db3f277c643222403094cc174cb9664540201acd2efacb707485b58511703940f18082650f505e4984616f",
     "c435304013a239997ab36dbb96faf0d72903fe2b4ef00861f38bdfe4741c8ad2",
     "ca933f8cbb6007522241982bba70f863e7b9df06da7103052ec30bc4b30a7aff",
     "fb58f22cbdd752fdc7f84f5916f8adb0b670f5530aeca65038ce03325ae645a12c041b97436951b5",
     "b5f0f8d918b97492d1bae1a10074e4958091e291b49aeb7bf70329361defbd7c4fa240790f5710f3",
     "6a4fdd26f39b9cb94f32c3cba7a7d55f88f245a568ce5cd874b65cebb41a0b272e4f58ec1c9b4517"},
    {CipherSuite::TLS_PSK_WITH_AES_256_GCM_SHA384, ProtocolVersion::tls12,
     "07815eeec3207a1f1c0edde67e9a8d37171b25ff1a848787cec30719be4c9f890f0d8b7eee6c1943c9e95f9578e98101",
     "fac6a61ae552c8f995d29f633041b9e87e102f13923605f2bc9359235554d244",
     "5c02b833293a6a9ffaee31a651ea8af210321e12ae56a671b5af827411505f8f",
     "cb60c40390a769fe304ba03b2dd44e3763e264efb427f3d7a52f62b89f079668e0d277a630eefe2b",
     "21ac15679fe91ef2f67e782a3c04b4a02264f00f2f4a33d27835255fa887438824d7beaa0214c436",
     "cb93eaf3b8f0518a361ee8b0b89fa699d739fa3e32c9991b0f92ed6b54c9dea8ba32347373bc9637"},
    {CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA, ProtocolVersion::tls10,
     "f92f5812cc015c30b1df962263105a4482462583d4c23b1d0c2ca5961b135903cfbffa3416dae340d49562901f644cc7",
     "268e3141ddfec41e676a1de795074c91362804546ab2f0c9f7dc9f6204aa7646",
     "35d20ace26421adaa1d47f66bbc3e19b81b6298c63beebd228b06cc341ab243c",
     "f5d191a7cdc59dbf037dd894fc0674dd5fe070b31ebb938b03f059f05acfef03d813ff8f54c6d50b",
     "9e1dfd87b260811089f4d9dd45768cb37eecf4210f20e9bb9d14b9e2732a0644666dacd6454a10a1",
     "497db140cbe3a922e4708d9743f399cd48743a7754b7ba36366417ce79ed752908a93580d01aa2dd"},
};

class Exporter : public testing::TestWithParam<Answer> {
 protected:
  void SetUp() override {
    const auto found = policy::find_suite(provider(), GetParam().suite);
    ASSERT_TRUE(found);
    suite = *found;
    established.version = GetParam().version;
    established.suite = &suite;
    established.below = std::make_unique<handshake::Below13>();
    established.below->master_secret.assign(from_hex(GetParam().master));
    std::ranges::copy(from_hex(GetParam().client_random), established.below->client_random.begin());
    std::ranges::copy(from_hex(GetParam().server_random), established.below->server_random.begin());
  }
  std::string exported(std::optional<Bytes> context, std::size_t size = 40) const {
    Octets out(size);
    const auto done = tls12::export_keying_material(provider(), established, label, context, out);
    EXPECT_TRUE(done) << done.error().message();
    return to_hex(out);
  }
  Reason refusal(std::string_view of_label, std::optional<Bytes> context = {}) const {
    Octets out(40);
    const auto done = tls12::export_keying_material(provider(), established, of_label, context, out);
    EXPECT_FALSE(done) << of_label;
    return done ? Reason{} : done.error().reason();
  }
  policy::Suite suite;
  handshake::Established established;
};
INSTANTIATE_TEST_SUITE_P(Connections, Exporter, testing::ValuesIn(answers),
                         [](const auto& p) { return std::string(name(p.param.suite)); });

TEST_P(Exporter, GivesWhatLibsslGives) {
  EXPECT_EQ(exported({}), GetParam().without_context);
  EXPECT_EQ(exported(as_bytes("context")), GetParam().with_context);
}

// RFC 5705 section 4: "The context MAY be zero length", and then its length still counts.
TEST_P(Exporter, TellsAnEmptyContextFromNone) {
  EXPECT_EQ(exported(Bytes()), GetParam().with_empty_context);
  EXPECT_NE(exported(Bytes()), exported({}));
}

TEST_P(Exporter, GivesAShortOutputAsTheBeginningOfALongOne) {
  const std::string longest = exported({}, 300);
  for (const std::size_t size : {0u, 1u, 47u, 48u, 49u, 299u})
    EXPECT_EQ(exported({}, size), longest.substr(0, 2 * size));
}

TEST_P(Exporter, TakesAContextOfUpTo65535Octets) {
  const Octets largest = repeat(65535, 3), larger = repeat(65536, 3);
  EXPECT_NE(exported(largest), exported(Bytes(largest).first(65534)));
  EXPECT_EQ(refusal(label, larger), Reason::invalid_argument);
}

// RFC 5705 section 4: labels must not be those of TLS's own.
TEST_P(Exporter, RefusesTheLabelsOfTls) {
  for (const std::string_view own :
       {"client finished", "server finished", "master secret", "extended master secret", "key expansion", ""})
    EXPECT_EQ(refusal(own), Reason::invalid_argument) << own;
}

TEST_P(Exporter, GivesTheKeyBlockThatKeysAreCutFrom) {
  const auto master = tls12::MasterSecret::of(provider(), secret::prf_of(established.version, suite.hash),
                                              from_hex(GetParam().master));
  const auto block =
      tls12::KeyBlock::derive(*master, suite, established.version, false, established.below->client_random,
                              established.below->server_random);
  ASSERT_TRUE(block);
  const std::size_t used = record::block_sizes(suite, established.version).whole();
  Octets exported_block(used + 40);
  ASSERT_TRUE(tls12::export_key_block(provider(), established, exported_block));
  const record::BlockKeys client = block->keys_of(Side::client), server = block->keys_of(Side::server);
  const Octets expected = join({octets_of(client.mac_key), octets_of(server.mac_key), octets_of(client.key),
                                octets_of(server.key), octets_of(client.iv), octets_of(server.iv)});
  EXPECT_EQ(to_hex(Bytes(exported_block).first(used)), to_hex(expected));
  // What EAP-FAST takes its seed from goes on behind them (RFC 4851 section 5.1).
  Octets longer(used + 80);
  ASSERT_TRUE(tls12::export_key_block(provider(), established, longer));
  EXPECT_EQ(to_hex(exported_block), to_hex(Bytes(longer).first(used + 40)));
}

}  // namespace
}  // namespace sesame::test
