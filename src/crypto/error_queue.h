// libcrypto's error queue is the application's: what fails in here is told by Expected, and leaves nothing
// there.
#pragma once

#include <openssl/err.h>

namespace sesame::crypto {

/// While it lives, errors that libcrypto queues are dropped at its end; those from before stay.
class ErrorQueueMark {
 public:
  ErrorQueueMark() noexcept { ERR_set_mark(); }
  ~ErrorQueueMark() { ERR_pop_to_mark(); }
  ErrorQueueMark(const ErrorQueueMark&) = delete;
  ErrorQueueMark& operator=(const ErrorQueueMark&) = delete;
};

}  // namespace sesame::crypto
