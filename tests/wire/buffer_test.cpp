#include "wire/buffer.h"

#include <gtest/gtest.h>

#include <random>

#include "support/hex.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace sesame::test {
namespace {

using wire::Buffer;
using wire::Fault;
using wire::Reader;
using wire::Writer;

std::string text(const Buffer& buffer) { return std::string(as_text(buffer.bytes())); }

Buffer buffer_of(std::string_view content) {
  Buffer out;
  out.append(as_bytes(content));
  return out;
}

TEST(Buffer, IsEmptyAtFirstAndAfterRelease) {
  Buffer buffer;
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.bytes().size(), 0u);
  buffer.append({});
  EXPECT_TRUE(buffer.empty());
  buffer.append(as_bytes("x"));
  buffer.release();
  EXPECT_TRUE(buffer.empty());
  buffer.append(as_bytes("again"));
  EXPECT_EQ(text(buffer), "again");
}

// Against a string that does the same: moving to the front and growing must not lose or repeat an octet.
TEST(Buffer, BehavesAsAQueueOfOctets) {
  std::mt19937 random(7);
  Buffer buffer;
  std::string model;
  for (int i = 0; i < 20'000; ++i) {
    switch (random() % 4) {
      case 0:
      case 1: {
        const std::string more(random() % 90, static_cast<char>('a' + random() % 26));
        buffer.append(as_bytes(more));
        model += more;
        break;
      }
      case 2: {
        const std::size_t n = model.empty() ? 0 : random() % std::min<std::size_t>(model.size() + 1, 150);
        buffer.consume(n);
        model.erase(0, n);
        break;
      }
      default: {
        const std::size_t n = model.size() - random() % std::min<std::size_t>(model.size() + 1, 10);
        buffer.truncate(n);
        model.resize(n);
      }
    }
    if (random() % 50 == 0) buffer.reserve(random() % 1000);
    ASSERT_EQ(text(buffer), model);
    ASSERT_EQ(buffer.empty(), model.empty());
  }
}

TEST(Buffer, RoomThatWasReservedIsUsedWithoutMoving) {
  Buffer buffer = buffer_of("front");
  buffer.reserve(1000);
  const std::uint8_t* const at = buffer.bytes().data();
  for (int i = 0; i < 10; ++i) buffer.append(as_bytes(std::string(100, 'x')));
  EXPECT_EQ(buffer.bytes().data(), at);
}

TEST(Buffer, MovedFromIsEmptyAndUsable) {
  Buffer a = buffer_of("one");
  Buffer b = std::move(a);
  EXPECT_EQ(text(b), "one");
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): this is what is tested
  a.append(as_bytes("two"));
  b = std::move(a);
  EXPECT_EQ(text(b), "two");
  Buffer& same = b;
  b = std::move(same);
  EXPECT_EQ(text(b), "two");
}

TEST(Buffer, IsChangedInPlaceFromAnOffsetThatCountsFromTheFront) {
  Buffer buffer = buffer_of("abcdef");
  buffer.consume(2);
  buffer.from(1)[0] = 'X';
  EXPECT_EQ(text(buffer), "cXef");
  EXPECT_EQ(buffer.from(4).size(), 0u);
}

TEST(Reader, TakesNothingBeyondTheEnd) {
  const Octets in = {1, 2, 3};
  Reader r(in);
  EXPECT_EQ(r.uint(2), 0x0102u);
  EXPECT_EQ(r.uint(2), 0u);
  EXPECT_EQ(r.fault(), Fault::truncated);
  EXPECT_TRUE(r.empty());
  EXPECT_EQ(r.take(1).size(), 0u) << "the octet that was there is not given after a fault";
  EXPECT_EQ(r.uint(1), 0u);
}

TEST(Reader, KeepsTheFirstFault) {
  Reader r(Bytes{});
  r.fail(Fault::length);
  r.fail(Fault::truncated);
  EXPECT_EQ(r.fault(), Fault::length);
}

TEST(Reader, TakingNothingAtTheEndIsNoFault) {
  Reader r(Bytes{});
  EXPECT_EQ(r.take(0).size(), 0u);
  EXPECT_EQ(r.uint(0), 0u);
  EXPECT_TRUE(r.ok());
}

TEST(Writer, AValueThatItsOctetsCannotHoldIsAFault) {
  for (const unsigned octets : {1u, 2u, 3u}) {
    const std::uint32_t highest = (std::uint32_t{1} << 8 * octets) - 1;
    Buffer out;
    Writer fits(out);
    fits.uint(highest, octets);
    EXPECT_TRUE(fits.ok());
    EXPECT_EQ(out.size(), octets);
    Writer w(out);
    w.uint(highest + 1, octets);
    EXPECT_EQ(w.fault(), Fault::length) << octets;
  }
  Buffer out;
  Writer w(out);
  w.uint(0xffffffff, 4);
  EXPECT_TRUE(w.ok());
  EXPECT_EQ(to_hex(out.bytes()), "ffffffff");
}

TEST(Writer, APrefixCountsWhatIsWrittenBehindIt) {
  Buffer out = buffer_of("before");
  Writer w(out);
  w.prefixed(2, [&] {
    w.prefixed(1, [&] { w.put(as_bytes("abc")); });
    w.prefixed(3, [] {});
  });
  EXPECT_TRUE(w.ok());
  EXPECT_EQ(to_hex(out.bytes().subspan(6)),
            "00070361626300"
            "0000");
}

TEST(Writer, APrefixThatCannotHoldTheSizeIsAFault) {
  for (const auto& [octets, size, fits] :
       {std::tuple{1u, 255u, true}, {1u, 256u, false}, {2u, 0xffffu, true}, {2u, 0x10000u, false}}) {
    Buffer out;
    Writer w(out);
    w.prefixed(octets, [&] { w.put(Octets(size)); });
    EXPECT_EQ(w.ok(), fits) << octets << " " << size;
  }
}

TEST(Writer, APrefixKeepsTheBoundsThatItIsGiven) {
  for (const auto& [size, fits] : {std::pair{1, false}, {2, true}, {4, true}, {5, false}}) {
    Buffer out;
    Writer w(out);
    w.prefixed(1, 2, 4, [&] { w.put(Octets(static_cast<std::size_t>(size))); });
    EXPECT_EQ(w.fault(), fits ? Fault::none : Fault::length) << size;
  }
}

}  // namespace
}  // namespace sesame::test
