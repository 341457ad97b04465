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

const std::vector<std::pair<std::string, Octets>>& contents() { return vectors()["contents"].entries; }

TEST(KnownRecords, AreThereForAllButAria) { EXPECT_EQ(known_forms().size(), all_forms().size() - 4); }

TEST(KnownRecords, AreOpened) {
  for (const Below13& form : known_forms()) {
    SCOPED_TRACE(form_name(form));
    const Vectors::Block& records = vectors()[title_of(form)];
    Protection opener;
    key(opener, form, Aead::Direction::open);
    for (std::size_t i = 0; i < contents().size(); ++i) {
      Octets record = records["record" + std::to_string(i)];
      EXPECT_GE(record.size(), record::header_size + opener.least_fragment());
      EXPECT_LE(record.size(), record::header_size + opener.most_expansion() + contents()[i].second.size());
      const auto opened = opener.open(record);
      ASSERT_TRUE(opened) << i;
      EXPECT_EQ(static_cast<std::uint8_t>(opened->type), contents()[i].second[0]);
      EXPECT_EQ(to_hex(opened->content), to_hex(Bytes(contents()[i].second).subspan(1)));
    }
  }
}

TEST(KnownRecords, AreSealed) {
  for (const Below13& form : known_forms()) {
    SCOPED_TRACE(form_name(form));
    const Vectors::Block& records = vectors()[title_of(form)];
    const bool has_cbc = form.has_cbc();
    if (has_cbc && form.version != ProtocolVersion::tls10) continue;  // its IV is random
    Protection sealer;
    key(sealer, form, Aead::Direction::seal);
    for (std::size_t i = 0; i < contents().size(); ++i) {
      const Octets& content = contents()[i].second;
      const Octets record = sealed(sealer, static_cast<ContentType>(content[0]), Bytes(content).subspan(1));
      EXPECT_EQ(to_hex(record), to_hex(records[(has_cbc ? "sealed" : "record") + std::to_string(i)]));
    }
  }
}

}  // namespace
}  // namespace sesame::test
