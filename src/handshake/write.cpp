#include "handshake/write.h"

#include "secret/secret_bytes.h"
#include "wire/codec.h"

namespace sesame::handshake {

using message::HandshakeType;

std::unexpected<Error> malformed(wire::Fault fault, HandshakeType type) {
  const std::string name(message::name(type));
  switch (fault) {
    case wire::Fault::trailing:
      return fail(Reason::trailing_octets, name);
    case wire::Fault::truncated:
      return fail(Reason::malformed_message, name + ": a field goes beyond the end");
    default:
      return fail(Reason::malformed_message, name + ": a vector's length is out of its bounds");
  }
}

void rewrite_extensions(const policy::Settings& settings, HandshakeType type, wire::Writer& w,
                        std::size_t begin) {
  if (!settings.options.rewrite_extensions) return;
  const MutableBytes block = w.buffer().from(begin);
  std::vector<std::uint8_t> extensions(block.begin(), block.end());
  settings.options.rewrite_extensions(static_cast<std::uint8_t>(type), extensions);
  w.buffer().truncate(begin);
  w.put(extensions);
}

void log_secret(const policy::Settings& settings, std::string_view label,
                const message::Random& client_random, Bytes secret) {
  if (!settings.options.key_log) return;
  std::string line;
  line.reserve(label.size() + 2 + 2 * (client_random.size() + secret.size()));  // no copy is left behind
  line += label;
  line += ' ';
  wire::print_hex(line, client_random);
  line += ' ';
  wire::print_hex(line, secret);
  settings.options.key_log(line);
  secret::wipe(line.data(), line.size());
}

}  // namespace sesame::handshake
