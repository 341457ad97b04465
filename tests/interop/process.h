// A program of the system, run by a test: its input is written, its output is collected, and it never
// outlives the test.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace interop {

/// Whether `name` is a program in PATH.
bool has_program(std::string_view name);

/// All members throw std::runtime_error, with what the program printed, where patience (deadline.h) ends.
class Process {
 public:
  explicit Process(const std::vector<std::string>& arguments);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();  ///< kills it, if it still runs

  void write(std::string_view text);  ///< to its standard input; blocks while the pipe is full
  void close_input();

  /// Waits until its standard output, or its standard error, has `text`; the next time that it is asked for
  /// the same text, until it is there once more.
  void wait_for(const std::string& text);
  /// How often `text` is in both now.
  std::size_t count(std::string_view text);
  /// Waits until its standard output has at least `size` octets.
  void wait_for_output(std::size_t size);
  /// Waits for its end. Its exit status, or 128 and the signal.
  int wait();
  bool ended();
  void kill();  ///< at once, as a program that crashes

  std::string output();  ///< of standard output, so far
  std::string errors();  ///< of standard error, so far
  std::string all();     ///< both, for messages

 private:
  struct Stream {
    int fd = -1;
    std::string text;
    bool ended = false;
    std::thread reader;
  };
  void collect(Stream& stream);
  template <class Condition>
  void wait_until(Condition condition, const char* what);
  bool reap(bool block);

  std::string name_;
  pid_t pid_ = -1;
  int status_ = -1;
  int input_ = -1;
  std::map<std::string, std::size_t> waited_for_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Stream output_, errors_;
};

}  // namespace interop
