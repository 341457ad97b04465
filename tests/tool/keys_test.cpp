// sesame keys: a store in SQLite from the command line, and a server that follows it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <sstream>
#include <thread>

#include "command.h"

namespace sesame::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

Finished keys(const Folder& folder, Arguments arguments) {
  arguments.insert(arguments.begin(), "keys");
  return sesame(folder, arguments);
}

std::vector<nlohmann::json> json_lines(const std::string& text) {
  std::vector<nlohmann::json> all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) all.push_back(nlohmann::json::parse(line));
  return all;
}

TEST(Keys, AreMadeAndShownNowhereUnlessAskedFor) {
  const Folder folder;
  const Finished made = keys(folder, {"add", "alice"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(made.out, "");
  EXPECT_THAT(made.err, Not(::testing::ContainsRegex("[0-9a-f]{32}")));
  EXPECT_EQ(folder.mode("keys.db"), 0600U);

  const Finished printed = keys(folder, {"add", "bob", "--out", "-"});
  EXPECT_THAT(printed.out, MatchesRegex("bob:[0-9a-f]{64}\n"));
  const std::string key = printed.out.substr(4, 64);
  EXPECT_THAT(printed.err, Not(HasSubstr(key)));
  for (const Arguments& list : {Arguments{"list"}, Arguments{"list", "--json"}, Arguments{"list", "bob"}}) {
    const Finished listed = keys(folder, list);
    EXPECT_THAT(listed.out, AllOf(HasSubstr("bob"), Not(HasSubstr(key.substr(0, 8)))));
  }
  EXPECT_THAT(folder.read("keys.db"), Not(HasSubstr(key))) << "not as text, but as octets";
}

TEST(Keys, AreAddedToTheClientsFileWithTheNewestFirst) {
  const Folder folder;
  EXPECT_EQ(keys(folder, {"add", "alice", "--out", "a.psk"}).code, 0);
  const std::string first = folder.read("a.psk");
  EXPECT_THAT(first, MatchesRegex("alice:[0-9a-f]{64}\n"));
  EXPECT_EQ(folder.mode("a.psk"), 0600U);
  EXPECT_EQ(keys(folder, {"rotate", "alice", "--out", "a.psk"}).code, 0);
  EXPECT_THAT(folder.read("a.psk"), ::testing::EndsWith("\n" + first));
}

TEST(Keys, AreNotMadeWhereTheirLineCannotBeWritten) {
  const Folder folder;
  EXPECT_EQ(keys(folder, {"add", "alice", "--out", "no/such/folder/a.psk"}).code, 2);
  EXPECT_EQ(keys(folder, {"list"}).out, "");
  folder.write("a.psk", "alice:00112233445566778899aabbccddeeff\nalice:0112233445566778899aabbccddeeff0\n");
  EXPECT_EQ(keys(folder, {"add", "alice", "--out", "a.psk"}).code, 2) << "it has two keys already";
  EXPECT_EQ(keys(folder, {"list"}).out, "");
}

TEST(Keys, AreRotatedRetiredExpiredAndRemoved) {
  const Folder folder;
  keys(folder, {"add", "alice", "--bytes", "20"});
  EXPECT_EQ(keys(folder, {"rotate", "alice"}).code, 0);
  EXPECT_EQ(keys(folder, {"list"}).out, "alice\t32 octets\tSHA-256\nalice\t20 octets\tSHA-256\tolder\n");
  EXPECT_EQ(keys(folder, {"rotate", "alice"}).code, 2);
  EXPECT_EQ(keys(folder, {"expire", "alice", "--older"}).code, 0);
  EXPECT_THAT(keys(folder, {"list"}).out, HasSubstr("older\texpired 20"));
  EXPECT_EQ(keys(folder, {"retire", "alice"}).code, 0);
  EXPECT_EQ(keys(folder, {"list"}).out, "alice\t32 octets\tSHA-256\n");
  EXPECT_EQ(keys(folder, {"expire", "alice", "--at", "2100-01-02T03:04:05Z"}).code, 0);
  EXPECT_EQ(keys(folder, {"list"}).out, "alice\t32 octets\tSHA-256\tuntil 2100-01-02T03:04:05Z\n");
  EXPECT_EQ(keys(folder, {"expire", "alice", "--never"}).code, 0);
  EXPECT_EQ(keys(folder, {"list"}).out, "alice\t32 octets\tSHA-256\n");
  EXPECT_EQ(keys(folder, {"remove", "alice"}).code, 0);
  EXPECT_EQ(keys(folder, {"list"}).out, "");
  for (const auto* command : {"rotate", "retire", "expire", "remove", "list"})
    EXPECT_EQ(keys(folder, {command, "alice"}).code, 2) << command;
}

TEST(Keys, AreListedForPrograms) {
  const Folder folder;
  keys(folder, {"add", R"(a\x00b)", "--hash", "sha384", "--alpn", "coap", "--server-name", "s.example",
                "--not-before", "2100-01-01", "--not-after", "2100-02-01T00:00:01"});
  keys(folder, {"add", "b", "--not-after", "+8h"});
  const auto list = json_lines(keys(folder, {"list", "--json"}).out);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]["identity"], R"(a\x00b)");
  EXPECT_EQ(list[0]["octets"], 32);
  EXPECT_EQ(list[0]["hash"], "SHA-384");
  EXPECT_EQ(list[0]["alpn"], "coap");
  EXPECT_EQ(list[0]["server_name"], "s.example");
  EXPECT_EQ(list[0]["not_before"], "2100-01-01T00:00:00Z");
  EXPECT_EQ(list[0]["not_after"], "2100-02-01T00:00:01Z");
  EXPECT_EQ(list[0]["state"], "not_yet_valid");
  EXPECT_EQ(list[1]["state"], "valid");
  EXPECT_TRUE(list[1]["alpn"].is_null());
  EXPECT_EQ(json_lines(keys(folder, {"list", "--json", R"(a\x00b)"}).out).size(), 1U);
}

