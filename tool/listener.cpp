#include "listener.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <asio/ip/v6_only.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <cstdio>

#include "log.h"
#include "report.h"

namespace sesame::tool {

using asio::ip::tcp;

namespace {

bool listen_on_one(asio::io_context& io, Acceptors& out, const tcp::endpoint& endpoint, bool v6_only,
                   std::error_code& error) {
  tcp::acceptor acceptor(io);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(v6_only), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) return false;
  out.push_back(std::move(acceptor));
  return true;
}

}  // namespace

std::string endpoint_text(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  // An IPv4 client of a socket for both families.
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    const auto v4 = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    return fmt::format("{}:{}", v4.to_string(), endpoint.port());
  }
  return address.is_v6() ? fmt::format("[{}]:{}", address.to_string(), endpoint.port())
                         : fmt::format("{}:{}", address.to_string(), endpoint.port());
}

std::expected<Acceptors, ExitCode> listen_on(asio::io_context& io, const std::vector<std::string>& addresses,
                                             unsigned short port) {
  Acceptors out;
  std::error_code error;
  const auto complain_about = [&error](std::string_view what) {
    complain(fmt::format("cannot listen on {}: {}", what, error.message()), network_advice(error));
    return std::unexpected(ExitCode::network);
  };
  if (addresses.empty()) {
    // One socket for both families; IPv4 alone where the system has no IPv6.
    if (!listen_on_one(io, out, {tcp::v6(), port}, false, error)) {
      if (error == asio::error::address_in_use) return complain_about(fmt::format("port {}", port));
      error.clear();
      if (!listen_on_one(io, out, {tcp::v4(), port}, true, error))
        return complain_about(fmt::format("port {}", port));
    }
  }
  for (const auto& name : addresses) {
    const auto found = tcp::resolver(io).resolve(name, "", tcp::resolver::passive, error);
    if (error) return complain_about(name);
    for (const auto& entry : found) {
      // With port 0 all addresses get the port that the first one got.
      if (port == 0 && !out.empty()) port = out.front().local_endpoint().port();
      const tcp::endpoint endpoint(entry.endpoint().address(), port);
      if (!listen_on_one(io, out, endpoint, true, error)) return complain_about(endpoint_text(endpoint));
    }
  }
  return out;
}

void print_listening(const Acceptors& acceptors, bool json) {
  for (const auto& acceptor : acceptors) {
    const tcp::endpoint endpoint = acceptor.local_endpoint();
    if (json) {
      Json line = Log::event("listening");
      line.add("address", endpoint.address().to_string()).add("port", endpoint.port());
      fmt::print("{}\n", line.object());
    } else {
      fmt::print("listening on {}\n", endpoint_text(endpoint));
    }
  }
  std::fflush(stdout);
}

void reserve_descriptors(asio::io_context& io, std::size_t count) {
  std::vector<asio::posix::stream_descriptor> all;
  all.reserve(count);
  while (all.size() < count) {
    const int file = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (file < 0) return;  // there is no room for more connections than this either
    std::error_code error;
    all.emplace_back(io).assign(file, error);
    if (error) {
      ::close(file);
      return;
    }
  }
}

std::size_t raise_file_limit() {
  struct rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur < limit.rlim_max) {
    const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return before;
  }
  return limit.rlim_cur;
}

}  // namespace sesame::tool
