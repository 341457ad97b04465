// The program under load: started with a key of its own, watched from outside, ended.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sesame::load {

struct Settings {
  bool proxy = false;
  std::string command;  ///< path of the sesame command
  unsigned connections = 10'000;
  unsigned handshake_timeout = 20;  ///< seconds that the server gives a handshake
  unsigned hold = 5;                ///< seconds that all good connections are used, once all are open
  unsigned threads = 2;             ///< of the proxy
  bool memory = true;               ///< judge the memory too
};

class Target {
 public:
  /// Starts it. Throws std::runtime_error where it does not begin to listen.
  Target(const Settings& settings, unsigned backend_port);
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  ~Target();

  unsigned port() const { return port_; }
  std::string key_line() const;

  bool running() const;
  std::uint64_t resident() const;                ///< octets of resident memory (VmRSS)
  double metric(const std::string& name) const;  ///< -1: there is none
  /// SIGTERM; the exit code.
  int stop();

 private:
  unsigned port_behind(const std::string& word);

  std::filesystem::path folder_;
  pid_t process_ = -1;
  int output_ = -1;
  std::string said_;
  unsigned port_ = 0;
  unsigned metrics_port_ = 0;
};

}  // namespace sesame::load
