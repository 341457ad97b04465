#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sesame/key_file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "psk/credential_body.h"
#include "psk/freed_memory.h"

namespace sesame {
namespace {

using namespace std::string_view_literals;
using testing::HasSubstr;
using testing::Not;

std::string_view key_of(const Credential& credential) {
  return as_text(psk::CredentialAccess::body(credential).key);
}

std::vector<Credential> parsed(std::string_view text, const KeyFileOptions& options = {}) {
  auto credentials = parse_key_file(text, options);
  EXPECT_TRUE(credentials) << credentials.error().message();
  return credentials ? std::move(*credentials) : std::vector<Credential>();
}

Error refused(std::string_view text) {
  const auto credentials = parse_key_file(text);
  EXPECT_FALSE(credentials) << text;
  return credentials ? Error(Reason::internal_error) : credentials.error();
}

// A file that goes away.
class File {
 public:
  explicit File(std::string_view content) {
    char name[] = "/tmp/sesame-key-file-XXXXXX";
    const int descriptor = mkstemp(name);
    close(descriptor);
    path = name;
    std::ofstream(path, std::ios::binary) << content;
  }
  ~File() { std::filesystem::remove(path); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  std::filesystem::path path;
};

TEST(KeyFile, HasALineForEachKey) {
  const auto credentials = parsed("bob:00ff\nalice:0123456789abcdefABCDEF\n");
  ASSERT_EQ(credentials.size(), 2u);
  EXPECT_EQ(as_text(credentials[0].identity()), "bob");
  EXPECT_EQ(key_of(credentials[0]), "\x00\xff"sv);
  EXPECT_EQ(as_text(credentials[1].identity()), "alice");
  EXPECT_EQ(key_of(credentials[1]), "\x01\x23\x45\x67\x89\xab\xcd\xef\xab\xcd\xef"sv);
  EXPECT_EQ(credentials[0].hash(), HashAlgorithm::sha256);
}

TEST(KeyFile, BindsItsKeysToTheHashThatIsAskedFor) {
  EXPECT_EQ(parsed("bob:00", {.hash = HashAlgorithm::sha384})[0].hash(), HashAlgorithm::sha384);
}

TEST(KeyFile, IsReadWhateverItsLineEnds) {
  for (std::string_view text : {"a:01\r\nb:02\r\n", "a:01\nb:02", "a:01\r\nb:02\r", "\n\na:01\n\n\nb:02\n\n",
                                "\xef\xbb\xbf"
                                "a:01\nb:02\n"}) {
    const auto credentials = parsed(text);
    ASSERT_EQ(credentials.size(), 2u) << text;
    EXPECT_EQ(as_text(credentials[0].identity()), "a");
    EXPECT_EQ(key_of(credentials[1]), "\x02");
  }
  EXPECT_TRUE(parsed("").empty());
  EXPECT_TRUE(parsed("\n").empty());
  EXPECT_TRUE(parsed("\r\n \t\r\n").empty());
}

TEST(KeyFile, PassesOverComments) {
  const auto credentials = parsed("# made by hand: 2024\n#\n#\tmore\n## most\nbob:01\n# end");
  ASSERT_EQ(credentials.size(), 1u);
  EXPECT_EQ(as_text(credentials[0].identity()), "bob");
}

// GnuTLS takes `#` and hexadecimal for an identity, mosquitto for a comment: what is neither a plain comment
// nor such an identity is refused rather than guessed at.
TEST(KeyFile, RefusesACommentThatLooksLikeAnIdentity) {
  EXPECT_EQ(parsed("#626f62:01")[0].identity().size(), 3u);
  EXPECT_EQ(refused("#bob:01").reason(), Reason::file_syntax);
}

TEST(KeyFile, TakesIdentitiesAsOthersWriteThem) {
  const auto credentials = parsed(
      "  sp ace :01\ngr\xc3\xbc\xc3\x9f"
      "e:02\nDOMAIN\\user:03\na\\x3ab:04\n"
      "\x01\xff:05\n");
  ASSERT_EQ(credentials.size(), 5u);
  EXPECT_EQ(as_text(credentials[0].identity()), "  sp ace ");
  EXPECT_EQ(as_text(credentials[1].identity()),
            "gr\xc3\xbc\xc3\x9f"
            "e");
  EXPECT_EQ(as_text(credentials[2].identity()), "DOMAIN\\user");
  EXPECT_EQ(as_text(credentials[3].identity()), "a:b");
  EXPECT_EQ(as_text(credentials[4].identity()), "\x01\xff");
}

TEST(KeyFile, IsNotCutShortByANul) {
  const auto credentials = parsed("bob\0x:01\nbob:02\n"sv);
  ASSERT_EQ(credentials.size(), 2u);
  EXPECT_EQ(as_text(credentials[0].identity()), "bob\0x"sv);
  EXPECT_EQ(refused("bob:01\0"sv).reason(), Reason::file_syntax);
}

TEST(KeyFile, AllowsBlanksAroundAKey) {
  EXPECT_EQ(key_of(parsed("bob: \t01ff \t\r\n")[0]), "\x01\xff");
  EXPECT_EQ(refused("bob:01 ff").reason(), Reason::file_syntax);
}

TEST(KeyFile, SaysInWhichLineWhatIsWrongAndNeverTheKey) {
  const struct {
    std::string_view line;
    Reason reason;
    std::string_view says;
  } cases[] = {
      {"bob", Reason::file_syntax, "no colon"},
      {"bob:5ec2e7bad0", Reason::internal_error, ""},  // this one is right
      {"bob:5ec2e7bad", Reason::file_syntax, "odd number"},
      {"bob:5ec2e7badx", Reason::file_syntax, "not hexadecimal"},
      {"bob:0x5ec2e7bad0", Reason::file_syntax, "not hexadecimal"},
      {"bob:eve:5ec2e7bad", Reason::file_syntax, "odd number"},
      {"bob:eve:5ec2e7bad0", Reason::file_syntax, "not hexadecimal"},
      {"bob:", Reason::key_empty, ""},
      {"bob:  ", Reason::key_empty, ""},
      {":5ec2e7bad0", Reason::identity_empty, ""},
      {"a\\xg0:5ec2e7bad0", Reason::file_syntax, "\\x without"},
  };
  for (const auto& [line, reason, says] : cases) {
    const std::string text = "# one\nalice:01\r\n\n" + std::string(line) + "\ncarol:02\n";
    if (reason == Reason::internal_error) {
      EXPECT_EQ(parsed(text).size(), 3u);
      continue;
    }
    const Error error = refused(text);
    EXPECT_EQ(error.reason(), reason) << line;
    EXPECT_THAT(error.message(), HasSubstr("line 4")) << line;
    EXPECT_THAT(error.message(), HasSubstr(std::string(says))) << line;
    EXPECT_THAT(error.message(), Not(HasSubstr("5ec2"))) << line;
  }
}

TEST(KeyFile, HasNoLimitOfItsOwnForALine) {
  std::string line;
  for (int i = 0; i < 65535; ++i) line += "\\x00";
  const std::string longest_key(2 * 4096, '7');
  const auto credentials = parsed(line + ":" + longest_key);
  ASSERT_EQ(credentials.size(), 1u);
  EXPECT_EQ(credentials[0].identity().size(), 65535u);
  EXPECT_EQ(key_of(credentials[0]).size(), 4096u);
  EXPECT_EQ(refused(line + "x:" + longest_key).reason(), Reason::identity_too_long);
  EXPECT_EQ(refused("bob:" + longest_key + "77").reason(), Reason::key_too_long);
  EXPECT_EQ(refused(std::string(5'000'000, 'x')).reason(), Reason::file_syntax);
}

TEST(KeyFile, TakesTwoKeysForAnIdentityAndNotThree) {
  const auto credentials = parsed("bob:02\nalice:01\nbob:01\n");
  ASSERT_EQ(credentials.size(), 3u);
  EXPECT_EQ(key_of(credentials[0]), "\x02");  // the newer one stands first
  EXPECT_EQ(key_of(credentials[2]), "\x01");
  const Error error = refused("bob:03\nalice:01\nbob:02\n#626f62:01\n");  // the third one in another spelling
  EXPECT_EQ(error.reason(), Reason::duplicate_identity);
  EXPECT_THAT(error.message(), HasSubstr("line 4"));
  EXPECT_THAT(error.message(), HasSubstr("bob"));
}

TEST(KeyFile, WritesLinesThatItReads) {
  EXPECT_EQ(key_file_line(as_bytes("bob"), as_bytes("\x00\xff"sv)), "bob:00ff\n");
  std::string file;
  std::vector<std::string> identities;
  for (int i = 0; i < 256; ++i) {
    identities.push_back({static_cast<char>(i), ':', static_cast<char>(255 - i)});
    file += key_file_line(as_bytes(identities.back()), as_bytes("key"));
  }
  const auto credentials = parsed(file);
  ASSERT_EQ(credentials.size(), identities.size());
  for (std::size_t i = 0; i < identities.size(); ++i) {
    EXPECT_EQ(as_text(credentials[i].identity()), identities[i]);
    EXPECT_EQ(key_of(credentials[i]), "key");
  }
}

// A line that grew while it was made would have left a part of the key behind.
TEST(KeyFile, LeavesNothingOfTheKeyBehindWhenItWrites) {
  const std::string key(200, 'K');
  const std::string hex = "4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b";
  const test::FreedMemory freed(as_bytes(hex));
  {
    std::string line = key_file_line(as_bytes("bob"), as_bytes(key));
    EXPECT_EQ(line.size(), 405u);
    secret::wipe(line.data(), line.size());
  }
  EXPECT_GE(freed.blocks(), 1u);
  EXPECT_EQ(freed.leaks(), 0u);
}

TEST(KeyFile, IsReadFromAFile) {
  const File file("bob:0102\n");
  const auto credentials = read_key_file(file.path);
  ASSERT_TRUE(credentials) << credentials.error().message();
  ASSERT_EQ(credentials->size(), 1u);
  EXPECT_EQ(key_of(credentials->front()), "\x01\x02");
}

TEST(KeyFile, IsWipedFromTheBufferItWasReadInto) {
  std::string text = "bob:";
  for (int i = 0; i < 3000; ++i) text += "5ec2e7";
  const File file(text.substr(0, 4 + 2 * 4096) + "\n");
  const test::FreedMemory freed(as_bytes("5ec2e75ec2e75ec2e7"));
  ASSERT_TRUE(read_key_file(file.path));
  EXPECT_GE(freed.blocks(), 2u);
  EXPECT_EQ(freed.leaks(), 0u);
}

TEST(KeyFile, IsReadFromAPipeOfAnySize) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "id" + std::to_string(i) + ":5ec2e75ec2e75ec2e7\n";
  std::jthread writer([&] {
    for (std::size_t at = 0; at < text.size();) {
      const ssize_t written = write(ends[1], text.data() + at, text.size() - at);
      if (written <= 0) break;
      at += static_cast<std::size_t>(written);
    }
    close(ends[1]);
  });
  const test::FreedMemory freed(as_bytes("5ec2e75ec2e75ec2e7"));
  const auto credentials = read_key_file("/dev/fd/" + std::to_string(ends[0]));
  ASSERT_TRUE(credentials) << credentials.error().message();
  EXPECT_EQ(credentials->size(), 20'000u);
  EXPECT_EQ(freed.leaks(), 0u);
  close(ends[0]);
}

TEST(KeyFile, SaysWhyItCannotBeRead) {
  const auto missing = read_key_file("/tmp/there is no such file.psk");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().reason(), Reason::file_unreadable);
  EXPECT_THAT(missing.error().message(), HasSubstr("/tmp/there is no such file.psk"));
  EXPECT_THAT(missing.error().message(), HasSubstr("No such file"));
  EXPECT_EQ(read_key_file("/tmp").error().reason(), Reason::file_unreadable);

