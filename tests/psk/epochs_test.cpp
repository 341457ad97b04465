#include "psk/keyring/epochs.h"

#include <gtest/gtest.h>

#include <thread>

namespace sesame::psk {
namespace {

struct Log {
  std::vector<int> freed;
  static void free(void* owner, void* object) noexcept {
    static_cast<Log*>(owner)->freed.push_back(*static_cast<int*>(object));
  }
};

TEST(Epochs, KnowsWhetherSomebodyReads) {
  Epochs epochs;
  EXPECT_TRUE(epochs.quiet());
  {
    const Epochs::Reader reader(epochs);
    EXPECT_FALSE(epochs.quiet());
  }
  EXPECT_TRUE(epochs.quiet());
}

TEST(Epochs, MovesOnOnceBeforeAReaderAndNotTwice) {
  Epochs epochs;
  {
    const Epochs::Reader reader(epochs);
    EXPECT_TRUE(epochs.try_advance());
    EXPECT_FALSE(epochs.try_advance());
    EXPECT_FALSE(epochs.try_advance());
  }
  EXPECT_TRUE(epochs.try_advance());
}

TEST(Epochs, CountsAReaderThatLeavesOnAnotherThread) {
  Epochs epochs;
  auto reader = std::make_unique<Epochs::Reader>(epochs);
  std::jthread([&] { reader.reset(); }).join();
  EXPECT_TRUE(epochs.quiet());
}

TEST(Limbo, FreesAtOnceWhenNobodyReads) {
  Epochs epochs;
  Limbo limbo(epochs);
  Log log;
  int a = 1;
  limbo.retire(&log, &a, Log::free);
  EXPECT_FALSE(limbo.empty());
  EXPECT_TRUE(limbo.collect());
  EXPECT_EQ(log.freed, std::vector{1});
}

TEST(Limbo, KeepsWhatAReaderCanSee) {
  Epochs epochs;
  Limbo limbo(epochs);
  Log log;
  int a = 1, b = 2;
  {
    const Epochs::Reader reader(epochs);
    limbo.retire(&log, &a, Log::free);
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(limbo.collect());
    EXPECT_TRUE(log.freed.empty());
  }
  limbo.retire(&log, &b, Log::free);
  EXPECT_TRUE(limbo.collect());
  EXPECT_EQ(log.freed, (std::vector{1, 2}));
}

TEST(Limbo, DoesNotWaitForReadersThatCameLater) {
  Epochs epochs;
  Limbo limbo(epochs);
  Log log;
  int a = 1;
  auto first = std::make_unique<Epochs::Reader>(epochs);
  limbo.retire(&log, &a, Log::free);
  EXPECT_FALSE(limbo.collect());  // the epoch moves on, so the next reader is of a later one
  const Epochs::Reader second(epochs);
  first.reset();
  EXPECT_TRUE(limbo.collect());
  EXPECT_EQ(log.freed, std::vector{1});
}

TEST(Limbo, FreesInOrderHoweverMuchThereIs) {
  Epochs epochs;
  Log log;
  std::vector<int> numbers(5000);
  {
    Limbo limbo(epochs);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      numbers[i] = static_cast<int>(i);
      limbo.retire(&log, &numbers[i], Log::free);
      if (i % 3 == 0) limbo.collect();
    }
  }
  EXPECT_EQ(log.freed, numbers);
}

// What a reader sees is never freed under it, with readers coming and going all the time.
TEST(Limbo, IsRightWithManyReaders) {
  struct Box {
    std::atomic<bool> alive = true;
  };
  Epochs epochs;
  Limbo limbo(epochs);
  std::atomic<Box*> shared = new Box;
  std::atomic<std::size_t> reads = 0;
  std::atomic<bool> stop = false;
  std::atomic<bool> wrong = false;
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 4; ++i) {
      readers.emplace_back([&] {
        while (!stop) {
          const Epochs::Reader reader(epochs);
          const Box* box = shared.load(std::memory_order_acquire);
          for (int k = 0; k < 20; ++k) {
            if (!box->alive.load(std::memory_order_relaxed)) wrong = true;
          }
          ++reads;
        }
      });
    }
    std::vector<std::unique_ptr<Box>> graves;
    graves.reserve(20000);
    for (int i = 0; i < 20000 || reads < 20000; ++i) {
      Box* const old = shared.exchange(new Box, std::memory_order_acq_rel);
      limbo.retire(&graves, old, [](void* place, void* object) noexcept {
        auto* const box = static_cast<Box*>(object);
        box->alive.store(false, std::memory_order_relaxed);
        static_cast<std::vector<std::unique_ptr<Box>>*>(place)->emplace_back(box);
      });
      limbo.collect();
    }
    stop = true;
    readers.clear();
    EXPECT_TRUE(limbo.collect());
    EXPECT_GE(graves.size(), 20000u);
  }
  EXPECT_FALSE(wrong);
  delete shared.load();
}

}  // namespace
}  // namespace sesame::psk
