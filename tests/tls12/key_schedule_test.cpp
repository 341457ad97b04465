#include "tls12/key_schedule.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/heap.h"
#include "support/octets.h"

namespace sesame::test {
namespace {

using secret::Prf;
using secret::PrfKey;
using tls12::KeyBlock;
using tls12::MasterSecret;

const crypto::Provider& provider() { return **crypto::Provider::system(); }

message::Random counted_from(std::uint8_t first) {
  message::Random out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}
const message::Random client_random = counted_from(0x20), server_random = counted_from(0xa0);

// 03 03, then 1 to 46.
Octets premaster() {
  Octets out = {3, 3};
  for (std::uint8_t i = 1; i <= 46; ++i) out.push_back(i);
  return out;
}
// 0, 5, 10...
Octets hash_of_size(std::size_t size) {
  Octets out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i * 5);
  return out;
}

struct Answer {
  Prf which;
  const char *master, *extended, *key_block, *client_finished, *server_finished;
  std::size_t hash_size() const { return which == Prf::md5_sha1 ? 36 : which == Prf::sha256 ? 32 : 48; }
};
// Computed with Python's hmac and hashlib from the premaster secret, randoms and hashes above; the master
// secrets also with `openssl kdf ... TLS1-PRF`. Verify data and key block are by the plain master secret.
constexpr Answer answers[] = {
    {Prf::md5_sha1,
     "20441fb06be945e9d017fb51bf7c7fa16212deb42a90576978eec66db8a9b015ffb308bbb989240fd0d804fd797c540c",
     "bd5f82699ea03c37decd26356c3f4f8c557afb521f9a58c1567b03133f9f3b09bd3182dfe899275dd35cfc16e3802938",
     "a27345169ce8b01a5b63e8cca88416bd1e3b98a088f04b3e86c4f467590a3401509370ba78a5b533c8dabb960068d57a4278682"
     "809a30dbff7af6e33b21f7a05e747b7c96bae73f42cc1f3969fb0bf33456fdece0ac948e6bf68b9235a7d8bd5e5622096367258"
     "51015ca8499d7a04881478eeef4a54930a5368d59c9341ff91a4ab20a2a3a551d1f92ea4922bd4683f12dae2e3ebac302d3d9e7"
     "12dbb03fc36d6a608ab815aa5e00fa9d1ed08540e972959f2c505dd069d19d8908afb20bfe7",
     "13e872d865e67f45046d461d", "bd296472f6de60f8f54207ca"},
    {Prf::sha256,
     "94202e313e7a51198af094c0a1dc60b01c83dcb11d21d1114f78255050712c374daa780712bfbc254c88ca4d74e2666d",
     "c6bea9a0c74888ebfb424e4ffde6cb38801f0b1bb4437ec99678977534eaaf06960cfb6da6028e14a3aaf2c2009235fe",
     "30e7dcd15c9e10d4e8db5cdae1599939d56f6226b625dede7b925e375c540f7d2abcc814a81edf9c58a9b31dafed8386b96b13e"
     "459cf9fe61e34b77702f39da88b5c1ddadd6eab7542d66088aa581320a5428b53d8e462853f1c366aeb85e2aad12c7ce79a6a0d"
     "070e81e207c4877d2e7e7393f2f955fe6181efd7df53371de852b7204712cb88ec2e44a8ca474b20bbaf279efa8bdca1f5b3af6"
     "980af3efd007093b9381c39ed897a4ced875db37705060017d00dc0b74c94009cf2ed2554c5",
     "25d8b57984780baa2c1df6d6", "6563e6ab7f1d5f290a27bbfd"},
    {Prf::sha384,
     "c73abdbf830bf0e83f12dd04086910426a6f71e296cca7a2833f936d1107267cafc9edb9097e0b44bf6ace491441599f",
     "26c8bf26e46bc7095ad8aa845e59719d9e7f493bc0aa239551dd5d074847d2c249734d315d5ccce47042804d2268ca63",
     "4d798bd4ef4f58aae0eaa48bf222724954dad4d2fe1202a44e17506eed40d645c05083dbb5bc236ac7ac07c3b74fc2f0c5f143c"
     "073c727912c4c8f186208ee5c5d3d90616b454c0396d99ca0e26c46ca1dc4aab550877b1cb6a5ceef152c78eac555228eee397a"
     "031fba217726ae27abed4c3b9862e2051572bb8d2df9be9093aa0cbb3629044aa83bd5bdf141811b459ff999cfcc44f9c84a2dd"
     "7a97da238cc36affecee6070e4b5ca71c657a1a02ad676174de7b4a4f7305be8bfa0c73fc46",
     "ee1cea3afe2217a34028fb92", "36cdd315f60c74a496619fc9"},
};

class KeySchedule : public testing::TestWithParam<Answer> {
 protected:
  PrfKey premaster_key() const {
    auto made = PrfKey::create(provider(), GetParam().which, premaster());
    EXPECT_TRUE(made);
    return std::move(*made);
  }
  MasterSecret master() const {
    auto made = MasterSecret::derive(provider(), premaster_key(), client_random, server_random);
    EXPECT_TRUE(made);
    return std::move(*made);
  }
};
INSTANTIATE_TEST_SUITE_P(Each, KeySchedule, testing::ValuesIn(answers), [](const auto& p) {
  return p.param.which == Prf::md5_sha1 ? "Md5Sha1" : p.param.which == Prf::sha256 ? "Sha256" : "Sha384";
});

TEST_P(KeySchedule, GivesTheMasterSecretThatIsComputedElsewhere) {
  EXPECT_EQ(to_hex(master().bytes()), GetParam().master);
  EXPECT_EQ(master().key().which(), GetParam().which);
}

TEST_P(KeySchedule, GivesTheExtendedMasterSecretThatIsComputedElsewhere) {
  const auto extended =
      MasterSecret::derive_extended(provider(), premaster_key(), hash_of_size(GetParam().hash_size()));
  ASSERT_TRUE(extended);
  EXPECT_EQ(to_hex(extended->bytes()), GetParam().extended);
}

TEST_P(KeySchedule, GivesTheVerifyDataThatIsComputedElsewhere) {
  const Octets hash = hash_of_size(GetParam().hash_size());
  const auto client = master().verify_data(Side::client, hash);
  const auto server = master().verify_data(Side::server, hash);
  ASSERT_TRUE(client && server);
  EXPECT_EQ(to_hex(*client), GetParam().client_finished);
  EXPECT_EQ(to_hex(*server), GetParam().server_finished);
}

TEST_P(KeySchedule, TakesTheMasterSecretOfASessionAsItIs) {
  const MasterSecret derived = master();
  const auto kept = MasterSecret::of(provider(), GetParam().which, derived.bytes());
  ASSERT_TRUE(kept);
  EXPECT_EQ(to_hex(kept->bytes()), to_hex(derived.bytes()));
  EXPECT_EQ(to_hex(*kept->verify_data(Side::client, hash_of_size(32))),
            to_hex(*derived.verify_data(Side::client, hash_of_size(32))));
}

TEST_P(KeySchedule, TakesOneTo512OctetsOfASessionSecretProvider) {
  for (const std::size_t size : {1u, 47u, 48u, 49u, 512u}) {
    const Octets octets = repeat(size, 9);
    const auto given = MasterSecret::of(provider(), GetParam().which, octets);
    ASSERT_TRUE(given) << size;
    EXPECT_EQ(to_hex(given->bytes()), to_hex(octets));
    const auto data = given->verify_data(Side::server, as_bytes("hash"));
    Octets expected(12);
    ASSERT_TRUE(
        secret::prf(provider(), GetParam().which, octets, "server finished", {as_bytes("hash")}, expected));
    EXPECT_EQ(to_hex(*data), to_hex(expected));
  }
  for (const std::size_t size : {0u, 513u, 70000u}) {
    const auto given = MasterSecret::of(provider(), GetParam().which, repeat(size, 9));
    ASSERT_FALSE(given) << size;
    EXPECT_EQ(given.error().reason(), Reason::internal_error);
  }
}

TEST_P(KeySchedule, LeavesNothingBehindWhenTheMasterSecretIsMoved) {
  MasterSecret first = master();
  const MasterSecret second = std::move(first);
  EXPECT_TRUE(first.empty());
  EXPECT_TRUE(first.key().empty());
  EXPECT_EQ(to_hex(second.bytes()), GetParam().master);
}

TEST_P(KeySchedule, DoesNotAllocate) {
  if (!heap_is_counted()) GTEST_SKIP() << "the sanitizer has a malloc of its own";
  const Octets secret = premaster();
  const auto suite = policy::find_suite(provider(), CipherSuite::TLS_PSK_WITH_AES_256_CBC_SHA384);
  ASSERT_TRUE(suite);
  watch_heap();
  const auto key = PrfKey::create(provider(), GetParam().which, secret);
  const auto master = MasterSecret::derive(provider(), *key, client_random, server_random);
  const auto block =
      KeyBlock::derive(*master, *suite, ProtocolVersion::tls12, false, client_random, server_random);
  const auto data = master->verify_data(Side::client, client_random);
  EXPECT_EQ(heap().calls, 0u);
  EXPECT_TRUE(block && data);
}

// ---- key blocks ----

struct Cut {
  CipherSuite suite;
  ProtocolVersion version;
  std::size_t mac_key, key, iv;
};
constexpr Cut cuts[] = {
    {CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256, ProtocolVersion::tls12, 0, 16, 4},
    {CipherSuite::TLS_PSK_WITH_AES_256_GCM_SHA384, ProtocolVersion::tls12, 0, 32, 4},
    {CipherSuite::TLS_PSK_WITH_AES_128_CCM_8, ProtocolVersion::tls12, 0, 16, 4},
    {CipherSuite::TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256, ProtocolVersion::tls12, 0, 32, 12},
    {CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA, ProtocolVersion::tls12, 20, 16, 0},
    {CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA, ProtocolVersion::tls11, 20, 16, 0},
    {CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA, ProtocolVersion::tls10, 20, 16, 16},
    {CipherSuite::TLS_PSK_WITH_AES_256_CBC_SHA384, ProtocolVersion::tls12, 48, 32, 0},
    {CipherSuite::TLS_PSK_WITH_AES_256_CBC_SHA384, ProtocolVersion::tls10, 48, 32, 16},
    {CipherSuite::TLS_PSK_WITH_NULL_SHA256, ProtocolVersion::tls12, 32, 0, 0},
};

class KeyBlocks : public testing::TestWithParam<Cut> {};
INSTANTIATE_TEST_SUITE_P(Each, KeyBlocks, testing::ValuesIn(cuts), [](const auto& p) {
  return std::string(name(p.param.suite)) + (p.param.version == ProtocolVersion::tls10   ? "InTls10"
                                             : p.param.version == ProtocolVersion::tls11 ? "InTls11"
                                                                                         : "InTls12");
});

// RFC 5246 section 6.3, RFC 2246 section 6.3: the cuts are written down here by hand.
TEST_P(KeyBlocks, AreCutAsTheSuiteSays) {
  const Cut& cut = GetParam();
  const auto suite = policy::find_suite(provider(), cut.suite);
  ASSERT_TRUE(suite);
  const Prf which = secret::prf_of(cut.version, suite->hash);
  const Answer& answer = *std::ranges::find(answers, which, &Answer::which);
  const auto master = MasterSecret::of(provider(), which, from_hex(answer.master));
  ASSERT_TRUE(master);
  const auto block = KeyBlock::derive(*master, *suite, cut.version, true, client_random, server_random);
  ASSERT_TRUE(block);
  std::string rest = answer.key_block;
  const auto next = [&](std::size_t octets) {
    const std::string out = rest.substr(0, 2 * octets);
    rest.erase(0, 2 * octets);
    return out;
  };
  const record::BlockKeys client = block->keys_of(Side::client), server = block->keys_of(Side::server);
  EXPECT_EQ(to_hex(client.mac_key), next(cut.mac_key));
  EXPECT_EQ(to_hex(server.mac_key), next(cut.mac_key));
  EXPECT_EQ(to_hex(client.key), next(cut.key));
  EXPECT_EQ(to_hex(server.key), next(cut.key));
  EXPECT_EQ(to_hex(client.iv), next(cut.iv));
  EXPECT_EQ(to_hex(server.iv), next(cut.iv));
  for (const record::BlockKeys& keys : {client, server}) {
    EXPECT_EQ(&keys.suite, &*suite);
    EXPECT_EQ(keys.version, cut.version);
    EXPECT_TRUE(keys.encrypt_then_mac);
  }
}

TEST(KeyBlock, HasRoomForEverySuiteInEveryVersion) {
  const auto master = MasterSecret::of(provider(), Prf::sha256, repeat(48, 1));
  std::size_t blocks = 0;
  for (const CipherSuite id : policy::all_suites()) {
    const auto suite = policy::find_suite(provider(), id);
    if (!suite) continue;
    for (const auto version : {ProtocolVersion::tls10, ProtocolVersion::tls11, ProtocolVersion::tls12}) {
      if (!suite->is_for(version)) continue;
      const auto block = KeyBlock::derive(*master, *suite, version, false, client_random, server_random);
      ASSERT_TRUE(block) << name(id);
      const record::BlockSizes sizes = record::block_sizes(*suite, version);
      const record::BlockKeys keys = block->keys_of(Side::server);
      EXPECT_EQ(keys.mac_key.size(), sizes.mac_key);
      EXPECT_EQ(keys.key.size(), sizes.key);
      EXPECT_EQ(keys.iv.size(), sizes.iv);
      ++blocks;
    }
  }
  EXPECT_GT(blocks, 150u);
}

// ---- premaster secrets ----

std::string plain(const Octets& psk) { return to_hex(tls12::plain_psk_premaster(psk).bytes()); }
std::string with(const Octets& other, const Octets& psk) {
  return to_hex(tls12::psk_premaster(other, psk).bytes());
}

TEST(PskPremaster, HasZerosForPlainPsk) {  // RFC 4279 section 2
  EXPECT_EQ(plain(from_hex("0a0b0c")),
            "0003000000"
            "00030a0b0c");
  EXPECT_EQ(plain({}), "00000000");
  EXPECT_EQ(plain(repeat(300, 1)), "012c" + to_hex(repeat(300, 0)) + "012c" + to_hex(repeat(300, 1)));
  EXPECT_EQ(plain(repeat(65535, 2)).size(), 2u * (2 + 65535 + 2 + 65535));
}

TEST(PskPremaster, HasTheDiffieHellmanSecret) {  // RFC 4279 section 3, RFC 5489 section 2
  EXPECT_EQ(with(repeat(256, 0xdd), from_hex("0a0b0c")), "0100" + to_hex(repeat(256, 0xdd)) + "00030a0b0c");
  EXPECT_EQ(with(repeat(32, 0xee), from_hex("01")), "0020" + to_hex(repeat(32, 0xee)) + "000101");
  EXPECT_EQ(with({}, from_hex("01")), "0000000101");
}

TEST(PskPremaster, HasThe48OctetsOfRsa) {  // RFC 4279 section 4
  EXPECT_EQ(with(premaster(), repeat(16, 0x77)),
            "0030" + to_hex(premaster()) + "0010" + to_hex(repeat(16, 0x77)));
}

}  // namespace
}  // namespace sesame::test
