#include <gtest/gtest.h>
#include <sesame/key_file.h>

#include "psk/hex.h"

namespace sesame {
namespace {

using namespace std::string_view_literals;

std::string decoded(std::string_view text) {
  const auto identity = decode_identity(text);
  EXPECT_TRUE(identity) << text << ": " << identity.error().message();
  return identity ? *identity : "";
}

Reason refused(std::string_view text) {
  const auto identity = decode_identity(text);
  EXPECT_FALSE(identity) << text;
  return identity ? Reason::internal_error : identity.error().reason();
}

TEST(HexValue, KnowsTheDigitsAndNothingElse) {
  for (int c = 0; c < 256; ++c) {
    const auto digit = static_cast<char>(c);
    int expected = -1;
    if (c >= '0' && c <= '9') expected = c - '0';
    if (c >= 'a' && c <= 'f') expected = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') expected = c - 'A' + 10;
    EXPECT_EQ(psk::hex_value(digit), expected) << c;
  }
}

TEST(IdentityText, IsTheIdentityWhereThatIsPlain) {
  EXPECT_EQ(encode_identity(as_bytes("bob@example.org #1")), "bob@example.org #1");
  EXPECT_EQ(decoded("bob@example.org #1"), "bob@example.org #1");
}

TEST(IdentityText, EscapesWhatALineCouldNotCarry) {
  EXPECT_EQ(encode_identity(as_bytes("a:b\\c\n\0\x7f\xff"sv)), "a\\x3ab\\\\c\\x0a\\x00\\x7f\\xff");
  EXPECT_EQ(encode_identity(as_bytes("#a#")), "\\x23a#");
  EXPECT_EQ(decoded("a\\x3ab\\\\c\\x0A\\x00\\x7F\\xff"), "a:b\\c\n\0\x7f\xff"sv);
}

TEST(IdentityText, ComesBackWhateverTheOctets) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string identity = {static_cast<char>(first), static_cast<char>(second), 'x', '4', '1'};
      const std::string text = encode_identity(as_bytes(identity));
      ASSERT_EQ(decoded(text), identity) << text;
      for (const char c : text) ASSERT_TRUE(c >= 0x20 && c < 0x7f && c != ':') << text;
    }
  }
}

// What psktool writes for `-u a:b`.
TEST(IdentityText, ReadsPsktoolsHexadecimalForm) {
  EXPECT_EQ(decoded("#613a62"), "a:b");
  EXPECT_EQ(decoded("#FF00"), "\xff\0"sv);
  EXPECT_EQ(refused("#zz"), Reason::file_syntax);
  EXPECT_EQ(refused("#613"), Reason::file_syntax);
  EXPECT_EQ(refused("#"), Reason::identity_empty);
}

TEST(IdentityText, LeavesABackslashThatEscapesNothing) {
  EXPECT_EQ(decoded("DOMAIN\\user"), "DOMAIN\\user");
  EXPECT_EQ(decoded("ends with \\"), "ends with \\");
}

TEST(IdentityText, RefusesAnEscapeThatIsNotWhole) {
  EXPECT_EQ(refused("a\\x"), Reason::file_syntax);
  EXPECT_EQ(refused("a\\x4"), Reason::file_syntax);
  EXPECT_EQ(refused("a\\x4g"), Reason::file_syntax);
  EXPECT_EQ(refused("\\xzz"), Reason::file_syntax);
}

TEST(IdentityText, HasTheLimitsOfIdentities) {
  EXPECT_EQ(refused(""), Reason::identity_empty);
  EXPECT_EQ(decoded(std::string(65535, 'x')).size(), 65535u);
  EXPECT_EQ(refused(std::string(65536, 'x')), Reason::identity_too_long);
  std::string escapes;
  for (int i = 0; i < 65535; ++i) escapes += "\\x00";
  EXPECT_EQ(decoded(escapes), std::string(65535, '\0'));
}

}  // namespace
}  // namespace sesame
