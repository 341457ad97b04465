// The little web page of `sesame serve --http`: it shows what was negotiated.
#pragma once

#include <sesame/connection.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace sesame::tool {

struct ServerStatus {
  std::chrono::steady_clock::duration up = {};
  std::uint64_t accepted = 0;
  std::uint64_t failed = 0;
  std::size_t open = 0;
  std::size_t identities = 0;
  std::size_t keys = 0;
};

/// Whether `request` has its request line and header fields to the end.
bool request_complete(std::string_view request);

/// The whole response to `request`; 431 to one that is not complete.
std::string respond(std::string_view request, const Connection& connection, const ServerStatus& status);

}  // namespace sesame::tool
