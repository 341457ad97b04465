// A client and a server in memory, and the way between them.
#pragma once

#include <gtest/gtest.h>
#include <sesame/sesame.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sesame::test {

inline const std::string default_key(32, 'k');

Credential make_credential(std::string_view identity = "alice", std::string_view key = default_key,
                           HashAlgorithm hash = HashAlgorithm::sha256);

/// A source that knows these credentials and nothing else; two for one identity: the newest first.
std::shared_ptr<PskSource> source_of(std::vector<Credential> credentials);

/// Options that say nothing of versions, as those of most tests, which are about TLS 1.3: for that alone.
ContextOptions of_tls13(ContextOptions options);

/// Of of_tls13(options), unless the options choose the versions.
std::shared_ptr<const Context> client_context(ContextOptions options = {},
                                              std::vector<Credential> keys = {make_credential()});
std::shared_ptr<const Context> server_context(ContextOptions options = {},
                                              std::vector<Credential> keys = {make_credential()});
/// Of the options as they are: by default for TLS 1.2 and 1.3.
std::shared_ptr<const Context> client_context_of_both(ContextOptions options, std::vector<Credential> keys);
std::shared_ptr<const Context> server_context_of_both(ContextOptions options, std::vector<Credential> keys);

/// One end and what it was given and gave.
struct End {
  explicit End(Connection c) : connection(std::move(c)) {}
  Connection connection;
  std::vector<std::uint8_t> unread;  // from the peer, not yet consumed
  std::string data;                  // application data received
  std::string early_data;            // the same, sent before the handshake was done
  std::optional<Error> failure;

  /// Gives octets to the connection, as far as it takes them.
  void receive(Bytes octets);
};

struct Pair {
  Pair(Connection client_connection, Connection server_connection)
      : client(std::move(client_connection)), server(std::move(server_connection)) {}
  Pair(std::shared_ptr<const Context> client_context, std::shared_ptr<const Context> server_context,
       const ClientOptions& options = {});

  End client;
  End server;
  std::size_t in = SIZE_MAX;   ///< octets given to a connection at once
  std::size_t out = SIZE_MAX;  ///< octets taken from a connection's output at once
  std::size_t steps = 0;
  /// Sees, and may change, what goes from one to the other.
  std::function<void(Side from, std::vector<std::uint8_t>&)> on_wire;

  /// Until neither has anything for the other. False: it did not end.
  bool pump();
  /// pump(), and both are connected.
  bool handshake();

 private:
  bool move(End& from, End& to, Side side);
};

/// Sends `text` from one end to the other and expects it there.
void expect_transfer(Pair& pair, End& from, End& to, const std::string& text);

}  // namespace sesame::test
