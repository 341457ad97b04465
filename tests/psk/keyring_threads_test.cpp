// Look-ups against writers. To be run under the thread sanitizer as well.
#include <gtest/gtest.h>
#include <sesame/keyring.h>

#include <atomic>
#include <map>
#include <thread>

#include "psk/credential_body.h"
#include "psk/process_memory.h"

namespace sesame {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr int scale = 1;
#else
constexpr int scale = 5;
#endif

// Keys are numbers; a table of what is derived from each tells which one an answer has.
std::string key_octets(std::size_t number) { return "key number " + std::to_string(number); }

class Keys {
 public:
  explicit Keys(std::size_t count) {
    const crypto::Hash& hash = (*crypto::Provider::system())->hash(HashAlgorithm::sha256);
    for (std::size_t i = 0; i < count; ++i) {
      const auto secrets = psk::derive_psk_secrets(hash, as_bytes(key_octets(i)), psk::PskKind::external);
      number_.emplace(as_text(secrets.binder.mac({}).bytes()), static_cast<int>(i));
    }
  }
  // -1: no such key, which is an error wherever it comes up.
  int number(const psk::PskSecrets& secrets) const {
    const auto found = number_.find(std::string(as_text(secrets.binder.mac({}).bytes())));
    return found == number_.end() ? -1 : found->second;
  }

 private:
  std::map<std::string, int> number_;
};

std::vector<int> look_up(Keyring& keyring, const Keys& keys, std::string_view identity) {
  psk::AnswerBody body;
  PskAnswer answer = body.handle();
  keyring.find({as_bytes(identity), {}, {}}, answer);
  std::vector<int> numbers;
  for (std::size_t i = 0; i < body.size(); ++i) numbers.push_back(keys.number(body[i].secrets));
  return numbers;
}

CredentialParameters parameters(const std::string& identity, const std::string& key) {
  return {.identity = as_bytes(identity), .key = as_bytes(key), .usage = PskUsage::tls13};
}

template <class Function>
std::vector<std::jthread> start(int count, std::atomic<bool>& stop, Function function) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&stop, function, i] {
      while (!stop.load(std::memory_order_relaxed)) function(i);
    });
  }
  return threads;
}

TEST(KeyringThreads, FindWhatStaysWhileEverythingElseChanges) {
  const Keys keys(64);
  Keyring keyring({.derived_states = 8});
  for (std::size_t i = 0; i < 64; ++i) {
    ASSERT_TRUE(keyring.add(parameters("stays" + std::to_string(i), key_octets(i))));
  }
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0, reads = 0;
  auto readers = start(3, stop, [&](int) {
    for (int i = 0; i < 64; ++i) {
      if (look_up(keyring, keys, "stays" + std::to_string(i)) != std::vector{i}) ++wrong;
      if (!look_up(keyring, keys, "nobody").empty()) ++wrong;
      ++reads;
    }
  });
  std::vector<std::jthread> writers;
  for (int w = 0; w < 2; ++w) {
    writers.emplace_back([&keyring, w] {
      for (int round = 0; round < 3; ++round) {
        const auto identity = [w](int i) {
          return std::to_string(w) + " comes and goes " + std::to_string(i);
        };
        for (int i = 0; i < 400 * scale; ++i) keyring.add(parameters(identity(i), "some key"));
        for (int i = 0; i < 400 * scale; ++i) keyring.remove(as_bytes(identity(i)));
      }
    });
  }
  writers.clear();
  while (reads < 500) std::this_thread::yield();
  stop = true;
  readers.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(keyring.statistics().identities, 64u);
}

// One identity whose key goes up by one all the time. An answer has the newest key, or the newest and the one
// before it, and nobody sees time run backwards: not even out of the cache of derived states.
TEST(KeyringThreads, SeeARotationWholeAndInOrder) {
  constexpr int versions = 100;
  const Keys keys(versions);
  Keyring keyring;
  ASSERT_TRUE(keyring.add(parameters("bob", key_octets(0))));
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0, published = 0;
  std::array<std::atomic<int>, 4> reads = {};
  auto readers = start(4, stop, [&](int r) {
    const int at_least = published.load();
    const std::vector<int> now = look_up(keyring, keys, "bob");
    const bool right = (now.size() == 1 || (now.size() == 2 && now[1] == now[0] - 1)) && now[0] >= at_least;
    if (!right) ++wrong;
    ++reads[static_cast<std::size_t>(r)];
  });
  for (int version = 1; version < versions; ++version) {
    ASSERT_TRUE(keyring.rotate(parameters("bob", key_octets(static_cast<std::size_t>(version)))));
    published = version;
    if (version % 7 == 0) std::this_thread::yield();
    ASSERT_TRUE(keyring.retire_older(as_bytes("bob")));
  }
  for (const auto& count : reads) {
    while (count < 100) std::this_thread::yield();
  }
  stop = true;
  readers.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(look_up(keyring, keys, "bob"), std::vector{versions - 1});
}