TEST(Keys, TellProgramsWhatWasDoneAndWhatFailed) {
  const Folder folder;
  auto events = keys(folder, {"add", "alice", "--json"}).events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["event"], "key_added");
  EXPECT_EQ(events[0]["identity"], "alice");
  EXPECT_EQ(events[0]["store"], "keys.db");
  events = keys(folder, {"add", "alice", "--json"}).events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["event"], "failed");
  EXPECT_EQ(events[0]["reason"], "duplicate_identity");
  EXPECT_EQ(events[0]["exit_code"], 2);
}

TEST(Keys, AreImported) {
  const Folder folder;
  folder.write("keys.psk",
               "bob:00112233445566778899aabbccddeeff\nalice:0011\nbob:ff112233445566778899aabbccddeeff\n");
  const Finished imported = keys(folder, {"import", "keys.psk"});
  EXPECT_EQ(imported.code, 0) << imported.err;
  EXPECT_THAT(imported.err, AllOf(HasSubstr("3 keys imported"), HasSubstr("under 16 octets")));
  const std::string list =
      "alice\t2 octets\tSHA-256\nbob\t16 octets\tSHA-256\nbob\t16 octets\tSHA-256\tolder\n";
  EXPECT_EQ(keys(folder, {"list"}).out, list);
  EXPECT_EQ(keys(folder, {"import", "keys.psk"}).code, 2);
  EXPECT_THAT(keys(folder, {"import", "keys.psk", "--existing", "keep"}).err,
              HasSubstr("3 keys passed over"));
  EXPECT_EQ(keys(folder, {"import", "keys.psk", "--existing", "replace"}).code, 0);
  EXPECT_EQ(keys(folder, {"list"}).out, list);
  folder.write("bad.psk", "carol:5ec2e7not\n");
  const Finished bad = keys(folder, {"import", "bad.psk"});
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err, AllOf(HasSubstr("line 1"), Not(HasSubstr("5ec2e7"))));
}

TEST(Keys, AreNotLookedForInWhatIsNoStore) {
  const Folder folder;
  EXPECT_EQ(keys(folder, {"list"}).code, 2);
  EXPECT_FALSE(folder.has("keys.db"));
  folder.write("keys.psk", "alice:00112233445566778899aabbccddeeff\n");
  const Finished file = keys(folder, {"add", "bob", "--store", "keys.psk"});
  EXPECT_EQ(file.code, 2);
  EXPECT_THAT(file.err, HasSubstr("not a key store"));
  EXPECT_EQ(folder.read("keys.psk"), "alice:00112233445566778899aabbccddeeff\n");
}

