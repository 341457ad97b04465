#include "crypto/public_random.h"

#define OPENSSL_SUPPRESS_DEPRECATED  // RAND_set_rand_method
#include <gtest/gtest.h>
#include <openssl/rand.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
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

// The thread's variables are gone by then; a static object may still have a connection to make.
TEST(PublicRandomDeathTest, IsThereUntilTheProcessEnds) {
  const auto end_and_draw = [] {
    draw();
    std::atexit([] { _exit(draw() != draw() ? 0 : 1); });
    std::exit(2);
  };
  EXPECT_EXIT(end_and_draw(), testing::ExitedWithCode(0), "");
}

// A job that left its stack inside the generator, as libcrypto's asynchronous jobs do, and goes on in another
// thread when the one that it began in has ended.
struct Job {
  static inline Job* running = nullptr;
  ucontext_t outside{}, inside{};
  std::vector<std::uint8_t> stack = std::vector<std::uint8_t>(256 * 1024);
  Value value{};
  bool leave = true, done = false;
  std::uint8_t next = 1;

  static void run() {
    running->value = draw();
    running->done = true;
    swapcontext(&running->inside, &running->outside);
  }
  static int generate(unsigned char* out, int size) {
    if (std::exchange(running->leave, false)) swapcontext(&running->inside, &running->outside);
    std::memset(out, running->next++, static_cast<std::size_t>(size));
    return 1;
  }
};

// The death test isolates the generator that it replaces.
void draw_in_two_threads() {
  static_cast<void>(Provider::system());
  Job job;
  Job::running = &job;
  RAND_METHOD method{};
  method.bytes = Job::generate;
  method.status = [] { return 1; };
  RAND_set_rand_method(&method);
  getcontext(&job.inside);
  job.inside.uc_stack.ss_sp = job.stack.data();
  job.inside.uc_stack.ss_size = job.stack.size();
  makecontext(&job.inside, Job::run, 0);
  std::thread([&] { swapcontext(&job.outside, &job.inside); }).join();
  if (job.done) _exit(2);
  Value later{};
  std::thread([&] {
    swapcontext(&job.outside, &job.inside);
    later = draw();  // from the block that the job filled: this thread's
  }).join();
  Value ones{};
  ones.fill(1);
  _exit(job.done && job.value == ones && later == ones && job.next == 2 ? 0 : 1);
}

TEST(PublicRandomDeathTest, HoldsNothingOfAThreadWhileTheGeneratorRuns) {
  EXPECT_EXIT(draw_in_two_threads(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace sesame::crypto
