// Keys in SQLite: what is kept, what a follower is given, who may read it, and what is no store.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sesame/sqlite_key_store.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "psk/credential_body.h"

namespace sesame {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;
using namespace std::string_view_literals;

constexpr std::string_view key_1 = "the first key, of 32 octets, yes";
constexpr std::string_view key_2 = "the second key of 32 octets, yes";
constexpr std::string_view key_3 = "the third key, of 32 octets, yes";

CredentialParameters parameters(std::string_view identity, std::string_view key) {
  return {.identity = as_bytes(identity), .key = as_bytes(key), .usage = PskUsage::tls13};
}
Credential credential(std::string_view identity, std::string_view key) {
  return Credential::create(parameters(identity, key)).value();
}
template <class Result>
Reason reason_of(const Result& result) {
  EXPECT_FALSE(result);
  return result ? Reason::internal_error : result.error().reason();
}

// "identity:key", in the order in which they are given.
std::vector<std::string> texts(const std::vector<Credential>& credentials) {
  std::vector<std::string> out;
  for (const auto& one : credentials) {
    const psk::CredentialBody& body = psk::CredentialAccess::body(one);
    out.push_back(std::string(as_text(body.identity)) + ":" + std::string(as_text(body.key)));
  }
  return out;
}
std::string text(std::string_view identity, std::string_view key) {
  return std::string(identity) + ":" + std::string(key);
}

class Store : public testing::Test {
 protected:
  Store() {
    std::string name = (std::filesystem::temp_directory_path() / "sesame-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
  }
  ~Store() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path path(std::string_view name = "keys.db") const { return folder_ / name; }
  std::unique_ptr<SqliteKeyStore> open(std::chrono::milliseconds busy_timeout = 5s) const {
    auto opened = SqliteKeyStore::open(path(), {.create = true, .busy_timeout = busy_timeout});
    if (!opened) throw std::runtime_error(opened.error().message());
    return std::move(*opened);
  }
  // As another program would, without our checks.
  void execute(const std::string& sql) const {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(path().c_str(), &database), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
    sqlite3_close(database);
  }
  // Which of the store's files have these octets somewhere.
  std::vector<std::string> files_with(std::string_view octets) const {
    std::vector<std::string> out;
    for (const auto& file : std::filesystem::directory_iterator(folder_)) {
      std::ostringstream all;
      all << std::ifstream(file.path(), std::ios::binary).rdbuf();
      if (all.str().find(octets) != std::string::npos) out.push_back(file.path().filename());
    }
    return out;
  }
  std::vector<std::string> all(SqliteKeyStore& store) const {
    return texts(store.load(std::nullopt).value().keys);
  }

 private:
  std::filesystem::path folder_;
};

// ---- keys ----

TEST_F(Store, KeepsKeys) {
  {
    const auto store = open();
    ASSERT_TRUE(store->add(parameters("bob", key_1)));
    ASSERT_TRUE(store->add(parameters("alice\0\xff"sv, key_2)));
    EXPECT_EQ(reason_of(store->add(parameters("bob", key_3))), Reason::duplicate_identity);
  }
  const auto store = SqliteKeyStore::open(path()).value();
  EXPECT_EQ(store->name(), path().string());
  EXPECT_THAT(all(*store), ElementsAre(text("alice\0\xff"sv, key_2), text("bob", key_1)));
}

TEST_F(Store, KeepsAllThatBelongsToAKey) {
  CredentialParameters given = parameters("bob", key_1);
  given.hash = HashAlgorithm::sha384;
  given.usage = PskUsage::tls13_imported;
  given.context = as_bytes("client bob\0"sv);
  given.alpn = "h2";
  given.server_name = "b.example";
  given.not_before = TimePoint(123456789ns);
  given.not_after = TimePoint(99h * 8760 + 7ns);
  const auto store = open();
  ASSERT_TRUE(store->add(given));
  const auto changes = store->load({}).value();
  ASSERT_EQ(changes.keys.size(), 1U);
  const Credential& kept = changes.keys.front();
  EXPECT_EQ(kept.hash(), HashAlgorithm::sha384);
  EXPECT_EQ(kept.usage(), PskUsage::tls13_imported);
  EXPECT_EQ(as_text(kept.context()), "client bob\0"sv);
  EXPECT_EQ(kept.alpn(), "h2");
  EXPECT_EQ(kept.server_name(), "b.example");
  EXPECT_EQ(kept.not_before(), given.not_before);
  EXPECT_EQ(kept.not_after(), given.not_after);
}

TEST_F(Store, KeepsForWhichVersionsAKeyIs) {
  using enum PskUsage;
  const PskUsage usages[] = {tls13, tls13_imported, tls12, tls13_and_tls12, tls13_imported_and_tls12};
  const auto store = open();
  for (const PskUsage usage : usages) {
    const std::string identity = "key " + std::to_string(static_cast<int>(usage));
    CredentialParameters given = parameters(identity, key_1);
    given.usage = usage;
    ASSERT_TRUE(store->add(given));
  }
  const auto keys = store->load({}).value().keys;
  ASSERT_EQ(keys.size(), std::size(usages));
  std::vector<PskUsage> listed;
  ASSERT_TRUE(store->list({}, [&](const KeyDescription& key) { listed.push_back(key.usage); }));
  ASSERT_EQ(listed.size(), std::size(usages));
  for (std::size_t i = 0; i < keys.size(); ++i) {  // in the order of the identities
    EXPECT_EQ(keys[i].usage(), usages[i]);
    EXPECT_EQ(listed[i], usages[i]);
  }
}

TEST_F(Store, KeepsWhatEarlyDataAKeyAllows) {
  CredentialParameters given = parameters("bob", key_1);
  given.early_data = {.limit = 0xffff'fffe, .cipher_suite = CipherSuite::TLS_CHACHA20_POLY1305_SHA256};
  const std::vector<Credential> credentials = {Credential::create(given).value()};
  const auto store = open();
  ASSERT_TRUE(store->import(credentials, KeyStore::Existing::refuse));
  const auto keys = store->load({}).value().keys;
  EXPECT_EQ(keys.at(0).early_data().limit, 0xffff'fffe);
  EXPECT_EQ(keys.at(0).early_data().cipher_suite, CipherSuite::TLS_CHACHA20_POLY1305_SHA256);
}

TEST_F(Store, TakesTheLongestIdentityAndKeyAndNoneThatIsWrong) {
  const auto store = open();
  const std::string identity(max_identity_size, 'i');
  const std::string key(max_key_size, 'k');
  ASSERT_TRUE(store->add(parameters(identity, key)));
  EXPECT_THAT(all(*store), ElementsAre(text(identity, key)));
  EXPECT_EQ(reason_of(store->add(parameters("", key))), Reason::identity_empty);
  EXPECT_EQ(reason_of(store->add(parameters(identity + "i", key))), Reason::identity_too_long);
  EXPECT_EQ(reason_of(store->add(parameters("x", ""))), Reason::key_empty);
  EXPECT_EQ(reason_of(store->rotate(parameters(identity, key + "k"))), Reason::key_too_long);
}

TEST_F(Store, RotatesNewestFirstAndRetires) {
  const auto store = open();
  EXPECT_EQ(reason_of(store->rotate(parameters("bob", key_1))), Reason::identity_not_in_keyring);
  ASSERT_TRUE(store->add(parameters("bob", key_1)));
  ASSERT_TRUE(store->rotate(parameters("bob", key_2)));
  EXPECT_EQ(reason_of(store->rotate(parameters("bob", key_3))), Reason::two_keys_already);
  EXPECT_THAT(all(*store), ElementsAre(text("bob", key_2), text("bob", key_1)));
  ASSERT_TRUE(store->retire_older(as_bytes("bob")));
  EXPECT_THAT(all(*store), ElementsAre(text("bob", key_2)));
  EXPECT_TRUE(store->retire_older(as_bytes("bob")));
  EXPECT_EQ(reason_of(store->retire_older(as_bytes("eve"))), Reason::identity_not_in_keyring);
  ASSERT_TRUE(store->rotate(parameters("bob", key_3)));
  EXPECT_THAT(all(*store), ElementsAre(text("bob", key_3), text("bob", key_2)));
}

TEST_F(Store, Expires) {
  const auto store = open();
  const TimePoint soon = std::chrono::system_clock::now() + 1h;
  ASSERT_TRUE(store->add(parameters("bob", key_1)));
  EXPECT_EQ(reason_of(store->expire(as_bytes("eve"), soon, KeyStore::Which::all)),
            Reason::identity_not_in_keyring);
  EXPECT_EQ(reason_of(store->expire(as_bytes("bob"), soon, KeyStore::Which::older)),
            Reason::invalid_argument);
  CredentialParameters newer = parameters("bob", key_2);
  newer.not_before = soon;
  ASSERT_TRUE(store->rotate(newer));
  ASSERT_TRUE(store->expire(as_bytes("bob"), soon, KeyStore::Which::older));
  auto keys = store->load({}).value().keys;
  EXPECT_EQ(keys.at(0).not_after(), std::nullopt);
  EXPECT_EQ(keys.at(1).not_after(), soon);
  EXPECT_EQ(reason_of(store->expire(as_bytes("bob"), soon, KeyStore::Which::all)), Reason::invalid_argument)
      << "the newer one would never be valid";
  ASSERT_TRUE(store->expire(as_bytes("bob"), soon + 1s, KeyStore::Which::all));
  ASSERT_TRUE(store->expire(as_bytes("bob"), std::nullopt, KeyStore::Which::older));
  keys = store->load({}).value().keys;
  EXPECT_EQ(keys.at(0).not_after(), soon + 1s);
  EXPECT_EQ(keys.at(1).not_after(), std::nullopt);
}

TEST_F(Store, ImportsAllOrNothing) {
  const auto store = open();
  ASSERT_TRUE(store->add(parameters("bob", key_1)));
  const std::vector<Credential> keys = {credential("alice", key_2), credential("bob", key_3),
                                        credential("alice", key_1)};
  EXPECT_EQ(reason_of(store->import(keys, KeyStore::Existing::refuse)), Reason::duplicate_identity);
  EXPECT_THAT(all(*store), ElementsAre(text("bob", key_1)));
  EXPECT_EQ(store->import(keys, KeyStore::Existing::keep).value(), 2U);
  EXPECT_THAT(all(*store), ElementsAre(text("alice", key_2), text("alice", key_1), text("bob", key_1)));
  EXPECT_EQ(store->import(keys, KeyStore::Existing::replace).value(), 3U);
  EXPECT_THAT(all(*store), ElementsAre(text("alice", key_2), text("alice", key_1), text("bob", key_3)));

  const std::vector<Credential> three(3, credential("carol", key_1));
  EXPECT_EQ(reason_of(store->import(three, KeyStore::Existing::replace)), Reason::duplicate_identity);
}

TEST_F(Store, ListsEverythingButTheKeys) {
  const auto store = open();
  ASSERT_TRUE(store->add(parameters("bob", key_1)));
  ASSERT_TRUE(store->rotate(parameters("bob", "short")));
  ASSERT_TRUE(store->add(parameters("alice", key_3)));
  std::vector<std::string> rows;
  const auto each = [&](const KeyDescription& key) {
    rows.push_back(std::string(as_text(key.identity)) + " " + std::to_string(key.key_size) +
                   (key.older ? " older" : ""));
    EXPECT_LT(std::chrono::system_clock::now() - key.added, 1min);
  };
  ASSERT_TRUE(store->list(std::nullopt, each));
  EXPECT_THAT(rows, ElementsAre("alice 32", "bob 5", "bob 32 older"));
  rows.clear();
  ASSERT_TRUE(store->list(as_bytes("bob"), each));
  EXPECT_THAT(rows, ElementsAre("bob 5", "bob 32 older"));
  rows.clear();
  ASSERT_TRUE(store->list(as_bytes("eve"), each));
  EXPECT_THAT(rows, IsEmpty());
}

// ---- followers ----

TEST_F(Store, GivesAFollowerOnlyWhatChanged) {
  const auto writer = open();
  for (const auto name : {"a", "b", "c", "d"}) ASSERT_TRUE(writer->add(parameters(name, key_1)));
  const auto reader = open();
  EXPECT_TRUE(reader->changed());
  const auto first = reader->load({}).value();
  EXPECT_TRUE(first.whole);
  EXPECT_EQ(first.keys.size(), 4U);
  EXPECT_FALSE(reader->changed());

  ASSERT_TRUE(writer->rotate(parameters("b", key_2)));
  ASSERT_TRUE(writer->remove(as_bytes("c")));
  ASSERT_TRUE(writer->add(parameters("e", key_3)));
  ASSERT_TRUE(writer->remove(as_bytes("d")));
  ASSERT_TRUE(writer->add(parameters("d", key_3)));
  EXPECT_TRUE(reader->changed());
  const auto second = reader->load(first.version).value();
  EXPECT_FALSE(second.whole);
  EXPECT_THAT(texts(second.keys),
              ElementsAre(text("b", key_2), text("b", key_1), text("d", key_3), text("e", key_3)));
  EXPECT_THAT(second.gone, ElementsAre("c"));
  EXPECT_FALSE(reader->changed());

  ASSERT_TRUE(writer->retire_older(as_bytes("b")));
  ASSERT_TRUE(writer->expire(as_bytes("a"), std::chrono::system_clock::now(), KeyStore::Which::all));
  const auto third = reader->load(second.version).value();
  EXPECT_THAT(texts(third.keys), ElementsAre(text("a", key_1), text("b", key_2)));
  EXPECT_THAT(third.gone, IsEmpty());
  const auto none = reader->load(third.version).value();
  EXPECT_FALSE(none.whole);
  EXPECT_THAT(none.keys, IsEmpty());
  EXPECT_EQ(none.version, third.version);
}

TEST_F(Store, GivesTheWholeWhereItHasForgottenRemovals) {
  const auto store = open();
  ASSERT_TRUE(store->add(parameters("stays", key_1)));
  ASSERT_TRUE(store->add(parameters("goes", key_1)));
  const auto before = store->load({}).value();
  // As if very many had been removed one by one.
  execute(
      "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 8200) "
      "INSERT INTO removed SELECT CAST('x' || i AS BLOB), 10 + i FROM n;"
      "UPDATE store SET change = 10000");
  ASSERT_TRUE(store->remove(as_bytes("goes")));
  const auto after = store->load(before.version).value();
  EXPECT_TRUE(after.whole);
  EXPECT_THAT(texts(after.keys), ElementsAre(text("stays", key_1)));
  ASSERT_TRUE(store->remove(as_bytes("stays")));
  EXPECT_FALSE(store->load(after.version).value().whole) << "that one is remembered";
}

TEST_F(Store, SeesAnotherFileInItsPlace) {
  open()->add(parameters("old", key_1)).value();
  const auto reader = open();
  const auto first = reader->load({}).value();
  std::filesystem::rename(path(), path("old.db"));
  EXPECT_TRUE(reader->changed());
  const auto away = SqliteKeyStore::open(path());
  EXPECT_EQ(reason_of(away), Reason::store_unavailable);
  open()->add(parameters("new", key_2)).value();
  EXPECT_TRUE(reader->changed());
  const auto second = reader->load(first.version).value();
  EXPECT_TRUE(second.whole);
  EXPECT_THAT(texts(second.keys), ElementsAre(text("new", key_2)));
  EXPECT_FALSE(reader->changed());
}

TEST_F(Store, TellsAFailureOnce) {
  open()->add(parameters("bob", key_1)).value();
  const auto reader = SqliteKeyStore::open(path()).value();
  const auto first = reader->load({}).value();
  std::filesystem::remove(path());
  EXPECT_TRUE(reader->changed());
  EXPECT_EQ(reason_of(reader->load(first.version)), Reason::store_unavailable);
  EXPECT_FALSE(reader->changed());
  std::ofstream(path()) << "no database at all, but of some length, so that it has a header to look at";
  EXPECT_TRUE(reader->changed());
  EXPECT_EQ(reason_of(reader->load(first.version)), Reason::store_invalid);
  EXPECT_FALSE(reader->changed());
}

TEST_F(Store, FeedsAKeyring) {
  const auto writer = open();
  ASSERT_TRUE(writer->add(parameters("bob", key_1)));
  std::vector<std::unique_ptr<KeySource>> sources;
  sources.push_back(open());
  KeyFollower follower(std::move(sources), std::make_shared<Keyring>());
  ASSERT_TRUE(follower.load());
  const Keyring& keyring = *follower.keyring();
  EXPECT_TRUE(keyring.contains(as_bytes("bob")));
  EXPECT_EQ(follower.follow().value(), std::nullopt);
  ASSERT_TRUE(writer->add(parameters("alice", key_2)));
  ASSERT_TRUE(writer->rotate(parameters("bob", key_3)));
  ASSERT_TRUE(follower.follow().value());
  EXPECT_EQ(keyring.statistics().keys, 3U);
  ASSERT_TRUE(writer->remove(as_bytes("bob")));
  const auto followed = follower.follow();
  ASSERT_TRUE(followed && *followed);
  EXPECT_FALSE((*followed)->whole);
  EXPECT_FALSE(keyring.contains(as_bytes("bob")));
  EXPECT_EQ(keyring.statistics().keys, 1U);
}

// ---- several at a time ----

TEST_F(Store, LosesNothingWhereManyWriteAtOnce) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this, thread] {
      const auto store = open(30s);  // each makes it, if it is not there
      for (int i = 0; i < 20; ++i) {
        const std::string name = std::to_string(thread) + "." + std::to_string(i);
        EXPECT_TRUE(store->add(parameters(name, key_1)));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(all(*open()).size(), 80U);
}

TEST_F(Store, SaysThatAnotherProgramIsChangingIt) {
  const auto store = open(10ms);
  ASSERT_TRUE(store->add(parameters("bob", key_1)));
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(reason_of(store->add(parameters("alice", key_1))), Reason::store_busy);
  EXPECT_THAT(all(*store), ElementsAre(text("bob", key_1))) << "readers do not wait for writers";
  sqlite3_close(other);
  EXPECT_TRUE(store->add(parameters("alice", key_1)));
}

// ---- who may read it, and what stays ----

TEST_F(Store, IsReadByItsOwnerOnly) {
  const auto old = ::umask(0);
  const auto store = open();
  ASSERT_TRUE(store->add(parameters("bob", key_1)));
  ::umask(old);
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(path().parent_path())) {
    struct stat status;
    ASSERT_EQ(::stat(file.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U) << file.path();
    ++files;
  }
  EXPECT_EQ(files, 3) << "the log and its index too";
}

TEST_F(Store, OverwritesWhatIsRemoved) {
  const auto store = open();
  ASSERT_TRUE(store->add(parameters("alice", key_1)));
  ASSERT_TRUE(store->add(parameters("bob", key_2)));
  ASSERT_TRUE(store->rotate(parameters("bob", key_3)));
  EXPECT_THAT(files_with(key_1), Not(IsEmpty()));
  ASSERT_TRUE(store->remove(as_bytes("alice")));
  EXPECT_THAT(files_with(key_1), IsEmpty());
  EXPECT_THAT(files_with(key_2), Not(IsEmpty()));
  ASSERT_TRUE(store->retire_older(as_bytes("bob")));
  EXPECT_THAT(files_with(key_2), IsEmpty());
  EXPECT_THAT(files_with(key_3), Not(IsEmpty()));
  const std::vector<Credential> other = {credential("bob", key_1)};
  ASSERT_TRUE(store->import(other, KeyStore::Existing::replace));
  EXPECT_THAT(files_with(key_3), IsEmpty());
  EXPECT_THAT(files_with(key_1), Not(IsEmpty()));
}

// ---- what is no store ----

TEST_F(Store, IsMadeOnlyWhereThatIsAskedFor) {
  EXPECT_EQ(reason_of(SqliteKeyStore::open(path())), Reason::store_unavailable);
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_EQ(reason_of(SqliteKeyStore::open(path("no/such/folder.db"), {.create = true})),
            Reason::store_unavailable);
  EXPECT_EQ(reason_of(SqliteKeyStore::open(path("."), {.create = true})), Reason::store_unavailable);
}

TEST_F(Store, IsToldFromOtherFiles) {
  EXPECT_FALSE(SqliteKeyStore::is_database(path()));
  open();
  EXPECT_TRUE(SqliteKeyStore::is_database(path()));
  std::ofstream(path("keys.psk")) << "alice:00112233445566778899aabbccddeeff\n";
  EXPECT_FALSE(SqliteKeyStore::is_database(path("keys.psk")));
  std::ofstream(path("short")) << "SQLite";
  EXPECT_FALSE(SqliteKeyStore::is_database(path("short")));
  EXPECT_FALSE(SqliteKeyStore::is_database(path(".")));
  EXPECT_EQ(reason_of(SqliteKeyStore::open(path("keys.psk"), {.create = true})), Reason::store_invalid);
}

TEST_F(Store, OfAnotherProgramOrANewerVersionIsLeftAlone) {
  execute("CREATE TABLE other (x)");
  const auto other = SqliteKeyStore::open(path(), {.create = true});
  EXPECT_EQ(reason_of(other), Reason::store_invalid);
  EXPECT_THAT(other.error().message(), HasSubstr("not of keys"));
  std::filesystem::remove(path());
  open();
  execute("PRAGMA user_version = 2");
  const auto newer = SqliteKeyStore::open(path());
  EXPECT_EQ(reason_of(newer), Reason::store_invalid);
  EXPECT_THAT(newer.error().message(), HasSubstr("version 2"));
}

TEST_F(Store, WithARowThatIsNoKeyGivesNone) {
  const auto store = open();
  ASSERT_TRUE(store->add(parameters("bob", key_1)));
  execute("UPDATE keys SET usage = 99");
  const auto loaded = store->load({});
  EXPECT_EQ(reason_of(loaded), Reason::store_invalid);
  EXPECT_THAT(loaded.error().message(), AllOf(HasSubstr("bob"), Not(HasSubstr(key_1))));
  EXPECT_FALSE(store->changed()) << "told once";
  execute("UPDATE keys SET usage = 257");
  EXPECT_EQ(reason_of(store->load({})), Reason::store_invalid) << "not the 1 of its last octet";
  execute("UPDATE keys SET usage = 1");
  EXPECT_TRUE(store->changed());
  EXPECT_TRUE(store->load({}));
}

TEST_F(Store, ThatIsDamagedIsToldAndNotUsed) {
  {
    const auto store = open();
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(store->add(parameters("bob" + std::to_string(i), key_1)));
  }
  {
    std::fstream file(path(), std::ios::binary | std::ios::in | std::ios::out);
    for (int page = 1; page < 6; ++page) {
      file.seekp(page * 4096);
      file << std::string(512, '\xa5');
    }
  }
  auto store = SqliteKeyStore::open(path());
  const Reason reason = store ? reason_of((*store)->load({})) : store.error().reason();
  EXPECT_EQ(reason, Reason::store_invalid);
}

}  // namespace
}  // namespace sesame
