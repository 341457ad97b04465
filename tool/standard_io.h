// The standard input and output as Asio streams: terminals, pipes, sockets and files alike.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <system_error>

namespace sesame::tool {

// Asio reads and writes what does not block. That is a property of the terminal or pipe, which the caller's
// shell shares: it is put back as it was.
class StandardStream {
 public:
  StandardStream(asio::io_context& io, int number)
      : number_(number), flags_(::fcntl(number, F_GETFL)), descriptor_(io) {
    const int own = ::fcntl(number, F_DUPFD_CLOEXEC, 0);
    if (own < 0) return;
    std::error_code error;
    descriptor_.assign(own, error);
    if (error) ::close(own);
  }
  StandardStream(const StandardStream&) = delete;
  StandardStream& operator=(const StandardStream&) = delete;
  ~StandardStream() {
    if (flags_ >= 0) ::fcntl(number_, F_SETFL, flags_);
  }

  bool is_open() const { return descriptor_.is_open(); }
  asio::posix::stream_descriptor& stream() { return descriptor_; }

 private:
  int number_;
  int flags_;
  asio::posix::stream_descriptor descriptor_;
};

}  // namespace sesame::tool
