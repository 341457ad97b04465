#include "interop/peer.h"

#include <array>
#include <random>
#include <stdexcept>
#include <utility>

namespace interop {

using sesame::Connection;
using sesame::Expected;
using sesame::MutableBytes;

Peer::Peer(Socket socket, Connection connection)
    : socket_(std::move(socket)), connection_(std::move(connection)) {}

bool Peer::flush() {
  while (!connection_.output().empty()) {
    const sesame::Bytes out = connection_.output();
    if (!socket_.write_all(out)) return false;
    connection_.output_sent(out.size());
  }
  return true;
}

Expected<bool> Peer::advance() {
  std::array<std::uint8_t, 16384> buffer;
  const std::size_t n = socket_.read_some(buffer);
  if (n == 0) {
    if (auto closed = connection_.transport_closed(); !closed) return std::unexpected(closed.error());
    return false;
  }
  input_.insert(input_.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(n));
  std::size_t done = 0;
  while (done < input_.size()) {
    auto received = connection_.receive(MutableBytes(input_).subspan(done));
    if (!received) {
      flush();  // the alert
      return std::unexpected(received.error());
    }
    if (!received->data.empty()) {
      data_.append(sesame::as_text(received->data));
      record_sizes_.push_back(received->data.size());
    }
    if (received->consumed == 0) break;
    done += received->consumed;
  }
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(done));
  flush();
  return !connection_.read_closed();
}

Expected<> Peer::handshake() {
  flush();
  while (!connection_.handshake_done()) {
    auto more = advance();
    if (!more) return std::unexpected(more.error());
    if (!*more) return sesame::fail(sesame::Reason::truncated);
  }
  return {};
}

Expected<> Peer::handshake_until_lookup() {
  flush();
  while (connection_.wait() != sesame::Wait::psk_lookup) {
    auto more = advance();
    if (!more) return std::unexpected(more.error());
    if (!*more) return sesame::fail(sesame::Reason::truncated);
  }
  return {};
}

Expected<> Peer::send(std::string_view data) {
  if (auto sent = connection_.send(sesame::as_bytes(data)); !sent) return sent;
  if (!flush()) throw std::runtime_error("the peer takes no more");
  return {};
}

Expected<std::string> Peer::receive(std::size_t size) {
  while (data_.size() < size) {
    auto more = advance();
    if (!more) return std::unexpected(more.error());
    if (!*more) break;
  }
  std::string result = data_.substr(0, size);
  data_.erase(0, size);
  return result;
}

Expected<std::string> Peer::receive_to_end() {
  while (!connection_.read_closed()) {
    auto more = advance();
    if (!more) return std::unexpected(more.error());
  }
  return std::exchange(data_, {});
}

sesame::Error Peer::receive_alert() {
  for (;;) {
    auto more = advance();
    if (!more) return more.error();
    if (!*more) throw std::runtime_error("the peer closed without an alert");
  }
}

Expected<> Peer::close() {
  auto closed = connection_.close();
  flush();
  return closed;
}

Expected<> Peer::update_keys(bool request_peer) {
  auto updated = connection_.update_keys(request_peer);
  flush();
  return updated;
}

Peer::Finished Peer::finished() const {
  return {std::string(sesame::as_text(connection_.finished(sesame::Side::client))),
          std::string(sesame::as_text(connection_.finished(sesame::Side::server)))};
}

// A new handshake is done when both sides said Finished again, with other octets than before.
Expected<> Peer::handshake_after(const Finished& before) {
  for (;;) {
    const Finished now = finished();
    const bool both = now.client != before.client && now.server != before.server;
    if (both && connection_.handshake_done()) return {};
    auto more = advance();
    if (!more) return std::unexpected(more.error());
    if (!*more) return sesame::fail(sesame::Reason::truncated);
  }
}

Expected<> Peer::renegotiate() {
  const Finished before = finished();
  if (auto asked = connection_.renegotiate(); !asked) return asked;
  flush();
  return handshake_after(before);
}

Expected<> Peer::be_renegotiated() { return handshake_after(finished()); }

Expected<> Peer::request_certificate(bool require) {
  auto requested = connection_.request_certificate(require);
  if (!requested) return requested;
  flush();
  while (connection_.post_handshake_auth_pending()) {
    auto more = advance();
    if (!more) return std::unexpected(more.error());
    if (!*more) return sesame::fail(sesame::Reason::truncated);
  }
  return {};
}

namespace {

template <class T>
T unwrap(Expected<T>&& result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(*result);
}

}  // namespace

std::shared_ptr<const sesame::Context> make_context(sesame::ContextOptions options) {
  return unwrap(sesame::Context::create(std::move(options)));
}
Connection make_client(sesame::ContextOptions options, std::string_view server_name) {
  return unwrap(Connection::client(make_context(std::move(options)), {.server_name = server_name}));
}
Connection make_server(sesame::ContextOptions options) {
  return unwrap(Connection::server(make_context(std::move(options))));
}
sesame::Credential make_credential(std::string_view identity, std::string_view key,
                                   sesame::HashAlgorithm hash) {
  return unwrap(sesame::Credential::create({.identity = sesame::as_bytes(identity),
                                            .key = sesame::as_bytes(key),
                                            .hash = hash,
                                            .usage = sesame::PskUsage::tls13}));
}
std::shared_ptr<sesame::Keyring> make_keyring(std::string_view identity, std::string_view key,
                                              sesame::HashAlgorithm hash) {
  auto keyring = std::make_shared<sesame::Keyring>();
  auto added = keyring->add({.identity = sesame::as_bytes(identity),
                             .key = sesame::as_bytes(key),
                             .hash = hash,
                             .usage = sesame::PskUsage::tls13});
  if (!added) throw std::runtime_error(added.error().message());
  return keyring;
}

std::string pattern(std::size_t size) {
  std::mt19937 random(static_cast<unsigned>(size));
  std::string result(size, '\0');
  for (char& c : result) c = static_cast<char>(random());
  return result;
}

std::string hex(std::string_view octets) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    result += digits[octet >> 4];
    result += digits[octet & 15];
  }
  return result;
}

}  // namespace interop
