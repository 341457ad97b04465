#include "transcript/transcript.h"

#include "message/handshake_type.h"

namespace sesame::transcript {

void Transcript::begin(const crypto::Provider& provider, bool sha256, bool sha384) {
  if (sha256) running_[0].begin(provider.hash(HashAlgorithm::sha256));
  if (sha384) running_[1].begin(provider.hash(HashAlgorithm::sha384));
}

void Transcript::choose(HashAlgorithm algorithm) noexcept { running_[1 - index(algorithm)].end(); }

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
