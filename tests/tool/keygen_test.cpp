#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>

#include "command.h"

namespace sesame::test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

TEST(Keygen, MakesAFileThatOnlyItsOwnerReads) {
  const Folder folder;
  const Finished made = sesame(folder, {"keygen", "alice"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(folder.read("keys.psk"), MatchesRegex("alice:[0-9a-f]{64}\n"));
  EXPECT_EQ(folder.mode("keys.psk"), 0600U);
}

TEST(Keygen, PrintsNoKeyUnlessItIsAskedTo) {
  const Folder folder;
  const Finished made = sesame(folder, {"keygen", "alice", "--out", "a.psk"});
  const std::string key = folder.read("a.psk").substr(6, 64);
  EXPECT_EQ(made.out, "");
  EXPECT_THAT(made.err, Not(HasSubstr(key.substr(0, 8))));
  const Finished list = sesame(folder, {"keygen", "--list", "--out", "a.psk"});
  EXPECT_EQ(list.code, 0);
  EXPECT_EQ(list.out, "alice\t1 key\t32 octets\n");

  const Finished printed = sesame(folder, {"keygen", "bob", "--out", "-"});
  EXPECT_EQ(printed.code, 0);
  EXPECT_THAT(printed.out, MatchesRegex("bob:[0-9a-f]{64}\n"));
  EXPECT_EQ(printed.err, "");
  EXPECT_FALSE(folder.has("-"));
  EXPECT_FALSE(folder.has("keys.psk"));
}

TEST(Keygen, MakesDifferentKeys) {
  const Folder folder;
  EXPECT_NE(sesame(folder, {"keygen", "a", "--out", "-"}).out,
            sesame(folder, {"keygen", "a", "--out", "-"}).out);
}

TEST(Keygen, DoesNotOverwrite) {
  const Folder folder;
  sesame(folder, {"keygen", "alice"});
  const std::string before = folder.read("keys.psk");
  const Finished again = sesame(folder, {"keygen", "alice"});
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, HasSubstr("--rotate"));
  EXPECT_EQ(folder.read("keys.psk"), before);
}

TEST(Keygen, AppendsAndKeepsWhatElseIsInTheFile) {
  const Folder folder;
  folder.write("keys.psk", "# my keys\n\nalice:00112233445566778899aabbccddeeff");
  EXPECT_EQ(sesame(folder, {"keygen", "bob"}).code, 0);
  EXPECT_THAT(folder.read("keys.psk"),
              MatchesRegex("# my keys\n\nalice:00112233445566778899aabbccddeeff\nbob:[0-9a-f]{64}\n"));
}

TEST(Keygen, KeepsTheModeAndWarnsWhereOthersMayRead) {
  const Folder folder;
  folder.write("keys.psk", "alice:00112233445566778899aabbccddeeff\n");
  std::filesystem::permissions(folder.path("keys.psk"), std::filesystem::perms(0640));
  const Finished made = sesame(folder, {"keygen", "bob"});
  EXPECT_EQ(made.code, 0);
  EXPECT_EQ(folder.mode("keys.psk"), 0640U);
  EXPECT_THAT(made.err, HasSubstr("chmod 600"));
}

TEST(Keygen, KeepsASymbolicLink) {
  const Folder folder;
  folder.write("real.psk", "");
  std::filesystem::create_symlink("real.psk", folder.path("keys.psk"));
  EXPECT_EQ(sesame(folder, {"keygen", "alice"}).code, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path("keys.psk")));
  EXPECT_THAT(folder.read("real.psk"), HasSubstr("alice:"));
}

TEST(Keygen, WarnsOfKeysThatCanBeGuessed) {
  const Folder folder;
  const Finished weak = sesame(folder, {"keygen", "alice", "--bytes", "15"});
  EXPECT_EQ(weak.code, 0);
  EXPECT_THAT(weak.err, HasSubstr("warning"));
  EXPECT_THAT(folder.read("keys.psk"), MatchesRegex("alice:[0-9a-f]{30}\n"));
  EXPECT_THAT(sesame(folder, {"keygen", "bob", "--bytes", "16"}).err, Not(HasSubstr("warning")));
}

TEST(Keygen, RefusesSizesThatNoKeyHas) {
  const Folder folder;
  EXPECT_EQ(sesame(folder, {"keygen", "alice", "--bytes", "0"}).code, 1);
  EXPECT_EQ(sesame(folder, {"keygen", "alice", "--bytes", "4097"}).code, 1);
  EXPECT_FALSE(folder.has("keys.psk"));
  EXPECT_EQ(sesame(folder, {"keygen", "alice", "--bytes", "4096"}).code, 0);
}

TEST(Keygen, EscapesBinaryIdentities) {
  const Folder folder;
  ASSERT_EQ(sesame(folder, {"keygen", R"(a\x00b:\xff\\)"}).code, 0)
      << "a colon is escaped where it would part";
  EXPECT_EQ(sesame(folder, {"keygen", R"(a\x00b\x3a\xff\\)"}).code, 2) << "it is the same identity";
  EXPECT_THAT(folder.read("keys.psk"), MatchesRegex(R"(a\\x00b\\x3a\\xff\\\\:[0-9a-f]{64})"
                                                    "\n"));
  EXPECT_EQ(sesame(folder, {"keygen", "--list"}).out, R"(a\x00b\x3a\xff\\)"
                                                      "\t1 key\t32 octets\n");
  EXPECT_EQ(sesame(folder, {"keygen", R"(\x61\x00b\x3a\xff\\)"}).code, 2) << "it is the same identity";
}

