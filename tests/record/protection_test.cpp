#include "record/protection.h"

#include <limits>

#include "record/keyed.h"

namespace sesame::test {
namespace {

using crypto::Aead;
using crypto::AeadId;
using record::ContentType;
using record::Protection;
using record::ProtectionTestAccess;

class EachAead : public testing::TestWithParam<AeadId> {
 protected:
  void SetUp() override {
    key(sealer, GetParam(), Aead::Direction::seal);
    key(opener, GetParam(), Aead::Direction::open);
  }
  Octets seal(std::string_view content, ContentType type = ContentType::application_data,
              std::size_t padding = 0) {
    Octets record(sealer.overhead() + content.size() + padding);
    EXPECT_TRUE(sealer.seal(type, as_bytes(content), padding, record.data()));
    return record;
  }
  std::optional<Reason> refusal(Octets record) {
    const auto opened = opener.open(record);
    return opened ? std::nullopt : std::optional(opened.error().reason());
  }
  Protection sealer, opener;
};
std::string aead_name(const testing::TestParamInfo<AeadId>& info) {
  constexpr std::string_view names[] = {"Aes128Gcm", "Aes256Gcm", "ChaCha20Poly1305", "Aes128Ccm",
                                        "Aes128Ccm8"};
  return std::string(names[static_cast<std::size_t>(info.param)]);
}
INSTANTIATE_TEST_SUITE_P(Protection, EachAead, testing::ValuesIn(all_aeads), aead_name);

TEST_P(EachAead, OpensWhatWasSealed) {
  for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 64u, 5000u, 16384u}) {
    const std::string content(size, 'c');
    Octets record = seal(content, ContentType::handshake);
    EXPECT_EQ(record[0], 23) << "RFC 8446 section 5.2: the outer type is application_data";
    EXPECT_EQ(record::Header::read(record).length, record.size() - record::header_size);
    const auto opened = opener.open(record);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->type, ContentType::handshake);
    EXPECT_EQ(as_text(opened->content), content);
    EXPECT_EQ(opened->content.data(), record.data() + record::header_size) << "in place";
  }
}

// Section 5.3: the sequence number in 64 bits, padded on the left with zeros to iv_length, XORed with the IV.
TEST_P(EachAead, TheNonceIsTheIvAndTheSequenceNumber) {
  const std::pair<std::uint64_t, std::string_view> nonces[] = {
      {0, "000102030405060708090a0b"},
      {1, "000102030405060708090a0a"},
      {0xff, "000102030405060708090af4"},
      {0x100, "000102030405060708090b0b"},
      {0x0102030405060708, "00010203050705030d0f0d03"},
      {0xfffffffffffffffe, "00010203fbfaf9f8f7f6f5f5"},
  };
  for (const auto& [sequence, nonce] : nonces) {
    ProtectionTestAccess::set_sequence(sealer, sequence);
    Octets record = seal("content");
    Aead aead;
    ASSERT_TRUE(aead.set_key(algorithm(GetParam()), Aead::Direction::open, test_key(GetParam())));
    const Octets header(record.begin(), record.begin() + record::header_size);
    EXPECT_TRUE(aead.open(from_hex(nonce), header, MutableBytes(record).subspan(record::header_size)))
        << sequence;
    EXPECT_EQ(sealer.records(), sequence + 1);
  }
}

TEST_P(EachAead, EachRecordHasItsPlaceInTheSequence) {
  const Octets first = seal("one"), second = seal("two");
  EXPECT_EQ(refusal(second), Reason::record_mac_wrong) << "a record was left out";
  EXPECT_EQ(refusal(first), std::nullopt);
  EXPECT_EQ(refusal(first), Reason::record_mac_wrong) << "a record came twice";
  EXPECT_EQ(refusal(second), std::nullopt);
}

TEST_P(EachAead, ARecordOfWhichAnyBitWasChangedIsRefusedAndWiped) {
  const Octets record = seal("forty octets of content to be tampered at", ContentType::handshake, 3);
  for (std::size_t i = 0; i < record.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      Octets tampered = record;
      tampered[i] ^= static_cast<std::uint8_t>(1 << bit);
      const auto opened = opener.open(tampered);
      ASSERT_FALSE(opened) << "octet " << i;
      ASSERT_EQ(opened.error().reason(), Reason::record_mac_wrong);
      ASSERT_EQ(opened.error().alert(), Alert::bad_record_mac);
      ASSERT_EQ(Octets(tampered.begin() + record::header_size, tampered.end()),
                Octets(record.size() - record::header_size));
    }
  }
  EXPECT_EQ(opener.records(), 0u);
  EXPECT_EQ(refusal(record), std::nullopt) << "the right one still opens";
}

