// Key files that are followed, and how a follower puts what sources give into a keyring.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sesame/key_source.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

namespace sesame {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

constexpr std::string_view alice = "alice:00112233445566778899aabbccddeeff\n";
constexpr std::string_view alice_2 = "alice:ff112233445566778899aabbccddeeff\n";
constexpr std::string_view bob = "bob:00112233445566778899aabbccddeeff\n";

class Files : public testing::Test {
 protected:
  Files() {
    std::string name = (std::filesystem::temp_directory_path() / "sesame-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
  }
  ~Files() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path path(std::string_view name) const { return folder_ / name; }
  void put(std::string_view name, std::string_view text) const {
    const auto beside = path(std::string(name) + ".new");
    std::ofstream(beside, std::ios::binary) << text;
    std::filesystem::rename(beside, path(name));
  }
  void put_in_place(std::string_view name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  KeyFollower follower(std::vector<std::string_view> names) const {
    std::vector<std::unique_ptr<KeySource>> sources;
    for (const auto name : names) sources.push_back(std::make_unique<KeyFileSource>(path(name)));
    return {std::move(sources), std::make_shared<Keyring>()};
  }

 private:
  std::filesystem::path folder_;
};

Credential key(std::string_view identity, std::uint8_t octet = 1, std::size_t size = 32) {
  const std::vector<std::uint8_t> octets(size, octet);
  return Credential::create({.identity = as_bytes(identity), .key = octets, .usage = PskUsage::tls13})
      .value();
}

// ---- key files ----

TEST_F(Files, AreReadAgainWhenTheyHaveChanged) {
  put("keys", alice);
  KeyFollower keys = follower({"keys"});
  const auto loaded = keys.load();
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded->whole);
  EXPECT_EQ(loaded->changed, 1U);
  EXPECT_TRUE(keys.keyring()->contains(as_bytes("alice")));

  EXPECT_EQ(keys.follow().value(), std::nullopt);
  put("keys", bob);
  const auto followed = keys.follow();
  ASSERT_TRUE(followed && *followed);
  EXPECT_FALSE(keys.keyring()->contains(as_bytes("alice")));
  EXPECT_TRUE(keys.keyring()->contains(as_bytes("bob")));
  EXPECT_EQ(keys.follow().value(), std::nullopt);
}

TEST_F(Files, ThatAreBadLeaveTheOldKeysAndAreToldOnce) {
  put("keys", alice);
  KeyFollower keys = follower({"keys"});
  ASSERT_TRUE(keys.load());
  put("keys", "bob:not hexadecimal\n");
  const auto bad = keys.follow();
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().error.reason(), Reason::file_syntax);
  EXPECT_EQ(bad.error().source, path("keys").string());
  EXPECT_TRUE(keys.keyring()->contains(as_bytes("alice")));
  EXPECT_EQ(keys.follow().value(), std::nullopt);

  std::filesystem::remove(path("keys"));
  EXPECT_EQ(keys.follow().error().error.reason(), Reason::file_unreadable);
  EXPECT_EQ(keys.follow().value(), std::nullopt);
  EXPECT_TRUE(keys.keyring()->contains(as_bytes("alice")));
  put("keys", bob);
  EXPECT_TRUE(keys.follow().value());
}

TEST_F(Files, ThatAreWrittenInPlaceAreLeftAloneUntilTheyAreQuiet) {
  put("keys", alice);
  KeyFileSource source(path("keys"));
  ASSERT_TRUE(source.load({}));
  put_in_place("keys", "alice:0011");  // the rest of the key is not there yet
  EXPECT_FALSE(source.changed());
  put_in_place("keys", bob);
  EXPECT_FALSE(source.changed());
  std::this_thread::sleep_for(300ms);
  EXPECT_TRUE(source.changed());
  EXPECT_EQ(as_text(source.load({}).value().keys.at(0).identity()), "bob");
  EXPECT_FALSE(source.changed());
}

// Whatever the moment, a reader sees one of the two files whole.
TEST_F(Files, AreNeverSeenHalfWrittenWhileTheyAreReplaced) {
  std::string small, large;
  for (int i = 0; i < 2'000; ++i) {
    const std::string line = ":00112233445566778899aabbccddeeff\n";
    if (i < 10) small += "s" + std::to_string(i) + line;
    large += "l" + std::to_string(i) + line;
  }
  put("keys", small);
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; !done; ++i) put("keys", i % 2 ? small : large);
  });
  KeyFileSource source(path("keys"));
  for (int i = 0; i < 200; ++i) {
    const auto changes = source.load({});
    ASSERT_TRUE(changes) << changes.error().message();
    EXPECT_THAT(changes->keys.size(), testing::AnyOf(10U, 2'000U));
  }
  done = true;
  writer.join();
}

TEST_F(Files, OfAPipeAreReadOnce) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  std::thread writer([this] { put_in_place("pipe", alice); });
  KeyFileSource source(path("pipe"));
  EXPECT_EQ(source.load({}).value().keys.size(), 1U);
  writer.join();
  EXPECT_FALSE(source.changed());
}

