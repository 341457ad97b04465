// The system's libssl, as a program would use it: one SSL_CTX a side for all connections, memory BIOs between
// two SSL objects. In TLS 1.3 an external PSK comes through the use_session and find_session callbacks, in
// TLS 1.2 and below through the psk_client and psk_server callbacks, and a session secret through its own. No
// tickets, unless one is resumed.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>

#include "peer.h"

namespace bench::openssl {

/// Two connected SSL objects; the memory BIOs between them belong to them.
class Pair {
 public:
  Pair(SSL* client, SSL* server) noexcept : client_(client), server_(server) {}
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() {
    free_client();
    free_server();
  }

  SSL* client() const noexcept { return client_; }
  SSL* server() const noexcept { return server_; }
  /// One after the other, so that what each keeps can be told apart.
  void free_client() noexcept;
  void free_server() noexcept;

  /// The client seals `size` octets of `data` into one record, the server opens it into `into`, which has
  /// room for it.
  void transfer(const std::uint8_t* data, std::size_t size, std::uint8_t* into) noexcept;

 private:
  SSL* client_;
  SSL* server_;
};

class Contexts {
 public:
  /// `release_buffers`: SSL_MODE_RELEASE_BUFFERS, with which an idle SSL object keeps no record buffers.
  explicit Contexts(const Setting& setting, bool release_buffers = false);
  Contexts(const Contexts&) = delete;
  Contexts& operator=(const Contexts&) = delete;
  ~Contexts();

  /// Makes both objects and runs the handshake to its end on both sides.
  Pair connect();

 private:
  void check(SSL* client, SSL* server) const;

  Setting setting_;
  SSL_CTX* client_;
  SSL_CTX* server_;
  SSL_SESSION* session_ = nullptr;  // to be resumed
};

}  // namespace bench::openssl
