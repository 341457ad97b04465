#include "psk/keyring/record.h"

#include <gtest/gtest.h>

#include <vector>

namespace sesame::psk {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

struct Written {
  std::vector<std::uint64_t> memory;
  const Record* record;
  Written(Bytes identity, const KeyView& newest, const KeyView* older = nullptr) {
    const std::size_t size = Record::size_for(identity, newest, older);
    memory.assign((size + 7) / 8 + 1, 0xa5a5a5a5a5a5a5a5);
    record = Record::write(memory.data(), identity, newest, older);
    EXPECT_EQ(record->size(), size);
    for (std::size_t i = size; i < memory.size() * 8; ++i) {
      EXPECT_EQ(reinterpret_cast<const std::uint8_t*>(memory.data())[i], 0xa5) << "written beyond the end";
    }
  }
};

void expect_same(const KeyView& a, const KeyView& b) {
  EXPECT_EQ(as_text(a.key), as_text(b.key));
  EXPECT_EQ(a.hash, b.hash);
  EXPECT_EQ(a.usage, b.usage);
  EXPECT_EQ(as_text(a.context), as_text(b.context));
  EXPECT_EQ(a.early_data.limit, b.early_data.limit);
  EXPECT_EQ(a.early_data.cipher_suite, b.early_data.cipher_suite);
  EXPECT_EQ(a.alpn, b.alpn);
  EXPECT_EQ(a.server_name, b.server_name);
  EXPECT_EQ(a.not_before, b.not_before);
  EXPECT_EQ(a.not_after, b.not_after);
}

KeyView key(std::string_view octets) {
  KeyView view;
  view.key = as_bytes(octets);
  return view;
}

TEST(Record, HasEightOctetsBesideIdentityAndKey) {
  const Written written(as_bytes("bob\0!"sv), key("0123456789abcdef"));
  EXPECT_EQ(written.record->size(), 8u + 5 + 16);
  EXPECT_EQ(as_text(written.record->identity()), "bob\0!"sv);
  EXPECT_EQ(written.record->key_count(), 1u);
  expect_same(written.record->key(0), key("0123456789abcdef"));
}

TEST(Record, KeepsAllThatBelongsToTwoKeys) {
  KeyView newest = key("newest"), older = key("older key");
  newest.hash = HashAlgorithm::sha384;
  newest.alpn = "coap";
  newest.not_after = TimePoint(2000s);
  older.server_name = "example.org";
  older.not_before = TimePoint(-5s);
  newest.early_data = {1u << 31, CipherSuite::TLS_AES_256_GCM_SHA384};
  older.usage = PskUsage::tls13_imported;
  older.context = as_bytes("client and server");
  const KeyView plain = key("plain");
  const KeyView* const cases[][2] = {{&newest, &older}, {&older, &newest}, {&plain, &older},
                                     {&newest, &plain}, {&plain, &plain},  {&newest, nullptr}};
  for (const auto& [first, second] : cases) {
    const Written written(as_bytes("bob"), *first, second);
    ASSERT_EQ(written.record->key_count(), second ? 2u : 1u);
    expect_same(written.record->key(0), *first);
    if (second) expect_same(written.record->key(1), *second);
  }
}

TEST(Record, KeepsTheUsageOfEachKey) {
  using enum PskUsage;
  for (const PskUsage usage : {tls13, tls13_imported, tls12, tls13_and_tls12, tls13_imported_and_tls12}) {
    KeyView newest = key("newest"), older = key("older");
    newest.usage = usage;
    older.usage = usage == tls12 ? tls13 : tls12;
    const Written written(as_bytes("bob"), newest, &older);
    expect_same(written.record->key(0), newest);
    expect_same(written.record->key(1), older);
  }
}

TEST(Record, CarriesTheLargestOfEverything) {
  const std::string identity(max_identity_size, 'i'), octets(max_key_size, 'k'), alpn(255, 'a'),
      name(65535, 'n');
  KeyView largest = key(octets);
  largest.hash = HashAlgorithm::sha384;
  largest.alpn = alpn;
  largest.server_name = name;
  largest.usage = PskUsage::tls13_imported;
  largest.context = as_bytes(name);
  largest.early_data = {0xffffffff, CipherSuite{0xffff}};
  largest.not_before = TimePoint::max() - 2ns;
  largest.not_after = TimePoint::max() - 1ns;
  const Written written(as_bytes(identity), largest, &largest);
  EXPECT_EQ(written.record->identity().size(), max_identity_size);
  expect_same(written.record->key(0), largest);
  expect_same(written.record->key(1), largest);
  const Written smallest(as_bytes("i"), key("k"));
  expect_same(smallest.record->key(0), key("k"));
}

}  // namespace
}  // namespace sesame::psk
