#include "interop/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "interop/deadline.h"

namespace interop {
namespace {

struct Pipe {
  Pipe() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
    read = fds[0];
    write = fds[1];
  }
  int read, write;
};

std::size_t count_in(std::string_view text, std::string_view part) {
  std::size_t result = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++result;
  return result;
}

}  // namespace

bool has_program(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::istringstream directories(path ? path : "/usr/bin:/bin");
  for (std::string directory; std::getline(directories, directory, ':');) {
    if (access((directory + "/" + std::string(name)).c_str(), X_OK) == 0) return true;
  }
  return false;
}

Process::Process(const std::vector<std::string>& arguments) : name_(arguments.front()) {
  signal(SIGPIPE, SIG_IGN);  // a program that ended is seen by its status
  const Pipe in, out, err;
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ == 0) {
    // Only what is safe between fork and exec. If the test is killed, this goes with it.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    dup2(in.read, 0);
    dup2(out.write, 1);
    dup2(err.write, 2);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  close(in.read);
  close(out.write);
  close(err.write);
  input_ = in.write;
  output_.fd = out.read;
  errors_.fd = err.read;
  output_.reader = std::thread([this] { collect(output_); });
  errors_.reader = std::thread([this] { collect(errors_); });
}

Process::~Process() {
  close_input();
  if (!reap(false)) {
    ::kill(pid_, SIGKILL);
    reap(true);
  }
  output_.reader.join();
  errors_.reader.join();
}

void Process::collect(Stream& stream) {
  std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t n = read(stream.fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    const std::scoped_lock lock(mutex_);
    if (n <= 0) {
      stream.ended = true;
      close(stream.fd);
      changed_.notify_all();
      return;
    }
    stream.text.append(buffer.data(), static_cast<std::size_t>(n));
    changed_.notify_all();
  }
}

void Process::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(input_, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw std::runtime_error(name_ + " takes no input\n" + all());
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

void Process::close_input() {
  if (input_ >= 0) close(std::exchange(input_, -1));
}

template <class Condition>
void Process::wait_until(Condition condition, const char* what) {
  const Deadline deadline;
  std::unique_lock lock(mutex_);
  while (!condition()) {
    const bool over = output_.ended && errors_.ended;
    if (over || changed_.wait_until(lock, deadline.end()) == std::cv_status::timeout) {
      throw std::runtime_error(name_ + (over ? " ended" : " was waited for in vain") + ", without " + what +
                               "\n--- standard output ---\n" + output_.text + "\n--- standard error ---\n" +
                               errors_.text);
    }
  }
}

void Process::wait_for(const std::string& text) {
  const std::size_t times = ++waited_for_[text];
  const auto there = [&] { return count_in(output_.text, text) + count_in(errors_.text, text) >= times; };
  wait_until(there, text.c_str());
}

std::size_t Process::count(std::string_view text) {
  const std::scoped_lock lock(mutex_);
  return count_in(output_.text, text) + count_in(errors_.text, text);
}

void Process::wait_for_output(std::size_t size) {
  wait_until([&] { return output_.text.size() >= size; }, "enough output");
}

bool Process::reap(bool block) {
  if (status_ >= 0) return true;
  int status = 0;
  pid_t got;
  do got = waitpid(pid_, &status, block ? 0 : WNOHANG);
  while (got < 0 && errno == EINTR);
  if (got != pid_) return false;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

bool Process::ended() { return reap(false); }

void Process::kill() {
  if (!reap(false)) ::kill(pid_, SIGKILL);
}

int Process::wait() {
  const Deadline deadline;
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_until(lock, deadline.end(), [&] { return output_.ended && errors_.ended; })) {
      throw std::runtime_error(name_ + " does not end\n--- standard output ---\n" + output_.text +
                               "\n--- standard error ---\n" + errors_.text);
    }
  }
  reap(true);
  return status_;
}

std::string Process::output() {
  const std::scoped_lock lock(mutex_);
  return output_.text;
}

std::string Process::errors() {
  const std::scoped_lock lock(mutex_);
  return errors_.text;
}

std::string Process::all() {
  return name_ + "\n--- standard output ---\n" + output() + "\n--- standard error ---\n" + errors();
}

}  // namespace interop
