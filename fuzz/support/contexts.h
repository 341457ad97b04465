// Contexts for the ends, made once: each configuration opens other ways through the handshake. Time and
// randomness are the harness's own, so that an input does the same every time.
#pragma once

#include <sesame/sesame.h>

#include <memory>

namespace sesame::fuzz {

inline constexpr std::size_t configurations = 16;

/// Which key an end has.
enum class Key : std::uint8_t { right, wrong };

/// Of configuration `number` modulo their count. The secrets of a watched context go to on_secret().
std::shared_ptr<const Context> client_context(std::size_t number, Key key, bool watched);
std::shared_ptr<const Context> server_context(std::size_t number, Key key, bool watched);

/// What a client of configuration `number` begins with: its names, and in number 14 a session and early data.
ClientOptions client_options(std::size_t number);

/// The sides authenticate by certificates or raw public keys, whatever else they do.
constexpr bool by_certificate(std::size_t number) { return number % configurations >= 12; }

/// The credentials of a configuration's client, in the order in which it offers them.
const std::vector<Credential>& credentials(Key key);
const Credential* find_credential(Key key, Bytes identity);

/// From here on the random octets are those of `seed`.
void seed_random(std::uint64_t seed);

/// Where the lines of watched contexts go.
struct SecretSink {
  virtual void on_secret(std::string_view label, Bytes secret) = 0;

 protected:
  ~SecretSink() = default;
};
void watch(SecretSink* sink);

}  // namespace sesame::fuzz
