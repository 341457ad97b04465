// Records that another implementation made: tests/data/make_records.py.
#include <algorithm>

#include "record/below13.h"
#include "support/vectors.h"

namespace sesame::test {
namespace {

using crypto::Aead;
using record::ContentType;
using record::Opened;
using record::Protection;

const Vectors& vectors() {
  static const Vectors read = Vectors::read("records.txt");
  return read;
}

std::string title_of(const Below13& form) {
  constexpr const char* versions[] = {" TLS10", " TLS11", " TLS12"};
  return std::string(name(form.id)) + versions[static_cast<std::size_t>(form.version) - 0x0301] +
         (form.encrypt_then_mac ? " EtM" : "");
}

// All but ARIA, which Python's cryptography does not have.
std::vector<Below13> known_forms() {
  std::vector<Below13> out = all_forms();
  std::erase_if(out, [](const Below13& form) {
    return std::ranges::none_of(vectors().blocks(),
                                [&](const auto& block) { return block.title == title_of(form); });
  });
  return out;
}

class KnownRecordsOf : public testing::TestWithParam<Below13> {
 protected:
  const std::vector<std::pair<std::string, Octets>>& contents_ = vectors()["contents"].entries;
  const Vectors::Block& records_ = vectors()[title_of(GetParam())];
};
INSTANTIATE_TEST_SUITE_P(All, KnownRecordsOf, testing::ValuesIn(known_forms()),
                         [](const auto& form) { return form_name(form.param); });

TEST(KnownRecords, AreThereForAllButAria) { EXPECT_EQ(known_forms().size(), all_forms().size() - 4); }

TEST_P(KnownRecordsOf, AreOpened) {
  Protection opener;
  key(opener, GetParam(), Aead::Direction::open);
  for (std::size_t i = 0; i < contents_.size(); ++i) {
    Octets record = records_["record" + std::to_string(i)];
    EXPECT_GE(record.size(), record::header_size + opener.least_fragment());
    EXPECT_LE(record.size(), record::header_size + opener.most_expansion() + contents_[i].second.size());
    const auto opened = opener.open(record);
    ASSERT_TRUE(opened) << i;
    EXPECT_EQ(static_cast<std::uint8_t>(opened->type), contents_[i].second[0]);
    EXPECT_EQ(to_hex(opened->content), to_hex(Bytes(contents_[i].second).subspan(1)));
  }
}

TEST_P(KnownRecordsOf, AreSealed) {
  const bool has_cbc = GetParam().has_cbc();
  if (has_cbc && GetParam().version != ProtocolVersion::tls10) return;  // its IV is random
  Protection sealer;
  key(sealer, GetParam(), Aead::Direction::seal);
  for (std::size_t i = 0; i < contents_.size(); ++i) {
    const Octets& content = contents_[i].second;
    const Octets record = sealed(sealer, static_cast<ContentType>(content[0]), Bytes(content).subspan(1));
    EXPECT_EQ(to_hex(record), to_hex(records_[(has_cbc ? "sealed" : "record") + std::to_string(i)]));
  }
}

}  // namespace
}  // namespace sesame::test
