#include "crypto/public_random.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <set>
#include <thread>
#include <vector>

#include "crypto/provider.h"

namespace sesame::crypto {
namespace {

using Value = std::array<std::uint8_t, 32>;

Value draw() {
  Value value{};
  EXPECT_TRUE(public_random(**Provider::system(), value));
  return value;
}

TEST(PublicRandom, NeverGivesTheSameOctetsTwice) {
  std::set<Value> seen;
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(seen.insert(draw()).second);
}

TEST(PublicRandom, FillsEverySize) {
  for (std::size_t size : {0u, 1u, 31u, 1023u, 1024u, 1025u, 5000u}) {
    std::vector<std::uint8_t> out(size, 0);
    ASSERT_TRUE(public_random(**Provider::system(), out));
    // The last 16 octets are all zero once in 2^128 times.
    if (size >= 16) {
      EXPECT_NE(std::vector<std::uint8_t>(out.end() - 16, out.end()), std::vector<std::uint8_t>(16, 0));
    }
  }
}

TEST(PublicRandom, ThreadsDoNotShareOctets) {
  std::vector<std::vector<Value>> drawn(4);
  std::vector<std::thread> threads;
  for (auto& values : drawn) {
    threads.emplace_back([&values] {
      for (int i = 0; i < 200; ++i) values.push_back(draw());
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<Value> seen;
  for (const auto& values : drawn) {
    for (const Value& value : values) EXPECT_TRUE(seen.insert(value).second);
  }
}

TEST(PublicRandom, AChildProcessGetsOthersThanItsParent) {
  draw();  // a block is there, and would be copied
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const Value value = draw();
    const bool written =
        write(pipe_ends[1], value.data(), value.size()) == static_cast<ssize_t>(value.size());
    _exit(written ? 0 : 1);
  }
  const Value ours = draw();
  Value theirs{};
  ASSERT_EQ(read(pipe_ends[0], theirs.data(), theirs.size()), static_cast<ssize_t>(theirs.size()));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_NE(ours, theirs);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

}  // namespace
}  // namespace sesame::crypto
