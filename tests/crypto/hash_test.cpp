#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "support/hex.h"
#include "support/routes.h"

namespace sesame::crypto {
namespace {

using test::Octets;
using test::Route;
using test::to_hex;

class Hashes : public testing::TestWithParam<Route> {
 protected:
  std::shared_ptr<const Provider> provider_ = test::provider_by(GetParam());
  const Hash& sha256_ = provider_->hash(HashAlgorithm::sha256);
  const Hash& sha384_ = provider_->hash(HashAlgorithm::sha384);

  static std::string by_evp(const Hash& hash, Bytes octets) {
    std::uint8_t out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const EVP_MD* md = hash.algorithm() == HashAlgorithm::sha256 ? EVP_sha256() : EVP_sha384();
    EXPECT_EQ(EVP_Digest(octets.data(), octets.size(), out, &size, md, nullptr), 1);
    return to_hex({out, size});
  }
};
INSTANTIATE_TEST_SUITE_P(Routes, Hashes, testing::Values(Route::direct, Route::evp), test::route_name);

Octets pattern(std::size_t size) {
  Octets out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  return out;
}

// The examples of FIPS 180.
TEST_P(Hashes, GiveTheKnownAnswers) {
  const struct {
    std::string message;
    const char *sha256, *sha384;
  } answers[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
       "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
       "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
       "3391fdddfc8dc7393707a65b1b4709397cf8b1d162af05abfe8f450de5f36bc6b0455a8520bc4e6f5fe95b1fe3c8452b"},
      {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
       "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
       "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
       "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039"},
      {std::string(1'000'000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
       "9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b07b8b3dc38ecc4ebae97ddd87f3d8985"},
  };
  for (const auto& answer : answers) {
    EXPECT_EQ(to_hex(hash_of(sha256_, {as_bytes(answer.message)}).bytes()), answer.sha256);
    EXPECT_EQ(to_hex(hash_of(sha384_, {as_bytes(answer.message)}).bytes()), answer.sha384);
  }
}

TEST_P(Hashes, AgreeWithEvpForEverySizeAcrossTheBlocks) {
  const Octets all = pattern(400);
  for (const Hash* hash : {&sha256_, &sha384_}) {
    for (std::size_t size = 0; size <= all.size(); ++size) {
      const Bytes octets(all.data(), size);
      const std::string expected = by_evp(*hash, octets);
      ASSERT_EQ(to_hex(hash_of(*hash, {octets}).bytes()), expected) << size;
      const std::size_t cut = size / 3;
      ASSERT_EQ(to_hex(hash_of(*hash, {octets.first(cut), {}, octets.subspan(cut)}).bytes()), expected)
          << size;
      RunningHash running(*hash);
      running.update(octets.first(cut));
      running.update({});
      running.update(octets.subspan(cut));
      ASSERT_EQ(to_hex(running.value().bytes()), expected) << size;
    }
  }
}

TEST_P(Hashes, TellTheirValueAtAnyTime) {
  const Octets all = pattern(300);
  for (const Hash* hash : {&sha256_, &sha384_}) {
    RunningHash running(*hash);
    for (std::size_t size = 0; size < all.size(); ++size) {
      ASSERT_EQ(to_hex(running.value().bytes()), by_evp(*hash, Bytes(all).first(size)));
      running.update(Bytes(all).subspan(size, 1));
    }
  }
}

TEST_P(Hashes, AreCopiedWithWhatTheyHold) {
  for (const Hash* hash : {&sha256_, &sha384_}) {
    RunningHash one(*hash);
    one.update(as_bytes("hello "));
    RunningHash two(one);
    RunningHash three(hash == &sha256_ ? sha384_ : sha256_);
    three.update(as_bytes("of another kind"));
    three = one;
    one.update(as_bytes("Alice"));
    two.update(as_bytes("Bob"));
    EXPECT_EQ(to_hex(one.value().bytes()), by_evp(*hash, as_bytes("hello Alice")));
    EXPECT_EQ(to_hex(two.value().bytes()), by_evp(*hash, as_bytes("hello Bob")));
    EXPECT_EQ(to_hex(three.value().bytes()), by_evp(*hash, as_bytes("hello ")));
    RunningHash& same = one;
    one = same;
    EXPECT_EQ(to_hex(one.value().bytes()), by_evp(*hash, as_bytes("hello Alice")));
    one = RunningHash();
    EXPECT_FALSE(one.begun());
    EXPECT_FALSE(RunningHash(one).begun());
  }
}

TEST_P(Hashes, BeginAnew) {
  RunningHash running(sha256_);
  running.update(as_bytes("forgotten"));
  running.begin(sha384_);
  running.update(as_bytes("abc"));
  EXPECT_EQ(to_hex(running.value().bytes()), by_evp(sha384_, as_bytes("abc")));
  EXPECT_TRUE(running.begun());
  running.end();
  EXPECT_FALSE(running.begun());
  running.end();
  running.begin(sha256_);
  EXPECT_EQ(to_hex(running.value().bytes()), by_evp(sha256_, {}));
}

TEST(RunningHash, WipesWhatItHashed) {
  const auto provider = test::provider_by(Route::direct);
  for (HashAlgorithm algorithm : {HashAlgorithm::sha256, HashAlgorithm::sha384}) {
    alignas(RunningHash) std::uint8_t storage[sizeof(RunningHash)];
    std::fill(std::begin(storage), std::end(storage), std::uint8_t{0xcc});
    auto* running = new (storage) RunningHash(provider->hash(algorithm));
    running->update(as_bytes("a secret that waits in the block"));
    const std::string before(as_text(storage));
    ASSERT_NE(before.find("secret that waits"), std::string::npos) << "the test looks in the wrong place";
    running->~RunningHash();
    EXPECT_EQ(std::string(as_text(storage)).find("secret that waits"), std::string::npos);
  }
}

}  // namespace
}  // namespace sesame::crypto
