// How a socket is closed so that the peer gets what was sent last.
#pragma once

#include <array>
#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include "deadline.h"

namespace sesame::tool {

/// Ends this side, and drops what still comes until the peer ends too or `deadline` is over: a socket that is
/// closed with octets unread sends a reset, which can overtake our last record or alert at the peer.
inline asio::awaitable<void> linger(asio::ip::tcp::socket& socket, Deadline& deadline) {
  constexpr std::size_t most = 1'048'576;
  std::error_code error;
  socket.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  std::array<char, 1024> rest;
  for (std::size_t total = 0; !error && !deadline.expired() && total < most;) {
    total +=
        co_await socket.async_read_some(asio::buffer(rest), asio::redirect_error(asio::use_awaitable, error));
  }
}

/// Closes it with a reset: the peer must not take what it got for whole.
inline void reset(asio::ip::tcp::socket& socket) {
  std::error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

}  // namespace sesame::tool