TEST(KeyringThreads, NeverSeeAKeyAfterItsRemovalReturned) {
  const Keys keys(2);
  Keyring keyring;
  std::atomic<bool> stop = false;
  // Odd: bob is being removed, or removed; what is looked up within one odd phase, after `gone`, must not be
  // there.
  std::atomic<int> gone = 0;
  std::atomic<int> wrong = 0, checked = 0;
  auto readers = start(4, stop, [&](int) {
    const int before = gone.load();
    const bool found = !look_up(keyring, keys, "bob").empty();
    if (before % 2 == 1 && gone.load() == before) {
      ++checked;
      if (found) ++wrong;
    }
  });
  for (int round = 0; round < 100 || checked < 20; ++round) {
    ASSERT_TRUE(keyring.add(parameters("bob", key_octets(static_cast<std::size_t>(round % 2)))));
    std::this_thread::yield();
    ASSERT_TRUE(keyring.remove(as_bytes("bob")));
    ++gone;
    std::this_thread::yield();
    ++gone;
  }
  stop = true;
  readers.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(keyring.statistics().derived_states, 0u);
}

// All keys of a generation are replaced in one step: who saw one of a generation sees none of an earlier one
// afterwards.
TEST(KeyringThreads, SeeReplaceAllAsOneStep) {
  constexpr int generations = 30, identities = 200;
  const Keys keys(generations);
  Keyring keyring;
  const auto fill = [&](int generation) {
    std::vector<Credential> all;
    for (int i = 0; i < identities; ++i) {
      all.push_back(*Credential::create(
          parameters("id" + std::to_string(i), key_octets(static_cast<std::size_t>(generation)))));
    }
    ASSERT_TRUE(keyring.replace_all(all));
  };
  fill(0);
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0, reads = 0;
  auto readers = start(3, stop, [&](int r) {
    int newest = 0;
    for (int i = 0; i < identities; ++i) {
      const auto now = look_up(keyring, keys, "id" + std::to_string((i * 7 + r) % identities));
      if (now.size() != 1 || now[0] < newest) {
        ++wrong;
        continue;
      }
      newest = now[0];
    }
    ++reads;
  });
  for (int generation = 1; generation < generations; ++generation) fill(generation);
  while (reads < 20) std::this_thread::yield();
  stop = true;
  readers.clear();
  EXPECT_EQ(wrong, 0);
}

TEST(KeyringThreads, MayEndAtAnyTime) {
  const Keys keys(1);
  Keyring keyring;
  for (int round = 0; round < 20 * scale; ++round) {
    ASSERT_TRUE(keyring.add(parameters("bob", key_octets(0))));
    std::vector<std::jthread> threads;
    std::atomic<int> wrong = 0;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        if (look_up(keyring, keys, "bob") != std::vector{0}) ++wrong;
      });
    }
    threads.clear();
    EXPECT_EQ(wrong, 0);
    ASSERT_TRUE(keyring.remove(as_bytes("bob")));
  }
}

// More readers than processors, so that some are stopped in the middle of a look-up for longer than a writer
// waits. Even then nothing is left of the keys when all look-ups have ended, with no further call.
TEST(KeyringThreads, LeaveNothingOfARemovedKeyBehind) {
  if (!test::can_search_memory) GTEST_SKIP() << "memory cannot be searched under a sanitizer";
  const std::string common = "a part that all keys have in common";
  const test::Needle needle(as_bytes(common));
  const Keys keys(1);
  Keyring keyring;
  std::atomic<bool> stop = false;
  auto readers = start(24, stop, [&](int) {
    for (int i = 0; i < 20; ++i) look_up(keyring, keys, "id" + std::to_string(i));
  });
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 20; ++i) {
      std::string key = common + std::to_string(round);
      ASSERT_TRUE(keyring.add(parameters("id" + std::to_string(i), key)));
      secret::wipe(key.data(), key.size());
    }
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(keyring.remove(as_bytes("id" + std::to_string(i))));
  }
  stop = true;
  readers.clear();
  EXPECT_LE(needle.occurrences(), 1u);  // the string above
}

}  // namespace
}  // namespace sesame
