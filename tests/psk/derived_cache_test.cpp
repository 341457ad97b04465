#include "psk/keyring/derived_cache.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace sesame::psk {
namespace {

const crypto::Hash& hash_of(HashAlgorithm algorithm) {
  return (*crypto::Provider::system())->hash(algorithm);
}

PskSecrets secrets_of(std::uint64_t key, HashAlgorithm algorithm = HashAlgorithm::sha256) {
  return derive_psk_secrets(hash_of(algorithm), {reinterpret_cast<const std::uint8_t*>(&key), sizeof key},
                            PskKind::external);
}

std::string mac(const PskSecrets& secrets) {
  std::string all;
  for (const auto* key :
       {&secrets.binder, &secrets.early, &secrets.derived, &secrets.handshake_ke, &secrets.master_ke}) {
    all += as_text(key->mac({}).bytes());
  }
  return all;
}

// Hashes that spread over the sets as an identity's do.
std::uint64_t spread(std::uint64_t i) { return i * 0x9e3779b97f4a7c15; }
constexpr std::uintptr_t owner_of(std::uint64_t i) { return 0x1000 + 8 * i; }

struct Cache : DerivedCache {
  using DerivedCache::DerivedCache;
  void put(std::uint64_t i, HashAlgorithm a = HashAlgorithm::sha256) {
    store(owner_of(i), spread(i), secrets_of(i, a));
  }
  bool has(std::uint64_t i, HashAlgorithm a = HashAlgorithm::sha256) {
    PskSecrets out;
    if (!load(owner_of(i), spread(i), hash_of(a), out)) return false;
    EXPECT_EQ(mac(out), mac(secrets_of(i, a)));
    return true;
  }
};

TEST(DerivedCache, GivesBackWhatWasStored) {
  Cache cache(64, crypto::HmacKey::max_state_size);
  cache.put(1);
  cache.put(2, HashAlgorithm::sha384);
  EXPECT_TRUE(cache.has(1));
  EXPECT_TRUE(cache.has(2, HashAlgorithm::sha384));
  EXPECT_FALSE(cache.has(3));
  EXPECT_EQ(cache.size(), 2u);
  cache.put(1);
  EXPECT_EQ(cache.size(), 2u);
}

TEST(DerivedCache, DoesNotTakeWhatItHasNoRoomFor) {
  Cache cache(64, 64);
  cache.put(2, HashAlgorithm::sha384);
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_FALSE(cache.has(2, HashAlgorithm::sha384));
}

TEST(DerivedCache, NeverHasMoreThanItsCapacity) {
  for (std::size_t capacity : {1, 2, 3, 4, 7, 100}) {
    Cache cache(capacity, 64);
    EXPECT_LE(cache.capacity(), capacity);
    for (std::uint64_t round = 0; round < 2; ++round) {
      for (std::uint64_t i = 0; i < 500; ++i) {
        cache.put(i);
        cache.put(i);  // missed twice: it is let in
        EXPECT_TRUE(cache.has(i));
        EXPECT_LE(cache.size(), capacity);
      }
    }
    std::size_t kept = 0;
    for (std::uint64_t i = 0; i < 500; ++i) kept += cache.has(i) ? 1 : 0;
    EXPECT_EQ(kept, cache.size());
  }
}

TEST(DerivedCache, KeepsWhatIsInUseWhenManyComeOnce) {
  Cache cache(100, 64);
  for (std::uint64_t i = 0; i < 30; ++i) cache.put(i);
  std::size_t before = 0;
  for (std::uint64_t i = 0; i < 30; ++i) before += cache.has(i) ? 1 : 0;
  for (std::uint64_t i = 1000; i < 6000; ++i) cache.put(i);
  std::size_t after = 0;
  for (std::uint64_t i = 0; i < 30; ++i) after += cache.has(i) ? 1 : 0;
  EXPECT_GE(before, 25u);
  EXPECT_GE(after, before * 2 / 3);
}

TEST(DerivedCache, ForgetsBothKeysOfARecordThatIsPurged) {
  Cache cache(64, 64);
  cache.put(1);
  cache.store(owner_of(1) + 1, spread(1), secrets_of(99));
  cache.put(2);
  EXPECT_EQ(cache.size(), 3u);
  cache.purge(owner_of(1), spread(1));
  PskSecrets out;
  EXPECT_FALSE(cache.has(1));
  EXPECT_FALSE(cache.load(owner_of(1) + 1, spread(1), hash_of(HashAlgorithm::sha256), out));
  EXPECT_TRUE(out.early.empty());
  EXPECT_TRUE(cache.has(2));
  EXPECT_EQ(cache.size(), 1u);
}

// Nobody ever reads a mixture of two keys.
TEST(DerivedCache, GivesWholeValuesToManyThreads) {
  DerivedCache cache(4, 64);  // one set, so that all are in one another's way
  constexpr std::uint64_t keys = 12;
  std::vector<PskSecrets> secrets;
  std::vector<std::string> macs;
  for (std::uint64_t i = 0; i < keys; ++i) {
    secrets.push_back(secrets_of(i));
    macs.push_back(mac(secrets.back()));
  }
  std::atomic<std::size_t> hits = 0, wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (std::uint64_t round = 0; round < 20'000; ++round) {
          const std::uint64_t i = (round * (t + 1) + t) % keys;
          PskSecrets out;
          if (cache.load(owner_of(i), spread(i), hash_of(HashAlgorithm::sha256), out)) {
            ++hits;
            if (mac(out) != macs[i]) ++wrong;
          } else {
            cache.store(owner_of(i), spread(i), secrets[i]);
          }
          if (t == 0 && round % 16 == 0) cache.purge(owner_of(i), spread(i));
        }
      });
    }
  }
  EXPECT_GT(hits, 0u);
  EXPECT_EQ(wrong, 0u);
  EXPECT_LE(cache.size(), 4u);
}

}  // namespace
}  // namespace sesame::psk
