// What a user of the installed library would write first; it has to compile without the flags of our own
// build.
#include <sesame/asio.h>
#include <sesame/sesame.h>

#include <asio.hpp>
#include <iostream>

int main() {
  const auto key = sesame::Credential::create(
      {.identity = sesame::as_bytes("alice"), .key = sesame::as_bytes("0123456789abcdef0123456789abcdef")});
  if (!key) return 1;
  const auto context = sesame::Context::create({.credentials = {*key}});
  if (!context) return 1;
  asio::io_context io;
  sesame::AsioStream<asio::ip::tcp::socket> stream(asio::ip::tcp::socket(io),
                                                   sesame::Connection::client(*context).value());
  std::cout << "a ClientHello of " << stream.connection().output().size() << " octets\n";
  return stream.connection().output().empty() ? 1 : 0;
}
