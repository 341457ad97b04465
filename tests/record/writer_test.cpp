#include "record/writer.h"

#include <limits>
#include <random>

#include "record/keyed.h"

namespace sesame::test {
namespace {

using crypto::Aead;
using crypto::AeadId;
using record::ContentType;
using record::Protection;
using record::ProtectionTestAccess;
using record::Writer;

struct Ends {
  explicit Ends(AeadId id = AeadId::aes_128_gcm) {
    key(writer.protection(), id, Aead::Direction::seal);
    key(opener, id, Aead::Direction::open);
  }
  std::vector<Seen> sent() {
    auto out = read_records(octets_of(writer.output().bytes()), &opener);
    writer.output().release();
    return out;
  }
  Writer writer;
  Protection opener;
};

std::string text_of(std::size_t size) {
  std::string out(size, 0);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>('a' + i * 7 % 26);
  return out;
}

std::string joined(const std::vector<Seen>& records, ContentType type) {
  std::string out;
  for (const Seen& record : records) {
    EXPECT_EQ(record.type, type);
    EXPECT_FALSE(record.content.empty()) << "an empty record";
    out += record.content;
  }
  return out;
}

void compose(Writer& writer, std::string_view message) {
  writer.handshake_messages().append(as_bytes(message));
}

TEST(Writer, MessagesShareAPlainRecord) {
  Writer writer;
  compose(writer, "one");
  compose(writer, "two");
  ASSERT_TRUE(writer.flush());
  EXPECT_EQ(to_hex(writer.output().bytes().first(5)), "1603030006");
  EXPECT_EQ(as_text(writer.output().bytes().subspan(5)), "onetwo");
  compose(writer, "three");
  ASSERT_TRUE(writer.flush());
  const auto records = read_records(octets_of(writer.output().bytes()), nullptr);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[1].content, "three");
}

TEST(Writer, FlushingNothingSendsNothing) {
  Writer writer;
  ASSERT_TRUE(writer.flush());
  EXPECT_TRUE(writer.output().empty());
  writer.handshake_messages();  // asked for, and left empty: RFC 8446 section 5.1 forbids the empty record
  ASSERT_TRUE(writer.flush());
  EXPECT_TRUE(writer.output().empty());
  Ends ends;
  ends.writer.handshake_messages();
  ASSERT_TRUE(ends.writer.flush());
  EXPECT_TRUE(ends.writer.output().empty());
  EXPECT_EQ(ends.writer.protection().records(), 0u);
}

TEST(Writer, ALongFlightGoesIntoSeveralRecordsAndLosesNothing) {
  for (const std::size_t size : {16384u, 16385u, 40'000u, 131'396u}) {
    const std::string flight = text_of(size);
    Writer plain;
    compose(plain, flight);
    ASSERT_TRUE(plain.flush());
    const auto records = read_records(octets_of(plain.output().bytes()), nullptr);
    EXPECT_EQ(records.size(), (size + 16383) / 16384);
    EXPECT_EQ(joined(records, ContentType::handshake), flight);

    Ends ends;
    compose(ends.writer, flight);
    ASSERT_TRUE(ends.writer.flush());
    EXPECT_EQ(joined(ends.sent(), ContentType::handshake), flight);
  }
}

TEST(Writer, ProtectedRecordsKeepThePeersLimitAndPlainOnesTheStandards) {
  for (const std::size_t limit : {63u, 512u, 4096u}) {
    Ends ends;
    ends.writer.limit_content(limit);
    const std::string flight = text_of(3 * limit + 1);
    compose(ends.writer, flight);
    ASSERT_TRUE(ends.writer.flush());
    ASSERT_TRUE(ends.writer.application_data(as_bytes(flight)));
    const auto records = ends.sent();
    ASSERT_EQ(records.size(), 8u);
    for (const Seen& record : records) EXPECT_LE(record.content.size() + record.padding, limit);

    // RFC 8449 section 4: the limit is for protected records.
    Writer plain;
    plain.limit_content(limit);
    compose(plain, flight);
    ASSERT_TRUE(plain.flush());
    EXPECT_EQ(read_records(octets_of(plain.output().bytes()), nullptr).size(), 1u);

    // RFC 6066 section 4: max_fragment_length is for both.
    Writer both;
    both.limit_plain_content(limit);
    compose(both, flight);
    ASSERT_TRUE(both.flush());
    const auto pieces = read_records(octets_of(both.output().bytes()), nullptr);
    EXPECT_EQ(pieces.size(), 4u);
    for (const Seen& record : pieces) EXPECT_LE(record.content.size(), limit);
  }
}

TEST(Writer, PadsToAMultipleWithinTheLimit) {
  for (const std::size_t block : {2u, 16u, 100u, 1000u, 16384u, 100'000u}) {
    for (const std::size_t limit : {63u, 1000u, 16384u}) {
      Ends ends;
      ends.writer.limit_content(limit);
      ends.writer.pad_to(block);
      for (const std::size_t size : {1u, 15u, 16u, 17u, 63u, 999u, 1000u, 1001u}) {
        ASSERT_TRUE(ends.writer.application_data(as_bytes(text_of(size))));
        compose(ends.writer, text_of(size));
        ASSERT_TRUE(ends.writer.flush());
      }
      ASSERT_TRUE(ends.writer.alert(1, 0));
      for (const Seen& record : ends.sent()) {
        const std::size_t whole = record.content.size() + record.padding;
        EXPECT_LE(whole, limit);
        EXPECT_TRUE(whole % std::min<std::size_t>(block, 16384) == 0 || whole == limit)
            << block << " " << limit << " " << whole;
        EXPECT_LT(record.padding, block);
      }
    }
  }
}

TEST(Writer, BlocksOfNoneOrOneDoNotPad) {
  for (const std::size_t block : {0u, 1u}) {
    Ends ends;
    ends.writer.pad_to(block);
    ASSERT_TRUE(ends.writer.application_data(as_bytes("x")));
    EXPECT_EQ(ends.sent().at(0).padding, 0u);
  }
}

TEST(Writer, AnAlertDropsTheFlightThatIsBeingComposedAndNothingElse) {
  Writer writer;
  compose(writer, "sent");
  ASSERT_TRUE(writer.flush());
  compose(writer, "half of a mess");
  ASSERT_TRUE(writer.alert(2, 80));
  const auto records = read_records(octets_of(writer.output().bytes()), nullptr);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].content, "sent");
  EXPECT_EQ(records[1].type, ContentType::alert);
  EXPECT_EQ(records[1].content, "\x02\x50");
  ASSERT_TRUE(writer.flush());
  EXPECT_EQ(read_records(octets_of(writer.output().bytes()), nullptr).size(), 2u)
      << "the dropped flight does not come back";
}

