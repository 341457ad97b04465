// Records on their way out in TLS 1.2 and below.
#include <algorithm>

#include "record/below13.h"
#include "record/writer.h"

namespace sesame::test {
namespace {

using crypto::Aead;
using record::ContentType;
using record::Protection;
using record::Writer;
using enum CipherSuite;

constexpr auto tls10 = ProtocolVersion::tls10, tls11 = ProtocolVersion::tls11, tls12 = ProtocolVersion::tls12;

// One for each place where content may stand, and each way that sizes are counted.
const std::vector<Below13> forms = {
    {TLS_PSK_WITH_AES_128_GCM_SHA256, tls12},
    {TLS_PSK_WITH_CHACHA20_POLY1305_SHA256, tls12},
    {TLS_PSK_WITH_AES_128_CCM_8, tls12},
    {TLS_PSK_WITH_AES_128_CBC_SHA, tls12},
    {TLS_PSK_WITH_AES_128_CBC_SHA, tls12, true},
    {TLS_PSK_WITH_AES_256_CBC_SHA384, tls11},
    {TLS_PSK_WITH_AES_128_CBC_SHA, tls10},
    {TLS_PSK_WITH_AES_128_CBC_SHA256, tls10, true},
    {TLS_PSK_WITH_NULL_SHA, tls10},
};

struct Seen {
  ContentType type;
  std::string content;
  bool operator==(const Seen&) const = default;
};

struct Ends {
  explicit Ends(const Below13& form) : version(form.version) {
    writer.set_version(version);
    key(writer.protection(), form, Aead::Direction::seal);
    key(opener, form, Aead::Direction::open);
  }
  std::vector<Seen> read(Bytes octets, Protection* by) const {
    std::vector<Seen> out;
    Octets copy = octets_of(octets);
    MutableBytes rest = copy;
    while (!rest.empty()) {
      const record::Header header = record::Header::read(rest);
      EXPECT_EQ(header.version, static_cast<std::uint16_t>(version));
      const MutableBytes whole = rest.first(record::header_size + header.length);
      rest = rest.subspan(whole.size());
      if (!by) {
        out.push_back({header.type, std::string(as_text(whole.subspan(record::header_size)))});
        continue;
      }
      const auto opened = by->open(whole);
      EXPECT_TRUE(opened) << "record " << out.size();
      if (!opened) break;
      out.push_back({opened->type, std::string(as_text(opened->content))});
    }
    return out;
  }
  std::vector<Seen> sent() {
    auto out = read(writer.output().bytes(), &opener);
    writer.output().release();
    return out;
  }
  ProtocolVersion version;
  Writer writer;
  Protection opener;
};

void for_each_form(void (*test)(Ends&)) {
  for (const Below13& form : forms) {
    SCOPED_TRACE(form_name(form));
    Ends ends(form);
    test(ends);
    if (testing::Test::HasFailure()) return;
  }
}

std::string text_of(std::size_t size) {
  std::string out(size, 0);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>('a' + i * 7 % 26);
  return out;
}

void compose(Writer& writer, std::string_view message) {
  writer.handshake_messages().append(as_bytes(message));
}

TEST(WriterBelow13, MessagesAreComposedWhereTheirRecordWillStand) {
  for_each_form([](Ends& ends) {
    compose(ends.writer, "one");
    const std::uint8_t* const composed =
        ends.writer.output().bytes().data() + ends.writer.output().size() - 3;
    EXPECT_EQ(composed - ends.writer.output().bytes().data(),
              static_cast<std::ptrdiff_t>(ends.writer.protection().content_offset()));
    compose(ends.writer, "two");
    ASSERT_TRUE(ends.writer.flush());
    EXPECT_EQ(ends.writer.output().size(), ends.writer.protection().sealed_size(6));
    EXPECT_EQ(ends.sent(), (std::vector<Seen>{{ContentType::handshake, "onetwo"}}));
    ASSERT_TRUE(ends.writer.flush());
    (void)ends.writer.handshake_messages();
    ASSERT_TRUE(ends.writer.flush());
    EXPECT_TRUE(ends.writer.output().empty()) << "no handshake record is empty";
  });
}

// RFC 5246 section 7.1: with the keys that are there, in a renegotiation.
TEST(WriterBelow13, AChangeCipherSpecIsProtectedAsAllElseIs) {
  for_each_form([](Ends& ends) {
    compose(ends.writer, "message");
    ASSERT_TRUE(ends.writer.change_cipher_spec());
    ASSERT_TRUE(ends.writer.alert(1, 0));
    EXPECT_EQ(ends.sent(), (std::vector<Seen>{{ContentType::handshake, "message"},
                                              {ContentType::change_cipher_spec, "\x01"},
                                              {ContentType::alert, std::string("\x01\x00", 2)}}));
  });
}

TEST(WriterBelow13, KeysThatComeLateMoveWhatWasComposed) {
  for (const Below13& form : forms) {
    SCOPED_TRACE(form_name(form));
    Ends ends(form);
    ends.writer.protection().clear();
    ASSERT_TRUE(ends.writer.change_cipher_spec());
    EXPECT_EQ(ends.read(ends.writer.output().bytes(), nullptr),
              (std::vector<Seen>{{ContentType::change_cipher_spec, "\x01"}}));
    ends.writer.output().release();
    compose(ends.writer, "Finished");
    key(ends.writer.protection(), form, Aead::Direction::seal);
    ASSERT_TRUE(ends.writer.flush());
    EXPECT_EQ(ends.sent(), (std::vector<Seen>{{ContentType::handshake, "Finished"}}));
    compose(ends.writer, "plain");
    ends.writer.protection().clear();
    ASSERT_TRUE(ends.writer.flush());
    EXPECT_EQ(ends.read(ends.writer.output().bytes(), nullptr),
              (std::vector<Seen>{{ContentType::handshake, "plain"}}));
  }
}

TEST(WriterBelow13, ALongMessageGetsSeveralRecordsAndNoOctetAhead) {
  for_each_form([](Ends& ends) {
    ends.writer.limit_content(512);
    const std::string message = text_of(1300);
    compose(ends.writer, message);
    ASSERT_TRUE(ends.writer.flush());
    const auto records = ends.sent();
    ASSERT_EQ(records.size(), 3u);
    EXPECT_EQ(records[0].content + records[1].content + records[2].content, message);
    EXPECT_EQ(records[0].content.size(), 512u);
    EXPECT_EQ(records[2].type, ContentType::handshake);
  });
}

TEST(WriterBelow13, ThereIsNoPaddingButTheCiphers) {
  for_each_form([](Ends& ends) {
    ends.writer.pad_to(1024);
    EXPECT_LE(ends.writer.sealed_size(10), 2 * (10 + record::header_size + 16 + 48 + 32));
    ASSERT_TRUE(ends.writer.application_data(as_bytes("0123456789")));
    EXPECT_LE(ends.writer.output().size(), ends.writer.sealed_size(10));
    std::string all;
    for (const Seen& record : ends.sent()) all += record.content;
    EXPECT_EQ(all, "0123456789");
  });
}

// Where the IV of a record can be seen before it is sent, its first octet goes ahead: never the whole of it,
// and never an empty record, which some peers do not bear.
TEST(WriterBelow13, AnOctetGoesAheadWhereTheIvIsChained) {
  for_each_form([](Ends& ends) {
    const bool splits = ends.writer.protection().chains_iv();
    EXPECT_EQ(splits, ends.version == tls10 && ends.writer.protection().least_fragment() % 16 != 4);
    ends.writer.limit_content(100);
    for (const std::size_t size : {1, 2, 3, 50, 99, 100, 101, 102, 200, 201, 250}) {
      const std::string data = text_of(size);
      ASSERT_TRUE(ends.writer.application_data(as_bytes(data)));
      ASSERT_EQ(ends.writer.output().size(), ends.writer.sealed_size(size)) << size;
      std::vector<std::size_t> expected;
      for (std::size_t rest = size; rest > 0;) {
        const std::size_t piece = std::min<std::size_t>(rest, 100);
        if (splits && piece > 1) {
          expected.push_back(1);
          expected.push_back(piece - 1);
        } else {
          expected.push_back(piece);
        }
        rest -= piece;
      }
      std::string all;
      std::vector<std::size_t> sizes;
      for (const Seen& record : ends.sent()) {
        EXPECT_EQ(record.type, ContentType::application_data);
        all += record.content;
        sizes.push_back(record.content.size());
      }
      EXPECT_EQ(all, data);
      EXPECT_EQ(sizes, expected) << size;
    }
  });
}

TEST(WriterBelow13, AsMuchIsSealedAsTheRoomTakes) {
  for_each_form([](Ends& ends) {
    ends.writer.limit_content(80);
    const std::string data = text_of(200);
    for (std::size_t room = 0; room <= ends.writer.sealed_size(data.size()) + 3; ++room) {
      Octets into(room);
      const auto sealed = ends.writer.seal(as_bytes(data), into);
      ASSERT_TRUE(sealed);
      ASSERT_LE(sealed->written, room);
      ASSERT_EQ(sealed->consumed == 0, room < ends.writer.protection().sealed_size(1)) << room;
      std::string all;
      for (const Seen& record : ends.read(Bytes(into).first(sealed->written), &ends.opener))
        all += record.content;
      ASSERT_EQ(all, data.substr(0, sealed->consumed)) << room;
      ASSERT_EQ(sealed->consumed == data.size(), room >= ends.writer.sealed_size(data.size())) << room;
      if (sealed->consumed == data.size()) {
        EXPECT_EQ(sealed->written, ends.writer.sealed_size(data.size()));
      } else {
        EXPECT_LT(room - sealed->written, ends.writer.protection().sealed_size(1))
            << "there would have been room for another octet: " << room;
      }
    }
  });
}

TEST(WriterBelow13, AnAlertDropsWhatIsNotSentYet) {
  for_each_form([](Ends& ends) {
    compose(ends.writer, "never sent");
    ASSERT_TRUE(ends.writer.alert(2, 40));
    EXPECT_EQ(ends.sent(), (std::vector<Seen>{{ContentType::alert, "\x02\x28"}}));
  });
}

}  // namespace
}  // namespace sesame::test
