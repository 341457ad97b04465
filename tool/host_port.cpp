#include "host_port.h"

#include <fmt/format.h>

#include <charconv>

namespace sesame::tool {

std::optional<HostPort> split_host_port(std::string_view text) {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view rest = text.substr(end + 1);
    text = text.substr(1, end - 1);
    if (!rest.empty() && (rest.front() != ':' || rest.size() == 1)) return std::nullopt;
    port = rest.empty() ? rest : rest.substr(1);
  } else if (const std::size_t colon = text.find(':');
             colon != std::string_view::npos && text.rfind(':') == colon) {
    port = text.substr(colon + 1);
    text = text.substr(0, colon);
    if (port.empty()) return std::nullopt;
  }
  if (text.empty()) return std::nullopt;
  return HostPort{std::string(text), std::string(port)};
}

std::optional<unsigned short> port_number(std::string_view text) {
  unsigned short out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<HostPort> split_listen_address(std::string_view text) {
  if (port_number(text)) return HostPort{{}, std::string(text)};
  return split_host_port(text);
}

std::string host_port_text(std::string_view host, std::string_view port) {
  const bool v6 = host.find(':') != std::string_view::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

}  // namespace sesame::tool
