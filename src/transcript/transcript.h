// The transcript hash (RFC 8446 section 4.4.1), also while it is not yet known which hash it will be.
#pragma once

#include "crypto/provider.h"

namespace sesame::transcript {

class Transcript {
 public:
  /// Begins a hash that may be chosen, unless it runs already. True: it was begun by this call.
  bool begin(const crypto::Hash& hash);
  /// From now on only this one runs. It has to be one of those that were begun.
  void choose(HashAlgorithm algorithm) noexcept { running_[1 - index(algorithm)].end(); }

  /// A handshake message, header included, as it was sent or received; or a part of one.
  void add(Bytes octets) noexcept;
  /// The same for one of the hashes only.
  void add(HashAlgorithm algorithm, Bytes octets) noexcept { running_[index(algorithm)].update(octets); }
  /// The hash of all so far. With two running hashes, `algorithm` says which.
  crypto::HashValue value(HashAlgorithm algorithm) const noexcept {
    return running_[index(algorithm)].value();
  }
  /// The hash of all so far and `more` behind it.
  crypto::HashValue value_with(HashAlgorithm algorithm, Bytes more) const noexcept;

  /// Section 4.4.1: when a HelloRetryRequest comes, ClientHello1 gives way to a message_hash of it.
  void replace_by_message_hash() noexcept;

 private:
  static std::size_t index(HashAlgorithm algorithm) noexcept { return static_cast<std::size_t>(algorithm); }
  crypto::RunningHash running_[2];
};

}  // namespace sesame::transcript
