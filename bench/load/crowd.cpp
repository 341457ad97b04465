#include "crowd.h"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/read.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <stdexcept>

namespace sesame::load {

using asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

asio::awaitable<void> pause(asio::io_context& io, Clock::duration time) {
  asio::steady_timer timer(io, time);
  std::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace

Crowd::Crowd(asio::io_context& io, unsigned port, const std::string& key_line) : io_(io), port_(port) {
  auto credentials = parse_key_file(key_line);
  if (!credentials) throw std::runtime_error(credentials.error().message());
  auto context = Context::create({.credentials = std::move(*credentials)});
  if (!context) throw std::runtime_error(context.error().message());
  context_ = std::move(*context);
}

asio::awaitable<void> Crowd::open(unsigned count, bool with_bad) {
  constexpr unsigned at_a_time = 256;
  for (unsigned i = 0; i < count; ++i) {
    while (under_way_ >= at_a_time) co_await pause(io_, 1ms);
    ++under_way_;
    const bool is_bad = with_bad && i % 2 == 1;
    asio::co_spawn(io_, is_bad ? bad(i) : good(i), asio::detached);
  }
  while (under_way_ != 0) co_await pause(io_, 1ms);
}

// Each address of 127.0.0.0/8 has ports of its own.
asio::awaitable<bool> Crowd::connect(Socket& socket, unsigned number) {
  std::error_code error;
  socket.open(tcp::v4(), error);
  const asio::ip::address_v4 from(0x7f000002U + number % 16);
  if (!error) socket.bind({from, 0}, error);
  if (!error) {
    const tcp::endpoint to(asio::ip::address_v4::loopback(), static_cast<unsigned short>(port_));
    co_await socket.async_connect(to, asio::redirect_error(asio::use_awaitable, error));
  }
  if (!error) socket.set_option(tcp::no_delay(true), error);
  co_return !error;
}

asio::awaitable<bool> Crowd::echo(AsioStream<Socket>& stream, unsigned number, unsigned round) {
  std::string message = "connection " + std::to_string(number) + ", round " + std::to_string(round) + ". ";
  message.resize(128, '.');
  std::string answer(message.size(), '\0');
  std::error_code error;
  const auto begin = Clock::now();
  co_await asio::async_write(stream, asio::buffer(message), asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return false;
  co_await asio::async_read(stream, asio::buffer(answer), asio::redirect_error(asio::use_awaitable, error));
  counts_.round_trips.push_back(milliseconds_since(begin));
  co_return !error && answer == message;
}

asio::awaitable<void> Crowd::good(unsigned number) {
  ++counts_.good;
  const auto begin = Clock::now();
  Socket socket(io_);
  bool well = co_await connect(socket, number);
  auto connection = Connection::client(context_);
  if (!well || !connection) {
    ++counts_.good_failed;
    --under_way_;
    co_return;
  }
  AsioStream<Socket> stream(std::move(socket), std::move(*connection));
  std::error_code error;
  co_await stream.async_handshake(asio::redirect_error(asio::use_awaitable, error));
  --under_way_;
  if (error) {
    ++counts_.good_failed;
    co_return;
  }
  counts_.handshakes.push_back(milliseconds_since(begin));
  ++counts_.good_open;
  for (unsigned round = 0; well; ++round) {
    well = co_await echo(stream, number, round);
    if (ending_) break;
    // Not all at the same moment.
    co_await pause(io_, 800ms + std::chrono::milliseconds(number % 400));
  }
  --counts_.good_open;
  if (well) {
    co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
    char rest = 0;
    co_await stream.async_read_some(asio::buffer(&rest, 1), asio::redirect_error(asio::use_awaitable, error));
    well = error == asio::error::eof;
  }
  ++(well ? counts_.good_ended : counts_.good_failed);
}

std::string Crowd::client_hello() const {
  const auto connection = Connection::client(context_);
  return std::string(as_text(connection->output()));
}

asio::awaitable<void> Crowd::bad(unsigned number) {
  ++counts_.bad;
  Socket socket(io_);
  const bool connected = co_await connect(socket, number);
  --under_way_;
  if (!connected) {
    ++counts_.bad_refused;
    co_return;
  }
  ++counts_.bad_open;
  const auto kind = static_cast<Badness>(number / 2 % badnesses);
  std::string octets;
  if (kind == Badness::part_of_a_record) octets = client_hello().substr(0, 60);
  if (kind == Badness::no_finished || kind == Badness::drip) octets = client_hello();
  if (kind == Badness::garbage) {
    octets.resize(2'000);
    std::uint32_t state = number;
    for (char& c : octets) c = static_cast<char>((state = state * 1'664'525 + 1'013'904'223) >> 24);
  }
  std::error_code error;
  for (std::size_t sent = 0; sent < octets.size() && !error;) {
    const std::size_t part = kind == Badness::drip ? 1 : octets.size();
    co_await asio::async_write(socket, asio::buffer(octets.data() + sent, part),
                               asio::redirect_error(asio::use_awaitable, error));
    sent += part;
    if (kind == Badness::drip) co_await pause(io_, 500ms);
  }
  // Whatever the server says, until it has had enough.
  char rest[512];
  while (!error)
    co_await socket.async_read_some(asio::buffer(rest), asio::redirect_error(asio::use_awaitable, error));
  --counts_.bad_open;
  ++counts_.bad_shed;
}

asio::awaitable<double> Crowd::probe() {
  const auto begin = Clock::now();
  Socket socket(io_);
  const bool connected = co_await connect(socket, 0);
  auto connection = Connection::client(context_);
  if (!connected || !connection) co_return -1;
  AsioStream<Socket> stream(std::move(socket), std::move(*connection));
  std::error_code error;
  co_await stream.async_handshake(asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return -1;
  const bool well = co_await echo(stream, 0, 0);
  const double time = milliseconds_since(begin);
  co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
  co_return well ? time : -1;
}

}  // namespace sesame::load
