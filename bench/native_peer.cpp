#include "native_peer.h"

#include <cstring>
#include <utility>

namespace bench::native {
namespace {

using sesame::Bytes;
using sesame::Connection;
using sesame::MutableBytes;

template <class T>
T unwrap(sesame::Expected<T>&& result, const char* what) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message().c_str());
    give_up(what);
  }
  return std::move(*result);
}

// What a transport would do: the octets that one has for the other, in a buffer of the receiver's.
bool deliver(Connection& from, Connection& to) {
  static std::array<std::uint8_t, 4096> buffer;  // a flight of these handshakes has some 300 octets
  const Bytes out = from.output();
  if (out.empty()) return false;
  require(out.size() <= buffer.size(), "a flight is larger than expected");
  std::memcpy(buffer.data(), out.data(), out.size());
  from.output_sent(out.size());
  MutableBytes rest(buffer.data(), out.size());
  while (!rest.empty()) {
    const auto received = to.receive(rest);
    if (!received) std::fprintf(stderr, "%s\n", received.error().message().c_str());
    require(received && received->consumed > 0, "sesame's handshake failed");
    rest = rest.subspan(received->consumed);
  }
  return true;
}

}  // namespace

sesame::Credential make_credential(Bytes id, Bytes psk) {
  return unwrap(sesame::Credential::create({.identity = id, .key = psk, .usage = sesame::PskUsage::tls13}),
                "sesame refuses the key");
}

Contexts::Contexts(Mode mode, std::shared_ptr<sesame::PskSource> source) : mode_(mode) {
  const Bytes id = sesame::as_bytes(identity);
  if (!source) {
    auto keyring = std::make_shared<sesame::Keyring>();
    require(keyring->add({.identity = id, .key = key, .usage = sesame::PskUsage::tls13}).has_value(),
            "sesame refuses the key");
    source = std::move(keyring);
  }
  sesame::ContextOptions options;
  options.cipher_suites = {sesame::CipherSuite::TLS_AES_128_GCM_SHA256};
  options.psk_modes = {mode == Mode::psk_ke ? sesame::PskKeyExchangeMode::psk_ke
                                            : sesame::PskKeyExchangeMode::psk_dhe_ke};
  options.groups = {sesame::NamedGroup::x25519};
  sesame::ContextOptions server_options = options;
  server_options.psk_source = std::move(source);
  server_ = unwrap(sesame::Context::create(std::move(server_options)), "no context for the server");
  options.credentials.push_back(make_credential(id, key));
  client_ = unwrap(sesame::Context::create(std::move(options)), "no context for the client");
}

Pair Contexts::connect(const sesame::Credential* credential) {
  sesame::ClientOptions options;
  if (credential) options.credentials = std::span(credential, 1);
  Connection client = unwrap(Connection::client(client_, options), "no client");
  Connection server = unwrap(Connection::server(server_), "no server");
  for (bool moved = true; moved;) {
    moved = deliver(client, server);
    moved = deliver(server, client) || moved;
  }
  require(client.handshake_done() && server.handshake_done(), "sesame's handshake does not end");
  require(server.group().has_value() == (mode_ == Mode::psk_dhe_ke),
          "sesame did not negotiate the mode that was to be measured");
  return {std::move(client), std::move(server)};
}

std::size_t Contexts::client_hello() {
  return unwrap(Connection::client(client_), "no client").output().size();
}

const std::uint8_t* Pair::transfer(Bytes data, MutableBytes record) noexcept {
  const auto sealed = client_->seal(data, record);
  require(sealed && sealed->consumed == data.size(), "sesame seals nothing");
  MutableBytes rest = record.first(sealed->written);
  while (!rest.empty()) {
    const auto received = server_->receive(rest);
    require(received && received->consumed > 0, "sesame's record did not arrive");
    if (received->data.size() == data.size()) return received->data.data();
    rest = rest.subspan(received->consumed);  // a KeyUpdate before it
  }
  give_up("sesame's record did not arrive");
}

}  // namespace bench::native
