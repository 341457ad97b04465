// Very many connections at a time to sesame serve or sesame proxy, half of them stalled in their handshake or
// sending garbage. It has to keep serving, to shed what stalls, and to have its memory back behind it.
//
//   load serve|proxy --command build/bin/sesame [--connections 10000] [--handshake-timeout 20] [--hold 5]
//
// Prints what was measured; the exit code is 0 if all of it is as it has to be.
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/read.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <thread>

#include "crowd.h"
#include "target.h"

namespace sesame::load {
namespace {

using asio::ip::tcp;
using namespace std::chrono_literals;

// What stands behind the proxy: sends back what comes. It has a thread, and an io_context, of its own.
class Echo {
 public:
  Echo() : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}) {
    asio::co_spawn(io_, accept(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;
  ~Echo() {
    io_.stop();
    thread_.join();
  }
  unsigned port() const { return acceptor_.local_endpoint().port(); }

 private:
  asio::awaitable<void> accept() {
    for (;;) {
      std::error_code error;
      tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (!error) asio::co_spawn(io_, serve(std::move(socket)), asio::detached);
    }
  }
  static asio::awaitable<void> serve(tcp::socket socket) {
    char part[1024];
    std::error_code error;
    while (!error) {
      const std::size_t size = co_await socket.async_read_some(
          asio::buffer(part), asio::redirect_error(asio::use_awaitable, error));
      if (!error)
        co_await asio::async_write(socket, asio::buffer(part, size),
                                   asio::redirect_error(asio::use_awaitable, error));
    }
  }

  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  std::thread thread_;
};

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

double mebibytes(std::uint64_t octets) { return static_cast<double>(octets) / 1'048'576; }

class Run {
 public:
  explicit Run(const Settings& settings)
      : settings_(settings),
        target_(settings, echo_.port()),
        crowd_(io_, target_.port(), target_.key_line()) {}

  int run() {
    asio::co_spawn(io_, measure(), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
    io_.run();
    const int code = target_.stop();
    check(code == 0, fmt::format("the command ends with 0, not {}", code));
    fmt::print("{}\n", failed_ ? "FAILED" : "all as it has to be");
    return failed_ ? 1 : 0;
  }

 private:
  void check(bool right, const std::string& what) {
    if (right) return;
    failed_ = true;
    fmt::print("WRONG: {}\n", what);
  }
  void row(const char* what, const std::string& value) {
    fmt::print("{:<58} {}\n", what, value);
    std::fflush(stdout);
  }
  asio::awaitable<void> pause(Clock::duration time) {
    asio::steady_timer timer(io_, time);
    std::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  template <class Condition>
  asio::awaitable<bool> wait_until(Condition condition, Clock::duration limit) {
    const auto end = Clock::now() + limit;
    while (!condition() && Clock::now() < end) co_await pause(20ms);
    co_return condition();
  }
  // Once a second the command gives back what many connections had.
  asio::awaitable<std::uint64_t> settled_memory() {
    co_await pause(2500ms);
    co_return target_.resident();
  }

  asio::awaitable<void> probe_on() {
    while (!probed_enough_) {
      const double time = co_await crowd_.probe();
      check(time >= 0, "a client that comes while the others are there is served");
      if (time >= 0) probes_.push_back(time);
      co_await pause(100ms);
    }
    probing_ = false;
  }

  asio::awaitable<void> measure();

  Settings settings_;
  Echo echo_;
  asio::io_context io_{1};
  Target target_;
  Crowd crowd_;
  std::vector<double> probes_;
  bool probed_enough_ = false;
  bool probing_ = true;
  bool failed_ = false;
};

asio::awaitable<void> Run::measure() {
  const Counts& counts = crowd_.counts();
  // What a first connection makes for good (tables, algorithms, threads' arenas) is no part of the load.
  for (int i = 0; i < 50; ++i) (void)co_await crowd_.probe();
  const std::uint64_t before = co_await settled_memory();
  row("resident memory before, MiB", fmt::format("{:.1f}", mebibytes(before)));

  asio::co_spawn(io_, probe_on(), asio::detached);
  const auto begin = Clock::now();
  co_await crowd_.open(settings_.connections, true);
  const double opening = std::chrono::duration<double>(Clock::now() - begin).count();
  const double at_a_time = target_.metric("sesame_connections_open");
  row("connections asked for: good, bad", fmt::format("{}, {}", counts.good, counts.bad));
  row("open at the same time, as the command counts them", fmt::format("{}", at_a_time));
  row("seconds to open them all", fmt::format("{:.1f}", opening));
  check(counts.good_failed == 0, fmt::format("{} good connections failed while opening", counts.good_failed));
  check(counts.bad_refused == 0,
        fmt::format("{} bad connections were not even accepted", counts.bad_refused));
  // Garbage is answered with an alert at once: a fifth of the bad ones has gone.
  check(at_a_time >= 0.85 * settings_.connections, "nearly all are open at the same time");

  co_await pause(std::chrono::seconds(settings_.hold));
  const std::uint64_t during = target_.resident();
  row("resident memory with all of them, MiB", fmt::format("{:.1f}", mebibytes(during)));
  const auto patience = std::chrono::seconds(settings_.handshake_timeout + 10);
  const bool shed = co_await wait_until([&] { return counts.bad_open == 0; }, patience);
  check(shed, fmt::format("{} bad connections were not shed", counts.bad_open));
  row("bad connections shed", fmt::format("{}", counts.bad_shed));
  const double all_shed = std::chrono::duration<double>(Clock::now() - begin).count();
  row("seconds from the first connection until all were shed", fmt::format("{:.1f}", all_shed));
  row("good connections open then", fmt::format("{}", counts.good_open));
  check(counts.good_open == counts.good, "every good connection is still there");

  probed_enough_ = true;
  co_await wait_until([&] { return !probing_; }, 30s);
  crowd_.end();
  const bool ended =
      co_await wait_until([&] { return counts.good_ended + counts.good_failed == counts.good; }, 60s);
  check(ended && counts.good_failed == 0,
        fmt::format("{} good connections did not end well", counts.good - counts.good_ended));
  const bool gone = co_await wait_until([&] { return target_.metric("sesame_connections_open") == 0; }, 10s);
  check(gone, "the command counts none as open at the end");

  row("handshakes of good ones, ms: median, 99th, longest",
      fmt::format("{:.1f}, {:.1f}, {:.1f}", quantile(counts.handshakes, 0.5),
                  quantile(counts.handshakes, 0.99), quantile(counts.handshakes, 1)));
  row("echoes", fmt::format("{}", counts.round_trips.size()));
  row("an echo, ms: median, 99th, longest",
      fmt::format("{:.1f}, {:.1f}, {:.1f}", quantile(counts.round_trips, 0.5),
                  quantile(counts.round_trips, 0.99), quantile(counts.round_trips, 1)));
  row("new clients meanwhile, from connect to echo", fmt::format("{}", probes_.size()));
  row("their time, ms: median, 99th, longest", fmt::format("{:.1f}, {:.1f}, {:.1f}", quantile(probes_, 0.5),
                                                           quantile(probes_, 0.99), quantile(probes_, 1)));

  const std::uint64_t after = co_await settled_memory();
  row("resident memory after, MiB", fmt::format("{:.1f}", mebibytes(after)));
  if (settings_.memory) check(after <= before + 4 * 1'048'576, "memory is back, but for 4 MiB");
}

bool read_arguments(int argc, char** argv, Settings& settings) {
  if (argc < 2) return false;
  settings.proxy = std::strcmp(argv[1], "proxy") == 0;
  if (!settings.proxy && std::strcmp(argv[1], "serve") != 0) return false;
  for (int i = 2; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--no-memory") {
      settings.memory = false;
      continue;
    }
    if (++i == argc) return false;
    const std::string value = argv[i];
    const auto number = static_cast<unsigned>(std::strtoul(value.c_str(), nullptr, 10));
    if (name == "--command")
      settings.command = value;
    else if (name == "--connections")
      settings.connections = number;
    else if (name == "--handshake-timeout")
      settings.handshake_timeout = number;
    else if (name == "--hold")
      settings.hold = number;
    else if (name == "--threads")
      settings.threads = number;
    else
      return false;
  }
  return !settings.command.empty() && settings.connections > 1 && settings.handshake_timeout > 0;
}

int main_of(int argc, char** argv) {
  Settings settings;
  if (!read_arguments(argc, argv, settings)) {
    fmt::print(
        stderr,
        "load serve|proxy --command PATH [--connections N] [--handshake-timeout S] [--hold S] [--threads N] "
        "[--no-memory]\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  // Here a connection has a file, with the proxy's service one more for the good ones; in the proxy two.
  struct rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t needed = settings.connections + settings.connections / 2 + 200;
  if (limit.rlim_cur < needed) {
    fmt::print(stderr, "{} open files are needed, and {} are allowed: ulimit -n\n", needed, limit.rlim_cur);
    return 2;
  }
  fmt::print("sesame {}, {} connections, half of them bad; a handshake may take {} s\n",
             settings.proxy ? "proxy" : "serve", settings.connections, settings.handshake_timeout);
  return Run(settings).run();
}

}  // namespace
}  // namespace sesame::load

int main(int argc, char** argv) {
  try {
    return sesame::load::main_of(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "load: {}\n", error.what());
    return 2;
  }
}
