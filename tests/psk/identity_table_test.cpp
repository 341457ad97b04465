#include "psk/keyring/identity_table.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <thread>

namespace sesame::psk {
namespace {

using namespace std::string_view_literals;

// A table with its heap, and records that hold nothing but an identity and a key of one octet.
class Table {
 public:
  explicit Table(std::size_t expected = 0) : table(hash_key, slabs, expected) {}

  std::uint64_t hash(std::string_view identity) const { return identity_hash(hash_key, as_bytes(identity)); }
  const Record* make(std::string_view identity, std::uint8_t key = 1) {
    KeyView view;
    view.key = {&key, 1};
    const std::size_t size = Record::size_for(as_bytes(identity), view, nullptr);
    return Record::write(slabs.allocate(size), as_bytes(identity), view, nullptr);
  }
  void insert(std::string_view identity) { table.insert(hash(identity), make(identity), &limbo); }
  bool has(std::string_view identity) const {
    const Record* const record = table.find(hash(identity), as_bytes(identity));
    EXPECT_TRUE(!record || as_text(record->identity()) == identity);
    return record != nullptr;
  }
  IdentityTable::Slot slot(std::string_view identity) {
    return table.slot(hash(identity), as_bytes(identity));
  }
  void erase(std::string_view identity) { table.erase(slot(identity), &limbo); }

  IdentityHashKey hash_key = {1, 2};
  Epochs epochs;
  Slabs slabs;
  Limbo limbo{epochs};
  IdentityTable table;
};

std::string number(std::size_t i) { return "identity " + std::to_string(i); }

TEST(IdentityTable, FindsWhatWasInsertedWhateverItsSize) {
  Table t;
  constexpr std::size_t count = 200'000;
  for (std::size_t i = 0; i < count; ++i) {
    t.insert(number(i));
    if (i % 997 == 0) {
      for (std::size_t k = 0; k <= i; k += 1 + i / 50) ASSERT_TRUE(t.has(number(k))) << k << " of " << i;
      ASSERT_FALSE(t.has(number(i + 1)));
    }
  }
  EXPECT_EQ(t.table.size(), count);
  for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(t.has(number(i))) << i;
  for (std::size_t i = count; i < 2 * count; ++i) ASSERT_FALSE(t.has(number(i))) << i;
  std::set<std::string> seen;
  t.table.for_each([&](const Record* record) { seen.insert(std::string(as_text(record->identity()))); });
  EXPECT_EQ(seen.size(), count);
}

TEST(IdentityTable, ComparesWholeIdentities) {
  Table t;
  t.insert("a\0b"sv);
  EXPECT_TRUE(t.has("a\0b"sv));
  EXPECT_FALSE(t.has("a\0c"sv));
  EXPECT_FALSE(t.has("a"));
  EXPECT_FALSE(t.has("a\0"sv));
  EXPECT_FALSE(t.has("a\0b\0"sv));
  EXPECT_FALSE(t.has(""));
}

TEST(IdentityTable, HasRoomAtOnceForWhatIsExpected) {
  Table t(100'000);
  const std::size_t octets = t.table.octets();
  for (std::size_t i = 0; i < 100'000; ++i) t.insert(number(i));
  EXPECT_EQ(t.table.octets(), octets);
  EXPECT_LE(octets, 100'000u * 20);
  for (std::size_t i = 0; i < 100'000; ++i) ASSERT_TRUE(t.has(number(i)));
}

TEST(IdentityTable, ReplacesInOneStep) {
  Table t;
  for (std::size_t i = 0; i < 1000; ++i) t.insert(number(i));
  t.table.replace(t.slot(number(500)), t.make(number(500), 7));
  const Record* const record = t.table.find(t.hash(number(500)), as_bytes(number(500)));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->key(0).key[0], 7);
  EXPECT_EQ(t.table.size(), 1000u);
}

// Against a std::set, with identities that come and go, through many sizes of the table.
TEST(IdentityTable, AgreesWithASetThroughRandomChanges) {
  Table t;
  std::set<std::size_t> model;
  std::mt19937 random(1);
  for (std::size_t i = 0; i < 300'000; ++i) {
    const std::size_t which = random() % (1000 + i / 10);
    if (model.contains(which)) {
      ASSERT_TRUE(t.has(number(which)));
      if (random() % 2 == 0) {
        t.erase(number(which));
        model.erase(which);
        ASSERT_FALSE(t.has(number(which)));
      }
    } else {
      ASSERT_FALSE(t.has(number(which)));
      t.insert(number(which));
      model.insert(which);
    }
    t.limbo.collect();
  }
  EXPECT_EQ(t.table.size(), model.size());
  for (std::size_t which : model) ASSERT_TRUE(t.has(number(which)));
}

TEST(IdentityTable, WorksWhereAllIdentitiesFallIntoOneBucket) {
  Table t;
  std::vector<std::string> unlucky;
  for (std::size_t i = 0; unlucky.size() < 300; ++i) {
    if ((t.hash(number(i)) & 0xfff) == 5) unlucky.push_back(number(i));
  }
  for (const std::string& identity : unlucky) t.insert(identity);
  for (const std::string& identity : unlucky) ASSERT_TRUE(t.has(identity));
  for (std::size_t i = 0; i < unlucky.size(); i += 2) t.erase(unlucky[i]);
  for (std::size_t i = 0; i < unlucky.size(); ++i) ASSERT_EQ(t.has(unlucky[i]), i % 2 == 1) << i;
}

// Lines behind buckets are given back: what is left at the end is one record's.
TEST(IdentityTable, GivesBackTheLinesThatItNoLongerNeeds) {
  Table t;
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = 0; i < 20'000; ++i) t.insert(number(i));
    t.limbo.collect();
    std::size_t records = 0;
    for (std::size_t i = 0; i < 20'000; ++i) {
      const auto slot = t.slot(number(i));
      auto* const record = const_cast<Record*>(slot.record());
      t.table.erase(slot, &t.limbo);
      const std::size_t size = record->size();
      t.slabs.free(record, size);
      ++records;
    }
    EXPECT_TRUE(t.limbo.collect());
    EXPECT_EQ(t.slabs.used(), 0u);
  }
}

// An identity that stays is found at every moment, while the table grows under its readers and others come
// and go.
TEST(IdentityTable, NeverLosesARecordFromSightWhileItGrows) {
  for (int round = 0; round < 2; ++round) {
    Table t;
    constexpr std::size_t staying = 64, coming = 40'000;
    for (std::size_t i = 0; i < staying; ++i) t.insert(number(i));
    std::atomic<bool> stop = false;
    std::atomic<std::size_t> lost = 0, ghosts = 0, reads = 0;
    {
      std::vector<std::jthread> readers;
      for (int r = 0; r < 3; ++r) {
        readers.emplace_back([&] {
          while (!stop) {
            for (std::size_t i = 0; i < staying; ++i) {
              const Epochs::Reader reader(t.epochs);
              if (!t.has(number(i))) ++lost;
              if (t.has("never " + number(i))) ++ghosts;
              ++reads;
            }
          }
        });
      }
      for (std::size_t i = staying; i < coming; ++i) {
        t.insert(number(i));
        if (i % 3 == 0) t.erase(number(i));
        t.limbo.collect();
      }
      while (reads < 2000) std::this_thread::yield();
      stop = true;
    }
    EXPECT_EQ(lost, 0u);
    EXPECT_EQ(ghosts, 0u);
  }
}

}  // namespace
}  // namespace sesame::psk