TEST_P(EachAead, ARecordThatWasCutOrLengthenedIsRefused) {
  const Octets record = seal("content");
  for (std::size_t size = record::header_size; size < record.size(); ++size) {
    EXPECT_EQ(refusal(Octets(record.begin(), record.begin() + static_cast<std::ptrdiff_t>(size))),
              Reason::record_mac_wrong)
        << size;
  }
  Octets longer = record;
  longer.push_back(0);
  EXPECT_EQ(refusal(longer), Reason::record_mac_wrong);
}

TEST_P(EachAead, PaddingGoesAndContentStays) {
  for (const std::size_t padding : {0u, 1u, 100u}) {
    const std::string content("ends in zeros\0\0", 15);
    Octets record = seal(content, ContentType::application_data, padding);
    EXPECT_EQ(record.size(), sealer.overhead() + content.size() + padding);
    const auto opened = opener.open(record);
    ASSERT_TRUE(opened);
    EXPECT_EQ(as_text(opened->content), content);
  }
}

// Section 5.4: no octet but zeros is the end of the connection.
TEST_P(EachAead, ARecordOfZerosAloneHasNoContentType) {
  for (const std::size_t padding : {0u, 20u}) {
    Octets record = seal("", ContentType::invalid, padding);
    const auto opened = opener.open(record);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().reason(), Reason::record_content_empty);
    EXPECT_EQ(opened.error().alert(), Alert::unexpected_message);
  }
}

TEST_P(EachAead, SealsContentThatStandsWhereItWillStand) {
  for (const std::size_t padding : {0u, 7u}) {
    Octets record(sealer.overhead() + 5 + padding);
    std::copy_n("here.", 5, record.begin() + record::header_size);
    ASSERT_TRUE(sealer.seal(ContentType::handshake, Bytes(record).subspan(record::header_size, 5), padding,
                            record.data()));
    const auto opened = opener.open(record);
    ASSERT_TRUE(opened);
    EXPECT_EQ(as_text(opened->content), "here.");
  }
}

TEST_P(EachAead, TheLastSequenceNumberIsNotPassed) {
  constexpr std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
  ProtectionTestAccess::set_sequence(sealer, last - 1);
  ProtectionTestAccess::set_sequence(opener, last - 1);
  const Octets record = seal("the last one");
  EXPECT_EQ(refusal(record), std::nullopt);
  Octets out(sealer.overhead());
  const auto sealed = sealer.seal(ContentType::application_data, {}, 0, out.data());
  ASSERT_FALSE(sealed);
  EXPECT_EQ(sealed.error().reason(), Reason::sequence_exhausted);
  EXPECT_EQ(out, Octets(out.size())) << "nothing is written";
  EXPECT_EQ(refusal(record), Reason::sequence_exhausted);
}

TEST_P(EachAead, NewKeysBeginANewSequence) {
  seal("one");
  seal("two");
  const Octets iv(12, 9);
  ASSERT_TRUE(sealer.set_keys(algorithm(GetParam()), Aead::Direction::seal, test_key(GetParam()), iv));
  EXPECT_EQ(sealer.records(), 0u);
  const Octets record = seal("three");
  EXPECT_EQ(refusal(record), Reason::record_mac_wrong);
  ASSERT_TRUE(opener.set_keys(algorithm(GetParam()), Aead::Direction::open, test_key(GetParam()), iv));
  EXPECT_EQ(refusal(record), std::nullopt);
}

TEST_P(EachAead, ClearedItIsNotActive) {
  EXPECT_TRUE(sealer.active());
  sealer.clear();
  EXPECT_FALSE(sealer.active());
}

TEST(Header, IsReadAndWritten) {
  Octets octets(5);
  record::Header{ContentType::handshake, 0x1234}.write(octets);
  EXPECT_EQ(to_hex(octets), "1603031234");
  const auto header = record::Header::read(from_hex("170301ffff"));
  EXPECT_EQ(header.type, ContentType::application_data);
  EXPECT_EQ(header.length, 0xffffu);
}

}  // namespace
}  // namespace sesame::test
