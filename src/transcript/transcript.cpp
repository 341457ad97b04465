#include "transcript/transcript.h"

#include "message/handshake_type.h"

namespace sesame::transcript {

bool Transcript::begin(const crypto::Hash& hash) {
  crypto::RunningHash& running = running_[index(hash.algorithm())];
  if (running.begun()) return false;
  running.begin(hash);
  return true;
}

void Transcript::add(Bytes octets) noexcept {
  for (auto& running : running_) {
    if (running.begun()) running.update(octets);
  }
}

crypto::HashValue Transcript::value_with(HashAlgorithm algorithm, Bytes more) const noexcept {
  crypto::RunningHash copy = running_[index(algorithm)];
  copy.update(more);
  return copy.value();
}

void Transcript::replace_by_message_hash() noexcept {
  for (auto& running : running_) {
    if (!running.begun()) continue;
    const crypto::HashValue hash = running.value();
    const std::uint8_t header[] = {static_cast<std::uint8_t>(message::HandshakeType::message_hash), 0, 0,
                                   static_cast<std::uint8_t>(hash.size())};
    running.begin(running.hash());
    running.update(header);
    running.update(hash.bytes());
  }
}

}  // namespace sesame::transcript
