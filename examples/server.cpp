// A secure server over Asio, with keys that can change while it serves. It serves two clients, and ends.
//
//   server KEYFILE      prints the port that it listens on
#include <sesame/asio.h>
#include <sesame/sesame.h>

#include <asio.hpp>
#include <iostream>

using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

awaitable<void> echo(tcp::socket socket, std::shared_ptr<const sesame::Context> context) {
  sesame::AsioStream<tcp::socket> stream(std::move(socket), sesame::Connection::server(context).value());
  std::error_code error;
  co_await stream.async_handshake(asio::redirect_error(use_awaitable, error));
  if (error) {
    const sesame::Error* why = stream.last_error();
    std::cout << "refused: " << (why ? why->message() : error.message()) << std::endl;
    co_return;
  }
  std::cout << "serving " << sesame::escaped(stream.connection().psk_identity()) << std::endl;
  std::array<char, 4096> data;
  while (!error) {
    const auto size =
        co_await stream.async_read_some(asio::buffer(data), asio::redirect_error(use_awaitable, error));
    if (!error) co_await asio::async_write(stream, asio::buffer(data, size), use_awaitable);
  }
  if (error == asio::error::eof) co_await stream.async_shutdown(use_awaitable);
}

awaitable<void> serve(tcp::acceptor& acceptor, std::shared_ptr<const sesame::Context> context, int clients) {
  while (clients-- > 0) {
    tcp::socket socket = co_await acceptor.async_accept(use_awaitable);
    asio::co_spawn(acceptor.get_executor(), echo(std::move(socket), context), asio::detached);
  }
}

int main(int argc, char** argv) {
  if (argc != 2) return 1;
  const auto keyring = std::make_shared<sesame::Keyring>();
  const auto keys = sesame::read_key_file(argv[1]);
  if (!keys || !keyring->replace_all(*keys))
    return 1;  // the same call again, from any thread, changes the keys
  const auto context = sesame::Context::create({.psk_source = keyring}).value();

  asio::io_context io;
  tcp::acceptor acceptor(io, {tcp::v4(), 0});
  std::cout << acceptor.local_endpoint().port() << std::endl;
  asio::co_spawn(io, serve(acceptor, context, 2), asio::detached);
  io.run();
}
