#include <gtest/gtest.h>
#include <sesame/bytes.h>

namespace sesame {
namespace {

using namespace std::string_view_literals;

TEST(Escaped, LeavesPrintableAsciiAsItIs) {
  EXPECT_EQ(escaped(as_bytes("bob@example.com ~!")), "bob@example.com ~!");
  EXPECT_EQ(escaped({}), "");
}

TEST(Escaped, ShowsEveryOtherOctet) {
  EXPECT_EQ(escaped(as_bytes("a\0b\n\x1b[31m\x7f\xff"sv)), "a\\x00b\\x0a\\x1b[31m\\x7f\\xff");
  EXPECT_EQ(escaped(as_bytes("\\x41")), "\\\\x41");
}

TEST(Escaped, SaysHowLongACutValueIs) {
  EXPECT_EQ(escaped(as_bytes("abcdef"), 6), "abcdef");
  EXPECT_EQ(escaped(as_bytes("abcdefg"), 6), "abcdef... (7 octets)");
  EXPECT_EQ(escaped(as_bytes("\0\0\0"sv), 1), "\\x00... (3 octets)");
  const std::string long_value(65535, 'x');
  EXPECT_EQ(escaped(as_bytes(long_value)), std::string(64, 'x') + "... (65535 octets)");
}

}  // namespace
}  // namespace sesame
