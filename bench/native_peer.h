// Sesame's own interface, as a program would use it that moves octets between two connections: one Context a
// side for all connections, output() and receive() in place, everything that a Setting does not name as
// ContextOptions has it.
#pragma once

#include <sesame/sesame.h>

#include <cstddef>
#include <memory>
#include <optional>

#include "peer.h"

namespace bench::native {

/// Two connected connections.
class Pair {
 public:
  Pair(sesame::Connection&& client, sesame::Connection&& server) noexcept
      : client_(std::move(client)), server_(std::move(server)) {}

  sesame::Connection& client() noexcept { return *client_; }
  sesame::Connection& server() noexcept { return *server_; }
  /// One after the other, so that what each keeps can be told apart.
  void free_client() noexcept { client_.reset(); }
  void free_server() noexcept { server_.reset(); }

  /// The client seals `data` into `record`, the server opens it there. Returns the first octet of what it
  /// opened.
  const std::uint8_t* transfer(sesame::Bytes data, sesame::MutableBytes record) noexcept;

 private:
  std::optional<sesame::Connection> client_;
  std::optional<sesame::Connection> server_;
};

class Contexts {
 public:
  /// `source`: where the server finds keys; none: a keyring with the one key of peer.h.
  explicit Contexts(const Setting& setting, std::shared_ptr<sesame::PskSource> source = nullptr);

  /// Makes both connections and runs the handshake to its end on both sides. `credential`: what the client
  /// offers in place of the key of peer.h.
  Pair connect(const sesame::Credential* credential = nullptr);
  /// Makes a client and drops it. The octets of its ClientHello.
  std::size_t client_hello();

 private:
  sesame::ClientOptions client_options() const;
  void check(const sesame::Connection& client, const sesame::Connection& server) const;

  Setting setting_;
  std::shared_ptr<const sesame::Context> client_;
  std::shared_ptr<const sesame::Context> server_;
  std::optional<sesame::Session> session_;  // to be resumed
};

/// A credential for TLS 1.3 as it is, or for `usage`; or the end of the program.
sesame::Credential make_credential(sesame::Bytes identity, sesame::Bytes key,
                                   sesame::PskUsage usage = sesame::PskUsage::tls13);

}  // namespace bench::native
