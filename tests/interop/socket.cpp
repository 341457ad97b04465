#include "interop/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "interop/deadline.h"

namespace interop {
namespace {

[[noreturn]] void give_up(const char* what) {
  throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

void wait_for(int fd, short events, const char* what) {
  for (const Deadline deadline; !deadline.passed();) {
    pollfd entry{fd, events, 0};
    if (poll(&entry, 1, deadline.poll_milliseconds()) > 0) return;
  }
  throw std::runtime_error(std::string("waited in vain to ") + what);
}

// Whether a program could listen on it, on all addresses as gnutls-serv does.
bool nobody_has(std::uint16_t port) {
  sockaddr_in address = loopback(port);
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const Socket probe(fd);
  return bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

Socket::Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
Socket::~Socket() {
  if (fd_ >= 0) close(fd_);
}

std::size_t Socket::read_some(sesame::MutableBytes into) {
  for (;;) {
    wait_for(fd_, POLLIN, "read");
    const ssize_t n = recv(fd_, into.data(), into.size(), MSG_DONTWAIT);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno == ECONNRESET) return 0;
    if (errno != EINTR && errno != EAGAIN) give_up("recv");
  }
}

bool Socket::write_all(sesame::Bytes octets) {
  while (!octets.empty()) {
    wait_for(fd_, POLLOUT, "write");
    const ssize_t n = ::send(fd_, octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) {
      octets = octets.subspan(static_cast<std::size_t>(n));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return false;
    } else if (errno != EINTR && errno != EAGAIN) {
      give_up("send");
    }
  }
  return true;
}

void Socket::shut_down_writing() { shutdown(fd_, SHUT_WR); }

Listener::Listener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (fd_ < 0 || bind(fd_, generic, size) != 0 || listen(fd_, 8) != 0 ||
      getsockname(fd_, generic, &size) != 0) {
    give_up("listen");
  }
  port_ = ntohs(address.sin_port);
}

Listener::~Listener() { close(fd_); }

Socket Listener::accept() {
  wait_for(fd_, POLLIN, "accept");
  const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) give_up("accept");
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return Socket(fd);
}

// A port that the system chose would be free for a moment only: until the program listens there, any
// connection of any other test may get it. So it is one below those that the system gives away, and a lock
// that is this process's until it ends keeps other tests from it.
std::uint16_t free_port() {
  constexpr std::uint16_t first = 20'000, count = 12'000;
  static std::mutex mutex;
  const std::scoped_lock guard(mutex);
  static const int locks = open(("/tmp/sesame-interop-ports-" + std::to_string(getuid())).c_str(),
                                O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  static auto next = static_cast<std::uint16_t>(getpid() * 37 % count);
  if (locks < 0) give_up("open the locks of ports");
  for (std::uint16_t tried = 0; tried < count; ++tried) {
    const auto port = static_cast<std::uint16_t>(first + next);
    next = static_cast<std::uint16_t>((next + 1) % count);
    struct flock octet{};
    octet.l_type = F_WRLCK;
    octet.l_whence = SEEK_SET;
    octet.l_start = port;
    octet.l_len = 1;
    if (fcntl(locks, F_OFD_SETLK, &octet) == 0 && nobody_has(port)) return port;
  }
  throw std::runtime_error("no port is free");
}

Socket connect_to(std::uint16_t port) {
  const sockaddr_in address = loopback(port);
  for (const Deadline deadline; !deadline.passed();) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) give_up("socket");
    Socket connected(fd);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      const int one = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      return connected;
    }
    if (errno != ECONNREFUSED && errno != EINTR) give_up("connect");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  throw std::runtime_error("nobody listens on port " + std::to_string(port));
}

}  // namespace interop
