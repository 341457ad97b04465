// Runs the command as a person or a script would.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sesame::test {

using Arguments = std::vector<std::string>;
using namespace std::chrono_literals;

/// A folder that goes with the test; relative paths of the commands are in it.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();
  std::string path(std::string_view name = "") const { return (path_ / name).string(); }
  void write(std::string_view name, std::string_view text) const;
  std::string read(std::string_view name) const;
  bool has(std::string_view name) const { return std::filesystem::exists(path_ / name); }
  unsigned mode(std::string_view name) const;

 private:
  std::filesystem::path path_;
};

struct Finished {
  int code = -1;  ///< the exit code; 128 and the signal if one ended it
  std::string out;
  std::string err;

  /// The standard error's lines as JSON; a line that is not fails the test.
  std::vector<nlohmann::json> events() const;
};

struct ProcessOptions {
  std::map<std::string, std::string> environment = {};
  std::string input_file = {};   ///< in place of a pipe
  std::string output_file = {};  ///< in place of a pipe
};

/// One run of a program, with pipes for its standard streams.
class Process {
 public:
  Process(const Folder& folder, const Arguments& arguments, const ProcessOptions& options = {});
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  /// Writes to the standard input, reading what comes meanwhile.
  void write(std::string_view text);
  void end_input();
  /// Reads until the output has `text`; false after `limit`.
  bool wait_for_output(std::string_view text, std::chrono::milliseconds limit = 10s);
  bool wait_for_error(std::string_view text, std::chrono::milliseconds limit = 10s);
  void signal(int number) const;
  bool running();
  /// Ends the input, and reads and waits to the end. A program that does not end is ended, and fails the
  /// test.
  Finished finish(std::chrono::milliseconds limit = 30s);

  std::string out;
  std::string err;

 private:
  bool pump(std::string_view pending, std::size_t& written, std::chrono::milliseconds limit);

  pid_t process_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::optional<int> status_;
};

/// `sesame` with these arguments, to its end.
Finished sesame(const Folder& folder, const Arguments& arguments, std::string_view input = {},
                const ProcessOptions& options = {});

/// `sesame serve` on a free port of 127.0.0.1.
class Server {
 public:
  explicit Server(const Folder& folder, Arguments arguments = {});
  std::string target() const { return "127.0.0.1:" + port(); }
  const std::string& port() const { return port_; }
  /// Waits until the log has `text`.
  bool logs(std::string_view text, std::chrono::milliseconds limit = 10s) {
    return process_.wait_for_error(text, limit);
  }
  Process& process() { return process_; }
  /// SIGTERM, and the end.
  Finished stop();

 private:
  Process process_;
  std::string port_;
};

/// `sesame proxy` on a free port of 127.0.0.1, with metrics on another one.
class Proxy {
 public:
  Proxy(const Folder& folder, const std::string& to, Arguments arguments = {});
  std::string target() const { return "127.0.0.1:" + port_; }
  const std::string& port() const { return port_; }
  bool logs(std::string_view text, std::chrono::milliseconds limit = 10s) {
    return process_.wait_for_error(text, limit);
  }
  Process& process() { return process_; }
  /// The value of a counter by its name and labels; nullopt: there is none.
  std::optional<double> metric(const std::string& name) const;
  /// Waits until the counter has at least this value.
  bool reaches(const std::string& name, double value, std::chrono::milliseconds limit = 10s) const;
  const std::string& metrics_port() const { return metrics_port_; }
  Finished stop();

 private:
  Process process_;
  std::string port_;
  std::string metrics_port_;
};

/// A plain TCP service on a free port of 127.0.0.1: `serve` has a thread for each connection, whose socket is
/// closed behind it.
class Backend {
 public:
  explicit Backend(std::function<void(int socket)> serve);
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  ~Backend();
  std::string target() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  struct Threads;
  int listener_;
  unsigned port_ = 0;
  std::unique_ptr<Threads> threads_;
};

/// A port on which nobody listens.
std::string closed_port();

/// What an HTTP server answers to a GET, with its header.
std::string http_get(const std::string& port, const std::string& path);

/// A TCP connection to a server, without TLS.
class RawClient {
 public:
  explicit RawClient(const std::string& port);
  int socket() const { return socket_; }
  void end_output() const;
  /// Exactly `size` octets, or fewer if no more come.
  std::string read(std::size_t size) const;
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient();
  void write(std::string_view octets) const;
  /// What comes until the end, or until nothing comes for `limit`.
  std::string read_to_end(std::chrono::milliseconds limit = 5s) const;

 private:
  int socket_;
};

/// Stands between a client and a server, and cuts the way after `octets` octets from the server.
class Cutter {
 public:
  Cutter(std::string port, std::size_t octets);
  ~Cutter();
  std::string target() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  struct Thread;
  int listener_;
  unsigned port_ = 0;
  std::unique_ptr<Thread> thread_;
};

}  // namespace sesame::test
