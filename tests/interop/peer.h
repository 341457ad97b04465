// One end of ours over a socket, in the manner of a simple blocking program.
#pragma once

#include <sesame/sesame.h>

#include <string>
#include <string_view>
#include <vector>

#include "interop/socket.h"

namespace interop {

/// Members throw where patience (deadline.h) ends; what TLS refuses is the Error that they return. After an
/// Error the alert has been sent.
class Peer {
 public:
  Peer(Socket socket, sesame::Connection connection);

  sesame::Expected<> handshake();
  /// Until wait() is Wait::psk_lookup.
  sesame::Expected<> handshake_until_lookup();
  sesame::Expected<> send(std::string_view data);
  /// Waits until `size` octets of application data are there and takes them; fewer where the stream ends
  /// before.
  sesame::Expected<std::string> receive(std::size_t size);
  /// Takes all that comes until the peer's close_notify. Error: truncated, where the transport ends without
  /// it.
  sesame::Expected<std::string> receive_to_end();
  sesame::Expected<> close();  ///< sends close_notify
  /// Waits for the alert that the peer sends because it does not like what it got.
  sesame::Error receive_alert();

  sesame::Expected<> update_keys(bool request_peer);
  /// Server: asks for a certificate and waits for the answer. Data that comes before it is kept.
  sesame::Expected<> request_certificate(bool require);
  /// TLS 1.2 and below: asks for a new handshake, and waits until it is done.
  sesame::Expected<> renegotiate();
  /// Waits for a new handshake that the other side asks for, until it is done.
  sesame::Expected<> be_renegotiated();
  sesame::Connection& connection() noexcept { return connection_; }
  /// The sizes of the records of application data that came, as decrypted.
  const std::vector<std::size_t>& record_sizes() const noexcept { return record_sizes_; }

 private:
  sesame::Expected<bool> advance();  ///< reads once and takes in what came; false: the peer's stream is over
  bool flush();
  struct Finished {
    std::string client, server;
  };
  Finished finished() const;
  sesame::Expected<> handshake_after(const Finished& before);

  Socket socket_;
  sesame::Connection connection_;
  std::vector<std::uint8_t> input_;
  std::string data_;
  std::vector<std::size_t> record_sizes_;
};

/// Contexts and connections, or a failed test by an exception.
std::shared_ptr<const sesame::Context> make_context(sesame::ContextOptions options);
sesame::Connection make_client(sesame::ContextOptions options, std::string_view server_name = {});
sesame::Connection make_server(sesame::ContextOptions options);
sesame::Credential make_credential(std::string_view identity, std::string_view key,
                                   sesame::HashAlgorithm hash = sesame::HashAlgorithm::sha256);
std::shared_ptr<sesame::Keyring> make_keyring(std::string_view identity, std::string_view key,
                                              sesame::HashAlgorithm hash = sesame::HashAlgorithm::sha256);

/// `size` octets that look random, the same ones each time.
std::string pattern(std::size_t size);
std::string hex(std::string_view octets);

/// What an Expected says, for messages of assertions.
template <class T>
std::string why(const sesame::Expected<T>& result) {
  return result ? "no error" : result.error().message();
}

}  // namespace interop