TEST(Writer, AnAlertIsProtectedOnceThereAreKeys) {
  Ends ends;
  compose(ends.writer, "dropped");
  ASSERT_TRUE(ends.writer.alert(2, 51));
  const auto records = ends.sent();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].type, ContentType::alert);
  EXPECT_EQ(records[0].content, "\x02\x33");
}

TEST(Writer, ChangeCipherSpecIsNeverProtectedAndKeepsItsPlace) {
  Ends ends;
  compose(ends.writer, "before");
  ASSERT_TRUE(ends.writer.change_cipher_spec());
  compose(ends.writer, "after");
  ASSERT_TRUE(ends.writer.flush());
  const auto records = ends.sent();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].content, "before");
  EXPECT_EQ(records[1].type, ContentType::change_cipher_spec);
  EXPECT_EQ(records[1].content, "\x01");
  EXPECT_EQ(records[2].content, "after");
}

TEST(Writer, DataGoesBehindTheFlightThatWasComposedBeforeIt) {
  Ends ends;
  compose(ends.writer, "message");
  ASSERT_TRUE(ends.writer.application_data(as_bytes("data")));
  const auto records = ends.sent();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].type, ContentType::handshake);
  EXPECT_EQ(records[1].type, ContentType::application_data);
}

// What cannot be sealed must not go out as it is.
TEST(Writer, WhatCouldNotBeSealedDoesNotLeave) {
  const auto exhausted = [](Ends& ends, std::uint64_t left) {
    ASSERT_TRUE(ends.writer.application_data(as_bytes("before")));
    ProtectionTestAccess::set_sequence(ends.writer.protection(),
                                       std::numeric_limits<std::uint64_t>::max() - left);
  };
  {
    Ends ends;
    exhausted(ends, 0);
    const std::size_t before = ends.writer.output().size();
    compose(ends.writer, "a secret message");
    const auto flushed = ends.writer.flush();
    ASSERT_FALSE(flushed);
    EXPECT_EQ(flushed.error().reason(), Reason::sequence_exhausted);
    EXPECT_EQ(ends.writer.output().size(), before);
    ASSERT_FALSE(ends.writer.application_data(as_bytes("data")));
    ASSERT_FALSE(ends.writer.alert(2, 80));
    EXPECT_EQ(ends.writer.output().size(), before);
  }
  {
    // A flight of two records, of which only one can be sealed.
    Ends ends;
    exhausted(ends, 1);
    compose(ends.writer, std::string(20'000, 'p'));
    EXPECT_FALSE(ends.writer.flush());
    EXPECT_EQ(as_text(ends.writer.output().bytes()).find("pppp"), std::string_view::npos);
  }
}

TEST(Writer, SealedSizeIsExact) {
  for (const AeadId id : all_aeads) {
    for (const std::size_t limit : {63u, 1000u, 16384u}) {
      for (const std::size_t block : {0u, 16u, 300u, 16384u}) {
        for (const std::size_t size :
             {0u, 1u, 15u, 16u, 62u, 63u, 64u, 999u, 1000u, 1001u, 16383u, 16384u, 16385u, 40'000u}) {
          Ends ends(id);
          ends.writer.limit_content(limit);
          ends.writer.pad_to(block);
          const std::size_t expected = ends.writer.sealed_size(size);
          const std::string data = text_of(size);
          ASSERT_TRUE(ends.writer.application_data(as_bytes(data)));
          ASSERT_EQ(ends.writer.output().size(), expected) << limit << " " << block << " " << size;

          // A buffer of just that size is enough for seal() too, and is filled.
          Octets into(expected);
          const auto sealed = ends.writer.seal(as_bytes(data), into);
          ASSERT_TRUE(sealed);
          ASSERT_EQ(sealed->consumed, size);
          ASSERT_EQ(sealed->written, expected);
        }
      }
    }
  }
  EXPECT_EQ(Writer().sealed_size(100), 0u) << "without keys nothing can be sealed";
}

TEST(Writer, SealsAsMuchAsFits) {
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    Ends ends(all_aeads[random() % 5]);
    ends.writer.limit_content(63 + random() % 300);
    if (random() % 2) ends.writer.pad_to(random() % 400);
    const std::string data = text_of(1 + random() % 1000);
    Octets into(random() % 1300);
    const auto sealed = ends.writer.seal(as_bytes(data), into);
    ASSERT_TRUE(sealed);
    ASSERT_LE(sealed->written, into.size());
    ASSERT_LE(sealed->consumed, data.size());
    ASSERT_EQ(sealed->consumed == 0, into.size() <= ends.writer.protection().overhead()) << into.size();
    into.resize(sealed->written);
    std::string received;
    for (const Seen& record : read_records(into, &ends.opener)) {
      ASSERT_LE(record.content.size() + record.padding, ends.writer.max_content());
      received += record.content;
    }
    ASSERT_EQ(received, data.substr(0, sealed->consumed));
    if (sealed->consumed < data.size()) {
      EXPECT_LE(into.size() + 0u, sealed->written + ends.writer.protection().overhead());
    }
  }
}

}  // namespace
}  // namespace sesame::test
