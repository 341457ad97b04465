// TCP on the loopback interface, with a deadline on everything.
#pragma once

#include <sesame/bytes.h>

#include <cstdint>
#include <memory>
#include <string>

namespace interop {

/// A connected socket. Members throw std::runtime_error at an error and where patience (deadline.h) ends.
class Socket {
 public:
  explicit Socket(int fd) noexcept : fd_(fd) {}
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  /// At least one octet; 0 at the end of the stream, which a reset counts as.
  std::size_t read_some(sesame::MutableBytes into);
  /// False: the other side takes no more.
  bool write_all(sesame::Bytes octets);
  void shut_down_writing();

 private:
  int fd_;
};

/// A socket that listens on a free port of 127.0.0.1.
class Listener {
 public:
  Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  std::uint16_t port() const noexcept { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  Socket accept();

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

/// A free port for a program that has to be told one. No other test gets it, nor does the system give it
/// away; each call gives another one.
std::uint16_t free_port();

/// Connects to 127.0.0.1, and tries again until somebody listens there.
Socket connect_to(std::uint16_t port);

}  // namespace interop
