// A secure client over Asio: what would be five lines without the printing.
//
//   client KEYFILE HOST PORT
#include <sesame/asio.h>
#include <sesame/sesame.h>

#include <asio.hpp>
#include <iostream>

using asio::ip::tcp;

int main(int argc, char** argv) {
  if (argc != 4) return 1;
  const auto keys = sesame::read_key_file(argv[1]);
  if (!keys) {
    std::cerr << keys.error().message() << '\n' << keys.error().advice() << '\n';
    return 1;
  }
  asio::io_context io;
  const auto context = sesame::Context::create({.credentials = *keys}).value();
  sesame::AsioStream<tcp::socket> stream(tcp::socket(io), sesame::Connection::client(context).value());
  asio::connect(stream.next_layer(), tcp::resolver(io).resolve(argv[2], argv[3]));

  std::error_code error;
  stream.handshake(error);
  if (error) {
    const sesame::Error* why = stream.last_error();  // nullptr: it was the network
    std::cerr << (why ? why->message() : error.message()) << '\n' << (why ? why->advice() : "") << '\n';
    return 1;
  }
  std::cout << "connected with " << sesame::name(stream.connection().cipher_suite()) << '\n';

  asio::write(stream, asio::buffer("hello\n", 6));
  stream.shutdown();  // nothing more to send; the answer can still come
  std::string answer;
  asio::read(stream, asio::dynamic_buffer(answer), error);
  std::cout << answer;
  return error == asio::error::eof ? 0 : 1;  // anything else is not the end that the server meant
}