  const File file("bob:01\nbroken\n");
  const auto broken = read_key_file(file.path);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().reason(), Reason::file_syntax);
  EXPECT_THAT(broken.error().message(), HasSubstr(file.path.string() + ", line 2"));
}

// Sparse, so that it takes no room.
TEST(KeyFile, IsAtMostAGibibyte) {
  const File file("");
  ASSERT_EQ(truncate(file.path.c_str(), (off_t{1} << 30) + 1), 0);
  const auto credentials = read_key_file(file.path);
  ASSERT_FALSE(credentials);
  EXPECT_EQ(credentials.error().reason(), Reason::file_unreadable);
}

TEST(KeyFile, IsReadAsPsktoolWritesIt) {
  if (std::system("psktool --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "psktool is not installed";
  const File file("");
  for (const char* user : {"bob", "a:b", "'sp ace'", "$(printf '\\377\\001')"}) {
    const std::string command = "psktool -p " + file.path.string() + " -u " + user + " >/dev/null 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
  const auto credentials = read_key_file(file.path);
  ASSERT_TRUE(credentials) << credentials.error().message();
  std::vector<std::string> identities;
  for (const Credential& credential : *credentials) {
    identities.emplace_back(as_text(credential.identity()));
    EXPECT_EQ(key_of(credential).size(), 32u);
  }
  EXPECT_THAT(identities, testing::UnorderedElementsAre("bob", "a:b", "sp ace", "\xff\x01"));
}

}  // namespace
}  // namespace sesame
