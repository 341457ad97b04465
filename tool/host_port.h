// Host and port as they are typed: "host", "host:port", "[v6]:port", "[v6]", or an IPv6 address by itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sesame::tool {

struct HostPort {
  std::string host;
  std::string port;  ///< empty: none was given
};

/// nullopt: it is none of these.
std::optional<HostPort> split_host_port(std::string_view text);

/// As above; a text without a colon that is a number is a port alone, with no host.
std::optional<HostPort> split_listen_address(std::string_view text);

/// A number of 0..65535.
std::optional<unsigned short> port_number(std::string_view text);

/// "host:port", with an IPv6 address in brackets.
std::string host_port_text(std::string_view host, std::string_view port);

}  // namespace sesame::tool
