// Sockets that listen, for all that serve.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <expected>
#include <string>
#include <vector>

#include "exit_code.h"

namespace sesame::tool {

using Acceptors = std::vector<asio::ip::tcp::acceptor>;

/// Listens on each of `addresses`, or on all where there are none; port 0: any that is free, the same for
/// all. An error was printed.
std::expected<Acceptors, ExitCode> listen_on(asio::io_context& io, const std::vector<std::string>& addresses,
                                             unsigned short port);

/// Prints "listening on ADDRESS:PORT" for each, or the same as JSON.
void print_listening(const Acceptors& acceptors, bool json);

/// "1.2.3.4:5", "[::1]:5"; an IPv4 address that was mapped into IPv6 as IPv4.
std::string endpoint_text(const asio::ip::tcp::endpoint& endpoint);

/// Makes Asio's records of `count` descriptors now, side by side. It keeps them for good, and one that is
/// made with a connection keeps the page around it from being given back when the connection has gone.
void reserve_descriptors(asio::io_context& io, std::size_t count);

/// Lets this process have as many files open as it may; the limit that holds then.
std::size_t raise_file_limit();

}  // namespace sesame::tool