TEST_F(Files, TogetherGiveTwoKeysForAnIdentity) {
  put("new", alice_2);
  put("old", std::string(alice) + std::string(bob));
  KeyFollower keys = follower({"new", "old"});
  ASSERT_TRUE(keys.load());
  EXPECT_EQ(keys.keyring()->statistics().keys, 3U);
  EXPECT_EQ(keys.keyring()->statistics().identities, 2U);
  put("old", std::string(alice) + std::string(alice_2));
  const auto third = keys.follow();
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().error.reason(), Reason::duplicate_identity);
  EXPECT_EQ(third.error().source, "") << "neither file is wrong by itself";
  EXPECT_EQ(keys.keyring()->statistics().keys, 3U);
  EXPECT_EQ(keys.follow().value(), std::nullopt);
}

TEST_F(Files, OfWhichOneIsAwayAreToldOnceAndFollowedOn) {
  put("a", alice);
  put("b", bob);
  KeyFollower keys = follower({"a", "b"});
  ASSERT_TRUE(keys.load());
  std::filesystem::remove(path("a"));
  put("b", "");
  EXPECT_EQ(keys.follow().error().source, path("a").string());
  EXPECT_EQ(keys.follow().value(), std::nullopt);
  put("a", alice);
  EXPECT_TRUE(keys.follow().value());
  EXPECT_EQ(keys.keyring()->statistics().keys, 1U);
}

TEST_F(Files, WithShortKeysAreToldOf) {
  put("keys", "alice:0011\n" + std::string(bob));
  KeyFollower keys = follower({"keys"});
  EXPECT_THAT(keys.load().value().short_keys, ElementsAre("alice"));
}

// ---- changes ----

// A source of which a test says what it gives.
struct Scripted final : KeySource {
  std::string name() const override { return "scripted"; }
  bool changed() override { return true; }
  Expected<KeyChanges> load(std::optional<KeyVersion> since) override {
    asked = since;
    return next;
  }
  std::optional<KeyVersion> asked;
  Expected<KeyChanges> next = KeyChanges{};
};

struct Changes : testing::Test {
  Changes() {
    auto owned = std::make_unique<Scripted>();
    source = owned.get();
    std::vector<std::unique_ptr<KeySource>> sources;
    sources.push_back(std::move(owned));
    follower.emplace(std::move(sources), std::make_shared<Keyring>());
    source->next =
        KeyChanges{.version = 7, .whole = true, .keys = {key("a"), key("b"), key("c")}, .gone = {}};
    EXPECT_TRUE(follower->load());
  }
  KeyringStatistics statistics() const { return follower->keyring()->statistics(); }
  bool has(std::string_view identity) const { return follower->keyring()->contains(as_bytes(identity)); }

  Scripted* source;
  std::optional<KeyFollower> follower;
};

TEST_F(Changes, ArePutIntoTheKeyringAlone) {
  source->next =
      KeyChanges{.version = 9, .whole = false, .keys = {key("b", 2), key("b"), key("d")}, .gone = {"a"}};
  const auto followed = follower->follow();
  ASSERT_TRUE(followed && *followed);
  EXPECT_EQ(source->asked, 7U);
  EXPECT_FALSE((*followed)->whole);
  EXPECT_EQ((*followed)->changed, 4U);
  EXPECT_FALSE(has("a"));
  EXPECT_TRUE(has("b"));
  EXPECT_TRUE(has("c"));
  EXPECT_TRUE(has("d"));
  EXPECT_EQ(statistics().keys, 4U);
  EXPECT_EQ(statistics().identities, 3U);

  source->next = KeyChanges{.version = 10, .whole = false, .keys = {key("b")}, .gone = {"never there"}};
  ASSERT_TRUE(follower->follow());
  EXPECT_EQ(source->asked, 9U);
  EXPECT_EQ(statistics().keys, 3U);
}

TEST_F(Changes, ThatAreNoneAreToldAsNone) {
  source->next = KeyChanges{.version = 7, .whole = false, .keys = {}, .gone = {}};
  EXPECT_EQ(follower->follow().value(), std::nullopt);
}

TEST_F(Changes, OfTheWholeReplaceAll) {
  source->next = KeyChanges{.version = 1, .whole = true, .keys = {key("z")}, .gone = {}};
  ASSERT_TRUE(follower->follow());
  EXPECT_EQ(statistics().keys, 1U);
  EXPECT_TRUE(has("z"));
}

TEST_F(Changes, ThatDoNotComeLeaveTheVersion) {
  source->next = fail(Reason::store_busy);
  EXPECT_EQ(follower->follow().error().error.reason(), Reason::store_busy);
  EXPECT_EQ(statistics().keys, 3U);
  source->next = KeyChanges{.version = 8, .whole = false, .keys = {}, .gone = {"c"}};
  ASSERT_TRUE(follower->follow());
  EXPECT_EQ(source->asked, 7U);
}

}  // namespace
}  // namespace sesame