TEST(Keygen, RefusesIdentitiesThatNobodyCanHave) {
  const Folder folder;
  EXPECT_EQ(sesame(folder, {"keygen"}).code, 1);
  EXPECT_EQ(sesame(folder, {"keygen", ""}).code, 1);
  EXPECT_EQ(sesame(folder, {"keygen", R"(\xg0)"}).code, 1);
  EXPECT_EQ(sesame(folder, {"keygen", std::string(65'536, 'x')}).code, 1);
  EXPECT_FALSE(folder.has("keys.psk"));
}

TEST(Keygen, RotatesNewestFirstAndRetiresTheOlder) {
  const Folder folder;
  folder.write("keys.psk",
               "# first\nalice:00112233445566778899aabbccddeeff\nbob:ffeeddccbbaa99887766554433221100\n");
  const Finished rotated = sesame(folder, {"keygen", "--rotate", "alice"});
  ASSERT_EQ(rotated.code, 0) << rotated.err;
  EXPECT_THAT(folder.read("keys.psk"),
              MatchesRegex("# first\nalice:[0-9a-f]{64}\nalice:00112233445566778899aabbccddeeff\n"
                           "bob:ffeeddccbbaa99887766554433221100\n"));
  EXPECT_EQ(folder.mode("keys.psk"), 0600U);
  EXPECT_EQ(sesame(folder, {"keygen", "--list"}).out,
            "alice\t2 keys\t32 octets\t16 octets\nbob\t1 key\t16 octets\n");

  const std::string two = folder.read("keys.psk");
  const Finished third = sesame(folder, {"keygen", "--rotate", "alice"});
  EXPECT_EQ(third.code, 2);
  EXPECT_THAT(third.err, HasSubstr("--retire"));
  EXPECT_EQ(folder.read("keys.psk"), two);

  EXPECT_EQ(sesame(folder, {"keygen", "--retire", "alice"}).code, 0);
  EXPECT_THAT(folder.read("keys.psk"),
              MatchesRegex("# first\nalice:[0-9a-f]{64}\nbob:ffeeddccbbaa99887766554433221100\n"));
  EXPECT_EQ(sesame(folder, {"keygen", "--retire", "alice"}).code, 2);
}

TEST(Keygen, RotatesOnlyWhatIsThere) {
  const Folder folder;
  const Finished rotated = sesame(folder, {"keygen", "--rotate", "alice"});
  EXPECT_EQ(rotated.code, 2);
  EXPECT_FALSE(folder.has("keys.psk")) << "it was not there before either";
  EXPECT_EQ(sesame(folder, {"keygen", "--rotate", "alice", "--out", "-"}).code, 1);
  EXPECT_EQ(sesame(folder, {"keygen", "--rotate", "--retire", "alice"}).code, 1);
}

TEST(Keygen, TakesNoByteOrderMarkForAPartOfTheFirstIdentity) {
  const Folder folder;
  const std::string mark = "\xef\xbb\xbf";
  const std::string old = "alice:00112233445566778899aabbccddeeff\n";
  folder.write("keys.psk", mark + old);
  EXPECT_EQ(sesame(folder, {"keygen", "--list"}).out, "alice\t1 key\t16 octets\n");
  EXPECT_EQ(sesame(folder, {"keygen", "alice"}).code, 2) << "there is a key for alice";
  EXPECT_EQ(sesame(folder, {"keygen", "--rotate", "alice"}).code, 0);
  const std::string rotated = folder.read("keys.psk");
  EXPECT_TRUE(rotated.starts_with(mark + "alice:"));
  EXPECT_EQ(rotated.find(mark, 1), std::string::npos) << "only in front of the first line";
  EXPECT_TRUE(rotated.ends_with("\n" + old));
  EXPECT_EQ(sesame(folder, {"keygen", "--retire", "alice"}).code, 0);
  EXPECT_THAT(folder.read("keys.psk"), MatchesRegex(mark + "alice:[0-9a-f]{64}\n"));

  folder.write("empty.psk", mark);
  EXPECT_EQ(sesame(folder, {"keygen", "bob", "-o", "empty.psk"}).code, 0);
  EXPECT_EQ(sesame(folder, {"keygen", "--list", "-o", "empty.psk"}).out, "bob\t1 key\t32 octets\n");
}

TEST(Keygen, LeavesAFileAloneThatItDoesNotUnderstand) {
  const Folder folder;
  const std::string broken = "alice:00112233445566778899aabbccddeeff\nbob:5ec2e7not-hexadecimal\n";
  folder.write("keys.psk", broken);
  const Finished made = sesame(folder, {"keygen", "carol"});
  EXPECT_EQ(made.code, 2);
  EXPECT_THAT(made.err, HasSubstr("2")) << "the line";
  EXPECT_THAT(made.err, Not(HasSubstr("5ec2e7")));
  EXPECT_EQ(folder.read("keys.psk"), broken);
}

TEST(Keygen, SaysWhatIsWrongWithThePath) {
  const Folder folder;
  const Finished made = sesame(folder, {"keygen", "alice", "--out", "no/such/folder/keys.psk"});
  EXPECT_EQ(made.code, 2);
  EXPECT_THAT(made.err, HasSubstr("No such file"));
  EXPECT_EQ(sesame(folder, {"keygen", "--list", "--out", "none.psk"}).code, 2);
}

TEST(Keygen, LosesNothingWhereManyRunAtOnce) {
  const Folder folder;
  std::list<Process> processes;
  for (int i = 0; i < 12; ++i) {
    processes.emplace_back(folder, Arguments{SESAME_COMMAND, "keygen", "client" + std::to_string(i)});
  }
  for (auto& process : processes) EXPECT_EQ(process.finish().code, 0) << process.err;
  const std::string keys = folder.read("keys.psk");
  EXPECT_EQ(std::count(keys.begin(), keys.end(), '\n'), 12);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1)
      << "nothing else is left behind";
}

}  // namespace
}  // namespace sesame::test