TEST(Keys, NeedACommandLineThatMakesSense) {
  const Folder folder;
  EXPECT_EQ(keys(folder, {}).code, 1);
  EXPECT_EQ(keys(folder, {"add"}).code, 1);
  EXPECT_EQ(keys(folder, {"add", R"(\xg0)"}).code, 1);
  for (const auto* time : {"tomorrow", "2026-13-01", "2026-02-30", "2026-01-01T25:00:00", "+", "+8", "+8y",
                           "-8h", "+-8h", "+99999999999d", "2026-01-01 00:00:00", ""})
    EXPECT_EQ(keys(folder, {"add", "alice", "--not-after", time}).code, 1) << time;
  EXPECT_EQ(keys(folder, {"add", "alice", "--not-before", "+2h", "--not-after", "+1h"}).code, 2);
  EXPECT_EQ(keys(folder, {"expire", "alice", "--at", "now", "--never"}).code, 1);
  EXPECT_EQ(keys(folder, {"import", "--existing", "perhaps", "x"}).code, 1);
}

TEST(Keys, AreNotLostWhereManyRunAtOnce) {
  const Folder folder;
  std::list<Process> processes;
  for (int i = 0; i < 12; ++i)
    processes.emplace_back(folder, Arguments{SESAME_COMMAND, "keys", "add", "client" + std::to_string(i)});
  for (auto& process : processes) EXPECT_EQ(process.finish().code, 0) << process.err;
  const std::string list = keys(folder, {"list"}).out;
  EXPECT_EQ(std::count(list.begin(), list.end(), '\n'), 12);
}

// ---- a server on a store ----

TEST(Keys, OfAStoreAreServedAndFollowed) {
  const Folder folder;
  ASSERT_EQ(keys(folder, {"add", "alice", "--out", "alice.psk"}).code, 0);
  Server server(folder, {"--keys", "keys.db"});
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "alice.psk"}, "x").out, "x");

  ASSERT_EQ(keys(folder, {"add", "bob", "--out", "bob.psk"}).code, 0);
  ASSERT_TRUE(server.logs("keys loaded: 2 keys for 2 identities"));
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "bob.psk"}).code, 0);

  std::filesystem::copy(folder.path("alice.psk"), folder.path("old.psk"));
  ASSERT_EQ(keys(folder, {"rotate", "alice", "--out", "alice.psk"}).code, 0);
  ASSERT_TRUE(server.logs("keys loaded: 3 keys for 2 identities"));
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "old.psk"}).code, 0);
  ASSERT_EQ(keys(folder, {"retire", "alice"}).code, 0);
  ASSERT_TRUE(server.logs("keys loaded: 2 keys for 2 identities\n"));
  // The line was there before: wait for what the server does, not for what it says.
  for (int i = 0; i < 50 && sesame(folder, {"connect", server.target(), "-k", "old.psk"}).code == 0; ++i)
    std::this_thread::sleep_for(50ms);
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "old.psk"}).code, 4);
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "bob.psk"}).code, 0);

  ASSERT_EQ(keys(folder, {"expire", "bob"}).code, 0);
  for (int i = 0; i < 50 && sesame(folder, {"connect", server.target(), "-k", "bob.psk"}).code == 0; ++i)
    std::this_thread::sleep_for(50ms);
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "bob.psk"}).code, 4);
  EXPECT_TRUE(server.logs("psk_expired"));
}

TEST(Keys, OfAStoreAndAFileGoTogether) {
  const Folder folder;
  ASSERT_EQ(keys(folder, {"add", "alice", "--out", "alice.psk"}).code, 0);
  ASSERT_EQ(sesame(folder, {"keygen", "bob"}).code, 0);
  Server server(folder, {"--keys", "keys.db", "--keys", "keys.psk"});
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "alice.psk"}).code, 0);
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "keys.psk"}).code, 0);
  ASSERT_EQ(keys(folder, {"remove", "alice"}).code, 0);
  ASSERT_TRUE(server.logs("keys loaded: 1 key for 1 identity"));
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "alice.psk"}).code, 4);
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "keys.psk"}).code, 0);
}

TEST(Keys, OfAStoreThatCannotBeReadStay) {
  const Folder folder;
  ASSERT_EQ(keys(folder, {"add", "alice", "--out", "alice.psk"}).code, 0);
  Server server(folder, {"--keys", "keys.db", "--json"});
  folder.write("new.db", std::string("SQLite format 3\0 and then nothing that is right", 48));
  std::filesystem::rename(folder.path("new.db"), folder.path("keys.db"));
  ASSERT_TRUE(server.logs(R"("reason":"store_invalid")"));
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "alice.psk"}).code, 0);
  const Finished refused = sesame(folder, {"serve", "--keys", "keys.db", "--port", "0"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("not a key store"));
}

}  // namespace
}  // namespace sesame::test
